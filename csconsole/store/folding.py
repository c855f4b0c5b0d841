"""What folding a conversation reads: its messages as plain lines, in ``(at, seq)`` order."""

from __future__ import annotations

import msgspec

from csconsole.domain.message import Fold, told_of
from csconsole.store.database import Tx


class Line(msgspec.Struct, frozen=True, array_like=True):
    """One message as far as a conversation's fields depend on it. ``file``: name of its first attachment."""

    at: int
    seq: int
    direction: str
    visibility: str
    author_kind: str
    automatic: bool
    history: bool
    kind: str
    body: str
    file: str
    folds: tuple[Fold, ...] = ()


NOT_SAID = ("cancelled", "failed", "stopped", "review")
"""Deliveries of messages the customer never got: they count for nothing."""


def lines(tx: Tx, conversation_id: int) -> list[Line]:
    """Every message that counts."""
    return [
        Line(
            at, seq, direction, visibility, author, bool(automatic), bool(history), kind, body, file or "", told(extra)
        )
        for at, seq, direction, visibility, author, automatic, history, kind, body, file, extra in tx.read(
            "select m.at, m.seq, m.direction, m.visibility, m.author_kind, m.automatic, m.history, m.kind, m.body_text,"
            " case when m.body_text = '' then (select t.name from attachment t where t.message_n = m.n"
            " order by t.position limit 1) end, case when m.edit_rev = 0 and m.extra <> '{}' then m.extra end"
            " from message m where m.conversation_id = ?"
            f" and coalesce(m.delivery, '') not in {NOT_SAID} order by m.at, m.seq",
            (conversation_id,),
        )
    ]


def told(extra: str | None) -> tuple[Fold, ...]:
    """The folds out of a message's stored facts."""
    return told_of(extra).folds if extra and '"folds"' in extra else ()


def first_at(tx: Tx, conversation_id: int) -> int | None:
    """Instant of the first message, whatever became of it; None when there is none."""
    row = tx.read_one("select min(at) from message where conversation_id = ?", (conversation_id,))
    return row[0] if row else None


def is_history_alone(tx: Tx, conversation_id: int) -> bool:
    """Whether nothing but history has happened: no live message, no status stated by anybody."""
    row = tx.read_one(
        "select c.raw_status = '' and not exists (select 1 from message m where m.conversation_id = c.id"
        " and m.history = 0) and not exists (select 1 from event e where e.conversation_id = c.id"
        " and e.kind = 'status.changed') from conversation c where c.id = ?",
        (conversation_id,),
    )
    return bool(row and row[0])
