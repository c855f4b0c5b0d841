"""The stale-reply stop: what happened in a conversation since an author looked at it."""

from __future__ import annotations

import msgspec

from csconsole.store import fencing
from csconsole.store.database import Source


class News(msgspec.Struct, frozen=True):
    """What is new since a point of a conversation.

    Attributes:
        answered_by: who on our side wrote to the customer since, "" for nobody.
        answered_at: when (ms UTC).
        customer_messages: how many messages the customer wrote since; they only warn.
    """

    answered_by: str
    answered_at: int
    customer_messages: int


def news_since(
    source: Source, conversation_id: int, base_seq: int, *, agent_id: int | None, outbox_id: int | None = None
) -> News:
    """Messages after ``base_seq`` that the author may not have seen.

    Args:
        source: where to read.
        conversation_id: key of the conversation.
        base_seq: newest ``seq`` the author had on screen.
        agent_id: the author; his own messages are no news to him.
        outbox_id: the row about to leave; its own messages do not count.
    """
    answer = fencing.last_answer(source, conversation_id, base_seq, agent_id=agent_id, outbox_id=outbox_id)
    who, at = answer or ("", 0)
    return News(who, at, fencing.customer_messages(source, conversation_id, base_seq))


def reassigned_to(source: Source, conversation_id: int, *, expected: int | None, agent_id: int | None) -> str:
    """Name of the new assignee when somebody else changed it since the author looked, else ""."""
    now = fencing.assignee(source, conversation_id)
    if now is None or now[0] in (expected, agent_id):
        return ""
    return now[1]


def stale_reason(
    source: Source,
    conversation_id: int,
    base_seq: int,
    *,
    agent_id: int | None,
    outbox_id: int | None = None,
    expected_assignee: int | None = None,
    check_assignee: bool = True,
) -> str:
    """Why a reply must not go out unseen, as a sentence for its author; "" when it may."""
    news = news_since(source, conversation_id, base_seq, agent_id=agent_id, outbox_id=outbox_id)
    if news.answered_by or news.answered_at:
        who = news.answered_by or "Somebody"
        return f"{who} answered meanwhile; read it, then send again to send anyway."
    if check_assignee:
        name = reassigned_to(source, conversation_id, expected=expected_assignee, agent_id=agent_id)
        if name:
            return f"{name} took this conversation meanwhile; send again to send anyway."
    return ""
