"""Paints changed lines of widgets that are made of lines without composing the screen.

Textual's compositor renders every line of every widget that a change touches, the containers behind it too, and cuts
them to pieces: for a marker that moves by two cells that is three quarters of the work of a key. A region that lies
in one widget, which is nowhere covered, can be sent as the widget draws it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rich.control import Control
from textual._compositor import Compositor
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
    compositor = screen._compositor
    places = compositor.visible_widgets
    lines: list[tuple[int, int, Strip]] = []
    # Regions may overlap; as spans each cell is sent once.
    return lines if all(_add(lines, places, Region(x, y, end - x, 1)) for y, x, end in _spans(regions)) else None


def _spans(regions: Iterable[Region]) -> Iterable[tuple[int, int, int]]:
    return Compositor._regions_to_spans(regions)


def _add(lines: list[tuple[int, int, Strip]], places: Places, span: Region) -> bool:
    """Adds a piece of a line, in front to back order; False when it lies in something not made of lines."""
    if span.width <= 0:
        return True
    for widget, (place, clip) in places.items():
        seen = place.intersection(clip)
        if not seen.overlaps(span):
            continue
        if not isinstance(widget, ChangedLines) or any(widget.gutter):
            return False
        part = seen.intersection(span)
        left = Region(span.x, span.y, part.x - span.x, 1)
        right = Region(part.right, span.y, span.right - part.right, 1)
        if not _add(lines, places, left):
            return False
        strip, start, end = widget.render_line(span.y - place.y), part.x - place.x, part.right - place.x
        lines.append((part.x, part.y, strip if not start and end >= strip.cell_length else strip.crop(start, end)))
        return _add(lines, places, right)
    return False


def written(lines: list[tuple[int, int, Strip]], screen: Screen[object]) -> str:
    """The lines as text for the terminal, the cursor back where the focused field wants it."""
    app = screen.app
    console = app.console
    parts = [f"\x1b[{y + 1};{x + 1}H{strip.render(console)}" for x, y, strip in lines]
    cursor = screen.outer_size.clamp_offset(app.cursor_position)
    app._previous_cursor_position = cursor
    parts.append(Control.move_to(*cursor).segment.text)
    return "".join(parts)
