"""Header blocks, encoded words and parameters of RFC 5322, 2045, 2047 and 2231, read leniently.

Only line feeds separate header lines: a bare carriage return inside a value is white space, never the start of
another header. A block whose blank line is missing ends where no field follows any more.
"""

from __future__ import annotations

import binascii
import re
from urllib.parse import unquote_to_bytes

from csconsole.connectors.email.charsets import decode
from csconsole.connectors.email.transfer import from_base64

MAX_BLOCK = 8_000_000
MAX_VALUE = 64 * 1024
MAX_FIELDS = 2_000
MAX_WORDS = 1_000
MAX_PARAMETERS = 100

_END = re.compile(rb"\n\r{0,3}\n")
_NAME = re.compile(rb"[!-9;-~]{1,100}")
KNOWN = re.compile(
    rb"(?:from|to|cc|subject|date|message-id|received|return-path|mime-version|reply-to|sender|x-[!-9;-~]{1,60}"
    rb"|content-[a-z-]{1,40}|list-[a-z-]{1,40}|delivered-to|references|in-reply-to|dkim-signature)[ \t]*:",
    re.IGNORECASE,
)
# The second form forgives question marks and the third a cut end: both are sent by well-known mailers.
_WORD = re.compile(
    r"=\?([^?\s]{0,60})\?([bBqQ])\?"
    r"(?:([^?]{0,4000})\?=|([^\n]{0,1000}?)\?=(?=[\s\"<>(),;]|=\?|$)|([A-Za-z0-9+/=_]{1,1000})\??$)"
)
_SEPARATORS = re.compile(r'[,;:<>()@"\\\[\]]')
_BETWEEN = re.compile(r"[;\s]*")
_HEAD = re.compile(r"\s*([^;\s=]*)(?:\s*\([^)]{0,200}\))?")
_FOLLOWING = re.compile(
    r"\s+(?:charset|boundary|name|filename|format|delsp|type|method|protocol|micalg)\*?\d?\*?=", re.I
)
_PERCENTS = re.compile(r"(?:%[0-9A-Fa-f]{2}){3}")
_PARAM = re.compile(
    r"""([!#$%&'*+\-.0-9A-Z^_`a-z{|}~]{1,60})[ \t]{0,9}=[ \t]{0,9}("(?:[^"\\]|\\.)*"?|[^;]*)""", re.DOTALL
)


class Headers:
    """The fields of one header block, in order; names in lower case, values unfolded bytes."""

    def __init__(self, fields: list[tuple[str, bytes]]) -> None:
        self.fields = fields
        self.hint = ""
        """Charset of raw 8-bit values: what the mail names for its text."""
        self._first: dict[str, bytes] = {}
        for name, value in fields:
            if not self._first.get(name):
                self._first[name] = value

    def raw(self, name: str) -> bytes:
        """The first field called ``name`` that is not empty, b"" when there is none."""
        return self._first.get(name, b"")

    def __contains__(self, name: str) -> bool:
        return name in self._first

    def all(self, name: str) -> list[bytes]:
        """Every field called ``name``, first to last."""
        return [value for key, value in self.fields if key == name]

    def text(self, name: str) -> str:
        """The first field called ``name`` as text, encoded words decoded; line breaks become spaces."""
        return decode_words(self.raw(name), self.hint)

    def plain(self, name: str) -> str:
        """The first field called ``name`` as text, encoded words left as they are."""
        return decode(self.raw(name), "", self.hint).strip()


def split(data: bytes) -> tuple[Headers, bytes]:
    """The header block and the body of a message or part.

    Broken lines between fields are skipped, values longer than :data:`MAX_VALUE` cut. Where the blank line is
    missing, the body begins at the first line behind which no known field follows.
    """
    if data.startswith((b"\r\n", b"\n")):
        return Headers([]), data[2 if data[:1] == b"\r" else 1 :]
    end = _END.search(data, 0, MAX_BLOCK)
    if end:
        block, body = data[: end.start() + 1], data[end.end() :]
    else:
        block, body = data[:MAX_BLOCK], data[MAX_BLOCK:]
    fields: list[tuple[str, list[bytes]]] = []
    at = 0
    while at < len(block) and len(fields) < MAX_FIELDS:
        stop = block.find(b"\n", at)
        stop = len(block) if stop < 0 else stop
        line = block[at:stop].rstrip(b"\r")
        if line[:1] in (b" ", b"\t"):
            if fields:
                fields[-1][1].append(line)
        elif line:
            name, colon, value = line.partition(b":")
            name = name.rstrip()
            if colon and _NAME.fullmatch(name):
                fields.append((name.decode("ascii").lower(), [value]))
            elif not _has_known(block, stop):
                body = data[at:]
                break
        at = stop + 1
    return Headers([(name, b"".join(parts)[:MAX_VALUE].strip()) for name, parts in fields]), body


def _has_known(block: bytes, start: int) -> bool:
    """Whether a header field stands in one of the next lines."""
    return any(KNOWN.match(line) for line in block[start + 1 : start + 4000].split(b"\n")[:20])


def decode_words(raw: bytes, hint: str = "") -> str:
    """A header's value as one line of text (RFC 2047; 8-bit values by detection).

    Adjacent encoded words of one charset are joined before decoding: many mailers cut inside a character. What
    was encoded twice is decoded twice.

    Args:
        raw: the value.
        hint: charset of 8-bit values that are not UTF-8.
    """
    text = raw.decode("ascii") if raw.isascii() and b"\x1b" not in raw else decode(raw, "", hint)
    if "=?" not in text:
        return " ".join(text.split())
    once = " ".join(_decoded(text).split())
    return " ".join(_decoded(once).split()) if _WORD.fullmatch(once) else once


def shield_words(text: str) -> str:
    """The same value with the signs that part addresses encoded inside encoded words, where careless mailers leave
    them bare (RFC 2047 section 5, rule 3)."""
    if "=?" not in text:
        return text
    return _WORD.sub(lambda match: _SEPARATORS.sub(_hex, match[0]) if match[2] in "qQ" else match[0], text)


def _hex(match: re.Match[str]) -> str:
    return f"={ord(match[0]):02X}"


def _decoded(text: str) -> str:
    out: list[str] = []
    held: list[bytes] = []
    charset = ""
    at = 0
    for count, match in enumerate(_WORD.finditer(text)):
        if count >= MAX_WORDS:
            break
        between = text[at : match.start()]
        named = match[1].partition("*")[0].lower()
        if between.strip() or (held and named != charset):
            out.append(decode(b"".join(held), charset))
            held = []
        if between.strip():
            out.append(between)
        held.append(_word_bytes(match[2], match[3] or match[4] or match[5] or ""))
        charset = named
        at = match.end()
    out.append(decode(b"".join(held), charset))
    out.append(text[at:])
    return "".join(out)


def _word_bytes(encoding: str, payload: str) -> bytes:
    data = payload.encode("utf-8", "replace")
    if encoding in "bB":
        return from_base64(data)
    return binascii.a2b_qp(data.replace(b"_", b" "), header=True)


def parameters(raw: bytes) -> tuple[str, dict[str, str]]:
    """A value such as ``text/plain; charset=utf-8`` as its word in lower case and its parameters.

    Continuations and charsets of RFC 2231 are put together; encoded words inside quotes (Outlook's habit) and
    percent signs without a star are decoded, missing semicolons forgiven. The first of a repeated parameter wins.
    """
    text = raw[:MAX_VALUE].decode("latin-1")
    head = _HEAD.match(text)
    at = head.end() if head else 0
    word = head[1].strip("\"' \t") if head else ""
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    while at < len(text) and len(plain) + len(pieces) < MAX_PARAMETERS:
        start = _BETWEEN.match(text, at)
        at = start.end() if start else at
        match = _PARAM.match(text, at)
        if match is None:
            at = text.find(";", at)
            if at < 0:
                break
            continue
        name, value = match[1].lower(), match[2].strip()
        at = match.end()
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1] if value.endswith('"') and len(value) > 1 else value[1:])
        else:
            following = _FOLLOWING.search(value)
            if following:
                at = match.start(2) + following.start()
                value = value[: following.start()]
            if "name" not in name:
                value = value.partition("(")[0]
            value = value.strip().strip("'")
        base, star, rest = name.partition("*")
        if not star:
            plain.setdefault(base, _named(base, decode_words(value.encode("latin-1"))))
            continue
        number, encoded = rest.rstrip("*"), name.endswith("*")
        if (number.isdecimal() and len(number) < 4) or not number:
            pieces.setdefault(base, {}).setdefault(int(number or 0), (encoded, value))
    for base, parts in pieces.items():
        plain[base] = _join_2231(parts) or plain.get(base, "")
    return word.lower(), plain


def _named(base: str, value: str) -> str:
    """A file name whose bytes were written with percent signs although nothing says so."""
    if base in ("name", "filename") and _PERCENTS.search(value):
        try:
            return unquote_to_bytes(value).decode("utf-8")
        except UnicodeDecodeError:
            pass
    return value


def _join_2231(parts: dict[int, tuple[bool, str]]) -> str:
    """The pieces in order; one that is missing is passed over."""
    charset = ""
    data = b""
    for index, (_, (encoded, value)) in enumerate(sorted(parts.items())):
        if encoded and index == 0 and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        data += unquote_to_bytes(value.encode("latin-1")) if encoded else value.encode("latin-1")
    text = " ".join(decode(data, charset).split())
    return decode_words(text.encode()) if "=?" in text else text
