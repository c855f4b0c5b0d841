"""Bytes to text: the charset a mail names, the one it means, and the one it must be.

Thai mail is the reason for most of this: Outlook writes ``windows-874``, which Python knows only as
``cp874``; ``tis-620`` and ``iso-8859-11`` mail uses cp874's extra characters; and much Thai mail claims to be
Latin-1 or says nothing at all.
"""

from __future__ import annotations

import codecs

_THAI = ("windows874", "xwindows874", "ms874", "cp874", "874", "tis620", "tis62025331", "iso885911", "isoir166")
_ALIASES = {
    **dict.fromkeys(_THAI, "cp874"),
    **dict.fromkeys(("gb2312", "gbk", "xgbk", "gb231280", "cp936"), "gb18030"),
    **dict.fromkeys(("ksc56011987", "ksc5601", "euckr", "xwindows949"), "cp949"),
    **dict.fromkeys(("shiftjis", "xsjis", "sjis", "windows31j"), "cp932"),
    **dict.fromkeys(("utf8", "utf8mb4", "unicode11utf8", "xutf8", "utf8n"), "utf-8"),
    "iso88598i": "iso8859-8",
    "iso88598e": "iso8859-8",
    "big5hkscs": "big5hkscs",
}
_LATIN = frozenset({"iso88591", "latin1", "windows1252", "cp1252", "iso885915", "l1"})
_NOTHING = frozenset({"", "usascii", "ascii", "ansix341968", "unknown", "unknown8bit", "xunknown", "8bit", "default"})
_NOT_TEXT = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"})
_THAI_BYTES = frozenset([*range(0xA0, 0xDB), *range(0xDF, 0xFC), 0x80, 0x85, *range(0x91, 0x98)])
_SAMPLE = 20_000


def decode(data: bytes, charset: str = "") -> str:
    """The text of ``data``; never raises.

    Order: the named charset (by alias, strictly), then detection: UTF-8, Thai, charset-normalizer, Latin-1.

    Args:
        data: bytes without transfer encoding.
        charset: as named by the mail, in any spelling; "" or unknown for none.
    """
    name = "".join(filter(str.isalnum, charset.lower()))[:40]
    if name in _NOTHING:
        return data.decode("ascii") if data.isascii() else _detect(data)
    if name in _LATIN:
        return _detect(data) if _looks_thai(data) else data.decode("cp1252", "replace")
    codec = _ALIASES.get(name) or _text_codec(charset)
    if not codec:
        return _detect(data)
    try:
        return data.decode("utf-8-sig" if codec == "utf-8" else codec)
    except UnicodeDecodeError:
        if codec == "cp874":
            return _utf8(data) or data.decode("cp874", "replace")
        return _detect(data) if codec == "utf-8" else data.decode(codec, "replace")
    except Exception:
        return _detect(data)


def _text_codec(charset: str) -> str:
    try:
        info = codecs.lookup(charset.strip()[:40])
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
    """Whether single-byte Thai is far likelier than anything Latin: most letters have the high bit set."""
    high = [byte for byte in data[:_SAMPLE] if byte >= 0x80]
    if len(high) < 3:
        return False
    thai = sum(byte in _THAI_BYTES for byte in high)
    letters = len(high) + sum(65 <= (byte & 0xDF) <= 90 for byte in data[:_SAMPLE] if byte < 0x80)
    return thai >= 0.95 * len(high) and len(high) >= 0.4 * letters


def _detect(data: bytes) -> str:
    if data.isascii():
        return data.decode("ascii")
    text = _utf8(data)
    if text:
        return text
    # A cut or slightly damaged UTF-8 text is still UTF-8.
    loose = data.decode("utf-8", "replace")
    if loose.count("\ufffd") * 50 < len(loose):
        return loose
    if _looks_thai(data):
        return data.decode("cp874", "replace")
    try:
        from charset_normalizer import from_bytes

        best = from_bytes(data[:_SAMPLE], steps=3, chunk_size=256).best()
        if best is not None:
            return data.decode(best.encoding, "replace")
    except Exception:  # a detector must not lose a mail
        pass
    return data.decode("cp1252", "replace")
