"""Killed with SIGKILL at every step of sending and reading, on channels of each class: the simulated shop's ledger
says what really went out. Each test is also run with its own mistake built in, and must notice it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from csconsole import crashpoints
from csconsole.config.loader import load
from csconsole.connectors.demo.ledger import Ledger
from csconsole.connectors.registry import settings_type
from csconsole.paths import DataDir
from csconsole.services import replies
from csconsole.services.desk import Desk
from csconsole.store import accounts, outbox
from csconsole.store.database import Store
from csconsole.sync import clocks
from tests.beds.waiting import wait_until

pytestmark = pytest.mark.faults

CLASSES = {"key": "line-online", "lookup": "mail-care", "echo": "fb-page", "none": "tiktok"}
"""A demo account for each class of certainty."""
UNKNOWABLE = {CLASSES["echo"], CLASSES["none"]}
"""Accounts on which a send that left no trace cannot be told from one whose trace is still to come."""
IN_FLIGHT = 3
"""Answers on their way at a kill: one for each conversation."""
POINTS = ("claimed", "phase-data", "accepted-before-commit")
ENDED = {"sent", "delivered", "read", "uncertain", "failed", "stopped"}


class DemoShop:
    """A demo account on disk, worked on by processes that die."""

    def __init__(self, root: Path, account: str, repository: Path) -> None:
        self.data = DataDir(root).ensure()
        self.account = account
        self.repository = repository
        self.data.config.write_text(
            f'[agent]\nname = "nok"\n\n[[accounts]]\nname = "{account}"\nconnector = "demo"\n'
            f'channel = "{_channel(account)}"\nstill = true\npage_size = 5\n'
        )
        self.data.config.chmod(0o600)
        clocks.start_still(self.data.root)
        self.config = load(self.data.config, settings_type)
        self.clock = clocks.clock_for(self.config, self.data.root)

    def round(self, *, crash_at: str = "", bug: str = "") -> int:
        """One round in a process of its own; returns its exit code."""
        command = [sys.executable, "-m", "tests.faults.demo_round", str(self.data.root), str(self.data.config)]
        environment = {**os.environ, crashpoints.VARIABLE: crash_at, "PYTHONPATH": str(self.repository)}
        done = subprocess.run(
            [*command, bug] if bug else command, env=environment, cwd=self.repository, capture_output=True, check=False
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()[-3000:]
        return done.returncode

    def killed_at(self, point: str, *, bug: str = "") -> None:
        """A round that dies at a point."""
        assert self.round(crash_at=point, bug=bug) == -signal.SIGKILL, f"{point} was not reached"

    def answer(self, count: int) -> None:
        """Answers, spread over the conversations there are: some overlap, some follow each other."""
        store = Store(self.data.root)
        try:
            desk = Desk.open(store, self.config, self.clock)
            targets = [c for (c,) in store.read("select id from conversation order by id")]
            for n in range(count):
                replies.send_reply(desk, targets[n % len(targets)], f"คำตอบที่ {n}", now=True)
        finally:
            store.close()

    def states(self) -> dict[str, str]:
        """Text and state of every send."""
        store = Store(self.data.root)
        try:
            return {row.item.bubbles[0].text: row.state for row in outbox.listing(store)}
        finally:
            store.close()

    def until_quiet(self) -> dict[str, str]:
        """Rounds until every send has come to an end."""

        def ended() -> dict[str, str]:
            self.round()
            self.later(15)
            found = self.states()
            return found if set(found.values()) <= ENDED else {}

        return wait_until(ended, "every send to end", timeout=120)

    def later(self, seconds: int) -> None:
        """Moves the demo's clock on."""
        anchor = self.data.root / clocks.ANCHOR
        anchor.write_text(f"{int(anchor.read_text()) - seconds * 1000}\n")
        self.clock = clocks.clock_for(self.config, self.data.root)

    def ledger(self) -> Counter[str]:
        """What the customers really received."""
        return Counter(line.text for line in Ledger(self.data.root).accepted(self.account))

    def stored(self) -> tuple[list[str], str]:
        """Remote ids of all messages that came in, and the cursor."""
        store = Store(self.data.root)
        try:
            ids = [i for (i,) in store.read("select remote_id from message where outbox_id is null order by remote_id")]
            row = accounts.account_by_name(store, self.account)
            return ids, row.cursor if row else ""
        finally:
            store.close()


def _channel(account: str) -> str:
    from csconsole.connectors.demo.shop import by_id

    return str(by_id("accounts", "name")[account]["channel"])


@pytest.fixture
def shop(tmp_path: Path, repository: Path, request: pytest.FixtureRequest) -> DemoShop:
    return DemoShop(tmp_path / "data", request.param, repository)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("shop", CLASSES.values(), ids=CLASSES.keys(), indirect=True)
def test_killed_while_sending_nothing_is_lost_or_sent_twice(shop: DemoShop, point: str) -> None:
    shop.round()
    shop.answer(4)
    shop.killed_at(f"{point}:2")
    found = shop.until_quiet()
    ledger = shop.ledger()
    uncertain = [text for text, state in found.items() if state == "uncertain"]
    print(f"kill {shop.account} {point}: sends={len(found)} twice={sum(n > 1 for n in ledger.values())} {found}")
    assert len(found) == 4
    assert set(found.values()) <= {"sent", "delivered", "read", "uncertain"}
    assert not [text for text, count in ledger.items() if count > 1]
    assert not [text for text, state in found.items() if state != "uncertain" and text not in ledger]
    assert len(uncertain) <= (IN_FLIGHT if shop.account in UNKNOWABLE and point != "claimed" else 0)
    if shop.account == CLASSES["echo"]:
        assert not [text for text in uncertain if text in ledger]
    before = shop.states(), shop.ledger(), shop.stored()
    shop.round()
    assert (shop.states(), shop.ledger(), shop.stored()) == before


@pytest.mark.parametrize("shop", [CLASSES["lookup"], CLASSES["none"]], indirect=True)
def test_a_blind_retry_would_be_noticed(shop: DemoShop) -> None:
    shop.round()
    shop.answer(4)
    shop.killed_at("accepted-before-commit:2")
    shop.round(bug="blind-retry")
    shop.until_quiet()
    assert [text for text, count in shop.ledger().items() if count > 1]


@pytest.mark.parametrize(
    "point", ["mid-page:1", "mid-page:2", "mid-transaction:3", "mid-transaction:7", "page-stored:2"]
)
@pytest.mark.parametrize("shop", [CLASSES["echo"]], indirect=True)
def test_killed_while_reading_nothing_is_lost_or_stored_twice(
    shop: DemoShop, point: str, tmp_path: Path, repository: Path
) -> None:
    calm = DemoShop(tmp_path / "calm", shop.account, repository)
    calm.round()
    shop.killed_at(point)
    shop.round()
    assert shop.stored() == calm.stored()
    assert len(shop.stored()[0]) == len(set(shop.stored()[0])) > 20


@pytest.mark.parametrize("shop", [CLASSES["echo"]], indirect=True)
def test_a_cursor_saved_apart_from_its_page_would_be_noticed(shop: DemoShop, tmp_path: Path, repository: Path) -> None:
    calm = DemoShop(tmp_path / "calm", shop.account, repository)
    calm.round()
    shop.killed_at("mid-transaction:7", bug="cursor-first")
    shop.round()
    assert set(shop.stored()[0]) < set(calm.stored()[0])
