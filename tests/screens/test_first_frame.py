"""The frame drawn before Textual is loaded shows what Textual's own shows, in the same places and colours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.color import ColorSystem
from rich.style import Style

from csconsole.clock import FixedClock
from csconsole.connectors.demo.still import STILL_AT
from csconsole.screens.first_frame import FirstFrame, Ink, Pen, nearest
from csconsole.screens.session import open_session
from csconsole.text.graphemes import width
from csconsole.themes import PALETTES, Look, Palette
from csconsole.widgets.text_line import TextLine
from tests.screens.console import console

SIZES = [(60, 15), (80, 24), (90, 30), (119, 40), (120, 40), (159, 50), (160, 50), (220, 60)]
_PLACE = re.compile(r"\x1b\[(\d+);1H")
_STYLE = re.compile(r"\x1b\[[\d;]*m")


def drawn(data: Path, size: tuple[int, int]) -> list[str]:
    """The lines of the first frame."""
    session = open_session(None, data, clock=FixedClock(STILL_AT), starts_worker=False)
    try:
        frame = FirstFrame(session, *size).render()
    finally:
        session.close()
    pieces = _PLACE.split(frame)[1:]
    assert [int(number) for number in pieces[::2]] == list(range(1, size[1] + 1))
    return [_STYLE.sub("", line) for line in pieces[1::2]]


async def assert_same(data: Path, size: tuple[int, int]) -> None:
    first = drawn(data, size)
    assert {width(line) for line in first} == {size[0]}
    async with console(data, size) as one:
        later = one.lines()
        assert [line.rstrip() for line in first[2:-2]] == later[2:-2]
        assert first[0].rstrip() == later[0]
        view = one.main.queues.tabs()[0]
        assert f"[{view.key} {view.label}" in first[1] and f"[{view.key} {view.label}" in later[1]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_it_shows_what_the_screen_will_show(thai: Path, size: tuple[int, int]) -> None:
    await assert_same(thai, size)


async def test_it_follows_the_language_and_the_density(english: Path) -> None:
    await assert_same(english, (120, 40))
    config = english / "config.toml"
    config.write_text(config.read_text("utf-8") + '\n[ui]\ndensity = "compact"\n', "utf-8")
    await assert_same(english, (120, 40))


async def test_an_empty_store_says_so(tmp_path: Path) -> None:
    await assert_same(tmp_path / "new", (100, 30))


@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda palette: palette.name)
def test_its_styles_and_colours_are_those_of_the_screen(palette: Palette) -> None:
    pens = vars(Look(palette, Pen))
    for name, style in vars(Look(palette)).items():
        if not isinstance(style, Style):
            continue
        pen = pens[name]
        assert (pen.color, pen.bgcolor) == (style.color.name, style.bgcolor.name)  # type: ignore[union-attr]
        assert (pen.bold, pen.underline, pen.reverse) == (style.bold, style.underline, style.reverse)
        for color in (style.color, style.bgcolor):
            triplet = color.get_truecolor()  # type: ignore[union-attr]
            assert nearest(*triplet) == color.downgrade(ColorSystem.EIGHT_BIT).number  # type: ignore[union-attr]


def test_styles_are_written_when_they_change_and_in_full() -> None:
    plain, strong = Pen("#ff0000", "#000000"), Pen("#ff0000", "#000000", bold=True)
    line = TextLine(6, plain).put("ab", plain).put("c", strong).put("d", plain)  # type: ignore[arg-type]
    assert Ink(True).line(line) == (
        "\x1b[0;38;2;255;0;0;48;2;0;0;0mab\x1b[0;1;38;2;255;0;0;48;2;0;0;0mc\x1b[0;38;2;255;0;0;48;2;0;0;0md  "
    )
    assert Ink(False).line(TextLine(1, Pen("#ff0000", "#000000"))) == "\x1b[0;38;5;196;48;5;16m "  # type: ignore[arg-type]
