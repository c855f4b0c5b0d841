"""Any number of realistic conversations at once, for ``demo --build-only`` and the benchmarks.

Made to be streamed: nothing but the customers' accounts is remembered, and a conversation costs some tens of
microseconds. The same arguments always give the same stream. Words follow a falling (Zipf-like) distribution,
with order numbers, names and amounts as rare words.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, NamedTuple, TypeVar

from csconsole.clock import DAY, HOUR, MINUTE, SECOND
from csconsole.connectors.demo.bulk_texts import Texts
from csconsole.connectors.demo.channels import CHANNELS
from csconsole.connectors.demo.people import CALL_NAMES, ENGLISH_NAMES, ENGLISH_SURNAMES, FIRST_NAMES, SURNAMES
from csconsole.connectors.demo.shop import shop

T = TypeVar("T")

_YEAR = 365 * DAY
_RECENT = 0.15
"""Share of the conversations, the newest, among which the unfinished ones lie."""
_OPEN, _PENDING, _SNOOZED = 0.10, 0.02, 0.01
_ACCOUNT_WEIGHTS = {"line": 5, "email": 6, "messenger": 12, "instagram": 7, "webchat": 6, "phone": 4, "desk": 3}
_TABLE = 4096
FIRST_NUMBER = 100_001


class BulkCustomer(NamedTuple):
    """A customer, given once, with the first of their conversations."""

    customer: int
    name: str
    call_name: str
    language: str
    kind: str
    realm: str
    value: str
    display: str
    tags: tuple[str, ...]


class BulkMessage(NamedTuple):
    """A message; ``at`` in ms UTC rises within its conversation. ``delivery`` is "" for what came in."""

    at: int
    direction: str
    visibility: str
    author_kind: str
    author_name: str
    body: str
    delivery: str


class BulkConversation(NamedTuple):
    """A conversation with all its messages.

    Attributes:
        number: unique in the whole stream, from :data:`FIRST_NUMBER`.
        thread: the source's id of the conversation.
        account: account name of the demo's configuration.
        channel: the account's channel.
        branch: the account's branch, "" for none.
        customer: index of the customer, dense from 0 in order of first appearance.
        new_customer: the customer at the first appearance, None later.
        subject: "" where the channel has none.
        status: open, pending, snoozed, resolved, closed or spam.
        assignee: agent name, "" for nobody.
        team: team id.
        priority: urgent, high, normal or low.
        kind: kind of contact.
        reason: contact reason.
        tags: sorted.
        created_at: ms UTC; rises from one conversation to the next.
        snoozed_until: ms UTC when snoozed, else None.
        unread: messages at the end that no agent has opened.
        messages: at least one, in order of time.
    """

    number: int
    thread: str
    account: str
    channel: str
    branch: str
    customer: int
    new_customer: BulkCustomer | None
    subject: str
    status: str
    assignee: str
    team: str
    priority: str
    kind: str
    reason: str
    tags: tuple[str, ...]
    created_at: int
    snoozed_until: int | None
    unread: int
    messages: list[BulkMessage]


def bulk_conversations(seed: int, conversations: int, messages: int, now: int) -> Iterator[BulkConversation]:
    """Streams conversations of the past year, oldest first.

    Args:
        seed: another number is another stream.
        conversations: how many; may be millions.
        messages: how many messages they have in all; raised to ``conversations`` when lower.
        now: the end of the year, ms UTC; nothing is later except ``snoozed_until``.
    """
    yield from _Stream(seed, conversations, max(messages, conversations), now)


class _Stream:
    """The state of one stream: its random numbers, its tables, and which account each customer writes to."""

    def __init__(self, seed: int, conversations: int, messages: int, now: int) -> None:
        data = shop()
        self._random = Random(f"bulk {seed}")
        self._texts = Texts(self._random)
        self._count, self._left, self._now = conversations, messages, now
        accounts = data["accounts"]
        self._accounts: list[dict[str, Any]] = accounts
        self._shares = [
            index for index, account in enumerate(accounts) for _ in range(_ACCOUNT_WEIGHTS.get(account["channel"], 2))
        ]
        self._agents: list[str] = [agent["name"] for agent in data["agents"]]
        self._team_of: dict[str, str] = {agent["name"]: (agent["teams"] or ["front"])[0] for agent in data["agents"]}
        self._reasons = tuple(reason for group in data["contact_reasons"].values() for reason in group)
        self._tags = zipf_table(self._random, data["tags"]["conversation"])
        self._call_names = zipf_table(self._random, CALL_NAMES)
        self._homes = array("H")

    def __iter__(self) -> Iterator[BulkConversation]:
        begin, span = self._now - _YEAR, _YEAR - HOUR
        for index in range(self._count):
            created = begin + span * index // max(self._count - 1, 1)
            yield self._conversation(index, created)

    def _conversation(self, index: int, created: int) -> BulkConversation:
        chance, bits = self._random.random, self._random.getrandbits
        customer, new = self._customer()
        account = self._accounts[self._homes[customer]]
        channel = account["channel"]
        status = self._status(index)
        assignee = self._assignee(status)
        intent = self._texts.intent()
        length = self._length(index)
        messages = self._messages(created, length, status, assignee, channel, intent)
        tags = {self._tags[bits(12)] for _ in range(bits(2))}
        if status == "spam":
            tags.add("spam")
        return BulkConversation(
            number=FIRST_NUMBER + index,
            thread=f"bulk-{index}",
            account=account["name"],
            channel=channel,
            branch=account.get("branch", ""),
            customer=customer,
            new_customer=new,
            subject=self._texts.subject(intent) if channel in ("email", "phone") else "",
            status=status,
            assignee=assignee,
            team=self._team_of.get(assignee, "front"),
            priority=_PRIORITIES[bits(4)],
            kind=_KINDS.get(intent, "question"),
            reason=self._reasons[int(chance() * len(self._reasons))],
            tags=tuple(sorted(tags)),
            created_at=created,
            snoozed_until=self._now + (1 + bits(6)) * HOUR if status == "snoozed" else None,
            unread=_trailing(messages) if status == "open" else 0,
            messages=messages,
        )

    def _customer(self) -> tuple[int, BulkCustomer | None]:
        """Six of ten conversations are a new customer's; the others come from one who wrote before."""
        known = len(self._homes)
        if known and self._random.random() > 0.6:
            return int(self._random.random() ** 2 * known), None
        bits = self._random.getrandbits
        home = self._shares[int(self._random.random() * len(self._shares))]
        self._homes.append(home)
        account = self._accounts[home]
        kind = CHANNELS[account["channel"]].identity[0]
        english = bits(4) == 0
        if english:
            call = ENGLISH_NAMES[bits(8) % len(ENGLISH_NAMES)]
            name = f"{call} {ENGLISH_SURNAMES[bits(3)]} {known}"
        else:
            call = self._call_names[bits(12)]
            name = f"{FIRST_NAMES[bits(8) % len(FIRST_NAMES)]} {SURNAMES[bits(8) % len(SURNAMES)]}"
        realm = account.get("provider") or ("global" if kind in ("email", "phone") else account["name"])
        return known, BulkCustomer(
            customer=known,
            name=name,
            call_name=call,
            language="en" if english else "th",
            kind=kind,
            realm=realm,
            value=_value(kind, known, bits(64)),
            display=call,
            tags=("vip",) if bits(6) == 0 else (),
        )

    def _status(self, index: int) -> str:
        """A tenth of all are open; all unfinished ones lie among the newest."""
        recent = max(self._count * _RECENT, 1)
        draw = self._random.random()
        if index >= self._count - recent:
            draw *= _RECENT
            for status, share in (("open", _OPEN), ("pending", _PENDING), ("snoozed", _SNOOZED)):
                if draw < share:
                    return status
                draw -= share
            return "resolved"
        return "resolved" if draw < 0.9 else "closed" if draw < 0.985 else "spam"

    def _assignee(self, status: str) -> str:
        """A third of the open ones are nobody's."""
        if status == "spam" or (status == "open" and self._random.random() < 1 / 3):
            return ""
        return self._agents[int(self._random.random() * len(self._agents))]

    def _length(self, index: int) -> int:
        """Messages of this conversation, so that all together come to the number asked for."""
        after = self._count - index - 1
        if not after:
            return self._left
        mean = self._left / (after + 1)
        length = max(1, min(round(mean * _LENGTHS[self._random.getrandbits(4)]), self._left - after))
        self._left -= length
        return length

    def _messages(
        self, created: int, length: int, status: str, assignee: str, channel: str, intent: str
    ) -> list[BulkMessage]:
        bits, texts = self._random.getrandbits, self._texts
        room = max(self._now - created, length * SECOND)
        step = min(room // length, (DAY if channel == "email" else 20 * MINUTE))
        agent = assignee or "nok"
        waiting = status == "open"
        made = []
        at = created
        for place in range(length):
            left = length - place
            if place == 0 or (left == 1 and waiting):
                inward = True
            elif left == 1 and status in ("pending", "snoozed"):
                inward = False
            else:
                inward = bits(1) == 1
            if inward or (waiting and not assignee):
                body = texts.opening(intent) if place == 0 else texts.customer(intent)
                made.append(BulkMessage(at, "in", "public", "customer", "", body, ""))
            elif bits(4) == 0 and left > 1:
                made.append(BulkMessage(at, "out", "internal", "agent", agent, texts.note(), ""))
            else:
                made.append(BulkMessage(at, "out", "public", "agent", agent, texts.agent(), "sent"))
            at += 1 + int(self._random.random() * step)
        return made


def zipf_table(random: Random, words: Sequence[T]) -> list[T]:
    """A table of 4096 places in which the word of rank r stands about 1/r as often as the first.

    Draw with ``table[random.getrandbits(12)]``.
    """
    return random.choices(words, [1 / rank for rank in range(1, len(words) + 1)], k=_TABLE)


def _trailing(messages: list[BulkMessage]) -> int:
    count = 0
    for message in reversed(messages):
        if message.direction == "out":
            break
        count += 1
    return count


def _value(kind: str, index: int, noise: int) -> str:
    if kind == "email":
        return f"bulk{index}@mailbox.example"
    if kind == "phone":
        return f"+66991{index:07}"
    if kind == "line_uid":
        return f"U{noise:016x}{index:016x}"
    return f"{noise % 10**9}{index:08}"


_PRIORITIES = ("normal",) * 11 + ("high",) * 3 + ("low", "urgent")
_LENGTHS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.6, 2.2, 3.0)
"""Lengths relative to the mean, which is 1."""
_KINDS = {
    "return_exchange": "request",
    "refund": "request",
    "tax_invoice": "request",
    "defect": "problem",
    "complaint": "complaint",
    "thanks": "praise",
    "order_status": "question",
}
