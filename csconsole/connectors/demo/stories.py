"""The seeded conversations: their messages, notes, events and states as raw items of one account."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from csconsole.connectors.base import PageKind, RawItem
from csconsole.connectors.demo.channels import CHANNELS
from csconsole.connectors.demo.shop import Table, by_id, orders_of, settle_times, shop, when

_encode = msgspec.json.Encoder().encode

_KINDS = {"product.defect": "problem", "product.missing_part": "problem", "delivery": "problem"}
_KINDS |= {"refund": "request", "billing": "request", "privacy": "request", "product.exchange": "request"}
_KINDS |= {"sales.wholesale": "order", "payment": "problem", "branch.queue": "complaint", "safety": "problem"}
_FACTS = (
    *("product", "sla", "promise", "approval", "escalation", "call", "visit", "deal", "handover"),
    *("incident", "dsr", "linked", "source", "sensitive", "note_on_identity", "reposts", "cc"),
    "snoozed_until",
)


class Due(NamedTuple):
    """An item and when it comes into being; ordered by that, then by its id."""

    at: int
    id: str
    item: RawItem
    kind: PageKind = PageKind.LIVE


def raw_item(body: Table, *, kind: str) -> RawItem:
    """A raw item out of its JSON object, which states its own id and time."""
    return RawItem(remote_id=body["id"], kind=kind, raw=_encode(body), received_at=body["at"])


def profile(customer: Table, channel: str, start: int) -> Table:
    """A customer as every message of theirs carries them: the identity of this channel first."""
    kinds = CHANNELS[channel].identity
    identities = sorted(customer["identities"], key=lambda identity: identity["kind"] not in kinds)
    attributes: Table = settle_times(customer["attributes"], start)
    if note := customer.get("address_note"):
        attributes["address_note"] = note
    if orders := orders_of(customer["id"]):
        attributes["orders"] = [settle_times(_order(order), start) for order in orders]
    return {
        "name": customer["name"],
        "call": customer.get("call_name") or "",
        "language": customer["language"],
        "tags": customer["tags"],
        "attributes": attributes,
        "identities": [
            {key: identity.get(key) or "" for key in ("kind", "realm", "value", "display")}
            | {"verified": identity["verified"]}
            for identity in identities
        ],
    }


def _order(order: Table) -> Table:
    """An order with the names of its products instead of their numbers alone."""
    products = by_id("products", "sku")
    items = [{"sku": sku, "name": products[sku]["name"], "count": count} for sku, count in order["items"]]
    return {key: value for key, value in order.items() if key != "customer"} | {"items": items}


def conversation_kind(story: Table) -> str:
    """The kind of contact a seeded conversation is, from its tags and reason."""
    if {"complaint", "public-complaint"} & set(story["tags"]):
        return "complaint"
    reason = story["reason"] or ""
    return _KINDS.get(reason) or _KINDS.get(reason.partition(".")[0]) or "question"


def state(story: Table, start: int) -> Table:
    """A seeded conversation's fields, without id and time."""
    facts: dict[str, Any] = {key: settle_times(story[key], start) for key in _FACTS if story.get(key)}
    if order := by_id("orders", "order_no").get(story.get("order") or ""):
        facts["order"] = settle_times(_order(order), start)
    facts["story"] = by_id("customers")[story["customer"]]["story"]
    return {
        "type": "state",
        "thread": story["id"],
        "number": story["number"],
        "subject": story["subject"],
        "status": story["status"],
        "assignee": story["assignee"] or "",
        "team": story["team"],
        "priority": story["priority"],
        "tags": story["tags"],
        "reason": story["reason"],
        "kind": conversation_kind(story),
        "attributes": facts,
    }


def seeded(account: str, start: int) -> list[Due]:
    """All seeded items of an account, history first, each part in order of time.

    What a customer wrote since the last public answer, and all that came after it, is live: it is unread and
    its clock runs. All before that is history. A conversation's state stands at the end of its history, so
    that news finds it open, and again after its last item.
    """
    past: list[Due] = []
    live: list[Due] = []
    for story in shop()["conversations"]:
        if story["account"] != account:
            continue
        items = _story_items(story, start)
        cut = _first_unanswered(story)
        older = [due for due, seq in items if seq < cut]
        newer = [due for due, seq in items if seq >= cut]
        fields = state(story, start)
        past += [due._replace(kind=PageKind.HISTORY) for due in older]
        if older:
            past.append(_state_due(fields, "seeded", older[-1].at)._replace(kind=PageKind.HISTORY))
        live += newer
        last = max((due.at for due, _ in items if due.at <= start), default=start)
        if closed := story.get("closed_at"):
            last = when(closed, start)
        live.append(_state_due(fields, "state", last))
    return sorted(past) + sorted(live)


def _state_due(fields: Table, word: str, at: int) -> Due:
    body = fields | {"id": f"{fields['thread']}:{word}", "at": at}
    return Due(at, body["id"], raw_item(body, kind="state"))


def _first_unanswered(story: Table) -> int:
    """The ``seq`` of the first customer message after the last public answer, past the end when none.

    In a conversation that is not open nobody waits: a call that ended with the customer's goodbye is over.
    """
    messages = story["messages"]
    if story["status"] != "open":
        return len(messages) + 1
    answers = [m["seq"] for m in messages if m["direction"] == "out" and m["visibility"] == "public"]
    last = max(answers, default=0)
    waiting = [m["seq"] for m in messages if m["direction"] == "in" and m["seq"] > last]
    return int(min(waiting, default=len(messages) + 1))


def _story_items(story: Table, start: int) -> list[tuple[Due, float]]:
    """Messages and events with their places; times never fall from one message to the next,
    which "T-02:10:00" after "D-1 22:58" would when the demo starts just after midnight."""
    channel = story["channel"]
    person = profile(by_id("customers")[story["customer"]], channel, start)
    items: list[tuple[Due, float]] = []
    floor = 0
    references: list[str] = []
    for message in story["messages"]:
        at = when(message["at"], start)
        at = floor = max(at, floor)
        body = message_body(story, message, person, at)
        if channel == "email" and message["visibility"] == "public":
            name = f"<{body['id']}@krajibhome.example>"
            body |= {"message_ids": [name], "reply_to": references[::-1]}
            references.append(name)
        items.append((Due(at, body["id"], raw_item(body, kind="message")), message["seq"]))
    for index, event in enumerate(story["events"], 1):
        at = when(event["at"], start)
        body = {
            "type": "message",
            "id": f"{story['id']}:event-{index}",
            "thread": story["id"],
            "at": at,
            "direction": "out",
            "visibility": "internal",
            "author": {"kind": "system", "name": ""},
            "kind": "event",
            "text": event["text"],
            "customer": person,
            "extra": {"event": event["kind"], "reason": event["reason"]},
        }
        place = max((seq for due, seq in items if due.at <= at), default=0)
        items.append((Due(at, body["id"], raw_item(body, kind="message")), place))
    return sorted(items)


def message_body(story: Table, message: Table, person: Table, at: int) -> Table:
    """The JSON object of one seeded message."""
    author = message["author"]
    name = author.get("agent", "") if author["kind"] != "customer" else person["name"]
    extra: Table = {"lang": message["lang"]}
    extra |= {key: message[key] for key in ("sticker", "slip") if key in message}
    return {
        "type": "message",
        "id": f"{story['id']}:{message['seq']:02}",
        "thread": story["id"],
        "at": at,
        "direction": message["direction"],
        "visibility": message["visibility"],
        "author": {"kind": author["kind"], "name": name},
        "kind": message["kind"],
        "text": message["text"],
        "surface": message.get("surface", ""),
        "subject": story["subject"] or "",
        "delivery": message.get("delivery", ""),
        "attachments": message.get("attachments", []),
        "customer": person,
        "extra": extra,
    }
