"""Remote references: the one gate against duplicates, and the way from an echo or receipt to our row.

Kinds: ``message``, ``conversation``, ``event`` (edits and receipts), ``marker`` (ours, written before the
call), ``rfc822`` (the same mail in several mailboxes; account 0), ``message_id`` (RFC 5322 ids of received
and sent mail, for threading; account 0), ``unsent`` (a message taken back at the source before we ever saw it).
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from csconsole.store.database import Store, Tx

SHARED = 0
"""Account of references that hold across accounts."""


def known(tx: Tx | Store, account_id: int, kind: str, remote_ids: Iterable[str]) -> dict[str, int]:
    """Which of these ids we have already, with the row each stands for; one statement a page."""
    sql = (
        "select remote_id, row_id from remote_ref where account_id = ? and kind = ?"
        " and remote_id in (select value from json_each(?))"
    )
    args = (account_id, kind, json.dumps(list(remote_ids)))
    rows = tx.read(sql, args) if isinstance(tx, Store) else tx.execute(sql, args).fetchall()
    return {remote_id: row_id for remote_id, row_id in rows}


def count(store: Store, account_id: int, kind: str) -> int:
    """How many remote ids of a kind an account has; reads them all, so not for every wake-up."""
    row = store.read_one("select count(*) from remote_ref where account_id = ? and kind = ?", (account_id, kind))
    return int(row[0]) if row else 0


def find(tx: Tx, account_id: int, kind: str, remote_id: str) -> int | None:
    """The row behind one remote id, or None."""
    row = tx.execute(
        "select row_id from remote_ref where account_id = ? and kind = ? and remote_id = ?",
        (account_id, kind, remote_id),
    ).fetchone()
    return int(row[0]) if row else None


def claim(tx: Tx, account_id: int, kind: str, remote_id: str, row_id: int) -> bool:
    """Binds a remote id to a row; False when it was bound before."""
    cursor = tx.execute(
        "insert into remote_ref values (?, ?, ?, ?) on conflict do nothing",
        (account_id, kind, remote_id, row_id),
    )
    return bool(cursor.rowcount)


def rebind(tx: Tx, account_id: int, kind: str, remote_id: str, row_id: int) -> None:
    """Points a remote id at another row (a chat whose next conversation began)."""
    tx.execute(
        "insert into remote_ref values (?, ?, ?, ?)"
        " on conflict (account_id, kind, remote_id) do update set row_id = excluded.row_id",
        (account_id, kind, remote_id, row_id),
    )


def erase_mark(tx: Tx, account: str, remote_id: str) -> bytes:
    """Keyed hash under which an erased item is remembered without being readable."""
    key = tx.execute("select value from meta where key = 'erase_key'").fetchone()[0]
    import hashlib  # loads OpenSSL, 4 MiB: only who erases and looks for what was erased needs it
    import hmac

    return hmac.new(key, f"{account}\0{remote_id}".encode(), hashlib.sha256).digest()


def remember_erased(tx: Tx, account: str, remote_id: str) -> None:
    """Notes that an item belonged to somebody who was erased."""
    tx.execute("insert into erased values (?, ?) on conflict do nothing", (erase_mark(tx, account, remote_id), tx.now))


def is_erased(tx: Tx, account: str, remote_id: str) -> bool:
    """Whether the item belongs to somebody who was erased: it must not come back by a rescan."""
    if not tx.execute("select 1 from erased limit 1").fetchone():
        return False
    mark = erase_mark(tx, account, remote_id)
    return tx.execute("select 1 from erased where mark = ?", (mark,)).fetchone() is not None
