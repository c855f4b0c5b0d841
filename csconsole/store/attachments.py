"""Attachments: what the source said of them, and where their content lies once it was fetched."""

from __future__ import annotations

from csconsole.store.database import Store, Tx
from csconsole.store.ids import uid_bytes


def attachment(store: Store, uid: str) -> tuple[int, str, str, str, str | None] | None:
    """``(message n, name, mime, locator, sha256)`` of an attachment, or None."""
    raw = uid_bytes(uid)
    row = store.read_one("select message_n, name, mime, locator, sha256 from attachment where uid = ?", (raw,))
    return (int(row[0]), row[1], row[2], row[3], row[4]) if row else None


def attachment_origin(store: Store, uid: str) -> tuple[int, str] | None:
    """``(account key, remote id of the message)`` of an attachment, or None: where to fetch it.

    The account is the one the message came from, which need not be its conversation's: mail to two mailboxes
    is one thread.
    """
    row = store.read_one(
        "select coalesce((select r.account_id from account a cross join remote_ref r on r.account_id = a.id"
        " and r.kind = 'message' and r.remote_id = m.remote_id where r.row_id = m.n limit 1), c.account_id),"
        " m.remote_id from attachment t join message m on m.n = t.message_n"
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
    row = tx.read_one("select message_n from attachment where uid = ?", (raw,))
    if row:
        tx.execute("update message set rev = ? where n = ?", (tx.rev, row[0]))
        tx.execute(
            "update conversation set rev = ? where id = (select conversation_id from message where n = ?)",
            (tx.rev, row[0]),
        )
