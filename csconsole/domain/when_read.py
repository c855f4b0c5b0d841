"""Reading days and times of day out of what people type, in Thai and English.

The pieces behind :mod:`csconsole.domain.when`, which joins them to instants. Every ``take_`` function looks at the
start of a text in the form :func:`csconsole.domain.spans.plain` gives and hands back what follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from csconsole.domain.dates import (
    BUDDHIST,
    EN_DAYS_LONG,
    EN_MONTHS_LONG,
    THAI_DAYS,
    THAI_DAYS_LONG,
    THAI_MONTHS,
    THAI_MONTHS_LONG,
)
from csconsole.domain.spans import calendar_date

DEFAULT_TIME = 9 * 60
"""The time of a day that is given without one. Times of day are minutes since its start here."""
EVENING = 20 * 60
"""The time of "tonight" without one."""
END_OF_DAY = 24 * 60
"""Midnight as people say it: the end of the day, not its start."""


def _alternatives(words: Iterable[str]) -> str:
    """A regular expression for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


UNCLEAR_MINUTES = re.compile(r"(\d{1,2})\s*น\.?")


def _day_names() -> dict[str, int]:
    """Every way to write a weekday, with its number (Monday is 0)."""
    names: dict[str, int] = {}
    for number, english in enumerate(EN_DAYS_LONG):
        names[english.lower()] = names[english[:3].lower()] = number
    names.update({"tues": 1, "weds": 2, "thur": 3, "thurs": 3})
    for number, (short, full) in enumerate(zip(THAI_DAYS, THAI_DAYS_LONG, strict=True)):
        names[short] = names[full] = number
    names.update({"พฤหัส": 3, "พฤหัสฯ": 3, "อาทิด": 6})
    return names


def _month_names() -> dict[str, int]:
    """Every way to write a month, with its number from 1."""
    names: dict[str, int] = {}
    for number, english in enumerate(EN_MONTHS_LONG, 1):
        names[english.lower()] = names[english[:3].lower()] = number
    names["sept"] = 9
    for number, (short, full) in enumerate(zip(THAI_MONTHS, THAI_MONTHS_LONG, strict=True), 1):
        names[short] = names[short[:-1]] = names[short.replace(".", "")] = names[full] = number
    return names


_DAYS = _day_names()
_MONTHS = _month_names()
_RELATIVE = {
    "today": 0, "วันนี้": 0, "tonight": 0, "คืนนี้": 0,
    "tomorrow": 1, "tmr": 1, "tmrw": 1, "พรุ่งนี้": 1, "พรุ้งนี้": 1,
    "day after tomorrow": 2, "มะรืนนี้": 2, "มะรืน": 2,
}  # fmt: skip
TODAY = ("today", "วันนี้")
_TONIGHT = ("tonight", "คืนนี้")
_THAI_HOURS = {
    "หนึ่ง": 1, "สอง": 2, "สาม": 3, "สี่": 4, "ห้า": 5, "หก": 6, "เจ็ด": 7, "แปด": 8, "เก้า": 9, "สิบ": 10, "สิบเอ็ด": 11,
}  # fmt: skip
_HOUR = rf"(\d{{1,2}}|{_alternatives(_THAI_HOURS)})"
_HALF = r"(ครึ่ง)?"

_YEAR = r"(?:\s*[,/.\- ]?\s*(?:พ\.?ศ\.?\s*|ปี\s*)?(\d{4}|(?:2[4-9]|[3-9]\d))(?![\d:.]\d))?"
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)t?")
_SLASHED = re.compile(r"(\d{1,2})([/-])(\d{1,2})(?:\2(\d{4}|\d{2}))?(?![\d/])")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})(?!\d)")
_DAY_MONTH = re.compile(rf"(\d{{1,2}})\s*({_alternatives(_MONTHS)})\.?(?![a-z]){_YEAR}")
_EN_MONTH = _alternatives(name for name in _MONTHS if name.isascii())
_MONTH_DAY = re.compile(rf"({_EN_MONTH})\.?\s+(\d{{1,2}})(?!\d)(?:,?\s*(\d{{4}}))?(?![:.]\d)")
_NAMED = re.compile(rf"({_alternatives(_RELATIVE)})(?![a-z])")
_NEXT_WEEK = re.compile(r"next week(?![a-z])|(?:สัปดาห์|อาทิตย์)หน้า")
_WEEKDAY = re.compile(rf"(?:(next|this)\s+)?(?:วัน)?({_alternatives(_DAYS)})(?![a-z])\s*(หน้า|นี้)?")

_CLOCK = re.compile(r"(\d{1,2})\s?[:.]\s?(\d{2})(?::\d{2})?(?!\d)\s*(am|pm|a\.m\.|p\.m\.)?\s*(?:น\.?)?(?![a-z])")
_TWELVE = re.compile(r"(\d{1,2})\s*(am|pm|a\.m\.|p\.m\.)(?![a-z])")
_BARE_HOUR = re.compile(r"(\d{1,2})(?:\s*น\.?)?$")
_THAI_CLOCKS: tuple[tuple[re.Pattern[str], Callable[[int], int | None]], ...] = (
    (re.compile(rf"ตี\s*{_HOUR}{_HALF}"), lambda hour: hour if 1 <= hour <= 5 else None),
    (re.compile(rf"{_HOUR}\s*โมงเย็น{_HALF}"), lambda hour: hour + 12 if 4 <= hour <= 6 else None),
    (re.compile(rf"บ่าย\s*{_HOUR}\s*(?:โมง)?{_HALF}"), lambda hour: hour + 12 if 1 <= hour <= 5 else None),
    (re.compile(rf"{_HOUR}\s*ทุ่ม{_HALF}"), lambda hour: hour + 18 if 1 <= hour <= 5 else None),
    (re.compile(rf"{_HOUR}\s*โมง(?:เช้า)?{_HALF}"), lambda hour: hour if 6 <= hour <= 18 else None),
    (re.compile(rf"เที่ยงคืน(){_HALF}"), lambda _: 24),
    (re.compile(rf"เที่ยง(?:วัน)?(){_HALF}"), lambda _: 12),
    (re.compile(r"midnight()()(?![a-z])"), lambda _: 24),
    (re.compile(r"noon()()(?![a-z])"), lambda _: 12),
)
_FILLERS = re.compile(r"^(?:[\s,]+|at |on |@ ?|เวลา|ตอน|ที่ |วันที่)+")


@dataclass(frozen=True, slots=True)
class FoundDay:
    """A day found in the text.

    Attributes:
        day: the day, or its first candidate.
        recurs: days after which it comes again when its time has passed (7 for a weekday), 0 for never.
        default: minutes of the day when none is given; None when one must be.
    """

    day: date
    recurs: int = 0
    default: int | None = DEFAULT_TIME


def _strip(text: str) -> str:
    """The text without words that say nothing before a day or a time."""
    return _FILLERS.sub("", text)


def take_day(text: str, now: datetime) -> tuple[FoundDay | None, str]:
    """A day at the start of the text, and what follows it."""
    clean = _strip(text)
    for take in (_take_named, _take_numeric, _take_month, _take_weekday):
        found = take(clean, now)
        if found is not None:
            day, end = found
            return day, _strip(clean[end:])
    return None, text


def _take_named(clean: str, now: datetime) -> tuple[FoundDay, int] | None:
    """``today``, ``พรุ่งนี้``, ``next week`` ..."""
    today = now.date()
    match = _NEXT_WEEK.match(clean)
    if match is not None:
        return FoundDay(today + timedelta(days=7 - today.weekday())), match.end()
    match = _NAMED.match(clean)
    if match is None:
        return None
    ahead = _RELATIVE[match[1]]
    default = EVENING if match[1] in _TONIGHT else DEFAULT_TIME if ahead else None
    return FoundDay(today + timedelta(days=ahead), default=default), match.end()


def _take_numeric(clean: str, now: datetime) -> tuple[FoundDay, int] | None:
    """``2026-11-28``, ``28/11/2569``, ``28/11``, ``28.11.2569``."""
    match = _ISO.match(clean)
    if match is not None:
        return _dated(calendar_date(int(match[1]), int(match[2]), int(match[3])), match.end())
    match = _SLASHED.match(clean)
    if match is not None:
        return _dated(_day_in(int(match[1]), int(match[3]), match[4], now.date()), match.end())
    match = _DOTTED.match(clean)
    if match is not None:
        return _dated(_day_in(int(match[1]), int(match[2]), match[3], now.date()), match.end())
    return None


def _take_month(clean: str, now: datetime) -> tuple[FoundDay, int] | None:
    """``28 พ.ย. 2569``, ``28 nov``, ``nov 28, 2026``."""
    match = _DAY_MONTH.match(clean)
    if match is not None:
        return _dated(_day_in(int(match[1]), _MONTHS[match[2]], match[3], now.date()), match.end())
    match = _MONTH_DAY.match(clean)
    if match is not None:
        return _dated(_day_in(int(match[2]), _MONTHS[match[1]], match[3], now.date()), match.end())
    return None


def _take_weekday(clean: str, now: datetime) -> tuple[FoundDay, int] | None:
    """``mon``, ``ส.``, ``จันทร์หน้า`` (that of the next week), and a date that may follow the name."""
    match = _WEEKDAY.match(clean)
    if match is None:
        return None
    rest = _strip(clean[match.end() :])
    for take in (_take_numeric, _take_month):
        found = take(rest, now)
        if found is not None:
            day, end = found
            return day, len(clean) - len(rest) + end
    number = _DAYS[match[2]]
    today = now.date()
    if match[1] == "next" or match[3] == "หน้า":
        return FoundDay(today + timedelta(days=7 - today.weekday() + number)), match.end()
    return FoundDay(today + timedelta(days=(number - today.weekday()) % 7), recurs=7), match.end()


def _dated(day: date | None, end: int) -> tuple[FoundDay, int] | None:
    """A day by its date, when the calendar has it."""
    return None if day is None else (FoundDay(day), end)


def _day_in(day: int, month: int, year: str | None, today: date) -> date | None:
    """A day by day and month; the year may have two digits, or be left to the next time the day comes."""
    if year is None:
        candidates = [calendar_date(today.year + ahead, month, day) for ahead in range(9)]
        return next((found for found in candidates if found is not None and found >= today), None)
    if len(year) == 4:
        return calendar_date(int(year), month, day)
    common, buddhist = 2000 + int(year), 2500 + int(year) - BUDDHIST
    nearest = min((common, buddhist), key=lambda candidate: abs(candidate - today.year))
    return calendar_date(nearest, month, day)


def take_time(text: str, *, after_day: bool) -> tuple[int | None, str]:
    """A time of day (minutes, up to 1440) at the start of the text, and what follows it.

    Args:
        text: what is left to read.
        after_day: a day came before, so that a bare ``9`` is an hour.
    """
    clean = _strip(text)
    for pattern, hour_of in _THAI_CLOCKS:
        match = pattern.match(clean)
        if match is not None:
            hour = hour_of(_thai_number(match[1]))
            clock = None if hour is None else _clock(hour, 30 if match[2] else 0)
            return clock, _strip(clean[match.end() :])
    match = re.match(r"บ่ายโมง(ครึ่ง)?", clean)
    if match is not None:
        return _clock(13, 30 if match[1] else 0), _strip(clean[match.end() :])
    match = _TWELVE.match(clean)
    if match is not None:
        return _twelve(int(match[1]), 0, match[2]), _strip(clean[match.end() :])
    match = _CLOCK.match(clean)
    if match is not None:
        hour, minute = int(match[1]), int(match[2])
        clock = _twelve(hour, minute, match[3]) if match[3] else _clock(hour, minute)
        return clock, _strip(clean[match.end() :])
    match = _BARE_HOUR.fullmatch(clean) if after_day else None
    return (None, text) if match is None else (_clock(int(match[1]), 0), "")


def _thai_number(text: str) -> int:
    """An hour in digits or in Thai words; 0 when the expression names none."""
    if not text:
        return 0
    return int(text) if text.isdigit() else _THAI_HOURS[text]


def _twelve(hour: int, minute: int, half: str) -> int | None:
    """A time of the twelve-hour clock."""
    if not 1 <= hour <= 12:
        return None
    return _clock(hour % 12 + (12 if half.startswith("p") else 0), minute)


def _clock(hour: int, minute: int) -> int | None:
    """Minutes of a time of day, 24:00 included; None when there is no such time."""
    minutes = hour * 60 + minute
    return minutes if 0 <= minute < 60 and 0 <= minutes <= END_OF_DAY else None
