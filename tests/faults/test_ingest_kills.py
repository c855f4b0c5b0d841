"""The worker is killed in the middle of reading a mailbox: every mail is there once, and in its place."""

from __future__ import annotations

import random
import signal
from collections import Counter
from pathlib import Path

import pytest

from csconsole.clock import SystemClock
from tests.beds.mail import MailBed
from tests.beds.waiting import wait_until
from tests.faults import mails, mutants, oracle
from tests.faults.lines import Line, tell
from tests.faults.shop import WORKER, Shop

pytestmark = pytest.mark.faults

SEED = 20_262
CASES = 10
HISTORY = 1_400
"""Mails at the start: seven pages."""
LIVE = 3
"""Mails that arrive before each kill."""


class Reading:
    """A round of kills while a mailbox is read.

    Attributes:
        lost: mails of the mailbox that are not in the store.
        twice: mails that are there more than once.
        landed: how much of the mailbox was stored at each kill, in percent.
    """

    def __init__(self, shop: Shop, name: str, program: tuple[str, ...] = WORKER) -> None:
        self.shop = shop
        self.name = name
        self.program = program
        self.landed: list[int] = []
        at = SystemClock().now() // 1000 - HISTORY * 60
        made = mails.mixed(HISTORY, shop.user.address, first_at=at, step=60)
        shop.bed.seed(shop.user, "INBOX", [raw for _, raw in made], received_at=at)

    def kill(self, case: int, point: str, passes: int, rng: random.Random) -> None:
        """News arrive, the worker runs to its death."""
        for number in range(LIVE):
            raw = mails.customer_mail(
                case * LIVE + number,
                "x@customer.test",
                self.shop.user.address,
                at=SystemClock().now() / 1000,
                tag="live",
            )
            self.shop.bed.deliver(raw, self.shop.user)
        process = self.shop.start_worker(crash_at=f"{point}:{rng.randint(1, passes)}", program=self.program)
        code = process.wait(60)
        assert code == -signal.SIGKILL, f"{point} was not reached (exit {code})\n{self.shop.log()[-3000:]}"
        wait_until(lambda: not _children_of(process.pid), "the dead worker's children to end")
        stored = sum(self.stored().values())
        self.landed.append(100 * stored // len(self.shop.bed.mailbox(self.shop.user)))

    def stored(self) -> Counter[str]:
        """How often each Message-ID is in the store."""
        rows = self.shop.desk.store.read("select json_extract(extra, '$.message_ids[0]') from message")
        return Counter(str(key) for (key,) in rows)

    def end(self) -> tuple[int, int]:
        """Reads to the end; returns how many mails are lost and how many are there twice."""
        if self.program == WORKER:
            self.shop.once()
        else:
            self.shop.once_by(self.program)
        stored = self.stored()
        wanted = oracle.held_by(self.shop.bed, [self.shop.user])
        lost = sum(not stored[key] for key in wanted)
        twice = sum(count > 1 for count in stored.values())
        facts = {"mails": len(wanted), "stored_at_kills": ",".join(f"{share}%" for share in self.landed)}
        tell(Line(f"kill reading {self.name}", len(self.landed), SEED, lost=lost, twice=twice, facts=facts))
        return lost, twice


def _children_of(pid: int) -> list[str]:
    """Parsing children whose parent is, or was, a process."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"csconsole.sync.parse_child" in words and str(pid).encode() in words:
            found.append(entry.parent.name)
    return found


@pytest.mark.parametrize(("point", "passes"), [("mid-page", 3), ("mid-transaction", 300), ("page-stored", 2)])
def test_killed_while_reading(mail_bed: MailBed, tmp_path: Path, point: str, passes: int) -> None:
    rng = random.Random(SEED)
    with Shop(mail_bed, tmp_path, f"read-{point}") as shop, shop.console():
        reading = Reading(shop, point)
        for case in range(CASES):
            reading.kill(case, point, passes, rng)
        assert reading.end() == (0, 0)
        gaps = shop.desk.store.read(
            "select c.id from conversation c join message m on m.conversation_id = c.id group by c.id"
            " having count(*) <> max(m.seq) or max(m.seq) <> c.message_seq"
        )
        assert gaps == [], "conversations whose sequence has gaps"
        before = [(row.id, row.status, row.message_seq, row.unread) for row in shop.queue()]
        summary = shop.once()["mail"]
        assert (summary.new, summary.duplicates, summary.quarantined, summary.error) == (0, 0, 0, "")
        assert [(row.id, row.status, row.message_seq, row.unread) for row in shop.queue()] == before


@pytest.mark.parametrize(("mutant", "fault"), [("cursor-first", 0), ("gate-open", 1)])
def test_a_worker_that_reads_carelessly_is_caught(mail_bed: MailBed, tmp_path: Path, mutant: str, fault: int) -> None:
    rng = random.Random(SEED)
    with Shop(mail_bed, tmp_path, f"read-{mutant}") as shop, shop.console():
        reading = Reading(shop, mutant, mutants.program(mutant))
        for case in range(3):
            reading.kill(case, "mid-transaction", 150, rng)
        assert reading.end()[fault] > 0, f"the test does not see a worker with the fault {mutant}"
