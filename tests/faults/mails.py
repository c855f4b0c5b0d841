"""Mail as customers send it, made without any code of the program: the other side of every proof."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from email.utils import format_datetime

THAI = ("สอบถามเรื่องการจัดส่งค่ะ", "ขอเปลี่ยนไซซ์ได้ไหมครับ", "ยังไม่ได้รับของเลยนะคะ", "ขอบคุณมากค่ะ", "ชำระเงินแล้วครับ")
ENGLISH = (
    "Where is my parcel?",
    "Can I change the size?",
    "Thank you!",
    "I have paid by transfer.",
    "Please call me back.",
)
KINDS = ("plain", "html", "alternative", "attachment", "tis-620", "windows-874", "iso-8859-11", "reply", "broken")


def customer_mail(
    number: int,
    sender: str,
    to: str,
    *,
    at: float,
    subject: str = "",
    body: str = "",
    tag: str = "m",
) -> bytes:
    """A plain Thai mail with the Message-ID :func:`message_id` gives."""
    message = EmailMessage(SMTP)
    message["From"] = f"สมชาย ใจดี <{sender}>"
    message["To"] = to
    message["Subject"] = subject or f"คำสั่งซื้อ {tag}{number}"
    message["Date"] = format_datetime(datetime.fromtimestamp(at, UTC))
    message["Message-ID"] = message_id(number, tag)
    message.set_content(body or f"{THAI[number % len(THAI)]} {number}\n", cte="8bit")
    return message.as_bytes()


def message_id(number: int, tag: str = "m") -> str:
    return f"<{tag}{number}@customer.test>"


def mixed(count: int, to: str, *, first_at: int, step: int, seed: int = 7) -> Iterator[tuple[str, bytes]]:
    """``(kind, mail)`` of a shop's mailbox: one kind after the other, replies to mails before them.

    Args:
        count: how many.
        to: our address.
        first_at: Date of the first, Unix seconds.
        step: seconds between two.
        seed: of the choices.
    """
    rng = random.Random(seed)
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        at = first_at + number * step
        yield kind, _MAKERS.get(kind, _plain)(number, to, at, rng, kind)


def _base(number: int, to: str, at: int, rng: random.Random) -> EmailMessage:
    message = EmailMessage(SMTP)
    message["From"] = f"ลูกค้า {number % 97} <c{number % 97}@customer.test>"
    message["To"] = to
    message["Subject"] = f"{rng.choice(THAI + ENGLISH)} {number}"
    message["Date"] = format_datetime(datetime.fromtimestamp(at, UTC))
    message["Message-ID"] = message_id(number)
    return message


def _plain(number: int, to: str, at: int, rng: random.Random, kind: str) -> bytes:
    message = _base(number, to, at, rng)
    message.set_content(f"{rng.choice(THAI)}\n{rng.choice(ENGLISH)}\nเลขที่ {number}\n")
    return message.as_bytes()


def _html(number: int, to: str, at: int, rng: random.Random, kind: str) -> bytes:
    message = _base(number, to, at, rng)
    message.set_content(
        f"<html><body><p>{rng.choice(THAI)}</p><script>x()</script><table><tr><td>เลขที่<td>{number}</table></body></html>",
        subtype="html",
    )
    return message.as_bytes()


def _alternative(number: int, to: str, at: int, rng: random.Random, kind: str) -> bytes:
    message = _base(number, to, at, rng)
    words = rng.choice(THAI)
    message.set_content(f"{words} {number}\n")
    message.add_alternative(f"<p>{words} <b>{number}</b></p>", subtype="html")
    return message.as_bytes()


def _attachment(number: int, to: str, at: int, rng: random.Random, kind: str) -> bytes:
    message = _base(number, to, at, rng)
    message.set_content(f"{rng.choice(THAI)} แนบสลิป {number}\n")
    message.add_attachment(
        rng.randbytes(rng.randrange(100, 6_000)), maintype="image", subtype="jpeg", filename=f"สลิป {number}.jpg"
    )
    return message.as_bytes()


def _legacy(number: int, to: str, at: int, rng: random.Random, kind: str) -> bytes:
    """Thai in an old eight-bit charset, as shop systems still send it; windows-874 is cp874 to Python."""
    codec = {"windows-874": "cp874", "iso-8859-11": "iso8859_11"}.get(kind, "tis_620")
    subject = base64.b64encode(f"{THAI[0]} {number}".encode(codec)).decode()
    head = (
        f"From: c{number % 97}@customer.test\r\nTo: {to}\r\nSubject: =?{kind}?B?{subject}?=\r\n"
        f"Date: {format_datetime(datetime.fromtimestamp(at, UTC))}\r\nMessage-ID: {message_id(number)}\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset={kind}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    return head.encode() + f"{rng.choice(THAI)} {number}\r\n".encode(codec)


def _reply(number: int, to: str, at: int, rng: random.Random, kind: str) -> bytes:
    """An answer to the plain mail of the same round."""
    first = number - KINDS.index("reply")
    message = _base(number, to, at, rng)
    message.replace_header("From", f"c{first % 97}@customer.test")
    message.replace_header("Subject", f"Re: {number}")
    message["In-Reply-To"] = message_id(first)
    message["References"] = message_id(first)
    message.set_content(f"{rng.choice(THAI)} {number}\n\n> เดิม\n")
    return message.as_bytes()


def _broken(number: int, to: str, at: int, rng: random.Random, kind: str) -> bytes:
    """One of several kinds of damage that stand in real mailboxes; each keeps a text to find it by."""
    head = f"From: c{number % 97}@customer.test\r\nTo: {to}\r\nMessage-ID: {message_id(number)}\r\n".encode()
    text = f"เสียหาย {number}".encode()
    damages = (
        head + b"Content-Type: multipart/mixed; boundary=never\r\n\r\n" + text + b"\r\n",
        head + b"Content-Type: text/plain; charset=klingon-9\r\n\r\n" + text + b"\xff\xfe\r\n",
        head + b"Content-Transfer-Encoding: base64\r\nContent-Type: text/plain\r\n\r\n!!!" + base64.b64encode(text),
        head + b"Subject: =?utf-8?b?4LiB4Li?= \xe0\xb8\r\nno colon here\r\n\r\n" + text + b"\r\n",
        head + b"Date: Fri, 99 Foo 20260 99:99:99 +9999\r\nContent-Type: ;;;\r\n\r\n" + text,
        head + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + text + b"\r\n--b\r\nContent-",
    )
    return damages[number // len(KINDS) % len(damages)]


_MAKERS = {
    "html": _html,
    "alternative": _alternative,
    "attachment": _attachment,
    "tis-620": _legacy,
    "windows-874": _legacy,
    "iso-8859-11": _legacy,
    "reply": _reply,
    "broken": _broken,
}


# What a customer's own program does


def read_mail(raw: bytes) -> EmailMessage:
    """A mail as the customer's program understands it."""
    message = BytesParser(policy=SMTP).parsebytes(raw)
    assert isinstance(message, EmailMessage)
    return message


def answer_to(raw: bytes, sender: str, text: str, number: int) -> bytes:
    """The customer's answer, made from the mail received (RFC 5322 section 3.6.4)."""
    original = read_mail(raw)
    message = EmailMessage(SMTP)
    message["From"] = sender
    message["To"] = str(original["Reply-To"] or original["From"])
    subject = str(original["Subject"])
    message["Subject"] = subject if subject.lower().startswith("re:") else f"Re: {subject}"
    message["Message-ID"] = message_id(number, "answer")
    own, chain = str(original["Message-ID"]), str(original["References"] or "")
    message["In-Reply-To"] = own
    message["References"] = " ".join([*chain.split(), own])
    quoted = "\n".join(f"> {line}" for line in original.get_body(("plain",)).get_content().splitlines())  # type: ignore[union-attr]  # our answers have a text
    message.set_content(f"{text}\n\nเมื่อวันก่อน ร้านเขียนว่า:\n{quoted}\n")
    return message.as_bytes()
