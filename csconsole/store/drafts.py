"""Drafts and read marks: they belong to an agent and follow every pause in typing."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from csconsole.store.database import Store, Tx


class Draft(msgspec.Struct, frozen=True):
    """A text not sent. ``base_seq``: the newest message its author had on screen."""

    kind: str
    body: str
    base_seq: int
    updated_at: int


def save(tx: Tx, agent_id: int, conversation_id: int, kind: str, body: str, base_seq: int) -> None:
    """Keeps a draft (``reply`` or ``note``); an empty text removes it."""
    if not body:
        tx.execute(
            "delete from draft where agent_id = ? and conversation_id = ? and kind = ?",
            (agent_id, conversation_id, kind),
        )
    else:
        tx.execute(
            "insert into draft (agent_id, conversation_id, kind, body, base_seq, updated_at, rev)"
            " values (?, ?, ?, ?, ?, ?, ?) on conflict (agent_id, conversation_id, kind) do update set"
            " body = excluded.body, base_seq = excluded.base_seq, updated_at = excluded.updated_at, rev = excluded.rev",
            (agent_id, conversation_id, kind, body, base_seq, tx.now, tx.rev),
        )
    tx.execute("update conversation set rev = ? where id = ?", (tx.rev, conversation_id))


def give_back(tx: Tx, agent_id: int, conversation_id: int, kind: str, text: str, base_seq: int) -> None:
    """Returns a text that did not go out to the draft, before what was typed meanwhile.

    A draft that is a part of the text (what was kept while it was typed) is not repeated, nor is the text.
    """
    row = tx.execute(
        "select body from draft where agent_id = ? and conversation_id = ? and kind = ?",
        (agent_id, conversation_id, kind),
    ).fetchone()
    held = row[0] if row else ""
    if held.strip() in text:
        body = text
    elif f"\n\n{text}\n\n" in f"\n\n{held}\n\n":
        body = held
    else:
        body = f"{text}\n\n{held}"
    save(tx, agent_id, conversation_id, kind, body, base_seq)


def sent(tx: Tx, agent_id: int, conversation_id: int, text: str, returned: Iterable[str]) -> None:
    """Ends the draft of a reply that was sent; texts that had come back to it stay, unless they were sent with it.

    Args:
        tx: the transaction.
        agent_id: whose draft.
        conversation_id: of which conversation.
        text: what was sent.
        returned: texts of stopped replies, which were given back to the draft.
    """
    row = tx.read_one(
        "select body from draft where agent_id = ? and conversation_id = ? and kind = 'reply'",
        (agent_id, conversation_id),
    )
    if row is not None:
        kept = [one for one in returned if one in row[0] and one not in text]
        save(tx, agent_id, conversation_id, "reply", "\n\n".join(kept), 0)


def discard(tx: Tx, agent_id: int, conversation_id: int, kind: str, text: str) -> None:
    """Removes a draft that is still exactly this text."""
    row = tx.read_one(
        "select body from draft where agent_id = ? and conversation_id = ? and kind = ?",
        (agent_id, conversation_id, kind),
    )
    if row is not None and row[0] == text:
        save(tx, agent_id, conversation_id, kind, "", 0)


def load(store: Store, agent_id: int, conversation_id: int, kind: str) -> Draft | None:
    """The draft of one agent in one conversation, None when there is none."""
    row = store.read_one(
        "select kind, body, base_seq, updated_at from draft where agent_id = ? and conversation_id = ? and kind = ?",
        (agent_id, conversation_id, kind),
    )
    return Draft(*row) if row else None


def listing(store: Store, agent_id: int) -> list[tuple[int, str]]:
    """``(conversation key, kind)`` of an agent's drafts, newest first."""
    return [
        (c, kind)
        for c, kind in store.read(
            "select conversation_id, kind from draft where agent_id = ? order by updated_at desc", (agent_id,)
        )
    ]


def mark_read(tx: Tx, agent_id: int, conversation_id: int, *, in_count: int, seq: int) -> bool:
    """Notes what an agent has read; False when nothing changed, so that opening again writes nothing."""
    changed = tx.execute(
        "insert into read_mark values (?, ?, ?, ?, ?) on conflict (agent_id, conversation_id) do update set"
        " in_count = excluded.in_count, seq = excluded.seq, at = excluded.at"
        " where in_count <> excluded.in_count or seq <> excluded.seq",
        (agent_id, conversation_id, in_count, seq, tx.now),
    ).rowcount
    if changed:
        tx.execute("update conversation set rev = ? where id = ?", (tx.rev, conversation_id))
    return bool(changed)


def read_seq(store: Store, agent_id: int, conversation_id: int) -> int:
    """The newest message an agent has read, 0 for none."""
    row = store.read_one(
        "select seq from read_mark where agent_id = ? and conversation_id = ?", (agent_id, conversation_id)
    )
    return int(row[0]) if row else 0
