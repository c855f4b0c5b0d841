"""Nothing from outside reaches the terminal as anything but text."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from csconsole.text import sanitize
from csconsole.text.graphemes import clusters, width
from csconsole.text.sanitize import is_safe, safe_filename, safe_line, safe_text

ANY_TEXT = st.text(st.characters(codec=None), max_size=60)
TROUBLE = st.text(
    st.sampled_from(
        "aก\u0e48\u0301\u200b\u200d\ufe0f\ufe0e\u20e3\n\r\t\x1b\x9b\u202e\U0001f468\U0001f3fd\U0001f1f9"
        "\u2028\ud800\uffff\ue000\U000e0061 1\u1161\u3164\u25cc"
    ),
    max_size=40,
)
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _assert_inert(text: str, *, lines: bool) -> None:
    for char in text:
        if char == "\n" and lines:
            continue
        assert unicodedata.category(char) not in ("Cc", "Cs", "Co", "Zl", "Zp"), ascii(char)
        assert char not in BIDI
        assert not 0xE0000 <= ord(char) <= 0xE0FFF
    text.encode()


@given(st.one_of(ANY_TEXT, TROUBLE))
@example("\u0301" * 10)
@example("\r\n\r")
@example("\t\u0e48")
def test_any_string_becomes_inert_and_stays_so(text: str) -> None:
    many, one = safe_text(text), safe_line(text)
    _assert_inert(many, lines=True)
    _assert_inert(one, lines=False)
    assert safe_text(many) == many
    assert safe_line(one) == one
    assert safe_line(many) == safe_line(safe_line(many))
    assert is_safe(many)


@given(st.one_of(ANY_TEXT, TROUBLE), st.integers(0, 12))
def test_a_line_keeps_to_its_limit(text: str, limit: int) -> None:
    once = safe_line(text, limit)
    assert len(clusters(once)) <= limit
    assert safe_line(once, limit) == once


def test_hostile_strings_are_inert_and_small(hostile: list[dict[str, Any]]) -> None:
    for row in hostile:
        _assert_inert(safe_text(row["payload"]), lines=True)
        _assert_inert(safe_line(row["payload"]), lines=False)
        assert len(clusters(safe_line(row["payload"]))) <= sanitize.MAX_LINE, row["id"]


def test_hostile_strings_that_must_stay_or_become_something(hostile: list[dict[str, Any]]) -> None:
    checked = 0
    for row in hostile:
        check = row.get("check") or {}
        if isinstance(check.get("equals"), str) and row["class"] != "ssrf":
            assert safe_text(row["payload"]) == check["equals"], row["id"]
            checked += 1
        if isinstance(check.get("filename"), str):
            assert safe_filename(row["payload"]) == check["filename"], row["id"]
            checked += 1
    assert checked >= 15


def test_the_quick_check_agrees_with_the_table_on_every_code_point() -> None:
    for code in (*range(0x32000), *range(0xE0000, 0xE1000), *range(0x10FF00, 0x110000)):
        char = chr(code)
        if char == "\n" or sanitize._UNUSUAL.search(char):
            continue
        verdict = sanitize._VERDICTS[char]
        if verdict is sanitize._IS_MARK:
            assert sanitize._LEADING_MARK.match(char), hex(code)
        else:
            assert verdict == char, hex(code)


def test_what_is_left_has_cells_or_counts_as_a_mark() -> None:
    for code in (*range(0x20, 0x32000), *range(0xE0000, 0xE1000)):
        char = chr(code)
        if code not in (0x2028, 0x2029) and sanitize._VERDICTS[char] == char:
            assert width(char) > 0, hex(code)


def test_thai_messages_are_left_alone(thai_lines: list[str]) -> None:
    changed = [line for line in thai_lines if safe_text(line) != line]
    assert len(changed) < len(thai_lines) * 0.005
    for line in changed:
        before = {char for char in line if unicodedata.category(char)[0] == "L"}
        assert before - set(safe_text(line)) <= {"\u3164", "\u115f", "\u1160", "\uffa0"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", "a\u241b[2Jb"),
        ("a\x9b2Jb", "a\ufffd2Jb"),
        ("x\x7f\x00", "x\u2421\u2400"),
        ("a\r\nb\rc\u2028d\u2029e", "a\nb\nc\nd\ne"),
        ("ab\tc\nก่\td", "ab      c\nก่       d"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("pay\u00adpal \u2060x\ufeffy", "paypal xy"),
        ("a\U000e0068\U000e0069", "a"),
        ("\ud800\ufdd0\uffff\ue000\U0010ffff", "\ufffd" * 5),
        ("รหัส\u200bผ่าน", "รหัส\u200bผ่าน"),
        ("รหัส\u200b\u200b\u200bผ่าน", "รหัส\u200bผ่าน"),
        ("\u0e49\u0e4cเริ่ม", "\u25cc\u0e49\u0e4cเริ่ม"),
        ("ก\n\u0e48", "ก\n\u25cc\u0e48"),
        ("ก" + "\u0e48" * 40 + "ข", "ก" + "\u0e48" * 4 + "ข"),
        ("e" + "\u0301\u200c" * 40, "e" + "\u0301" * 4),
        ("a\ufe0fb\ufe00", "ab"),
        ("a\u200db", "ab"),
        ("\U0001f44d\U0001f3fd\U0001f3fe", "\U0001f44d\U0001f3fd"),
        ("שלום عالم", "שלום عالم"),
        ("हिन्दी 한국어 日本語", "हिन्दी 한국어 日本語"),
        ("1\ufe0f\u20e3 \u2764\ufe0f \U0001f468\u200d\U0001f469\u200d\U0001f467", None),
        ("\U0001f3f3\ufe0f\u200d\U0001f308 \U0001f9d1\U0001f3fd\u200d\U0001f4bb \U0001f1f9\U0001f1ed", None),
        ("น้ำ ที่ กตัญญู สิทธิ์ ฤๅษี ๑๒๓ ฿5", None),
    ],
)
def test_examples(text: str, shown: str | None) -> None:
    assert safe_text(text) == (text if shown is None else shown)


def test_an_emoji_of_endless_joiners_is_cut() -> None:
    bomb = safe_line("\U0001f468\u200d" * 5000 + "\U0001f468")
    assert len(bomb) < 6000
    assert max(end - start for start, end, _ in clusters(bomb)) <= 2 * (sanitize.MAX_JOINERS + 1)


def test_single_lines_show_their_line_ends() -> None:
    assert safe_line("a\r\nb\nc\rd\te") == "a\u23ceb\u23cec\u23ced e"
    assert safe_line("x" * 201) == "x" * 199 + "…"
    assert safe_line("ที่" * 201, 3) == "ที่ที่…"
    assert safe_line("abc", 0) == ""


def test_clean_strings_come_back_as_the_same_object() -> None:
    for text in ("plain", "สวัสดีค่ะ ขอสอบถามเรื่องการจัดส่ง 😀", "two\nlines"):
        assert safe_text(text) is text


@given(st.one_of(ANY_TEXT, TROUBLE, st.text("./\\-~$:con\x00\u202eก่ ", max_size=200)))
def test_file_names_are_one_component(name: str) -> None:
    made = safe_filename(name)
    assert made
    assert not set(made) & set('/\\\n\x00:*?"<>|')
    assert made[0] not in ".- " and made[-1] not in ". "
    assert len(made.encode()) <= sanitize.MAX_FILENAME_BYTES
    assert safe_filename(made) == made
    _assert_inert(made, lines=False)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("../../../root/.ssh/authorized_keys", "authorized_keys"),
        ("..\\..\\windows\\x.ini", "x.ini"),
        ("..", "_"),
        ("", "_"),
        (".bashrc", "bashrc"),
        ("-rf", "rf"),
        ("a\x00.txt", "a_.txt"),
        ("a" * 119 + " b", "a" * 119),
        ("a\u00a0.", "a"),
        ("con.tar.gz", "_con.tar.gz"),
        ("LPT1", "_LPT1"),
        ("ใบเสร็จ.pdf", "ใบเสร็จ.pdf"),
    ],
)
def test_file_name_examples(name: str, made: str) -> None:
    assert safe_filename(name) == made


def test_long_file_names_keep_their_extension_and_their_clusters() -> None:
    made = safe_filename("ที่" * 60 + ".pdf")
    assert made.endswith("ที่.pdf")
    assert len(made.encode()) > 100
