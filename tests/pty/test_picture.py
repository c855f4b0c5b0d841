"""Pictures of screens: each grapheme at its own cell, colours as a terminal shows them."""

from __future__ import annotations

import re

import pytest

from tools.ansi import Look, apply_sgr, read_cells
from tools.picture import CELL_WIDTH, MARGIN, draw, hex_colour, mix


def positions(svg: str) -> list[tuple[str, float]]:
    found = re.findall(r'<text x="([\d.]+)"[^>]*>([^<]*)</text>', svg)
    return [(text, (float(x) - MARGIN) / CELL_WIDTH) for x, text in found]


def test_marks_stay_on_their_letter_and_sara_am_has_its_own_cell() -> None:
    assert positions(draw(read_cells("xน้ำ|"))) == [("x", 0), ("น้", 1.5), ("ำ", 2), ("|", 3)]


def test_wide_characters_take_two_cells() -> None:
    assert positions(draw(read_cells("日a"))) == [("日", 0), ("a", 2)]


def test_the_look_carries_over_a_line_end_and_markup_is_escaped() -> None:
    first, second = read_cells("\x1b[1ma\n<\x1b[0m&")
    assert first[0].look.bold and second[0].look.bold and not second[1].look.bold
    assert "&lt;" in draw([second]) and "&amp;" in draw([second])


@pytest.mark.parametrize(
    ("parameters", "look"),
    [
        ("", Look()),
        ("1;4;7", Look(bold=True, underline=True, reverse=True)),
        ("38;5;208", Look(foreground=208)),
        ("48;2;1;2;3;3", Look(background=(1, 2, 3), italic=True)),
        ("97;100", Look(foreground=15, background=8)),
    ],
)
def test_sgr(parameters: str, look: Look) -> None:
    assert apply_sgr(Look(), parameters) == look


def test_attributes_are_switched_off_again() -> None:
    assert apply_sgr(Look(bold=True, dim=True, foreground=3), "22;39") == Look()


@pytest.mark.parametrize(
    ("colour", "expected"),
    [(None, "#123456"), (16, "#000000"), (208, "#ff8700"), (244, "#808080"), ((1, 2, 3), "#010203")],
)
def test_the_palette_is_xterms(colour: int | tuple[int, int, int] | None, expected: str) -> None:
    assert hex_colour(colour, "#123456") == expected


def test_dim_is_nearer_to_the_background() -> None:
    assert mix("#ffffff", "#000000", 0.5) == "#808080"
