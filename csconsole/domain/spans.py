"""Spans of time and full dates as people type them: ``30m``, ``1h30m``, ``2 ชม.``, ``2026-11-01``, ``1/11/2569``.

Apart from :mod:`csconsole.domain.when_read` because the query of the first screen needs no more than this.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from csconsole.clock import DAY, HOUR, MINUTE, SECOND
from csconsole.domain.dates import BUDDHIST

MAX_LENGTH = 80
"""Longest input looked at, in code points."""
_LONGEST = 3_660 * DAY

_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_UNITS = {
    "s": SECOND, "sec": SECOND, "วินาที": SECOND, "วิ": SECOND,
    "m": MINUTE, "min": MINUTE, "mins": MINUTE, "minute": MINUTE, "minutes": MINUTE, "นาที": MINUTE,
    "h": HOUR, "hr": HOUR, "hrs": HOUR, "hour": HOUR, "hours": HOUR, "ชม": HOUR, "ชั่วโมง": HOUR,
    "d": DAY, "day": DAY, "days": DAY, "วัน": DAY,
    "w": 7 * DAY, "wk": 7 * DAY, "week": 7 * DAY, "weeks": 7 * DAY, "สัปดาห์": 7 * DAY, "อาทิตย์": 7 * DAY,
}  # fmt: skip
_BEFORE = ("+", "in ", "อีก")
_AFTER = ("from now", "ข้างหน้า")
_PART = re.compile(r"\s*(\d{1,5}(?:\.\d+)?)\s*([a-z]+|[\u0e00-\u0e4f]+)\.?")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_SLASHED = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})")


def plain(text: str) -> str:
    """Input in one form: composed, lower case, ASCII digits, single spaces."""
    composed = unicodedata.normalize("NFKC", text).translate(_THAI_DIGITS).lower()
    return " ".join(composed.split())


def parse_duration(text: str) -> int | None:
    """A span of time in milliseconds: ``30m``, ``1h30m``, ``2 ชม.``, ``อีก 3 วัน``; None when it is none.

    Unlike the spans of the configuration these are what a person types: Thai units and fractions count.
    """
    clean = plain(text)
    if len(clean) > MAX_LENGTH:
        return None
    for word in _BEFORE:
        clean = clean.removeprefix(word)
    for word in _AFTER:
        clean = clean.removesuffix(word)
    clean = clean.strip()
    total, at = 0.0, 0
    while at < len(clean):
        part = _PART.match(clean, at)
        if part is None or part[2] not in _UNITS:
            return None
        total += float(part[1]) * _UNITS[part[2]]
        at = part.end()
    return round(total) if clean and total <= _LONGEST else None


def parse_calendar_date(text: str) -> date | None:
    """A full date, ``2026-11-01`` or ``1/11/2569``; None when it is none."""
    clean = plain(text)
    match = _ISO.fullmatch(clean)
    if match is not None:
        return calendar_date(int(match[1]), int(match[2]), int(match[3]))
    match = _SLASHED.fullmatch(clean)
    return None if match is None else calendar_date(int(match[4]), int(match[3]), int(match[1]))


def calendar_date(year: int, month: int, day: int) -> date | None:
    """A date of the common calendar or, from the year 2400 on, the Buddhist one; None when there is no such day."""
    try:
        return date(year - BUDDHIST if year >= 2400 else year, month, day)
    except ValueError:
        return None
