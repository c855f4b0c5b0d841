"""Sending: classes of certainty, and what the outbox hands to a connector."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class SendClass(StrEnum):
    """How a send whose answer was lost can be settled.

    ``key``: the same key again cannot duplicate (LINE push, Matrix, hub). ``single_use``: the token works
    once (LINE reply). ``echo``: our mark comes back in the feed (Messenger, WhatsApp). ``lookup``: the
    source can be asked (Twilio, Zendesk). ``none``: only a person can tell.
    """

    KEY = "key"
    SINGLE_USE = "single_use"
    ECHO = "echo"
    LOOKUP = "lookup"
    NONE = "none"


class Bubble(msgspec.Struct, frozen=True):
    """One text of an outgoing call."""

    uid: str
    text: str


class OutgoingAttachment(msgspec.Struct, frozen=True):
    """A file that goes out, by the hash of its content in the blob store."""

    sha256: str
    name: str
    mime: str
    bytes: int


class OutboundItem(msgspec.Struct, frozen=True, kw_only=True):
    """What leaves: frozen when it entered the outbox, so that nothing changed later can redirect it.

    Attributes:
        uid: id of the outbox row (text).
        attempt: number of this attempt, from 1.
        key: idempotency key, the same for every attempt; for e-mail the Message-ID.
        kind: ``reply`` or ``note``.
        thread: the source's conversation id, "" when it has none yet.
        to: identity values of the recipients in the channel's own form (addresses, user ids); cc and bcc: further
            ones of a mail, the last unseen by the others.
        bubbles: one or several texts; a channel with ``max_bubbles`` 1 joins them by an empty line.
        reply_to: message ids for In-Reply-To and References, oldest first.
        extra: what belongs to a mail and is frozen with it: ``from`` (an alias), ``signature``, ``quote_intro`` and
            ``quote`` (the original), ``forwarded`` (another mail in words).
        created_at: when the agent sent it, ms UTC.
    """

    uid: str
    attempt: int
    key: str
    kind: str = "reply"
    thread: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    subject: str = ""
    bubbles: tuple[Bubble, ...] = ()
    attachments: tuple[OutgoingAttachment, ...] = ()
    reply_to: tuple[str, ...] = ()
    author: str = ""
    extra: dict[str, object] = {}
    created_at: int = 0


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The source accepted the send.

    Attributes:
        remote_id: its id for the message, "" when it names none.
        message_ids: identifiers by which an answer may refer to it (server-rewritten Message-IDs too).
        at: when it was accepted, ms UTC, 0 when not stated.
        detail: what the source said, for the log.
    """

    remote_id: str = ""
    message_ids: tuple[str, ...] = ()
    at: int = 0
    detail: str = ""


class Settled(StrEnum):
    """Answer of a look-up for a send whose outcome is unknown.

    ``absent`` may only come from an authoritative list: it permits sending again.
    """

    FOUND = "found"
    ABSENT = "absent"
    UNKNOWN = "unknown"
