"""A widget drawn as lines, which sends only the lines that changed."""

from __future__ import annotations

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from csconsole.themes import Look, look
from csconsole.widgets.strips import changed_cells


class Painted(Widget):
    """Lines made by :meth:`lines_of`; :meth:`repaint` compares them with what was sent."""

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
        if not self.is_mounted or not self.size:
            return
        before = self._strips
        self._draw()
        if len(before) != len(self._strips):
            self.refresh()
            return
        for y, (old, new) in enumerate(zip(before, self._strips, strict=True)):
            cells = changed_cells(old, new)
            if cells:
                self.refresh(Region(0, y, cells, 1))

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
