"""Queries answer as plain Python would over the same rows, and paging gives every row exactly once."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csconsole.clock import DAY, HOUR, MINUTE
from csconsole.domain.conversation import ENDED
from csconsole.domain.query import And, Field, Not, Or, Query, Word, parse
from csconsole.domain.query_eval import bounds
from csconsole.domain.rules import queue_key
from csconsole.errors import UsageError
from csconsole.store import accounts, conversations, customers, drafts, messages, tags
from csconsole.store.database import Store
from csconsole.store.messages import NewMessage
from csconsole.store.queue import Queue
from csconsole.text.search import fold
from tests.store.support import NOW, ZONE, ask, make, scope

STATUSES = ("open", "pending", "on_hold", "snoozed", "resolved", "closed", "spam")
WORDS = ("refund", "พัดลม", "order", "ขนส่ง", "Broken")
TAGS = ("vip", "refund", "ด่วน", "air-fryer")
PEOPLE = ("สมชาย ใจดี", "Anna Müller", "สมหญิง", "Bob Order")
AGES = (0, 5 * MINUTE, 31 * MINUTE, 3 * HOUR, DAY, 8 * DAY)

Row = dict[str, Any]


class World(tuple[Store, list[Row]]):
    """A store and its facts; short in a failure's words."""

    def __repr__(self) -> str:
        return "world"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, list[Row]]]:
    store = make(tmp_path_factory.mktemp("queries"))
    rows = populate(store, random.Random(7), 160)
    yield World((store, rows))
    store.close()


def populate(store: Store, rng: random.Random, count: int) -> list[Row]:
    """Random conversations, written by the store and remembered as plain facts."""
    rows: list[Row] = []
    with store.transaction(NOW) as tx:
        names = ("line-siam", "mail", "line-online")
        boxes = [accounts.ensure_account(tx, n, "demo", n.split("-")[0], branch=n.split("-")[-1]) for n in names]
        agents = {name: accounts.ensure_agent(tx, name) for name in ("nok", "oat", "may")}
        people: list[tuple[int, Row]] = []
        for name in PEOPLE:
            key = customers.create(tx, name, created_at=NOW)
            marks = rng.sample(TAGS, rng.randint(0, 2))
            tags.change(tx, tags.CUSTOMER, key, add=marks, by="")
            people.append((key, {"customer": name, "customer.tag": set(marks)}))
        for index in range(count):
            box = rng.randrange(3)
            customer_id, person = rng.choice(people)
            facts: Row = dict(person)
            created = NOW - 9 * DAY + index * MINUTE
            status = rng.choice(STATUSES)
            key = conversations.create(
                tx,
                boxes[box],
                names[box].split("-")[0],
                customer_id,
                created_at=created,
                branch=names[box].split("-")[-1],
            )
            facts |= {"id": key, "account": names[box], "channel": names[box].split("-")[0], "status": status}
            facts |= {"branch": names[box].split("-")[-1], "number": index // 3 + 1, "texts": []}
            marks = rng.sample(TAGS, rng.randint(0, 2))
            tags.change(tx, tags.CONVERSATION, key, add=marks, by="nok")
            facts["tag"] = set(marks) | person["customer.tag"]
            said: list[str] = []
            for _ in range(rng.randint(0, 3)):
                direction, visibility = rng.choice([("in", "public"), ("out", "public"), ("out", "internal")])
                body = " ".join(rng.sample(WORDS, 2))
                at = created + rng.randint(0, 2) * MINUTE
                new = NewMessage(
                    conversation_id=key, at=at, direction=direction, visibility=visibility, author_kind="customer",
                    body_text=body,
                )  # fmt: skip
                _, seq = messages.insert(tx, store.root, new)
                facts["texts"].append(body)
                said.append(visibility)
                facts.setdefault("order", []).append((at, seq, direction, visibility))
            public = sorted(x for x in facts.pop("order", []) if x[3] == "public")
            waiting = None if status in ENDED else rng.choice([None, NOW - rng.choice(AGES)])
            due = rng.choice([None, None, NOW + rng.choice([-1, 1]) * rng.choice(AGES)])
            unread = rng.randint(0, 2)
            attributes = {"size": rng.choice([1, "1", "XL"]), "gift": rng.choice([True, False])}
            if rng.random() < 0.3:
                attributes["order"] = {"no": "KJ1"}
            fields: Row = {
                "assignee": rng.choice([None, "nok", "oat"]), "priority": rng.choice(["low", "normal", "urgent"]),
                "kind": rng.choice(["", "question", "complaint"]), "reason": rng.choice(["", "delivery.late"]),
                "team": rng.choice(["front", "Back"]), "subject": rng.choice(["", "Über UNS พัดลม", "Refund"]),
                "waiting": waiting, "due": due, "created": created, "updated": created + rng.choice(AGES),
                "resolved": NOW - rng.choice(AGES) if status in ENDED else None,
                "outgoing": rng.choice(["", "failed", "uncertain"]), "in_count": unread,
            }  # fmt: skip
            facts |= fields | {"last": public[-1][2] if public else "", "attributes": attributes}
            facts["note"] = "internal" in said
            ins = [x[0] for x in public if x[2] == "in"]
            outs = [x[0] for x in public if x[2] == "out"]
            until = NOW + rng.choice(AGES) if status == "snoozed" else None
            conversations.update(
                tx, key, status=status, assignee_id=agents.get(fields["assignee"] or ""), priority=fields["priority"],
                kind=fields["kind"], reason=fields["reason"], team=fields["team"], subject=fields["subject"],
                waiting_since=waiting, next_due_at=due, created_at=created, last_at=fields["updated"],
                resolved_at=fields["resolved"], outgoing=fields["outgoing"], in_count=unread,
                attributes=json.dumps(attributes), last_in_at=max(ins, default=None),
                last_out_at=max(outs, default=None), snoozed_until=until,
            )  # fmt: skip
            facts["number"] = index_number(tx, key)
            if fields["outgoing"]:
                tx.execute(
                    "insert into outbox (uid, account_id, conversation_id, kind, state, key, payload, created_at, rev)"
                    " values (?, ?, ?, 'reply', ?, '', '{}', ?, ?)",
                    (f"{key:016}".encode(), boxes[box], key, fields["outgoing"], NOW, tx.rev),
                )
            read = rng.choice([None, 0, 1, 2])
            if read is not None:
                drafts.mark_read(tx, agents["nok"], key, in_count=read, seq=0)
            facts["unread"] = unread > (read or 0)
            facts["draft"] = rng.random() < 0.2
            if facts["draft"]:
                drafts.save(tx, agents["nok"], key, "reply", "later", 0)
            elif rng.random() < 0.2:
                drafts.save(tx, agents["oat"], key, "reply", "theirs", 0)
            facts["hidden"] = rng.random() < 0.05
            conversations.update(tx, key, hidden=int(facts["hidden"]))
            facts["key"] = (
                queue_key(
                    status, next_due_at=due, waiting_since=waiting, snoozed_until=until, last_at=fields["updated"]
                ),
                key,
            )
            rows.append(facts)
    return rows


def index_number(tx: Any, key: int) -> int:
    return int(tx.read_one("select number from conversation where id = ?", (key,))[0])


# -- the same in plain Python ----------------------------------------------------------------------------


def same(fact: object, value: str) -> bool:
    if isinstance(fact, bool):
        fact = "true" if fact else "false"
    return fnmatchcase(str(fact).lower(), value.lower())


def begins(text: str, word: str) -> bool:
    """Whether a word is in a text as search has it: a Latin word only where such a word begins."""
    from csconsole.text.search import parse_query

    return parse_query(f'"{word}"').matches(fold(text))


def holds(query: Query, row: Row) -> bool:
    if isinstance(query, And):
        return all(holds(t, row) for t in query.terms)
    if isinstance(query, Or):
        return any(holds(t, row) for t in query.terms)
    if isinstance(query, Not):
        return not holds(query.term, row)
    if isinstance(query, Word):
        return any(begins(t, query.text) for t in row["texts"]) or begins(row["customer"], query.text)
    if query.name in {"waiting", "due", "created", "updated", "resolved"}:
        at = row[query.name]
        compare: dict[str, Callable[[int, int], bool]] = {
            "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
        }  # fmt: skip
        return at is not None and all(compare[b.op](at, b.at) for b in bounds(query, NOW, ZONE))
    return any(one(query.name, value, row) for value in query.values)


def one(name: str, value: str, row: Row) -> bool:
    if name.startswith("attr."):
        facts = row["attributes"]
        key = name.removeprefix("attr.")
        return key in facts and same(facts[key], value)
    if name == "assignee":
        return row["assignee"] == {"none": None, "me": "nok"}.get(value, value)
    if name in {"tag", "customer.tag"}:
        return any(same(tag, value) for tag in row[name])
    if name == "customer":
        return begins(row["customer"], value)
    if name == "number":
        return row["number"] == int(value.removeprefix("#"))
    if name == "subject":
        return fold(value) in fold(row["subject"])
    if name == "has":
        return {"draft": row["draft"], "note": row["note"], "order": "order" in row["attributes"]}.get(value, False)
    if name == "is":
        truth = {"unread": row["unread"], "snoozed": row["status"] == "snoozed"}
        truth["overdue"] = row["due"] is not None and row["due"] < NOW
        return truth.get(value, row["outgoing"] == value)
    return same(row[name], value)


TERMS = st.one_of(
    st.lists(st.sampled_from(STATUSES), min_size=1, max_size=3).map(lambda v: f"status:{','.join(v)}"),
    st.sampled_from([f"tag:{t}" for t in (*TAGS, "VIP", "re*", "unknown")]),
    st.sampled_from([f"customer.tag:{t}" for t in TAGS]),
    st.sampled_from(["assignee:me", "assignee:none", "assignee:oat", "assignee:nobody", "assignee:me,none"]),
    st.sampled_from(["channel:line", "channel:LINE", "channel:ma*", "account:mail", "account:line-*", "account:x"]),
    st.sampled_from(["branch:siam", "team:front", "team:BACK", "priority:urgent,low", "kind:complaint"]),
    st.sampled_from(["reason:delivery.late", "reason:delivery.*", "number:3,7", "number:#5", "subject:über"]),
    st.sampled_from(["subject:พัดลม", "last:in", "last:out", "has:draft", "has:note", "has:order", "has:attachment"]),
    st.sampled_from(["is:unread", "is:snoozed", "is:overdue", "is:failed", "is:uncertain", "customer:สม"]),
    st.sampled_from(["customer:anna", "customer:müller", "customer:rder", "attr.size:1", "attr.size:X*"]),
    st.sampled_from(["attr.gift:true", "attr.none:1", "waiting>30m", "waiting<=1d", "due<30m", "due>0m"]),
    st.sampled_from(["created>7d", "created:2026-11-18", "updated<3h", "resolved<2d", "created>=2026-11-18"]),
    st.sampled_from([*WORDS, '"order refund"', "ขน", "ลม", "efund", "ord"]),
)
QUERIES = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(" ".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' OR '.join(parts)})"),
        inner.map(lambda part: f"-({part})"),
    ),
    max_leaves=6,
)


@settings(max_examples=400)
@given(text=QUERIES)
def test_every_query_finds_what_plain_python_finds_in_order(world: tuple[Store, list[Row]], text: str) -> None:
    store, rows = world
    query = parse(text)
    expected = [row["id"] for row in sorted(rows, key=lambda r: r["key"]) if not row["hidden"] and holds(query, row)]
    assert ask(store, text) == expected
    queue = Queue(store, 1)
    assert queue.count(query, scope(store)) == len(expected)
    assert sorted(queue.ids(query, scope(store), limit=10_000)) == sorted(expected)
    some = [row["id"] for row in rows[::3]]
    assert queue.among(query, scope(store), some) == set(some) & set(expected)


@settings(max_examples=60)
@given(text=QUERIES, size=st.integers(1, 40))
def test_paging_down_and_up_gives_every_row_once(world: tuple[Store, list[Row]], text: str, size: int) -> None:
    store, _ = world
    query, queue = parse(text), Queue(store, 1)
    whole = ask(store, text)
    down: list[int] = []
    after = None
    while page := queue.page(query, scope(store), after=after, limit=size):
        down += [row.id for row in page]
        after = page[-1].key
    assert down == whole
    up: list[int] = []
    before = (1 << 63) - 1, 1 << 60
    while page := queue.page(query, scope(store), before=before, limit=size):
        up = [row.id for row in page] + up
        before = page[0].key
    assert up == whole


def test_the_queue_begins_with_what_is_due_then_who_waits_longest_and_ends_with_the_newest_ended(
    world: tuple[Store, list[Row]],
) -> None:
    store, rows = world
    by_id = {row["id"]: row for row in rows}
    found = [by_id[i] for i in ask(store, "")]

    def band(row: Row) -> int:
        if row["status"] in ENDED:
            return 3
        if row["status"] == "snoozed":
            return 2
        return 0 if row["due"] is not None else 1 if row["waiting"] is not None else 2

    assert [band(r) for r in found] == sorted(band(r) for r in found)
    dues = [r["due"] for r in found if band(r) == 0]
    waits = [r["waiting"] for r in found if band(r) == 1]
    ended = [r["updated"] for r in found if band(r) == 3]
    assert (dues, waits, ended) == (sorted(dues), sorted(waits), sorted(ended, reverse=True))
    assert dues
    assert waits
    assert ended


@pytest.mark.parametrize("text", ["visibility:public", "has:csat", "has:promise", "promise<1h", "-(has:csat)"])
def test_what_is_not_kept_is_refused_in_words(world: tuple[Store, list[Row]], text: str) -> None:
    with pytest.raises(UsageError, match="not kept yet"):
        ask(world[0], text)


def test_a_text_found_too_often_is_not_left_out_blindly(
    world: tuple[Store, list[Row]], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = world
    monkeypatch.setattr("csconsole.store.query_sql.TEXT_CAP", 3)
    for text in ("-refund", "-(status:open refund)", "-(-(refund OR tag:vip))"):
        with pytest.raises(UsageError, match="rarer word"):
            ask(store, text)
    assert ask(store, "refund")


@pytest.mark.parametrize("value", ["'", '\\"', "%", "a'b;--", "[", "?", "*", "ก" * 500, "\x00", "é"])
def test_no_value_breaks_out_of_its_place(world: tuple[Store, list[Row]], value: str) -> None:
    store, _ = world
    for name in ("tag", "branch", "customer", "subject", "account", "attr.x", "number", "assignee", "team"):
        assert ask(store, "tag:x") == []
        Queue(store, 1).page(Field(name, ":", (value,)), scope(store))
        Queue(store, 1).count(Not(Field(name, ":", (value,))), scope(store))


def test_an_agent_who_is_nobody_sees_an_empty_mine(world: tuple[Store, list[Row]]) -> None:
    assert ask(world[0], "assignee:me", agent_id=None) == []
