"""Taking the last act back, step by step, where nobody has changed the same thing since."""

from __future__ import annotations

from collections.abc import Iterator

from csconsole.errors import RefusedError
from csconsole.services.changes import Step, change_assignee, change_field, record_tags, restore_status
from csconsole.services.desk import Desk
from csconsole.store import conversations, customers, events, tags, undo
from csconsole.store.database import Tx
from csconsole.store.undo import UndoEntry


def undo_last(desk: Desk) -> str:
    """Takes the agent's last act back; returns its label.

    Raises:
        RefusedError: there is nothing to take back, or somebody has changed all of it since (the act then
            counts as done with: the next undo takes back the one before).
    """
    with desk.transaction() as tx:
        parts = undo.parts(tx, desk.actor.id)
        if not parts:
            raise RefusedError("There is nothing to undo.")
        taken = sum(_take_part_back(tx, desk.actor.name, part) for part in parts)
    if not taken:
        raise _changed_meanwhile(parts[0].label)
    return parts[0].label


def undo_parts(desk: Desk) -> Iterator[int]:
    """Takes the agent's last act back part by part, as it was done: each step is a transaction of its own.

    Yields:
        How many conversations the part was about.

    Raises:
        RefusedError: after the last part, when somebody has changed all of it since.
    """
    taken = 0
    parts = undo.parts(desk.store, desk.actor.id)
    for part in parts:
        with desk.transaction() as tx:
            taken += _take_part_back(tx, desk.actor.name, part)
        yield len(part.steps)
    if parts and not taken:
        raise _changed_meanwhile(parts[0].label)


def _take_part_back(tx: Tx, actor: str, part: UndoEntry) -> int:
    """Takes a part back unless somebody was first; returns how many of its steps still applied."""
    return sum(_take_back(tx, actor, step) for step in part.steps) if undo.done(tx, part.id) else 0


def _changed_meanwhile(label: str) -> RefusedError:
    return RefusedError(f'"{label}" cannot be undone: it was changed again meanwhile.')


def _take_back(tx: Tx, actor: str, step: Step) -> bool:
    """Does one inverse step; False when it no longer applies."""
    if step["do"] == "customer_tags":
        return _customer_tags(tx, actor, step)
    state = conversations.state(tx, step["id"])
    if state is None:
        return False
    if step["do"] == "status":
        return restore_status(tx, state, step, actor=actor)
    if step["do"] == "tags":
        added, removed = tags.change(
            tx, tags.CONVERSATION, state.id, add=step["add"], remove=step["remove"], by=actor
        )  # fmt: skip
        if added or removed:
            record_tags(tx, state, added, removed, actor=actor, reverts=step["event"])
        return bool(added or removed)
    if step["do"] == "assign" and state.assignee_id == step["set"]:
        change_assignee(tx, state, step["agent"], actor=actor, reverts=step["event"])
        return True
    if step["do"] == "field" and getattr(state, step["field"]) == step["set"]:
        change_field(tx, state, step["field"], step["value"], actor=actor, reverts=step["event"])
        return True
    return False


def _customer_tags(tx: Tx, actor: str, step: Step) -> bool:
    added, removed = tags.change(tx, tags.CUSTOMER, step["id"], add=step["add"], remove=step["remove"], by=actor)
    if added or removed:
        customers.touch_conversations(tx, step["id"])
        events.audit(tx, actor, "customer.tag", "customer", None, {"added": added, "removed": removed})
    return bool(added or removed)
