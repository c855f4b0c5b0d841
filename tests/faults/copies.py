"""Copies of a prepared shop, in each of which one fault happens, and what is found afterwards."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from csconsole.clock import FixedClock
from csconsole.connectors.demo.ledger import Ledger
from csconsole.paths import DataDir
from csconsole.store import checks, outbox
from csconsole.store.database import Store
from csconsole.sync import worker
from tests.faults.demo_shop import ENDED, DemoShop
from tests.faults.lines import Line

MOST_ROUNDS = 12


class Copy:
    """A copy of a prepared data directory, in which somebody dies."""

    def __init__(self, template: DemoShop, root: Path) -> None:
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(template.data.root, root)
        self.template = template
        self.data = DataDir(root)
        self.clock = FixedClock(template.clock.now())

    def rounds(self) -> None:
        """Rounds of sync until every send has come to an end."""
        for _ in range(MOST_ROUNDS):
            self.round()
            if {row.state for row in self.rows()} <= ENDED:
                return

    def round(self) -> None:
        """One round, some seconds after the last."""
        self.clock.advance(16_000)
        worker.once(self.template.config, self.data, clock=self.clock)

    def rows(self) -> list[outbox.OutboxRow]:
        """The outbox."""
        return self.read(lambda store: outbox.listing(store))

    def read(self, work: Callable[[Store], Any]) -> Any:
        """Something read from the database, after it proved whole."""
        store = Store(self.data.root, create=False)
        try:
            checks.require_whole(store)
            return work(store)
        finally:
            store.close()

    def incoming(self) -> list[str]:
        """Remote ids of what came in."""
        rows = self.read(lambda s: s.read("select remote_id from message where direction = 'in' order by remote_id"))
        return [str(remote) for (remote,) in rows]

    def accepted(self) -> Counter[str]:
        """What the customers received."""
        return Counter(line.text for line in Ledger(self.data.root).accepted(self.template.account))

    def texts(self) -> Counter[str]:
        """Each text the customers received, those that came together one by one."""
        lines = Ledger(self.data.root).accepted(self.template.account)
        return Counter(text for line in lines for text in line.text.split("\n\n"))

    def everything(self) -> object:
        """All that a further run must not change."""
        return [(r.uid, r.state, r.attempts) for r in self.rows()], self.incoming(), self.accepted()


def conversation(shop: DemoShop) -> int:
    """The key of a conversation."""
    store = Store(shop.data.root)
    try:
        return int(store.read("select min(id) from conversation")[0][0])
    finally:
        store.close()


def number(shop: DemoShop) -> str:
    """What a person calls it on the command line."""
    store = Store(shop.data.root)
    try:
        return f"{shop.account}#{store.read('select number from conversation order by id limit 1')[0][0]}"
    finally:
        store.close()


def judge_sends(copy: Copy, line: Line, *, sends: int) -> int:
    """Lets the sends of a shop come to their end and judges them by the ledger; returns how many are uncertain."""
    copy.rounds()
    rows, accepted = copy.rows(), copy.accepted()
    assert len(rows) == sends
    uncertain = sum(row.state == "uncertain" for row in rows)
    line.uncertain += uncertain
    line.twice += sum(count > 1 for count in accepted.values())
    for row in rows:
        there = accepted[row.item.bubbles[0].text]
        line.lost += row.state not in ENDED or (row.state != "uncertain" and not there)
    nothing_changes(copy)
    return uncertain


def judge_reply(copy: Copy, line: Line, text: str, *, acknowledged: bool) -> None:
    """Judges an answer that somebody tried to give: there whole or not at all, and there if that was said."""
    saved = [row for row in copy.rows() if row.item.bubbles[0].text == text]
    shown = copy.read(lambda s: s.read("select count(*) from message where body_text = ?", (text,)))[0][0]
    assert len(saved) == shown <= 1, f"{len(saved)} sends, {shown} messages"
    line.lost += acknowledged and not saved
    copy.rounds()
    there = copy.accepted()[text]
    line.lost += bool(saved) and not there
    line.twice += there > 1
    nothing_changes(copy)


def nothing_changes(copy: Copy) -> None:
    """A further run changes nothing."""
    before = copy.everything()
    copy.round()
    assert copy.everything() == before, "a further run changes something"
