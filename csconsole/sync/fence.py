"""The stale-reply stop: what happened in a conversation since an author looked at it."""

from __future__ import annotations

import msgspec

from csconsole.store.database import Store, Tx


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
    source: Store | Tx, conversation_id: int, base_seq: int, *, agent_id: int | None, outbox_id: int | None = None
) -> News:
    """Messages after ``base_seq`` that the author may not have seen.

    Args:
        source: where to read.
        conversation_id: key of the conversation.
        base_seq: newest ``seq`` the author had on screen.
        agent_id: the author; his own messages are no news to him.
        outbox_id: the row about to leave; its own messages do not count.
    """
    connection = source.reader if isinstance(source, Store) else source.connection
    answered = connection.execute(
        "select author_name, at from message where conversation_id = ? and seq > ? and direction = 'out'"
        " and visibility = 'public' and author_kind in ('agent', 'external', 'bot') and history = 0"
        " and automatic = 0 and (agent_id is null or agent_id is not ?) and (outbox_id is null or outbox_id is not ?)"
        " and coalesce(delivery, '') not in ('cancelled', 'failed', 'stopped', 'review')"
        " order by seq desc limit 1",
        (conversation_id, base_seq, agent_id, outbox_id),
    ).fetchone()
    customers = connection.execute(
        "select count(*) from message where conversation_id = ? and seq > ? and direction = 'in'"
        " and visibility = 'public' and history = 0",
        (conversation_id, base_seq),
    ).fetchone()[0]
    return News(answered[0] if answered else "", answered[1] if answered else 0, int(customers))


def reassigned_to(source: Store | Tx, conversation_id: int, *, expected: int | None, agent_id: int | None) -> str:
    """Name of the new assignee when somebody else changed it since the author looked, else ""."""
    connection = source.reader if isinstance(source, Store) else source.connection
    row = connection.execute(
        "select c.assignee_id, a.name from conversation c left join agent a on a.id = c.assignee_id where c.id = ?",
        (conversation_id,),
    ).fetchone()
    if row is None or row[0] == expected or row[0] == agent_id or row[0] is None:
        return ""
    return str(row[1])


def stale_reason(
    source: Store | Tx,
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
