"""Which way a query walks: along an index in queue order, or from the few rows a selective term names.

The queue's indexes hold ``(…, queue_key, id)``, so a page in their order needs no sorting. That is right for a
view that takes many rows, and wrong for "number 4711" or a tag three conversations have: those begin at the
rows the term names and sort what is left.
"""

from __future__ import annotations

import json

from csconsole.domain.conversation import ACTIVE, ENDED
from csconsole.domain.query import And, Field, Query, Word
from csconsole.store.database import Store
from csconsole.store.query_sql import Condition, Scope, compile_query

ENDED_FROM = 3 << 61
"""Queue keys of ended conversations begin here (:func:`csconsole.domain.rules.queue_key`)."""

RARE = 4_000
"""Conversations up to which a tag is rare: sorting them costs less than walking past all others."""


def terms_of(query: Query) -> tuple[Query, ...]:
    """What must hold at the top of a query."""
    return query.terms if isinstance(query, And) else (query,)


def statuses(query: Query) -> frozenset[str] | None:
    """The statuses a query can match when it says so at its top, None when any can."""
    for term in terms_of(query):
        if isinstance(term, Field) and term.name == "status" and term.op == ":":
            return frozenset(term.values)
    return None


def only_active(query: Query) -> bool:
    """Whether a query can only match conversations of the backlog."""
    found = statuses(query)
    return found is not None and found <= frozenset(map(str, ACTIVE))


def band(query: Query) -> str:
    """The part of the queue's order a query can match, as a condition to be added; "" for all of it."""
    found = statuses(query)
    if found is None:
        return ""
    if found <= frozenset(map(str, ACTIVE)):
        return f" and c.queue_key < {ENDED_FROM}"
    return f" and c.queue_key >= {ENDED_FROM}" if found <= frozenset(map(str, ENDED)) else ""


def index(query: Query, *, ordered: bool = True) -> str:
    """The index that holds the rows of a query, by what it fixes; in queue order unless that does not matter."""
    fixed: dict[str, str] = {}
    for term in terms_of(query):
        if isinstance(term, Field) and term.op == ":" and len(term.values) == 1:
            fixed.setdefault(term.name, term.values[0])
    found = statuses(query)
    if ordered and (found is None or len(found) > 1):
        return "indexed by queue_all"
    for name in ("assignee", "account", "channel"):
        if name in fixed and "*" not in fixed[name]:
            return f"indexed by queue_{name}"
    return "indexed by queue_status" if found is not None else "indexed by queue_all"


def driver(store: Store, query: Query, scope: Scope) -> Condition | None:
    """The conversations a selective term names, as a select of distinct keys; None when no term is selective."""
    for term in terms_of(query):
        found = _named_by(store, term, scope, statuses(query))
        if found is not None:
            return found
    return None


def _named_by(store: Store, term: Query, scope: Scope, among: frozenset[str] | None) -> Condition | None:
    if isinstance(term, Word):
        return Condition("select value as id from json_each(?)", json.dumps(scope.find_text(term.text)))
    if not isinstance(term, Field) or term.op != ":":
        return None
    if term.name in {"number", "customer"}:
        inner = compile_query(term, scope)
        return Condition(f"select c.id from conversation c where {inner.sql}", *inner.args)
    if term.name == "has" and term.values == ("draft",):
        return Condition("select conversation_id as id from draft where agent_id = ? group by 1", scope.me)
    if term.name == "is" and set(term.values) <= {"failed", "uncertain"}:
        marks = json.dumps(term.values)
        states = "state in (select value from json_each(?))"
        return Condition(f"select distinct conversation_id as id from outbox where {states}", marks)
    if term.name == "tag":
        return _rare_tag(store, term)
    if term.name == "customer.tag":
        return _rare_customer_tag(store, term, among)
    return None


def _rare_tag(store: Store, term: Field) -> Condition | None:
    """The conversations with a tag of their own or of their customer's, when they are few."""
    if any("*" in value for value in term.values):
        return None
    names = json.dumps(term.values, ensure_ascii=False)
    tag = "select id from tag where scope = '{}' and name collate nocase in (select value from json_each(:names))"
    rows = store.read(
        f"select conversation_id from conversation_tag where tag_id in ({tag.format('conversation')})"
        " union all select c.id from customer_tag y cross join conversation c on c.customer_id = y.customer_id"
        f" where y.tag_id in ({tag.format('customer')}) limit {RARE + 1}",
        {"names": names},
    )
    if len(rows) > RARE:
        return None
    return Condition("select value as id from json_each(?)", json.dumps(sorted({r[0] for r in rows})))


def _rare_customer_tag(store: Store, term: Field, among: frozenset[str] | None) -> Condition | None:
    """The conversations, of these statuses, of customers with a tag, when they are few."""
    if any("*" in value for value in term.values):
        return None
    marks = " and c.status in (select value from json_each(:statuses))" if among is not None else ""
    rows = store.read(
        "select c.id from customer_tag y cross join conversation c indexed by conversation_customer"
        " on c.customer_id = y.customer_id where y.tag_id in (select id from tag where scope = 'customer'"
        f" and name collate nocase in (select value from json_each(:names))){marks} limit {RARE + 1}",
        {"names": json.dumps(term.values, ensure_ascii=False), "statuses": json.dumps(sorted(among or ()))},
    )
    if len(rows) > RARE:
        return None
    return Condition("select value as id from json_each(?)", json.dumps(sorted({r[0] for r in rows})))
