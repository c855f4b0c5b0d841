"""A simulated shop on disk: one demo account, worked on by processes that die. Its ledger is the oracle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

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

CLASSES = {"key": "line-online", "lookup": "mail-care", "echo": "fb-page", "none": "tiktok"}
"""A demo account for each class of certainty."""
ENDED = {"sent", "delivered", "read", "uncertain", "failed", "stopped"}
LONGEST_ROUND = 90.0
"""Seconds after which a round counts as hanging."""


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
            [*command, bug] if bug else command,
            env=environment,
            cwd=self.repository,
            capture_output=True,
            check=False,
            timeout=LONGEST_ROUND,
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
