"""The engine in one thread and one process, on a time that jumps over every wait: the same order every time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import msgspec

from csconsole.connectors.base import RawItem
from csconsole.errors import PayloadError
from csconsole.sync import engine, parse_child
from csconsole.sync.access import Access
from csconsole.sync.ingest import Parsed
from csconsole.sync.parsing import Parser
from csconsole.sync.wire import Recipe

T = TypeVar("T")


class InlineParser(Parser):
    """Understands items in this process: starting a child would cost more than all else that is tested here."""

    async def parse(self, recipe: Recipe, items: Sequence[RawItem]) -> list[Parsed]:
        """As the children do."""
        connector, account = parse_child._serve(msgspec.msgpack.encode(recipe))
        found = []
        for item in items:
            try:
                found.append(Parsed(item, list(connector.normalise(item, account))))
            except PayloadError as error:
                found.append(Parsed(item, error=error.message))
        return found


class InlineAccess(Access):
    """The store used from the loop's own thread."""

    async def call(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Others get their turn before, as they do while a thread works."""
        await asyncio.sleep(0)
        return partial(work, *args, **kwargs)()


@contextmanager
def inline_engine(access: type[Access] = InlineAccess) -> Iterator[None]:
    """Engines made inside work in one thread."""
    before = engine.Parser, engine.Access
    engine.Parser, engine.Access = InlineParser, access  # type: ignore[misc]  # the engine's own names
    try:
        yield
    finally:
        engine.Parser, engine.Access = before  # type: ignore[misc]  # as before


class _JumpingSelector(selectors.SelectSelector):
    """Does not wait: the time waited for has passed."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everybody waits, and nothing will come")
        self.passed += max(timeout, 0.0)
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next thing that is due."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._jumping.passed


class LoopClock:
    """A clock by the loop's time; its wall part can be set.

    Args:
        at: what it shows at the loop's beginning, ms UTC.
    """

    def __init__(self, at: int) -> None:
        self.at = at

    def now(self) -> int:
        """Wall time in ms UTC."""
        return self.at + round(self.monotonic() * 1000)

    def monotonic(self) -> float:
        """The loop's seconds."""
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return 0.0

    def set_by(self, ms: int) -> None:
        """Somebody sets the clock."""
        self.at += ms


def run(work: Callable[[], Awaitable[T]], access: type[Access] = InlineAccess) -> T:
    """Runs something on a loop of its own whose time jumps."""
    loop = JumpingLoop()
    try:
        with inline_engine(access):
            return loop.run_until_complete(work())  # type: ignore[arg-type]  # a coroutine
    finally:
        loop.close()
