"""Killing a sync worker at chosen places, again and again, while answers are given."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Sequence

from tests.beds.mail import MailBed, MailUser
from tests.beds.proxy import FaultProxy
from tests.beds.waiting import wait_until
from tests.faults import oracle
from tests.faults.lines import tell
from tests.faults.mails import customer_mail
from tests.faults.oracle import Findings
from tests.faults.shop import WORKER, Shop, end

PER_KILL = 4
"""Answers given before each kill: as many as an account sends at once."""
CUSTOMERS = 4

Kill = Callable[[Shop, random.Random], None]


def at_point(name: str, passes: int = PER_KILL, program: Sequence[str] = WORKER) -> Kill:
    """The worker kills itself at a crash point, at one of its first passes."""

    def kill(shop: Shop, rng: random.Random) -> None:
        code = shop.run_worker(crash_at=f"{name}:{rng.randint(1, passes)}", program=program)
        assert code == -signal.SIGKILL, f"{name} was not reached (exit {code})\n{shop.log()[-3000:]}"

    return kill


def at_stall(proxy: FaultProxy, order: Callable[[FaultProxy], None], program: Sequence[str] = WORKER) -> Kill:
    """The line falls silent at a place of the protocol, and the worker is killed there."""

    def kill(shop: Shop, rng: random.Random) -> None:
        before = sum(one.broken is not None for one in proxy.connections)
        order(proxy)
        process = shop.start_worker(program=program)
        proxy.wait_for_break(before + 1, timeout=30)
        end(process)
        proxy.clear()
        proxy.break_now()

    return kill


def at_random(number: int = signal.SIGKILL, program: Sequence[str] = WORKER) -> Kill:
    """The worker gets a signal after a random time, at most as long as its first run, which is let alone, needs."""
    longest = 0.0

    def kill(shop: Shop, rng: random.Random) -> None:
        nonlocal longest
        begun = time.monotonic()
        process = shop.start_worker(program=program)
        if not longest:
            wait_until(lambda: all(row.state in oracle.ENDED for row in shop.rows()), "the answers to leave")
            longest = time.monotonic() - begun
        else:
            threading.Event().wait(rng.uniform(longest / 3, longest))
        end(process, number)

    return kill


def customers(bed: MailBed, name: str) -> list[MailUser]:
    """The customers of a round."""
    return [bed.customer(f"{name}-{number}") for number in range(CUSTOMERS)]


def open_conversations(shop: Shop, people: list[MailUser], count: int) -> list[int]:
    """As many conversations, begun by mails of these customers; their keys."""
    at = shop.desk.clock.now() // 1000 - count * 60
    for number in range(count):
        sender = people[number % len(people)]
        raw = customer_mail(number, sender.address, shop.user.address, at=at + number * 60, tag=sender.address[:-14])
        shop.bed.seed(shop.user, "INBOX", [raw], received_at=at + number * 60)
    shop.once()
    found = [row.id for row in shop.queue("status:open")]
    assert len(found) == count, f"{len(found)} of {count} conversations are open"
    return found


def rounds(
    shop: Shop,
    name: str,
    kill: Kill,
    *,
    cases: int,
    seed: int,
    each: int = PER_KILL,
    program: Sequence[str] = WORKER,
) -> Findings:
    """Gives answers and kills the worker, again and again; then lets it work until it is quiet, and judges.

    Args:
        shop: a new one.
        name: of the round, printed with its findings.
        kill: runs a worker to its death.
        cases: how many kills.
        seed: of its choices.
        each: answers given before each kill; the last of several goes to the first one's conversation, so that
            order is at stake too.
        program: what Python runs at the end.
    """
    rng = random.Random(seed)
    found = Findings(name=name, seed=seed)
    people = customers(shop.bed, label(shop))
    threads = max(1, each - 1)
    conversations = open_conversations(shop, people, cases * threads)
    rng.shuffle(conversations)
    for case in range(cases):
        chosen = conversations[case * threads :][:threads]
        for number in range(each):
            shop.reply(chosen[number % threads], f"คำตอบ {name} {case}.{number}")
        kill(shop, rng)
        found.cases += 1
        found.saw(shop.rows())
    quiet(shop, program)
    judge(shop, found, people)
    tell(found)
    return found


def label(shop: Shop) -> str:
    """What a shop's customers are called after."""
    return shop.user.address.partition("@")[0]


def quiet(shop: Shop, program: Sequence[str] = WORKER) -> None:
    """Lets workers run until one finds nothing to do and ends by itself."""
    for _ in range(3):
        code = shop.run_worker(program=program)
        assert code == 0, f"the worker ended with {code}\n{shop.log()[-3000:]}"
        if all(row.state in oracle.ENDED for row in shop.rows()):
            return


def judge(shop: Shop, found: Findings, people: list[MailUser]) -> None:
    """Compares what the outbox says with what arrived."""
    rows = shop.rows()
    keys = {row.key for row in rows}
    found.judge(rows, oracle.accepted(shop.bed, keys), oracle.held_by(shop.bed, people))


def state_of(shop: Shop, people: list[MailUser]) -> object:
    """All that a further run must not change."""
    rows = [(row.id, row.state, row.attempts) for row in shop.rows()]
    queue = sorted((row.id, row.status, row.message_seq, row.outgoing) for row in shop.queue())
    return rows, queue, oracle.held_by(shop.bed, people), oracle.held_by(shop.bed, [shop.user], "Sent")
