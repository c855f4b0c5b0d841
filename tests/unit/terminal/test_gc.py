import gc
import weakref
from collections.abc import Callable, Iterator

import pytest

from csconsole.terminal.gc import AFTER_KEY, QUIET, KeyedCollector


class Scheduled:
    def __init__(self, at: float, run: Callable[[], None]) -> None:
        self.at, self.run, self.cancelled = at, run, False

    def cancel(self) -> None:
        self.cancelled = True


class Loop:
    def __init__(self) -> None:
        self.now = 0.0
        self.scheduled: list[Scheduled] = []

    def later(self, delay: float, run: Callable[[], None]) -> Scheduled:
        self.scheduled.append(Scheduled(self.now + delay, run))
        return self.scheduled[-1]

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        due = [s for s in self.scheduled if s.at <= self.now and not s.cancelled]
        self.scheduled = [s for s in self.scheduled if s.at > self.now and not s.cancelled]
        for each in due:
            each.run()


class Node:
    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def collector(loop: Loop) -> Iterator[KeyedCollector]:
    collector = KeyedCollector(loop.later)
    collector.start()
    yield collector
    collector.stop()


def test_garbage_of_a_key_goes_just_after_it(loop: Loop, collector: KeyedCollector) -> None:
    assert not gc.isenabled()
    gone = weakref.ref(Node())
    collector.key_pressed()
    assert gone() is not None
    loop.pass_time(AFTER_KEY)
    assert gone() is None


def test_older_garbage_waits_for_quiet(loop: Loop, collector: KeyedCollector) -> None:
    node = Node()
    gc.collect(0)  # it grows old
    gone = weakref.ref(node)
    del node
    for _ in range(5):
        collector.key_pressed()
        loop.pass_time(QUIET / 2)
    assert gone() is not None
    loop.pass_time(QUIET)
    assert gone() is None


def test_keys_in_a_burst_schedule_one_collection(loop: Loop, collector: KeyedCollector) -> None:
    for _ in range(10):
        collector.key_pressed()
    assert len([s for s in loop.scheduled if not s.cancelled]) == 2


def test_stopping_gives_collection_back(loop: Loop) -> None:
    collector = KeyedCollector(loop.later)
    collector.start()
    collector.key_pressed()
    collector.stop()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    assert all(s.cancelled for s in loop.scheduled)
