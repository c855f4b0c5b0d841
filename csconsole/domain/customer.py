"""A customer, and the identities by which channels know them."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from csconsole.text.sanitize import MAX_LINE, is_safe, safe_line


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


def identity_key(value: str) -> str:
    """An identity's value as the key it is compared by: what differs stays different, and it can be drawn.

    Sanitising drops invisible signs and cuts long texts, and would make one person of two (``vic\\u00adtim@x.test`` and
    ``victim@x.test``). Here such a sign becomes its escape, and a long value ends in a digest of the whole.

    Args:
        value: as the source gives it.
    """
    if safe_line(value) == value:
        return value
    shown = "".join(char if is_safe(f"x{char}") and char not in "\n\u200b" else _escape(char) for char in value)
    if safe_line(shown) == shown:
        return shown
    from hashlib import sha256

    digest = sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{safe_line(shown, MAX_LINE - 20)}#{digest}"


def email_key(address: str) -> str:
    """A mail address as :func:`identity_key` compares it: capital ASCII letters are small ones, no others are folded.

    Python's ``lower`` makes ``k`` of the Kelvin sign, and folding by Unicode's rules joins mailboxes that are two.
    """
    return identity_key("".join(char.lower() if char.isascii() else char for char in address))


def _escape(char: str) -> str:
    return f"\\u{ord(char):04x}"
