"""A list that takes the queue's place for a while: search hits, outbox, drafts, quarantine."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from textual.message import Message
from textual.strip import Strip

from csconsole.i18n import Catalog
from csconsole.screens.side_rows import SideRow
from csconsole.text.graphemes import truncate
from csconsole.text.sanitize import safe_line
from csconsole.widgets.line_list import LineList
from csconsole.widgets.strips import Line

_LEFT = 6


class FixedRows:
    """Rows at hand, as a list's source."""

    def __init__(self) -> None:
        self.rows: Sequence[SideRow] = ()

    def count(self) -> int:
        """How many."""
        return len(self.rows)

    def row(self, index: int) -> SideRow | None:
        """One of them."""
        return self.rows[index] if 0 <= index < len(self.rows) else None

    def prefetch(self, first: int, last: int) -> None:
        """All are at hand."""

    def index_of(self, row_id: Hashable) -> int | None:
        """Place of a row."""
        return next((place for place, row in enumerate(self.rows) if row.id == row_id), None)


class SideList(LineList[SideRow]):
    """Two lines a row: when and whose, then the text."""

    class Picked(Message):
        """Enter on a row."""

        def __init__(self, row: SideRow) -> None:
            super().__init__()
            self.row = row

    def __init__(self, words: Catalog, *, id: str | None = None) -> None:
        self.rows = FixedRows()
        super().__init__(self.rows, 2, id=id)
        self.words = words
        self.heading = ""

    def show(self, heading: str, rows: Sequence[SideRow]) -> None:
        """Shows other rows from their top."""
        self.heading = heading
        self.rows.rows = rows
        self.cursor, self.cursor_id = 0, None
        self.rows_changed()
        self.forget_lines()

    def update(self, rows: Sequence[SideRow]) -> None:
        """Shows the rows as they are now; the cursor stays on its row."""
        self.rows.rows = rows
        self.rows_changed()
        self.forget_lines()

    def choose(self) -> None:
        """Opens the row under the cursor."""
        if self.current is not None:
            self.post_message(self.Picked(self.current))

    def identify(self, row: SideRow) -> Hashable:
        """Its id."""
        return row.id

    def revision(self, row: SideRow) -> Hashable:
        """The row itself: another text is another revision."""
        return row

    def draw(self, row: SideRow, cells: int, *, selected: bool, marked: bool) -> list[Strip]:
        """Two lines."""
        look = self.look
        marker = (">", look.marker) if selected else (" ", look.text)
        first = Line(cells, look.text).put(*marker).put(row.left, look.muted, _LEFT).gap()
        first.put(row.name, look.urgent if row.urgent else look.strong)
        second = Line(cells, look.text).put(*marker).gap(2)
        second.put(truncate(safe_line(row.text), max(1, cells - 4)), look.text)
        return [first.strip(), second.strip()]

    def draw_empty(self, cells: int, y: int) -> Strip:
        """That there is nothing."""
        line = Line(cells, self.look.muted).gap()
        return line.put(self.words.t("side.empty", what=self.heading)).strip() if y == 0 else line.strip()

    def draw_new_rows(self, cells: int) -> Strip:
        """Never shown: the rows are all there are."""
        return Strip.blank(cells, self.look.text)
