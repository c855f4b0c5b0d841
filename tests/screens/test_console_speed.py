"""Nothing slow on the event loop: no callback holds it for long, with 24 conversations or 20,000."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from textual import events

from csconsole.screens import bulk
from tests.screens.console import Console, console, copied

LONGEST = 0.2
"""Seconds of the processor one callback may take here; keys take 5 to 30 ms, tracing and old machines more."""
USUAL = 0.1
"""Seconds 99 of 100 callbacks stay below."""


class Lags:
    """How long callbacks of the event loop took, in seconds; the worst by what it took of the processor.

    A busy machine makes single callbacks wait for it, but hardly one in a hundred.
    """

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
        begin, busy = time.perf_counter(), time.thread_time()
        run(handle)
        took = time.thread_time() - busy
        lags.seconds.append(time.perf_counter() - begin)
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
            end = time.thread_time() + 0.05
            while time.thread_time() < end:
                pass
            done.set_result(None)

        loop.call_soon(slow)
        await done

    with watched() as lags:
        asyncio.run(main())
    assert lags.worst[0] >= 0.05
    assert "slow" in lags.worst[1]


def post(one: Console, *keys: str) -> None:
    """Presses keys without waiting for what they do."""
    for key in keys:
        event = events.Key(key, key if len(key) == 1 else None)
        event.set_sender(one.app)
        one.app.post_message(event)


async def select_all_open(one: Console) -> int:
    """Marks every open conversation; what is done to them then stands still after each step."""
    await one.press("g", "a", "asterisk")
    many = len(one.main.queues.marked())
    assert many > 1_000
    return many


async def run_on(one: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the act under way go on to its end."""
    monkeypatch.setattr(bulk, "PAUSE", 0.001)
    one.main.bulk._go_on()
    while one.main.bulk.is_running:
        await asyncio.sleep(0.01)
    await one.pilot.pause()


async def test_an_act_on_thousands_lets_keys_through_and_is_one_undo(
    large_shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with console(copied(large_shop, tmp_path / "data")) as one:
        before = one.main.reader.count("tag:refund", cap=100_000)
        many = await select_all_open(one)
        monkeypatch.setattr(bulk, "PAUSE", 3_600)
        with watched() as lags:
            post(one, "t", "1")
            await one.sees(f"12 of {many} … u stops and undoes")
            await one.press("g", "i")
            await one.sees("[i Mine")
            post(one, "asterisk", "t", "5")
            await one.sees(f"Still at work: 12 of {many} done")
            await run_on(one, monkeypatch)
            assert one.main.reader.count("tag:refund", cap=100_000) >= many
            post(one, "u")
            await one.until(lambda: one.main.bulk.is_running, "the undo")
            while one.main.bulk.is_running:
                await asyncio.sleep(0.01)
            await one.sees("Undone: tag")
        assert one.main.reader.count("tag:refund", cap=100_000) == before
        assert lags.p99() < USUAL, lags.worst
        assert lags.worst[0] < LONGEST, lags.worst


async def test_an_act_on_thousands_says_how_many(
    large_shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with console(copied(large_shop, tmp_path / "data")) as one:
        many = await select_all_open(one)
        monkeypatch.setattr(bulk, "PAUSE", 3_600)
        await one.press("A")
        assert one.main.bulk.is_running
        assert not one.main.queues.marked()
        await run_on(one, monkeypatch)
        await one.sees(f"{many} conversations changed (u undoes)")


async def test_undo_stops_an_act_and_takes_back_what_was_done(
    large_shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with console(copied(large_shop, tmp_path / "data")) as one:
        before = one.main.reader.count("status:open", cap=100_000)
        await select_all_open(one)
        monkeypatch.setattr(bulk, "PAUSE", 3_600)
        await one.press("D")
        assert one.main.reader.count("status:open", cap=100_000) == before - 12
        await one.press("u")
        await one.sees("Undone: Spam")
        assert not one.main.bulk.is_running
        assert one.main.reader.count("status:open", cap=100_000) == before


async def test_quitting_finishes_the_act_under_way(
    large_shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with console(copied(large_shop, tmp_path / "data")) as one:
        many = await select_all_open(one)
        monkeypatch.setattr(bulk, "PAUSE", 3_600)
        await one.press("A")
        assert one.main.bulk.is_running
        one.main.quit()
        assert one.main.reader.count("status:open assignee:me", cap=100_000) == many
