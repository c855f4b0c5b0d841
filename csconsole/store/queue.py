"""The queue: keyset pages of what the list draws, and capped counts of views.

A page is one statement: names of accounts and agents come from small tables kept in memory, tags from text
columns kept in the transaction that changes them. Which index a view walks is chosen here and proven by
``EXPLAIN QUERY PLAN`` in the tests.
"""

from __future__ import annotations

import json
from typing import Any

from csconsole.domain.conversation import Conversation, QueueRow, Status
from csconsole.domain.query import And, Field, Query
from csconsole.store import accounts
from csconsole.store.database import Store
from csconsole.store.ids import uid_text
from csconsole.store.query_sql import Condition, Scope, compile_query, statuses

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
        condition = compile_query(query, scope)
        where, args = _named(condition)
        args |= {"agent": self._agent, "limit": limit}
        keyset = ""
        if after is not None:
            keyset, args["key"], args["id"] = " and (c.queue_key, c.id) > (:key, :id)", *after
        if before is not None:
            keyset, args["key"], args["id"] = " and (c.queue_key, c.id) < (:key, :id)", *before
        order = "c.queue_key desc, c.id desc" if before is not None else "c.queue_key, c.id"
        sql = (
            f"{_SELECT} from conversation c {_index(query)}{_JOIN}"
            f" where c.hidden = 0 and ({where}){keyset} order by {order} limit :limit"
        )
        return sql, args

    def count(self, query: Query, scope: Scope, *, cap: int = COUNT_CAP) -> int:
        """How many rows a view has, at most ``cap`` (which then means "or more")."""
        where, args = _named(compile_query(query, scope))
        row = self._store.read_one(
            "select count(*) from (select 1 from conversation c"
            f" {_index(query)} where c.hidden = 0 and ({where}) limit :cap)",
            {**args, "cap": cap},
        )
        return int(row[0]) if row else 0

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
        return QueueRow(
            id=v[0],
            uid=uid_text(v[1]),
            number=v[2],
            status=Status(v[3]),
            channel=v[4],
            account=self._names.account(v[5]),
            branch=v[6],
            customer_id=v[7],
            customer_uid=uid_text(v[8]),
            customer_name=v[10] or v[9],
            subject=v[11],
            preview=v[12],
            preview_by=v[13],
            assignee=self._names.agent(v[14]),
            team=v[15],
            tags=tuple(json.loads(v[16])) if v[16] != "[]" else (),
            customer_tags=tuple(json.loads(v[17])) if v[17] != "[]" else (),
            priority=v[18],
            unread=v[19],
            created_at=v[20],
            last_at=v[21],
            last_in_at=v[22],
            waiting_since=v[23],
            snoozed_until=v[24],
            next_due_at=v[25],
            queue_key=v[26],
            message_seq=v[27],
            outgoing=v[28],
            has_draft=bool(v[29]),
            rev=v[30],
        )


def _named(condition: Condition) -> tuple[str, dict[str, Any]]:
    """Positional values under names, so that they can stand beside named ones."""
    pieces = condition.sql.split("?")
    sql = pieces[0] + "".join(f":v{i}{piece}" for i, piece in enumerate(pieces[1:]))
    return sql, {f"v{i}": value for i, value in enumerate(condition.args)}


def _index(query: Query) -> str:
    """The index a view walks in queue order, by what it fixes."""
    terms = query.terms if isinstance(query, And) else (query,)
    fixed = {t.name: t.values[0] for t in terms if isinstance(t, Field) and t.op == ":" and len(t.values) == 1}
    if "number" in {t.name for t in terms if isinstance(t, Field)}:
        return ""
    one_status = "status" in fixed and statuses(query) is not None
    if one_status and "assignee" in fixed:
        return "indexed by queue_assignee"
    if one_status and "account" in fixed and "*" not in fixed["account"]:
        return "indexed by queue_account"
    if one_status and "channel" in fixed and "*" not in fixed["channel"]:
        return "indexed by queue_channel"
    if one_status:
        return "indexed by queue_status"
    return "indexed by queue_all" if all(isinstance(t, Field) for t in terms) else ""
