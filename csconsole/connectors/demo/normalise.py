"""From the demo's raw JSON to canonical events. Pure; every text that leaves is safe to draw."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from csconsole.connectors.base import RawItem
from csconsole.domain.customer import Identity, identity_key
from csconsole.domain.events import (
    AttachmentInfo,
    ConversationEvent,
    EditEvent,
    Event,
    MessageEvent,
    ReceiptEvent,
    RedactEvent,
    ThreadRef,
)
from csconsole.errors import PayloadError
from csconsole.text.sanitize import safe_filename, safe_line, safe_text

_DEPTH = 8


class _Author(msgspec.Struct, frozen=True):
    kind: Literal["customer", "agent", "bot", "system", "external"] = "customer"
    name: str = ""


class _Person(msgspec.Struct, frozen=True):
    name: str = ""
    call: str = ""
    language: str = ""
    tags: tuple[str, ...] = ()
    attributes: dict[str, Any] = {}
    identities: tuple[Identity, ...] = ()


class _File(msgspec.Struct, frozen=True):
    name: str
    mime: str = "application/octet-stream"
    bytes: int = 0
    alt: str = ""


class _Message(msgspec.Struct, frozen=True, tag="message"):
    id: str
    thread: str
    at: int
    direction: Literal["in", "out"] = "in"
    visibility: Literal["public", "internal"] = "public"
    author: _Author = _Author()
    kind: str = "text"
    text: str = ""
    surface: str = ""
    subject: str = ""
    delivery: str = ""
    marker: str = ""
    message_ids: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    attachments: tuple[_File, ...] = ()
    customer: _Person | None = None
    extra: dict[str, Any] = {}


class _State(msgspec.Struct, frozen=True, tag="state"):
    id: str
    thread: str
    at: int
    number: int | None = None
    subject: str | None = None
    status: str | None = None
    assignee: str | None = None
    team: str | None = None
    priority: str | None = None
    kind: str | None = None
    reason: str | None = None
    tags: tuple[str, ...] | None = None
    attributes: dict[str, Any] | None = None


class _Receipt(msgspec.Struct, frozen=True, tag="receipt"):
    id: str
    message: str
    at: int
    delivery: Literal["delivered", "read", "failed"]
    reason: str = ""


class _Edit(msgspec.Struct, frozen=True, tag="edit"):
    id: str
    message: str
    at: int
    text: str


class _Unsend(msgspec.Struct, frozen=True, tag="unsend"):
    id: str
    message: str
    at: int


_BODY = msgspec.json.Decoder(_Message | _State | _Receipt | _Edit | _Unsend)


def normalise(item: RawItem) -> list[Event]:
    """The canonical events of one raw item.

    Raises:
        PayloadError: not the demo's JSON.
    """
    try:
        body = _BODY.decode(item.raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise PayloadError(
            f"item {safe_line(item.remote_id)} of the demo shop cannot be read ({safe_line(str(error))}); "
            "it is kept as it came."
        ) from None
    if isinstance(body, _Message):
        return [_message(body)]
    if isinstance(body, _State):
        return [_state(body)]
    if isinstance(body, _Receipt):
        return [
            ReceiptEvent(
                event_id=body.id,
                message_id=body.message,
                at=body.at,
                delivery=body.delivery,
                reason=safe_line(body.reason),
            )
        ]
    if isinstance(body, _Edit):
        return [EditEvent(event_id=body.id, message_id=body.message, at=body.at, body_text=safe_text(body.text))]
    return [RedactEvent(event_id=body.id, message_id=body.message, at=body.at)]


def _message(body: _Message) -> MessageEvent:
    person = body.customer or _Person()
    identities = tuple(_identity(identity) for identity in person.identities)
    extra = {**body.extra}
    if alts := [file.alt for file in body.attachments if file.alt]:
        extra["alt"] = alts
    return MessageEvent(
        remote_id=body.id,
        thread=ThreadRef(remote_id=body.thread, reply_to=body.reply_to),
        at=body.at,
        direction=body.direction,
        visibility=body.visibility,
        author_kind=body.author.kind,
        author_name=safe_line(body.author.name),
        customer=identities[0] if identities else None,
        customer_name=safe_line(person.name),
        customer_call=safe_line(person.call),
        customer_language=safe_line(person.language),
        customer_tags=tuple(safe_line(tag) for tag in person.tags),
        customer_attributes=_safe(person.attributes),
        other_identities=identities[1:],
        kind=safe_line(body.kind),
        surface=safe_line(body.surface),
        subject=safe_line(body.subject),
        body_text=safe_text(body.text),
        attachments=tuple(
            AttachmentInfo(
                name=safe_filename(file.name),
                mime=safe_line(file.mime),
                bytes=max(file.bytes, 0),
                locator=f"{body.id}#{index}",
            )
            for index, file in enumerate(body.attachments)
        ),
        message_ids=body.message_ids,
        marker=body.marker,
        delivery=safe_line(body.delivery),
        extra=_safe(extra),
    )


def _state(body: _State) -> ConversationEvent:
    return ConversationEvent(
        event_id=body.id,
        thread=ThreadRef(remote_id=body.thread),
        at=body.at,
        number=body.number,
        subject=_line(body.subject),
        status=_line(body.status),
        raw_status=_line(body.status),
        assignee=_line(body.assignee),
        team=_line(body.team),
        priority=_line(body.priority),
        kind=_line(body.kind),
        reason=_line(body.reason),
        tags=None if body.tags is None else tuple(safe_line(tag) for tag in body.tags),
        attributes=None if body.attributes is None else _safe(body.attributes),
    )


def _line(text: str | None) -> str | None:
    return None if text is None else safe_line(text)


def _identity(identity: Identity) -> Identity:
    return Identity(
        kind=safe_line(identity.kind),
        realm=safe_line(identity.realm),
        value=identity_key(identity.value),
        display=safe_line(identity.display),
        verified=identity.verified,
    )


def _safe(value: Any, depth: int = 0) -> Any:
    """A copy of plain data with every text in it safe, names of fields too; too deep parts are left out."""
    if isinstance(value, str):
        return safe_text(value)
    if depth >= _DEPTH:
        return None
    if isinstance(value, dict):
        return {safe_line(str(key)): _safe(entry, depth + 1) for key, entry in value.items()}
    if isinstance(value, list):
        return [_safe(entry, depth + 1) for entry in value]
    return value
