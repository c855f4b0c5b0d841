"""A list of any length drawn line by line: no widget per row, no row in memory but those near the window.

The row under the cursor is kept by its id. Rows that arrive above it move the window with it, and a line that
changes is sent only up to its last changed cell.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Generic, TypeVar

from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from csconsole.themes import Look, look
from csconsole.widgets.marked_rows import MarkedRows
from csconsole.widgets.painted import ChangedLines
from csconsole.widgets.row_source import RowSource
from csconsole.widgets.strips import Line

T = TypeVar("T")

_CACHED_LINES = 1024
_WHEEL_ROWS = 3
_FEW_ROWS = 4  # a window of so few rows turns like a page


class LineList(ChangedLines, ScrollView, Generic[T], can_focus=True):
    """A virtual list; a subclass says what identifies a row and how its lines look.

    Args:
        source: the rows.
        row_height: lines of a row, 1 or 2.
        id: of the widget.
    """

    DEFAULT_CSS = """
    LineList { overflow: hidden hidden; scrollbar-size: 0 0; background: $background; }
    """

    class Moved(Message):
        """The cursor is on another row.

        Attributes:
            row_id: of the row, None while it is not known.
            index: its place.
        """

        def __init__(self, list_: LineList[Any], row_id: Hashable | None, index: int) -> None:
            super().__init__()
            self.list = list_
            self.row_id = row_id
            self.index = index

        @property
        def control(self) -> LineList[Any]:
            """The list."""
            return self.list

    class Opened(Moved):
        """The row was chosen with a click on the row under the cursor."""

    class MarksChanged(Message):
        """Another set of rows is marked."""

        def __init__(self, list_: LineList[Any], count: int) -> None:
            super().__init__()
            self.list = list_
            self.count = count

    def __init__(self, source: RowSource[T], row_height: int = 1, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.source = source
        self.row_height = row_height
        self.cursor = 0
        self.cursor_id: Hashable | None = None
        self.marks = MarkedRows(self)
        self.new_rows = 0
        self._strips: OrderedDict[tuple[object, ...], Strip] = OrderedDict()

    # -- what a subclass says -------------------------------------------------------------------------------------

    def identify(self, row: T) -> Hashable:
        """The id of a row."""
        raise NotImplementedError

    def revision(self, row: T) -> Hashable:
        """Anything that changes whenever the row would look different."""
        raise NotImplementedError

    def draw(self, row: T, cells: int, *, selected: bool, marked: bool) -> list[Strip]:
        """The lines of a row, as many as ``row_height``, each exactly ``cells`` wide."""
        raise NotImplementedError

    def draw_missing(self, cells: int, *, selected: bool) -> list[Strip]:
        """The lines of a row whose page is still read."""
        marker = self.look.marker if selected else self.look.text
        first = Line(cells, self.look.muted).put(">" if selected else " ", marker).put("…").strip()
        return [first, *(Strip.blank(cells, self.look.text) for _ in range(self.row_height - 1))]

    def draw_new_rows(self, cells: int) -> Strip:
        """The line at the bottom that tells of rows waiting to be merged."""
        raise NotImplementedError

    def draw_empty(self, cells: int, y: int) -> Strip:
        """A line of a list without rows."""
        return Strip.blank(cells, self.look.text)

    # -- state ----------------------------------------------------------------------------------------------------

    @property
    def look(self) -> Look:
        """The styles of the theme in force."""
        return look(self.app.theme)

    @property
    def count(self) -> int:
        """Rows known to the source."""
        return self.source.count()

    @property
    def current(self) -> T | None:
        """The row under the cursor, if it is at hand."""
        return self.source.row(self.cursor) if 0 <= self.cursor < self.count else None

    @property
    def page_rows(self) -> int:
        """Whole rows that fit the window."""
        lines = self.size.height - (1 if self.new_rows else 0)
        return max(1, lines // self.row_height)

    @property
    def top_row(self) -> int:
        """The first row of the window."""
        return round(self.scroll_y) // self.row_height

    # -- moving ---------------------------------------------------------------------------------------------------

    def move(self, rows: int) -> None:
        """Moves the cursor by so many rows, up when negative; at the window's edge it scrolls by half a page."""
        self.move_to(self.cursor + rows)

    def half_page(self, direction: int) -> None:
        """Moves the cursor by half a page, down for 1 and up for -1."""
        self.move(direction * max(1, self.page_rows // 2))

    def first(self) -> None:
        """Moves to the first row."""
        self.move_to(0)

    def last(self) -> None:
        """Moves to the last row known."""
        self.move_to(self.count - 1)

    def move_to(self, index: int) -> None:
        """Moves the cursor to a place, the nearest there is."""
        index = max(0, min(index, self.count - 1))
        if index == self.cursor and self.cursor_id is not None:
            return
        before, self.cursor = self.cursor, index
        self._remember()
        self.marks.extend_range()
        if not self._scroll_into_view():
            if self.marks.has_range:
                self.repaint_changes()
            else:
                self._repaint_rows(before, index)
        self.post_message(self.Moved(self, self.cursor_id, self.cursor))

    def move_to_id(self, row_id: Hashable) -> bool:
        """Moves the cursor to a row; False when it is not in the list."""
        index = self.source.index_of(row_id)
        if index is None:
            return False
        self.move_to(index)
        return True

    # -- marking --------------------------------------------------------------------------------------------------

    def toggle_mark(self) -> None:
        """Marks or unmarks the row under the cursor and moves on."""
        if self.cursor_id is not None:
            self.marks.toggle(self.cursor_id)
        self.move(1)

    def marks_changed(self) -> None:
        """Shows which rows are marked, and tells of it."""
        self.post_message(self.MarksChanged(self, len(self.marks.ids)))
        self.repaint_changes()

    # -- news from the source -------------------------------------------------------------------------------------

    def rows_changed(self) -> None:
        """To be called when rows changed, came or went: the row under the cursor stays in its line."""
        index = self.source.index_of(self.cursor_id) if self.cursor_id is not None else None
        moved = 0
        if index is None:
            self.cursor = max(0, min(self.cursor, self.count - 1))
        else:
            moved, self.cursor = index - self.cursor, index
            self.marks.shift(moved)
        before = self.cursor_id
        self._remember()
        self._resize()
        if moved:
            self._scroll(round(self.scroll_y) + moved * self.row_height)
        if not self._scroll_into_view():
            self.repaint_changes()
        if self.cursor_id != before:
            self.post_message(self.Moved(self, self.cursor_id, self.cursor))
        # The source may have dropped a page on its way: at the last row nothing else would ask for it again.
        self._prefetch()

    def rows_arrived(self, first: int, last: int) -> None:
        """To be called when the page with the rows ``first`` to ``last`` is at hand."""
        if self.cursor_id is None and first <= self.cursor <= last:
            self._remember()
            self.post_message(self.Moved(self, self.cursor_id, self.cursor))
        if first <= self.top_row + self.page_rows and last >= self.top_row:
            self.repaint_changes()

    def announce(self, new_rows: int) -> None:
        """Says in the bottom line how many rows wait to be merged; 0 removes the line."""
        if new_rows == self.new_rows:
            return
        self.new_rows = new_rows
        self._resize()
        if not self._scroll_into_view():
            self.repaint_changes()

    def repaint_changes(self) -> None:
        """Sends the lines that look different from what was sent last, each up to its last changed cell."""
        self.refresh()

    def forget_lines(self) -> None:
        """Draws every line anew where it changed: after a minute passed, or the language or zone did."""
        self._strips.clear()
        self.repaint_changes()

    # -- Textual --------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Learns the size of the list."""
        self._remember()
        self._resize()
        self.watch(self.app, "theme", self._theme_changed, init=False)

    def on_resize(self, event: events.Resize) -> None:
        """Keeps the cursor in the window."""
        self._resize()
        self._scroll_into_view()
        self._prefetch()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draws the window anew, without a scroll bar to move."""
        if round(old_value) != round(new_value):
            self.refresh()
            self._prefetch()

    def render_line(self, y: int) -> Strip:
        """A line of the window."""
        return self._strip_at(y)

    def on_click(self, event: events.Click) -> None:
        """Moves to the row clicked; a click on the row under the cursor opens it."""
        index = (round(self.scroll_y) + event.y) // self.row_height
        if not 0 <= index < self.count:
            return
        if index == self.cursor:
            self.post_message(self.Opened(self, self.cursor_id, self.cursor))
        else:
            self.move_to(index)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Moves the window, not the cursor."""
        event.stop()
        self._scroll(round(self.scroll_y) + _WHEEL_ROWS * self.row_height)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Moves the window, not the cursor."""
        event.stop()
        self._scroll(round(self.scroll_y) - _WHEEL_ROWS * self.row_height)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _theme_changed(self) -> None:
        self._strips.clear()
        self.forget_sent()
        self.refresh()

    def _remember(self) -> None:
        row = self.current
        self.cursor_id = None if row is None else self.identify(row)

    def _resize(self) -> None:
        size = Size(self.size.width, self.count * self.row_height + (1 if self.new_rows else 0))
        if size != self.virtual_size:
            self.virtual_size = size

    def _repaint_rows(self, *rows: int) -> None:
        """Sends what changed in these rows, as far as they are in the window."""
        top, height = round(self.scroll_y), self.size.height
        lines = [row * self.row_height - top + line for row in rows for line in range(self.row_height)]
        seen = [line for line in lines if 0 <= line < height]
        if seen:
            self.repaint_lines(seen)

    def _scroll(self, line: int) -> None:
        last = max(0, self.count * self.row_height - self.page_rows * self.row_height)
        line = max(0, min(line, last))
        self.scroll_to(y=line, animate=False, force=True, immediate=True)

    def _scroll_into_view(self) -> bool:
        """Scrolls by half a page when the cursor left the window; True when it scrolled."""
        rows = self.page_rows
        top = self.top_row
        step = rows if rows <= _FEW_ROWS else rows // 2
        if self.cursor < top:
            target = top - step if top - self.cursor == 1 else self.cursor - rows // 3
        elif self.cursor >= top + rows:
            target = top + step if self.cursor == top + rows else self.cursor - rows + 1 + rows // 3
        else:
            return False
        before = round(self.scroll_y)
        self._scroll(max(0, target) * self.row_height)
        return round(self.scroll_y) != before

    def _prefetch(self) -> None:
        rows = self.page_rows
        self.source.prefetch(max(0, self.top_row - rows), min(self.count - 1, self.top_row + 2 * rows))

    def _strip_at(self, y: int) -> Strip:
        cells = self.size.width
        if self.new_rows and y == self.size.height - 1:
            return self.draw_new_rows(cells)
        index, line = divmod(round(self.scroll_y) + y, self.row_height)
        if index >= self.count:
            return self.draw_empty(cells, y) if self.count == 0 else Strip.blank(cells, self._blank)
        row = self.source.row(index)
        selected = index == self.cursor
        if row is None:
            return self._idle(self.draw_missing(cells, selected=selected)[line], selected)
        row_id = self.identify(row)
        marked = row_id in self.marks.ids
        key = (row_id, self.revision(row), line, cells, self.app.theme, selected, marked)
        strip = self._strips.get(key)
        if strip is None:
            for number, drawn in enumerate(self.draw(row, cells, selected=selected, marked=marked)):
                self._strips[(*key[:2], number, *key[3:])] = drawn
            strip = self._strips[key]
            while len(self._strips) > _CACHED_LINES:
                self._strips.popitem(last=False)
        return self._idle(strip, selected)

    def _idle(self, strip: Strip, selected: bool) -> Strip:
        """A line of the row under the cursor with its marker dimmed while the focus is elsewhere."""
        if not selected or self.has_focus or not strip.text.startswith(">"):
            return strip
        return Strip.join([Line(1, self.look.text).put(">", self.look.idle_marker).strip(), strip.crop(1)])

    @property
    def _blank(self) -> Style:
        return self.look.text
