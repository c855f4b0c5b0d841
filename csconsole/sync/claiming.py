"""The moment before a send: take the row, or stop it because its author has not seen what happened since."""

from __future__ import annotations

from csconsole.store import accounts, conversations, events, outbox, refs
from csconsole.store.database import Tx
from csconsole.store.outbox import WAITING, OutboxRow
from csconsole.sync import closing, fence


def claim(tx: Tx, row_id: int) -> tuple[str, OutboxRow | None]:
    """Takes a waiting row for its next attempt, in one transaction with all that must be known afterwards.

    The marks by which an echo is recognised are written here, since an echo can overtake the answer. A reply
    that is stale stops, and its text goes back to the draft.

    Returns:
        ``("sending", row)``; ``("stopped", row)``; or ``("", None)`` when an undo was first.
    """
    row = outbox.get(tx, row_id)
    if row is None or row.state not in WAITING:
        return "", None
    reason = stale(tx, row)
    if reason:
        outbox.finish(tx, row.id, "stopped", reason=reason, outcome="stale")
        closing.give_back(tx, row)
        closing.unsent(tx, row)
        events.record(tx, row.conversation_id, "reply.stopped", data={"reason": reason})
        return "stopped", row
    taken = outbox.claim(tx, row_id)
    if taken is None:
        return "", None
    for mark in {taken.item.key, taken.item.uid} - {""}:
        refs.claim(tx, taken.account_id, "marker", mark, taken.id)
    _expect_answers(tx, taken)
    return "sending", taken


def _expect_answers(tx: Tx, row: OutboxRow) -> None:
    """Where the key is a Message-ID, binds it: a customer may answer a mail of which we never learn that it was
    accepted, and names nothing else of the thread."""
    sent = outbox.bubbles(tx, row.id) if row.key.startswith("<") else []
    if sent:
        refs.claim(tx, refs.SHARED, "message_id", row.key, sent[0][0])


def stale(tx: Tx, row: OutboxRow) -> str:
    """Why a reply must not go out unseen, "" when it may. Notes are never stale: they only append."""
    if row.kind != "reply":
        return ""
    state = conversations.state(tx, row.conversation_id)
    if state is None:
        return "The conversation is gone."
    expected = row.item.extra.get("base_assignee")
    return fence.stale_reason(
        tx,
        row.conversation_id,
        row.base_seq,
        agent_id=row.agent_id,
        outbox_id=row.id,
        expected_assignee=expected if isinstance(expected, int) else None,
        check_assignee=state.assigned_seq > row.base_seq and _by_somebody_else(tx, row),
    )


def _by_somebody_else(tx: Tx, row: OutboxRow) -> bool:
    """Whether the last assignment was another's act; handing over after answering is the author's own."""
    actor = events.last_actor(tx, row.conversation_id, "assignee.changed")
    return actor is None or actor != accounts.agent_name(tx, row.agent_id)
