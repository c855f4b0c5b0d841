"""Marked rows of a list: one by one, or a range that grows with the cursor."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Set
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from csconsole.widgets.line_list import LineList


class MarkedRows:
    """Which rows are marked for a common act.

    Args:
        list_: whose rows they are.
    """

    def __init__(self, list_: LineList[Any]) -> None:
        self._list = list_
        self._ids: set[Hashable] = set()
        self._anchor: int | None = None
        self._before: frozenset[Hashable] = frozenset()

    @property
    def ids(self) -> Set[Hashable]:
        """Ids of the marked rows."""
        return self._ids

    def toggle(self, row_id: Hashable) -> None:
        """Marks or unmarks a row; ends an open range."""
        self.end_range()
        self._ids ^= {row_id}
        self._list.marks_changed()

    def set(self, row_ids: Iterable[Hashable]) -> None:
        """Marks these rows and no others."""
        self.end_range()
        self._ids = set(row_ids)
        self._list.marks_changed()

    def clear(self) -> bool:
        """Unmarks everything; False when nothing was marked."""
        self.end_range()
        if not self._ids:
            return False
        self._ids.clear()
        self._list.marks_changed()
        return True

    def toggle_range(self) -> None:
        """Begins a range at the cursor, or ends the one that is open and keeps its rows marked."""
        if self._anchor is not None:
            self.end_range()
            return
        self._anchor = self._list.cursor
        self._before = frozenset(self._ids)
        self.extend_range()

    def end_range(self) -> None:
        """Ends the open range; its rows stay marked."""
        self._anchor = None

    @property
    def has_range(self) -> bool:
        """Whether a range is open: each move of the cursor then marks."""
        return self._anchor is not None

    def extend_range(self) -> None:
        """Lets the open range reach to the cursor."""
        if self._anchor is None:
            return
        first, last = sorted((self._anchor, self._list.cursor))
        rows = (self._list.source.row(index) for index in range(first, last + 1))
        ids = self._before | {self._list.identify(row) for row in rows if row is not None}
        if ids != self._ids:
            self._ids = set(ids)
            self._list.marks_changed()

    def shift(self, rows: int) -> None:
        """The row the open range begins at moved by so many rows."""
        if self._anchor is not None:
            self._anchor += rows
