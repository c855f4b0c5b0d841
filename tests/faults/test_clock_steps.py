"""Somebody sets the clock: by a year, an hour back, at the change of summer time, while answers wait, fail and are
lost. Everything ends as it does without, each answer once. The time is injected; its steady part never steps."""

from __future__ import annotations

import asyncio
import itertools
import random
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


async def case(root: Path, send_class: SendClass, fault: str, steps: tuple[int, ...], seed: int) -> Ended:
    """Answers are given, and the clock is set while they are on their way."""
    rng = random.Random(seed)
    rig = Rig(root)
    clock = LoopClock(rig.clock.at)
    rig.clock, rig.time = clock, RealWaiting()  # type: ignore[assignment]  # the same by their methods
    sim = rig.channel(send_class=send_class, echoes=send_class is SendClass.ECHO)
    sim.items += [item(n, who=f"customer{n}") for n in range(1, SENDS + 1)]
    try:
        async with rig.engine() as engine:
            stop = asyncio.Event()
            task = asyncio.create_task(engine.run_forever(stop))
            await asyncio.sleep(3)
            uids = [
                rig.reply(f"answer {n}", conversation=rig.conversation(f"customer{n}")) for n in range(1, SENDS + 1)
            ]
            sim.faults.extend([fault] * SENDS if fault else [])
            if fault == "unreachable":
                sim.pull_faults.extend([UnreachableError("no line", provably_not_accepted=True)] * 2)
            for step in steps:
                await asyncio.sleep(rng.choice((0.5, 1.5, 4.0)))
                clock.set_by(step)
            await asyncio.sleep(5)
            sim.items.append(item(50, "still there?", who="customer1", at=clock.now()))
            ended = asyncio.get_running_loop().time() + LONGEST
            while asyncio.get_running_loop().time() < ended and not {rig.state(uid) for uid in uids} <= ENDED:
                await asyncio.sleep(5)
            await asyncio.sleep(65)
            stop.set()
            await task
        return Ended([rig.state(uid) for uid in uids], sorted(sim.texts), rig.messages(rig.conversation("customer1")))
    finally:
        rig.close()


def test_the_clock_is_set(tmp_path: Path) -> None:
    every = list(itertools.product(CLASSES, FAULTS, STEPS))
    line = Line("clock-steps", cases=0, seed=SEED)
    for number, (send_class, fault, name) in enumerate(random.Random(SEED).sample(every, chosen(16, len(every)))):
        where = f"{send_class} {fault or 'no fault'} {name}"
        calm = inline.run(lambda: case(tmp_path / f"calm{number}", send_class, fault, (), number))  # noqa: B023  # run at once
        found = inline.run(lambda: case(tmp_path / f"{number}", send_class, fault, STEPS[name], number))  # noqa: B023  # run at once
        line.cases += 1
        line.twice += len(found.arrived) - len(set(found.arrived))
        line.lost += sum(state not in ENDED for state in found.states)
        line.lost += max(0, found.states.count("sent") - len(set(found.arrived)))
        line.uncertain += found.states.count("uncertain")
        assert (line.lost, line.twice) == (0, 0), f"{where}: {found}"
        assert (found.states, found.arrived) == (calm.states, calm.arrived), f"{where}: {found} instead of {calm}"
        assert sorted(found.read) == sorted(calm.read), f"{where}: {found} instead of {calm}"
    tell(line)
