"""Reading address headers (RFC 5322 section 3.4) without recursion.

The standard library's readers recurse on nested comments and are fooled by unbalanced quotes; this one is a
single pass over the characters and therefore linear, whatever a stranger writes.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_ADDRESSES = 200
"""Addresses read from one header; what comes after is not looked at."""

_ADDRESS = re.compile(r'[^\s@<>()\[\],;:\\"\x00-\x1f\x7f-\x9f]{1,64}@[^\s@<>()\[\],;:\\"\x00-\x1f\x7f-\x9f]{1,255}')
_QUOTED_LOCAL = re.compile(r'"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f]){1,62}"@[^\s@<>()\[\],;:\\"\x00-\x20]{1,255}')
_SIMPLE = re.compile(
    r"""\s*"?([^"\\(),:;<>@\x00-\x1f]*)"?\s*<([\w.+=-]{1,64}@[\w.-]{1,255})>\s*|\s*([\w.+=-]{1,64}@[\w.-]{1,255})\s*"""
)
"""Nearly every header: one mailbox, nothing to interpret."""


class Mailbox(NamedTuple):
    """A display name and an address; ``address`` is "" where the text holds none."""

    name: str
    address: str


def is_address(text: str) -> bool:
    """Whether ``text`` is one plain address that can stand in an SMTP command without harm."""
    return bool(_ADDRESS.fullmatch(text) or _QUOTED_LOCAL.fullmatch(text))


def read_addresses(text: str, limit: int = MAX_ADDRESSES) -> list[Mailbox]:
    """The mailboxes of an address header whose encoded words are still encoded or already decoded.

    Groups are flattened, comments serve as the name where there is no other. What is no address is kept as a
    name with an empty address, so that a reader still sees something.

    Args:
        text: the header's value, unfolded.
        limit: most mailboxes to read.
    """
    simple = _SIMPLE.fullmatch(text)
    if simple:
        return [Mailbox(" ".join((simple[1] or "").split()), simple[2] or simple[3])]
    found: list[Mailbox] = []
    name: list[str] = []
    comment: list[str] = []
    angle: list[str] | None = None
    closed = ""
    quoted = escaped = False
    depth = 0

    def finish() -> None:
        nonlocal closed, angle
        words = " ".join("".join(name).split())
        remark = " ".join("".join(comment).split())
        address = closed or ("".join(angle) if angle is not None else "")
        if not address and is_address(words.replace(" ", "")) and "@" in words:
            address, words = words.replace(" ", ""), ""
        address = address.strip()
        if "@" in address and address.startswith("@") and ":" in address:
            address = address.partition(":")[2]
        if not is_address(address):
            words, address = words or address, ""
        if words or address:
            found.append(Mailbox(words or remark, address))
        name.clear()
        comment.clear()
        closed, angle = "", None

    for char in text:
        if len(found) >= limit:
            return found
        target = angle if angle is not None else name
        if escaped:
            (comment if depth else target).append(char)
            escaped = False
        elif char == "\\" and (quoted or depth):
            escaped = True
            if quoted and angle is not None:
                target.append(char)
        elif quoted:
            if char == '"':
                quoted = False
            if char != '"' or angle is not None:
                target.append(char)
        elif depth:
            if char == "(":
                depth += 1
            elif char == ")":
                depth -= 1
            else:
                comment.append(char)
        elif char == '"':
            quoted = True
            if angle is not None:
                target.append(char)
        elif char == "(":
            depth = 1
        elif char == "<" and angle is None:
            angle = []
        elif char == ">" and angle is not None:
            closed, angle = "".join(angle), None
        elif char in ",;" and angle is None:
            finish()
        elif char == ":" and angle is None:
            name.clear()
        else:
            target.append(char)
    finish()
    return found[:limit]
