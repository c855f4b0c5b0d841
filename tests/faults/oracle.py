"""What really happened to answers: Postfix's log and the customers' mailboxes, never our own database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from email.parser import BytesHeaderParser

import msgspec

from csconsole.domain.message import Direction
from csconsole.store.outbox import OutboxRow
from tests.beds.mail import MailBed, MailUser
from tests.beds.waiting import wait_until
from tests.faults.shop import Shop

ENDED = {"sent", "delivered", "read", "failed", "stopped", "uncertain", "cancelled"}


class Findings(msgspec.Struct):
    """What a round of kills did to the answers.

    Attributes:
        name: of the round.
        seed: of its choices.
        cases: kills.
        sends: answers given.
        lost: answers shown as sent that no customer got, or that never came to an end.
        twice: answers that were accepted or delivered more than once.
        uncertain: answers about which a person was asked.
        in_flight: answers on their way at a kill, summed up: at most so many may be uncertain.
        unsent: answers that ended without leaving (failed, stopped, cancelled); nobody gave a reason to.
        disorder: conversations whose answers were accepted in another order than they were given.
        landed: state and phase of the rows at each kill.
    """

    name: str
    seed: int
    cases: int = 0
    sends: int = 0
    lost: int = 0
    twice: int = 0
    uncertain: int = 0
    in_flight: int = 0
    unsent: list[str] = msgspec.field(default_factory=list)
    disorder: list[int] = msgspec.field(default_factory=list)
    landed: Counter[str] = msgspec.field(default_factory=Counter)

    def __str__(self) -> str:
        landed = " ".join(f"{state}={count}" for state, count in sorted(self.landed.items()))
        return (
            f"mail {self.name} cases={self.cases} lost={self.lost} twice={self.twice} uncertain={self.uncertain}"
            f" seed={self.seed} sends={self.sends} in_flight={self.in_flight} {landed}"
        )

    def saw(self, rows: Iterable[OutboxRow]) -> None:
        """Notes where a kill landed."""
        for row in rows:
            if row.state not in ENDED:
                self.landed[f"{row.state}/{row.phase or '-'}"] += 1
                self.in_flight += row.state == "sending" and row.phase == "data"

    def judge(self, rows: list[OutboxRow], accepted: Counter[str], delivered: Counter[str]) -> None:
        """Compares the outbox, oldest first, with what the servers know: counts in the order of acceptance."""
        for row in rows:
            got = delivered[row.key]
            self.sends += 1
            self.twice += max(accepted[row.key], got) > 1
            self.lost += (row.state == "sent" and not got) or row.state not in ENDED
            if row.state in {"failed", "stopped", "cancelled"}:
                self.unsent.append(f"{row.state}: {row.reason}")
            self.uncertain += row.state == "uncertain"
        order = {key: place for place, key in enumerate(accepted)}
        given: dict[int, list[int]] = {}
        for row in rows:
            if row.key in order:
                given.setdefault(row.conversation_id, []).append(order[row.key])
        self.disorder = [conversation for conversation, places in given.items() if places != sorted(places)]


def accepted(bed: MailBed, keys: set[str]) -> Counter[str]:
    """How often Postfix took each answer, after it has delivered all of them."""

    def settled() -> bool:
        found = [entry for entry in bed.postfix_log() if entry.message_id in keys]
        return all(entry.recipients and "deferred" not in entry.recipients.values() for entry in found)

    wait_until(settled, "Postfix to deliver what it accepted", timeout=60)
    return Counter(entry.message_id for entry in bed.postfix_log() if entry.message_id in keys)


def held_by(bed: MailBed, users: Iterable[MailUser], folder: str = "INBOX") -> Counter[str]:
    """How often each Message-ID lies in a folder of some people."""
    parser = BytesHeaderParser()
    return Counter(
        str(parser.parsebytes(raw)["Message-ID"]).strip() for user in users for raw in bed.mailbox(user, folder)
    )


def shown_twice(shop: Shop) -> list[int]:
    """Conversations that show one of our answers more than once: an echo that was not recognised."""
    found = []
    for row in shop.queue():
        texts = Counter(one.body.strip() for one in shop.transcript(row.id) if one.direction is Direction.OUT)
        if any(count > 1 for count in texts.values()):
            found.append(row.id)
    return found
