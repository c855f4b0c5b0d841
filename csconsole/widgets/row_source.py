"""Where a virtual list has its rows from."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol, TypeVar

T_co = TypeVar("T_co", covariant=True)


class RowSource(Protocol[T_co]):
    """Where rows come from. No method may wait: what is not at hand is None now and announced when it arrives."""

    def count(self) -> int:
        """How many rows there are, as far as known; it may grow."""
        ...

    def row(self, index: int) -> T_co | None:
        """The row at a place from 0, or None while its page is read."""
        ...

    def prefetch(self, first: int, last: int) -> None:
        """Asks for the rows ``first`` to ``last``, both included; called when the window moves."""
        ...

    def index_of(self, row_id: Hashable) -> int | None:
        """The place of a row, or None when it is not in the list or not known."""
        ...
