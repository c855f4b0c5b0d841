"""Acts on conversations: status, assignee, tags, fields, notes. Each is one transaction with its events, its
audit row and the way to take it back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from csconsole.domain.conversation import ACTIVE, ENDED, Kind, Priority, Status
from csconsole.domain.message import AuthorKind, Direction, Visibility
from csconsole.errors import NotFoundError, RefusedError, StaleError, UsageError
from csconsole.services.desk import Desk
from csconsole.store import accounts, conversations, customers, events, messages, tags, timers, undo
from csconsole.store.conversations import ConversationState
from csconsole.store.database import Tx
from csconsole.store.messages import NewMessage
from csconsole.sync import fold
from csconsole.sync.fence import news_since
from csconsole.text.sanitize import safe_line, safe_text

Step = dict[str, Any]

TAG_LENGTH = 60
"""Longest name of a tag, in graphemes."""


def _on_each(desk: Desk, ids: Iterable[int], label: str, act: Callable[[Tx, ConversationState], Step | None]) -> int:
    """Runs an act on conversations in one transaction with one undo; returns how many changed."""
    steps: list[Step] = []
    with desk.transaction() as tx:
        for conversation_id in ids:
            state = conversations.state(tx, conversation_id)
            if state is None:
                raise NotFoundError("This conversation is gone.")
            step = act(tx, state)
            if step is not None:
                steps.append(step)
        if steps:
            undo.push(tx, desk.actor.id, label, steps[::-1])
    return len(steps)


# -- status ----------------------------------------------------------------------------------------------


def set_status(
    desk: Desk, ids: Iterable[int], status: str, *, until: int | None = None, base_seq: int | None = None
) -> int:
    """Changes the status of conversations.

    Args:
        desk: who acts.
        ids: keys of the conversations.
        status: the new status.
        until: when a snoozed conversation wakes (ms UTC); needed for ``snoozed``.
        base_seq: newest message the agent had on screen; a resolve is refused when a customer wrote since.

    Returns:
        How many conversations changed.

    Raises:
        UsageError: no such status, or a snooze without a time ahead.
        StaleError: the customer wrote after ``base_seq``.
    """
    wanted = _status(status)
    if wanted == Status.SNOOZED and (until is None or until <= desk.clock.now()):
        raise UsageError("Say until when to snooze, a time ahead: --until 2h, tomorrow 9, พรุ่งนี้ 9.00")

    def act(tx: Tx, state: ConversationState) -> Step | None:
        if state.status == wanted and not (wanted == Status.SNOOZED and state.snoozed_until != until):
            return None
        if base_seq is not None and wanted in ENDED:
            refuse_if_customer_wrote(tx, state, base_seq, desk.actor.id)
        return change_status(tx, state, wanted, actor=desk.actor.name, until=until)

    return _on_each(desk, ids, f"status {wanted}", act)


def refuse_if_customer_wrote(tx: Tx, state: ConversationState, base_seq: int, agent_id: int) -> None:
    """The resolve's fence.

    Raises:
        StaleError: the customer wrote since.
    """
    news = news_since(tx, state.id, base_seq, agent_id=agent_id)
    if news.customer_messages or news.answered_by:
        raise StaleError("Something new came in this conversation; read it, then resolve again.")


def change_status(
    tx: Tx,
    state: ConversationState,
    status: Status,
    *,
    actor: str,
    until: int | None = None,
    reverts: bool = False,
    waiting_since: int | None = None,
) -> Step:
    """Writes a status with its event, timer and audit row; returns the inverse step."""
    fields: dict[str, Any] = {"status": status, "snoozed_until": until if status == Status.SNOOZED else None}
    if status in ENDED:
        fields |= {"resolved_at": tx.now, "waiting_since": None}
    elif state.status in ENDED:
        fields |= {"resolved_at": None, "waiting_since": waiting_since}
    conversations.update(tx, state.id, **fields)
    if status == Status.SNOOZED and until is not None:
        timers.set_timer(tx, "snooze", state.id, until)
    else:
        timers.clear_timer(tx, "snooze", state.id)
    data: dict[str, Any] = {"from": state.status, "to": status}
    if reverts:
        data["reverts"] = True
    events.record(tx, state.id, "status.changed", actor=actor, data=data)
    events.audit(tx, actor, "conversation.status", "conversation", state.uid, data)
    return {
        "do": "status",
        "id": state.id,
        "status": state.status,
        "until": state.snoozed_until,
        "waiting_since": state.waiting_since,
    }


def _status(text: str) -> Status:
    try:
        return Status(text)
    except ValueError:
        known = ", ".join(Status)
        raise UsageError(f'There is no status "{text}"; use one of {known}.') from None


# -- assignee --------------------------------------------------------------------------------------------


def assign(desk: Desk, ids: Iterable[int], to: str, *, only_unassigned: bool = False) -> int:
    """Gives conversations to an agent.

    Args:
        desk: who acts.
        ids: keys of the conversations.
        to: ``me``, an agent's short name, or ``none``.
        only_unassigned: claim: refused when somebody has it already.

    Raises:
        NotFoundError: no such agent.
        RefusedError: a claim came too late.
    """
    target = _agent(desk, to)

    def act(tx: Tx, state: ConversationState) -> Step | None:
        if state.assignee_id == target:
            return None
        if only_unassigned and state.assignee_id is not None:
            raise RefusedError(f"#{state.number} was taken by {agent_name(desk, state.assignee_id)} meanwhile.")
        return change_assignee(tx, state, target, actor=desk.actor.name)

    return _on_each(desk, ids, f"assign {to}", act)


def change_assignee(tx: Tx, state: ConversationState, target: int | None, *, actor: str, reverts: bool = False) -> Step:
    """Writes an assignee with its event and audit row; returns the inverse step."""
    conversations.update(tx, state.id, assignee_id=target, assigned_seq=state.message_seq)
    data: dict[str, Any] = {"from": state.assignee_id, "to": target}
    if reverts:
        data["reverts"] = True
    events.record(tx, state.id, "assignee.changed", actor=actor, data=data)
    events.audit(tx, actor, "conversation.assign", "conversation", state.uid, data)
    return {"do": "assign", "id": state.id, "agent": state.assignee_id}


def _agent(desk: Desk, name: str) -> int | None:
    if name in {"none", "-", ""}:
        return None
    if name == "me":
        return desk.actor.id
    found = accounts.agent_id(desk.store, name.lstrip("@"))
    if found is None:
        known = ", ".join(sorted(n for n, _ in accounts.agents(desk.store).values())[:20])
        raise NotFoundError(f'There is no agent "{name}"; known: {known}.')
    return found


def agent_name(desk: Desk, agent_id: int | None) -> str:
    """Display name of an agent, "" for nobody."""
    return accounts.agents(desk.store).get(agent_id or 0, ("", ""))[1]


# -- tags ------------------------------------------------------------------------------------------------


def change_tags(desk: Desk, ids: Iterable[int], *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> int:
    """Adds and removes tags of conversations; returns how many changed.

    Raises:
        UsageError: a name that cannot be one.
    """
    adding, removing = _tag_names(add), _tag_names(remove)

    def act(tx: Tx, state: ConversationState) -> Step | None:
        added, removed = tags.change(tx, tags.CONVERSATION, state.id, add=adding, remove=removing, by=desk.actor.name)
        if not added and not removed:
            return None
        data = {"added": added, "removed": removed}
        events.record(tx, state.id, "tags.changed", actor=desk.actor.name, data=data)
        events.audit(tx, desk.actor.name, "conversation.tag", "conversation", state.uid, data)
        return {"do": "tags", "id": state.id, "add": removed, "remove": added}

    return _on_each(desk, ids, "tag " + " ".join([*(f"+{n}" for n in adding), *(f"-{n}" for n in removing)]), act)


def change_customer_tags(desk: Desk, customer_id: int, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> bool:
    """Adds and removes tags of a customer; they show on all their conversations."""
    adding, removing = _tag_names(add), _tag_names(remove)
    with desk.transaction() as tx:
        added, removed = tags.change(tx, tags.CUSTOMER, customer_id, add=adding, remove=removing, by=desk.actor.name)
        if not added and not removed:
            return False
        customers.touch_conversations(tx, customer_id)
        events.audit(tx, desk.actor.name, "customer.tag", "customer", None, {"added": added, "removed": removed})
        undo.push(
            tx,
            desk.actor.id,
            "customer tag",
            [{"do": "customer_tags", "id": customer_id, "add": removed, "remove": added}],
        )
    return True


def _tag_names(names: Iterable[str]) -> list[str]:
    found = []
    for raw in names:
        name = safe_line(raw.strip(), TAG_LENGTH)
        if not name or name.startswith(("+", "-")) or any(c in name for c in ',"'):
            raise UsageError(f'"{name}" cannot be a tag: no comma, quote, or leading + or -.')
        found.append(str(name))
    return found


# -- fields ----------------------------------------------------------------------------------------------

_CHOICES = {"priority": {str(p) for p in Priority}, "kind": {"", *(str(k) for k in Kind)}}


def set_field(desk: Desk, ids: Iterable[int], field: str, value: str) -> int:
    """Sets ``priority``, ``kind``, ``reason`` or ``team`` of conversations.

    Raises:
        UsageError: no such field or value.
    """
    if field not in {"priority", "kind", "reason", "team"}:
        raise UsageError(f"{field} cannot be set.")
    choices = _CHOICES.get(field)
    if choices is not None and value not in choices:
        raise UsageError(f"{field} is one of {', '.join(sorted(c for c in choices if c))}.")
    if field == "reason" and value:
        known = {r for group in desk.config.contact_reasons.values() for r in group}
        if known and value not in known:
            raise UsageError(f'There is no contact reason "{value}"; the configuration lists them.')
    clean = str(safe_line(value))

    def act(tx: Tx, state: ConversationState) -> Step | None:
        before = getattr(state, field)
        if before == clean:
            return None
        conversations.update(tx, state.id, **{field: clean})
        data = {"field": field, "from": before, "to": clean}
        events.record(tx, state.id, "field.changed", actor=desk.actor.name, data=data)
        events.audit(tx, desk.actor.name, "conversation.field", "conversation", state.uid, data)
        return {"do": "field", "id": state.id, "field": field, "value": before}

    return _on_each(desk, ids, f"{field} {clean}", act)


# -- notes -----------------------------------------------------------------------------------------------


def add_note(desk: Desk, conversation_id: int, text: str) -> str:
    """Adds an internal note; the customer never sees it. Returns nothing that leaves the machine.

    Raises:
        UsageError: an empty note.
        NotFoundError: the conversation is gone.
    """
    body = safe_text(text).strip()
    if not body:
        raise UsageError("The note is empty.")
    with desk.transaction() as tx:
        state = conversations.state(tx, conversation_id)
        if state is None:
            raise NotFoundError("This conversation is gone.")
        new = NewMessage(
            conversation_id=conversation_id,
            at=tx.now,
            direction=Direction.OUT,
            visibility=Visibility.INTERNAL,
            author_kind=AuthorKind.AGENT,
            author_name=desk.actor.display_name,
            agent_id=desk.actor.id,
            body_text=body,
        )
        n, seq = messages.insert(tx, desk.store.root, new)
        fold.fold_live(tx, state, new, seq)
        events.record(tx, conversation_id, "note.added", actor=desk.actor.name, message_n=n)
        events.audit(tx, desk.actor.name, "conversation.note", "conversation", state.uid)
    return body


def add_customer_note(desk: Desk, customer_id: int, text: str) -> None:
    """Adds a remark kept with the customer.

    Raises:
        UsageError: an empty remark.
    """
    body = safe_text(text).strip()
    if not body:
        raise UsageError("The note is empty.")
    with desk.transaction() as tx:
        customers.add_note(tx, customer_id, desk.actor.display_name, body)
        customers.touch_conversations(tx, customer_id)


# -- taking back -----------------------------------------------------------------------------------------


def undo_last(desk: Desk) -> str:
    """Takes the agent's last act back; returns its label.

    Raises:
        RefusedError: there is nothing to take back.
    """
    with desk.transaction() as tx:
        entry = undo.last(tx, desk.actor.id)
        if entry is None or not undo.done(tx, entry.id):
            raise RefusedError("There is nothing to undo.")
        for step in entry.steps:
            _take_back(tx, desk, step)
    return entry.label


def _take_back(tx: Tx, desk: Desk, step: Step) -> None:
    actor = desk.actor.name
    if step["do"] == "customer_tags":
        tags.change(tx, tags.CUSTOMER, step["id"], add=step["add"], remove=step["remove"], by=actor)
        customers.touch_conversations(tx, step["id"])
        return
    state = conversations.state(tx, step["id"])
    if state is None:
        return
    if step["do"] == "status":
        wanted = Status(step["status"])
        change_status(
            tx,
            state,
            wanted,
            actor=actor,
            until=step["until"],
            reverts=True,
            waiting_since=step["waiting_since"] if wanted in ACTIVE else None,
        )
    elif step["do"] == "assign":
        change_assignee(tx, state, step["agent"], actor=actor, reverts=True)
    elif step["do"] == "tags":
        tags.change(tx, tags.CONVERSATION, state.id, add=step["add"], remove=step["remove"], by=actor)
        events.record(
            tx,
            state.id,
            "tags.changed",
            actor=actor,
            data={"added": step["add"], "removed": step["remove"], "reverts": True},
        )
    elif step["do"] == "field":
        conversations.update(tx, state.id, **{step["field"]: step["value"]})
        events.record(
            tx,
            state.id,
            "field.changed",
            actor=actor,
            data={"field": step["field"], "to": step["value"], "reverts": True},
        )
