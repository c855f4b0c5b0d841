"""What a source states of a conversation's fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from csconsole.domain.conversation import ACTIVE, ENDED, Status
from csconsole.domain.events import ConversationEvent
from csconsole.store import accounts, conversations, customers, events, refs, tags, timers
from csconsole.store.conversations import ConversationState
from csconsole.sync.facts import safe_facts
from csconsole.sync.identity import customer_of
from csconsole.sync.threads import NUMBERS, find_thread, start, status_event
from csconsole.text.sanitize import safe_line

if TYPE_CHECKING:
    from csconsole.sync.ingest import Intake

_STATUSES = frozenset(map(str, Status))


def apply_fields(intake: Intake, event: ConversationEvent, at: int) -> bool:
    """Writes what the source states; begins the conversation when it is new and its customer known.

    Returns:
        False when there is nothing yet that the statement could be about.
    """
    tx = intake.tx
    customer_id = customers.by_identity(tx, event.customer) if event.customer else None
    found = find_thread(intake, event.thread, customer_id)
    if found is None:
        if event.customer is None or _is_erased(intake, event):
            return False
        found = start(intake, event, customer_of(tx, event.customer, at=at), at)
    before = conversations.state(tx, found)
    if before is None:
        return False
    _write_fields(intake, event, before, at)
    if event.status in _STATUSES:
        _apply_status(intake, before, Status(event.status), event, at)
    _apply_tags(intake, found, event)
    if event.attributes:
        conversations.set_attributes(tx, found, safe_facts(event.attributes))
    return True


def _is_erased(intake: Intake, event: ConversationEvent) -> bool:
    """Whether the conversation was a customer's who was erased: a rescan must not bring it back."""
    ids = (event.event_id, event.thread.remote_id)
    return any(refs.is_erased(intake.tx, intake.account.name, i) for i in ids if i)


def _write_fields(intake: Intake, event: ConversationEvent, before: ConversationState, at: int) -> None:
    fields = _fields(intake, event)
    number = event.number
    if number is None or number not in NUMBERS:
        number = before.number
    if number != before.number and not conversations.number_taken(intake.tx, before.account_id, number):
        fields["number"] = number
    reassigned = fields.get("assignee_id", before.assignee_id) != before.assignee_id
    if reassigned and not intake.history:
        fields["assigned_seq"] = before.message_seq
    if fields:
        conversations.update(intake.tx, before.id, **fields)
    if reassigned:
        events.record(
            intake.tx,
            before.id,
            "assignee.changed",
            at=at,
            actor=safe_line(event.actor),
            data={"from": before.assignee_id, "to": fields["assignee_id"]},
            history=intake.history,
        )


def _fields(intake: Intake, event: ConversationEvent) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in ("subject", "raw_status", "team", "priority", "kind", "reason"):
        value = getattr(event, name)
        if value is not None:
            fields[name] = safe_line(value)
    if event.status is not None:
        fields.setdefault("raw_status", safe_line(event.status))
    if event.assignee is not None:
        name = safe_line(event.assignee)
        known = accounts.agent_at(intake.tx, intake.account.id, name)
        fields["assignee_id"] = (known or accounts.ensure_agent(intake.tx, name)) if name else None
    return fields


def _apply_status(
    intake: Intake, before: ConversationState, status: Status, event: ConversationEvent, at: int
) -> None:  # fmt: skip
    tx = intake.tx
    fields: dict[str, Any] = {"status": status, "snoozed_until": None}
    until = (event.attributes or {}).get("snoozed_until")
    if status == Status.SNOOZED and isinstance(until, int):
        fields["snoozed_until"] = until
        timers.set_timer(tx, "snooze", before.id, until)
    else:
        timers.clear_timer(tx, "snooze", before.id)
    if status in ENDED:
        fields["resolved_at"] = at
    elif before.status in ENDED and status in ACTIVE:
        fields["resolved_at"] = None
    conversations.update(tx, before.id, **fields)
    intake.touched.add(before.id)
    if status != before.status:
        status_event(intake, before.id, before.status, status, at, safe_line(event.actor))


def _apply_tags(intake: Intake, conversation_id: int, event: ConversationEvent) -> None:
    by = safe_line(event.actor)
    if event.tags is not None:
        wanted = [t for raw in event.tags if (t := safe_line(raw))]
        current = tags.names_of(intake.tx, tags.CONVERSATION, conversation_id)
        gone = [t for t in current if t not in wanted]
        tags.change(intake.tx, tags.CONVERSATION, conversation_id, add=wanted, remove=gone, by=by)
    if event.add_tags:
        more = [t for raw in event.add_tags if (t := safe_line(raw))]
        tags.change(intake.tx, tags.CONVERSATION, conversation_id, add=more, by=by)
