"""The structure of a mail: bytes to headers, parts and texts, with limits instead of faith.

The walker cuts each multipart at its boundary lines itself (RFC 2046 section 5.1) and descends only as far as
:data:`MAX_DEPTH`; its time is linear in the size of the mail for any nesting a limit allows. Parts are numbered
as IMAP numbers its sections (RFC 3501 section 6.4.5), so a locator is good for the stored bytes and for
``BODY.PEEK[...]``. Attachments are listed, never decoded, until somebody asks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from csconsole.connectors.email.charsets import decode
from csconsole.connectors.email.headers import KNOWN, Headers, parameters, split
from csconsole.connectors.email.transfer import (
    BASE64,
    QUOTED,
    UUENCODED,
    from_base64,
    from_quoted_printable,
    from_uuencode,
    text_from_base64,
)

MAX_DEPTH = 30
MAX_PARTS = 500
MAX_BYTES = 64 * 1024 * 1024

_FLOWED_QUOTE = re.compile(r">*")
_META = re.compile(rb"""<meta[^>]{0,200}charset\s{0,3}=\s{0,3}["']?\s{0,3}([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
_MBOX_LINE = re.compile(rb">?From [ \t]*[^:\s]")
_MIME = re.compile(r"[\w!#$&^.+-]{1,80}/[\w!#$&^.+-]{1,80}")
_FIRST_BOUNDARY = re.compile(rb"(?:^|\n)--([^\r\n]{1,200}?)[ \t]*\r?\n(?:content-[a-z-]{1,40}:|\r?\n)", re.IGNORECASE)


@dataclass(slots=True)
class Part:
    """One node of the tree.

    Attributes:
        section: IMAP section number, "" for a multipart at the root.
        mime: ``type/subtype`` in lower case.
        params: parameters of the Content-Type.
        headers: the part's own fields.
        body: its bytes, still in their transfer encoding.
        children: parts of a multipart.
        disposition: ``attachment``, ``inline`` or "" (RFC 2183).
        filename: the name its sender gave it, "" for none; not yet safe.
        encoding: the transfer encoding in lower case.
    """

    section: str
    mime: str
    params: dict[str, str]
    headers: Headers
    body: bytes
    children: list[Part] = field(default_factory=list)
    disposition: str = ""
    filename: str = ""
    encoding: str = ""

    @property
    def size(self) -> int:
        """Bytes of its content; for base64 reckoned from the length of the lines, without decoding."""
        if self.encoding not in BASE64:
            return len(self.body)
        return max(0, (len(self.body) - self.body.count(b"\n") - self.body.count(b"\r")) * 3 // 4)

    def content(self) -> bytes:
        """Its bytes without transfer encoding; damaged encodings give what can be saved."""
        if self.encoding in BASE64:
            is_bytes = self.mime.startswith("text/") and not self.params.get("charset", "").lower().startswith("utf-16")
            return text_from_base64(self.body) if is_bytes else from_base64(self.body)
        if self.encoding in QUOTED:
            return from_quoted_printable(self.body)
        return from_uuencode(self.body) if self.encoding in UUENCODED else self.body

    def text(self) -> str:
        """Its content as text with ``\\n`` line ends, ``format=flowed`` unwrapped (RFC 3676)."""
        data = self.content()
        charset = self.params.get("charset", "")
        if self.mime == "text/html" and (not charset or charset.lower() == "us-ascii"):
            meta = _META.search(data, 0, 2048)
            charset = meta[1].decode("ascii") if meta else charset
        text = decode(data, charset).replace("\r\n", "\n").replace("\r", "\n")
        if self.params.get("format", "").lower() == "flowed" and self.mime == "text/plain":
            text = unflow(text, delete_space=self.params.get("delsp", "").lower() == "yes")
        return text


@dataclass(slots=True)
class Mail:
    """A parsed mail.

    Attributes:
        headers: the outer fields.
        root: the tree.
        flags: what was found wrong or cut: ``deep``, ``parts``, ``large``.
    """

    headers: Headers
    root: Part
    flags: set[str] = field(default_factory=set)

    def parts(self) -> list[Part]:
        """Every leaf in order of appearance."""
        leaves: list[Part] = []
        stack = [self.root]
        while stack:
            part = stack.pop()
            if part.children:
                stack.extend(reversed(part.children))
            else:
                leaves.append(part)
        return leaves

    def find(self, section: str) -> Part | None:
        """The leaf numbered ``section``, None when there is none."""
        return next((part for part in self.parts() if part.section == section), None)


def parse_mail(raw: bytes) -> Mail:
    """Reads a whole mail; damage never raises, it is flagged.

    An mbox line ("From ...") and blank lines at the start are skipped, bare carriage returns as line ends taken for
    what they are.
    """
    flags: set[str] = set()
    if len(raw) > MAX_BYTES:
        raw = raw[:MAX_BYTES]
        flags.add("large")
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    if raw.startswith((b"\n", b"\r\n", b"\xef\xbb\xbf")):
        begun = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
        raw = begun if KNOWN.match(begun) else raw
    if _MBOX_LINE.match(raw):
        raw = raw[raw.find(b"\n") + 1 :]
    headers, body = split(raw)
    root = _Walker(flags).build(headers, body, "", 0, "text/plain")
    if not root.children:
        root.section = "1"
    mail = Mail(headers, root, flags)
    if not all(value.isascii() for _, value in headers.fields):
        headers.hint = next((part.params["charset"] for part in mail.parts() if "charset" in part.params), "")
    return mail


class _Walker:
    """Builds the tree and counts what it has built."""

    def __init__(self, flags: set[str]) -> None:
        self.flags = flags
        self.count = 0

    def build(self, headers: Headers, body: bytes, section: str, depth: int, default: str) -> Part:
        mime, params = parameters(headers.raw("content-type"))
        if not _MIME.fullmatch(mime):
            mime = _forgiven(mime, body, default)
        part = Part(section, mime, params, headers, body)
        part.disposition, named = parameters(headers.raw("content-disposition"))
        part.filename = named.get("filename", "") or params.get("name", "") or params.get("filename", "")
        part.encoding = parameters(headers.raw("content-transfer-encoding"))[0]
        if not mime.startswith("multipart/"):
            return part
        if part.encoding in BASE64 or part.encoding in QUOTED:
            part.body = body = part.content() if b"\n--" not in b"\n" + body else body
            part.encoding = ""
        boundary = params.get("boundary", "").encode("utf-8", "replace")
        pieces = self._pieces(body, boundary) if boundary and depth < MAX_DEPTH else []
        if not pieces and depth < MAX_DEPTH:
            guessed = _FIRST_BOUNDARY.search(body)
            pieces = self._pieces(body, guessed[1]) if guessed else []
        if depth >= MAX_DEPTH:
            self.flags.add("deep")
        inner = "message/rfc822" if mime == "multipart/digest" else "text/plain"
        for number, piece in enumerate(pieces, 1):
            if self.count >= MAX_PARTS:
                self.flags.add("parts")
                break
            self.count += 1
            name = f"{section}.{number}" if section else str(number)
            part.children.append(self.build(*split(piece), name, depth + 1, inner))
        if not part.children:
            # No boundary, or none that occurs: what there is can only be shown as it stands.
            part.mime = "text/plain" if depth < MAX_DEPTH else "application/octet-stream"
            part.section = section or "1"
        return part

    def _pieces(self, body: bytes, boundary: bytes) -> list[bytes]:
        """The bytes between boundary lines. Sought as plain text at line starts: linear, whatever the lines hold."""
        body = b"\n" + body
        mark = b"\n--" + boundary
        pieces: list[bytes] = []
        start = -1
        found = body.find(mark)
        while found >= 0 and len(pieces) <= MAX_PARTS:
            end = body.find(b"\n", found + 1)
            end = len(body) if end < 0 else end
            tail = body[found + len(mark) : end].strip()
            if tail in (b"", b"--"):
                if start >= 0:
                    pieces.append(_without_last_break(body[start : found + 1]))
                start = end + 1
                if tail:
                    return pieces
            found = body.find(mark, end)
        if 0 <= start < len(body) and len(pieces) <= MAX_PARTS:
            pieces.append(body[start:])
        return pieces


def _forgiven(mime: str, body: bytes, default: str) -> str:
    """The type of a part that names none, or none that is one (RFC 2045 section 5.2)."""
    if not mime:
        opened = _FIRST_BOUNDARY.match(body.lstrip(b"\r\n"))
        return "multipart/mixed" if opened and body.count(b"--" + opened[1]) > 1 else default
    family = mime.partition("/")[0]
    if "html" in mime:
        return "text/html"
    if family in ("text", "plain"):
        return "text/plain"
    return "multipart/mixed" if family == "multipart" else "application/octet-stream"


def _without_last_break(data: bytes) -> bytes:
    """The line break before a boundary belongs to the boundary (RFC 2046 section 5.1.1)."""
    if data.endswith(b"\r\n"):
        return data[:-2]
    return data[:-1] if data.endswith(b"\n") else data


def unflow(text: str, delete_space: bool = False) -> str:
    """Joins the soft lines of ``format=flowed`` text (RFC 3676 section 4).

    Args:
        text: the text with ``\\n`` line ends.
        delete_space: the parameter ``DelSp=yes``: the space that marks a soft break is not part of the text.
    """
    lines: list[str] = []
    held: list[str] = []
    held_depth = 0
    for line in text.split("\n"):
        quote = _FLOWED_QUOTE.match(line)
        depth = quote.end() if quote else 0
        rest = line[depth:]
        rest = rest[1:] if rest.startswith(" ") else rest
        if held and (depth != held_depth or rest == "-- "):
            lines.append(_requoted(held, held_depth))
            held = []
        held_depth = depth
        soft = rest.endswith(" ") and rest != "-- "
        held.append(rest[:-1] if soft and delete_space else rest)
        if not soft:
            lines.append(_requoted(held, depth))
            held = []
    if held:
        lines.append(_requoted(held, held_depth))
    return "\n".join(lines)


def _requoted(pieces: list[str], depth: int) -> str:
    text = "".join(pieces)
    return ">" * depth + (" " if depth else "") + text
