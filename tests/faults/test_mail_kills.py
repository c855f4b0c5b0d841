"""The worker is killed with SIGKILL in the middle of sending mail: nothing is lost, nothing goes twice.

The judge is what Postfix logged and what lies in the customers' mailboxes. Every round ends with a person who
looks and says what became of the uncertain answers; then all of them have arrived, each once.
"""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from csconsole.services import replies
from tests.beds.mail import MailBed
from tests.beds.proxy import Direction, FaultProxy
from tests.faults import kills, mutants, oracle
from tests.faults.keeps_sent import let_server_keep_sent
from tests.faults.shop import LONGEST_RUN, Shop, plain

pytestmark = pytest.mark.faults

SEED = 20_261
CASES = 10

POINTS = (
    "claimed",
    "phase-data",
    "accepted",
    "phase-accepted",
    "accepted-before-commit",
    "follow-up",
    "follow-up-done",
)


@pytest.mark.parametrize("point", POINTS)
def test_killed_while_sending(mail_bed: MailBed, tmp_path: Path, point: str) -> None:
    with Shop(mail_bed, tmp_path, f"kill-{point}") as shop:
        found = kills.rounds(shop, point, kills.at_point(point), cases=CASES, seed=SEED)
        _nothing_lost_or_twice(found)
        _a_person_ends_it(shop)
        _each_has_its_copy(shop)


def _inside_data(proxy: FaultProxy) -> None:
    proxy.stall("to_server", after=rb"\r\nSubject:", connections=2)


def _answer_lost(proxy: FaultProxy) -> None:
    proxy.stall("to_client", after=rb"^250 2\.0\.0 Ok: queued", swallow=True, connections=2)


@pytest.mark.parametrize(("name", "order"), [("inside-data", _inside_data), ("answer-lost", _answer_lost)])
def test_killed_in_the_middle_of_the_mail(
    mail_bed: MailBed, tmp_path: Path, fault_proxy: FaultProxy, name: str, order: Callable[[FaultProxy], None]
) -> None:
    smtp = plain(fault_proxy.forward(mail_bed.smtp_port).port, login=False)
    with Shop(mail_bed, tmp_path, f"kill-{name}", smtp=smtp) as shop:
        found = kills.rounds(shop, name, kills.at_stall(fault_proxy, order), cases=CASES, seed=SEED)
        _nothing_lost_or_twice(found)
        assert found.uncertain >= CASES, "the kills did not land in the middle"
        _a_person_ends_it(shop)


def _append_begun(proxy: FaultProxy) -> None:
    proxy.stall("to_server", after=rb" APPEND ", swallow=True, connections=None)


def _append_done(proxy: FaultProxy) -> None:
    proxy.stall("to_client", after=rb"APPENDUID", swallow=True, connections=None)


@pytest.mark.parametrize(("name", "order"), [("append-begun", _append_begun), ("append-done", _append_done)])
def test_killed_while_filing_the_copy(
    mail_bed: MailBed, tmp_path: Path, fault_proxy: FaultProxy, name: str, order: Callable[[FaultProxy], None]
) -> None:
    imap = plain(fault_proxy.forward(mail_bed.imap_port).port)
    with Shop(mail_bed, tmp_path, f"kill-{name}", imap=imap) as shop:
        found = kills.rounds(shop, name, kills.at_stall(fault_proxy, order), cases=CASES, seed=SEED)
        _nothing_lost_or_twice(found)
        _a_person_ends_it(shop)
        _each_has_its_copy(shop)


def test_killed_at_any_time(mail_bed: MailBed, tmp_path: Path) -> None:
    with Shop(mail_bed, tmp_path, "kill-random") as shop:
        found = kills.rounds(shop, "random", kills.at_random(), cases=CASES + 1, seed=SEED)
        _nothing_lost_or_twice(found)
        _a_person_ends_it(shop)


def test_asked_to_end_at_any_time(mail_bed: MailBed, tmp_path: Path) -> None:
    with Shop(mail_bed, tmp_path, "term-random") as shop:
        found = kills.rounds(shop, "terminated", kills.at_random(signal.SIGTERM), cases=CASES, seed=SEED)
        _nothing_lost_or_twice(found)
        assert (found.uncertain, found.in_flight) == (0, 0), "a worker that is asked to end finishes what it began"
        _a_person_ends_it(shop)


def test_many_workers_at_once_are_one(mail_bed: MailBed, tmp_path: Path) -> None:
    def crowd(shop: Shop, rng: random.Random) -> None:
        workers = [shop.start_worker() for _ in range(4)]
        workers[rng.randrange(4)].kill()
        assert [one.wait(LONGEST_RUN) for one in workers].count(0) >= 3

    with Shop(mail_bed, tmp_path, "crowd") as shop:
        found = kills.rounds(shop, "crowd", crowd, cases=4, seed=SEED)
        _nothing_lost_or_twice(found)
        _a_person_ends_it(shop)


@pytest.mark.parametrize(
    ("name", "direction", "after", "state"),
    [
        ("before-data", "to_server", rb"^RCPT TO", "sent"),
        ("in-data", "to_server", rb"\r\nSubject:", "uncertain"),
        ("answer", "to_client", rb"^250 2\.0\.0 Ok: queued", "uncertain"),
    ],
)
def test_the_line_breaks_while_sending(
    mail_bed: MailBed,
    tmp_path: Path,
    fault_proxy: FaultProxy,
    name: str,
    direction: Direction,
    after: bytes,
    state: str,
) -> None:
    def cut(shop: Shop, rng: random.Random) -> None:
        fault_proxy.cut(direction, after=after, swallow=True, connections=2)
        assert shop.run_worker() == 0
        fault_proxy.clear()

    smtp = plain(fault_proxy.forward(mail_bed.smtp_port).port, login=False)
    # With the limit stated nobody asks for it: the cut is for the connections that send.
    with Shop(mail_bed, tmp_path, f"cut-{name}", smtp=smtp, send_limit=30_000_000) as shop:
        found = kills.rounds(shop, f"cut-{name}", cut, cases=2, seed=SEED)
        assert (found.lost, found.twice, found.unsent, found.disorder) == (0, 0, [], []), found
        assert found.uncertain == (4 if state == "uncertain" else 0), found
        _a_person_ends_it(shop)


def test_an_echo_to_ourselves_leaves_nothing_uncertain(mail_bed: MailBed, tmp_path: Path) -> None:
    with Shop(mail_bed, tmp_path, "kill-echo", echo_to_self=True) as shop:
        found = kills.rounds(shop, "echo", kills.at_point("accepted", 1), cases=CASES, seed=SEED, each=1)
        _nothing_lost_or_twice(found)
        assert found.in_flight >= CASES, "the kills did not land between acceptance and our knowing"
        assert found.uncertain == 0
        _a_person_ends_it(shop)


@pytest.mark.parametrize("point", ["accepted", "phase-data"])
def test_a_server_that_keeps_sent_leaves_nothing_uncertain(mail_bed: MailBed, tmp_path: Path, point: str) -> None:
    with Shop(mail_bed, tmp_path, f"keeps-{point}", sent_copy="server") as shop:
        let_server_keep_sent(mail_bed, shop.user)
        found = kills.rounds(shop, f"server-{point}", kills.at_point(point, 1), cases=CASES, seed=SEED, each=1)
        _nothing_lost_or_twice(found)
        assert found.in_flight >= CASES, "the kills did not land where only the server knows"
        assert found.uncertain == 0
        _a_person_ends_it(shop)


@pytest.mark.parametrize(("mutant", "point"), [("blind-retry", "accepted"), ("phase-unwritten", "accepted")])
def test_a_worker_that_sends_again_blindly_is_caught(
    mail_bed: MailBed, tmp_path: Path, mutant: str, point: str
) -> None:
    program = mutants.program(mutant)
    with Shop(mail_bed, tmp_path, f"mutant-{mutant}") as shop:
        kill = kills.at_point(point, program=program)
        found = kills.rounds(shop, mutant, kill, cases=3, seed=SEED, program=program)
        assert found.twice > 0, f"the test does not see a worker with the fault {mutant}"


def _nothing_lost_or_twice(found: oracle.Findings) -> None:
    assert (found.lost, found.twice, found.unsent) == (0, 0, []), found
    assert found.uncertain <= found.in_flight, found
    assert not found.disorder, f"answers overtook each other: {found.disorder}"


def _a_person_ends_it(shop: Shop) -> None:
    """A further run changes nothing; then a person looks and says what became of the uncertain ones."""
    people = kills.customers(shop.bed, kills.label(shop))
    before = kills.state_of(shop, people)
    shop.once()
    assert kills.state_of(shop, people) == before
    assert oracle.shown_twice(shop) == []
    arrived = oracle.held_by(shop.bed, people)
    for row in shop.rows():
        if row.state == "uncertain":
            replies.settle(shop.desk, row.uid, sent=bool(arrived[row.key]))
            if not arrived[row.key]:
                replies.retry(shop.desk, row.uid)
    kills.quiet(shop)
    taken = oracle.accepted(shop.bed, {row.key for row in shop.rows()})
    arrived = oracle.held_by(shop.bed, people)
    assert {(row.state, taken[row.key], arrived[row.key]) for row in shop.rows()} == {("sent", 1, 1)}


def _each_has_its_copy(shop: Shop) -> None:
    """However the worker died, Sent holds each answer once."""
    copies = oracle.held_by(shop.bed, [shop.user], "Sent")
    assert {row.key: copies[row.key] for row in shop.rows()} == {row.key: 1 for row in shop.rows()}
