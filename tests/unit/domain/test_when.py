"""Points in time as people type them, on Friday 27 November 2026, 12:00 in Bangkok."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csconsole.domain.spans import parse_calendar_date, parse_duration
from csconsole.domain.when import parse_day, parse_when
from csconsole.errors import UsageError

ZONE = "Asia/Bangkok"
NOON = datetime(2026, 11, 27, 12, 0, tzinfo=ZoneInfo(ZONE))
NOW = round(NOON.timestamp() * 1000)


def when(text: str, zone: str = ZONE, now: int = NOW) -> str:
    found = parse_when(text, now, zone, "en")
    return datetime.fromtimestamp(found / 1000, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2h", "2026-11-27 14:00"),
        ("30m", "2026-11-27 12:30"),
        ("3d", "2026-11-30 12:00"),
        ("1h30m", "2026-11-27 13:30"),
        ("in 2 hours", "2026-11-27 14:00"),
        ("2 ชม.", "2026-11-27 14:00"),
        ("2 ชม. 30 นาที", "2026-11-27 14:30"),
        ("30 นาที", "2026-11-27 12:30"),
        ("30 น.", "2026-11-27 12:30"),
        ("3 วัน", "2026-11-30 12:00"),
        ("อีก 2 อาทิตย์", "2026-12-11 12:00"),
        ("๒ ชม.", "2026-11-27 14:00"),
        ("tomorrow", "2026-11-28 09:00"),
        ("tomorrow 9", "2026-11-28 09:00"),
        ("Tomorrow at 9:15", "2026-11-28 09:15"),
        ("mon 10:00", "2026-11-30 10:00"),
        ("monday", "2026-11-30 09:00"),
        ("fri 17:00", "2026-11-27 17:00"),
        ("fri 9:00", "2026-12-04 09:00"),
        ("next mon 9", "2026-11-30 09:00"),
        ("sat 28 nov 10:00", "2026-11-28 10:00"),
        ("17:30", "2026-11-27 17:30"),
        ("17.30 น.", "2026-11-27 17:30"),
        ("๑๗.๓๐", "2026-11-27 17:30"),
        ("5pm", "2026-11-27 17:00"),
        ("12:30 am tomorrow", "2026-11-28 00:30"),
        ("2026-11-28 10:00", "2026-11-28 10:00"),
        ("2026-11-28T10:00", "2026-11-28 10:00"),
        ("28/11/2569 10.00", "2026-11-28 10:00"),
        ("28/11/69", "2026-11-28 09:00"),
        ("28/11/26 9:30", "2026-11-28 09:30"),
        ("28/11", "2026-11-28 09:00"),
        ("1/3", "2027-03-01 09:00"),
        ("29 ก.พ.", "2028-02-29 09:00"),
        ("28 พ.ย. 2569", "2026-11-28 09:00"),
        ("28 พ.ย. 69", "2026-11-28 09:00"),
        ("28 พย 69 10.00", "2026-11-28 10:00"),
        ("28 พ.ย. 10", "2026-11-28 10:00"),
        ("วันที่ 28 พฤศจิกายน พ.ศ. 2569 เวลา 10.00 น.", "2026-11-28 10:00"),
        ("28 Nov 2026 10:00", "2026-11-28 10:00"),
        ("Nov 28, 2026 10:00", "2026-11-28 10:00"),
        ("พรุ่งนี้", "2026-11-28 09:00"),
        ("พรุ่งนี้ 9.00", "2026-11-28 09:00"),
        ("พรุ่งนี้9โมง", "2026-11-28 09:00"),
        ("มะรืน", "2026-11-29 09:00"),
        ("มะรืนนี้ บ่ายสอง", "2026-11-29 14:00"),
        ("จันทร์ 10 โมง", "2026-11-30 10:00"),
        ("วันจันทร์หน้า", "2026-11-30 09:00"),
        ("ส. 10.00", "2026-11-28 10:00"),
        ("ส. 28 พ.ย. 2569 10:00", "2026-11-28 10:00"),
        ("อา. 9", "2026-11-29 09:00"),
        ("อ. 9", "2026-12-01 09:00"),
        ("พ. 9", "2026-12-02 09:00"),
        ("พฤ. 9", "2026-12-03 09:00"),
        ("บ่าย 2", "2026-11-27 14:00"),
        ("บ่ายโมงครึ่ง", "2026-11-27 13:30"),
        ("2 ทุ่ม", "2026-11-27 20:00"),
        ("5 โมงเย็น", "2026-11-27 17:00"),
        ("พรุ่งนี้ ตี 3", "2026-11-28 03:00"),
        ("พรุ่งนี้เที่ยง", "2026-11-28 12:00"),
        ("เที่ยงคืน", "2026-11-28 00:00"),
        ("คืนนี้", "2026-11-27 20:00"),
        ("วันนี้ 15.00", "2026-11-27 15:00"),
    ],
)
def test_what_is_meant(text: str, wanted: str) -> None:
    assert when(text) == wanted


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [("/้", "2026-11-27 14:00"), ("-จท", "2026-11-27 12:30"), ("ะนทนพพนไ ต", "2026-11-28 09:00")],
)
def test_the_other_keyboard_layout_is_tried(typed: str, wanted: str) -> None:
    assert when(typed) == wanted


def test_thai_typed_on_the_english_layout() -> None:
    assert when("ri6j'ouh") == when("พรุ่งนี้")
    assert parse_day("glkiN", NOW, ZONE, "en") == parse_day("เสาร์", NOW, ZONE, "en") == date(2026, 11, 28)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("10:00", "Fri 27 Nov 2026 10:00"),
        ("12:00", "Fri 27 Nov 2026 12:00"),
        ("2026-11-26", "Thu 26 Nov 2026 09:00"),
        ("1/1/2569", "Thu 1 Jan 2026 09:00"),
        ("0m", "Fri 27 Nov 2026 12:00"),
    ],
)
def test_the_past_is_refused_with_what_was_understood(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        when(text)
    assert says in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "xyz",
        "2026",
        "99:99",
        "tomorrow 25",
        "31/2/2569",
        "monkey",
        "1000000h",
        "mon tue",
        "9",
        "x" * 200,
        "2h monday",
    ],
)
def test_what_is_not_understood_is_answered_with_examples(text: str) -> None:
    with pytest.raises(UsageError, match="tomorrow 9"):
        when(text)
    with pytest.raises(UsageError, match=r"พรุ่งนี้ 9\.00"):
        parse_when(text, NOW, ZONE, "th")


def test_a_bare_number_with_the_unit_of_both_is_not_guessed() -> None:
    with pytest.raises(UsageError, match=r"18\.00.*18 นาที"):
        when("18 น.")


def test_today_needs_a_time() -> None:
    with pytest.raises(UsageError, match="today 17:30"):
        when("today")


def test_days_keep_the_time_of_day_where_clocks_change() -> None:
    zone = "Europe/Berlin"
    before = round(datetime(2026, 10, 24, 12, 0, tzinfo=ZoneInfo(zone)).timestamp() * 1000)
    assert when("1d", zone, before) == "2026-10-25 12:00"
    assert parse_when("24h", before, zone, "en") == parse_when("1d", before, zone, "en")
    assert parse_when("1h", before, zone, "en") - before == 3_600_000


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("เสาร์", date(2026, 11, 28)),
        ("today", date(2026, 11, 27)),
        ("ศุกร์", date(2026, 11, 27)),
        ("3d", date(2026, 11, 30)),
        ("28/11/69", date(2026, 11, 28)),
        ("พรุ่งนี้", date(2026, 11, 28)),
    ],
)
def test_days(text: str, wanted: date) -> None:
    assert parse_day(text, NOW, ZONE, "th") == wanted


@pytest.mark.parametrize("text", ["", "soon", "26/11/2569", "17:30", "พรุ่งนี้ 9.00"])
def test_no_such_day(text: str) -> None:
    with pytest.raises(UsageError):
        parse_day(text, NOW, ZONE, "en")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("30m", 30),
        ("1h30m", 90),
        ("1.5h", 90),
        ("2ชม.", 120),
        ("2 ชั่วโมง", 120),
        ("1d", 1440),
        ("30", None),
        ("m", None),
    ],
)
def test_spans(text: str, wanted: int | None) -> None:
    assert parse_duration(text) == (None if wanted is None else wanted * 60_000)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-11-01", date(2026, 11, 1)),
        ("2569-11-01", date(2026, 11, 1)),
        ("1/11/2569", date(2026, 11, 1)),
        ("1/11", None),
        ("2026-02-30", None),
        ("x", None),
    ],
)
def test_full_dates(text: str, wanted: date | None) -> None:
    assert parse_calendar_date(text) == wanted


PIECES = st.sampled_from(
    ["1", "2569", "0000", "9999", "28/11", " ", ".", ":", "น.", "ชม.", "d", "วัน", "จันทร์", "mon", "nov", "พ.ย.",
     "พรุ่งนี้", "เที่ยงคืน", "next", "at", "pm", "-", "หน้า", "99999w", "²", "٣"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=20), st.lists(PIECES, max_size=6).map("".join)))
def test_any_text_is_a_future_instant_or_a_usage_error(text: str) -> None:
    for parse in (parse_when, parse_day):
        try:
            found = parse(text, NOW, ZONE, "th")
        except UsageError:
            continue
        assert found > NOW if isinstance(found, int) else found >= NOON.date()
