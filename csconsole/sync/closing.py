"""What a send does to its conversation when it ends: resolve it, or give the text back to its author."""

from __future__ import annotations

from csconsole.domain.conversation import ENDED, Status
from csconsole.store import accounts, conversations, draft_letters, drafts, events, outbox, timers
from csconsole.store.database import Tx
from csconsole.store.outbox import OutboxRow
from csconsole.sync import fence, fold


def after_sent(tx: Tx, row_id: int) -> None:
    """Resolves the conversation of an answer that was sent with the wish to resolve.

    A customer who has written since the author looked is still waiting: then it stays open, and an event
    says so. Done once, however often it is called.
    """
    row = outbox.get(tx, row_id)
    if row is None or not row.resolve_after:
        return
    outbox.resolved(tx, row_id)
    state = conversations.state(tx, row.conversation_id)
    if state is None or state.status in ENDED:
        return
    actor = accounts.agent_name(tx, row.agent_id)
    if fence.news_since(tx, row.conversation_id, row.base_seq, agent_id=row.agent_id).customer_messages:
        events.record(tx, row.conversation_id, "resolve.skipped", actor=actor)
        return
    timers.clear_timer(tx, "snooze", row.conversation_id)
    conversations.update(
        tx,
        row.conversation_id,
        status=Status.RESOLVED,
        resolved_at=tx.now,
        waiting_since=None,
        next_due_at=None,
        snoozed_until=None,
    )
    events.record(
        tx, row.conversation_id, "status.changed", actor=actor, data={"from": state.status, "to": Status.RESOLVED}
    )


def give_back(tx: Tx, row: OutboxRow) -> None:
    """Returns the text of a row that did not go out to its author's draft."""
    if row.agent_id is None:
        return
    text = "\n\n".join(bubble.text for bubble in row.item.bubbles)
    if text:
        drafts.give_back(tx, row.agent_id, row.conversation_id, row.kind, text, row.base_seq)
        draft_letters.give_back(tx, row.agent_id, row.conversation_id, row.item)


def unsent(tx: Tx, row: OutboxRow) -> None:
    """The customer waits again: a message that failed or was stopped no longer counts as an answer."""
    state = conversations.state(tx, row.conversation_id)
    if state is not None and state.status not in ENDED:
        fold.refold(tx, row.conversation_id)
