"""Delivery status notifications (RFC 3464) about our own mails."""

from __future__ import annotations

import re
from dataclasses import dataclass

from csconsole.connectors.email.addresses import is_address, read_addresses
from csconsole.connectors.email.headers import Headers, split
from csconsole.connectors.email.parse import Mail, Part

MAX_WORDS = 100_000
_STATUS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_ORIGINAL = frozenset({"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"})
_MAILER = re.compile(r"(?:mailer-daemon|postmaster|mail-daemon|mdaemon)@", re.IGNORECASE)
_COPY = re.compile(
    r"^[-= ]{0,20}(?:below this line is (?:a copy|the original)|this is a copy of (?:the"
    r"|your) message|original message follows"
    r"|the following is a copy|message header follows|returned message)[^\n]{0,80}\n",
    re.IGNORECASE | re.MULTILINE,
)
_GAVE_UP = re.compile(
    r"(?:permanent|fatal) error|could not be delivered|(?:wasn't|was not) able to deliver"
    r"|delivery (?:to the following|has)? ?"
    r"(?:recipients? )?failed|undeliverable|user unknown|no such user|mailbox (?:full|unavailable)"
    r"|couldn't be delivered|\b5\d\d[ -]5\.",
    re.IGNORECASE,
)
_RECIPIENT = re.compile(r"^\s{0,8}<?([^\s<>@:;,]{1,64}@[^\s<>@:;,]{1,200}?)>?:?\s*$", re.MULTILINE)
_CODE = re.compile(r"\b5\d\d[ -][^\n]{3,200}")
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
    """The report in ``mail``, None when it is an ordinary mail.

    Servers that know no RFC 3464 write in plain words; those of qmail, Exim and their like are understood when they
    come from nobody (a null return path) or from a mailer.
    """
    parts = mail.parts()
    status = next((part for part in parts if part.mime in _STATUS), None)
    if mail.root.mime == "multipart/report":
        kind = mail.root.params.get("report-type", "delivery-status").lower()
        return _reported(mail.headers, parts, status) if status is not None and kind == "delivery-status" else None
    if not _from_a_mailer(mail.headers):
        return None
    return _reported(mail.headers, parts, status) if status is not None else _in_words(mail)


def _from_a_mailer(headers: Headers) -> bool:
    boxes = read_addresses(headers.plain("from"), 1)
    sender = boxes[0].address if boxes else ""
    return headers.raw("return-path") == b"<>" or bool(_MAILER.match(sender))


def _reported(outer: Headers, parts: list[Part], status: Part) -> Bounce:
    """A report of RFC 3464."""
    per_message, recipients = _blocks(status.content())
    failed = next((one for one in recipients if _action(one) == "failed"), None)
    chosen = failed or (recipients[0] if recipients else Headers([]))
    original = next((part for part in parts if part.mime in _ORIGINAL), None)
    inner = split(original.content())[0] if original is not None else Headers([])
    recipient = _address(chosen.plain("final-recipient")) or _address(chosen.plain("original-recipient"))
    words = [chosen.plain("status"), chosen.text("diagnostic-code").partition(";")[2].strip()]
    reason = " ".join(word for word in words if word)
    return _bounce(outer, inner, per_message, recipient, failed is not None, reason)


def _bounce(outer: Headers, inner: Headers, per_message: Headers, recipient: str, failed: bool, reason: str) -> Bounce:
    """Puts a report together; what it is about stands in the returned mail, in our envelope id, or in the thread."""
    envelope = per_message.plain("original-envelope-id").strip("<> ")
    found = (
        _ID.search(inner.plain("message-id"))
        or (_ID.fullmatch(f"<{envelope}>") if "@" in envelope else None)
        or _ID.search(outer.plain("in-reply-to"))
        or _ID.search(outer.plain("references"))
    )
    return Bounce(
        message_id=found[0] if found else "",
        outbox_id=inner.plain("x-csc-outbox-id")[:100] or per_message.plain("original-envelope-id")[:100],
        recipient=recipient,
        failed=failed,
        reason=reason or "the recipient's server refused the mail",
    )


def _in_words(mail: Mail) -> Bounce | None:
    """A failure told in plain words above a copy of the mail, None when it tells none."""
    texts = [part.text() for part in mail.parts() if part.mime == "text/plain"]
    text = "\n".join(texts)[:MAX_WORDS]
    copy = _COPY.search(text)
    told = text[: copy.start()] if copy else text
    if not _GAVE_UP.search(told):
        return None
    recipient = _RECIPIENT.search(told)
    if copy:
        original = text[copy.end() :].lstrip()
    else:
        enclosed = next((part for part in mail.parts() if part.mime in _ORIGINAL), None)
        original = enclosed.content().decode("utf-8", "replace") if enclosed is not None else ""
    reason = _CODE.search(told)
    failed_to = mail.headers.plain("x-failed-recipients").partition(",")[0].strip()
    address = failed_to if is_address(failed_to) else recipient[1] if recipient else ""
    inner = split(original.encode("utf-8", "replace"))[0]
    return _bounce(mail.headers, inner, Headers([]), address, True, " ".join(reason[0].split()) if reason else "")


def _blocks(data: bytes) -> tuple[Headers, list[Headers]]:
    """The per-message fields and one block per recipient (RFC 3464 section 2.1)."""
    blocks = [split(block + b"\n\n")[0] for block in re.split(rb"\r?\n(?:[ \t]*\r?\n)+", data.strip())[:201]]
    return blocks[0], [block for block in blocks[1:] if block.fields] or blocks[:1]


def _action(block: Headers) -> str:
    return block.plain("action").strip().lower()


def _address(field: str) -> str:
    address = (field.partition(";")[2] or field).strip().strip("<>")
    return address if is_address(address) else ""
