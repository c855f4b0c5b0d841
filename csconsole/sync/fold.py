"""Folds a conversation's messages into the fields the queue shows.

The common case, a message newer than all before it, is folded in one step; a late or historic one makes the
fields anew from every message.
"""

from __future__ import annotations

from typing import Any

from csconsole.domain.conversation import ACTIVE, Status
from csconsole.domain.message import AuthorKind, Direction, Visibility
from csconsole.domain.rules import history_status
from csconsole.store import conversations
from csconsole.store.conversations import ConversationState
from csconsole.store.database import Tx
from csconsole.store.messages import NewMessage
from csconsole.text.sanitize import safe_line

PREVIEW = 160
"""Graphemes of a message kept for the queue's second line."""

_OURS = frozenset({AuthorKind.AGENT, AuthorKind.EXTERNAL})


def preview_of(message: NewMessage) -> str:
    """One line of a message for the queue: its text, or what was sent instead of one."""
    text = safe_line(message.body_text, PREVIEW)
    if not text and message.attachments:
        return safe_line(f"[{message.attachments[0].name}]", PREVIEW)
    return text or (f"[{message.kind}]" if message.kind != "text" else "")


def fold_live(tx: Tx, state: ConversationState, message: NewMessage, seq: int) -> None:
    """Folds a new live message into its conversation (already stored as ``seq``)."""
    if message.at < state.last_at:
        refold(tx, state.id)
        if counts_as_unread(message):
            conversations.update(tx, state.id, in_count=state.in_count + 1)
        return
    fields: dict[str, Any] = {"last_at": message.at}
    if message.visibility == Visibility.PUBLIC:
        fields |= {"preview": preview_of(message), "preview_by": message.author_kind}
        if message.direction == Direction.IN:
            fields["last_in_at"] = message.at
            if not message.automatic and message.author_kind == AuthorKind.CUSTOMER:
                fields["in_count"] = state.in_count + 1
                if state.waiting_since is None:
                    fields["waiting_since"] = message.at
        else:
            fields["last_out_at"] = message.at
            if message.author_kind in _OURS:
                fields |= {"waiting_since": None, "agent_seq": seq}
                if state.first_response_at is None:
                    fields["first_response_at"] = message.at
    conversations.update(tx, state.id, **fields)


def counts_as_unread(message: NewMessage) -> bool:
    """Whether a message adds to what an agent has not read."""
    return (
        not message.history
        and not message.automatic
        and message.direction == Direction.IN
        and message.visibility == Visibility.PUBLIC
        and message.author_kind == AuthorKind.CUSTOMER
    )


def refold(tx: Tx, conversation_id: int) -> None:
    """Makes the folded fields anew from all messages, in ``(at, seq)`` order."""
    rows = tx.execute(
        "select at, seq, direction, visibility, author_kind, automatic, body_text, kind from message"
        " where conversation_id = ? and coalesce(delivery, '') not in ('cancelled', 'failed', 'stopped', 'review')"
        " order by at, seq",
        (conversation_id,),
    ).fetchall()
    if not rows:
        return
    fields: dict[str, Any] = {
        "last_at": rows[-1][0],
        "created_at": rows[0][0],
        "last_in_at": None,
        "last_out_at": None,
        "waiting_since": None,
        "first_response_at": None,
    }
    for at, _, direction, visibility, author_kind, automatic, body, kind in rows:
        if visibility != Visibility.PUBLIC:
            continue
        fields["preview"] = safe_line(body, PREVIEW) or (f"[{kind}]" if kind != "text" else "")
        fields["preview_by"] = author_kind
        if direction == Direction.IN:
            fields["last_in_at"] = at
            if fields["waiting_since"] is None and not automatic and author_kind == AuthorKind.CUSTOMER:
                fields["waiting_since"] = at
        else:
            fields["last_out_at"] = at
            if author_kind in _OURS:
                fields["waiting_since"] = None
                if fields["first_response_at"] is None:
                    fields["first_response_at"] = at
    conversations.update(tx, conversation_id, **fields)


def settle_history(tx: Tx, conversation_id: int, *, now: int, open_days: int) -> None:
    """Gives a conversation made of history alone its status; others are left as they are."""
    if tx.execute(
        "select 1 from message where conversation_id = ? and history = 0 limit 1", (conversation_id,)
    ).fetchone():
        return
    newest = tx.execute(
        "select at, direction, visibility, automatic from message where conversation_id = ?"
        " order by visibility = 'public' desc, at desc, seq desc limit 1",
        (conversation_id,),
    ).fetchone()
    status = history_status(
        last_direction=newest[1],
        last_visibility=newest[2],
        last_at=newest[0],
        now=now,
        open_days=open_days,
        automatic=bool(newest[3]),
    )
    fields: dict[str, Any] = {"status": status}
    if status in ACTIVE:
        fields["in_count"] = _trailing_customer_messages(tx, conversation_id)
        fields["resolved_at"] = None
    else:
        fields |= {"waiting_since": None, "resolved_at": newest[0], "in_count": 0}
    conversations.update(tx, conversation_id, **fields)


def _trailing_customer_messages(tx: Tx, conversation_id: int) -> int:
    row = tx.execute(
        "select count(*) from message m where m.conversation_id = :c and m.direction = 'in'"
        " and m.visibility = 'public' and m.automatic = 0 and m.at > coalesce((select max(o.at) from message o"
        " where o.conversation_id = :c and o.direction = 'out' and o.visibility = 'public'), 0)",
        {"c": conversation_id},
    ).fetchone()
    return int(row[0])


def is_waiting_status(status: str) -> bool:
    """Whether a conversation of this status can have a customer waiting for us."""
    return status in ACTIVE and status != Status.SNOOZED
