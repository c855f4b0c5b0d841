"""Messages, their sources and attachments. ``seq`` is arrival, order is ``(at, seq)``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from csconsole.domain.events import AttachmentInfo
from csconsole.domain.message import (
    Attachment,
    AuthorKind,
    Delivery,
    Direction,
    Message,
    Visibility,
)
from csconsole.store import blobs
from csconsole.store.database import Store, Tx
from csconsole.store.ids import new_uid, uid_bytes, uid_text


class NewMessage(msgspec.Struct, kw_only=True):
    """What is stored of a new message. Instants in ms UTC; texts already ``Safe``."""

    conversation_id: int
    at: int
    direction: str
    visibility: str
    author_kind: str
    author_name: str = ""
    agent_id: int | None = None
    kind: str = "text"
    surface: str = ""
    subject: str = ""
    body_text: str = ""
    body_html: str = ""
    remote_id: str = ""
    outbox_id: int | None = None
    delivery: str | None = None
    automatic: bool = False
    history: bool = False
    extra: dict[str, Any] = {}
    attachments: tuple[AttachmentInfo, ...] = ()
    raw: bytes | None = None
    n: int | None = None


def reserve_history(tx: Tx, count: int) -> int:
    """The first of ``count`` free places below every message: history goes there, oldest first."""
    row = tx.execute("select coalesce(min(n), 1) from message").fetchone()
    return int(row[0]) - count


def insert(tx: Tx, store_root: Any, message: NewMessage) -> tuple[int, int]:
    """Stores a message and queues it for the search index; returns ``(n, seq)``.

    ``n`` rises with time: live messages go above the highest, a history page into places it reserved below
    the lowest.
    """
    n = message.n
    if n is None:
        n = int(tx.execute("select coalesce(max(n), 0) + 1 from message").fetchone()[0])
    seq = int(
        tx.execute(
            "update conversation set message_seq = message_seq + 1, rev = ? where id = ? returning message_seq",
            (tx.rev, message.conversation_id),
        ).fetchone()[0]
    )
    tx.execute(
        "insert into message (n, uid, conversation_id, seq, at, received_at, direction, visibility, author_kind,"
        " author_name, agent_id, kind, surface, subject, body_text, remote_id, outbox_id, delivery, automatic,"
        " history, extra, rev) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            n,
            new_uid(),
            message.conversation_id,
            seq,
            message.at,
            tx.now,
            message.direction,
            message.visibility,
            message.author_kind,
            message.author_name,
            message.agent_id,
            message.kind,
            message.surface,
            message.subject,
            message.body_text,
            message.remote_id,
            message.outbox_id,
            message.delivery,
            int(message.automatic),
            int(message.history),
            json.dumps(message.extra, ensure_ascii=False) if message.extra else "{}",
            tx.rev,
        ),
    )
    if message.body_html or message.raw is not None:
        inline, digest = blobs.put(store_root, message.raw)
        tx.execute("insert into message_source values (?, ?, ?, ?)", (n, message.body_html, inline, digest))
    for position, info in enumerate(message.attachments):
        tx.execute(
            "insert into attachment (uid, message_n, position, name, mime, bytes, locator)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            (new_uid(), n, position, info.name, info.mime, info.bytes, info.locator),
        )
    tx.execute("insert into to_index values (?)", (n,))
    return n, seq


def set_delivery(tx: Tx, n: int, delivery: str | None, reason: str = "") -> None:
    """Writes a delivery state and its reason."""
    tx.execute(
        "update message set delivery = ?, delivery_reason = ?, rev = ? where n = ?",
        (delivery, reason, tx.rev, n),
    )
    tx.execute(
        "update conversation set rev = ? where id = (select conversation_id from message where n = ?)",
        (tx.rev, n),
    )


def edit(tx: Tx, n: int, body: str, at: int) -> None:
    """Replaces a text; the old one is kept as a revision, and the index follows."""
    row = tx.execute("select edit_rev, body_text from message where n = ?", (n,)).fetchone()
    tx.execute("insert into message_revision values (?, ?, ?, ?)", (n, row[0], row[1], at))
    unindex(tx, n)
    tx.execute("update message set body_text = ?, edit_rev = edit_rev + 1, rev = ? where n = ?", (body, tx.rev, n))
    tx.execute("insert into to_index values (?) on conflict do nothing", (n,))
    _touch(tx, n)


def redact(tx: Tx, n: int, at: int) -> None:
    """Removes a message's content everywhere; that there was one stays."""
    unindex(tx, n)
    tx.execute(
        "update message set body_text = '', subject = '', redacted_at = ?, rev = ? where n = ?",
        (at, tx.rev, n),
    )
    tx.execute("delete from message_revision where message_n = ?", (n,))
    tx.execute("delete from message_source where message_n = ?", (n,))
    tx.execute("delete from attachment where message_n = ?", (n,))
    _touch(tx, n)


def unindex(tx: Tx, n: int) -> None:
    """Takes a message out of the search index with the very tokens it went in with."""
    from csconsole.text.search import fold, index_terms

    if tx.execute("delete from to_index where n = ?", (n,)).rowcount:
        return
    row = tx.execute("select subject, body_text from message where n = ?", (n,)).fetchone()
    tx.execute(
        "insert into message_fts (message_fts, rowid, t) values ('delete', ?, ?)",
        (n, index_terms(fold(f"{row[0]}\n{row[1]}"))),
    )


def _touch(tx: Tx, n: int) -> None:
    tx.execute(
        "update conversation set rev = ? where id = (select conversation_id from message where n = ?)",
        (tx.rev, n),
    )


_COLUMNS = (
    "m.n, m.uid, m.conversation_id, m.seq, m.at, m.direction, m.visibility, m.author_kind, m.author_name, m.kind,"
    " m.body_text, m.delivery, m.delivery_reason, m.remote_id, m.surface, m.edit_rev, m.redacted_at, m.rev, o.uid"
)


def page(
    store: Store, conversation_id: int, *, before: tuple[int, int] | None = None, limit: int = 200
) -> list[Message]:
    """The newest ``limit`` messages older than ``before`` (an ``(at, seq)``), in reading order."""
    at, seq = before or (1 << 62, 1 << 62)
    rows = store.read(
        f"select {_COLUMNS} from message m left join outbox o on o.id = m.outbox_id"
        " where m.conversation_id = ? and (m.at, m.seq) < (?, ?) order by m.at desc, m.seq desc limit ?",
        (conversation_id, at, seq, limit),
    )
    return _messages(store, reversed(rows))


def changed(store: Store, conversation_id: int, after_rev: int) -> list[Message]:
    """Messages of a conversation touched since a revision, in reading order."""
    rows = store.read(
        f"select {_COLUMNS} from message m left join outbox o on o.id = m.outbox_id"
        " where m.conversation_id = ? and m.rev > ? order by m.at, m.seq",
        (conversation_id, after_rev),
    )
    return _messages(store, rows)


def by_uid(store: Store, uid: str) -> Message | None:
    """One message by its id."""
    raw = uid_bytes(uid)
    rows = store.read(
        f"select {_COLUMNS} from message m left join outbox o on o.id = m.outbox_id where m.uid = ?",
        (raw,),
    )
    found = _messages(store, rows)
    return found[0] if found else None


def _messages(store: Store, rows: Iterable[tuple[Any, ...]]) -> list[Message]:
    rows = list(rows)
    files: dict[int, list[Attachment]] = {}
    if rows:
        for n, uid, name, mime, size, state in store.read(
            "select message_n, uid, name, mime, bytes, fetch_state from attachment"
            " where message_n in (select value from json_each(?)) order by message_n, position",
            (json.dumps([r[0] for r in rows]),),
        ):
            files.setdefault(n, []).append(Attachment(uid_text(uid), name, mime, size, state))
    return [
        Message(
            n=r[0],
            uid=uid_text(r[1]),
            conversation_id=r[2],
            seq=r[3],
            at=r[4],
            direction=Direction(r[5]),
            visibility=Visibility(r[6]),
            author_kind=AuthorKind(r[7]),
            author_name=r[8],
            kind=r[9],
            body=r[10],
            attachments=tuple(files.get(r[0], ())),
            delivery=Delivery(r[11]) if r[11] else None,
            delivery_reason=r[12],
            remote_id=r[13],
            outbox_uid=uid_text(r[18]) if r[18] else "",
            surface=r[14],
            edit_rev=r[15],
            redacted_at=r[16],
            rev=r[17],
        )
        for r in rows
    ]


def source(store: Store, n: int) -> tuple[bytes | None, str]:
    """The raw bytes as received, and the HTML body, where kept."""
    row = store.read_one("select body_html, raw, raw_sha256 from message_source where message_n = ?", (n,))
    if row is None:
        return None, ""
    return blobs.get(store.root, row[1], row[2]), row[0]


def last_customer_text(store: Store, conversation_id: int, *, messages: int = 3) -> str:
    """The customer's last words, to rank canned replies by."""
    rows = store.read(
        "select body_text from message where conversation_id = ? and direction = 'in' and visibility = 'public'"
        " order by at desc, seq desc limit ?",
        (conversation_id, messages),
    )
    return "\n".join(r[0] for r in reversed(rows))


def attachment(store: Store, uid: str) -> tuple[int, str, str, str, str | None] | None:
    """``(message n, name, mime, locator, sha256)`` of an attachment, or None."""
    raw = uid_bytes(uid)
    row = store.read_one("select message_n, name, mime, locator, sha256 from attachment where uid = ?", (raw,))
    return (int(row[0]), row[1], row[2], row[3], row[4]) if row else None


class Incoming(msgspec.Struct, frozen=True):
    """The customer's newest public message: what a reply refers to."""

    n: int
    subject: str
    extra: dict[str, Any]


def last_incoming(tx: Tx, conversation_id: int) -> Incoming | None:
    """The newest public message of the customer, None when there is none."""
    row = tx.execute(
        "select n, subject, extra from message where conversation_id = ? and direction = 'in'"
        " and visibility = 'public' order by at desc, seq desc limit 1",
        (conversation_id,),
    ).fetchone()
    return Incoming(row[0], row[1], json.loads(row[2])) if row else None


def attachment_origin(store: Store, uid: str) -> tuple[int, str] | None:
    """``(account key, remote id of the message)`` of an attachment, or None: where to fetch it."""
    row = store.read_one(
        "select c.account_id, m.remote_id from attachment t join message m on m.n = t.message_n"
        " join conversation c on c.id = m.conversation_id where t.uid = ?",
        (uid_bytes(uid),),
    )
    return (int(row[0]), row[1]) if row else None


def attachment_fetched(tx: Tx, uid: str, sha256: str | None, size: int = 0) -> None:
    """Notes where an attachment's content lies, or (None) that it could not be fetched."""
    raw = uid_bytes(uid)
    if sha256 is None:
        tx.execute("update attachment set fetch_state = 'failed' where uid = ? and sha256 is null", (raw,))
    else:
        tx.execute(
            "update attachment set fetch_state = 'stored', sha256 = ?, bytes = ? where uid = ?", (sha256, size, raw)
        )
    row = tx.execute("select message_n from attachment where uid = ?", (raw,)).fetchone()
    if row:
        tx.execute("update message set rev = ? where n = ?", (tx.rev, row[0]))
        _touch(tx, row[0])
