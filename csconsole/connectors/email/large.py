"""Mails above the size limit: headers and the first text now, attachments when somebody asks.

What comes back is a small mail of its own: the original fields with the chosen text part's content fields, so
that it is read like any other.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from csconsole.connectors.email.imap import ImapSession
from csconsole.connectors.email.parse import MAX_DEPTH, MAX_PARTS

TEXT_BYTES = 256 * 1024

_CONTENT = re.compile(rb"(?im)^(?:content-[a-z-]+|mime-version):[^\n]*\n(?:[ \t][^\n]*\n)*")


class Leaf(NamedTuple):
    """A part as BODYSTRUCTURE describes it."""

    section: str
    mime: str
    name: str
    size: int
    attached: bool


def fetch_large(session: ImapSession, uid: int) -> tuple[bytes, list[list[Any]]]:
    """A stand-in for a large mail of the open folder, and the parts left out of it.

    Returns:
        The bytes, and ``[name, mime, bytes, section]`` for each part left out.
    """
    header = session.section(uid, "HEADER")
    leaves = read_structure(session.structure(uid))
    text = next((leaf for leaf in leaves if leaf.mime == "text/plain" and not leaf.attached), None) or next(
        (leaf for leaf in leaves if leaf.mime == "text/html" and not leaf.attached), None
    )
    kept = _CONTENT.sub(b"", header.replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n")
    left_out = [[leaf.name, leaf.mime, leaf.size, leaf.section] for leaf in leaves if leaf is not text]
    if text is None:
        return kept + b"\n", left_out
    if text.section == "1" and len(leaves) == 1:
        fields = b"".join(match[0] for match in _CONTENT.finditer(header.replace(b"\r\n", b"\n")))
    else:
        fields = session.section(uid, f"{text.section}.MIME").replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n"
    body = session.section(uid, text.section, TEXT_BYTES)
    return kept + fields.lstrip(b"\n") + b"\n" + body, left_out


def read_structure(structure: Any) -> list[Leaf]:
    """The leaves of a BODYSTRUCTURE (RFC 3501 section 7.4.2) in order; damage ends the list early."""
    leaves: list[Leaf] = []
    _read(structure, "", 0, leaves)
    return leaves


def _read(node: Any, section: str, depth: int, leaves: list[Leaf]) -> None:
    if not isinstance(node, tuple) or depth > MAX_DEPTH or len(leaves) >= MAX_PARTS or not node:
        return
    if isinstance(node[0], list | tuple):
        children = node[0] if isinstance(node[0], list) else [one for one in node if isinstance(one, tuple)]
        for number, child in enumerate(children, 1):
            _read(child, f"{section}.{number}" if section else str(number), depth + 1, leaves)
        return
    if len(node) < 7:
        return
    disposition = next(
        (one for one in node[7:] if isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], bytes)), None
    )
    params = _pairs(node[2])
    extra = _pairs(disposition[1]) if disposition else {}
    name = extra.get("filename") or params.get("name") or ""
    attached = bool(name) or (disposition is not None and disposition[0].lower() == b"attachment")
    size = node[6] if isinstance(node[6], int) else 0
    if _word(node[5]).lower() == "base64":
        size = size * 3 // 4
    leaves.append(Leaf(section or "1", f"{_word(node[0])}/{_word(node[1])}".lower(), name, size, attached))


def _pairs(value: Any) -> dict[str, str]:
    """A parameter list; the pieces of an RFC 2231 name are put together in their order."""
    if not isinstance(value, tuple):
        return {}
    flat = {_word(value[i]).lower(): _word(value[i + 1]) for i in range(0, len(value) - 1, 2)}
    from csconsole.connectors.email.headers import parameters

    written = "x" + "".join(f'; {name}="{text}"' for name, text in flat.items())
    return parameters(written.encode("utf-8", "replace"))[1]


def _word(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
