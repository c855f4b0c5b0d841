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
    simple = _SIMPLE.fullmatch(text) if len(text) < 200 else None
    if simple and limit:
        return [Mailbox(" ".join((simple[1] or "").split()), simple[2] or simple[3])]
    reader = _Reader()
    for char in text:
        if len(reader.found) >= limit:
            break
        reader.take(char)
    reader.finish()
    return reader.found[:limit]


class _Reader:
    """Takes a header character by character; ``found`` grows at each comma."""

    def __init__(self) -> None:
        self.found: list[Mailbox] = []
        self._name: list[str] = []
        self._literal: list[str] = []
        self._comment: list[str] = []
        self._angle: list[str] | None = None
        self._closed = ""
        self._quoted = self._escaped = False
        self._depth = 0

    def take(self, char: str) -> None:
        """One character."""
        if self._depth:
            self._take_comment(char)
            return
        if self._angle is None and (self._quoted or char not in "(,;<>"):
            self._literal.append(char)
        target = self._name if self._angle is None else self._angle
        if self._quoted:
            self._take_quoted(char, target)
        elif char == '"':
            self._quoted = True
            if self._angle is not None:
                target.append(char)
        elif char == "(":
            self._depth = 1
        elif self._angle is not None:
            if char == ">":
                self._closed, self._angle = "".join(target), None
            else:
                target.append(char)
        elif char == "<":
            self._angle = []
        elif char in ",;":
            self.finish()
        elif char == ":":  # the name of a group
            self._name.clear()
            self._literal.clear()
        else:
            target.append(char)

    def _take_comment(self, char: str) -> None:
        if self._escaped:
            self._escaped = False
            self._comment.append(char)
        elif char == "\\":
            self._escaped = True
        elif char in "()":
            self._depth += 1 if char == "(" else -1
        else:
            self._comment.append(char)

    def _take_quoted(self, char: str, target: list[str]) -> None:
        inside = self._angle is not None
        if self._escaped:
            self._escaped = False
            target.append(char)
        elif char == "\\":
            self._escaped = True
            if inside:
                target.append(char)
        else:
            self._quoted = char != '"'
            if self._quoted or inside:
                target.append(char)

    def finish(self) -> None:
        """Ends the mailbox being read."""
        words = " ".join("".join(self._name).split())
        address = (self._closed or "".join(self._angle or ())).strip()
        if not address:
            # Without angle brackets: all of it, quotes included, or else the last word.
            written = "".join(self._literal).strip()
            before, _, last = words.rpartition(" ")
            if is_address(written):
                address, words = written, ""
            elif is_address(last) and '"' not in written:
                address, words = last, before
        if address.startswith("@") and ":" in address:  # an old source route
            address = address.partition(":")[2]
        if not is_address(address):
            words, address = words or address, ""
        if words or address:
            self.found.append(Mailbox(words or " ".join("".join(self._comment).split()), address))
        for held in (self._name, self._literal, self._comment):
            held.clear()
        self._closed, self._angle = "", None
