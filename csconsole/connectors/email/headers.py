"""Header blocks, encoded words and parameters of RFC 5322, 2045, 2047 and 2231, read leniently.

Only line feeds separate header lines: a bare carriage return inside a value is white space, never the start of
another header.
"""

from __future__ import annotations

import binascii
import re
from urllib.parse import unquote_to_bytes

from csconsole.connectors.email.charsets import decode

MAX_BLOCK = 8_000_000
MAX_VALUE = 64 * 1024
MAX_FIELDS = 2_000
MAX_WORDS = 1_000
MAX_PARAMETERS = 100

_END = re.compile(rb"\r?\n\r?\n")
_NAME = re.compile(rb"[!-9;-~]{1,100}")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]{0,4000})\?=")
_BETWEEN = re.compile(r"[;\s]*")
_PARAM = re.compile(
    r"""([!#$%&'*+\-.0-9A-Z^_`a-z{|}~]{1,60})[ \t]{0,9}=[ \t]{0,9}("(?:[^"\\]|\\.)*"?|[^;]*)""", re.DOTALL
)


class Headers:
    """The fields of one header block, in order; names in lower case, values unfolded bytes."""

    def __init__(self, fields: list[tuple[str, bytes]]) -> None:
        self.fields = fields
        self._first: dict[str, bytes] = {}
        for name, value in fields:
            self._first.setdefault(name, value)

    def raw(self, name: str) -> bytes:
        """The first field called ``name`` as bytes, b"" when there is none."""
        return self._first.get(name, b"")

    def __contains__(self, name: str) -> bool:
        return name in self._first

    def all(self, name: str) -> list[bytes]:
        """Every field called ``name``, first to last."""
        return [value for key, value in self.fields if key == name]

    def text(self, name: str) -> str:
        """The first field called ``name`` as text, encoded words decoded; line breaks become spaces."""
        return decode_words(self.raw(name))

    def plain(self, name: str) -> str:
        """The first field called ``name`` as text, encoded words left as they are."""
        return decode(self.raw(name)).strip()


def split(data: bytes) -> tuple[Headers, bytes]:
    """The header block and the body of a message or part.

    Broken lines are skipped, values longer than :data:`MAX_VALUE` cut.
    """
    if data.startswith((b"\r\n", b"\n")):
        return Headers([]), data[2 if data[:1] == b"\r" else 1 :]
    end = _END.search(data, 0, MAX_BLOCK)
    if end:
        block, body = data[: end.start()], data[end.end() :]
    elif len(data) > MAX_BLOCK:
        block, body = data[:MAX_BLOCK], data[MAX_BLOCK:]
    else:
        block, body = data, b""
    fields: list[tuple[str, list[bytes]]] = []
    for line in block.split(b"\n"):
        line = line[:-1] if line.endswith(b"\r") else line
        if line[:1] in (b" ", b"\t"):
            if fields:
                fields[-1][1].append(line)
            continue
        name, colon, value = line.partition(b":")
        name = name.rstrip()
        if colon and _NAME.fullmatch(name):
            if len(fields) >= MAX_FIELDS:
                break
            fields.append((name.decode("ascii").lower(), [value]))
    return Headers([(name, b"".join(parts)[:MAX_VALUE].strip()) for name, parts in fields]), body


def decode_words(raw: bytes) -> str:
    """A header's value as one line of text (RFC 2047; 8-bit values by detection).

    Adjacent encoded words of one charset are joined before decoding: many mailers cut inside a character.
    """
    text = raw.decode("ascii") if raw.isascii() else decode(raw)
    if "=?" not in text:
        return " ".join(text.split())
    out: list[str] = []
    held = b""
    charset = ""
    at = 0
    for count, match in enumerate(_WORD.finditer(text)):
        if count >= MAX_WORDS:
            break
        between = text[at : match.start()]
        named = match[1].partition("*")[0].lower()
        if between.strip() or (held and named != charset):
            out.append(decode(held, charset))
            held = b""
        if between.strip():
            out.append(between)
        held += _word_bytes(match[2], match[3])
        charset = named
        at = match.end()
    out.append(decode(held, charset))
    out.append(text[at:])
    return " ".join("".join(out).split())


def _word_bytes(encoding: str, payload: str) -> bytes:
    data = payload.encode("utf-8", "replace")
    if encoding in "bB":
        return from_base64(data)
    return binascii.a2b_qp(data.replace(b"_", b" "), header=True)


def from_base64(data: bytes) -> bytes:
    """Base64 with junk and missing padding forgiven (RFC 2045 section 6.8)."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        kept = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
        kept = kept[: len(kept) - (len(kept) % 4 == 1)]
        return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


def parameters(raw: bytes) -> tuple[str, dict[str, str]]:
    """A value such as ``text/plain; charset=utf-8`` as its word in lower case and its parameters.

    Continuations and charsets of RFC 2231 are put together; encoded words inside quotes (Outlook's habit) are
    decoded. The first of a repeated parameter wins.
    """
    text = raw[:MAX_VALUE].decode("latin-1")
    word, semicolon, _ = text.partition(";")
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    at = len(word)
    while semicolon and at < len(text) and len(plain) + len(pieces) < MAX_PARAMETERS:
        start = _BETWEEN.match(text, at)
        at = start.end() if start else at
        match = _PARAM.match(text, at)
        if match is None:
            at = text.find(";", at)
            if at < 0:
                break
            continue
        at = match.end()
        name, value = match[1].lower(), match[2].strip()
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1] if value.endswith('"') and len(value) > 1 else value[1:])
        base, star, rest = name.partition("*")
        if not star:
            plain.setdefault(base, decode_words(value.encode("latin-1")))
            continue
        number, encoded = rest.rstrip("*"), name.endswith("*")
        if (number.isdecimal() and len(number) < 4) or not number:
            pieces.setdefault(base, {}).setdefault(int(number or 0), (encoded, value))
    for base, parts in pieces.items():
        plain[base] = _join_2231(parts)
    return word.strip().lower(), plain


def _join_2231(parts: dict[int, tuple[bool, str]]) -> str:
    charset = ""
    data = b""
    for index, (number, (encoded, value)) in enumerate(sorted(parts.items())):
        if number != index:
            break
        if encoded and index == 0 and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        data += unquote_to_bytes(value.encode("latin-1")) if encoded else value.encode("latin-1")
    return " ".join(decode(data, charset).split())
