"""The hold: a message that has not left can be pulled back whole, or sent at once."""

from __future__ import annotations

from csconsole.errors import RefusedError
from csconsole.services.desk import Desk
from csconsole.store import draft_letters, drafts, events, outbox
from csconsole.store.database import Tx
from csconsole.store.outbox import OutboxRow
from csconsole.sync import fold


def pull_back(desk: Desk, conversation_id: int) -> str:
    """Pulls the message held in a conversation back into the draft; returns its text.

    Raises:
        RefusedError: nothing is held, or it is already on its way.
    """
    with desk.transaction() as tx:
        row = outbox.held(tx, conversation_id, desk.actor.id)
        if row is None:
            raise RefusedError("Nothing is held in this conversation.")
        return take_back(tx, desk, row)


def take_back(tx: Tx, desk: Desk, row: OutboxRow) -> str:
    """Cancels a waiting row, as read in this transaction, and gives its text back; returns the text.

    Raises:
        RefusedError: it is already on its way.
    """
    if not outbox.cancel(tx, row.id):
        raise RefusedError("It is already on its way.")
    text = text_of(row)
    author = row.agent_id or desk.actor.id
    drafts.give_back(tx, author, row.conversation_id, row.kind, text, row.base_seq)
    draft_letters.give_back(tx, author, row.conversation_id, row.item)
    fold.refold(tx, row.conversation_id)
    events.record(tx, row.conversation_id, "message.cancelled", actor=desk.actor.name, data={"outbox": row.uid})
    return text


def text_of(row: OutboxRow) -> str:
    """All texts of a row as one."""
    return "\n\n".join(bubble.text for bubble in row.item.bubbles)


def send_now(desk: Desk, conversation_id: int) -> None:
    """Ends the hold of the message held in a conversation.

    Raises:
        RefusedError: nothing is held.
    """
    with desk.transaction() as tx:
        row = outbox.held(tx, conversation_id, desk.actor.id)
        if row is None or not outbox.release(tx, row.id):
            raise RefusedError("Nothing is held in this conversation.")
