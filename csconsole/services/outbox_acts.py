"""The outbox by hand: look a row up, pull it back, send it again, say whether it arrived."""

from __future__ import annotations

from csconsole.domain.conversation import ENDED
from csconsole.errors import NotFoundError, RefusedError
from csconsole.services.desk import Desk
from csconsole.services.holding import take_back, text_of
from csconsole.store import conversations, draft_letters, drafts, events, outbox
from csconsole.store.database import Tx
from csconsole.store.ids import uid_bytes
from csconsole.store.outbox import OutboxRow
from csconsole.sync import closing, fold


def outbox_row(desk: Desk, uid: str) -> OutboxRow:
    """A row of the outbox by id, or by the start or end of one that is unique.

    Raises:
        NotFoundError: there is none.
    """
    row = outbox.by_uid(desk.store, uid)
    if row is None and len(uid) >= 4:
        found = [r for r in outbox.listing(desk.store) if r.uid.startswith(uid) or r.uid.endswith(uid)]
        row = found[0] if len(found) == 1 else None
    if row is None:
        raise NotFoundError(f'There is no message "{uid}" in the outbox; see csconsole outbox.')
    return row


def cancel(desk: Desk, uid: str) -> str:
    """Pulls a waiting message back, or puts a failed or stopped one aside; returns its text.

    The text goes into its author's draft; that of a stopped message went there when it was stopped.

    Raises:
        RefusedError: it is on its way, has been sent, or nobody knows.
        NotFoundError: there is none.
    """
    row_id = outbox_row(desk, uid).id
    with desk.transaction() as tx:
        row = _now(tx, row_id)
        if row.state in outbox.WAITING:
            return take_back(tx, desk, row)
        if row.state not in {"failed", "stopped"}:
            raise RefusedError(_why_not(row))
        outbox.dismiss(tx, row.id)
        if row.state == "failed":
            author = row.agent_id or desk.actor.id
            drafts.give_back(tx, author, row.conversation_id, row.kind, text_of(row), row.base_seq)
            draft_letters.give_back(tx, author, row.conversation_id, row.item)
        fold.refold(tx, row.conversation_id)
        _audit(tx, desk, "outbox.cancel", row)
    return text_of(row)


def retry(desk: Desk, uid: str) -> None:
    """Sends a failed or stopped message again: a person decided.

    The copy of its text that went into the draft is taken out again, if nobody has touched it.

    Raises:
        RefusedError: it is not failed or stopped; an uncertain one must be settled first.
        NotFoundError: there is none.
    """
    row_id = outbox_row(desk, uid).id
    with desk.transaction() as tx:
        row = _now(tx, row_id)
        if row.state not in {"failed", "stopped"}:
            raise RefusedError(_why_not(row))
        state = conversations.state(tx, row.conversation_id)
        outbox.rebase(tx, row.id, state.message_seq if state else row.base_seq)
        outbox.finish(tx, row.id, "queued", not_before=tx.now, outcome="retry")
        author = row.agent_id or desk.actor.id
        drafts.discard(tx, author, row.conversation_id, row.kind, text_of(row))
        if row.state == "stopped":  # what came back with the text goes out again with the row
            draft_letters.save(tx, author, row.conversation_id, "")
        fold.refold(tx, row.conversation_id)
        _audit(tx, desk, "outbox.retry", row)


def settle(desk: Desk, uid: str, sent: bool) -> None:
    """A person has looked and says whether an uncertain message arrived.

    Raises:
        RefusedError: it is not uncertain.
        NotFoundError: there is none.
    """
    row_id = outbox_row(desk, uid).id
    with desk.transaction() as tx:
        row = _now(tx, row_id)
        if row.state not in {"uncertain", "settling"}:
            raise RefusedError(_why_not(row))
        if sent:
            outbox.finish(tx, row.id, "sent", reason="", outcome="settled")
            closing.after_sent(tx, row.id)
        else:
            outbox.finish(tx, row.id, "failed", reason="A person found that it did not arrive.", outcome="settled")
        state = conversations.state(tx, row.conversation_id)
        if state is not None and state.status not in ENDED:
            fold.refold(tx, row.conversation_id)
        events.audit(tx, desk.actor.name, "outbox.settle", "outbox", uid_bytes(row.uid), {"sent": sent})


def _now(tx: Tx, row_id: int) -> OutboxRow:
    """The row as this transaction sees it: the worker may have been faster than the look before."""
    row = outbox.get(tx, row_id)
    if row is None:
        raise NotFoundError("This message is no longer in the outbox; see csconsole outbox.")
    return row


def _audit(tx: Tx, desk: Desk, action: str, row: OutboxRow) -> None:
    events.audit(tx, desk.actor.name, action, "outbox", uid_bytes(row.uid), {"state": row.state})


def _why_not(row: OutboxRow) -> str:
    words = {
        "sent": "It has been sent.",
        "held": "It is held and will be sent; pull it back with csconsole outbox cancel ID.",
        "queued": "It is waiting to be sent; pull it back with csconsole outbox cancel ID.",
        "sending": "It is on its way.",
        "settling": "Whether it arrived is being looked up; wait a minute.",
        "uncertain": "Whether it arrived is not known; look, then say: csconsole outbox settle ID sent|unsent.",
        "cancelled": "It was pulled back.",
        "failed": "It failed; send it again with csconsole outbox retry ID.",
        "stopped": "It was stopped; send it again with csconsole outbox retry ID.",
    }
    return words.get(row.state, f"It is {row.state}.")
