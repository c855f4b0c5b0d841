"""Power fails while the program writes: what was acknowledged is there, nothing is half there.

The real program is recorded and its disk played again to a random moment, with what was not synced dropped, torn
or kept at random (:mod:`tests.faults.disk`). The store must then open whole, in a state that it really had, and
one not older than the last thing that was acknowledged. A store that commits without a sync must fail this.
"""

from __future__ import annotations

import hashlib
import random
import shutil
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from csconsole.connectors.demo.ledger import FILE_NAME, Ledger
from csconsole.errors import CsconsoleError
from csconsole.store import blobs, checks, driver, outbox
from csconsole.store.database import Store
from csconsole.sync import settle
from tests.faults import tracing
from tests.faults.demo_shop import CLASSES, DemoShop
from tests.faults.disk import STRACE, Disk, Op, files_of, lay_out, recorded
from tests.faults.lines import Line, chosen, tell

pytestmark = pytest.mark.faults

SEED = 512
ACTS = 36
CUTS = chosen(40, 300)
ASIDE = ("-shm", ".lock", ".log", "config.toml", FILE_NAME)
"""Not on the disk that fails: what SQLite makes anew, and the ledger, which is the world outside."""


class Recording:
    """A run of the program, and every state its database went through.

    Args:
        shop: where it ran.
        ops: what it did to its files.
        before: its files before.
        place: an empty directory.
    """

    def __init__(self, shop: DemoShop, ops: list[Op], before: dict[str, bytes], place: Path) -> None:
        self.root = shop.data.root
        self.ops = ops
        self.before = before
        self.place = place
        self.states: dict[str, int] = {}
        self.moments: list[int] = []
        self.told: list[int] = []
        disk = self.disk()
        self._note(disk, 0)
        for moment, op in enumerate(ops, 1):
            disk.play(op)
            if op.kind == "sync" or op.kind == "told":
                self._note(disk, moment)
            if op.kind == "told":
                self.told.append(moment)

    def disk(self) -> Disk:
        """The disk before the run."""
        return Disk(self.before, ASIDE)

    def _note(self, disk: Disk, moment: int) -> None:
        number = len(self.states)
        state = dump(self.lay_out(disk, None))
        if self.states.setdefault(state, number) == number:
            self.moments.append(moment)

    def lay_out(self, disk: Disk, rng: random.Random | None) -> Path:
        """The files as a machine finds them that starts again."""
        shutil.rmtree(self.place, ignore_errors=True)
        lay_out(disk.after(rng), self.root, self.place)
        return self.place

    def owed(self, moment: int) -> int:
        """The number of the state that had been acknowledged at a moment."""
        told = bisect_right(self.told, moment)
        return bisect_right(self.moments, self.told[told - 1]) - 1 if told else 0


def dump(root: Path) -> str:
    """A digest of every row, "" for a database that is not there."""
    path = root / "csconsole.db"
    if not path.exists():
        return ""
    connection = driver.connect(str(path))
    try:
        digest = hashlib.sha256()
        for (name,) in connection.execute(
            "select name from sqlite_master where type = 'table' and name not like '%_fts%' order by name"
        ).fetchall():
            for row in connection.execute(f'select * from "{name}"'):
                digest.update(repr(row).encode("utf-8", "backslashreplace"))
        return digest.hexdigest()
    finally:
        connection.close()


def record(shop: DemoShop, place: Path, victim: str, *arguments: object, before: tuple[str, ...] = ()) -> Recording:
    """Runs a victim on a shop and records what it does to its files; ``before`` is given before the directory."""
    files = files_of(shop.data.root)
    log = place / "writes"
    ended = tracing.run(
        victim, *before, str(shop.data.root), *arguments, place=place, strace=(*STRACE, "-o", str(log)), limit=120
    )
    assert ended.code == 0, ended.err
    return Recording(shop, recorded(log, shop.data.root), files, place / "after")


def whole(root: Path) -> bool:
    """Whether a console can open what is there, and every file it names is there."""
    try:
        store = Store(root)
    except CsconsoleError:
        return False
    try:
        if checks.damage(store):
            return False
        for (digest,) in store.read("select raw_sha256 from message_source where raw_sha256 is not null"):
            blobs.get_file(root, digest)
        return True
    except CsconsoleError:
        return False
    finally:
        store.close()


def cut(recording: Recording, line: Line, cuts: int, judge: Callable[[Path, int], None] | None = None) -> int:
    """Cuts the power at random moments; returns at how many the store was damaged or in a state it never had."""
    rng = random.Random(line.seed)
    moments = sorted(rng.randrange(len(recording.ops) + 1) for _ in range(cuts))
    disk = recording.disk()
    done = corrupt = 0
    for moment in moments:
        for op in recording.ops[done:moment]:
            disk.play(op)
        done = moment
        root = recording.lay_out(disk, rng)
        state = recording.states.get(dump_or_none(root), -1)
        line.cases += 1
        if state < 0 or not whole(root):
            corrupt += 1
        elif state < recording.owed(moment):
            line.lost += 1
        elif judge is not None:
            judge(root, moment)
    line.facts["corrupt"] = corrupt
    return corrupt


def dump_or_none(root: Path) -> str:
    """As :func:`dump`; of a database that cannot be read, something no state has."""
    try:
        return dump(root)
    except driver.DatabaseError:
        return "unreadable"


@pytest.fixture
def shop(tmp_path: Path, repository: Path) -> DemoShop:
    made = DemoShop(tmp_path / "data", CLASSES["key"], repository)
    made.round()
    return made


@pytest.mark.parametrize("mode", ["wal", "truncate"])
def test_power_fails_while_an_agent_works(shop: DemoShop, tmp_path: Path, mode: str) -> None:
    recording = record(shop, tmp_path / "run", "agent", SEED, ACTS, mode)
    line = Line(f"power-cut agent {mode}", cases=0, seed=SEED)
    corrupt = cut(recording, line, CUTS)
    line.facts |= {"acts": len(recording.told), "states": len(recording.states), "writes": len(recording.ops)}
    tell(line)
    assert len(recording.told) == ACTS
    assert len(recording.states) > ACTS / 2
    assert (corrupt, line.lost) == (0, 0)


def test_a_store_that_does_not_sync_its_commits_is_caught(shop: DemoShop, tmp_path: Path) -> None:
    recording = record(shop, tmp_path / "run", "agent", SEED, ACTS, "normal")
    line = Line("power-cut mutant synchronous=NORMAL", cases=0, seed=SEED)
    cut(recording, line, CUTS)
    tell(line)
    assert line.lost > CUTS / 4


@pytest.mark.parametrize("name", CLASSES)
def test_power_fails_while_the_worker_reads_and_sends(tmp_path: Path, repository: Path, name: str) -> None:
    shop = DemoShop(tmp_path / "data", CLASSES[name], repository)
    shop.round()
    shop.answer(6)
    recording = record(shop, tmp_path / "run", "round_of_sync")
    line = Line(f"power-cut worker {name}", cases=0, seed=SEED)
    accepted = Ledger(shop.data.root).accepted(shop.account)
    at = [moment for moment, op in enumerate(recording.ops, 1) if op.path.endswith(FILE_NAME) and op.kind == "write"]
    # On a loaded machine not all six may leave in the one round; why is not known, so the states are printed.
    assert len(at) == len(accepted) >= 4, shop.states()

    def judge(root: Path, moment: int) -> None:
        """What a worker started after the cut would do: never send again what had been accepted."""
        outside = {line.key for line in accepted[: bisect_right(at, moment)]}
        store = Store(root)
        try:
            with store.transaction(shop.clock.now()) as tx:
                settle.recover(tx)
            for row in outbox.listing(store):
                line.twice += name != "key" and row.state in ("held", "queued") and row.key in outside
                line.lost += row.state == "sent" and row.key not in outside
                line.uncertain += row.state == "uncertain"
        finally:
            store.close()

    corrupt = cut(recording, line, chosen(15, 300), judge)
    line.facts |= {"states": len(recording.states)}
    tell(line)
    assert (corrupt, line.lost, line.twice) == (0, 0, 0)
    assert line.uncertain == 0 or name in ("none",)


def test_power_fails_while_a_backup_is_put_back(shop: DemoShop, tmp_path: Path) -> None:
    shop.answer(2)
    with opened(shop) as store:
        store.backup(tmp_path / "backup.db")
    shop.answer(3)
    recording = record(shop, tmp_path / "run", "command", "restore", str(tmp_path / "backup.db"))
    line = Line("power-cut restore", cases=0, seed=SEED)
    corrupt = cut(recording, line, CUTS)
    line.facts |= {"states": len(recording.states)}
    tell(line)
    assert len(recording.states) == 2, "the old database and the new one"
    assert (corrupt, line.lost) == (0, 0)


def test_power_fails_while_a_backup_is_written(shop: DemoShop, tmp_path: Path) -> None:
    shop.answer(2)
    target = shop.data.root / "backup.db"
    recording = record(shop, tmp_path / "run", "command", "backup", str(target))
    line = Line("power-cut backup", cases=0, seed=SEED)
    wanted = dump(shop.data.root)

    def judge(root: Path, moment: int) -> None:
        """A file of that name is a whole backup; it is there once that was said."""
        found = root / target.name
        if found.exists():
            (root / "read").mkdir()
            found.rename(root / "read" / "csconsole.db")
            line.lost += dump_or_none(root / "read") != wanted
        else:
            line.lost += moment >= recording.told[0]

    corrupt = cut(recording, line, CUTS, judge)
    tell(line)
    assert (corrupt, line.lost) == (0, 0)


@contextmanager
def opened(shop: DemoShop) -> Iterator[Store]:
    """The shop's database."""
    store = Store(shop.data.root)
    try:
        yield store
    finally:
        store.close()
