"""Word borders no Thai reader would refuse, and the order of a Thai dictionary."""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csconsole.text import thai


def _cut(text: str) -> list[str]:
    edges = [0, *thai.word_breaks(text), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(edges)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("สวัสดีค่ะ", ["สวัสดี", "ค่ะ"]),
        ("คืนเงิน", ["คืน", "เงิน"]),
        ("ดีมากๆ ค่ะ", ["ดี", "มากๆ", " ", "ค่ะ"]),
        ("สั่งiPhone15แล้ว", ["สั่ง", "iPhone15", "แล้ว"]),
        ("กำลังทำน้ำแข็ง", ["กำลัง", "ทำ", "น้ำ", "แข็ง"]),
        ("two  words", ["two", "  ", "words"]),
        ("(สวัสดี)", ["(สวัสดี)"]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert _cut(text) == words


def test_no_break_before_a_following_sign_or_after_a_leading_vowel(thai_lines: list[str]) -> None:
    breaks = 0
    for line in thai_lines[::40]:
        for index in thai.word_breaks(line):
            breaks += 1
            if line[index - 1].isspace() or line[index].isspace():
                continue
            assert line[index] not in "ๆฯะาำๅ" and line[index] not in thai.MARKS
            assert line[index - 1] not in "เแโใไ"
    assert breaks > 5000


def test_the_model_is_read_as_its_makers_read_it(thai_lines: list[str]) -> None:
    import budoux

    parser = budoux.load_default_thai_parser()
    for line in thai_lines[::300]:
        expected, index = set(), 0
        for chunk in parser.parse(line):
            index += len(chunk)
            expected.add(index)
        found = {
            place
            for place in range(1, len(line))
            if thai._scores(line[max(0, place - 3) : place], line[place : place + 3])
        }
        assert found == expected - {len(line)}


def test_the_model_is_not_loaded_for_ascii() -> None:
    code = (
        "import sys; from csconsole.text import thai, wrap, graphemes, sanitize, search\n"
        "thai.word_breaks('hello there'); wrap.wrap('hello there ' * 50, 20); graphemes.next_word('a b', 0)\n"
        "thai.sort_key('x'); sanitize.safe_text('x'); search.index_terms('x y')\n"
        "assert 'budoux' not in sys.modules and 'textual' not in sys.modules\n"
        "thai.word_breaks('สวัสดีค่ะ'); assert 'budoux' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@given(st.text(max_size=60))
def test_any_text_has_breaks_in_order(text: str) -> None:
    breaks = thai.word_breaks(text)
    assert breaks == sorted(set(breaks))
    assert all(0 < index < len(text) for index in breaks)


def test_has_thai_and_digits() -> None:
    assert thai.has_thai("order ครับ") and not thai.has_thai("฿๕") and not thai.has_thai("order")
    assert thai.normalise_digits("๐๘๑-๒๓๔-๕๖๗๘") == "081-234-5678"
    assert thai.normalise_digits("ก2") == "ก2"


def test_names_stand_in_dictionary_order() -> None:
    names = [
        "10", "Bangkok", "chiang", "กระบี่", "กา", "ก่า", "ก้า", "กาก", "เก", "เก็ง", "เก่ง", "แก", "โก", "ไก่", "เชียงใหม่",
        "นนทบุรี", "น่าน", "ปา", "ป่า", "ป้า", "ป๊า", "ป๋า", "พะเยา", "แพร", "แพร่", "ฤดี", "ลำปาง", "เลย", "สมชาย", "อำไพ",
    ]  # fmt: skip
    assert sorted(reversed(names), key=thai.sort_key) == names
