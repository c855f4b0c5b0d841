"""What follows from an accepted reply: receipts, the customer's answer, and what it leads to.

A fold over the ledger: the same acceptances in the same order give the same consequences, whoever computes
them and however often. Every consequence is due at least a second after its acceptance.
"""

from __future__ import annotations

from bisect import bisect_right, insort

import msgspec

from csconsole.clock import SECOND
from csconsole.connectors.demo.arrivals import account_of, number_of, person
from csconsole.connectors.demo.chance import below, pick
from csconsole.connectors.demo.channels import CHANNELS
from csconsole.connectors.demo.ledger import Acceptance
from csconsole.connectors.demo.shop import Table, by_id, duration, shop
from csconsole.connectors.demo.stories import Due, profile, raw_item, state

_APART = 4 * SECOND
"""Between two bubbles that are due at the same time."""
_EFFECT = 5 * SECOND
_THANKS = ("ขอบคุณค่ะ", "ขอบคุณมากค่ะ แอดมินน่ารัก", "โอเคครับ รับทราบ", "ได้ค่ะ รอนะคะ", "รับทราบค่ะ ขอบคุณนะคะ")
_THANKS_EN = ("Great, thank you so much!", "Thanks, that helps.", "Okay, I'll wait.", "Perfect, thank you.")


class _Answer(msgspec.Struct, frozen=True):
    """What a customer writes back."""

    after: int
    text: str
    sticker: str = ""
    public: bool = False


class Reactions:
    """The consequences of all replies through one account.

    Args:
        account: the account's name.
        channel: its channel.
        seed: the demo's seed.
        start: its time zero in ms UTC.
    """

    def __init__(self, account: str, channel: str, seed: int, start: int) -> None:
        self._account, self._channel, self._seed, self._start = account, channel, seed, start
        self._seen = 0
        self._due: list[Due] = []
        self._fired: dict[str, set[int]] = {}
        self._thanked: set[str] = set()
        self._facts: dict[str, Table] = {}

    def between(self, lines: list[Acceptance], after: tuple[int, str], until: int) -> list[Due]:
        """Consequences due later than the position ``after`` and not later than ``until``, in order.

        Args:
            lines: all acceptances of the ledger so far; a longer list than last time, never another one.
            after: instant and id of the last consequence already known.
            until: ms UTC.
        """
        self._take(lines)
        first = bisect_right(self._due, after, key=lambda due: (due.at, due.id))
        last = bisect_right(self._due, until, key=lambda due: due.at)
        return self._due[first:last]

    def next_after(self, lines: list[Acceptance], at: int) -> int | None:
        """When the next consequence after ``at`` is due; None when nothing is."""
        self._take(lines)
        place = bisect_right(self._due, at, key=lambda due: due.at)
        return self._due[place].at if place < len(self._due) else None

    def _take(self, lines: list[Acceptance]) -> None:
        for line in lines[self._seen :]:
            if line.account == self._account:
                for due in [*self._receipts(line), *self._conversation(line)]:
                    insort(self._due, due, key=lambda entry: (entry.at, entry.id))
        self._seen = len(lines)

    def _receipts(self, line: Acceptance) -> list[Due]:
        channel = CHANNELS[self._channel]
        due = []
        for word, delay in (("delivered", channel.delivered), ("read", channel.read)):
            if delay:
                body: Table = {
                    "type": "receipt",
                    "id": f"{line.remote_id}:{word}",
                    "message": line.remote_id,
                    "at": line.at + delay,
                    "delivery": word,
                }
                due.append(Due(body["at"], body["id"], raw_item(body, kind="receipt")))
        return due

    def _conversation(self, line: Acceptance) -> list[Due]:
        customer = customer_of(line.thread, self._account, self._channel, self._seed, self._start)
        if customer is None:
            return []
        story = by_id("conversations").get(line.thread)
        if story is not None:
            return self._story(line, story, customer)
        return self._messages(line, self._thanks(line, customer), customer)

    def _story(self, line: Acceptance, story: Table, customer: Table) -> list[Due]:
        fired = self._fired.setdefault(story["id"], set())
        for index, reaction in enumerate(story.get("reactions", [])):
            if index in fired or not any(word in line.text for word in reaction["when"]["reply_contains_any"]):
                continue
            fired.add(index)
            answers = [
                _Answer(
                    duration(answer["after"]),
                    answer["text"],
                    reaction.get("sticker", "") if not answer["text"] else "",
                    reaction.get("public", False),
                )
                for answer in reaction["then"]
            ]
            due = self._messages(line, answers, customer)
            return due + self._effect(line, story, reaction.get("effect", {}), due[-1].at)
        return self._messages(line, self._thanks(line, customer), customer)

    def _thanks(self, line: Acceptance, customer: Table) -> list[_Answer]:
        """Every second conversation thanks once for an answer nothing else was prepared for."""
        if line.thread in self._thanked or below(2, self._seed, "thanks", line.thread):
            return []
        self._thanked.add(line.thread)
        words = _THANKS_EN if customer["language"] == "en" else _THANKS
        after = (15 + below(45, self._seed, "after", line.thread)) * SECOND
        return [_Answer(after, pick(words, self._seed, "words", line.thread))]

    def _messages(self, line: Acceptance, answers: list[_Answer], customer: Table) -> list[Due]:
        due: list[Due] = []
        for index, answer in enumerate(answers):
            body: Table = {
                "type": "message",
                "id": f"{line.thread}:after-{line.n}-{index + 1}",
                "thread": line.thread,
                "at": line.at + answer.after + index * _APART,
                "direction": "in",
                "visibility": "public",
                "author": {"kind": "customer", "name": customer["name"]},
                "kind": "sticker" if answer.sticker else "text",
                "text": answer.text,
                "surface": "public" if answer.public else "",
                "customer": customer,
                "extra": {"sticker": {"package": "demo", "id": answer.sticker}} if answer.sticker else {},
            }
            if self._channel == "email":
                body["message_ids"] = [f"<{body['id'].replace(':', '.')}@mailbox.example>"]
                body["reply_to"] = [line.key]
            due.append(Due(body["at"], body["id"], raw_item(body, kind="message")))
        return due

    def _effect(self, line: Acceptance, story: Table, effect: Table, at: int) -> list[Due]:
        """A rating or a deal's new stage, as the whole set of the conversation's attributes."""
        if not effect:
            return []
        known = self._facts.setdefault(story["id"], state(story, self._start)["attributes"])
        facts = dict(known)
        for name, value in effect.items():
            if name == "deal":
                facts["deal"] = {**facts.get("deal", {}), "stage": value}
            elif name == "order":
                facts["order"] = {**facts.get("order", {}), "status": value}
            else:
                facts[name] = value
        self._facts[story["id"]] = facts
        body = {
            "type": "state",
            "id": f"{story['id']}:effect-{line.n}",
            "thread": story["id"],
            "at": at + _EFFECT,
            "attributes": facts,
        }
        return [Due(body["at"], body["id"], raw_item(body, kind="state"))]


def customer_of(thread: str, account: str, channel: str, seed: int, start: int) -> Table | None:
    """Whom a conversation of an account is with; None when the demo did not begin it."""
    story = by_id("conversations").get(thread)
    if story is not None and story["account"] == account:
        return profile(by_id("customers")[story["customer"]], channel, start)
    k = number_of(thread)
    if k and account_of(seed, k)["name"] == account:
        return person(seed, k)
    return None


def echo(line: Acceptance, channel: str, customer: Table | None) -> Due:
    """Our own message as the channel reports it back, carrying our mark.

    Args:
        line: the acceptance.
        channel: the account's channel.
        customer: whom it went to; when unknown the recipient's bare id stands for them.
    """
    if customer is None and line.to:
        kind = CHANNELS[channel].identity[0]
        identity = {"kind": kind, "realm": line.account, "value": line.to[0], "display": "", "verified": False}
        customer = {"name": "", "identities": [identity]}
    body: Table = {
        "type": "message",
        "id": line.remote_id,
        "thread": line.thread,
        "at": line.at,
        "direction": "out",
        "visibility": "public",
        "author": {"kind": "external", "name": shop()["shop"]["name"]["th"]},
        "kind": "text",
        "text": line.text,
        "marker": line.key,
        "customer": customer,
        "delivery": "sent",
        "extra": {"echo": channel},
    }
    return Due(line.at, body["id"], raw_item(body, kind="message"))
