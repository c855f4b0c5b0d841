"""The tests of the tests: the program with one fault built in at a time, each of which must be seen. The names of the
faults are those of ``tests/faults/careless.py``; ``synchronous=NORMAL`` is among the power cuts, and mail has some
of its own."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from csconsole.domain.sending import SendClass
from csconsole.errors import CsconsoleError, DiskFullError
from csconsole.paths import DataDir
from csconsole.store.database import Store
from csconsole.sync import engine, outbox, worker
from tests.faults import careless, copies, inline, test_clock_steps, tracing
from tests.faults import test_power_cut as power
from tests.faults.copies import Copy
from tests.faults.demo_shop import CLASSES, DemoShop
from tests.faults.inline import InlineParser
from tests.faults.lines import Line, tell
from tests.faults.simulation import simulate
from tests.sync.rig import Rig, greeted, only
from tests.sync.simulator import item

pytestmark = pytest.mark.faults

MOST_WORLDS = 400
BY_SIMULATION = (
    "blind-retry", "blind-restart", "phase-unwritten", "cursor-first", "cursor-never", "echo-unknown", "overtaking",
    "text-dropped",
)  # fmt: skip
FIRST = {"cursor-first": 35, "phase-unwritten": 8, "blind-restart": 8}
"""Where to begin, for faults that need a rare coincidence."""
SEED = 99


def caught(name: str, by: str, cases: int, *, lost: int = 0, twice: int = 0, other: int = 0) -> None:
    """Tells that a fault was seen."""
    facts: dict[str, int | str] = {"other": other, "caught_by": by}
    tell(Line(f"mutant {name}", cases, SEED, lost=lost, twice=twice, facts=facts))
    assert lost or twice or other, f"nobody sees {name}"


@pytest.mark.parametrize("name", BY_SIMULATION)
def test_the_simulation_sees(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = DataDir(tmp_path / "template").ensure().root
    Store(template).close()
    careless.BUGS[name](monkeypatch.setattr)
    lost = twice = other = cases = 0
    while not (lost or twice or other) and cases < MOST_WORLDS:
        world = simulate(FIRST.get(name, 1) + cases, tmp_path / "world", template)
        cases += 1
        lost, twice, other = world.lost, world.twice, len(world.problems)
    caught(name, "simulation", cases, lost=lost, twice=twice, other=other)


@pytest.mark.parametrize("fault", ["", "fence-missing"])
async def test_an_answer_to_what_is_answered(rig: Rig, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    sim = await greeted(rig, send_class=SendClass.LOOKUP)
    uid = rig.reply("ours", now=False)
    sim.items.append(item(2, "theirs", direction="out", author_kind="agent", author="oat"))
    if fault:
        careless.BUGS[fault](monkeypatch.setattr)
    rig.clock.advance(60_000)
    await rig.once()
    if fault:
        caught(fault, "stale-reply stop", 1, other=sim.texts.count("ours"))
    else:
        assert (rig.state(uid), sim.texts) == ("stopped", [])


async def test_an_end_that_is_forgotten(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    await greeted(rig, send_class=SendClass.NONE)
    uid = rig.reply("ours")
    careless.end_forgotten(monkeypatch.setattr)

    def full(*_: object) -> str:
        raise DiskFullError("The disk is full.")

    async with rig.engine() as made:
        sender = only(made).sender
        with monkeypatch.context() as broken:
            broken.setattr(outbox, "accepted", full)
            await sender.send_due()
        await sender.send_due()
    caught("end-forgotten", "full disk", 1, lost=int(rig.state(uid) != "sent"))


def test_a_clock_that_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    careless.clock_trusted(monkeypatch.setattr)
    bad = 0
    for number, fault in enumerate(("unreachable", "lost", "limit")):
        steps = test_clock_steps.STEPS["hour-back"]
        found = inline.run(
            lambda n=number, f=fault, s=steps: test_clock_steps.case(tmp_path / f"{n}", SendClass.LOOKUP, f, s, n)  # type: ignore[misc]  # bound early
        )
        bad += sum(state not in test_clock_steps.ENDED for state in found.states)
    caught("clock-trusted", "clock-steps", 3, lost=bad)


# -- backup and restore ------------------------------------------------------------------------------------


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "rig")


@pytest.fixture
def shop(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> DemoShop:
    monkeypatch.setattr(engine, "Parser", InlineParser)
    made = DemoShop(tmp_path / "shop", CLASSES["lookup"], repository)
    worker.once(made.config, made.data, clock=made.clock)
    made.answer(3)
    with power.opened(made) as store:
        store.backup(tmp_path / "backup.db")
    return made


def _killed(name: str, shop: DemoShop, place: Path, arguments: tuple[str, ...], bad: Callable[[Copy], bool]) -> int:
    """Kills a faulty command at some places, until something is seen; returns after how many, 0 when nothing is."""
    place.mkdir()
    Copy(shop, place / "data")
    calls = ("rename", "pwrite64")
    places = tracing.counted("careless", name, str(place / "data"), *arguments, place=place / "traced", calls=calls)
    random.Random(SEED).shuffle(places)
    for number, (call, when) in enumerate(sorted(places, key=lambda one: one[0] != "rename")[:12], 1):
        for path in place.glob("*.db"):
            path.unlink()
        copy = Copy(shop, place / "data")
        strace = tracing.killed_at(call, when)
        tracing.run("careless", name, str(copy.data.root), *arguments, place=place / "traced", strace=strace)
        try:
            if bad(copy):
                return number
        except CsconsoleError:
            return number
    return 0


def test_a_restore_that_leaves_nothing(shop: DemoShop, tmp_path: Path) -> None:
    def bad(copy: Copy) -> bool:
        return not copy.rows()

    arguments = ("restore", str(tmp_path / "backup.db"))
    seen = _killed("restore-by-two-renames", shop, tmp_path / "kills", arguments, bad)
    caught("restore-by-two-renames", "crash-points restore", seen, lost=int(bool(seen)))


def test_a_backup_that_is_half_there(shop: DemoShop, tmp_path: Path) -> None:
    target = tmp_path / "kills" / "copy.db"

    def bad(copy: Copy) -> bool:
        if not target.exists():
            return False
        folder = DataDir(tmp_path / "read")
        shutil.rmtree(folder.root, ignore_errors=True)
        folder.ensure()
        shutil.copy(target, folder.database)
        copy.data = folder
        return len(copy.rows()) != 3

    seen = _killed("backup-under-its-name", shop, tmp_path / "kills", ("backup", str(target)), bad)
    caught("backup-under-its-name", "crash-points backup", seen, lost=int(bool(seen)))


def test_a_restore_that_is_not_synced(shop: DemoShop, tmp_path: Path) -> None:
    shop.answer(1)
    recording = power.record(
        shop, tmp_path / "run", "careless", "restore", str(tmp_path / "backup.db"), before=("restore-unsynced",)
    )
    line = Line("", cases=0, seed=SEED)
    corrupt = power.cut(recording, line, 40)
    caught("restore-unsynced", "power-cut restore", 40, lost=line.lost + corrupt)


def test_a_restore_that_sends_again(shop: DemoShop, tmp_path: Path) -> None:
    copy = Copy(shop, tmp_path / "again")
    copy.rounds()
    arguments = ("restore", str(tmp_path / "backup.db"))
    ended = tracing.run("careless", "restore-sends-again", str(copy.data.root), *arguments, place=tmp_path / "run")
    assert ended.code == 0, ended.err
    line = Line("", cases=1, seed=SEED)
    copies.judge_sends(copy, line, sends=3)
    caught("restore-sends-again", "crash-points restore", 1, twice=line.twice)
