"""Widgets drawn as lines, which send only the lines that changed."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from csconsole.themes import Look, look
from csconsole.widgets.strips import changed_cells

if TYPE_CHECKING:
    _Mixed = Widget
else:
    # Textual follows the first base that is a widget for styles and bindings; a mixin must not be one.
    _Mixed = object


class ChangedLines(_Mixed):
    """Cuts a repaint of the whole widget down to its lines that look different from what was sent last.

    Textual asks for a whole repaint at each change of focus and at each key typed into a text area. A widget of this
    kind says what it sent by :meth:`sent` in its ``render_line`` and has no border that changes.
    """

    def sent(self, y: int, strip: Strip) -> Strip:
        """Remembers a line on its way to the screen and gives it back."""
        lines = self._sent_lines
        if self.__dict__.get("_lines_size") != self.size:
            lines.clear()
            self.__dict__["_lines_size"] = self.size
        lines[y] = strip
        return strip

    def forget_sent(self) -> None:
        """Lets the next repaint be a whole one; a new size does so by itself."""
        self._sent_lines.clear()

    @property
    def _sent_lines(self) -> dict[int, Strip]:
        lines: dict[int, Strip] | None = self.__dict__.get("_lines_by_y")
        if lines is None:
            lines = self.__dict__["_lines_by_y"] = {}
        return lines

    def _exchange_repaint_regions(self) -> Collection[Region]:
        regions = super()._exchange_repaint_regions()
        lines = self._sent_lines
        whole = self.outer_size.width * self.outer_size.height
        width, height = self.size
        if len(lines) < height or not any(region.area >= whole for region in regions):
            return regions
        changed: list[Region] = []
        for y in range(height):
            old = lines.get(y)  # a line of a window that just grew was never sent
            cells = width if old is None else changed_cells(old, self.render_line(y))
            if cells:
                changed.append(Region(0, y, cells, 1).translate(self.content_offset))
        return changed


class Painted(ChangedLines, Widget):
    """Lines made by :meth:`lines_of`; :meth:`repaint` sends what changed."""

    DEFAULT_CSS = """
    Painted { background: $background; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._strips: list[Strip] = []
        self._drawn_for: tuple[object, ...] = ()

    @property
    def look(self) -> Look:
        """The styles of the theme in force."""
        return look(self.app.theme)

    def lines_of(self, cells: int, rows: int) -> list[Strip]:
        """The lines, each exactly ``cells`` wide; fewer than ``rows`` are filled with blank ones."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Draws anew and sends each changed line up to its last changed cell."""
        if self.is_mounted and self.size:
            self._draw()
            self.refresh()

    def _size_updated(self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True) -> bool:
        # It does not scroll: a second layout, and a second paint with it, would show nothing new.
        return super()._size_updated(size, virtual_size, container_size, False)

    def render_line(self, y: int) -> Strip:
        """A line as last drawn."""
        if self._drawn_for != (self.size, self.app.theme):
            self._draw()
        strip = self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width, self.look.text)
        return self.sent(y, strip)

    def _draw(self) -> None:
        cells, rows = self.size
        self._drawn_for = (self.size, self.app.theme)
        strips = self.lines_of(cells, rows)[:rows]
        self._strips = strips + [Strip.blank(cells, self.look.text)] * (rows - len(strips))
