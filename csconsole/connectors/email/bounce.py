"""Delivery status notifications (RFC 3464) about our own mails."""

from __future__ import annotations

import re
from dataclasses import dataclass

from csconsole.connectors.email.addresses import is_address
from csconsole.connectors.email.headers import Headers, split
from csconsole.connectors.email.parse import Mail

_ID = re.compile(r"<[^<>\x00-\x20\x7f]{1,498}>")


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery report says.

    Attributes:
        message_id: Message-ID of the mail it is about, "" when the report does not include it.
        outbox_id: our own mark in the included headers or the envelope id.
        recipient: whom it could not be delivered to.
        failed: for good; False for a delay, a relay or a success.
        reason: status code and the remote server's words.
    """

    message_id: str
    outbox_id: str
    recipient: str
    failed: bool
    reason: str


def read_bounce(mail: Mail) -> Bounce | None:
    """The report in ``mail``, None when it is an ordinary mail."""
    if mail.root.mime != "multipart/report":
        return None
    if mail.root.params.get("report-type", "delivery-status").lower() != "delivery-status":
        return None
    parts = mail.parts()
    status = next((part for part in parts if part.mime == "message/delivery-status"), None)
    if status is None:
        return None
    per_message, recipients = _blocks(status.content())
    failed = next((one for one in recipients if _action(one) == "failed"), None)
    chosen = failed or (recipients[0] if recipients else Headers([]))
    original = next((part for part in parts if part.mime in ("message/rfc822", "text/rfc822-headers")), None)
    inner = split(original.content())[0] if original is not None else Headers([])
    found = _ID.search(inner.plain("message-id"))
    recipient = _address(chosen.plain("final-recipient")) or _address(chosen.plain("original-recipient"))
    words = [chosen.plain("status"), chosen.text("diagnostic-code").partition(";")[2].strip()]
    return Bounce(
        message_id=found[0] if found else "",
        outbox_id=inner.plain("x-csc-outbox-id")[:100] or per_message.plain("original-envelope-id")[:100],
        recipient=recipient,
        failed=failed is not None,
        reason=" ".join(word for word in words if word) or "the recipient's server refused the mail",
    )


def _blocks(data: bytes) -> tuple[Headers, list[Headers]]:
    """The per-message fields and one block per recipient (RFC 3464 section 2.1)."""
    blocks = [split(block + b"\n\n")[0] for block in re.split(rb"\r?\n(?:[ \t]*\r?\n)+", data.strip())[:201]]
    return blocks[0], [block for block in blocks[1:] if block.fields] or blocks[:1]


def _action(block: Headers) -> str:
    return block.plain("action").strip().lower()


def _address(field: str) -> str:
    address = (field.partition(";")[2] or field).strip().strip("<>")
    return address if is_address(address) else ""
