"""Undo: what an agent did last, as the steps that take it back."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from csconsole.store.database import Store, Tx


class UndoEntry(msgspec.Struct, frozen=True):
    """An act, or a part of one done in several transactions.

    ``label``: for the screen. ``steps``: what takes it back (kind and arguments), in the order to do it. ``begins``:
    the first part of the act, its own ``id`` for that one.
    """

    id: int
    at: int
    label: str
    steps: list[dict[str, Any]]
    begins: int


_COLUMNS = "select id, at, label, steps, coalesce(begins, id) from undo"


def push(tx: Tx, agent_id: int, label: str, steps: list[dict[str, Any]], *, begins: int | None = None) -> int:
    """Remembers how to take an act back; the newest hundred of an agent are kept.

    Args:
        tx: the transaction of the act.
        agent_id: whose act it is.
        label: for the screen.
        steps: what takes it back, in the order to do it.
        begins: the first part of the act, where this is a further one.
    """
    row_id = int(
        tx.execute(
            "insert into undo (agent_id, at, label, steps, begins) values (?, ?, ?, ?, ?) returning id",
            (agent_id, tx.now, label, json.dumps(steps, ensure_ascii=False), begins),
        ).fetchone()[0]
    )
    if begins is None:
        tx.execute(
            "delete from undo where agent_id = ? and coalesce(begins, id) <= (select id from undo where agent_id = ?"
            " and begins is null order by id desc limit 1 offset 100)",
            (agent_id, agent_id),
        )
    return row_id


def last(source: Store | Tx, agent_id: int) -> UndoEntry | None:
    """The newest act not taken back yet: of one in several parts the newest part."""
    row = source.read_one(f"{_COLUMNS} where agent_id = ? and undone_at is null order by id desc limit 1", (agent_id,))
    return _entry(row) if row else None


def parts(source: Store | Tx, agent_id: int) -> list[UndoEntry]:
    """All parts of the newest act that are not taken back yet, newest first."""
    newest = last(source, agent_id)
    if newest is None:
        return []
    earlier = source.read(
        f"{_COLUMNS} where (id = ? or begins = ?) and id < ? and undone_at is null order by id desc",
        (newest.begins, newest.begins, newest.id),
    )
    return [newest, *map(_entry, earlier)]


def _entry(row: tuple[Any, ...]) -> UndoEntry:
    return UndoEntry(row[0], row[1], row[2], json.loads(row[3]), row[4])


def done(tx: Tx, entry_id: int) -> bool:
    """Marks an act as taken back; False when somebody was first."""
    return bool(
        tx.execute("update undo set undone_at = ? where id = ? and undone_at is null", (tx.now, entry_id)).rowcount
    )
