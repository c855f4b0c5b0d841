"""What is sent line by line is what Textual would have composed, cell by cell."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from textual.geometry import Region
from textual.strip import Strip

from csconsole.widgets import direct
from tests.screens.console import Console, console

Cell = tuple[str, object]

KEYS = [
    "j",
    "j",
    "j",
    "k",
    "ctrl+d",
    "ctrl+u",
    "enter",
    "J",
    "K",
    "tab",
    "x",
    "x",
    "V",
    "j",
    "V",
    "escape",
    "m",
    "escape",
    "r",
    "escape",
    "g",
    "a",
    "G",
    "semicolon",
    "escape",
    "question_mark",
    "escape",
    "t",
    "escape",
]


def cells(strip: Strip) -> list[Cell]:
    """Clusters of a line with their styles, blanks by what shows of them: their background."""
    found: list[Cell] = []
    for text, style, _ in strip:
        assert style is not None
        for sign in re.findall(r"\S[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]*|\s", text):
            shown = (style.bgcolor, style.reverse, style.underline)
            found.append((sign, shown if sign == " " and not style.reverse else style))
    return found


def sent_wrongly(one: Console, region: Region) -> list[int]:
    """Lines of a region that are sent directly and differ from the composed screen."""
    lines = direct.lines_for(one.main, [region]) or []
    composed = one.main._compositor.render_strips()
    return [y for x, y, strip in lines if cells(strip) != cells(composed[y].crop(x, x + strip.cell_length))]


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=str)
async def test_every_widget_sends_what_would_be_composed(thai: Path, size: tuple[int, int]) -> None:
    chance, sent = random.Random(size[0]), 0
    async with console(thai, size) as one:
        for key in KEYS:
            await one.press(key)
            for widget, (region, clip) in list(one.main._compositor.visible_widgets.items()):
                seen = region.intersection(clip)
                if not seen.area or widget is one.main:
                    continue
                y = chance.randrange(seen.y, seen.bottom)
                start = chance.randrange(seen.x, seen.right)
                piece = Region(start, y, chance.randint(1, seen.right - start), 1)
                for part in (Region(seen.x, y, seen.width, 1), piece):
                    # What a key asked to be drawn may still wait for its turn.
                    await one.until(lambda part=part: not sent_wrongly(one, part), f"{widget} line {y} after {key}")  # type: ignore[misc]
                    sent += len(direct.lines_for(one.main, [part]) or [])
    assert sent > len(KEYS) * 4


async def test_a_covered_line_is_left_to_the_compositor(thai: Path) -> None:
    async with console(thai) as one:
        queue = one.main.queue.region
        assert direct.lines_for(one.main, [Region(queue.x, queue.y, 1, 1)])
        await one.press("semicolon")
        covering = one.main.query_one("Picker").region
        assert direct.lines_for(one.main, [Region(queue.x, queue.y, 200, 1)]) is None
        below = queue.intersection(covering)
        if below.area:
            lines = direct.lines_for(one.main, [Region(below.x, below.y, 1, 1)])
            composed = one.main._compositor.render_strips()
            assert all(cells(strip) == cells(composed[y].crop(x, x + strip.cell_length)) for x, y, strip in lines or [])


async def test_regions_that_overlap_and_cross_widgets_are_sent_once(thai: Path) -> None:
    async with console(thai) as one:
        header, tabs = one.main.bars.header.region, one.main.bars.tabs.region
        both = Region(header.x, header.y, header.width, 2)
        lines = direct.lines_for(one.main, [both, header, Region(5, tabs.y, 10, 1), Region(0, tabs.y, 120, 1)])
        assert lines is not None
        assert [(x, y, strip.cell_length) for x, y, strip in lines] == [(0, 0, 120), (0, 1, 120)]
        row = Region(0, one.main.queue.region.y, 120, 1)
        assert direct.lines_for(one.main, [row]) is None, "the rule between two panes is no line of a widget"


async def test_a_filter_of_colours_is_left_to_the_compositor(thai: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with console(thai) as one:
        queue = one.main.queue.region
        assert direct.lines_for(one.main, [Region(queue.x, queue.y, 1, 1)]) is None
