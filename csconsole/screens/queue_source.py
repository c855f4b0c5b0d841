"""The rows of a view for the queue list: keyset pages, kept in the order the agent saw them.

News never moves a line: rows in the list are brought up to date where they stand, rows that left the view go
(except the one under the cursor), and rows that came are counted until the agent asks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import NamedTuple

from csconsole.domain.conversation import QueueRow
from csconsole.screens.background import Background
from csconsole.screens.opening import FIRST_PAGE
from csconsole.services.views import QueueReader

PAGE = FIRST_PAGE
"""Rows of the first page."""
FURTHER = 150
"""Rows of each further page."""


class Reading(NamedTuple):
    """A view read once more: its rows, how many were asked for, and which list they were meant for."""

    rows: list[QueueRow]
    asked: int
    generation: int


class QueueSource:
    """A :class:`csconsole.widgets.row_source.RowSource` over a query.

    Args:
        reader: reads pages.
        background: where further pages are read.
        arrived: told, on the event loop, of rows ``first`` to ``last`` appended.
    """

    def __init__(self, reader: QueueReader, background: Background, arrived: Callable[[int, int], None]) -> None:
        self._reader = reader
        self._background = background
        self._arrived = arrived
        self._rows: list[QueueRow] = []
        self._places: dict[int, int] = {}
        self._at_end = True
        self._loading = False
        self._generation = 0
        self.query = ""

    # -- the list's side -----------------------------------------------------------------------------------

    def count(self) -> int:
        """Rows read so far."""
        return len(self._rows)

    def row(self, index: int) -> QueueRow | None:
        """The row at a place."""
        return self._rows[index] if 0 <= index < len(self._rows) else None

    def index_of(self, row_id: Hashable) -> int | None:
        """The place of a conversation."""
        return self._places.get(row_id) if isinstance(row_id, int) else None

    def prefetch(self, first: int, last: int) -> None:
        """Reads on when the window comes near the end."""
        if self._at_end or self._loading or last + PAGE < len(self._rows):
            return
        self._loading = True
        after, query, generation = self._rows[-1].key, self.query, self._generation
        self._background.run(
            "queue.page",
            lambda: self._reader.page(query, after=after, limit=FURTHER),
            lambda rows: self._append(rows, generation),
        )

    def _append(self, rows: list[QueueRow], generation: int) -> None:
        self._loading = False
        if generation != self._generation:
            return
        first = len(self._rows)
        fresh = [row for row in rows if row.id not in self._places]
        self._at_end = len(rows) < FURTHER
        self._rows += fresh
        self._index(first)
        if fresh:
            self._arrived(first, len(self._rows) - 1)

    def _index(self, first: int = 0) -> None:
        if first == 0:
            self._places.clear()
        for place in range(first, len(self._rows)):
            self._places[self._rows[place].id] = place

    # -- the screen's side ---------------------------------------------------------------------------------

    def show(self, query: str) -> None:
        """Reads the first page of a view, at once: it takes about a millisecond.

        Raises:
            UsageError: the query cannot be read or answered.
        """
        self.adopt(query, self._reader.page(query, limit=PAGE))

    def adopt(self, query: str, rows: list[QueueRow]) -> None:
        """Shows the first page of a view, read elsewhere."""
        self._generation += 1
        self._loading = False
        self.query = query
        self._rows = rows
        self._at_end = len(rows) < PAGE
        self._index()

    def reread(self) -> Reading:
        """The view as it is now, as many rows as are shown; for the reader thread."""
        generation, asked = self._generation, max(PAGE, len(self._rows))
        return Reading(self._reader.page(self.query, limit=asked), asked, generation)

    def replace(self, reading: Reading) -> None:
        """Shows the view as it is now: after an act of the agent's, or when asked to."""
        self._rows = reading.rows
        self._at_end = len(reading.rows) < reading.asked
        self._generation += 1
        self._loading = False
        self._index()

    def update(self, reading: Reading, keep: Hashable | None) -> int | None:
        """Brings the rows shown up to date without moving any.

        Args:
            reading: the view as it is now. Pages may have come while it was read: rows behind its last stay.
            keep: the row under the cursor, which stays even when it left the view.

        Returns:
            How many new rows wait; None when another view was chosen meanwhile, and nothing was changed.
        """
        if reading.generation != self._generation:
            return None
        if not self._rows:
            self.replace(reading)
            return 0
        rows = reading.rows
        now = {row.id: row for row in rows}
        complete = len(rows) < reading.asked
        last_key = rows[-1].key if rows else (0, 0)
        kept: list[QueueRow] = []
        for row in self._rows:
            if row.id in now:
                kept.append(now.pop(row.id))
            elif row.id == keep or (not complete and row.key > last_key):
                kept.append(row)
        self._rows = kept
        self._index()
        if self._at_end:
            tail = [row for row in now.values() if kept and row.key > max(r.key for r in kept)]
            for row in tail:
                now.pop(row.id)
            if tail:
                first = len(self._rows)
                self._rows += tail
                self._index(first)
        return len(now)
