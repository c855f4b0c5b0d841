"""Instants and days in the words of a Thai or an English reader.

Thai dates carry the Buddhist year (2569 is 2026) and the usual short forms; times in messages are ``18.00 น.``,
in columns ``18:00``. Nothing here needs a locale database.

Functions whose names begin with ``thai_`` and ``en_`` are for text sent to customers and take a *moment*: an
instant in milliseconds UTC, a date, a time, a datetime, or text in ISO form (``2026-11-28``,
``2026-11-28T18:00+07:00``, ``18:00``).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo

from csconsole.clock import DAY, HOUR, MINUTE, SECOND

if TYPE_CHECKING:
    from decimal import Decimal

Moment: TypeAlias = int | date | datetime | time | str
"""What the functions for messages accept."""

BUDDHIST = 543
"""Years the Buddhist era is ahead of the common one."""

THAI_MONTHS = (
    "ม.ค.",
    "ก.พ.",
    "มี.ค.",
    "เม.ย.",
    "พ.ค.",
    "มิ.ย.",
    "ก.ค.",
    "ส.ค.",
    "ก.ย.",
    "ต.ค.",
    "พ.ย.",
    "ธ.ค.",
)
THAI_MONTHS_LONG = (
    "มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน",
    "กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม",
)  # fmt: skip
EN_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
EN_MONTHS_LONG = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
THAI_DAYS = ("จ.", "อ.", "พ.", "พฤ.", "ศ.", "ส.", "อา.")
THAI_DAYS_LONG = ("จันทร์", "อังคาร", "พุธ", "พฤหัสบดี", "ศุกร์", "เสาร์", "อาทิตย์")
EN_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
EN_DAYS_LONG = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

AGE_WIDTH = 6
"""Cells of :func:`age_column`."""

_CLOCK = re.compile(r"([01]?\d|2[0-4])[:.]([0-5]\d)(?::\d\d)?")
_AGE_UNITS = {
    "en": {"now": "<1m", "m": "{}m", "h": "{}h", "d": "{}d", "w": "{}w", "y": "{}y"},
    "th": {"now": "<1 น.", "m": "{} น.", "h": "{} ชม.", "d": "{} วัน", "w": "{} สป.", "y": "{} ปี"},
}
_RELATIVE = {
    "en": {-1: "Yesterday", 0: "Today", 1: "Tomorrow"},
    "th": {-1: "เมื่อวาน", 0: "วันนี้", 1: "พรุ่งนี้"},
}


def local(ms: int, zone: str) -> datetime:
    """The aware local datetime of an instant (milliseconds UTC) in an IANA zone."""
    return datetime.fromtimestamp(ms / SECOND, UTC).astimezone(ZoneInfo(zone))


def day_start(day: date, zone: str, *, after_days: int = 0) -> int:
    """The instant (milliseconds UTC) at which a day, or one ``after_days`` later, begins in a zone."""
    start = datetime.combine(day + timedelta(days=after_days), time(), ZoneInfo(zone))
    return round(start.timestamp() * SECOND)


def short_date(ms: int, zone: str, language: str) -> str:
    """Weekday and date: ``ศ. 27 พ.ย. 2569`` or ``Fri 27 Nov 2026``."""
    return _dated(local(ms, zone).date(), language, long_day=False)


def _dated(day: date, language: str, *, long_day: bool) -> str:
    """A day with its weekday before it."""
    if language == "th":
        names, plain = (THAI_DAYS_LONG if long_day else THAI_DAYS), _thai(day)
    else:
        names, plain = (EN_DAYS_LONG if long_day else EN_DAYS), _english(day)
    return f"{names[day.weekday()]} {plain}"


def _thai(day: date) -> str:
    return f"{day.day} {THAI_MONTHS[day.month - 1]} {day.year + BUDDHIST}"


def _english(day: date) -> str:
    return f"{day.day} {EN_MONTHS[day.month - 1]} {day.year}"


def relative_day(day: date, today: date, language: str) -> str:
    """``Yesterday``, ``Today`` or ``Tomorrow`` in the language; empty for any other day."""
    return _RELATIVE["th" if language == "th" else "en"].get((day - today).days, "")


def day_break(ms: int, now_ms: int, zone: str, language: str) -> str:
    """The line between two days of a transcript: ``── วันนี้ ศ. 27 พ.ย. 2569 ──``.

    Args:
        ms: any instant of the day that begins.
        now_ms: the present, which decides what is today and yesterday.
        zone: IANA zone in which days are counted.
        language: ``th`` or ``en``.
    """
    word = relative_day(local(ms, zone).date(), local(now_ms, zone).date(), language)
    return f"── {word + ' ' if word else ''}{short_date(ms, zone, language)} ──"


def clock_time(ms: int, zone: str) -> str:
    """The time of day for columns and the header: ``14:30``."""
    return local(ms, zone).strftime("%H:%M")


def moment_text(ms: int, now_ms: int, zone: str, language: str) -> str:
    """Day and time in the fewest words that are clear: ``14:30``, ``พรุ่งนี้ 10:00``, ``ส. 28 พ.ย. 2569 10:00``."""
    day, today = local(ms, zone).date(), local(now_ms, zone).date()
    if day == today:
        return clock_time(ms, zone)
    return f"{relative_day(day, today, language) or short_date(ms, zone, language)} {clock_time(ms, zone)}"


def age(ms_delta: int, language: str) -> str:
    """A span in one unit, rounded down: ``<1m 5m 2h 3d 14w 2y`` or ``<1 น. 5 น. 2 ชม. 3 วัน 14 สป. 2 ปี``.

    Days count to 99, weeks to 103, so that the text stays short. A span below zero is shown as none at all.
    """
    units = _AGE_UNITS["th" if language == "th" else "en"]
    if ms_delta < MINUTE:
        return units["now"]
    if ms_delta < HOUR:
        return units["m"].format(ms_delta // MINUTE)
    if ms_delta < DAY:
        return units["h"].format(ms_delta // HOUR)
    days = ms_delta // DAY
    if days < 100:
        return units["d"].format(days)
    if days < 728:
        return units["w"].format(days // 7)
    return units["y"].format(days // 365)


def age_column(ms_delta: int, language: str) -> str:
    """:func:`age` set right in :data:`AGE_WIDTH` cells; Thai marks above a letter take none."""
    text = age(ms_delta, language)
    cells = sum(1 for sign in text if unicodedata.category(sign) != "Mn")
    return " " * (AGE_WIDTH - cells) + text


def countdown(ms_left: int, language: str) -> str:
    """Time to or past a due moment: ``12:20`` left, ``-1:10`` late; from an hour on in the units of :func:`age`."""
    late = ms_left < 0
    span = abs(ms_left)
    text = f"{span // MINUTE}:{span % MINUTE // SECOND:02d}" if span < HOUR else age(span, language)
    return f"-{text}" if late else text


def baht(value: int | float | Decimal | str) -> str:
    """Money in a Thai message: ``1,290 บาท``, ``1,290.50 บาท``. Text that is no number stays as it is."""
    return _money(value, "บาท")


def baht_en(value: int | float | Decimal | str) -> str:
    """Money in an English message: ``1,290 baht``. Text that is no number stays as it is."""
    return _money(value, "baht")


def _money(value: int | float | Decimal | str, unit: str) -> str:
    from decimal import Decimal, InvalidOperation

    try:
        amount = Decimal(str(value).replace(",", "").strip()).quantize(Decimal("0.01"))
    except InvalidOperation:
        return str(value)
    if not amount.is_finite():
        return str(value)
    whole = amount == amount.to_integral_value()
    return f"{amount:,.0f} {unit}" if whole else f"{amount:,.2f} {unit}"


def thai_date(value: Moment, zone: str) -> str:
    """``28 พ.ย. 2569``; text that is no date stays as it is."""
    day = _day_of(value, zone)
    return str(value) if day is None else _thai(day)


def thai_day(value: Moment, zone: str) -> str:
    """``เสาร์ 28 พ.ย. 2569``; text that is no date stays as it is."""
    day = _day_of(value, zone)
    return str(value) if day is None else _dated(day, "th", long_day=True)


def thai_time(value: Moment, zone: str, *, today: date | None = None) -> str:
    """``18.00 น.``; text that is no time stays as it is.

    Args:
        value: the moment.
        zone: IANA zone of the reader.
        today: when given, an instant of another day says so: ``พรุ่งนี้ 10.00 น.``, ``ส. 28 พ.ย. 2569 10.00 น.``
    """
    clock = _time_of(value, zone)
    if clock is None:
        return str(value)
    return _day_prefix(value, zone, today, "th") + f"{clock:%H.%M} น."


def en_date(value: Moment, zone: str) -> str:
    """``28 Nov 2026``; text that is no date stays as it is."""
    day = _day_of(value, zone)
    return str(value) if day is None else _english(day)


def en_day(value: Moment, zone: str) -> str:
    """``Saturday 28 Nov 2026``; text that is no date stays as it is."""
    day = _day_of(value, zone)
    return str(value) if day is None else _dated(day, "en", long_day=True)


def en_time(value: Moment, zone: str, *, today: date | None = None) -> str:
    """``18:00``; text that is no time stays as it is. For ``today`` see :func:`thai_time`."""
    clock = _time_of(value, zone)
    if clock is None:
        return str(value)
    if _day_of(value, zone) is None:
        return f"{clock:%H:%M}"
    return f"{clock:%H:%M}{_day_suffix(value, zone, today)}"


def _day_prefix(value: Moment, zone: str, today: date | None, language: str) -> str:
    """The day and a space when the moment has a day other than today; empty otherwise."""
    day = _day_of(value, zone)
    if day is None or today is None or day == today:
        return ""
    return (relative_day(day, today, language) or _dated(day, language, long_day=False)) + " "


def _day_suffix(value: Moment, zone: str, today: date | None) -> str:
    """How English says the day after a time: `` tomorrow``, `` on Sat 28 Nov 2026``, or nothing."""
    day = _day_of(value, zone)
    if day is None or today is None or day == today:
        return ""
    word = relative_day(day, today, "en").lower()
    return f" {word}" if word else f" on {_dated(day, 'en', long_day=False)}"


def _parsed(value: Moment, zone: str) -> datetime | date | time | None:
    """A moment with its type found out; datetimes are local to the zone."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        try:
            return local(value, zone)
        except (OverflowError, ValueError, OSError):
            return None
    if isinstance(value, str):
        return _read_iso(value.strip(), zone)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(ZoneInfo(zone))
    return value


def _read_iso(text: str, zone: str) -> datetime | date | time | None:
    """A moment written in ISO form or as a clock time; None when it is neither."""
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        return time(int(clock[1]) % 24, int(clock[2]))
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    return value.astimezone(ZoneInfo(zone)) if value.tzinfo is not None else value


def _day_of(value: Moment, zone: str) -> date | None:
    """The day of a moment; None when it has none."""
    found = _parsed(value, zone)
    if isinstance(found, datetime):
        return found.date()
    return found if isinstance(found, date) else None


def _time_of(value: Moment, zone: str) -> time | None:
    """The time of day of a moment; None when it has none."""
    found = _parsed(value, zone)
    if isinstance(found, datetime):
        return found.time()
    return found if isinstance(found, time) else None
