"""What was found is shown where it was written."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csconsole.text.graphemes import width
from csconsole.text.highlight import snippet, spans
from csconsole.text.sanitize import safe_text
from csconsole.text.search import fold, parse_query

WRITTEN = "ท\u0e4d\u0e32 สวัสดีค่ะ  ขอสอบถาม\nORDER น\u0e4d\u0e49\u0e32 เเพง ๑๒"


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        ("order", ["ORDER"]),
        ("น้ำ", ["น\u0e4d\u0e49\u0e32"]),
        ("ทำ", ["ท\u0e4d\u0e32"]),
        ("แพง", ["เเพง"]),
        ("12", ["๑๒"]),
        ('"ค่ะ ขอ"', ["ค่ะ  ขอ"]),
        ("สวัสดี ดีค่ะ", ["สวัสดีค่ะ"]),
        ("ก", []),
        ("rder", []),
    ],
)
def test_places_in_the_written_text(query: str, marked: list[str]) -> None:
    assert [WRITTEN[start:end] for start, end in spans(parse_query(query), WRITTEN)] == marked


def test_every_match_in_the_corpus_can_be_shown(thai_lines: list[str]) -> None:
    chance = random.Random(9)
    shown = 0
    for line in thai_lines[::20]:
        folded = fold(line)
        start = chance.randrange(len(folded))
        needle = parse_query(f'"{folded[start : start + 6]}"'.replace('""', '"'))
        if not needle or not needle.matches(folded):
            continue
        found = spans(needle, line)
        assert found, ascii(line)
        assert any(needle.words[0] in fold(line[begin:end]) for begin, end in found)
        shown += 1
    assert shown > 1000


@given(
    st.text(st.sampled_from("สวัดี่้ \u200b\nabX界1"), max_size=60),
    st.sampled_from(["ดี", "a", "1", "สวัส x"]),
    st.integers(1, 30),
)
def test_snippets_fit(text: str, query: str, cells: int) -> None:
    needle = parse_query(query)
    line, places = snippet(needle, safe_text(text), cells)
    assert width(line) <= cells
    for start, end in places:
        assert 0 <= start <= end <= len(line)


def test_a_snippet_shows_the_first_place() -> None:
    text = "ยาวมาก" * 30 + " คืนเงิน " + "อีก" * 30
    line, places = snippet(parse_query("คืนเงิน"), text, 24)
    assert [line[start:end] for start, end in places] == ["คืนเงิน"]
    assert line.startswith("…") and line.endswith("…")
    assert snippet(parse_query("x"), "short", 24) == ("short", [])
