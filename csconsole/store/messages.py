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
    told_of,
)
from csconsole.domain.sending import OutboundItem
from csconsole.store import blobs
from csconsole.store.attachments import attachment as attachment
from csconsole.store.attachments import attachment_fetched as attachment_fetched
from csconsole.store.attachments import attachment_origin as attachment_origin
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


def reserve_history(tx: Tx, count: int, place: int | None = None) -> int:
    """The first of ``count`` free places below every message: history goes there, oldest first.

    Args:
        tx: the transaction.
        count: how many messages there may be.
        place: where an earlier transaction of the same page left off; used on while nobody took the places.
    """
    if place is not None and not tx.read_one("select 1 from message where n >= ? and n < ?", (place, place + count)):
        return place
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
            "insert into attachment (uid, message_n, position, name, mime, bytes, locator, sha256, fetch_state)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                new_uid(),
                n,
                position,
                info.name,
                info.mime,
                info.bytes,
                info.locator,
                info.sha256,
                "stored" if info.sha256 else "remote",
            ),
        )
    tx.execute("insert into to_index values (?)", (n,))
    return n, seq


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """Where a message stands: what an edit, receipt or unsend needs to know of it."""

    conversation_id: int
    delivery: str | None
    outbox_id: int | None
    redacted: bool


def standing(tx: Tx, n: int) -> Standing | None:
    """Where a message stands, None when there is none."""
    row = tx.read_one("select conversation_id, delivery, outbox_id, redacted_at from message where n = ?", (n,))
    return Standing(row[0], row[1], row[2], row[3] is not None) if row else None


def set_remote_id(tx: Tx, n: int, remote_id: str) -> None:
    """Notes the source's id of a message we sent."""
    tx.execute("update message set remote_id = ?, rev = ? where n = ?", (remote_id, tx.rev, n))


def set_delivery(tx: Tx, n: int, delivery: str | None, reason: str = "") -> None:
    """Writes a delivery state and its reason, to all messages that left in one call."""
    tx.execute(
        "update message set delivery = ?, delivery_reason = ?, rev = ? where n = ? or outbox_id ="
        " (select outbox_id from message where n = ?)",
        (delivery, reason, tx.rev, n, n),
    )
    _touch(tx, n)


def edit(tx: Tx, n: int, body: str, at: int) -> bool:
    """Replaces a text; the old one is kept as a revision, and the index follows.

    Returns:
        False when the message was redacted (what was taken away stays away) or has this text already.
    """
    row = tx.read_one("select edit_rev, body_text, redacted_at from message where n = ?", (n,))
    if row is None or row[2] is not None or row[1] == body:
        return False
    tx.execute("insert into message_revision values (?, ?, ?, ?)", (n, row[0], row[1], at))
    unindex(tx, n)
    tx.execute("update message set body_text = ?, edit_rev = edit_rev + 1, rev = ? where n = ?", (body, tx.rev, n))
    tx.execute("insert into to_index values (?) on conflict do nothing", (n,))
    _touch(tx, n)
    return True


def redact(tx: Tx, n: int, at: int) -> bool:
    """Removes a message's content everywhere; that there was one stays. False when that was done before."""
    row = tx.read_one("select redacted_at, outbox_id, conversation_id, subject from message where n = ?", (n,))
    if row is None or row[0] is not None:
        return False
    unindex(tx, n)
    tx.execute(
        "update conversation set subject = '' where id = :c and subject = :s and not exists (select 1 from message m"
        " where m.conversation_id = :c and m.subject = :s and m.n <> :n)",
        {"c": row[2], "s": row[3], "n": n},
    )
    tx.execute(
        "update message set body_text = '', subject = '', extra = '{}', redacted_at = ?, rev = ? where n = ?",
        (at, tx.rev, n),
    )
    tx.execute("delete from message_revision where message_n = ?", (n,))
    tx.execute("delete from message_source where message_n = ?", (n,))
    tx.execute("delete from attachment where message_n = ?", (n,))
    if row[1] is not None:
        _empty_outbox(tx, row[1])
    _touch(tx, n)
    return True


def _empty_outbox(tx: Tx, outbox_id: int) -> None:
    """Takes the texts out of a send that has left, once none of its messages has one any more."""
    row = tx.read_one(
        "select payload from outbox where id = ? and state in ('sent', 'failed', 'stopped', 'cancelled') and not exists"
        " (select 1 from message where outbox_id = ? and redacted_at is null)",
        (outbox_id, outbox_id),
    )
    if row is not None:
        item = msgspec.structs.replace(msgspec.json.decode(row[0], type=OutboundItem), subject="", bubbles=())
        tx.execute("update outbox set payload = ? where id = ?", (msgspec.json.encode(item).decode(), outbox_id))


def unindex(tx: Tx, n: int) -> None:
    """Takes a message out of the search index with the very tokens it went in with.

    Every message is either in the index or waits for it, redacted ones excepted: a row deleted from the index
    that was never in it would spoil the index. Its grams leave the sample of frequencies too, since a rare
    gram is a whole word.
    """
    from csconsole.text.search import fold, index_terms

    if tx.execute("delete from to_index where n = ?", (n,)).rowcount:
        return
    row = tx.execute("select subject, body_text from message where n = ?", (n,)).fetchone()
    terms = index_terms(fold(f"{row[0]}\n{row[1]}"))
    tx.execute("insert into message_fts (message_fts, rowid, t) values ('delete', ?, ?)", (n, terms))
    grams = json.dumps(sorted(set(terms.split(" "))), ensure_ascii=False)
    chosen = "gram in (select value from json_each(?))"
    tx.execute(f"delete from gram_frequency where n <= 1 and {chosen}", (grams,))
    tx.execute(f"update gram_frequency set n = n - 1 where {chosen}", (grams,))


def _touch(tx: Tx, n: int) -> None:
    tx.execute(
        "update conversation set rev = ? where id = (select conversation_id from message where n = ?)",
        (tx.rev, n),
    )


_COLUMNS = (
    "m.n, m.uid, m.conversation_id, m.seq, m.at, m.direction, m.visibility, m.author_kind, m.author_name, m.kind,"
    " m.body_text, m.delivery, m.delivery_reason, m.remote_id, m.surface, m.edit_rev, m.redacted_at, m.rev, o.uid,"
    " case when m.extra = '{}' then null else m.extra end"
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
            folds=told.folds if not r[15] else (),
            remarks=told.remarks,
        )
        for r in rows
        for told in (told_of(r[19]),)
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


def words(source: Store | Tx, n: int) -> tuple[int, str]:
    """When a message was written (ms UTC), and its text."""
    row = source.read_one("select at, body_text from message where n = ?", (n,))
    return (int(row[0]), str(row[1])) if row else (0, "")


class Facts(msgspec.Struct, frozen=True):
    """A message's subject, and what its source stated beside its text."""

    subject: str
    extra: dict[str, Any]


def facts(source: Store | Tx, n: int) -> Facts:
    """The facts of a message; empty ones when there is none."""
    row = source.read_one("select subject, extra from message where n = ?", (n,))
    return Facts(row[0], json.loads(row[1])) if row else Facts("", {})


class Incoming(msgspec.Struct, frozen=True):
    """The customer's newest public message: what a reply refers to."""

    n: int
    subject: str
    extra: dict[str, Any]


def last_incoming(tx: Store | Tx, conversation_id: int) -> Incoming | None:
    """The newest public message of the customer, None when there is none."""
    row = tx.read_one(
        "select n, subject, extra from message where conversation_id = ? and direction = 'in'"
        " and visibility = 'public' order by at desc, seq desc limit 1",
        (conversation_id,),
    )
    return Incoming(row[0], row[1], json.loads(row[2])) if row else None
