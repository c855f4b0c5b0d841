"""Undo: what an agent did last, as the steps that take it back."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from csconsole.store.database import Store, Tx


class UndoEntry(msgspec.Struct, frozen=True):
    """One act: a label for the screen and its inverse steps (kind and arguments), newest act first."""

    id: int
    at: int
    label: str
    steps: list[dict[str, Any]]


def push(tx: Tx, agent_id: int, label: str, steps: list[dict[str, Any]]) -> int:
    """Remembers how to take an act back; the newest hundred of an agent are kept."""
    row_id = int(
        tx.execute(
            "insert into undo (agent_id, at, label, steps) values (?, ?, ?, ?) returning id",
            (agent_id, tx.now, label, json.dumps(steps, ensure_ascii=False)),
        ).fetchone()[0]
    )
    tx.execute(
        "delete from undo where agent_id = ? and id <= (select id from undo where agent_id = ?"
        " order by id desc limit 1 offset 100)",
        (agent_id, agent_id),
    )
    return row_id


def last(source: Store | Tx, agent_id: int) -> UndoEntry | None:
    """The newest act not taken back yet."""
    row = source.read_one(
        "select id, at, label, steps from undo where agent_id = ? and undone_at is null order by id desc limit 1",
        (agent_id,),
    )
    return UndoEntry(row[0], row[1], row[2], json.loads(row[3])) if row else None


def done(tx: Tx, entry_id: int) -> bool:
    """Marks an act as taken back; False when somebody was first."""
    return bool(
        tx.execute("update undo set undone_at = ? where id = ? and undone_at is null", (tx.now, entry_id)).rowcount
    )
