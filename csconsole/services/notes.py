"""Notes: words among staff, kept with a conversation or with a customer; they never leave the machine."""

from __future__ import annotations

from csconsole.domain.message import AuthorKind, Direction, Visibility
from csconsole.errors import NotFoundError, UsageError
from csconsole.services.desk import Desk
from csconsole.store import conversations, customers, drafts, events, messages
from csconsole.store.messages import NewMessage
from csconsole.sync import fold
from csconsole.text.sanitize import safe_text


def add_note(desk: Desk, conversation_id: int, text: str) -> str:
    """Adds an internal note; the customer never sees it. Clears the draft of the note and returns the text.

    Raises:
        UsageError: an empty note.
        NotFoundError: the conversation is gone.
    """
    body = _body(text)
    with desk.transaction() as tx:
        state = conversations.state(tx, conversation_id)
        if state is None:
            raise NotFoundError("This conversation is gone.")
        new = NewMessage(
            conversation_id=conversation_id,
            at=max(tx.now, state.last_at),
            direction=Direction.OUT,
            visibility=Visibility.INTERNAL,
            author_kind=AuthorKind.AGENT,
            author_name=desk.actor.display_name,
            agent_id=desk.actor.id,
            body_text=body,
        )
        n, seq = messages.insert(tx, desk.store.root, new)
        fold.fold_live(tx, state, new, seq)
        drafts.save(tx, desk.actor.id, conversation_id, "note", "", 0)
        events.record(tx, conversation_id, "note.added", actor=desk.actor.name, message_n=n)
        events.audit(tx, desk.actor.name, "conversation.note", "conversation", state.uid)
    return body


def add_customer_note(desk: Desk, customer_id: int, text: str) -> None:
    """Adds a remark kept with the customer.

    Raises:
        UsageError: an empty remark.
    """
    body = _body(text)
    with desk.transaction() as tx:
        customers.add_note(tx, customer_id, desk.actor.display_name, body)
        customers.touch_conversations(tx, customer_id)
        events.audit(tx, desk.actor.name, "customer.note", "customer", None, {"customer": customer_id})


def _body(text: str) -> str:
    body = str(safe_text(text).strip())
    if not body:
        raise UsageError("The note is empty.")
    return body
