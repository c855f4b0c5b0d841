"""How long a message is to a channel: each counts in its own unit.

Units: ``chars`` (Unicode code points), ``utf16`` (UTF-16 code units, as LINE and WhatsApp count; an emoji is
two), ``bytes`` (UTF-8, as Instagram counts; a Thai letter is three) and ``sms`` (GSM 03.38 parts).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Unit: TypeAlias = Literal["chars", "utf16", "bytes", "sms"]

_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("^{}\\[~]|€\f")


@dataclass(frozen=True, slots=True)
class TextLimit:
    """The longest text a channel takes in one message.

    Attributes:
        maximum: in ``unit``; 0 for no limit.
        unit: what is counted.
    """

    maximum: int = 0
    unit: Unit = "chars"


@dataclass(frozen=True, slots=True)
class Segments:
    """A text as SMS parts.

    Attributes:
        count: parts it takes; none for the empty text.
        encoding: ``gsm7`` when every character is in the GSM alphabet, else ``ucs2``.
        used: septets or 16-bit units used in the last part.
        size: septets or 16-bit units a part holds.
    """

    count: int
    encoding: Literal["gsm7", "ucs2"]
    used: int
    size: int


def measure(text: str, unit: Unit) -> int:
    """The length of a text in a unit; for ``sms`` the number of parts."""
    if unit == "utf16":
        return sum(2 if ord(sign) > 0xFFFF else 1 for sign in text)
    if unit == "bytes":
        return len(text.encode("utf-8", "surrogatepass"))
    if unit == "sms":
        return sms_segments(text).count
    return len(text)


def sms_segments(text: str) -> Segments:
    """How a text is cut into SMS parts.

    One part holds 160 septets or 70 16-bit units, each of several 153 or 67 (3GPP TS 23.040: the header of a
    concatenated message takes the rest). A sign of the extension table takes two septets, an emoji two units;
    neither is cut in half (3GPP TS 23.038).
    """
    plain = all(sign in _GSM_BASIC or sign in _GSM_EXTENDED for sign in text)
    if plain:
        costs = [2 if sign in _GSM_EXTENDED else 1 for sign in text]
        single, part = 160, 153
    else:
        costs = [2 if ord(sign) > 0xFFFF else 1 for sign in text]
        single, part = 70, 67
    encoding: Literal["gsm7", "ucs2"] = "gsm7" if plain else "ucs2"
    total = sum(costs)
    if total <= single:
        return Segments(1 if text else 0, encoding, total, single)
    count, used = 1, 0
    for cost in costs:
        if used + cost > part:
            count, used = count + 1, 0
        used += cost
    return Segments(count, encoding, used, part)
