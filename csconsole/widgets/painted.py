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
    """Cuts a repaint of the whole widget down to its lines that look different from what was asked to be sent last.

    Textual asks for a whole repaint at each change of focus and at each key typed into a text area. What a widget of
    this kind remembers is what it asked for, never what ``render_line`` gave: Textual also renders lines beside a
    change that it does not send. It must have no border that changes.
    """

    def repaint_lines(self, lines: Collection[int]) -> None:
        """Lets the next repaint look at these lines of the window alone; all others are known to look the same."""
        asked = self.__dict__.setdefault("_lines_asked", set())
        asked.update(lines)
        self.refresh(*(Region(0, y, 1, 1) for y in lines))

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
        width, height = self.size
        whole = self.outer_size.width * self.outer_size.height
        if not height or not regions:
            return regions
        lines = self._sent_lines
        known = self.__dict__.get("_lines_size") == self.size and len(lines) == height
        self.__dict__["_lines_size"] = self.size
        asked_whole = any(region.area >= whole for region in regions)
        asked: set[int] = self.__dict__.pop("_lines_asked", set())
        few = known and not asked_whole and all(region.height == 1 and region.y in asked for region in regions)
        if known and not asked_whole and not few:
            for region in regions:
                for y in range(max(0, region.y), min(height, region.bottom)):
                    lines[y] = self.render_line(y)
            return regions
        changed: list[Region] = []
        for y in sorted(asked) if few else range(height):
            new = self.render_line(y)
            cells = changed_cells(lines[y], new) if known else width
            lines[y] = new
            if cells:
                changed.append(Region(0, y, cells, 1).translate(self.content_offset))
        if known:
            return changed
        for y in [y for y in lines if y >= height]:
            del lines[y]
        return regions if asked_whole else [Region(0, 0, width, height).translate(self.content_offset)]


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
            before = self._strips if self._drawn_for == (self.size, self.app.theme) else None
            self._draw()
            if self._strips != before:
                self.refresh()
        else:
            self._drawn_for = ()  # out of sight: drawn when it is seen again
            self.refresh()  # and not from what Textual kept of its lines

    def _size_updated(self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True) -> bool:
        # It does not scroll: a second layout, and a second paint with it, would show nothing new.
        return super()._size_updated(size, virtual_size, container_size, False)

    def render_line(self, y: int) -> Strip:
        """A line as last drawn."""
        if self._drawn_for != (self.size, self.app.theme):
            self._draw()
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width, self.look.text)

    def _draw(self) -> None:
        cells, rows = self.size
        self._drawn_for = (self.size, self.app.theme)
        strips = self.lines_of(cells, rows)[:rows]
        self._strips = strips + [Strip.blank(cells, self.look.text)] * (rows - len(strips))
