"""How instants, spans and money read."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csconsole.clock import DAY, HOUR, MINUTE, SECOND
from csconsole.domain import dates

ZONE = "Asia/Bangkok"


def ms(*parts: int) -> int:
    """Milliseconds of a local time in Bangkok (UTC+7, no summer time)."""
    return round(datetime(*parts, tzinfo=UTC).timestamp() * 1000) - 7 * HOUR  # type: ignore[arg-type,misc]


NOON = ms(2026, 11, 27, 12, 0)


def test_short_date() -> None:
    assert dates.short_date(NOON, ZONE, "th") == "ศ. 27 พ.ย. 2569"
    assert dates.short_date(NOON, ZONE, "en") == "Fri 27 Nov 2026"


def test_the_day_is_that_of_the_zone() -> None:
    late = ms(2026, 11, 28, 0, 30)
    assert dates.short_date(late, ZONE, "en") == "Sat 28 Nov 2026"
    assert dates.short_date(late, "UTC", "en") == "Fri 27 Nov 2026"


@pytest.mark.parametrize(
    ("at", "language", "wanted"),
    [
        (NOON, "th", "── วันนี้ ศ. 27 พ.ย. 2569 ──"),
        (NOON - DAY, "th", "── เมื่อวาน พฤ. 26 พ.ย. 2569 ──"),
        (NOON - 2 * DAY, "th", "── พ. 25 พ.ย. 2569 ──"),
        (NOON, "en", "── Today Fri 27 Nov 2026 ──"),
        (ms(2026, 11, 26, 23, 59), "en", "── Yesterday Thu 26 Nov 2026 ──"),
    ],
)
def test_day_break(at: int, language: str, wanted: str) -> None:
    assert dates.day_break(at, NOON, ZONE, language) == wanted


def test_times() -> None:
    assert dates.clock_time(ms(2026, 11, 27, 14, 30), ZONE) == "14:30"
    assert dates.moment_text(NOON + HOUR, NOON, ZONE, "th") == "13:00"
    assert dates.moment_text(NOON + DAY, NOON, ZONE, "th") == "พรุ่งนี้ 12:00"
    assert dates.moment_text(NOON + 2 * DAY, NOON, ZONE, "th") == "อา. 29 พ.ย. 2569 12:00"


def test_a_day_begins_at_local_midnight() -> None:
    assert dates.day_start(date(2026, 11, 27), ZONE) == ms(2026, 11, 27)
    assert dates.day_start(date(2026, 11, 30), ZONE, after_days=1) == ms(2026, 12, 1)


@pytest.mark.parametrize(
    ("span", "english", "thai"),
    [
        (45 * SECOND, "<1m", "<1 น."),
        (-5, "<1m", "<1 น."),
        (5 * MINUTE, "5m", "5 น."),
        (HOUR - 1, "59m", "59 น."),
        (2 * HOUR, "2h", "2 ชม."),
        (DAY - 1, "23h", "23 ชม."),
        (3 * DAY, "3d", "3 วัน"),
        (99 * DAY, "99d", "99 วัน"),
        (100 * DAY, "14w", "14 สป."),
        (730 * DAY, "2y", "2 ปี"),
    ],
)
def test_ages(span: int, english: str, thai: str) -> None:
    assert dates.age(span, "en") == english
    assert dates.age(span, "th") == thai


@given(st.integers(min_value=-DAY, max_value=40_000 * DAY), st.sampled_from(["en", "th"]))
def test_the_age_column_never_changes_its_width(span: int, language: str) -> None:
    column = dates.age_column(span, language)
    assert sum(1 for sign in column if unicodedata.category(sign) != "Mn") == dates.AGE_WIDTH
    assert column.strip() == dates.age(span, language)


@pytest.mark.parametrize(
    ("left", "wanted"),
    [(740 * SECOND, "12:20"), (-70 * SECOND, "-1:10"), (0, "0:00"), (2 * HOUR, "2h"), (-47 * MINUTE, "-47:00")],
)
def test_countdown(left: int, wanted: str) -> None:
    assert dates.countdown(left, "en") == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (1290, "1,290 บาท"),
        ("2,490", "2,490 บาท"),
        (1290.5, "1,290.50 บาท"),
        (Decimal("0.005"), "0 บาท"),
        (1_000_000, "1,000,000 บาท"),
        ("ฟรี", "ฟรี"),
        ("nan", "nan"),
        ("inf", "inf"),
    ],
)
def test_money(value: int | float | str | Decimal, wanted: str) -> None:
    assert dates.baht(value) == wanted
    assert dates.baht_en(value) == wanted.replace("บาท", "baht")


@pytest.mark.parametrize(
    "value",
    [
        ms(2026, 11, 28, 18, 0),
        datetime(2026, 11, 28, 11, 0, tzinfo=UTC),
        datetime(2026, 11, 28, 18, 0),
        "2026-11-28T18:00:00+07:00",
        "2026-11-28T11:00Z",
        "2026-11-28 18:00",
    ],
)
def test_the_same_moment_in_every_form(value: dates.Moment) -> None:
    assert dates.thai_date(value, ZONE) == "28 พ.ย. 2569"
    assert dates.thai_day(value, ZONE) == "เสาร์ 28 พ.ย. 2569"
    assert dates.thai_time(value, ZONE) == "18.00 น."
    assert dates.en_date(value, ZONE) == "28 Nov 2026"
    assert dates.en_day(value, ZONE) == "Saturday 28 Nov 2026"
    assert dates.en_time(value, ZONE) == "18:00"


def test_days_and_times_alone() -> None:
    assert dates.thai_day(date(2026, 11, 28), ZONE) == "เสาร์ 28 พ.ย. 2569"
    assert dates.thai_time(time(18, 0), ZONE) == "18.00 น."
    assert dates.thai_time("21:00", ZONE) == "21.00 น."
    assert dates.thai_date("2026-11-28", ZONE) == "28 พ.ย. 2569"


def test_a_time_of_another_day_says_which() -> None:
    today, tomorrow = date(2026, 11, 27), ms(2026, 11, 28, 10, 0)
    assert dates.thai_time(tomorrow, ZONE, today=today) == "พรุ่งนี้ 10.00 น."
    assert dates.en_time(tomorrow, ZONE, today=today) == "10:00 tomorrow"
    assert dates.thai_time(ms(2026, 11, 30, 10, 0), ZONE, today=today) == "จ. 30 พ.ย. 2569 10.00 น."
    assert dates.en_time(ms(2026, 11, 30, 10, 0), ZONE, today=today) == "10:00 on Mon 30 Nov 2026"
    assert dates.thai_time(ms(2026, 11, 27, 15, 0), ZONE, today=today) == "15.00 น."
    assert dates.thai_time("15:00", ZONE, today=today) == "15.00 น."


@pytest.mark.parametrize("value", ["soon", "", "2026-02-30", "25:99", 10**30])
def test_what_is_no_moment_stays(value: dates.Moment) -> None:
    for show in (dates.thai_date, dates.thai_day, dates.thai_time, dates.en_date, dates.en_day, dates.en_time):
        assert show(value, ZONE) == str(value)
