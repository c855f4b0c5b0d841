"""Nothing slow on the event loop: no callback holds it for long, with 24 conversations or 20,000."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.screens.console import Console, console, copied

LONGEST = 0.4
"""Seconds one callback may take here; keys take 5 to 30 ms, a machine under test may take ten times as long."""
USUAL = 0.1
"""Seconds 99 of 100 callbacks stay below."""


class Lags:
    """How long callbacks of the event loop took, in seconds."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.worst = (0.0, "")

    def p99(self) -> float:
        ranked = sorted(self.seconds)
        return ranked[int(len(ranked) * 0.99)] if ranked else 0.0


@contextmanager
def watched() -> Iterator[Lags]:
    """Times every callback of the loop."""
    lags = Lags()
    handle_type: Any = asyncio.events.Handle
    run = handle_type._run

    def timed(handle: Any) -> None:
        begin = time.perf_counter()
        run(handle)
        took = time.perf_counter() - begin
        lags.seconds.append(took)
        if took > lags.worst[0]:
            lags.worst = (took, repr(handle)[:200])

    handle_type._run = timed
    try:
        yield lags
    finally:
        handle_type._run = run


async def a_while_of_work(one: Console) -> None:
    """Moves, filters, searches, opens, writes and acts as an agent does."""
    await one.press("g", "a")
    await one.press(*["j"] * 12, *["ctrl+d"] * 6, "G", "g", "g")
    await one.press("backslash")
    await one.type("ค่ะ")
    await one.press("escape")
    await one.press("slash")
    await one.type("เงิน")
    await one.press("enter")
    await one.sees("[", "เงิน")
    await one.press("enter", "n", "N", "escape", "escape", "escape")
    await one.press("g", "i", "enter", "r")
    await one.type("ได้เลยค่ะ")
    await one.press("escape", "t", "5", "u", "tab", "tab", "escape")
    await one.press("question_mark", "escape", "g", "o", "escape")
    one.main.store_changed()
    await one.pilot.pause()


async def test_no_callback_holds_the_loop_with_two_dozen_conversations(english: Path) -> None:
    async with console(english) as one:
        with watched() as lags:
            await a_while_of_work(one)
        assert len(lags.seconds) > 500
        assert lags.p99() < USUAL, lags.worst
        assert lags.worst[0] < LONGEST, lags.worst


async def test_no_callback_holds_the_loop_with_twenty_thousand(large_shop: Path, tmp_path: Path) -> None:
    async with console(copied(large_shop, tmp_path / "data")) as one:
        with watched() as lags:
            await a_while_of_work(one)
        assert lags.p99() < USUAL, lags.worst
        assert lags.worst[0] < LONGEST, lags.worst


def test_the_watch_sees_a_slow_callback() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        def slow() -> None:
            end = time.perf_counter() + 0.05
            while time.perf_counter() < end:
                pass
            done.set_result(None)

        loop.call_soon(slow)
        await done

    with watched() as lags:
        asyncio.run(main())
    assert lags.worst[0] == pytest.approx(0.05, abs=0.05)
