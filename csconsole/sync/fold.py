"""Folds a conversation's messages into the fields the queue shows.

The common case, a message newer than all before it, is folded in one step; a late or historic one makes the
fields anew from every message. Both ways give the same fields: messages up to ``ended_seq`` were dealt with
when the conversation last ended, so nobody waits because of them, and in an ended conversation nobody waits.
"""

from __future__ import annotations

from typing import Any

from csconsole.domain.conversation import ACTIVE, ENDED, Status
from csconsole.domain.message import AuthorKind, Direction, Visibility, told_of_facts, visible_text
from csconsole.domain.rules import history_status
from csconsole.store import conversations
from csconsole.store.conversations import ConversationState
from csconsole.store.database import Tx
from csconsole.store.folding import NOT_SAID, Line, first_at, is_history_alone, lines
from csconsole.store.messages import NewMessage
from csconsole.text.sanitize import safe_line

PREVIEW = 160
"""Graphemes of a message kept for the queue's second line."""

_OURS = frozenset({AuthorKind.AGENT, AuthorKind.EXTERNAL})


def preview_of(message: NewMessage) -> str:
    """One line of a message for the queue: its text, or what was sent instead of one."""
    text = visible_text(message.body_text, told_of_facts(message.extra).folds)
    return _preview(text, message.kind, message.attachments[0].name if message.attachments else "")


def _preview(body: str, kind: str, file: str) -> str:
    text = safe_line(body.strip(), PREVIEW)
    if not text and file:
        return safe_line(f"[{file}]", PREVIEW)
    return text or (f"[{kind}]" if kind != "text" else "")


def fold_live(tx: Tx, state: ConversationState, message: NewMessage, seq: int) -> None:
    """Folds a new live message into its conversation (already stored as ``seq``)."""
    unread: dict[str, Any] = {"in_count": state.in_count + 1} if counts_as_unread(message) else {}
    if message.at < state.last_at or message.delivery in NOT_SAID:
        if unread:
            conversations.update(tx, state.id, **unread)
        refold(tx, state.id)
        return
    fields: dict[str, Any] = {"last_at": message.at, **unread}
    if seq == 1:
        fields["created_at"] = message.at
    if message.visibility == Visibility.PUBLIC:
        fields |= {"preview": preview_of(message), "preview_by": message.author_kind}
        if message.direction == Direction.IN:
            fields["last_in_at"] = message.at
            if state.waiting_since is None and state.status not in ENDED and _asks(message):
                fields["waiting_since"] = message.at
        else:
            fields["last_out_at"] = message.at
            if message.author_kind in _OURS:
                fields |= {"waiting_since": None, "agent_seq": seq}
                if state.first_response_at is None:
                    fields["first_response_at"] = message.at
    conversations.update(tx, state.id, state, **fields)


def _asks(message: NewMessage | Line) -> bool:
    """Whether a message that came in makes its writer wait for us."""
    return not message.automatic and message.author_kind == AuthorKind.CUSTOMER


def counts_as_unread(message: NewMessage | Line) -> bool:
    """Whether a message adds to what an agent has not read."""
    return (
        not message.history
        and message.direction == Direction.IN
        and message.visibility == Visibility.PUBLIC
        and _asks(message)
    )


def refold(tx: Tx, conversation_id: int) -> None:
    """Makes the folded fields anew from all messages, in ``(at, seq)`` order."""
    state = conversations.state(tx, conversation_id)
    if state is None:
        return
    begun = first_at(tx, conversation_id)
    created = state.created_at if begun is None else begun
    fields: dict[str, Any] = {
        "created_at": created,
        "last_at": created,
        "last_in_at": None,
        "last_out_at": None,
        "waiting_since": None,
        "first_response_at": None,
        "agent_seq": 0,
        "preview": "",
        "preview_by": "",
    }
    found = lines(tx, conversation_id)
    if found:
        fields["last_at"] = found[-1].at
    for line in found:
        if line.visibility == Visibility.PUBLIC:
            _fold_line(fields, line, state.ended_seq)
    if state.status in ENDED:
        fields["waiting_since"] = None
    conversations.update(tx, conversation_id, **fields)


def _fold_line(fields: dict[str, Any], line: Line, ended_seq: int) -> None:
    fields["preview"] = _preview(visible_text(line.body, line.folds), line.kind, line.file)
    fields["preview_by"] = line.author_kind
    if line.direction == Direction.IN:
        fields["last_in_at"] = line.at
        if fields["waiting_since"] is None and line.seq > ended_seq and _asks(line):
            fields["waiting_since"] = line.at
        return
    fields["last_out_at"] = line.at
    if line.author_kind in _OURS:
        fields["waiting_since"] = None
        fields["agent_seq"] = max(fields["agent_seq"], line.seq)
        if fields["first_response_at"] is None:
            fields["first_response_at"] = line.at


def settle_history(tx: Tx, conversation_id: int, *, now: int, open_days: int) -> None:
    """Gives a conversation made of history alone its status; call before :func:`refold`.

    Others keep theirs: once something live happened, or a person or the source stated a status, history says
    nothing about it any more. What history brings to an ended one counts as dealt with.
    """
    state = conversations.state(tx, conversation_id)
    if state is None:
        return
    if not is_history_alone(tx, conversation_id):
        if state.status in ENDED:
            conversations.update(tx, conversation_id, ended_seq=state.message_seq)
        return
    public = [line for line in lines(tx, conversation_id) if line.visibility == Visibility.PUBLIC]
    if not public:
        conversations.update(tx, conversation_id, ended_seq=state.message_seq)
        return
    newest = public[-1]
    status = history_status(
        last_direction=newest.direction,
        last_visibility=newest.visibility,
        last_at=newest.at,
        now=now,
        open_days=open_days,
        automatic=newest.automatic,
    )
    if status in ACTIVE:
        conversations.update(tx, conversation_id, status=status, resolved_at=None, ended_seq=0)
        conversations.set_unread(tx, conversation_id, _unanswered(public))
    else:
        conversations.update(
            tx, conversation_id, status=status, resolved_at=newest.at, ended_seq=state.message_seq, waiting_since=None
        )
        conversations.set_unread(tx, conversation_id, 0)


def _unanswered(public: list[Line]) -> int:
    """How many customer messages stand after the last public message of ours."""
    count = 0
    for line in reversed(public):
        if line.direction == Direction.OUT:
            break
        count += _asks(line)
    return count


def is_waiting_status(status: str) -> bool:
    """Whether a conversation of this status can have a customer waiting for us."""
    return status in ACTIVE and status != Status.SNOOZED
