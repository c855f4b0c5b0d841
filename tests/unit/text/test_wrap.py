"""Lines a Thai reader accepts, never wider than the room."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csconsole.text import thai
from csconsole.text.graphemes import width
from csconsole.text.sanitize import safe_text
from csconsole.text.wrap import wrap

TEXT = st.text(
    st.one_of(st.sampled_from("aกำ\u0e48\u0e31เา \n-ๆ\u200b界(。\U0001f468สวัสดี"), st.characters()), max_size=60
).map(safe_text)


def _bare(text: str) -> str:
    return re.sub("[ \u200b\n]", "", text)


@given(TEXT, st.integers(0, 30), st.integers(0, 6))
def test_lines_fit_and_lose_nothing(text: str, cells: int, indent: int) -> None:
    lines = wrap(text, cells, indent)
    assert all(width(line) <= max(cells, 2) for line in lines)
    assert _bare("".join(lines)) == _bare(text)
    assert len(lines) >= text.count("\n") + 1
    assert all(line for line in lines) or "\n" in text or not text.strip(" \u200b")


@pytest.mark.parametrize("cells", [12, 20, 40, 78])
def test_lines_of_the_corpus_begin_and_end_well(thai_lines: list[str], cells: int) -> None:
    count = 0
    for line in thai_lines[::60]:
        pieces = wrap(safe_text(line), cells)
        assert all(width(piece) <= cells for piece in pieces)
        for before, after in itertools.pairwise(pieces):
            count += 1
            joined = before + after
            if joined in line:  # no space between: the break is inside a run
                assert after[0] not in thai.FOLLOWING and after[0] not in thai.MARKS, pieces
                assert before[-1] not in thai.LEADING, pieces
    assert count > 200


@pytest.mark.parametrize(
    ("text", "cells", "lines"),
    [
        ("สวัสดีค่ะขอสอบถาม", 9, ["สวัสดีค่ะขอ", "สอบถาม"]),
        ("สั่งiPhone", 6, ["สั่ง", "iPhone"]),
        ("one two  three", 8, ["one two", "three"]),
        ("  quoted text here", 9, ["  quoted", "text here"]),
        ("a\n\nb\n", 9, ["a", "", "b", ""]),
        ("", 9, [""]),
        ("well-known --force -5", 7, ["well-", "known", "--force", "-5"]),
        ("กก\u200bขข", 3, ["กก", "ขข"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("日本語。です", 6, ["日本", "語。で", "す"]),
        ("มากๆๆๆ", 4, ["มา", "กๆๆๆ"]),
        ("ok fits", 7, ["ok fits"]),
        ("fits a", 5, ["fits", "a"]),
    ],
)
def test_examples(text: str, cells: int, lines: list[str]) -> None:
    assert wrap(text, cells) == lines


def test_further_lines_are_indented() -> None:
    assert wrap("one two three\nfour", 7, indent=2) == ["one two", "  three", "four"]


def test_endless_words_cost_linear_time() -> None:
    for word in ("ก", "a", "กา", "界", "👨\u200d"):
        lines = wrap(word * 60_000, 80)
        assert all(width(line) <= 80 for line in lines)
        assert len("".join(lines)) == len(word) * 60_000
