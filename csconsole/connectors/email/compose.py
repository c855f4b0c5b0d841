"""An answer as bytes on the wire (RFC 5322), made the same way for every attempt.

Header lines are written here, not by the standard library's newer policies: those wrap a long Message-ID in
References into an encoded word, which breaks the customer's threading. Every value loses its control characters
first, so that nothing typed or received can start a header line of its own.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from email.utils import format_datetime
from typing import NamedTuple

from csconsole.clock import to_datetime
from csconsole.connectors.email.addresses import Mailbox, is_address, read_addresses
from csconsole.connectors.email.markup import to_html
from csconsole.connectors.email.mime import File as File
from csconsole.connectors.email.mime import Part, file_part, multipart, text_part
from csconsole.connectors.email.settings import Settings
from csconsole.domain.sending import OutboundItem
from csconsole.errors import RejectedError

MAX_REFERENCES = 20
MAX_RECIPIENTS = 100
WORD_BYTES = 42
"""Bytes of text in one encoded word: 42 become 56 characters of base64, within the 75 of RFC 2047."""

_ID = re.compile(r"<[^<>\s\x00-\x20\x7f-\x9f]{1,498}>")
_NOT_WORD = re.compile(r"[^A-Za-z0-9_.-]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_REPLY = re.compile(r"(?:re|aw|sv|antw|ตอบกลับ|ตอบ|回复)\s*(?:\[[0-9]+\])?\s*[:：]", re.IGNORECASE)
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")


class Letter(NamedTuple):
    """A mail ready to go: envelope and bytes."""

    sender: str
    recipients: tuple[str, ...]
    message_id: str
    data: bytes


def compose(item: OutboundItem, settings: Settings, files: Sequence[File] = ()) -> Letter:
    """The mail of an outbox row.

    Args:
        item: the row; ``key`` is the Message-ID, ``extra["from"]`` an alias to answer from.
        settings: the account's.
        files: the row's attachments with their contents, in order.

    Raises:
        RejectedError: a recipient, the alias or the Message-ID cannot be used; nothing was sent.
    """
    sender = _sender(item, settings)
    to = [_recipient(value) for value in item.to]
    cc = [_recipient(value) for value in item.cc]
    bcc = [_recipient(value) for value in item.bcc]
    if not to:
        raise RejectedError("the answer has no recipient; the customer has no e-mail address")
    if len(to) + len(cc) + len(bcc) > MAX_RECIPIENTS:
        raise RejectedError(f"a mail can go to {MAX_RECIPIENTS} recipients at most")
    if not _ID.fullmatch(item.key):
        raise RejectedError("the answer has no usable Message-ID; write it again")
    lines = [
        _line("From", _mailboxes([Mailbox(_clean(settings.from_name), sender)])),
        _line("To", _mailboxes(to)),
        *([_line("Cc", _mailboxes(cc))] if cc else []),
        _line("Subject", encode_text(reply_subject(item), len("Subject: "))),
        _line("Date", format_datetime(to_datetime(item.created_at // 1000 * 1000))),
        _line("Message-ID", item.key),
        *_thread_lines(item.reply_to),
        _line("X-Csc-Outbox-Id", f"{_NOT_WORD.sub('', item.uid)[:100]}\r\n {item.key}"),
        _line("MIME-Version", "1.0"),
    ]
    head = "\r\n".join(lines).encode("utf-8") + b"\r\n"
    recipients = tuple(dict.fromkeys(box.address for box in (*to, *cc, *bcc)))
    return Letter(sender, recipients, item.key, head + _content(item, settings, files).write())


def reply_subject(item: OutboundItem) -> str:
    """The subject, with ``Re:`` before it when it answers something and has no such prefix yet."""
    subject = _clean(item.subject)
    if item.reply_to and not _REPLY.match(subject):
        return f"Re: {subject}".strip()
    return subject


def _sender(item: OutboundItem, settings: Settings) -> str:
    alias = str(item.extra.get("from") or settings.address)
    boxes = read_addresses(_clean(alias), 1)
    address = boxes[0].address if boxes else ""
    if address.lower() not in settings.own:
        raise RejectedError(f"{_clean(alias)} is not one of this account's addresses; add it to aliases")
    return address


def _recipient(value: str) -> Mailbox:
    """One recipient; a domain with letters outside ASCII is written in its ASCII form (RFC 5891)."""
    boxes = read_addresses(_clean(value), 2)
    if len(boxes) != 1 or not is_address(boxes[0].address):
        raise RejectedError(f'"{_clean(value)}" is not an e-mail address')
    local, _, domain = boxes[0].address.rpartition("@")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            raise RejectedError(f'"{_clean(value)}" has no valid domain') from None
    return Mailbox(boxes[0].name, f"{local}@{domain}")


def _thread_lines(reply_to: Sequence[str]) -> list[str]:
    """In-Reply-To and References (RFC 5322 section 3.6.4): the first id, which began the thread, and the last."""
    ids = list(dict.fromkeys(match[0] for value in reply_to if (match := _ID.fullmatch(value.strip()))))
    if not ids:
        return []
    if len(ids) > MAX_REFERENCES:
        ids = [ids[0], *ids[-(MAX_REFERENCES - 1) :]]
    return [_line("In-Reply-To", ids[-1]), _line("References", "\r\n ".join(ids))]


def _content(item: OutboundItem, settings: Settings, files: Sequence[File]) -> Part:
    """The text, with an HTML form beside it where the account wants one, and the files behind."""
    text = "\n\n".join(bubble.text for bubble in item.bubbles)
    signature = str(item.extra.get("signature") or "")
    introduction, quoted = str(item.extra.get("quote_intro") or ""), str(item.extra.get("quote") or "")
    forwarded = _one_line_end(str(item.extra.get("forwarded") or ""))
    plain = plain_text(text, signature, introduction, quoted)
    body = text_part(f"{plain}\n\n{forwarded}" if forwarded else plain, "plain")
    if settings.html:
        html = text_part(to_html(_one_line_end(text), signature, introduction, quoted or forwarded), "html")
        body = multipart("alternative", (body, html), item.key)
    if files:
        body = multipart("mixed", (body, *(file_part(file, encode_text) for file in files)), item.key)
    return body


def plain_text(text: str, signature: str = "", introduction: str = "", quoted: str = "") -> str:
    """A mail's text: what was typed, the signature below its mark, the original quoted (RFC 3676 sections 4.3, 4.5)."""
    blocks = [_one_line_end(text)]
    if signature:
        blocks.append(f"-- \n{_one_line_end(signature)}")
    if quoted or introduction:
        marked = (f">{line}" if line.startswith(">") else f"> {line}".rstrip() for line in quoted.split("\n"))
        blocks.append("\n".join([*introduction.split("\n"), *(marked if quoted else ())]))
    return "\n\n".join(blocks)


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _line(name: str, value: str) -> str:
    return f"{name}: {value}"


def _clean(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


def _mailboxes(boxes: Sequence[Mailbox]) -> str:
    return ",\r\n ".join(_mailbox(box) for box in boxes)


def _mailbox(box: Mailbox) -> str:
    name = _clean(box.name)
    if not name:
        return box.address
    if not name.isascii() or len(name) > 60:
        return f"{encode_text(name, 20)} <{box.address}>"
    if not _PHRASE.fullmatch(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name} <{box.address}>"


def encode_text(text: str, used: int = 0) -> str:
    """A header text: as it is when short ASCII, else folded encoded words cut between clusters' code points.

    Args:
        text: one line without control characters.
        used: columns taken before it.
    """
    if text.isascii() and "=?" not in text and used + len(text) <= 76:
        return text
    if text.isascii() and "=?" not in text and all(len(word) < 60 for word in text.split(" ")):
        return _fold(text, used)
    words: list[str] = []
    held = b""
    for char in text:
        piece = char.encode("utf-8", "replace")
        if len(held) + len(piece) > WORD_BYTES:
            words.append(_encoded(held))
            held = b""
        held += piece
    words.append(_encoded(held))
    return "\r\n ".join(words)


def _encoded(data: bytes) -> str:
    return f"=?utf-8?b?{b64encode(data).decode('ascii')}?="


def _fold(text: str, used: int) -> str:
    lines: list[str] = []
    current = ""
    for word in text.split(" "):
        if current and used + len(current) + 1 + len(word) > 76:
            lines.append(current)
            current, used = word, 1
        else:
            current = f"{current} {word}" if current else word
    lines.append(current)
    return "\r\n ".join(lines)
