"""Canned replies in the store: their text as JSON, and how often whom they served."""

from __future__ import annotations

import json
from typing import Any

from csconsole.clock import DAY
from csconsole.store.database import Store, Tx
from csconsole.store.ids import new_uid


def put(tx: Tx, name: str, data: dict[str, Any]) -> bool:
    """Adds or replaces a canned reply; True when it is new."""
    text = json.dumps(data, ensure_ascii=False)
    row = tx.execute("select id, data from canned where name = ?", (name,)).fetchone()
    if row is None:
        tx.execute(
            "insert into canned (uid, name, data, updated_at, rev) values (?, ?, ?, ?, ?)",
            (new_uid(), name, text, tx.now, tx.rev),
        )
        return True
    if row[1] != text:
        tx.execute("update canned set data = ?, updated_at = ?, rev = ? where id = ?", (text, tx.now, tx.rev, row[0]))
    return False


def remove(tx: Tx, name: str) -> bool:
    """Removes a canned reply and its counters; False when there is none."""
    row = tx.execute("select id from canned where name = ?", (name,)).fetchone()
    if row is None:
        return False
    tx.execute("delete from canned_use where canned_id = ?", (row[0],))
    tx.execute("delete from canned where id = ?", (row[0],))
    return True


def all_data(store: Store) -> list[dict[str, Any]]:
    """Every canned reply as it was put, by name."""
    return [json.loads(data) for (data,) in store.read("select data from canned order by name")]


def one(store: Store, name: str) -> dict[str, Any] | None:
    """One canned reply by name."""
    row = store.read_one("select data from canned where name = ?", (name,))
    data: dict[str, Any] | None = json.loads(row[0]) if row else None
    return data


def used(tx: Tx, name: str, agent_id: int) -> None:
    """Counts a use, by agent and day."""
    row = tx.execute(
        "update canned set uses = uses + 1, last_used_at = ? where name = ? returning id", (tx.now, name)
    ).fetchone()
    if row:
        tx.execute(
            "insert into canned_use values (?, ?, ?, 1) on conflict do update set n = n + 1",
            (row[0], agent_id, tx.now // DAY),
        )


def usage(store: Store, agent_id: int, since: int) -> dict[str, int]:
    """Uses by this agent since an instant, by name."""
    return {
        name: n
        for name, n in store.read(
            "select c.name, sum(u.n) from canned_use u join canned c on c.id = u.canned_id"
            " where u.agent_id = ? and u.day >= ? group by c.name",
            (agent_id, since // DAY),
        )
    }


def rev(store: Store) -> int:
    """Revision of the newest change, so that a picker's list is built once."""
    row = store.read_one("select coalesce(max(rev), 0) + count(*) from canned")
    return int(row[0]) if row else 0
