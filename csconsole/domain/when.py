"""Points in time as agents type them, in Thai and English: ``2h``, ``mon 10:00``, ``พรุ่งนี้ 9.00``, ``28 พ.ย. 69``.

Used by snooze, follow-up, sending later and the fill-in fields of canned replies. The rules:

- A span (``2h``, ``2 ชม.``) counts from now. Days and weeks keep the time of day.
- A day without a time means 09:00. A time without a day means today; a weekday means its next occurrence.
- Years may be common (2026), Buddhist (2569) or two digits of either (26, 69): the nearer to now is meant.
- A moment that has passed is refused, and the refusal says what was understood.
- Thai digits are digits, and input typed on the wrong keyboard layout is read a second time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from csconsole.clock import DAY, from_datetime
from csconsole.domain.dates import clock_time, local, short_date
from csconsole.domain.spans import MAX_LENGTH, parse_duration, plain
from csconsole.domain.when_read import (
    DEFAULT_TIME,
    END_OF_DAY,
    TODAY,
    UNCLEAR_MINUTES,
    FoundDay,
    take_day,
    take_time,
)
from csconsole.errors import UsageError
from csconsole.i18n import Catalog

_T = TypeVar("_T")


def parse_when(text: str, now_ms: int, zone: str, language: str) -> int:
    """The instant somebody means.

    Args:
        text: what was typed.
        now_ms: the present, milliseconds UTC.
        zone: IANA zone of the agent.
        language: language of errors.

    Returns:
        Milliseconds UTC, later than ``now_ms``.

    Raises:
        UsageError: not understood (with examples), unclear, or in the past (with what was understood).
    """
    found = _with_second_reading(text, lambda typed: _moment(typed, now_ms, zone, language))
    catalog = Catalog(language)
    if found is None:
        raise UsageError(catalog.t("when.error.unknown", text=_shown(text)))
    if found <= now_ms:
        understood = f"{short_date(found, zone, language)} {clock_time(found, zone)}"
        raise UsageError(catalog.t("when.error.past", text=_shown(text), understood=understood))
    return found


def parse_day(text: str, now_ms: int, zone: str, language: str) -> date:
    """The day somebody means, today or later: ``เสาร์``, ``tomorrow``, ``28/11``.

    A day far off needs no time, so ``today`` is a day here.

    Raises:
        UsageError: not understood, or in the past.
    """
    now = local(now_ms, zone)

    def read(typed: str) -> date | None:
        clean = plain(typed)
        span = _span_days(clean)
        if span is not None:
            return now.date() + timedelta(days=span)
        found, rest = take_day(clean, now)
        return found.day if found is not None and not rest else None

    found = _with_second_reading(text, read)
    catalog = Catalog(language)
    if found is None:
        raise UsageError(catalog.t("when.error.no_day", text=_shown(text)))
    if found < now.date():
        understood = short_date(from_datetime(_at(found, DEFAULT_TIME, now)), zone, language)
        raise UsageError(catalog.t("when.error.past", text=_shown(text), understood=understood))
    return found


def _with_second_reading(text: str, read: Callable[[str], _T | None]) -> _T | None:
    """What the text reads as, or else what the same keys give on the other keyboard layout.

    ``/้`` is ``2h`` typed while the Thai layout was on.
    """
    if len(text) > MAX_LENGTH:
        return None
    found = read(text)
    if found is not None:
        return found
    from csconsole.text.keyboard import second_reading

    other = second_reading(text)
    return None if other is None else read(other)


def _shown(text: str) -> str:
    """Input as an error repeats it: one line, not endless."""
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:39] + "…"


def _moment(typed: str, now_ms: int, zone: str, language: str) -> int | None:
    """The instant of a text, which may have passed; None when it is not understood.

    Raises:
        UsageError: it can be read in two ways, or a time is missing.
    """
    clean = _clear_minutes(plain(typed), language)
    now = local(now_ms, zone)
    span = parse_duration(clean)
    if span is not None:
        return _after(span, now)
    found, rest = take_day(clean, now)
    if found is not None:
        clock, rest = take_time(rest, after_day=True) if rest else (found.default, "")
        if clock is None and clean in TODAY:
            raise UsageError(Catalog(language).t("when.error.no_time", text=clean))
    else:
        clock, rest = take_time(clean, after_day=False)
        if clock is not None and rest:
            found, rest = take_day(rest, now)
    if clock is None or rest:
        return None
    return _joined(found or FoundDay(now.date()), clock, now)


def _clear_minutes(clean: str, language: str) -> str:
    """The text with ``30 น.`` spelt out: no hour, so minutes.

    Raises:
        UsageError: ``18 น.``, which is six in the evening to some and 18 minutes to others; with both spellings.
    """
    match = UNCLEAR_MINUTES.fullmatch(clean)
    if match is None:
        return clean
    if int(match[1]) < 24:
        raise UsageError(Catalog(language).t("when.error.unclear", text=clean, n=match[1]))
    return f"{match[1]} นาที"


def _joined(found: FoundDay, clock: int, now: datetime) -> int:
    """The instant of a day and a time; a weekday whose time has passed is meant a week later."""
    at = _at(found.day, clock, now)
    if found.recurs and at <= now:
        at = _at(found.day + timedelta(days=found.recurs), clock, now)
    return from_datetime(at)


def _at(day: date, clock: int, now: datetime) -> datetime:
    """The local time of a day and minutes since its start, in the zone of ``now``."""
    days, minutes = divmod(clock, END_OF_DAY)
    return datetime.combine(day + timedelta(days=days), time(minutes // 60, minutes % 60), now.tzinfo)


def _after(span: int, now: datetime) -> int:
    """The instant a span after now; whole days keep the time of day where clocks change."""
    days, rest = divmod(span, DAY)
    wall = datetime.combine(now.date() + timedelta(days=days), now.timetz())
    return from_datetime(wall) + rest


def _span_days(clean: str) -> int | None:
    """Whole days of a span such as ``3d``; None when it is no span of days."""
    span = parse_duration(clean)
    return None if span is None or span % DAY else span // DAY
