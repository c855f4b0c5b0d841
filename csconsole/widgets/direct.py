"""Paints changed lines of widgets that are made of lines without composing the screen.

Textual's compositor renders every line of every widget that a change touches, the containers behind it too, and cuts
them to pieces: for a marker that moves by two cells that is three quarters of the work of a key. A region that lies
in one widget, which is nowhere covered, can be sent as the widget draws it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rich.control import Control
from textual.filter import ANSIToTruecolor
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from csconsole.widgets.painted import ChangedLines

if TYPE_CHECKING:
    from textual.screen import Screen

Places = Mapping[Widget, tuple[Region, Region]]
"""Visible widgets with their region and clip, front to back."""


def lines_for(screen: Screen[object], regions: Iterable[Region]) -> list[tuple[int, int, Strip]] | None:
    """What to write for changed regions as ``(x, y, strip)``, top to bottom; None: the compositor has to do it.

    Args:
        screen: the one on top.
        regions: in cells of the screen.
    """
    app = screen.app
    # Our strips hold no ANSI colours; any other filter (no colour, dim) changes them.
    if app.is_inline or not all(isinstance(each, ANSIToTruecolor) for each in app.get_line_filters()):
        return None
    places = screen._compositor.visible_widgets
    lines: list[tuple[int, int, Strip]] = []
    for region in regions:
        owner = _owner(places, region)
        if owner is None:
            return None
        widget, left, top = owner
        for y in range(region.y, region.bottom):
            strip = widget.render_line(y - top)
            start, end = region.x - left, region.right - left
            whole = start == 0 and end >= strip.cell_length
            lines.append((region.x, y, strip if whole else strip.crop(start, end)))
    lines.sort(key=lambda line: (line[1], line[0]))
    return lines


def _owner(places: Places, region: Region) -> tuple[Widget, int, int] | None:
    """The widget a region lies in, with its left column and top line; None when it is covered, or no such widget."""
    for widget, (place, clip) in places.items():
        seen = place.intersection(clip)
        if not seen.overlaps(region):
            continue
        if not isinstance(widget, ChangedLines) or not seen.contains_region(region):
            return None
        return (widget, place.x, place.y) if not any(widget.gutter) else None
    return None


def written(lines: list[tuple[int, int, Strip]], screen: Screen[object]) -> str:
    """The lines as text for the terminal, the cursor back where the focused field wants it."""
    app = screen.app
    console = app.console
    parts = [f"\x1b[{y + 1};{x + 1}H{strip.render(console)}" for x, y, strip in lines]
    cursor = screen.outer_size.clamp_offset(app.cursor_position)
    app._previous_cursor_position = cursor
    parts.append(Control.move_to(*cursor).segment.text)
    return "".join(parts)
