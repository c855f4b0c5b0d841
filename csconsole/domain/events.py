"""What a connector makes of a remote item: the canonical events every channel is reduced to.

They are msgspec structs because they cross from the parsing child to the worker as msgpack. All texts are
already sanitised by the connector's ``normalise`` and sanitised again on the way to the screen.
"""

from __future__ import annotations

import msgspec

from csconsole.domain.customer import Identity


class ThreadRef(msgspec.Struct, frozen=True, kw_only=True):
    """How to find the conversation an event belongs to, in this order.

    Attributes:
        remote_id: the source's own id of the conversation (a LINE user in an account, an RT ticket).
        reply_to: identifiers of earlier messages this one answers, nearest first (RFC 5322 In-Reply-To,
            then References from last to first); looked up among all message ids we know, ours included.
        token: a reply token of ours found in an address.
        number: a ``[#123]`` tag; believed only for the same customer.
    """

    remote_id: str = ""
    reply_to: tuple[str, ...] = ()
    token: str = ""
    number: int | None = None


class AttachmentInfo(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment as the source describes it; ``locator`` is all the connector needs to fetch it, ``sha256`` says
    that its content lies in the blob store already (a file of ours)."""

    name: str
    mime: str
    bytes: int
    locator: str = ""
    sha256: str | None = None


class MessageEvent(msgspec.Struct, frozen=True, kw_only=True, tag="message"):
    """A message, in or out, public or internal.

    Attributes:
        remote_id: unique within the account; the gate against duplicates.
        at: the source's receive time in ms UTC.
        customer: the identity of the customer this conversation is with (also for our own messages).
        customer_name: display name as the channel knows it; customer_call: what to call them.
        other_identities: further identities of the same person the source vouches for.
        message_ids: identifiers under which later messages may refer to this one (RFC 5322 Message-ID).
        dedup_key: key of the same message across accounts (the same mail in two mailboxes), or "".
        marker: our own mark if this is the echo of something we sent (Message-ID or X-Csc-Outbox-Id).
        automatic: written by a machine (RFC 3834); shown, but never opens a conversation loudly.
        extra: facts of this channel worth keeping (To, Cc, authentication results), small and plain.
    """

    remote_id: str
    thread: ThreadRef
    at: int
    direction: str = "in"
    visibility: str = "public"
    author_kind: str = "customer"
    author_name: str = ""
    customer: Identity | None = None
    customer_name: str = ""
    customer_call: str = ""
    customer_language: str = ""
    customer_tags: tuple[str, ...] = ()
    customer_attributes: dict[str, object] = {}
    other_identities: tuple[Identity, ...] = ()
    kind: str = "text"
    surface: str = ""
    subject: str = ""
    body_text: str = ""
    body_html: str = ""
    attachments: tuple[AttachmentInfo, ...] = ()
    message_ids: tuple[str, ...] = ()
    dedup_key: str = ""
    marker: str = ""
    delivery: str = ""
    automatic: bool = False
    extra: dict[str, object] = {}


class EditEvent(msgspec.Struct, frozen=True, kw_only=True, tag="edit"):
    """The text of a known message changed. ``event_id`` is the edit's own id, for deduplication."""

    event_id: str
    message_id: str
    at: int
    body_text: str


class RedactEvent(msgspec.Struct, frozen=True, kw_only=True, tag="redact"):
    """A known message was unsent or deleted at the source: its content goes, the fact stays."""

    event_id: str
    message_id: str
    at: int


class ReceiptEvent(msgspec.Struct, frozen=True, kw_only=True, tag="receipt"):
    """A message of ours was delivered, read, or bounced. ``delivery``: delivered | read | failed."""

    event_id: str
    message_id: str
    at: int
    delivery: str
    reason: str = ""


class ConversationEvent(msgspec.Struct, frozen=True, kw_only=True, tag="conversation"):
    """Fields of a conversation as the source states them; None leaves a field as it is.

    A source with local authority (a channel) sends this only for what it knows better than we do, such as a
    subject or the team it was routed to. ``tags`` replaces the set where the source owns tags.
    """

    event_id: str
    thread: ThreadRef
    at: int
    customer: Identity | None = None
    number: int | None = None
    subject: str | None = None
    status: str | None = None
    raw_status: str | None = None
    assignee: str | None = None
    team: str | None = None
    priority: str | None = None
    kind: str | None = None
    reason: str | None = None
    tags: tuple[str, ...] | None = None
    add_tags: tuple[str, ...] = ()
    attributes: dict[str, object] | None = None
    actor: str = ""


Event = MessageEvent | EditEvent | RedactEvent | ReceiptEvent | ConversationEvent
"""Everything ``normalise`` may return."""
