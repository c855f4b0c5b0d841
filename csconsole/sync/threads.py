"""Which conversation a message belongs to: found, opened again, woken, or begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csconsole.domain.conversation import Status
from csconsole.domain.events import ConversationEvent, MessageEvent, ThreadRef
from csconsole.domain.message import Direction
from csconsole.domain.rules import Arrival, on_customer_message
from csconsole.store import conversations, events, messages, refs, timers
from csconsole.store.conversations import ConversationState
from csconsole.sync.identity import customer_for, known_customer
from csconsole.text.sanitize import safe_line

if TYPE_CHECKING:
    from csconsole.sync.ingest import Intake

MOST_REFERENCES = 50
"""Message ids of one mail that are looked up, nearest first; a longer list is an attack."""
NUMBERS = range(1, 1 << 53)
"""What can be a conversation's number; anything else a source says is not believed."""


def conversation_for(intake: Intake, event: MessageEvent, at: int) -> int:
    """Finds, reopens or starts the conversation of a message.

    A message that names nobody (an echo of something sent elsewhere) goes to its thread without making a
    customer.

    Args:
        intake: the transaction's context.
        event: the message.
        at: the instant by which it is ordered.
    """
    found = find_thread(intake, event.thread, known_customer(intake.tx, event))
    state = conversations.state(intake.tx, found) if found is not None else None
    names_somebody = event.customer is not None or bool(event.other_identities)
    if state is not None and not names_somebody:
        customer_id = state.customer_id
    else:
        customer_id = customer_for(intake.tx, event, at=at)
    if state is None:
        return start(intake, event, customer_id, at)
    if event.direction != Direction.IN or event.visibility != "public" or intake.history:
        return state.id
    if not _receive(intake, event, state, at):
        return start(intake, event, customer_id, at)
    if event.customer is not None and not event.automatic and customer_id == state.customer_id:
        # Only the customer moves where answers go: a stranger who knows a message id must not.
        conversations.set_address(intake.tx, state.id, event.customer.value)
    return state.id


def _receive(intake: Intake, event: MessageEvent, state: ConversationState, at: int) -> bool:
    """Opens or wakes the conversation when the rules say so; False when the message begins a new one."""
    arrival = on_customer_message(
        state.status,
        ended_at=conversations.ended_at(state),
        at=at,
        reopen_window=intake.reopen_window,
        threaded=intake.account.authority == "remote",
        automatic=event.automatic or event.author_kind != "customer",
    )
    if arrival == Arrival.START_NEW:
        return False
    if arrival == Arrival.REOPEN:
        conversations.count_reopen(intake.tx, state.id)
        conversations.update(intake.tx, state.id, status=Status.OPEN, resolved_at=None)
        status_event(intake, state.id, state.status, Status.OPEN, at, "reopened")
    elif arrival == Arrival.WAKE:
        timers.clear_timer(intake.tx, "snooze", state.id)
        conversations.update(intake.tx, state.id, status=Status.OPEN, snoozed_until=None)
        status_event(intake, state.id, state.status, Status.OPEN, at, "woken")
    return True


def status_event(intake: Intake, conversation_id: int, old: str, new: str, at: int, actor: str) -> None:
    """Records a status that changed by what came in."""
    data = {"from": old, "to": new}
    events.record(
        intake.tx, conversation_id, "status.changed", at=at, actor=actor, data=data, history=intake.history
    )  # fmt: skip


def find_thread(intake: Intake, thread: ThreadRef, customer_id: int | None) -> int | None:
    """The conversation a thread reference means: ids first, then our token, then a number with the same
    customer; a chat goes on where the customer was last. Never by subject alone."""
    tx, account = intake.tx, intake.account
    if thread.remote_id:
        found = refs.find(tx, account.id, "conversation", thread.remote_id)
        if found is not None:
            return conversations.target(tx, found)
    for n in _referred(intake, thread):
        standing = messages.standing(tx, n)
        if standing is not None:
            return conversations.target(tx, standing.conversation_id)
    if thread.token and (found := conversations.by_uid(tx, thread.token)) is not None:
        return conversations.target(tx, found)
    if customer_id is None:
        return None
    if thread.number is not None and thread.number in NUMBERS:
        found = conversations.by_number(tx, account.id, thread.number, customer_id)
        if found is not None:
            return conversations.target(tx, found)
    if not thread.remote_id and account.capabilities.get("is_chat", True):
        return conversations.latest_of_customer(tx, account.id, customer_id)
    return None


def _referred(intake: Intake, thread: ThreadRef) -> list[int]:
    """The messages a mail answers, nearest first."""
    ids = thread.reply_to[:MOST_REFERENCES]
    found = refs.known(intake.tx, refs.SHARED, "message_id", ids) if ids else {}
    return [found[message_id] for message_id in ids if message_id in found]


def start(intake: Intake, event: MessageEvent | ConversationEvent, customer_id: int, at: int) -> int:
    """Begins a conversation: open, unless history or a machine brought it."""
    tx, account = intake.tx, intake.account
    number = event.number if isinstance(event, ConversationEvent) and event.number in NUMBERS else None
    quiet = intake.history or (isinstance(event, MessageEvent) and event.automatic)
    conversation_id = conversations.create(
        tx,
        account.id,
        account.channel,
        customer_id,
        created_at=at,
        status=Status.RESOLVED if quiet else Status.OPEN,
        subject=safe_line(event.subject or ""),
        number=number,
        branch=account.branch,
        remote_id=event.thread.remote_id,
        address=event.customer.value if event.customer else "",
    )
    if event.thread.remote_id:
        refs.rebind(tx, account.id, "conversation", event.thread.remote_id, conversation_id)
    events.record(tx, conversation_id, "conversation.created", at=at, history=intake.history)
    return conversation_id
