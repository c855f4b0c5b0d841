"""Turns a query of the view language into SQL over ``conversation c`` (and ``customer u``).

Every value is bound; names of columns come from this module only. Free text is answered by the search index
as a set of conversations.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from csconsole.domain.conversation import ACTIVE, Status
from csconsole.domain.query import And, Field, Not, Or, Query, Word
from csconsole.domain.query_eval import bounds
from csconsole.errors import UsageError

FindText = Callable[[str], list[int]]
"""Conversations in which a text occurs, from the search index."""


class Scope:
    """What a query is asked against.

    Args:
        now: present instant, ms UTC.
        zone: IANA zone in which dates are days.
        agent_id: who ``me`` is; None for nobody.
        find_text: answers free text.
    """

    def __init__(self, now: int, zone: str, agent_id: int | None, find_text: FindText) -> None:
        self.now = now
        self.zone = zone
        self.agent_id = agent_id
        self.find_text = find_text


class Condition:
    """A piece of SQL with its bound values."""

    def __init__(self, sql: str, *args: Any) -> None:
        self.sql = sql
        self.args = args


def compile_query(query: Query, scope: Scope) -> Condition:
    """The condition for a query.

    Raises:
        UsageError: a term this store keeps no facts for.
    """
    if isinstance(query, And):
        return _join(" and ", [compile_query(t, scope) for t in query.terms], "1")
    if isinstance(query, Or):
        return _join(" or ", [compile_query(t, scope) for t in query.terms], "0")
    if isinstance(query, Not):
        inner = compile_query(query.term, scope)
        return Condition(f"not coalesce(({inner.sql}), 0)", *inner.args)
    if isinstance(query, Word):
        return Condition("c.id in (select value from json_each(?))", json.dumps(scope.find_text(query.text)))
    return _field(query, scope)


def _join(word: str, parts: list[Condition], empty: str) -> Condition:
    if not parts:
        return Condition(empty)
    if len(parts) == 1:
        return parts[0]
    return Condition(word.join(f"({p.sql})" for p in parts), *(value for part in parts for value in part.args))


def _field(field: Field, scope: Scope) -> Condition:
    if field.name.startswith("attr."):
        path = '$."' + field.name.removeprefix("attr.").replace('"', "") + '"'
        return _any(field, lambda v: Condition("json_extract(c.attributes, ?) = ?", path, v))
    time_column = _TIMES.get(field.name)
    if time_column:
        found = bounds(field, scope.now, scope.zone)
        return Condition(" and ".join(f"{time_column} {bound.op} ?" for bound in found), *(b.at for b in found))
    maker = _MAKERS.get(field.name)
    if maker is None:
        raise UsageError(f"{field.name}: is not kept yet, so it cannot be asked for; leave it out.")
    return maker(field, scope)


def _any(field: Field, one: Callable[[str], Condition]) -> Condition:
    return _join(" or ", [one(value) for value in field.values], "0")


def _in(column: str) -> Callable[[Field, Scope], Condition]:
    def make(field: Field, scope: Scope) -> Condition:
        if any("*" in value for value in field.values):
            return _any(field, lambda v: Condition(f"{column} glob ?", v))
        if len(field.values) == 1:
            return Condition(f"{column} = ?", field.values[0])
        marks = ", ".join("?" * len(field.values))
        return Condition(f"{column} in ({marks})", *field.values)

    return make


def _assignee(field: Field, scope: Scope) -> Condition:
    def one(value: str) -> Condition:
        if value == "none":
            return Condition("c.assignee_id is null")
        if value == "me":
            return Condition("c.assignee_id = ?", scope.agent_id if scope.agent_id is not None else -1)
        return Condition("c.assignee_id = (select id from agent where name = ?)", value)

    return _any(field, one)


def _account(field: Field, scope: Scope) -> Condition:
    return _any(
        field,
        lambda v: (
            Condition("c.account_id in (select id from account where name glob ?)", v)
            if "*" in v
            else Condition("c.account_id = (select id from account where name = ?)", v)
        ),
    )


def _tag(field: Field, scope: Scope) -> Condition:
    """Tags of the conversation or of its customer: the queue shows both."""

    def one(value: str) -> Condition:
        names = "name glob ?" if "*" in value else "name = ?"
        return Condition(  # names: one of two constants
            "exists (select 1 from conversation_tag x where x.conversation_id = c.id and x.tag_id in"
            f" (select id from tag where scope = 'conversation' and {names}))"
            " or exists (select 1 from customer_tag y where y.customer_id = c.customer_id and y.tag_id in"
            f" (select id from tag where scope = 'customer' and {names}))",
            value,
            value,
        )

    return _any(field, one)


def _customer_tag(field: Field, scope: Scope) -> Condition:
    return _any(
        field,
        lambda v: Condition(
            "exists (select 1 from customer_tag y join tag t on t.id = y.tag_id"
            " where y.customer_id = c.customer_id and t.name = ?)",
            v,
        ),
    )


def _customer(field: Field, scope: Scope) -> Condition:
    return _any(
        field,
        lambda v: Condition(
            "c.customer_id in (select id from customer where instr(lower(name), lower(?)) or call_name = ?"
            " union select customer_id from identity where value = ?)",
            v,
            v,
            v,
        ),
    )


def _number(field: Field, scope: Scope) -> Condition:
    numbers = [int(v.lstrip("#")) if v.lstrip("#").isascii() and v.lstrip("#").isdigit() else -1 for v in field.values]
    return Condition("c.number in (select value from json_each(?))", json.dumps(numbers))


def _subject(field: Field, scope: Scope) -> Condition:
    return _any(field, lambda v: Condition("instr(lower(c.subject), lower(?))", v))


def _last(field: Field, scope: Scope) -> Condition:
    incoming = "c.last_in_at is not null and c.last_in_at >= coalesce(c.last_out_at, 0)"
    return _any(field, lambda v: Condition(incoming if v == "in" else f"not ({incoming})"))


def _has(field: Field, scope: Scope) -> Condition:
    return _any(field, lambda v: Condition(_HAS[v]) if v in _HAS else _unknown(f"has:{v}"))


def _is(field: Field, scope: Scope) -> Condition:
    def one(value: str) -> Condition:
        if value == "unread":
            return Condition(
                "c.in_count > coalesce((select r.in_count from read_mark r"
                " where r.agent_id = ? and r.conversation_id = c.id), 0)",
                scope.agent_id if scope.agent_id is not None else -1,
            )
        if value == "overdue":
            return Condition("c.next_due_at < ?", scope.now)
        if value == "snoozed":
            return Condition("c.status = 'snoozed'")
        return Condition("c.outgoing = ?", value)

    return _any(field, one)


def _unknown(what: str) -> Condition:
    raise UsageError(f"{what} is not kept yet, so it cannot be asked for; leave it out.")


_TIMES = {
    "waiting": "c.waiting_since",
    "due": "c.next_due_at",
    "created": "c.created_at",
    "updated": "c.last_at",
    "resolved": "c.resolved_at",
}
_HAS = {
    "attachment": "exists (select 1 from message m join attachment f on f.message_n = m.n"
    " where m.conversation_id = c.id)",
    "order": "json_extract(c.attributes, '$.order') is not null",
    "draft": "exists (select 1 from draft d where d.conversation_id = c.id)",
    "note": "exists (select 1 from message m where m.conversation_id = c.id and m.visibility = 'internal')",
    "phone": "exists (select 1 from identity i where i.customer_id = c.customer_id and i.kind = 'phone')",
    "email": "exists (select 1 from identity i where i.customer_id = c.customer_id and i.kind = 'email')",
}
_MAKERS: dict[str, Callable[[Field, Scope], Condition]] = {
    "status": _in("c.status"),
    "assignee": _assignee,
    "channel": _in("c.channel"),
    "account": _account,
    "tag": _tag,
    "customer": _customer,
    "customer.tag": _customer_tag,
    "branch": _in("c.branch"),
    "team": _in("c.team"),
    "priority": _in("c.priority"),
    "kind": _in("c.kind"),
    "reason": _in("c.reason"),
    "number": _number,
    "subject": _subject,
    "last": _last,
    "has": _has,
    "is": _is,
}


def statuses(query: Query) -> frozenset[str] | None:
    """The statuses a query can match when it says so at its top, None when any can."""
    terms = query.terms if isinstance(query, And) else (query,)
    for term in terms:
        if isinstance(term, Field) and term.name == "status" and term.op == ":":
            return frozenset(term.values)
    return None


def only_active(query: Query) -> bool:
    """Whether a query can only match conversations of the backlog."""
    found = statuses(query)
    return found is not None and found <= {Status(s) for s in ACTIVE}
