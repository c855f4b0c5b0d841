"""Answers: what is written can be read back, and nothing typed becomes a header."""

from __future__ import annotations

import email
import email.policy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csconsole.connectors.email.body import read_body
from csconsole.connectors.email.compose import File, compose
from csconsole.connectors.email.headers import split
from csconsole.connectors.email.parse import parse_mail
from csconsole.domain.sending import Bubble, OutboundItem
from csconsole.errors import RejectedError
from tests.unit.email.build import SETTINGS, message

HEADERS = {
    "from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "x-csc-outbox-id",
    "mime-version", "content-type", "content-transfer-encoding",
}  # fmt: skip


def outbound(**changes: Any) -> OutboundItem:
    fields: dict[str, Any] = {
        "uid": "01ABC",
        "attempt": 1,
        "key": "<csc.1.x@shop.test>",
        "to": ("nok@customer.test",),
        "subject": "สอบถามเรื่องการจัดส่งสินค้าที่สั่งซื้อไปเมื่อวานนี้ครับ ยังไม่ได้รับของเลย",
        "bubbles": (Bubble("1", "สวัสดีครับ\nส่งแล้วครับ"), Bubble("2", "ขอบคุณครับ")),
        "reply_to": ("<a@customer.test>", "<b@customer.test>"),
        "created_at": 1_790_000_000_000,
    }
    return OutboundItem(**{**fields, **changes})


def test_round_trip() -> None:
    item = outbound(cc=("Boss <boss@customer.test>",))
    letter = compose(item, SETTINGS)
    assert (letter.sender, letter.message_id) == ("support@shop.test", item.key)
    assert letter.recipients == ("nok@customer.test", "boss@customer.test")
    event = message(letter.data)
    assert event.direction == "out"
    assert event.subject == "Re: " + item.subject
    assert event.body_text.rstrip("\n") == "สวัสดีครับ\nส่งแล้วครับ\n\nขอบคุณครับ"
    assert event.author_name == "ร้านค้า"
    assert event.marker == item.key
    assert event.message_ids == (item.key,)
    assert event.thread.reply_to == ("<b@customer.test>", "<a@customer.test>")
    assert event.extra["cc"] == ["Boss <boss@customer.test>"]


def test_the_wire_form_is_seven_bit_with_short_lines_and_crlf() -> None:
    letter = compose(outbound(bubbles=(Bubble("1", "ก" * 3_000 + "\n" + "x" * 3_000),)), SETTINGS)
    assert letter.data.isascii()
    assert letter.data.count(b"\n") == letter.data.count(b"\r\n")
    assert max(len(line) for line in letter.data.split(b"\r\n")) <= 78


def test_every_attempt_has_the_same_headers_and_no_sign_of_a_machine() -> None:
    first, second = (split(compose(outbound(attempt=n), SETTINGS).data)[0].fields for n in (1, 2))
    assert first == second
    assert {name for name, _ in first} <= HEADERS


def test_the_standard_library_reads_it_the_same_way() -> None:
    letter = compose(outbound(), SETTINGS, [File("ใบเสร็จ รับเงิน.pdf", "application/pdf", b"\x00\xff" * 99)])
    parsed = email.message_from_bytes(letter.data, policy=email.policy.default)
    assert parsed["subject"] == "Re: " + outbound().subject
    assert parsed["from"] == "ร้านค้า <support@shop.test>"
    assert parsed["references"].split() == ["<a@customer.test>", "<b@customer.test>"]
    assert parsed["in-reply-to"] == "<b@customer.test>"
    (attachment,) = parsed.iter_attachments()
    assert attachment.get_filename() == "ใบเสร็จ รับเงิน.pdf"
    assert attachment.get_content() == b"\x00\xff" * 99


def test_long_message_ids_stay_whole() -> None:
    ids = tuple(f"<{'x' * 90}{n}@prod.outlook.test>" for n in range(30))
    headers = split(compose(outbound(reply_to=ids), SETTINGS).data)[0]
    kept = headers.plain("references").split()
    assert kept == [ids[0], *ids[-19:]]
    assert headers.plain("in-reply-to") == ids[-1]


@pytest.mark.parametrize(
    ("subject", "written"),
    [
        ("ถาม", "Re: ถาม"),
        ("Re: ถาม", "Re: ถาม"),
        ("RE: x", "RE: x"),
        ("ตอบกลับ: x", "ตอบกลับ: x"),
        ("Regarding x", "Re: Regarding x"),
        ("a\r\nBcc: v@x.test", "Re: a Bcc: v@x.test"),
    ],
)
def test_subjects(subject: str, written: str) -> None:
    assert split(compose(outbound(subject=subject), SETTINGS).data)[0].text("subject") == written


def test_a_new_mail_has_no_re_and_no_thread() -> None:
    headers = split(compose(outbound(subject="ใหม่", reply_to=()), SETTINGS).data)[0]
    assert headers.text("subject") == "ใหม่"
    assert "references" not in headers


def test_an_alias_of_ours_may_answer_a_stranger_may_not() -> None:
    letter = compose(outbound(extra={"from": "Sales@shop.test"}), SETTINGS)
    assert letter.sender == "Sales@shop.test"
    with pytest.raises(RejectedError, match="aliases"):
        compose(outbound(extra={"from": "ceo@bank.test"}), SETTINGS)


@pytest.mark.parametrize(
    "to", ["", "nobody", "a@b.test, c@d.test", "a@b.test\r\nBcc: v@x.test, v@x.test", "a b@c.test>", "<>"]
)
def test_bad_recipients_are_refused_before_anything_is_sent(to: str) -> None:
    with pytest.raises(RejectedError) as caught:
        compose(outbound(to=(to,)), SETTINGS)
    assert caught.value.provably_not_accepted


def test_no_recipient_at_all() -> None:
    with pytest.raises(RejectedError, match="no recipient"):
        compose(outbound(to=()), SETTINGS)


def test_a_thai_domain_is_written_in_ascii() -> None:
    assert compose(outbound(to=("nok@ร้าน.test",)), SETTINGS).recipients == ("nok@xn--q3ct9b5e.test",)


@pytest.mark.parametrize("name", ["a\r\nX-Evil: 1.pdf", '"; x="y.pdf', "../../etc/passwd", "\u202egpj.exe"])
def test_attachment_names_cannot_leave_their_place(name: str) -> None:
    letter = compose(outbound(), SETTINGS, [File(name, "text/html\r\nX-Evil: 1", b"x")])
    parsed = email.message_from_bytes(letter.data)
    assert all(part["X-Evil"] is None for part in parsed.walk())
    (part,) = [part for part in parse_mail(letter.data).parts() if part.filename]
    assert part.mime == "application/octet-stream"
    assert "/" not in part.filename


@given(
    subject=st.text(max_size=200),
    text=st.text(max_size=500),
    name=st.text(max_size=60),
    uid=st.text(max_size=30),
)
def test_nothing_typed_becomes_a_header(subject: str, text: str, name: str, uid: str) -> None:
    import msgspec

    settings = msgspec.structs.replace(SETTINGS, from_name=name)
    letter = compose(outbound(subject=subject, bubbles=(Bubble("1", text),), uid=uid), settings)
    headers, _ = split(letter.data)
    assert {field for field, _ in headers.fields} <= HEADERS
    assert len(headers.fields) == len({field for field, _ in headers.fields})
    parsed = email.message_from_bytes(letter.data)
    assert {field.lower() for field in parsed.keys()} <= HEADERS  # noqa: SIM118 - a message, not a dict
    assert letter.data.isascii()


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=400))
def test_any_text_arrives_as_it_was_written(text: str) -> None:
    letter = compose(outbound(bubbles=(Bubble("1", text),)), SETTINGS)
    assert read_body(parse_mail(letter.data)).text.strip("\n") == text.strip("\n") or not text.strip()
