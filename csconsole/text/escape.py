"""Writes what must not be drawn as escapes of the format it stands in, so that the value stays what it is.

JSON and TOML printed to a terminal, and log lines read with ``tail -f``, are text on a screen too. Their own rules
escape the C0 controls only; DEL, C1 (``U+009B`` is a whole CSI), bidirectional controls, invisible and private-use
code points and lone surrogates would pass as they are.
"""

from __future__ import annotations

import re

_UNDRAWN = re.compile(
    "[\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U0001d173-\U0001d17a"
    "\U000e0000-\U0010ffff]"
)
_KEPT = "\u200b\u200d\ufe0e\ufe0f\ufffd"
"""Undrawn by themselves, but part of Thai and emoji as :mod:`csconsole.text.sanitize` leaves them."""


def escape_json(text: str) -> str:
    """JSON whose every undrawn code point is an escape (RFC 8259 section 7); it decodes to the same value.

    Args:
        text: JSON as an encoder made it: the C0 controls in it are escaped, or white space between tokens.
    """
    if text.isascii() and "\x7f" not in text:
        return text
    return _UNDRAWN.sub(_utf16, text)


def escape_toml(text: str) -> str:
    """The inside of a TOML basic string with the same code points as ``\\uXXXX`` or ``\\UXXXXXXXX`` (TOML 1.0).

    Args:
        text: the inside of the string, its backslashes already doubled.
    """
    return _UNDRAWN.sub(_toml, text)


def _utf16(match: re.Match[str]) -> str:
    char = match[0]
    if char in _KEPT:
        return char
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _toml(match: re.Match[str]) -> str:
    char = match[0]
    if char in _KEPT:
        return char
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
