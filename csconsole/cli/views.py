"""The JSON of the command line, field by field in its published order (design section 8)."""

from __future__ import annotations

from typing import Any

from csconsole.clock import rfc3339
from csconsole.domain.conversation import QueueRow
from csconsole.domain.message import Message
from csconsole.services.finding import OpenConversation
from csconsole.store.outbox import OutboxRow
from csconsole.store.quarantine import QuarantineRow
from csconsole.store.search import Hit


def instant(at: int | None) -> str | None:
    """An instant as RFC 3339, None for none."""
    return None if at is None else rfc3339(at)


def conversation(row: QueueRow, now: int) -> dict[str, Any]:
    """One element of ``list --json``."""
    return {
        "id": row.uid,
        "number": row.number,
        "status": str(row.status),
        "channel": row.channel,
        "account": row.account,
        "customer": {"id": row.customer_uid, "name": row.customer_name},
        "subject": row.subject,
        "preview": row.preview,
        "assignee": row.assignee or None,
        "team": row.team or None,
        "tags": list(row.tags),
        "priority": row.priority,
        "unread": row.unread,
        "created_at": instant(row.created_at),
        "last_in_at": instant(row.last_in_at),
        "next_due_at": instant(row.next_due_at),
        "sla": sla(row, now),
    }


def sla(row: QueueRow, now: int) -> str | None:
    """``running`` or ``breached`` where an answer is due, None where none is."""
    if row.next_due_at is None:
        return None
    return "breached" if row.next_due_at <= now else "running"


def opened(found: OpenConversation, now: int) -> dict[str, Any]:
    """The object of ``show --json``."""
    data = conversation(found.conversation.row, now)
    data["customer"] = customer(found)
    data["messages"] = [message(one) for one in found.messages]
    return data


def customer(found: OpenConversation) -> dict[str, Any]:
    """The customer of ``show --json``."""
    person = found.customer
    return {
        "id": person.uid,
        "name": found.conversation.row.customer_name,
        "identities": [
            {"kind": i.kind, "realm": i.realm, "value": i.value, "display": i.display or None, "verified": i.verified}
            for i in person.identities
        ],
        "tags": [tag.name for tag in person.tags],
        "notes": [{"at": instant(note.at), "author": note.author, "body": note.body} for note in person.notes],
        "conversations": [
            {
                "id": past.uid,
                "number": past.number,
                "account": past.account,
                "channel": past.channel,
                "status": past.status,
                "subject": past.subject,
                "last_at": instant(past.last_at),
            }
            for past in person.conversations
        ],
    }


def message(one: Message) -> dict[str, Any]:
    """A message of ``show --json``."""
    return {
        "id": one.uid,
        "seq": one.seq,
        "direction": str(one.direction),
        "visibility": str(one.visibility),
        "author": {"kind": str(one.author_kind), "name": one.author_name},
        "body": one.body,
        "attachments": [{"name": file.name, "mime": file.mime, "bytes": file.bytes} for file in one.attachments],
        "created_at": instant(one.at),
        "delivery": str(one.delivery) if one.delivery else None,
        "remote_id": one.remote_id or None,
    }


def hit(found: Hit) -> dict[str, Any]:
    """One element of ``search --json``."""
    return {
        "conversation_id": found.conversation_uid,
        "number": found.number,
        "message_id": found.message_uid,
        "created_at": instant(found.at),
        "snippet": found.snippet,
    }


def outbox(row: OutboxRow) -> dict[str, Any]:
    """One element of ``outbox --json``."""
    return {
        "id": row.uid,
        "conversation_id": row.conversation_uid,
        "state": row.state,
        "attempts": row.attempts,
        "not_before": instant(row.not_before),
        "reason": row.reason or None,
    }


def quarantined(row: QuarantineRow) -> dict[str, Any]:
    """One element of ``quarantine --json``."""
    return {
        "id": row.uid,
        "account": row.account,
        "kind": row.kind,
        "remote_id": row.remote_id,
        "received_at": instant(row.received_at) if row.received_at else None,
        "quarantined_at": instant(row.quarantined_at),
        "attempts": row.attempts,
        "reason": row.reason,
    }
