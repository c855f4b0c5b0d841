"""Events (what reports are derived from) and the audit trail (who did what, in a hash chain)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from csconsole.store.database import Store, Tx
from csconsole.store.ids import new_uid


def record(
    tx: Tx,
    conversation_id: int,
    kind: str,
    *,
    at: int | None = None,
    actor: str = "",
    data: Mapping[str, Any] | None = None,
    message_n: int | None = None,
    history: bool = False,
    reverts: int | None = None,
) -> int:
    """Appends an event (``status.changed``, ``assignee.changed``, ``message.in`` ...) and returns its key."""
    return int(
        tx.execute(
            "insert into event (uid, conversation_id, at, kind, actor, message_n, data, reverts, history)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
            (
                new_uid(),
                conversation_id,
                tx.now if at is None else at,
                kind,
                actor,
                message_n,
                json.dumps(dict(data or {}), ensure_ascii=False),
                reverts,
                int(history),
            ),
        ).fetchone()[0]
    )


def of_conversation(store: Store, conversation_id: int) -> list[tuple[int, str, str, dict[str, Any]]]:
    """``(at, kind, actor, data)`` of a conversation, in order."""
    return [
        (at, kind, actor, json.loads(data))
        for at, kind, actor, data in store.read(
            "select at, kind, actor, data from event where conversation_id = ? order by at, id",
            (conversation_id,),
        )
    ]


def last_actor(tx: Tx, conversation_id: int, kind: str) -> str | None:
    """Who did the newest event of a kind in a conversation; None when there is none."""
    row = tx.execute(
        "select actor from event where conversation_id = ? and kind = ? order by id desc limit 1",
        (conversation_id, kind),
    ).fetchone()
    return str(row[0]) if row else None


def audit(
    tx: Tx,
    actor: str,
    action: str,
    entity: str,
    entity_uid: bytes | None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Appends to the audit trail. ``data`` holds no customer text, so that erasing somebody keeps the chain.

    Each row's hash covers its content and the hash before it: a changed or missing row shows.
    """
    row = tx.execute("select hash from audit order by id desc limit 1").fetchone()
    previous: bytes = row[0] if row else b"\0" * 32
    text = json.dumps(dict(data or {}), ensure_ascii=False, sort_keys=True)
    digest = _digest(previous, tx.now, actor, action, entity, entity_uid, text)
    tx.execute(
        "insert into audit (at, actor, action, entity, entity_uid, data, prev_hash, hash)"
        " values (?, ?, ?, ?, ?, ?, ?, ?)",
        (tx.now, actor, action, entity, entity_uid, text, previous, digest),
    )


def broken_link(store: Store) -> int | None:
    """Key of the first audit row that does not follow from the one before it, or None when all do."""
    previous = b"\0" * 32
    for row in store.read(
        "select id, at, actor, action, entity, entity_uid, data, prev_hash, hash from audit order by id"
    ):
        if row[7] != previous or row[8] != _digest(previous, *row[1:7]):
            return int(row[0])
        previous = row[8]
    return None


def _digest(previous: bytes, at: int, actor: str, action: str, entity: str, uid: bytes | None, data: str) -> bytes:
    content = json.dumps([at, actor, action, entity, uid.hex() if uid else "", data], ensure_ascii=False)
    import hashlib  # loads OpenSSL, 4 MiB: only who writes needs it

    return hashlib.sha256(previous + content.encode()).digest()
