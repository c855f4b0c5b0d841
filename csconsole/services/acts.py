"""Acts on conversations: status, assignee, tags, fields. Each is one transaction with its events, its audit
row and the way to take it back."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from csconsole.domain.conversation import ENDED, Kind, Priority, Status
from csconsole.errors import NotFoundError, RefusedError, StaleError, UsageError
from csconsole.services.changes import Step, change_assignee, change_field, change_status, record_tags
from csconsole.services.desk import Desk
from csconsole.services.notes import add_customer_note as add_customer_note
from csconsole.services.notes import add_note as add_note
from csconsole.services.undoing import undo_last as undo_last
from csconsole.services.undoing import undo_parts as undo_parts
from csconsole.store import accounts, conversations, customers, events, tags
from csconsole.store.conversations import ConversationState
from csconsole.store.database import Tx
from csconsole.sync.fence import news_since
from csconsole.text.sanitize import safe_line

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
            desk.remember(tx, label, steps[::-1])
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
        base_seq: newest message the agent had on screen; a resolve is refused when somebody wrote since.

    Returns:
        How many conversations changed.

    Raises:
        UsageError: no such status, or a snooze without a time ahead.
        StaleError: the customer or another agent wrote after ``base_seq``; nothing was changed.
        NotFoundError: one of the conversations is gone; nothing was changed.
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
    if news.customer_messages or news.answered_at:
        raise StaleError("Something new came in this conversation; read it, then resolve again.")


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
        return record_tags(tx, state, added, removed, actor=desk.actor.name)

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
        step = {"do": "customer_tags", "id": customer_id, "add": removed, "remove": added}
        desk.remember(tx, "customer tag", [step])
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
        if getattr(state, field) == clean:
            return None
        return change_field(tx, state, field, clean, actor=desk.actor.name)

    return _on_each(desk, ids, f"{field} {clean}", act)
