"""What the stale-reply stop reads: who wrote after a point of a conversation, and whose it is now."""

from __future__ import annotations

from csconsole.store.database import Source
from csconsole.store.folding import NOT_SAID


def last_answer(
    source: Source, conversation_id: int, base_seq: int, *, agent_id: int | None, outbox_id: int | None
) -> tuple[str, int] | None:
    """``(author's name, instant)`` of the newest live public answer of another agent after ``base_seq``.

    A machine's answers (bots, auto-replies) are none, and neither are messages of the outbox row ``outbox_id``.
    """
    row = source.read_one(
        "select author_name, at from message where conversation_id = ? and seq > ? and direction = 'out'"
        " and visibility = 'public' and author_kind in ('agent', 'external') and history = 0 and automatic = 0"
        " and (agent_id is null or agent_id is not ?) and (outbox_id is null or outbox_id is not ?)"
        f" and coalesce(delivery, '') not in {NOT_SAID} order by seq desc limit 1",
        (conversation_id, base_seq, agent_id, outbox_id),
    )
    return (row[0], row[1]) if row else None


def customer_messages(source: Source, conversation_id: int, base_seq: int) -> int:
    """How many live public messages came in after ``base_seq``; automatic ones do not count."""
    row = source.read_one(
        "select count(*) from message where conversation_id = ? and seq > ? and direction = 'in'"
        " and visibility = 'public' and history = 0 and automatic = 0",
        (conversation_id, base_seq),
    )
    return int(row[0]) if row else 0


def assignee(source: Source, conversation_id: int) -> tuple[int, str] | None:
    """``(key, name)`` of whom the conversation belongs to, None for nobody."""
    row = source.read_one(
        "select a.id, a.name from conversation c join agent a on a.id = c.assignee_id where c.id = ?",
        (conversation_id,),
    )
    return (int(row[0]), row[1]) if row else None
