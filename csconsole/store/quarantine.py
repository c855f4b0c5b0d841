"""Quarantine: items that could not be understood, with their bytes and the reason. Nothing waits for them."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from csconsole.store import blobs
from csconsole.store.database import Store, Tx
from csconsole.store.ids import new_uid, uid_bytes, uid_text


class QuarantineRow(msgspec.Struct, frozen=True, array_like=True):
    """One item held back. ``state``: held | done | dropped. Instants in ms UTC."""

    id: int
    uid: str
    account_id: int
    account: str
    remote_id: str
    kind: str
    received_at: int
    quarantined_at: int
    reason: str
    meta: dict[str, Any]
    history: bool
    attempts: int
    state: str


_SELECT = (
    "select q.id, q.uid, q.account_id, a.name, q.remote_id, q.kind, q.received_at, q.quarantined_at, q.reason, q.meta,"
    " q.history, q.attempts, q.state from quarantine q join account a on a.id = q.account_id"
)


def add(
    tx: Tx,
    root: Any,
    account_id: int,
    *,
    remote_id: str,
    kind: str,
    raw: bytes,
    received_at: int,
    meta: dict[str, Any],
    reason: str,
    history: bool,
) -> bool:
    """Holds an item back; the same item again counts an attempt, and one given up stays given up.

    Returns:
        Whether the item is new here.
    """
    known = tx.execute(
        "update quarantine set attempts = attempts + 1, reason = ? where account_id = ? and remote_id = ?",
        (reason, account_id, remote_id),
    ).rowcount
    if known:
        return False
    inline, digest = blobs.put(root, raw)
    tx.execute(
        "insert into quarantine (uid, account_id, remote_id, kind, received_at, quarantined_at, reason, meta, raw,"
        " raw_sha256, history) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            new_uid(),
            account_id,
            remote_id,
            kind,
            received_at,
            tx.now,
            reason,
            json.dumps(meta, default=str),
            inline,
            digest,
            int(history),
        ),
    )
    return True


def held(tx: Tx, account_id: int) -> dict[str, int]:
    """The items an account's quarantine holds: remote id to key."""
    return dict(tx.read("select remote_id, id from quarantine where account_id = ? and state = 'held'", (account_id,)))


def _row(v: tuple[Any, ...]) -> QuarantineRow:
    values = (v[0], uid_text(v[1]), *v[2:9], json.loads(v[9]), bool(v[10]), v[11], v[12])
    return msgspec.convert(values, QuarantineRow)


def listing(store: Store, *, state: str = "held") -> list[QuarantineRow]:
    """Items in a state, newest first."""
    return [_row(v) for v in store.read(f"{_SELECT} where q.state = ? order by q.id desc", (state,))]


def count(store: Store, account_id: int | None = None) -> int:
    """How many items are held, of one account when it is named."""
    row = store.read_one(
        "select count(*) from quarantine where state = 'held' and account_id = coalesce(?, account_id)", (account_id,)
    )
    return int(row[0]) if row else 0


def find(store: Store, text: str) -> QuarantineRow | None:
    """An item by its id or its number in the list."""
    raw = uid_bytes(text)
    if raw is not None:
        rows = store.read(f"{_SELECT} where q.uid = ?", (raw,))
    elif text.isascii() and text.isdigit() and len(text) < 18:
        rows = store.read(f"{_SELECT} where q.id = ?", (int(text),))
    else:
        rows = []
    return _row(rows[0]) if rows else None


def raw(store: Store, row_id: int) -> bytes:
    """The bytes as received."""
    row = store.read_one("select raw, raw_sha256 from quarantine where id = ?", (row_id,))
    return (blobs.get(store.root, row[0], row[1]) or b"") if row else b""


def finish(tx: Tx, row_id: int, state: str = "done") -> None:
    """The item was understood after all (``done``) or given up (``dropped``)."""
    tx.execute("update quarantine set state = ? where id = ?", (state, row_id))
