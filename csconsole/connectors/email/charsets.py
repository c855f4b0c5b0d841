"""Bytes to text: the charset a mail names, the one it means, and the one it must be.

Thai mail is the reason for most of this: Outlook writes ``windows-874``, which Python knows only as
``cp874``; ``tis-620`` and ``iso-8859-11`` mail uses cp874's extra characters; and much Thai mail claims to be
Latin-1 or says nothing at all.
"""

from __future__ import annotations

import codecs
import re

_THAI = ("windows874", "xwindows874", "ms874", "cp874", "874", "tis620", "tis62025331", "iso885911", "isoir166")
_ALIASES = {
    **dict.fromkeys(_THAI, "cp874"),
    **dict.fromkeys(("gb2312", "gbk", "xgbk", "gb231280", "cp936", "xeuccn", "euccn"), "gb18030"),
    **dict.fromkeys(("ksc56011987", "ksc5601", "euckr", "xwindows949", "xeuckr", "ksc56011989", "korean"), "cp949"),
    **dict.fromkeys(("shiftjis", "xsjis", "sjis", "windows31j", "mskanji", "xmscp932"), "cp932"),
    **dict.fromkeys(("utf8", "utf8mb4", "unicode11utf8", "xutf8", "utf8n", "unicode", "xunicode"), "utf-8"),
    **dict.fromkeys(("iso2022jpms", "cp50220", "cp50221", "cp50222", "xiso2022jp"), "iso2022_jp_ext"),
    **dict.fromkeys(("xmacroman", "macintosh", "macroman", "mac"), "mac_roman"),
    **dict.fromkeys(("xeucjp", "eucjpms"), "euc_jp"),
    **dict.fromkeys(("utf7", "unicode11utf7"), "utf-7"),
    **dict.fromkeys(("koi8", "xkoi8r"), "koi8-r"),
    "iso88598i": "iso8859-8",
    "iso88598e": "iso8859-8",
    "big5hkscs": "big5hkscs",
    "xbig5": "big5",
}
_LATIN = frozenset({"iso88591", "latin1", "windows1252", "cp1252", "iso885915", "l1", "xlatin1", "iso88591windows1252"})
_NOTHING = frozenset(
    {"", "usascii", "ascii", "ansix341968", "unknown", "unknown8bit", "xunknown", "8bit", "7bit", "default", "binary"}
)
_NOT_TEXT = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"})
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,38}")
_SAMPLE = 20_000

# Thai by its spelling, in cp874 bytes: consonants; marks that stand above or below one; vowels written before one.
_CONSONANTS = frozenset(range(0xA1, 0xCF))
_MARKS = frozenset([0xD1, *range(0xD4, 0xDB), *range(0xE7, 0xEE)])
_BEFORE = frozenset(range(0xE0, 0xE5))
_THAI_BYTES = frozenset([*range(0xA0, 0xDB), *range(0xDF, 0xFC), 0x80, 0x85, *range(0x91, 0x98)])
_MISSPELT = 0.05


def decode(data: bytes, charset: str = "", hint: str = "") -> str:
    """The text of ``data``; never raises.

    Order: the named charset (by alias, strictly), then detection: UTF-8, Thai, the hint, charset-normalizer, Latin-1.

    Args:
        data: bytes without transfer encoding.
        charset: as named by the mail, in any spelling; "" or unknown for none.
        hint: a charset named elsewhere in the same mail, for bytes that name none.
    """
    token = _TOKEN.search(charset)
    written = token[0] if token else ""
    name = "".join(filter(str.isalnum, written.lower()))
    if name in _NOTHING:
        return _seven_bit(data) if data.isascii() else _detect(data, hint)
    if name in _LATIN:
        return _latin(data)
    codec = _ALIASES.get(name) or _text_codec(written)
    if not codec:
        return _seven_bit(data) if data.isascii() else _detect(data, hint)
    try:
        return data.decode("utf-8-sig" if codec == "utf-8" else codec)
    except UnicodeDecodeError:
        if codec == "cp874":
            return _utf8(data) or data.decode("cp874", "replace")
        return _detect(data) if codec == "utf-8" else _utf8(data) or data.decode(codec, "replace")
    except Exception:
        return _detect(data)


def _seven_bit(data: bytes) -> str:
    """ASCII, or the Japanese that hides in it (ISO-2022-JP, RFC 1468)."""
    if b"\x1b$" in data or b"\x1b(J" in data:
        try:
            return data.decode("iso2022_jp_ext")
        except UnicodeDecodeError:
            pass
    return data.decode("ascii")


def _latin(data: bytes) -> str:
    """What calls itself Latin-1 and may be Thai or UTF-8: neither happens in Latin text by chance."""
    if data.isascii():
        return data.decode("ascii")
    return _utf8(data) or data.decode("cp874" if _looks_thai(data) else "cp1252", "replace")


def _text_codec(charset: str) -> str:
    try:
        info = codecs.lookup(charset)
    except (LookupError, ValueError, UnicodeError):
        return ""
    if info.name in _NOT_TEXT or not getattr(info, "_is_text_encoding", True):
        return ""
    return info.name


def _utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""


def _looks_thai(data: bytes) -> bool:
    """Whether the high bytes are spelt as Thai is: marks on consonants, leading vowels before them.

    Latin, Cyrillic and Greek break that at every other letter; in Big5 and its like single letters stand between
    high bytes.
    """
    sample = data[:_SAMPLE]
    high = thai = wrong = between = 0
    before = earlier = 0
    for byte in sample:
        if byte >= 0x80:
            high += 1
            between += earlier >= 0x80 and 0x41 <= before < 0x80
            thai += byte in _THAI_BYTES
            if byte in _MARKS:
                wrong += before not in _CONSONANTS and before not in _MARKS
            elif before in _BEFORE:
                wrong += byte not in _CONSONANTS
        elif before in _BEFORE:
            wrong += 1
        earlier, before = before, byte
    return high >= 3 and thai >= 0.97 * high and wrong <= _MISSPELT * high and between <= _MISSPELT * high


def _detect(data: bytes, hint: str = "") -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if data.isascii():
        return _seven_bit(data)
    text = _utf8(data)
    if text:
        return text
    # A cut or slightly damaged UTF-8 text is still UTF-8.
    loose = data.decode("utf-8", "replace")
    damaged = loose.count("\ufffd")
    if damaged * 5 <= sum(char > "\x7f" for char in loose) - damaged:
        return loose
    if _looks_thai(data):
        return data.decode("cp874", "replace")
    if hint:
        hinted = decode(data, hint)
        if "\ufffd" not in hinted:
            return hinted
    return _guess(data)


def _guess(data: bytes) -> str:
    """Western unless the statistics of a longer text say otherwise: on a few bytes they only invent."""
    high = sum(byte >= 0x80 for byte in data[:_SAMPLE])
    letters = sum(65 <= (byte & 0xDF) <= 90 for byte in data[:_SAMPLE])
    if high < 4 or (high < 0.2 * letters and high < 40):
        return data.decode("cp1252", "replace")
    try:
        from charset_normalizer import from_bytes

        best = from_bytes(data[:_SAMPLE], steps=3, chunk_size=256).best()
        if best is not None and not best.encoding.startswith("utf"):
            return data.decode(best.encoding, "replace")
    except Exception:  # a detector must not lose a mail
        pass
    return data.decode("cp1252", "replace")
