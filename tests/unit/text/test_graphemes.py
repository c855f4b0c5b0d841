"""Cells as Rich counts them, and no cut through a cluster."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from csconsole.text.graphemes import (
    clusters,
    next_stop,
    next_word,
    pad,
    previous_stop,
    previous_word,
    split_at,
    truncate,
    width,
)
from csconsole.text.sanitize import safe_text

MIXED = st.text(
    st.sampled_from("aกำ\u0e48\u0e31\u0301\u200b\u200d\ufe0f\n界\U0001f468\U0001f3fd\U0001f1f9\u2764\ud800 "),
    max_size=30,
)
TEXT = st.one_of(st.text(max_size=40), MIXED)


def _check_spans(text: str) -> None:
    spans = clusters(text)
    assert [start for start, _, _ in spans] == [0, *(end for _, end, _ in spans)][: len(spans)]
    assert "".join(text[start:end] for start, end, _ in spans) == text
    assert sum(cells for _, _, cells in spans) == width(text) == cell_len(text)


@given(TEXT)
def test_clusters_cover_the_text_and_add_up(text: str) -> None:
    _check_spans(text)


def test_clusters_add_up_over_the_thai_corpus_and_the_hostile_strings(
    thai_lines: list[str], hostile: list[dict[str, Any]]
) -> None:
    for line in thai_lines[::5]:
        _check_spans(safe_text(line))
    for row in hostile:
        _check_spans(safe_text(row["payload"])[:5000])


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ที่นี่", ["ที่", "นี่"]),
        ("น้ำ", ["น้", "ำ"]),
        ("\U0001f1f9\U0001f1ed\U0001f1ef\U0001f1f5", ["\U0001f1f9\U0001f1ed", "\U0001f1ef\U0001f1f5"]),
        ("a\U0001f468\u200d\U0001f469b", ["a", "\U0001f468\u200d\U0001f469", "b"]),
        ("1\ufe0f\u20e3!", ["1\ufe0f\u20e3", "!"]),
        ("\n\u0e48", ["\n", "\u0e48"]),
    ],
)
def test_cluster_examples(text: str, parts: list[str]) -> None:
    assert [text[start:end] for start, end, _ in clusters(text)] == parts


@given(TEXT, st.integers(-2, 50))
def test_cutting_keeps_cells_and_clusters(text: str, cells: int) -> None:
    text = safe_text(text).replace("\n", " ")
    left, right = split_at(text, cells)
    assert width(left) + width(right) == width(text)
    assert width(left) == min(max(cells, 0), width(text))
    edges = {edge for start, end, _ in clusters(text) for edge in (start, end)} | {0}
    assert len(left.rstrip()) in edges or text.startswith(left)
    short = truncate(text, cells)
    assert width(short) <= max(cells, 0)
    assert short == text or short == "" or short.endswith("…")
    assert width(pad(text, cells)) == max(cells, 0)


def test_no_column_of_a_thai_sentence_tears_a_cluster() -> None:
    text = "ที่นี่กำลังทำน้ำแข็ง" * 4
    for cell in range(width(text) + 1):
        left, right = split_at(text, cell)
        assert left + right == text
        assert not right or unicodedata.category(right[0]) != "Mn"


def test_cut_examples() -> None:
    assert split_at("a界b", 2) == ("a ", " b")
    assert truncate("สวัสดีค่ะ", 4) == "สวัส"[:3] + "ส…"
    assert truncate("สวัสดี", 4) == "สวัสดี"
    assert truncate("abcdef", 3, "...") == "..."
    assert truncate("abcdef", 2, "...") == "ab"
    assert truncate("界界", 3) == "界…"
    assert pad("界界", 4) == "界界"
    assert pad("น้ำ", 4) == "น้ำ  "


@given(TEXT)
def test_caret_stops_are_the_cluster_edges(text: str) -> None:
    starts = [start for start, _, _ in clusters(text)]
    forward, index = [], 0
    while index < len(text):
        forward.append(index)
        index = next_stop(text, index)
    assert forward == starts
    backward, index = [], len(text)
    while index > 0:
        index = previous_stop(text, index)
        backward.append(index)
    assert backward[::-1] == starts


def test_caret_walks_thai_by_sign() -> None:
    assert [next_stop("ที่น้ำ", index) for index in (0, 3, 5)] == [3, 5, 6]
    assert next_stop("ก", 9) == 1
    assert previous_stop("ก", -3) == 0


def _words_forward(text: str) -> list[str]:
    parts, index = [], 0
    while index < len(text):
        after = next_word(text, index)
        parts.append(text[index:after])
        index = after
    return parts


def test_word_steps() -> None:
    assert _words_forward("สินค้า iPhone15สีดำ ok!") == ["สินค้า", " iPhone15", "สี", "ดำ", " ok", "!"]
    text = "ขอสอบถาม order ok"
    assert [previous_word(text, index) for index in (17, 15, 14, 9)] == [15, 9, 9, 5]
    assert previous_word(text, 8) == 5
    assert previous_word("สินค้า", 6) == 0


@given(TEXT)
def test_word_steps_move_and_end(text: str) -> None:
    stops = {0, len(text)} | {start for start, _, _ in clusters(text)}
    index = 0
    while index < len(text):
        after = next_word(text, index)
        assert after > index and after in stops
        index = after
    while index > 0:
        before = previous_word(text, index)
        assert before < index and before in stops
        index = before
