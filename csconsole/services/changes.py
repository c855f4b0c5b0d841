"""Changes of one conversation inside a transaction: the fields, the event, the audit row, and the inverse step.

A step names what was written (``set``) and what stood there before, so that taking it back can see whether
somebody else has changed it since.
"""

from __future__ import annotations

from typing import Any

from csconsole.domain.conversation import ACTIVE, ENDED, Status
from csconsole.store import conversations, events, timers
from csconsole.store.conversations import ConversationState
from csconsole.store.database import Tx
from csconsole.sync import fold

Step = dict[str, Any]

_RESTORED = ("resolved_at", "ended_seq", "reopens")
"""Fields a status carries with it; taking the change back restores them as they were."""


def change_status(tx: Tx, state: ConversationState, status: Status, *, actor: str, until: int | None = None) -> Step:
    """Writes a status with its event, timer and audit row; returns the inverse step.

    Opening an ended conversation counts as a reopen, and whoever wrote since it ended waits again.
    """
    fields: dict[str, Any] = {"status": status, "snoozed_until": until if status == Status.SNOOZED else None}
    ended, ends = state.status in ENDED, status in ENDED
    if ends and not ended:
        fields["resolved_at"] = tx.now
    elif ended and not ends:
        fields |= {"resolved_at": None, "reopens": state.reopens + 1}
    conversations.update(tx, state.id, **fields)
    if ended and not ends:
        fold.refold(tx, state.id)
    _set_snooze(tx, state.id, status, until)
    data = {"from": state.status, "to": status}
    event = events.record(tx, state.id, "status.changed", actor=actor, data=data)
    events.audit(tx, actor, "conversation.status", "conversation", state.uid, data)
    return {
        "do": "status",
        "id": state.id,
        "event": event,
        "set": status,
        "status": state.status,
        "until": state.snoozed_until,
        **{name: getattr(state, name) for name in _RESTORED},
    }


def restore_status(tx: Tx, state: ConversationState, step: Step, *, actor: str) -> bool:
    """Takes a change of status back; False when somebody changed it since."""
    if state.status != step["set"]:
        return False
    status = Status(step["status"])
    fields = {name: step[name] for name in _RESTORED}
    conversations.update(tx, state.id, status=status, snoozed_until=step["until"], **fields)
    if status in ACTIVE:
        fold.refold(tx, state.id)
    _set_snooze(tx, state.id, status, step["until"])
    data = {"from": state.status, "to": status}
    events.record(tx, state.id, "status.changed", actor=actor, data=data, reverts=step["event"])
    events.audit(tx, actor, "conversation.status.undo", "conversation", state.uid, data)
    return True


def _set_snooze(tx: Tx, conversation_id: int, status: Status, until: int | None) -> None:
    if status == Status.SNOOZED and until is not None:
        timers.set_timer(tx, "snooze", conversation_id, until)
    else:
        timers.clear_timer(tx, "snooze", conversation_id)


def change_assignee(
    tx: Tx, state: ConversationState, target: int | None, *, actor: str, reverts: int | None = None
) -> Step:  # fmt: skip
    """Writes an assignee with its event and audit row; returns the inverse step."""
    conversations.update(tx, state.id, assignee_id=target, assigned_seq=state.message_seq)
    data = {"from": state.assignee_id, "to": target}
    event = events.record(tx, state.id, "assignee.changed", actor=actor, data=data, reverts=reverts)
    events.audit(tx, actor, "conversation.assign", "conversation", state.uid, data)
    return {"do": "assign", "id": state.id, "event": event, "set": target, "agent": state.assignee_id}


def change_field(
    tx: Tx, state: ConversationState, field: str, value: str, *, actor: str, reverts: int | None = None
) -> Step:  # fmt: skip
    """Writes a plain field with its event and audit row; returns the inverse step."""
    before = getattr(state, field)
    conversations.update(tx, state.id, **{field: value})
    data = {"field": field, "from": before, "to": value}
    event = events.record(tx, state.id, "field.changed", actor=actor, data=data, reverts=reverts)
    events.audit(tx, actor, "conversation.field", "conversation", state.uid, data)
    return {"do": "field", "id": state.id, "event": event, "field": field, "set": value, "value": before}


def record_tags(
    tx: Tx, state: ConversationState, added: list[str], removed: list[str], *, actor: str, reverts: int | None = None
) -> Step:
    """Records tags that were changed; returns the inverse step."""
    data = {"added": added, "removed": removed}
    event = events.record(tx, state.id, "tags.changed", actor=actor, data=data, reverts=reverts)
    events.audit(tx, actor, "conversation.tag", "conversation", state.uid, data)
    return {"do": "tags", "id": state.id, "event": event, "add": removed, "remove": added}
