"""The disk refuses, once or for good, and memory runs out: nothing is shown as saved that is not, one sentence says
what is wrong, and afterwards everything goes on. The errors are put into single system calls of the real program."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from csconsole.errors import CsconsoleError, OutputError, StoreError
from csconsole.sync import engine, worker
from tests.faults import copies, tracing
from tests.faults.copies import Copy
from tests.faults.demo_shop import CLASSES, DemoShop
from tests.faults.inline import InlineParser
from tests.faults.lines import Line, chosen, tell
from tests.faults.tracing import Ended

pytestmark = pytest.mark.faults

SEED = 28
PLACES = chosen(1, 8)
"""Places tried for each error in each system call."""
CALLS = ("pwrite64", "fdatasync", "fsync", "write", "pread64", "ftruncate")
ERRORS = ("EIO", "ENOSPC", "EINTR")
TEXT = "ต้องไม่หายแม้ดิสก์เสีย"
EXITS = {0, 3, StoreError.exit_code}
"""Done, an account that failed, a store that refused; 1 would be a bug and a traceback."""
FOR_GOOD = "+"


@pytest.fixture(autouse=True)
def _inline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "Parser", InlineParser)


@pytest.fixture
def shop(tmp_path: Path, repository: Path, request: pytest.FixtureRequest) -> DemoShop:
    made = DemoShop(tmp_path / "shop", getattr(request, "param", CLASSES["lookup"]), repository)
    worker.once(made.config, made.data, clock=made.clock)
    return made


def in_words(ended: Ended, call: str = "") -> None:
    """What went wrong is told in a sentence, unless it is the telling that fails."""
    assert "Traceback" not in ended.err, ended.err
    if call == "write":
        assert ended.code in EXITS | {OutputError.exit_code}, f"exit {ended.code}: {ended.err}"
        return
    assert ended.code in EXITS, f"exit {ended.code}: {ended.err}"
    assert ended.code == 0 or ended.out or ended.err.startswith("csconsole: "), ended.err
    assert len(ended.err.splitlines()) <= 3, ended.err


def starve(
    name: str, shop: DemoShop, place: Path, arguments: tuple[str, ...], judge: Callable[[Copy, Ended, Line], None]
) -> Line:
    """Runs a command with each error at some places of each system call, once and from there on."""
    place.mkdir()
    rng = random.Random(SEED)
    Copy(shop, place / "count")
    most = dict(tracing.counted("command", str(place / "count"), *arguments, place=place / "traced", calls=CALLS))
    line = Line(name, cases=0, seed=SEED)
    refused, problems = 0, list[str]()
    for error in ERRORS:
        for call, count in most.items():
            for number in rng.sample(range(1, count + 1), min(PLACES, count)):
                # Interrupted calls are repeated by whoever makes them: for good they would never end.
                until = rng.choice(("", FOR_GOOD)) if error != "EINTR" else ""
                copy = Copy(shop, place / "case")
                strace = ("-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={number}{until}")
                ended = tracing.run("command", str(copy.data.root), *arguments, place=place / "traced", strace=strace)
                try:
                    in_words(ended, call)
                    judge(copy, ended, line)
                except (AssertionError, CsconsoleError) as found:
                    problems.append(f"{error} at {call} {number}{until}: {found}")
                line.cases += 1
                refused += ended.code != 0
                shutil.rmtree(copy.data.root)
    line.facts["refused"] = refused
    tell(line)
    assert not problems, "\n".join(problems)
    assert refused
    assert (line.lost, line.twice) == (0, 0)
    return line


def test_an_answer_is_given(shop: DemoShop, tmp_path: Path) -> None:
    def judge(copy: Copy, ended: Ended, line: Line) -> None:
        copies.judge_reply(copy, line, TEXT, acknowledged=bool(ended.out) or ended.code == 0)

    arguments = ("reply", copies.number(shop), "--text", TEXT, "--now", "--json")
    starve("disk-errors command", shop, tmp_path / "cases", arguments, judge)


@pytest.mark.parametrize("shop", [CLASSES["lookup"], CLASSES["key"]], indirect=True)
def test_answers_are_sent(shop: DemoShop, tmp_path: Path) -> None:
    shop.answer(3)

    def judge(copy: Copy, ended: Ended, line: Line) -> None:
        copies.judge_sends(copy, line, sends=3)

    starve(f"disk-errors sender {shop.account}", shop, tmp_path / "cases", ("sync", "--once"), judge)


def test_news_are_read(shop: DemoShop, tmp_path: Path, repository: Path) -> None:
    wanted = Copy(shop, tmp_path / "calm").incoming()
    empty = DemoShop(tmp_path / "empty", shop.account, repository)

    def judge(copy: Copy, ended: Ended, line: Line) -> None:
        copy.rounds()
        found = copy.incoming()
        line.lost += len(set(wanted) - set(found))
        line.twice += len(found) - len(set(found))

    starve("disk-errors reading", empty, tmp_path / "cases", ("sync", "--once"), judge)


def test_memory_runs_out(shop: DemoShop, tmp_path: Path) -> None:
    arguments = ("reply", copies.number(shop), "--text", TEXT, "--now", "--json")
    line = Line("memory-limit command", cases=0, seed=SEED)
    refused = 0
    steps = [step << 18 for step in range(0, 40, chosen(5, 1))]
    for room in steps:
        copy = Copy(shop, tmp_path / "case")
        ended = tracing.run("starved", str(copy.data.root), room, *arguments, place=tmp_path / "traced")
        in_words(ended)
        copies.judge_reply(copy, line, TEXT, acknowledged=bool(ended.out) or ended.code == 0)
        line.cases += 1
        refused += ended.code != 0
        shutil.rmtree(copy.data.root)
    line.facts["refused"] = refused
    tell(line)
    assert 0 < refused < line.cases
    assert (line.lost, line.twice) == (0, 0)


@pytest.mark.parametrize("way", ["tmpfs", "limit"])
def test_the_disk_is_full_for_a_while(shop: DemoShop, tmp_path: Path, repository: Path, way: str) -> None:
    place = tmp_path / "small"
    place.mkdir()
    own_mounts = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
    if way == "tmpfs" and subprocess.run([*own_mounts, "mount", "-t", "tmpfs", "tmpfs", place], check=False).returncode:
        pytest.skip("this machine lets nobody mount a small disk; the same is tried with a limit on the size of files")
    done = subprocess.run(
        [
            *(own_mounts if way == "tmpfs" else ()),
            *(sys.executable, "-m", "tests.faults.full_disk", way, str(shop.data.root), str(place)),
        ],
        cwd=repository,
        env=os.environ | {"PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    facts = {name: found[name] for name in ("given", "refused")}
    tell(Line(f"disk-full {way}", found["given"] + found["refused"], 0, found["lost"], found["twice"], facts=facts))
    assert found["refused"] > 0
    assert (found["lost"], found["twice"], found["unasked"], found["refused_after"]) == (0, 0, 0, 0), found
    assert way != "tmpfs" or all("disk is full" in sentence for sentence in found["said"]), found
