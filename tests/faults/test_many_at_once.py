"""Two consoles and a worker on one directory, all at random work, one of them killed now and then: what was shown as
saved is there, and each answer leaves once. The long form goes on for ``CSCONSOLE_FAULTS_MINUTES`` (two by default;
an hour before a release)."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from csconsole.store.locks import FileLock
from csconsole.sync import engine
from tests.beds.waiting import wait_until
from tests.faults import tracing
from tests.faults.copies import Copy
from tests.faults.demo_shop import CLASSES, ENDED, DemoShop
from tests.faults.inline import InlineParser
from tests.faults.lines import LONG, Line, tell

pytestmark = pytest.mark.faults

SEED = 2_026
ACTS = 40
MINUTES = float(os.environ.get("CSCONSOLE_FAULTS_MINUTES", "2" if LONG else "0"))
FEWEST_ROUNDS = 2


class Desk(threading.Thread):
    """A console at work in a process of its own."""

    def __init__(self, copy: Copy, name: str, seed: int, place: Path) -> None:
        super().__init__(daemon=True)
        self.arguments = (str(copy.data.root), name, seed, ACTS)
        self.place = place
        self.ended: tracing.Ended | None = None

    def run(self) -> None:
        self.ended = tracing.run("console", *self.arguments, place=self.place)

    def told(self) -> list[str]:
        """Texts of the answers that were shown as saved so far."""
        out = self.place / "out"
        return out.read_text("utf-8").splitlines() if out.exists() else []


def _worker(copy: Copy) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "csconsole.sync.worker", str(copy.data.root), str(copy.data.config)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _round(copy: Copy, number: int, rng: random.Random, place: Path) -> list[str]:
    """Everybody works, one is killed; returns the answers that were shown as saved."""
    desks = [Desk(copy, name, number * 10 + n, place / f"{name}{number}") for n, name in enumerate(("nok", "oat"))]
    for desk in desks:
        desk.start()
    worker = _worker(copy)
    try:
        seen = rng.randrange(2, 12)
        wait_until(
            lambda: sum(len(d.told()) for d in desks) >= seen or not any(d.is_alive() for d in desks), "some answers"
        )
        worker.kill()
        worker.wait(10)
        worker = _worker(copy)
        for desk in desks:
            desk.join(90)
            assert desk.ended is not None, "a console hangs"
            assert desk.ended.code == 0, desk.ended.err
        return [text for desk in desks for text in desk.told()]
    finally:
        worker.kill()
        worker.wait(10)


@pytest.mark.parametrize("name", ["lookup", "key"])
def test_two_consoles_and_a_worker(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(engine, "Parser", InlineParser)
    shop = DemoShop(tmp_path / "shop", CLASSES[name], repository)
    copy = Copy(shop, tmp_path / "data")
    copy.round()
    console = FileLock(copy.data.lock("console"))
    console.acquire(shared=True)
    rng = random.Random(SEED)
    told: list[str] = []
    until = time.monotonic() + MINUTES * 60
    rounds = 0
    while rounds < FEWEST_ROUNDS or time.monotonic() < until:
        told += _round(copy, rounds, rng, tmp_path)
        rounds += 1
    copy.rounds()
    rows = copy.rows()
    states = {bubble.text: row.state for row in rows for bubble in row.item.bubbles}
    accepted = copy.texts()
    line = Line(f"many-at-once {name}", rounds, SEED, facts={"answers": len(told)})
    line.lost = sum(text not in states for text in told)
    line.lost += sum(states.get(text) == "sent" and not accepted[text] for text in told)
    line.lost += sum(row.state not in ENDED for row in rows)
    line.twice = sum(count > 1 for count in accepted.values())
    line.uncertain = sum(row.state == "uncertain" for row in rows)
    line.facts["stopped"] = sum(row.state == "stopped" for row in rows)
    tell(line)
    gaps = copy.read(
        lambda s: s.read(
            "select c.id from conversation c join message m on m.conversation_id = c.id group by c.id"
            " having count(*) <> max(m.seq) or max(m.seq) <> c.message_seq"
        )
    )
    assert gaps == []
    assert len(told) > rounds * 5
    assert (line.lost, line.twice, line.uncertain) == (0, 0, 0)
