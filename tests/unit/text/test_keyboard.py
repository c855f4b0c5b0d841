"""What was typed with the wrong layout on."""

from __future__ import annotations

import string

import pytest

from csconsole.text.keyboard import KEDMANEE, PATTACHOTE, digit_for, key_for, second_reading, to_latin, to_thai

# The key J gives a tone mark that belongs after the vowel of key 6; normalised text would have them swapped.
PAIRS = [
    ("8nog'bo", "คืนเงิน"),
    ("rylf6", "พัสดุ"),
    ("l;ylfu8jt", "สวัสดีค่ะ"),
    (":assign nok", "ซฟหหรเื ืนา"),
    ("2h", "/้"),
    ("30m", "-จท"),
    ("status:open due<30m", "หะฟะีหซนยำื กีำฒ-จท"),
    ("@may", "๑ทฟั"),
    ("{{", "ฐฐ"),
    ("KJ69110342", "ษ๋\u0e38ตๅๅจ-ภ/"),
    ("refund", "พำดีืก"),
]


@pytest.mark.parametrize(("latin", "thai"), PAIRS)
def test_both_ways(latin: str, thai: str) -> None:
    assert to_thai(latin) == thai
    assert to_latin(thai) == latin


@pytest.mark.parametrize("layout", [KEDMANEE, PATTACHOTE])
def test_every_key_is_there_and_every_thai_character_leads_back(layout: type[KEDMANEE]) -> None:  # type: ignore[valid-type]
    printable = set(string.printable) - set(string.whitespace)
    assert set(layout.thai) == printable
    thai = [char for char in layout.thai.values() if not char.isascii()]
    assert len(thai) == len(set(thai))
    assert all(layout.thai[layout.latin[char]] == char for char in thai)
    letters = {chr(code) for code in range(0x0E01, 0x0E2F)}
    # ฃ and ฅ are obsolete and only on Kedmanee.
    assert letters - set(thai) <= {"ฃ", "ฅ"}


def test_hot_keys() -> None:
    assert [key_for(char) for char in "พ\u0e49\u0e31โ๑"] == ["r", "h", "y", "F", "@"]
    assert [key_for(char) for char in "r/-_\n"] == [None] * 5
    assert key_for("ร", PATTACHOTE) == "t"
    assert to_latin("_", PATTACHOTE) == "`"


def test_digits_of_the_top_row() -> None:
    assert [digit_for(char) for char in "ๅ/-ภถ\u0e38\u0e36คตจ"] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]
    assert [digit_for(char) for char in "๐๙07"] == [0, 9, 0, 7]
    assert [digit_for(char) for char in ("x", "", "12", "²", "٣", "ข")] == [None] * 6


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("l;ylfu8jt", "สวัสดีค่ะ"),
        ("9v[", "ตอบ"),
        ("gdkt", "เกาะ"),
        ("dH", "ก็"),
        ("พำดีืก", "refund"),
        ("-จท", "30m"),
        ("/-", "23"),
        ("refund", None),
        ("someone", None),
        ("2h", None),
        ("", None),
        ("   ", None),
        ("界", None),
    ],
)
def test_second_readings(typed: str, meant: str | None) -> None:
    assert second_reading(typed) == meant


def test_thai_of_the_corpus_typed_on_the_latin_layout_is_read_again(thai_lines: list[str]) -> None:
    words = {
        word
        for line in thai_lines[::9]
        for word in line.split()
        if word and all("ก" <= c <= "ฮ" or c in "าเแิีุู่้" for c in word)
    }
    words = {word for word in words if 3 <= len(word) <= 12}
    read = sum(second_reading(to_latin(word)) == word for word in words)
    assert len(words) > 500
    assert read > len(words) * 0.95
