from __future__ import annotations

import asyncio

from csconsole.clock import FixedClock
from csconsole.store import search
from csconsole.sync.indexer import LARGEST, SMALLEST, STEP_SECONDS, Indexer
from tests.sync.rig import Rig, greeted
from tests.sync.simulator import item


class SlowClock(FixedClock):
    """A machine on which every look at the clock finds some time gone."""

    def __init__(self, at: int, pace: float) -> None:
        super().__init__(at)
        self.pace = pace
        self.seconds = 0.0

    def monotonic(self) -> float:
        self.seconds += self.pace
        return self.seconds


async def _waiting(rig: Rig, count: int) -> None:
    """Puts messages before the index."""
    sim = await greeted(rig)
    sim.items += [item(n, f"ข้อความที่ {n}") for n in range(2, 2 + count)]
    async with rig.engine() as engine:
        await engine.round()
    assert search.waiting_count(rig.store) == count


async def _sizes(rig: Rig, pace: float) -> list[int]:
    async with rig.engine() as engine:
        engine.access.clock = SlowClock(rig.clock.at, pace)
        indexer = Indexer(engine.access, rig.time)
        sizes = []
        while done := await indexer.step():
            sizes.append(done)
        return sizes


async def test_a_fast_machine_takes_bigger_steps_up_to_the_limit(rig: Rig) -> None:
    await _waiting(rig, 700)
    sizes = await _sizes(rig, 0.0001)
    assert sum(sizes) == 700
    assert max(sizes) == LARGEST


async def test_a_slow_machine_takes_smaller_steps(rig: Rig) -> None:
    await _waiting(rig, 150)
    sizes = await _sizes(rig, STEP_SECONDS * 20)
    assert sum(sizes) == 150
    assert set(sizes[1:]) == {SMALLEST}


async def test_quiet_moments_are_used_to_tidy_once(slow_rig: Rig) -> None:
    slow_rig.time.jumping = True
    await _waiting(slow_rig, 5)
    slow_rig.time.jumping = False
    async with slow_rig.engine() as engine:
        tidied = asyncio.Event()
        indexer = engine.indexer
        honest = indexer.tidy

        async def tidy() -> None:
            assert not tidied.is_set()
            await honest()
            tidied.set()

        indexer.tidy = tidy  # type: ignore[method-assign]
        task = asyncio.create_task(indexer.run())
        indexer.wake.set()
        for _ in range(2000):
            await slow_rig.time.forward(1)
            if tidied.is_set():
                break
        assert not search.is_behind(slow_rig.store)
        assert tidied.is_set()
        await slow_rig.time.forward(100)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
