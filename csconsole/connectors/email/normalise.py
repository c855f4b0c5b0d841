"""From a raw mail to canonical events; pure, run in the parsing child."""

from __future__ import annotations

import hashlib
import re
from email.utils import mktime_tz, parsedate_tz

from csconsole.connectors.base import AccountContext, RawItem
from csconsole.connectors.email.addresses import Mailbox, read_addresses
from csconsole.connectors.email.automatic import is_automatic
from csconsole.connectors.email.body import Body, Remark, read_body
from csconsole.connectors.email.bounce import Bounce, read_bounce
from csconsole.connectors.email.headers import Headers, decode_words, shield_words, split
from csconsole.connectors.email.locator import locator
from csconsole.connectors.email.marks import take_marks
from csconsole.connectors.email.parse import Mail, Part, parse_mail
from csconsole.connectors.email.quotes import find_folds
from csconsole.connectors.email.settings import Settings
from csconsole.connectors.email.signs import failed_checks, warnings
from csconsole.domain.customer import Identity, IdentityKind, email_key
from csconsole.domain.events import AttachmentInfo, Event, MessageEvent, ReceiptEvent, ThreadRef
from csconsole.errors import PayloadError
from csconsole.text.sanitize import safe_filename, safe_line, safe_text

MAX_REFERENCES = 100
MAX_REMARKS = 12
MAX_HEAD = 200_000
OUTBOX_HEADER = "x-csc-outbox-id"

_ID = re.compile(r"<\s{0,3}([^<>\x00-\x20\x7f]{1,498})\s{0,3}>")
_BARE_ID = re.compile(r"[^<>\s\x00-\x20\x7f]{1,400}@[^<>\s\x00-\x20\x7f]{1,98}")
_NUMBER = re.compile(r"\[#([0-9]{1,9})\]")
_TOKEN = re.compile(r"[A-Za-z0-9_.=-]{1,100}")


def normalise_mail(item: RawItem, account: AccountContext) -> list[Event]:
    """The events of one mail: a message, and a receipt when it is a bounce of ours.

    Raises:
        PayloadError: there is nothing to read.
    """
    try:
        return read_events(item, account)
    except (PayloadError, MemoryError):
        raise
    except Exception as error:
        # The last line of defence: one mail nobody foresaw goes to quarantine, the others go on.
        raise PayloadError(f"this mail cannot be read ({type(error).__name__}); its bytes are kept") from None


def read_events(item: RawItem, account: AccountContext) -> list[Event]:
    """The same without the last line of defence: a mistake of this program is raised as what it is."""
    if not item.raw.strip():
        raise PayloadError(str(item.meta.get("error") or "the server delivered an empty mail"))
    settings = account.settings
    own = settings.own if isinstance(settings, Settings) else frozenset()
    mail = parse_mail(item.raw)
    bounce = read_bounce(mail)
    message = _message(item, mail, own, bounce)
    if bounce is None or not bounce.failed or not bounce.message_id:
        return [message]
    receipt = ReceiptEvent(
        event_id=f"{item.remote_id}#bounce",
        message_id=bounce.message_id,
        at=message.at,
        delivery="failed",
        reason=safe_line(bounce.reason),
    )
    return [receipt, message]


def _message(item: RawItem, mail: Mail, own: frozenset[str], bounce: Bounce | None) -> MessageEvent:
    headers = mail.headers
    body = read_body(mail)
    parties = _Parties(headers, own, sent=bool(item.meta.get("sent")))
    subject = headers.text("subject")
    number = _NUMBER.search(subject)
    marker = _ids(headers.plain(OUTBOX_HEADER))[:1]
    customer = parties.customer
    author_kind = "external" if parties.outgoing else "customer"
    if bounce is not None:
        customer = Mailbox("", bounce.recipient) if bounce.recipient else customer
        author_kind = "system"
    automatic = bounce is not None or (not parties.outgoing and is_automatic(headers, mail, own))
    text, marked = take_marks(body.text, safe_text)
    return MessageEvent(
        remote_id=item.remote_id,
        thread=ThreadRef(
            reply_to=_references(headers, bounce),
            token=parties.token,
            number=int(number[1]) if number else None,
        ),
        at=item.received_at or _date(headers),
        direction="out" if parties.outgoing else "in",
        author_kind=author_kind,
        author_name=safe_line(parties.author.name or parties.author.address),
        customer=_identity(customer),
        customer_name=safe_line(customer.name),
        kind="text",
        subject=safe_line(subject),
        body_text=text,
        body_html=body.html,
        attachments=_attachments(item, body),
        message_ids=_ids(headers.plain("message-id"))[:1],
        dedup_key=_dedup_key(headers, item.raw),
        marker=marker[0] if marker and parties.outgoing else "",
        automatic=automatic,
        extra=_extra(item, headers, mail, body, parties)
        | _folds(text, marked, subject)
        | _remarks(mail, body, parties, own, automatic=automatic),
    )


class _Parties:
    """Who wrote to whom, seen from us.

    A mail is outgoing when its From is one of our addresses or it lies in Sent. A web form that writes in our
    own name with the customer in Reply-To is incoming, and so is what our server's checks found forged.
    """

    def __init__(self, headers: Headers, own: frozenset[str], *, sent: bool) -> None:
        self.sender = _mailboxes(headers, "from") or _mailboxes(headers, "sender")
        self.to = _mailboxes(headers, "to")
        self.cc = _mailboxes(headers, "cc")
        self.reply_to = _mailboxes(headers, "reply-to")
        self.delivered_to = [
            box.address
            for name in ("delivered-to", "x-original-to", "envelope-to")
            for box in _mailboxes(headers, name)
            if box.address
        ]
        self.author = self.sender[0] if self.sender else Mailbox("", "")
        others = [box for box in (*self.to, *self.cc, *_mailboxes(headers, "bcc")) if _foreign(box, own)]
        is_ours = self.author.address.lower() in own
        is_forged = is_ours and not sent and bool(failed_checks(headers))
        self.outgoing = sent or (is_ours and not is_forged)
        answer_to = next((box for box in self.reply_to if _foreign(box, own)), None)
        if self.outgoing and not sent and not others and answer_to and "in-reply-to" not in headers:
            self.outgoing = False
            self.author = answer_to
        elif is_forged and answer_to:
            self.author = answer_to
        # Anybody can write our address into From; only what lies in Sent surely came from here.
        self.flags = {"claims_ours"} if self.outgoing and not sent else set()
        self.customer = (others[0] if others else Mailbox("", "")) if self.outgoing else self.author
        self.token = "" if self.outgoing else self._reply_token(own)

    def _reply_token(self, own: frozenset[str]) -> str:
        """The part behind the plus sign of one of our addresses (RFC 5233 calls it the detail)."""
        for address in (*self.delivered_to, *(box.address for box in (*self.to, *self.cc))):
            local, _, domain = address.rpartition("@")
            base, plus, token = local.partition("+")
            if plus and f"{base}@{domain}".lower() in own and _TOKEN.fullmatch(token):
                return token
        return ""


def _foreign(box: Mailbox, own: frozenset[str]) -> bool:
    local, _, domain = box.address.lower().rpartition("@")
    return bool(box.address) and f"{local.partition('+')[0]}@{domain}" not in own and box.address.lower() not in own


def _mailboxes(headers: Headers, name: str) -> list[Mailbox]:
    """The mailboxes of an address header; names are decoded after the structure is known (RFC 2047 section 5)."""
    found: list[Mailbox] = []
    for raw in headers.all(name)[:5]:
        text = raw.decode("ascii") if raw.isascii() else decode_words(raw, headers.hint)
        for box in read_addresses(shield_words(text), 200 - len(found)):
            found.append(Mailbox(decode_words(box.name.encode("utf-8", "replace")), box.address))
        if len(found) >= 200:
            break
    return found


def _identity(box: Mailbox) -> Identity | None:
    if not box.address:
        return None
    return Identity(IdentityKind.EMAIL, "global", email_key(box.address), display=safe_line(box.address))


def _ids(text: str) -> tuple[str, ...]:
    """The message ids of a field, in angle brackets (RFC 5322 section 3.6.4); a lone one may have lost them."""
    found = _ID.findall(text)[:MAX_REFERENCES]
    if not found and _BARE_ID.fullmatch(text):
        found = [text]
    return tuple(f"<{one}>" for one in found)


def _references(headers: Headers, bounce: Bounce | None) -> tuple[str, ...]:
    """Ids of earlier mails, nearest first: In-Reply-To, then References backwards; a bounce's original before all."""
    order = list(_ids(headers.plain("in-reply-to")))
    order += reversed([f"<{one}>" for one in _ID.findall(headers.plain("references"))[-MAX_REFERENCES:]])
    if bounce is not None and bounce.message_id:
        order.insert(0, bounce.message_id)
    return tuple(dict.fromkeys(order))


def _date(headers: Headers) -> int:
    """The Date header in ms UTC, 0 when it is missing or nonsense; only for mails without a receive time."""
    try:
        parsed = parsedate_tz(headers.plain("date")[:100])
        at = mktime_tz(parsed) * 1000 if parsed else 0
    except (ValueError, OverflowError, TypeError, IndexError):
        return 0
    return int(at) if 0 < at < 4_102_444_800_000 else 0


def _dedup_key(headers: Headers, raw: bytes) -> str:
    """The same mail in two mailboxes gives the same key; what differs is only what transports added."""
    found = _ids(headers.plain("message-id"))
    digest = hashlib.sha256()
    if found:
        parts = [found[0].encode(), headers.raw("from"), headers.raw("date")]
    else:
        body = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[-1]
        parts = [headers.raw(name) for name in ("from", "date", "subject", "to")]
        parts.append(body.replace(b"\r\n", b"\n").rstrip())
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _attachments(item: RawItem, body: Body) -> tuple[AttachmentInfo, ...]:
    """Names made safe, sizes reckoned, locators good for the stored bytes and for the server."""
    listed = [
        AttachmentInfo(
            name=safe_filename(part.filename or _mail_name(part) or _default_name(part.mime, part.section)),
            mime=part.mime,
            bytes=part.size,
            locator=locator(item.remote_id, part.section),
        )
        for part in body.attachments
    ]
    for entry in item.meta.get("left_out") or ():
        name, mime, size, section = entry
        listed.append(
            AttachmentInfo(
                name=safe_filename(decode_words(str(name).encode()) or _default_name(str(mime), str(section))),
                mime=safe_line(str(mime)),
                bytes=int(size),
                locator=locator(item.remote_id, str(section), stored=False),
            )
        )
    return tuple(listed)


def _mail_name(part: Part) -> str:
    """A mail in a mail is called by its subject."""
    if part.mime != "message/rfc822":
        return ""
    subject = safe_line(split(part.content()[:MAX_HEAD])[0].text("subject"), 60).replace("/", "-")
    return f"{subject}.eml" if subject.strip(". ") else ""


def _folds(text: str, marked: list[tuple[int, int, str]], subject: str) -> dict[str, object]:
    found = find_folds(text, marked, subject=subject)
    return {"folds": [list(fold) for fold in found]} if found else {}


def _remarks(mail: Mail, body: Body, parties: _Parties, own: frozenset[str], *, automatic: bool) -> dict[str, object]:
    """What a reader should know besides the text: warnings first; the interface has the words for it."""
    found: list[Remark] = []
    if not parties.outgoing:
        files = [part.filename for part in body.attachments]
        found += warnings(mail.headers, parties.author, own, body.lies, files)
    found += body.remarks
    found += [(flag,) for flag in ("deep", "parts", "cut") if flag in mail.flags | body.flags]
    if body.remote_images:
        found.append(("images", str(body.remote_images)))
    if automatic:
        found.append(("automatic",))
    return {"remarks": [[safe_line(value) for value in one] for one in found[:MAX_REMARKS]]} if found else {}


def _default_name(mime: str, section: str) -> str:
    from mimetypes import guess_extension

    ending = ".eml" if mime == "message/rfc822" else guess_extension(mime) or ".bin"
    return f"part-{section.replace('.', '-')}{ending}"


def _extra(item: RawItem, headers: Headers, mail: Mail, body: Body, parties: _Parties) -> dict[str, object]:
    """Small plain facts worth keeping; empty ones are left out."""
    facts: dict[str, object] = {
        "from": _written(parties.sender),
        "to": _written(parties.to),
        "cc": _written(parties.cc),
        "reply_to": _written(parties.reply_to),
        "delivered_to": [safe_line(address) for address in parties.delivered_to[:5]],
        "list_id": safe_line(headers.text("list-id")),
        "date": safe_line(headers.plain("date")[:100]),
        "folder": item.meta.get("folder", ""),
        "flags": sorted(mail.flags | body.flags | parties.flags),
        "remote_images": body.remote_images,
        "hidden": body.hidden,
        "left_out_bytes": item.meta.get("size", 0) if item.meta.get("partial") else 0,
    }
    return {name: value for name, value in facts.items() if value}


def _written(boxes: list[Mailbox]) -> list[str]:
    return [
        safe_line(f"{box.name} <{box.address}>" if box.name and box.address else box.address or box.name)
        for box in boxes[:50]
    ]
