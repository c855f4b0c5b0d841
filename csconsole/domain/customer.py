"""A customer, and the identities by which channels know them."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class IdentityKind(StrEnum):
    """Kinds of identity with a meaning of their own; others are ``<account>:contact``."""

    EMAIL = "email"
    PHONE = "phone"
    LINE_UID = "line_uid"
    PSID = "psid"
    IGSID = "igsid"
    WA_BSUID = "wa_bsuid"
    X_ID = "x_id"
    TIKTOK_ID = "tiktok_id"
    TELEGRAM_ID = "telegram_id"
    WEB_VISITOR = "web_visitor"


class Identity(msgspec.Struct, frozen=True):
    """A name a channel gives a person, unique inside ``realm`` (a LINE provider, a page, ``global``)."""

    kind: str
    realm: str
    value: str
    display: str = ""
    verified: bool = False


class CustomerNote(msgspec.Struct, frozen=True):
    """A remark about the customer, kept with them rather than with one conversation."""

    at: int
    author: str
    body: str


class TagMark(msgspec.Struct, frozen=True):
    """A tag on something, with who set it and when (milliseconds UTC)."""

    name: str
    by: str
    at: int


class PastConversation(msgspec.Struct, frozen=True):
    """One line of a customer's history."""

    id: int
    uid: str
    number: int
    channel: str
    account: str
    subject: str
    status: str
    last_at: int


class Customer(msgspec.Struct, frozen=True):
    """A customer as the profile pane shows them."""

    id: int
    uid: str
    name: str
    call_name: str
    language: str
    identities: tuple[Identity, ...]
    tags: tuple[TagMark, ...]
    attributes: dict[str, object]
    notes: tuple[CustomerNote, ...]
    conversations: tuple[PastConversation, ...]
