"""A line to real mail servers that refuses in storms, repeats answers, ends halfway and swallows: nothing is lost,
nothing goes twice, and a person is asked only where the answer to a whole mail was lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.beds.mail import MailBed
from tests.beds.proxy import FaultProxy
from tests.beds.waiting import wait_until
from tests.faults import kills, oracle
from tests.faults.lines import LONG, tell
from tests.faults.oracle import Findings
from tests.faults.shop import Shop, plain

pytestmark = pytest.mark.faults

SEED = 0
EACH = 2
"""Answers given under each fault."""
QUEUED = rb"^250 2\.0\.0 Ok: queued[^\r\n]*\r\n"

Fault = Callable[[FaultProxy], None]
CERTAIN: dict[str, Fault] = {
    "421-greeting": lambda p: p.replace(rb"^220 [^\r\n]*\r\n", b"421 4.3.2 busy\r\n", connections=3),
    "451-sender": lambda p: p.replace(rb"^250 2\.1\.0 Ok\r\n", b"451 4.7.1 later\r\n", connections=3),
    "450-recipient": lambda p: p.replace(rb"^250 2\.1\.5 Ok\r\n", b"450 4.2.0 later\r\n", connections=3),
    "no-greeting": lambda p: p.cut("to_client", after_bytes=1, connections=3),
    "answer-repeated": lambda p: p.repeat(QUEUED, connections=4),
}
"""Faults after which it is known what became of a mail."""
DOUBTFUL: dict[str, Fault] = {
    "sender-repeated": lambda p: p.repeat(rb"^250 2\.1\.0 Ok\r\n", connections=2),
    "half-after-recipient": lambda p: p.half_close(rb"^250 2\.1\.5 Ok\r\n", connections=2),
    "half-for-answer": lambda p: p.half_close(QUEUED, swallow=True, connections=2),
    "cut-for-answer": lambda p: p.cut("to_client", after=QUEUED, swallow=True, connections=2),
}
"""Faults that lose an answer after the mail was announced, or put answers out of step."""
SILENT: dict[str, Fault] = {
    "silent-at-greeting": lambda p: p.stall("to_client", after_bytes=1, connections=2),
    "silent-at-answer": lambda p: p.stall("to_client", after=QUEUED, swallow=True, connections=2),
}
"""Black holes: only a limit of time ends them, so they belong to the long form."""


def _tried(shop: Shop, proxy: FaultProxy, found: Findings, faults: dict[str, Fault]) -> None:
    people = kills.customers(shop.bed, kills.label(shop))
    conversations = kills.open_conversations(shop, people, EACH * len(faults))
    for name, fault in faults.items():
        for number in range(EACH):
            shop.reply(conversations.pop(), f"{name} {number}")
        fault(proxy)
        shop.once()
        proxy.clear()
        proxy.break_now()
        found.cases += 1
        found.in_flight += EACH

    def ended() -> bool:
        shop.once()
        return all(row.state in oracle.ENDED for row in shop.rows())

    wait_until(ended, "the answers to end", timeout=150)
    kills.judge(shop, found, people)
    tell(found)


@pytest.mark.parametrize(
    ("name", "faults", "most_uncertain"),
    [
        ("refusals-and-repeats", CERTAIN, 0),
        ("lost-answers", DOUBTFUL | (SILENT if LONG else {}), EACH * (len(DOUBTFUL) + len(SILENT))),
    ],
    ids=["certain", "doubtful"],
)
def test_sending(
    mail_bed: MailBed, tmp_path: Path, fault_proxy: FaultProxy, name: str, faults: dict[str, Fault], most_uncertain: int
) -> None:
    smtp = plain(fault_proxy.forward(mail_bed.smtp_port).port, login=False)
    with Shop(mail_bed, tmp_path, f"net-{name[:4]}", smtp=smtp) as shop:
        found = Findings(name=f"network {name}", seed=SEED)
        _tried(shop, fault_proxy, found, faults)
        assert (found.lost, found.twice, found.unsent, found.disorder) == (0, 0, [], []), found
        assert found.uncertain <= most_uncertain, found
        assert most_uncertain == 0 or found.uncertain, "no answer was lost"


def test_reading(mail_bed: MailBed, tmp_path: Path, fault_proxy: FaultProxy) -> None:
    """Each mail is there once, whatever happens to the line while it is fetched."""
    imap = plain(fault_proxy.forward(mail_bed.imap_port).port)
    faults: dict[str, Fault] = {
        "no-greeting": lambda p: p.cut("to_client", after_bytes=1, connections=1),
        "half-in-fetch": lambda p: p.half_close(rb"FETCH \(", connections=1),
        "cut-in-fetch": lambda p: p.cut("to_client", after=rb"FETCH \(.*\{\d+\}", connections=1),
        "fetch-cut-late": lambda p: p.cut("to_client", after_bytes=6_000, connections=1),
    }
    if LONG:  # only a limit of time ends it
        faults["silent-at-login"] = lambda p: p.replace(rb"^\w+ OK [^\r\n]*Logged in\r\n", b"", connections=1)
    with Shop(mail_bed, tmp_path, "net-read", imap=imap) as shop:
        people = kills.customers(mail_bed, kills.label(shop))
        count = 0
        for fault in faults.values():
            fault(fault_proxy)
            count += 4
            at = shop.desk.clock.now() // 1000
            for number in range(4):
                raw = kills.customer_mail(count + number, people[number].address, shop.user.address, at=at, tag="net")
                mail_bed.deliver(raw, shop.user)
            shop.once()
            fault_proxy.clear()
            fault_proxy.break_now()
        wait_until(lambda: not shop.once()["mail"].error, "the line to work again", timeout=60)
        wanted = oracle.held_by(mail_bed, [shop.user])
        stored = shop.desk.store.read("select json_extract(extra, '$.message_ids[0]') from message")
        keys = [str(key) for (key,) in stored]
        found = Findings(name="network reading", seed=SEED, cases=len(faults))
        found.lost = sum(key not in keys for key in wanted)
        found.twice = len(keys) - len(set(keys))
        tell(found)
        assert len(wanted) == count
        assert (found.lost, found.twice) == (0, 0)
