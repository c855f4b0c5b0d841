"""Transfer encodings (RFC 2045 section 6) undone, and what claims to be encoded and is not."""

from __future__ import annotations

import binascii
import re

BASE64 = frozenset({"base64", "b64", "base-64", "base 64", "x-base64"})
QUOTED = frozenset({"quoted-printable", "quotedprintable", "quoted printable", "q-p", "qp"})
UUENCODED = frozenset({"x-uuencode", "uuencode", "x-uue", "uue"})

_LINE = re.compile(rb"[ \t]*[A-Za-z0-9+/]*={0,3}[ \t\r]*")
_LEAST_HEAD = 16
"""Characters of lines at the beginning that are taken for encoded text with words below."""
_LEAST_CHUNK = 12
"""Characters behind padding that are taken for more of the content rather than for a remark."""
_CHUNK = re.compile(rb"[A-Za-z0-9+/]+")
_JUNK = re.compile(rb"[^A-Za-z0-9+/=\s]")
_CONTROL = re.compile(rb"[\x01-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_INNER_SPACE = re.compile(rb"\S[ \t]+\S")


def from_base64(data: bytes) -> bytes:
    """Base64 with junk and missing padding forgiven; pieces encoded each for itself are joined (RFC 2045 section 6.8).

    A single character too many at the end of a piece is dropped: it holds no whole byte.
    """
    end = data.rstrip(b"= \t\r\n")
    if b"=" not in end:
        try:
            return binascii.a2b_base64(data)
        except binascii.Error:
            return _piece(re.sub(rb"[^A-Za-z0-9+/]", b"", data))
    clean = re.sub(rb"[^A-Za-z0-9+/=]", b"", data)
    chunks = _CHUNK.findall(clean)
    return b"".join(_piece(chunk) for number, chunk in enumerate(chunks) if not number or len(chunk) >= _LEAST_CHUNK)


def _piece(kept: bytes) -> bytes:
    kept = kept[: len(kept) - (len(kept) % 4 == 1)]
    return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


def text_from_base64(data: bytes) -> bytes:
    """Base64 of a text: plain words that were never encoded stay, and so does what a mailing list has put below."""
    lines = data.split(b"\n")
    count = next((number for number, line in enumerate(lines) if not _LINE.fullmatch(line)), len(lines))
    head = b"".join(lines[:count]).translate(None, b" \t\r")
    if len(head) >= _LEAST_HEAD and len(head) % 4 == 0:
        below = b"\n".join(lines[count:])
        worded = _INNER_SPACE.search(below[:2000])
        return from_base64(head).rstrip(b"\r\n") + b"\n\n" + below if worded else from_base64(data)
    start = data[:4000]
    junk = len(_JUNK.findall(start))
    if len(_INNER_SPACE.findall(start)) > 3 or (junk > 2 and junk * 10 > len(start)):
        return data
    done = from_base64(data)
    return data if len(_CONTROL.findall(done[:4000])) * 20 > len(done[:4000]) else done


def from_quoted_printable(data: bytes) -> bytes:
    """Quoted-printable; white space that transports put at line ends is dropped (RFC 2045 section 6.7, rule 3)."""
    if any(blank in data for blank in (b" \n", b"\t\n", b" \r\n", b"\t\r\n")):
        lines = data.split(b"\n")
        data = b"\n".join(line.rstrip(b" \t\r") + (b"\r" if line.endswith(b"\r") else b"") for line in lines)
    return binascii.a2b_qp(data)


def from_uuencode(data: bytes) -> bytes:
    """The content of the first ``begin`` block; lines that are damaged are left out."""
    out: list[bytes] = []
    inside = False
    for line in data.splitlines():
        if not inside:
            inside = line.startswith(b"begin ")
        elif line.strip() == b"end":
            break
        else:
            out.append(_uu_line(line))
    return b"".join(out)


def _uu_line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        # Some encoders pad lines beyond their stated length.
        need = ((((line[0] - 32) & 63) * 4 + 5) // 3) if line else 0
        try:
            return binascii.a2b_uu(line[:need])
        except binascii.Error:
            return b""


_UU_BEGIN = re.compile(r"^begin [0-7]{3,4} ([^\n]{1,200})\n", re.MULTILINE)
_UU_LINE = re.compile(r"[ -`]{1,62}")


def find_uuencoded(text: str) -> list[tuple[int, int, str]]:
    """Files in the middle of a text, as ``(start, end, name)``; only blocks whose every line can be one count."""
    found: list[tuple[int, int, str]] = []
    at = 0
    while len(found) < 50 and (match := _UU_BEGIN.search(text, at)):
        end = _uu_end(text, match.end())
        if end:
            found.append((match.start(), end, match[1].strip()))
        at = end or match.end()
    return found


def _uu_end(text: str, start: int) -> int:
    """Where a block ends, behind its line ``end``; 0 when it is none."""
    at, lines = start, 0
    while at < len(text):
        stop = text.find("\n", at)
        stop = len(text) if stop < 0 else stop
        line = text[at:stop].rstrip("\r")
        at = stop + 1
        if line.strip() == "end":
            return min(at, len(text)) if lines else 0
        if line.strip() and not _UU_LINE.fullmatch(line):
            return 0
        lines += 1
    return 0
