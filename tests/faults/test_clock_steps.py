"""Somebody sets the clock: by a year, an hour back, at the change of summer time, while answers wait, fail and are
lost. Everything ends as it does without, each answer once. The time is injected; its steady part never steps."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from csconsole.clock import DAY, HOUR
from csconsole.domain.sending import SendClass
from csconsole.errors import UnreachableError
from csconsole.sync.waiting import RealWaiting
from tests.faults import inline
from tests.faults.inline import LoopClock
from tests.faults.lines import Line, chosen, tell
from tests.sync.rig import Rig
from tests.sync.simulator import item

pytestmark = pytest.mark.faults

SEED = 365
STEPS = {
    "year": (365 * DAY,),
    "year-back": (-365 * DAY,),
    "hour-back": (-HOUR,),
    "summer": (HOUR,),
    "year-and-back": (365 * DAY, -365 * DAY),
    "hour-back-and-on": (-HOUR, HOUR),
}
FAULTS = ("", "lost", "broken", "unreachable", "limit")
CLASSES = (SendClass.LOOKUP, SendClass.KEY, SendClass.ECHO, SendClass.NONE)
SENDS = 3
LONGEST = 700.0
"""Seconds of the steady clock within which everything has ended."""
ENDED = {"sent", "uncertain"}


class Ended(msgspec.Struct):
    """States of the answers, what arrived, and a conversation in reading order."""

    states: list[str]
    arrived: list[str]
    read: list[str]


class Shop:
    """A rig with its channel and its workers on the loop's time."""

    def __init__(self, root: Path, send_class: SendClass) -> None:
        self.rig = Rig(root)
        self.clock = LoopClock(self.rig.clock.at)
        self.rig.clock, self.rig.time = self.clock, RealWaiting()  # type: ignore[assignment]  # the same by their methods
        self.sim = self.rig.channel(send_class=send_class, echoes=send_class is SendClass.ECHO)
        self.sim.items += [item(n, who=f"customer{n}") for n in range(1, SENDS + 1)]
        self.uids: list[str] = []

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        """A worker at work."""
        async with self.rig.engine() as engine:
            stop = asyncio.Event()
            task = asyncio.create_task(engine.run_forever(stop))
            await asyncio.sleep(3)
            yield
            stop.set()
            await task

    def answer(self, fault: str) -> None:
        """Answers everybody; the channel treats them all the same way."""
        rig, sim = self.rig, self.sim
        for n in range(1, SENDS + 1):
            self.uids.append(rig.reply(f"answer {n}", conversation=rig.conversation(f"customer{n}")))
        sim.faults.extend([fault] * SENDS if fault else [])
        if fault == "unreachable":
            sim.pull_faults.extend([UnreachableError("no line", provably_not_accepted=True)] * 2)

    async def end(self) -> Ended:
        """A customer writes again; everything ends."""
        await asyncio.sleep(5)
        self.sim.items.append(item(50, "still there?", who="customer1", at=self.clock.now()))
        ended = asyncio.get_running_loop().time() + LONGEST
        while asyncio.get_running_loop().time() < ended and not {*map(self.rig.state, self.uids)} <= ENDED:
            await asyncio.sleep(5)
        await asyncio.sleep(65)
        states = [self.rig.state(uid) for uid in self.uids]
        return Ended(states, sorted(self.sim.texts), self.rig.messages(self.rig.conversation("customer1")))


async def case(
    root: Path, send_class: SendClass, fault: str, steps: tuple[int, ...], seed: int, *, between: bool = False
) -> Ended:
    """Answers are given, and the clock is set while they are on their way; ``between`` two workers."""
    rng = random.Random(seed)
    shop = Shop(root, send_class)
    try:
        async with shop.worker():
            shop.answer(fault)
            await asyncio.sleep(rng.choice((0.5, 1.5, 4.0)))
            for step in steps if not between else ():
                shop.clock.set_by(step)
                await asyncio.sleep(rng.choice((0.5, 1.5, 4.0)))
            if not between:
                return await shop.end()
        for step in steps:
            shop.clock.set_by(step)
        async with shop.worker():
            return await shop.end()
    finally:
        shop.rig.close()


@pytest.mark.parametrize("between", [False, True], ids=["at-work", "between-workers"])
def test_the_clock_is_set(tmp_path: Path, between: bool) -> None:
    every = list(itertools.product(CLASSES, FAULTS, STEPS))
    line = Line(f"clock-steps {'between workers' if between else 'at work'}", cases=0, seed=SEED)
    for number, (send_class, fault, name) in enumerate(random.Random(SEED).sample(every, chosen(10, len(every)))):
        where = f"{send_class} {fault or 'no fault'} {name}"

        def lived(root: Path, steps: tuple[int, ...]) -> Ended:
            return inline.run(lambda: case(root, send_class, fault, steps, number, between=between))  # noqa: B023  # run at once

        calm = lived(tmp_path / f"calm{number}", ())
        found = lived(tmp_path / f"{number}", STEPS[name])
        line.cases += 1
        line.twice += len(found.arrived) - len(set(found.arrived))
        line.lost += sum(state not in ENDED for state in found.states)
        line.lost += max(0, found.states.count("sent") - len(set(found.arrived)))
        line.uncertain += found.states.count("uncertain")
        assert (line.lost, line.twice) == (0, 0), f"{where}: {found}"
        assert (found.states, found.arrived) == (calm.states, calm.arrived), f"{where}: {found} instead of {calm}"
        assert sorted(found.read) == sorted(calm.read), f"{where}: {found} instead of {calm}"
    tell(line)
