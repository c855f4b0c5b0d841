"""Tags of conversations and customers: a row is the tag, so two people's changes merge."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from csconsole.domain.customer import TagMark
from csconsole.store.database import Store, Tx

CONVERSATION = "conversation"
CUSTOMER = "customer"


def _tag_id(tx: Tx, name: str, scope: str) -> int:
    row = tx.execute("select id from tag where scope = ? and name = ?", (scope, name)).fetchone()
    if row:
        return int(row[0])
    return int(tx.execute("insert into tag (name, scope) values (?, ?) returning id", (name, scope)).fetchone()[0])


_TABLE = {CONVERSATION: ("conversation_tag", "conversation_id"), CUSTOMER: ("customer_tag", "customer_id")}


def change(
    tx: Tx, scope: str, row_id: int, *, add: Iterable[str] = (), remove: Iterable[str] = (), by: str
) -> tuple[list[str], list[str]]:
    """Adds and removes tags; returns what really changed.

    Args:
        tx: the transaction.
        scope: ``conversation`` or ``customer``.
        row_id: key of the conversation or customer.
        add: names to set; a new name makes a new tag.
        remove: names to take off.
        by: who does it, shown beside the tag.
    """
    table, column = _TABLE[scope]
    added, removed = [], []
    for name in dict.fromkeys(add):
        tag_id = _tag_id(tx, name, scope)
        if tx.execute(
            f"insert into {table} ({column}, tag_id, added_by, added_at) values (?, ?, ?, ?) on conflict do nothing",
            (row_id, tag_id, by, tx.now),
        ).rowcount:
            tx.execute("update tag set uses = uses + 1, last_used_at = ? where id = ?", (tx.now, tag_id))
            added.append(name)
    for name in dict.fromkeys(remove):
        tag_id = _tag_id(tx, name, scope)
        if tx.execute(
            f"delete from {table} where {column} = ? and tag_id = ?",
            (row_id, tag_id),
        ).rowcount:
            removed.append(name)
    if added or removed:
        names = [
            n
            for (n,) in tx.execute(
                f"select t.name from {table} x join tag t on t.id = x.tag_id where x.{column} = ? order by t.name",
                (row_id,),
            ).fetchall()
        ]
        tx.execute(
            f"update {scope} set tags = ?, rev = ? where id = ?",
            (json.dumps(names, ensure_ascii=False), tx.rev, row_id),
        )
    return added, removed


def names_of(tx: Tx, scope: str, row_id: int) -> list[str]:
    """The tags on a row, by name."""
    row = tx.execute(f"select tags from {scope} where id = ?", (row_id,)).fetchone()
    names: list[str] = json.loads(row[0]) if row else []
    return names


def common(store: Store, ids: Sequence[int]) -> set[str]:
    """The tags that all of some conversations have."""
    rows = store.read(
        "select t.name from json_each(?) k join conversation_tag x on x.conversation_id = k.value"
        " join tag t on t.id = x.tag_id group by t.id having count(*) = ?",
        (json.dumps(list(ids)), len(set(ids))),
    )
    return {name for (name,) in rows}


def marks(store: Store, conversation_id: int) -> tuple[TagMark, ...]:
    """The conversation's tags with who set them and when."""
    return tuple(
        TagMark(name, by, at)
        for name, by, at in store.read(
            "select t.name, x.added_by, x.added_at from conversation_tag x join tag t on t.id = x.tag_id"
            " where x.conversation_id = ? order by t.name",
            (conversation_id,),
        )
    )


def all_names(store: Store, scope: str) -> list[str]:
    """Every tag of a scope, most used first; what the picker offers."""
    return [n for (n,) in store.read("select name from tag where scope = ? order by uses desc, name", (scope,))]
