"""Killed before every single system call that changes a disk: a command, the sender of each class, reading, the first
start, backup and restore. Then it is started again: nothing is lost, nothing is there twice, and a further run
changes nothing. The short form tries a sample of the places, the long form all of them."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from csconsole.domain.message import Visibility
from csconsole.errors import CsconsoleError
from csconsole.paths import DataDir
from csconsole.services import replies
from csconsole.services.desk import Desk
from csconsole.services.finding import open_conversation
from csconsole.store import drafts
from csconsole.store.database import Store
from csconsole.sync import engine, worker
from tests.faults import copies, tracing
from tests.faults.copies import Copy
from tests.faults.demo_shop import CLASSES, DemoShop
from tests.faults.inline import InlineParser
from tests.faults.lines import EVERY, LONG, Line, tell
from tests.faults.tracing import Ended

pytestmark = pytest.mark.faults

SEED = 77
TEXT = "ส่งครั้งเดียวเท่านั้น"


Judge = Callable[[Copy, Ended, Line], None]


def enumerate_kills(
    name: str, template: DemoShop, place: Path, victim: str, arguments: tuple[str, ...], judge: Judge
) -> Line:
    """Kills a victim at each place (or at a sample), and judges what is left.

    ``{place}`` in an argument is a directory of the case's own.
    """

    def given(folder: Path) -> list[str]:
        return [str(folder / "data"), *(argument.replace("{place}", str(folder)) for argument in arguments)]

    place.mkdir()
    (place / "count").mkdir()
    Copy(template, place / "count" / "data")
    places = tracing.counted(victim, *given(place / "count"), place=place / "traced")
    line = Line(name, cases=0, seed=SEED, facts={"places": len(places)})
    survived, problems = 0, list[str]()
    for number, (call, when) in enumerate(_sample(places)):
        folder = place / f"case{number}"
        folder.mkdir()
        copy = Copy(template, folder / "data")
        ended = tracing.run(victim, *given(folder), place=place / "traced", strace=tracing.killed_at(call, when))
        assert ended.killed or ended.code == 0, f"{call} {when}: {ended.err}"
        survived += not ended.killed
        line.cases += 1
        try:
            judge(copy, ended, line)
        except (AssertionError, CsconsoleError) as error:
            problems.append(f"killed at {call} {when}: {error}")
        shutil.rmtree(folder)
    line.facts["survived"] = survived
    tell(line)
    assert not problems, "\n".join(problems)
    assert survived <= line.cases // 3, "the kills do not hit"
    assert (line.lost, line.twice) == (0, 0)
    return line


def _sample(places: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """All places in the long form, one of each system call in the short form."""
    if LONG:
        return places[::EVERY]
    rng = random.Random(SEED)
    return [(call, rng.randint(1, most)) for call, most in dict(places).items()]


@pytest.fixture(autouse=True)
def _inline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "Parser", InlineParser)


@pytest.fixture
def shop(tmp_path: Path, repository: Path, request: pytest.FixtureRequest) -> DemoShop:
    made = DemoShop(tmp_path / "shop", getattr(request, "param", CLASSES["key"]), repository)
    Copy(made, tmp_path / "unused").round()
    worker.once(made.config, made.data, clock=made.clock)
    return made


@pytest.mark.parametrize("shop", CLASSES.values(), ids=CLASSES, indirect=True)
def test_sender(shop: DemoShop, tmp_path: Path) -> None:
    shop.answer(3)
    name = next(name for name, account in CLASSES.items() if account == shop.account)

    def judge(copy: Copy, ended: Ended, line: Line) -> None:
        flying = sum(row.state == "sending" and row.phase != "" for row in copy.rows())
        uncertain = copies.judge_sends(copy, line, sends=3)
        assert uncertain <= flying, f"{uncertain} are uncertain, {flying} were under way"

    line = enumerate_kills(f"crash-points sender {name}", shop, tmp_path / "kills", "round_of_sync", (), judge)
    assert line.uncertain == 0 or name in ("none", "echo")


@pytest.mark.parametrize("shop", [CLASSES["echo"]], indirect=True)
def test_reading(tmp_path: Path, repository: Path, shop: DemoShop) -> None:
    wanted = Copy(shop, tmp_path / "calm").incoming()
    empty = DemoShop(tmp_path / "empty", shop.account, repository)

    def judge(copy: Copy, ended: Ended, line: Line) -> None:
        copy.rounds()
        found = copy.incoming()
        line.lost += len(set(wanted) - set(found))
        line.twice += len(found) - len(set(found))
        before = copy.everything()
        copy.round()
        assert copy.everything() == before, "a further run changes something"

    assert len(wanted) > 10
    enumerate_kills("crash-points reading", empty, tmp_path / "kills", "round_of_sync", (), judge)


def test_command_reply(shop: DemoShop, tmp_path: Path) -> None:
    def judge(copy: Copy, ended: Ended, line: Line) -> None:
        copies.judge_reply(copy, line, TEXT, acknowledged=bool(ended.out))

    arguments = ("reply", copies.number(shop), "--text", TEXT, "--now", "--json")
    enumerate_kills("crash-points command reply", shop, tmp_path / "kills", "command", arguments, judge)


@pytest.mark.parametrize(
    ("arguments", "look"),
    [
        (("note", "{id}", "--text", TEXT), "note"),
        (("tag", "{id}", "+killed"), "tag"),
        (("assign", "{id}", "me"), "assignee"),
        (("status", "{id}", "on_hold"), "status"),
    ],
    ids=["note", "tag", "assign", "status"],
)
def test_command(shop: DemoShop, tmp_path: Path, arguments: tuple[str, ...], look: str) -> None:
    key, number = copies.conversation(shop), copies.number(shop)

    def state(copy: Copy) -> object:
        def read(store: Store) -> object:
            opened = open_conversation(Desk.open(store, shop.config, copy.clock), key)
            notes = [m.body for m in opened.messages if m.visibility is Visibility.INTERNAL]
            row = opened.conversation.row
            return {"note": notes, "tag": sorted(row.tags), "assignee": row.assignee, "status": row.status}[look]

        return copy.read(read)

    old = state(Copy(shop, tmp_path / "before"))
    given = tuple(argument.replace("{id}", number) for argument in arguments)
    new: list[object] = []

    def judge(copy: Copy, ended: Ended, line: Line) -> None:
        found = state(copy)
        if found != old:
            assert not new or new[0] == found, f"{found} is neither {old} nor {new[0]}"
            new.append(found)
        line.lost += bool(ended.out) and found == old

    line = enumerate_kills(f"crash-points command {look}", shop, tmp_path / "kills", "command", given, judge)
    line.facts["done"] = len(new)
    assert not LONG or EVERY > 1 or 0 < len(new) < line.cases, "the kills stand all on one side of the commit"


def test_first_start(tmp_path: Path, repository: Path) -> None:
    empty = DemoShop(tmp_path / "empty", CLASSES["key"], repository)
    whole = DemoShop(tmp_path / "whole", CLASSES["key"], repository)
    Store(whole.data.root).close()

    def schema(store: Store) -> list[Any]:
        return [*store.read("select sql from sqlite_master order by name"), *store.read("select key from meta")]

    wanted = Copy(whole, tmp_path / "wanted").read(schema)

    def judge(copy: Copy, ended: Ended, line: Line) -> None:
        Store(copy.data.root).close()
        line.lost += copy.read(schema) != wanted

    enumerate_kills("crash-points first start", empty, tmp_path / "kills", "first_start", (), judge)


def test_backup(shop: DemoShop, tmp_path: Path) -> None:
    shop.answer(3)
    wanted = Copy(shop, tmp_path / "calm").everything()

    def judge(copy: Copy, ended: Ended, line: Line) -> None:
        assert copy.everything() == wanted, "the data themselves changed"
        target = copy.data.root.parent / "backup.db"
        line.lost += bool(ended.out) and not target.exists()
        if target.exists():
            other = copy.data.root.parent / "read"
            other.mkdir()
            shutil.copy(target, other / "csconsole.db")
            held = Copy.__new__(Copy)
            held.data = DataDir(other)
            line.lost += len(held.rows()) != 3
        again = tracing.run("command", str(copy.data.root), "backup", str(target), place=tmp_path / "again")
        assert (again.code, target.exists()) == (0, True) or "exists already" in again.err
        left = {path.name for path in target.parent.iterdir()} - {"data", "backup.db", "read"}
        assert not left, f"left behind beside the backup: {left}"

    enumerate_kills("crash-points backup", shop, tmp_path / "kills", "command", ("backup", "{place}/backup.db"), judge)


def test_restore(shop: DemoShop, tmp_path: Path) -> None:
    shop.answer(2)
    store = Store(shop.data.root)
    desk = Desk.open(store, shop.config, shop.clock)
    with desk.transaction() as tx:
        drafts.save(tx, desk.actor.id, copies.conversation(shop), "note", TEXT, 0)
    store.backup(tmp_path / "backup.db")
    replies.send_reply(desk, copies.conversation(shop), TEXT, now=True)
    store.close()
    old = [(row.uid, row.state) for row in Copy(shop, tmp_path / "calm").rows()]
    new = [(uid, "uncertain") for uid, _ in old[1:]]

    def judge(copy: Copy, ended: Ended, line: Line) -> None:
        found = [(row.uid, row.state) for row in copy.rows()]
        line.lost += found not in (old, new) or (bool(ended.out) and found != new)
        again = tracing.run("command", str(copy.data.root), *arguments, place=tmp_path / "again")
        assert again.code == 0, again.err
        assert [(row.uid, row.state) for row in copy.rows()] == new
        assert copy.read(lambda s: s.read("select body from draft")) == [(TEXT,)]
        kept = sorted(copy.data.backups.glob("*"), key=lambda path: path.name)
        assert [path.name for path in kept] == [f"before-restore-{n}.db" for n in range(1, len(kept) + 1)]
        assert 1 <= len(kept) <= 2
        assert not any(path.samefile(copy.data.database) for path in kept)
        copy.rounds()
        line.twice += found == new and bool(copy.accepted())

    arguments = ("restore", str(tmp_path / "backup.db"))
    enumerate_kills("crash-points restore", shop, tmp_path / "kills", "command", arguments, judge)
