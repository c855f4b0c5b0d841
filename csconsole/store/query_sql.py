"""Turns a query of the view language into SQL over ``conversation c`` (and ``customer u``).

Every value is bound; names of columns come from this module only. Free text is answered by the search index
as a set of conversations.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from csconsole.domain.query import And, Field, Not, Or, Query, Word
from csconsole.domain.query_eval import bounds
from csconsole.errors import UsageError
from csconsole.store.folding import NOT_SAID

FindText = Callable[[str], list[int]]
"""Conversations in which a text occurs, or customers whose name holds it, from the search index."""

TEXT_CAP = 20_000
"""Most conversations a free text stands for; a text found in more must not be negated."""


class Scope:
    """What a query is asked against.

    Args:
        now: present instant, ms UTC.
        zone: IANA zone in which dates are days.
        agent_id: who ``me`` is; None for nobody.
        find_text: answers free text (in quotes, a phrase) with conversations.
        find_customers: answers ``customer:``, also in quotes, with customers; None: by the plain text of names.
    """

    def __init__(
        self,
        now: int,
        zone: str,
        agent_id: int | None,
        find_text: FindText,
        find_customers: FindText | None = None,
    ) -> None:
        self.now = now
        self.zone = zone
        self.agent_id = agent_id
        self.find_customers = find_customers
        self._find_text = find_text
        self._found: dict[str, list[int]] = {}

    @property
    def me(self) -> int:
        """Key of the agent, one that nobody has when there is none."""
        return self.agent_id if self.agent_id is not None else -1

    def find_text(self, text: str) -> list[int]:
        """Conversations in which a text occurs as it stands, spaces and all; looked up once."""
        if text not in self._found:
            self._found[text] = self._find_text(f'"{text}"')
        return self._found[text]


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
        _refuse_capped(query.term, scope)
        inner = compile_query(query.term, scope)
        return Condition(f"not coalesce(({inner.sql}), 0)", *inner.args)
    if isinstance(query, Word):
        return Condition("c.id in (select value from json_each(?))", json.dumps(scope.find_text(query.text)))
    return _field(query, scope)


def _refuse_capped(query: Query, scope: Scope) -> None:
    """What a text is *not* in can only be told when all it is in is known."""
    if isinstance(query, Word) and len(scope.find_text(query.text)) >= TEXT_CAP:
        raise UsageError(f'"{query.text}" is in too many conversations to leave them out; use a rarer word.')
    if isinstance(query, Not):
        _refuse_capped(query.term, scope)
    for term in query.terms if isinstance(query, And | Or) else ():
        _refuse_capped(term, scope)


def _join(word: str, parts: list[Condition], empty: str) -> Condition:
    if not parts:
        return Condition(empty)
    if len(parts) == 1:
        return parts[0]
    return Condition(word.join(f"({p.sql})" for p in parts), *(value for part in parts for value in part.args))


def _field(field: Field, scope: Scope) -> Condition:
    if field.name.startswith("attr."):
        return _attribute(field)
    time_column = _TIMES.get(field.name)
    if time_column:
        found = bounds(field, scope.now, scope.zone)
        return Condition(" and ".join(f"{time_column} {bound.op} ?" for bound in found), *(b.at for b in found))
    maker = _MAKERS.get(field.name)
    if maker is None:
        raise UsageError(f"{field.name}: is not kept yet, so it cannot be asked for; leave it out.")
    return maker(field, scope)


def _attribute(field: Field) -> Condition:
    """A custom attribute, compared as text; true and false are written out."""
    path = '$."' + field.name.removeprefix("attr.").replace('"', "") + '"'
    text = (
        "case json_type(c.attributes, ?) when 'true' then 'true' when 'false' then 'false'"
        " else cast(json_extract(c.attributes, ?) as text) end"
    )

    def one(value: str) -> Condition:
        match = _match(text, value)
        return Condition(match.sql, path, path, *match.args)

    return _any(field, one)


def _any(field: Field, one: Callable[[str], Condition]) -> Condition:
    return _join(" or ", [one(value) for value in field.values], "0")


def _match(column: str, value: str) -> Condition:
    """Equal but for the case of Latin letters; ``*`` stands for any text."""
    if "*" in value:
        pattern = value.replace("[", "[[]").replace("?", "[?]")
        return Condition(f"lower({column}) glob lower(?)", pattern)
    return Condition(f"{column} = ? collate nocase", value)


def _text(column: str) -> Callable[[Field, Scope], Condition]:
    return lambda field, scope: _any(field, lambda v: _match(column, v))


def _status(field: Field, scope: Scope) -> Condition:
    if len(field.values) == 1:
        return Condition("c.status = ?", field.values[0])
    return Condition(f"c.status in ({', '.join('?' * len(field.values))})", *field.values)


def _channel(field: Field, scope: Scope) -> Condition:
    """Channels have names in small letters; the plain comparison can walk an index."""
    return _any(field, lambda v: _match("c.channel", v) if "*" in v else Condition("c.channel = ?", v.lower()))


def _assignee(field: Field, scope: Scope) -> Condition:
    def one(value: str) -> Condition:
        name = value.removeprefix("@")
        if name == "none":
            return Condition("c.assignee_id is null")
        if name == "me":
            return Condition("c.assignee_id = ?", scope.me)
        match = _match("name", name)
        word = "in" if "*" in name else "="
        return Condition(f"c.assignee_id {word} (select id from agent where {match.sql})", *match.args)

    return _any(field, one)


def _account(field: Field, scope: Scope) -> Condition:
    def one(value: str) -> Condition:
        match = _match("name", value)
        word = "in" if "*" in value else "="
        return Condition(f"c.account_id {word} (select id from account where {match.sql})", *match.args)

    return _any(field, one)


def _tag(field: Field, scope: Scope) -> Condition:
    """Tags of the conversation or of its customer: the queue shows both."""

    def one(value: str) -> Condition:
        match = _match("name", value)
        return Condition(
            "exists (select 1 from conversation_tag x where x.conversation_id = c.id and x.tag_id in"
            f" (select id from tag where scope = 'conversation' and {match.sql}))"
            " or exists (select 1 from customer_tag y where y.customer_id = c.customer_id and y.tag_id in"
            f" (select id from tag where scope = 'customer' and {match.sql}))",
            *match.args,
            *match.args,
        )

    return _any(field, one)


def _customer_tag(field: Field, scope: Scope) -> Condition:
    def one(value: str) -> Condition:
        match = _match("name", value)
        return Condition(
            "exists (select 1 from customer_tag y where y.customer_id = c.customer_id and y.tag_id in"
            f" (select id from tag where scope = 'customer' and {match.sql}))",
            *match.args,
        )

    return _any(field, one)


def _customer(field: Field, scope: Scope) -> Condition:
    """Names are found as text is: the index knows who has them."""

    def one(value: str) -> Condition:
        name = value.strip("*")
        if scope.find_customers is not None:
            keys = scope.find_customers(f'"{name}"')
            return Condition("c.customer_id in (select value from json_each(?))", json.dumps(keys))
        return Condition(
            "c.customer_id in (select id from customer where instr(fold(name), fold(?)) or instr(fold(call_name),"
            " fold(?)) union select customer_id from identity where value = ?)",
            name,
            name,
            name,
        )

    return _any(field, one)


def _number(field: Field, scope: Scope) -> Condition:
    numbers = [int(n) for v in field.values if (n := v.removeprefix("#")).isascii() and n.isdigit() and len(n) < 18]
    return Condition("c.number in (select value from json_each(?))", json.dumps(numbers))


def _subject(field: Field, scope: Scope) -> Condition:
    return _any(field, lambda v: Condition("instr(fold(c.subject), fold(?)) > 0", v.strip("*")))


def _last(field: Field, scope: Scope) -> Condition:
    """Who wrote last in public. Two instants decide; where they are the same, the messages do."""
    sql = (
        "case when c.last_in_at is null and c.last_out_at is null then ''"
        " when coalesce(c.last_in_at, 0) > coalesce(c.last_out_at, 0) then 'in'"
        " when coalesce(c.last_in_at, 0) < coalesce(c.last_out_at, 0) then 'out'"
        " else (select m.direction from message m where m.conversation_id = c.id and m.visibility = 'public'"
        f" and coalesce(m.delivery, '') not in {NOT_SAID} order by m.at desc, m.seq desc limit 1) end = ?"
    )
    return _any(field, lambda v: Condition(sql, v))


def _has(field: Field, scope: Scope) -> Condition:
    def one(value: str) -> Condition:
        if value == "draft":
            return Condition(
                "exists (select 1 from draft d where d.agent_id = ? and d.conversation_id = c.id)", scope.me
            )
        if value not in _HAS:
            raise UsageError(f"has:{value} is not kept yet, so it cannot be asked for; leave it out.")
        return Condition(_HAS[value])

    return _any(field, one)


def _is(field: Field, scope: Scope) -> Condition:
    def one(value: str) -> Condition:
        if value == "unread":
            return Condition(
                "c.in_count > coalesce((select r.in_count from read_mark r"
                " where r.agent_id = ? and r.conversation_id = c.id), 0)",
                scope.me,
            )
        if value == "overdue":
            return Condition("c.next_due_at < ?", scope.now)
        if value == "snoozed":
            return Condition("c.status = 'snoozed'")
        return Condition("c.outgoing = ?", value)

    return _any(field, one)


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
    "note": "exists (select 1 from message m where m.conversation_id = c.id and m.visibility = 'internal')",
    "phone": "exists (select 1 from identity i where i.customer_id = c.customer_id and i.kind = 'phone')",
    "email": "exists (select 1 from identity i where i.customer_id = c.customer_id and i.kind = 'email')",
}
_MAKERS: dict[str, Callable[[Field, Scope], Condition]] = {
    "status": _status,
    "assignee": _assignee,
    "channel": _channel,
    "account": _account,
    "tag": _tag,
    "customer": _customer,
    "customer.tag": _customer_tag,
    "branch": _text("c.branch"),
    "team": _text("c.team"),
    "priority": _text("c.priority"),
    "kind": _text("c.kind"),
    "reason": _text("c.reason"),
    "number": _number,
    "subject": _subject,
    "last": _last,
    "has": _has,
    "is": _is,
}
