"""The queue: keyset pages of what the list draws, and capped counts of views.

A page is one statement: names of accounts and agents come from small tables kept in memory, tags from text
columns kept in the transaction that changes them. Which index a view walks is chosen in
:mod:`csconsole.store.query_plan` and proven by ``EXPLAIN QUERY PLAN`` in the tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from csconsole.domain.conversation import Conversation, QueueRow, Status
from csconsole.domain.query import Query
from csconsole.store import accounts, query_plan
from csconsole.store.database import Store
from csconsole.store.ids import uid_text
from csconsole.store.query_sql import Condition, Scope, compile_query

COUNT_CAP = 1_000
"""Counts stop here: ``1k+`` costs half a millisecond, the true number of a million rows 33."""

_SELECT = (
    "select c.id, c.uid, c.number, c.status, c.channel, c.account_id, c.branch, c.customer_id, u.uid, u.name,"
    " u.call_name, c.subject, c.preview, c.preview_by, c.assignee_id, c.team, c.tags, u.tags, c.priority,"
    " max(0, c.in_count - coalesce((select r.in_count from read_mark r where r.agent_id = :agent and"
    " r.conversation_id = c.id), 0)), c.created_at, c.last_at, c.last_in_at, c.waiting_since, c.snoozed_until,"
    " c.next_due_at, c.queue_key, c.message_seq, c.outgoing,"
    " exists (select 1 from draft d where d.agent_id = :agent and d.conversation_id = c.id), c.rev"
)
_STATUS = {str(status): status for status in Status}
_tags = msgspec.json.Decoder(tuple[str, ...]).decode
_JOIN = " join customer u on u.id = c.customer_id"


class Names:
    """Names of accounts and agents by key, read once and again when one is missing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._accounts: dict[int, str] = {}
        self._agents: dict[int, str] = {}

    def account(self, key: int) -> str:
        """Name of an account."""
        if key not in self._accounts:
            self._accounts = {a.id: a.name for a in accounts.all_accounts(self._store)}
        return self._accounts.get(key, "")

    def agent(self, key: int | None) -> str:
        """Short name of an agent, "" for nobody."""
        if key is None:
            return ""
        if key not in self._agents:
            self._agents = {i: name for i, (name, _) in accounts.agents(self._store).items()}
        return self._agents.get(key, "")


class Queue:
    """Reads pages of the queue for one agent.

    Args:
        store: the database; reads happen on the calling thread's connection.
        agent_id: whose read marks and drafts count.
    """

    def __init__(self, store: Store, agent_id: int | None) -> None:
        self._store = store
        self._agent = agent_id if agent_id is not None else -1
        self._names = Names(store)

    def page(
        self,
        query: Query,
        scope: Scope,
        *,
        after: tuple[int, int] | None = None,
        before: tuple[int, int] | None = None,
        limit: int = 50,
    ) -> list[QueueRow]:
        """Rows in queue order.

        Args:
            query: the view.
            scope: what the view's terms are asked against.
            after: keyset position to go on from, None from the top.
            before: go up from this position instead.
            limit: most rows.

        Raises:
            UsageError: a term the store cannot answer.
            StoreError: the database cannot be read.
        """
        sql, args = self.statement(query, scope, after=after, before=before, limit=limit)
        rows = [self._row(values) for values in self._store.read(sql, args)]
        return rows[::-1] if before is not None else rows

    def statement(
        self,
        query: Query,
        scope: Scope,
        *,
        after: tuple[int, int] | None = None,
        before: tuple[int, int] | None = None,
        limit: int = 50,
    ) -> tuple[str, dict[str, Any]]:
        """The SQL of a page and its values."""
        where, args = _named(compile_query(query, scope))
        args |= {"agent": self._agent, "limit": limit}
        if after is not None:
            where, args["key"], args["id"] = f"({where}) and (c.queue_key, c.id) > (:key, :id)", *after
        if before is not None:
            where, args["key"], args["id"] = f"({where}) and (c.queue_key, c.id) < (:key, :id)", *before
        order = "c.queue_key desc, c.id desc" if before is not None else "c.queue_key, c.id"
        rows, more = self._rows(query, scope, where, order)
        return f"{_SELECT} from {rows} order by {order} limit :limit", args | more

    def _rows(self, query: Query, scope: Scope, where: str, order: str) -> tuple[str, dict[str, Any]]:
        """Where the rows of a page come from, up to its ``order by``, and further values."""
        rest = f"c.hidden = 0 and ({where}){query_plan.band(query)}"
        chosen = query_plan.driver(self._store, query, scope)
        if chosen is not None:
            sql, values = _named(chosen, "d")
            narrow = (
                f"select c.id from ({sql}) k cross join conversation c on c.id = k.id where {rest}"
                f" order by {order} limit :limit"
            )
            return f"({narrow}) k cross join conversation c on c.id = k.id{_JOIN}", values
        several = sorted(query_plan.statuses(query) or ())
        if len(several) > 1:
            # Each status is walked in order for one page at most; the few rows of all are then put in order.
            parts = [
                f"select id from (select c.id from conversation c indexed by queue_status where c.status = :s{i}"
                f" and {rest} order by {order} limit :limit)"
                for i in range(len(several))
            ]
            values = {f"s{i}": status for i, status in enumerate(several)}
            return f"({' union all '.join(parts)}) k cross join conversation c on c.id = k.id{_JOIN}", values
        return f"conversation c {query_plan.index(query)}{_JOIN} where {rest}", {}

    def ids(self, query: Query, scope: Scope, *, limit: int) -> list[int]:
        """Keys of a view's rows in no order, at most ``limit``."""
        where, args = _named(compile_query(query, scope))
        source, more = self._unordered(query, scope, where)
        rows = self._store.read(f"select c.id from {source} limit :cap", {**args, **more, "cap": limit})
        return [int(r[0]) for r in rows]

    def among(self, query: Query, scope: Scope, ids: Iterable[int]) -> set[int]:
        """Which of these conversations a view has."""
        where, args = _named(compile_query(query, scope))
        rows = self._store.read(
            "select c.id from json_each(:ids) k cross join conversation c on c.id = k.value"
            f" where c.hidden = 0 and ({where})",
            {**args, "ids": json.dumps(list(ids))},
        )
        return {int(r[0]) for r in rows}

    def count(self, query: Query, scope: Scope, *, cap: int = COUNT_CAP) -> int:
        """How many rows a view has, at most ``cap`` (which then means "or more")."""
        where, args = _named(compile_query(query, scope))
        source, more = self._unordered(query, scope, where)
        row = self._store.read_one(
            f"select count(*) from (select 1 from {source} limit :cap)", {**args, **more, "cap": cap}
        )
        return int(row[0]) if row else 0

    def _unordered(self, query: Query, scope: Scope, where: str) -> tuple[str, dict[str, Any]]:
        """Where rows come from when their order does not matter."""
        rest = f"c.hidden = 0 and ({where}){query_plan.band(query)}"
        chosen = query_plan.driver(self._store, query, scope)
        if chosen is not None:
            sql, values = _named(chosen, "d")
            return f"({sql}) k cross join conversation c on c.id = k.id where {rest}", values
        return f"conversation c {query_plan.index(query, ordered=False)} where {rest}", {}

    def by_id(self, conversation_id: int) -> QueueRow | None:
        """One row, hidden or not."""
        values = self._store.read_one(
            f"{_SELECT} from conversation c{_JOIN} where c.id = :id",
            {"agent": self._agent, "id": conversation_id},
        )
        return self._row(values) if values else None

    def changed(self, after_rev: int, *, limit: int = 200) -> list[QueueRow]:
        """Rows touched since a revision, at most ``limit``: when it is reached, read the page again."""
        rows = self._store.read(
            f"{_SELECT} from conversation c indexed by conversation_rev{_JOIN} where c.rev > :rev"
            " order by c.rev limit :limit",
            {"agent": self._agent, "rev": after_rev, "limit": limit},
        )
        return [self._row(values) for values in rows]

    def conversation(self, conversation_id: int) -> Conversation | None:
        """A conversation as the open view needs it, None when there is none."""
        row = self.by_id(conversation_id)
        extra = self._store.read_one(
            "select c.raw_status, c.kind, c.reason, c.attributes, m.uid, a.authority, a.connector"
            " from conversation c join account a on a.id = c.account_id"
            " left join conversation m on m.id = c.merged_into where c.id = ?",
            (conversation_id,),
        )
        if row is None or extra is None:
            return None
        return Conversation(
            row=row,
            raw_status=extra[0],
            kind=extra[1],
            reason=extra[2],
            attributes=json.loads(extra[3]),
            merged_into=uid_text(extra[4]) if extra[4] else None,
            authority=extra[5],
            connector=extra[6],
        )

    def _row(self, v: tuple[Any, ...]) -> QueueRow:
        # In the struct's order and without names: this runs for every row of every page.
        return QueueRow(
            v[0], uid_text(v[1]), v[2], _STATUS[v[3]], v[4], self._names.account(v[5]), v[6], v[7], uid_text(v[8]),
            v[10] or v[9], v[11], v[12], v[13], self._names.agent(v[14]), v[15],
            _tags(v[16]) if v[16] != "[]" else (), _tags(v[17]) if v[17] != "[]" else (),
            v[18], v[19], v[20], v[21], v[22], v[23], v[24], v[25], v[26], v[27], v[28], bool(v[29]), v[30],
        )  # fmt: skip


def _named(condition: Condition, prefix: str = "v") -> tuple[str, dict[str, Any]]:
    """Positional values under names, so that they can stand beside named ones."""
    pieces = condition.sql.split("?")
    sql = pieces[0] + "".join(f":{prefix}{i}{piece}" for i, piece in enumerate(pieces[1:]))
    return sql, {f"{prefix}{i}": value for i, value in enumerate(condition.args)}
