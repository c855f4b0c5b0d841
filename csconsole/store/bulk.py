"""Loads whole conversations at once: a directory of any size for the demo and the benches.

It writes what ingest would have written, in large transactions; only a fresh directory nobody works on may be
loaded this way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from csconsole.domain.conversation import ENDED
from csconsole.domain.rules import queue_key
from csconsole.store import accounts
from csconsole.store.database import Store, Tx
from csconsole.store.ids import new_uid
from csconsole.text.sanitize import safe_line
from csconsole.text.search import fold, index_terms

CHUNK = 2_000
"""Conversations of one transaction."""


class _Loader:
    def __init__(self, tx: Tx) -> None:
        self.tx = tx
        self.accounts = dict(tx.execute("select name, id from account").fetchall())
        self.agents: dict[str, int] = dict(tx.execute("select name, id from agent").fetchall())
        self.displays: dict[str, int] = {d: i for d, i in tx.execute("select display_name, id from agent").fetchall()}
        self.tags: dict[tuple[str, str], int] = {
            (s, n): i for i, n, s in tx.execute("select id, name, scope from tag").fetchall()
        }
        self.n = _next(tx, "message", "n")
        self.conversation = _next(tx, "conversation", "id")
        self.customer = _next(tx, "customer", "id")

    def tag(self, scope: str, name: str) -> int:
        key = (scope, name)
        if key not in self.tags:
            self.tags[key] = int(
                self.tx.execute("insert into tag (name, scope) values (?, ?) returning id", (name, scope)).fetchone()[0]
            )
        return self.tags[key]

    def agent(self, name: str) -> int | None:
        if not name:
            return None
        if name not in self.agents:
            self.agents[name] = accounts.ensure_agent(self.tx, name)
        return self.agents[name]


def _next(tx: Tx, table: str, column: str) -> int:
    return int(tx.execute(f"select coalesce(max({column}), 0) + 1 from {table}").fetchone()[0])


def load(store: Store, stream: Iterable[Any], *, now: int) -> tuple[int, int]:
    """Loads a stream; returns how many conversations and messages.

    Args:
        store: a fresh directory's database whose accounts exist.
        stream: conversations with their messages, oldest first, with the fields of
            ``BulkConversation`` in ``csconsole.connectors.demo.bulk`` (the store may not know connectors).
        now: instant stamped on the rows.

    Raises:
        StoreError: the disk is full or the database cannot be written.
    """
    customers: dict[int, int] = {}
    conversations = messages = 0
    batch: list[Any] = []
    for one in stream:
        batch.append(one)
        if len(batch) == CHUNK:
            messages += _write(store, batch, customers, now)
            conversations += len(batch)
            batch = []
    messages += _write(store, batch, customers, now)
    conversations += len(batch)
    return conversations, messages


def _write(store: Store, batch: list[Any], customers: dict[int, int], now: int) -> int:
    if not batch:
        return 0
    with store.transaction(now) as tx:
        loader = _Loader(tx)
        rev = tx.rev
        people: list[tuple[Any, ...]] = []
        identities: list[tuple[Any, ...]] = []
        names: list[tuple[int, str]] = []
        rows: list[tuple[Any, ...]] = []
        refs: list[tuple[Any, ...]] = []
        marks: list[tuple[Any, ...]] = []
        posted: list[tuple[Any, ...]] = []
        terms: list[tuple[int, str]] = []
        for one in batch:
            if one.new_customer is not None:
                customers[one.customer] = loader.customer
                _customer(loader, one.new_customer, one.created_at, rev, people, identities, names, now)
                loader.customer += 1
            account_id = loader.accounts[one.account]
            rows.append(_conversation(loader, one, account_id, customers[one.customer], rev))
            refs.append((account_id, "conversation", one.thread, loader.conversation))
            marks += [
                (loader.conversation, loader.tag("conversation", t), one.assignee, one.created_at) for t in one.tags
            ]
            for seq, message in enumerate(one.messages, 1):
                posted.append(_message(loader, one, message, seq, rev))
                terms.append((loader.n, index_terms(fold(f"{one.subject}\n{message.body}"))))
                loader.n += 1
            loader.conversation += 1
        run = tx.connection.executemany
        run(f"insert into customer values ({_marks(11)})", people)
        run("insert into identity (customer_id, kind, realm, value, display) values (?, ?, ?, ?, ?)", identities)
        run("insert into customer_fts (rowid, t) values (?, ?)", names)
        run(f"insert into conversation ({', '.join(_COLUMNS)}) values ({_marks(len(_COLUMNS))})", rows)
        run("insert into remote_ref values (?, ?, ?, ?)", refs)
        run("insert into conversation_tag values (?, ?, ?, ?)", marks)
        run(
            "insert into message (n, uid, conversation_id, seq, at, received_at, direction, visibility, author_kind,"
            f" author_name, agent_id, subject, body_text, delivery, history, rev) values ({_marks(16)})",
            posted,
        )
        run("insert into message_fts (rowid, t) values (?, ?)", terms)
        _sample(tx, terms)
        for name, account_id in loader.accounts.items():
            highest = max((o.number for o in batch if o.account == name), default=0)
            tx.execute("update account set next_number = max(next_number, ?) where id = ?", (highest + 1, account_id))
    return len(posted)


def _sample(tx: Tx, terms: list[tuple[int, str]]) -> None:
    from csconsole.store.search import count_grams

    count_grams(tx, [text for _, text in terms])


def _marks(count: int) -> str:
    return ", ".join("?" * count)


_COLUMNS = (
    "id", "uid", "account_id", "number", "channel", "customer_id", "remote_id", "address", "subject", "status",
    "assignee_id", "team", "branch", "priority", "kind", "reason", "tags", "preview", "preview_by", "snoozed_until",
    "created_at", "last_at", "last_in_at", "last_out_at", "waiting_since", "queue_key", "first_response_at",
    "resolved_at", "message_seq", "in_count", "agent_seq", "ended_seq", "rev",
)  # fmt: skip


def _customer(
    loader: _Loader,
    person: Any,
    at: int,
    rev: int,
    people: list[tuple[Any, ...]],
    identities: list[tuple[Any, ...]],
    names: list[tuple[int, str]],
    now: int,
) -> None:
    key = loader.customer
    tags = json.dumps(sorted(person.tags), ensure_ascii=False)
    people.append((key, new_uid(), person.name, person.call_name, person.language, "{}", tags, at, None, None, rev))
    identities.append((key, person.kind, person.realm, person.value, person.display))
    parts = [p for p in (person.name, person.call_name, person.value, person.display) if p]
    names.append((key, index_terms(fold("\n".join(parts)))))
    for tag in person.tags:
        loader.tx.execute("insert into customer_tag values (?, ?, '', ?)", (key, loader.tag("customer", tag), now))


def _conversation(loader: _Loader, one: Any, account_id: int, customer_id: int, rev: int) -> tuple[Any, ...]:
    public = [m for m in one.messages if m.visibility == "public"]
    last = one.messages[-1]
    shown = public[-1] if public else last
    incoming = [m.at for m in public if m.direction == "in"]
    outgoing = [m.at for m in public if _is_answer(m)]
    answered = outgoing[-1] if outgoing else 0
    answer = max((n for n, m in enumerate(one.messages, 1) if _is_answer(m)), default=0)
    ended = one.status in ENDED
    waiting = None if ended else next((at for at in incoming if at > answered), None)
    key = queue_key(
        one.status, next_due_at=None, waiting_since=waiting, snoozed_until=one.snoozed_until, last_at=last.at
    )
    return (
        loader.conversation, new_uid(), account_id, one.number, one.channel, customer_id, one.thread, "",
        one.subject, one.status, loader.agent(one.assignee), one.team, one.branch, one.priority, one.kind,
        one.reason, json.dumps(sorted(one.tags), ensure_ascii=False), safe_line(shown.body, 160),
        shown.author_kind, one.snoozed_until, one.created_at, last.at, incoming[-1] if incoming else None,
        outgoing[-1] if outgoing else None, waiting, key, outgoing[0] if outgoing else None,
        last.at if ended else None, len(one.messages), one.unread, answer,
        len(one.messages) if ended else 0, rev,
    )  # fmt: skip


def _is_answer(message: Any) -> bool:
    return bool(message.visibility == "public" and message.direction == "out" and message.author_kind == "agent")


def _message(loader: _Loader, one: Any, message: Any, seq: int, rev: int) -> tuple[Any, ...]:
    return (
        loader.n, new_uid(), loader.conversation, seq, message.at, message.at, message.direction,
        message.visibility, message.author_kind, message.author_name,
        loader.displays.get(message.author_name) if message.author_kind == "agent" else None,
        one.subject if seq == 1 else "", message.body, message.delivery or None, 0, rev,
    )  # fmt: skip
