"""A conversation: its status, and the row the queue shows."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Status(StrEnum):
    """Where a conversation stands. The source's own word is kept beside it as ``raw_status``."""

    OPEN = "open"
    PENDING = "pending"
    ON_HOLD = "on_hold"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    CLOSED = "closed"
    SPAM = "spam"


ACTIVE = frozenset({Status.OPEN, Status.PENDING, Status.ON_HOLD, Status.SNOOZED})
"""Statuses a conversation of the backlog has."""

ENDED = frozenset({Status.RESOLVED, Status.CLOSED, Status.SPAM})
"""Statuses that end a conversation; a customer message may open it again inside the reopen window."""


class Priority(StrEnum):
    """How urgent a conversation is to us."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class Kind(StrEnum):
    """What kind of contact it is, beside its reason."""

    QUESTION = "question"
    PROBLEM = "problem"
    COMPLAINT = "complaint"
    REQUEST = "request"
    ORDER = "order"
    PRAISE = "praise"
    SUGGESTION = "suggestion"


class QueueRow(msgspec.Struct, frozen=True):
    """One line of the queue: everything the list draws, read in one statement.

    Instants are milliseconds UTC; ``None`` where there is none. ``tags`` are the conversation's,
    ``customer_tags`` the customer's, both sorted by name. ``unread`` counts live customer messages this
    agent has not opened. ``key`` is the keyset position ``(queue_key, id)`` for paging.
    """

    id: int
    uid: str
    number: int
    status: Status
    channel: str
    account: str
    branch: str
    customer_id: int
    customer_uid: str
    customer_name: str
    subject: str
    preview: str
    preview_by: str
    assignee: str
    team: str
    tags: tuple[str, ...]
    customer_tags: tuple[str, ...]
    priority: str
    unread: int
    created_at: int
    last_at: int
    last_in_at: int | None
    waiting_since: int | None
    snoozed_until: int | None
    next_due_at: int | None
    queue_key: int
    message_seq: int
    outgoing: str
    has_draft: bool
    rev: int

    @property
    def key(self) -> tuple[int, int]:
        """Keyset position in the queue's order."""
        return (self.queue_key, self.id)


class Conversation(msgspec.Struct, frozen=True):
    """A conversation opened: the queue row and what only the open view needs."""

    row: QueueRow
    raw_status: str
    kind: str
    reason: str
    attributes: dict[str, object]
    merged_into: str | None
    authority: str
    connector: str
