"""Pages of the queue, and what becomes of them when the store is read again meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import msgspec

from csconsole.domain.conversation import QueueRow
from csconsole.screens.background import Background
from csconsole.screens.queue_source import FURTHER, PAGE, QueueSource
from csconsole.services.views import QueueReader
from tests.screens import shop

TOTAL = PAGE + 60


class Shop:
    """A view of rows in memory, read in pages."""

    def __init__(self) -> None:
        first = shop.queue_row(0)
        self.rows = [msgspec.structs.replace(first, id=n, queue_key=n) for n in range(1, TOTAL + 1)]

    def page(self, query: str, *, after: tuple[int, int] | None = None, limit: int) -> list[QueueRow]:
        return [row for row in self.rows if after is None or row.key > after][:limit]


class Later:
    """A reader thread whose reads are done when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []

    def run(self, name: str, read: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self.waiting.append((read, done))

    def arrive(self) -> None:
        read, done = self.waiting.pop(0)
        done(read())


def make() -> tuple[QueueSource, Later]:
    later = Later()
    source = QueueSource(cast("QueueReader", Shop()), cast("Background", later), lambda first, last: None)
    source.show("")
    return source, later


def test_a_page_that_comes_while_the_view_is_read_again_stays() -> None:
    source, later = make()
    source.prefetch(0, PAGE - 1)
    reading = source.reread()
    later.arrive()
    assert source.count() == TOTAL < PAGE + FURTHER
    assert source.update(reading, keep=1) == 0
    assert source.count() == TOTAL


def test_a_view_read_before_another_was_chosen_changes_nothing() -> None:
    source, _ = make()
    reading = source.reread()
    source.adopt("status:open", source.reread().rows[:3])
    assert source.update(reading, keep=1) is None
    assert source.count() == 3
