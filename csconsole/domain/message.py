"""Messages, their authors, attachments and delivery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec


class Direction(StrEnum):
    """From the customer's side in, from ours out."""

    IN = "in"
    OUT = "out"


class Visibility(StrEnum):
    """Public reaches the customer; internal is a note for staff. Never inferred from the author."""

    PUBLIC = "public"
    INTERNAL = "internal"


class AuthorKind(StrEnum):
    """Who wrote: ``external`` is a colleague's answer seen only through the channel's echo."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"
    SYSTEM = "system"
    EXTERNAL = "external"


class Delivery(StrEnum):
    """State of an outgoing message; a note of a local account has none."""

    REVIEW = "review"
    HELD = "held"
    QUEUED = "queued"
    SENDING = "sending"
    SETTLING = "settling"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    STOPPED = "stopped"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"


DELIVERY_RANK = {
    Delivery.HELD: 0,
    Delivery.QUEUED: 1,
    Delivery.SENDING: 2,
    Delivery.SETTLING: 3,
    Delivery.SENT: 4,
    Delivery.DELIVERED: 5,
    Delivery.READ: 6,
}
"""Receipts arrive out of order: a delivery only ever rises. ``failed`` after ``sent`` is a bounce."""


class Attachment(msgspec.Struct, frozen=True):
    """A file of a message, decoded only when saved. ``fetch_state``: remote | stored | failed."""

    uid: str
    name: str
    mime: str
    bytes: int
    fetch_state: str = "remote"


class Fold(msgspec.Struct, frozen=True, array_like=True):
    """A piece of a text that is shown as one line until somebody asks: offsets, and ``quote`` or ``signature``."""

    start: int
    end: int
    kind: str


class Message(msgspec.Struct, frozen=True):
    """One message of a transcript. Texts are ``Safe``; ``at`` orders it together with ``seq``.

    ``folds`` are in order and do not overlap. A ``remark`` is a code of the interface's wording and its values; one
    that begins with ``warn.`` is a warning.
    """

    n: int
    uid: str
    conversation_id: int
    seq: int
    at: int
    direction: Direction
    visibility: Visibility
    author_kind: AuthorKind
    author_name: str
    kind: str
    body: str
    attachments: tuple[Attachment, ...]
    delivery: Delivery | None
    delivery_reason: str
    remote_id: str
    outbox_uid: str
    surface: str
    edit_rev: int
    redacted_at: int | None
    rev: int
    folds: tuple[Fold, ...] = ()
    remarks: tuple[tuple[str, ...], ...] = ()


class Told(msgspec.Struct, frozen=True):
    """What of a message's stored extra facts the transcript shows."""

    folds: tuple[Fold, ...] = ()
    remarks: tuple[tuple[str, ...], ...] = ()


_told = msgspec.json.Decoder(Told)
_NOTHING_TOLD = Told()


def told_of(extra: str | None) -> Told:
    """Folds and remarks out of a message's extra facts as JSON; what cannot be read says nothing."""
    if not extra:
        return _NOTHING_TOLD
    try:
        return _told.decode(extra)
    except msgspec.MsgspecError:
        return _NOTHING_TOLD


def told_of_facts(extra: Mapping[str, object]) -> Told:
    """The same out of the facts themselves."""
    if "folds" not in extra and "remarks" not in extra:
        return _NOTHING_TOLD
    try:
        return msgspec.convert({name: extra[name] for name in ("folds", "remarks") if name in extra}, Told)
    except msgspec.MsgspecError:
        return _NOTHING_TOLD


def visible_text(body: str, folds: Sequence[Fold]) -> str:
    """A text without its folds."""
    if not folds:
        return body
    kept, at = [], 0
    for fold in folds:
        kept.append(body[at : fold.start])
        at = max(at, fold.end)
    return "".join([*kept, body[at:]])
