"""What belongs to a draft by mail beside its text (recipients, files), kept as the services encode it."""

from __future__ import annotations

from csconsole.domain.letter import PLAIN, of_item, read
from csconsole.domain.sending import OutboundItem
from csconsole.store.database import Source, Tx


def save(tx: Tx, agent_id: int, conversation_id: int, letter: str) -> None:
    """Keeps it; "" removes it."""
    key = (agent_id, conversation_id)
    if letter:
        tx.execute(
            "insert into draft_letter values (?, ?, ?) on conflict (agent_id, conversation_id)"
            " do update set letter = excluded.letter",
            (*key, letter),
        )
    else:
        tx.execute("delete from draft_letter where agent_id = ? and conversation_id = ?", key)
    tx.execute("update conversation set rev = ? where id = ?", (tx.rev, conversation_id))


def load(source: Source, agent_id: int, conversation_id: int) -> str:
    """What is kept, "" for nothing."""
    row = source.read_one(
        "select letter from draft_letter where agent_id = ? and conversation_id = ?", (agent_id, conversation_id)
    )
    return str(row[0]) if row else ""


def give_back(tx: Tx, agent_id: int, conversation_id: int, item: OutboundItem) -> None:
    """Returns what an answer that did not go out had beside its text, to what was gathered meanwhile."""
    kept = of_item(item)
    if kept != PLAIN:
        save(tx, agent_id, conversation_id, kept.joined(read(load(tx, agent_id, conversation_id))).write())
