"""The wire form of answers: files with Thai names for new programs and old, an HTML form that says the same."""

from __future__ import annotations

import email
import email.policy
import re
from email.header import decode_header, make_header

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csconsole.connectors.email.compose import File, compose, plain_text
from csconsole.connectors.email.headers import split
from csconsole.connectors.email.markup import to_html
from csconsole.connectors.email.mime import file_part
from csconsole.connectors.email.parse import parse_mail
from csconsole.domain.sending import Bubble
from csconsole.text.sanitize import safe_filename
from tests.unit.email.build import SETTINGS, message
from tests.unit.email.test_compose import outbound

NAMES = (
    "ใบเสนอราคา.pdf",
    "ใบกำกับภาษีอย่างย่อเลขที่ ๑๒๓๔๕ ประจำเดือนพฤศจิกายน พ.ศ. ๒๕๖๙ ฉบับแก้ไข.pdf",
    'a"b;c%d.txt',
    "plain.txt",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_reaches_programs_that_follow_rfc_2231_and_those_that_do_not(name: str) -> None:
    raw = compose(outbound(), SETTINGS, [File(name, "application/pdf", b"%PDF")]).data
    assert raw.isascii() and max(map(len, raw.split(b"\r\n"))) <= 78
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    (attachment,) = parsed.iter_attachments()
    wanted = str(safe_filename(name))
    assert attachment.get_filename() == wanted
    (ours,) = [part for part in parse_mail(raw).parts() if part.filename]
    assert ours.filename == wanted
    old = email.message_from_bytes(raw).get_payload()[1]  # type: ignore[union-attr]  # a program that knows only name=
    stated = re.search(r'name="([^"]*)"', re.sub(r"\r\n ", " ", str(old["Content-Type"])))
    assert stated is not None
    assert str(make_header(decode_header(stated[1]))) == wanted


@given(st.text(min_size=1, max_size=120))
def test_no_name_starts_a_line_of_its_own(name: str) -> None:
    part = file_part(File(name, "text/plain", b"x"), lambda text: f"=?utf-8?q?{len(text)}?=")
    for line in "\r\n".join(part.fields).split("\r\n"):
        assert line.isascii() and line.isprintable()
        assert line.startswith((" ", "Content-"))


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=40))
def test_nothing_typed_becomes_a_header(subject: str, signature: str, quote: str) -> None:
    extra = {"signature": signature, "quote": quote, "quote_intro": subject}
    item = outbound(subject=subject, extra=extra, bcc=("x@customer.test",))
    raw = compose(item, msgspec.structs.replace(SETTINGS, html=True)).data
    names = {name for name, _ in split(raw)[0].fields}
    assert names <= {
        "from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "x-csc-outbox-id",
        "mime-version", "content-type", "content-transfer-encoding",
    }  # fmt: skip
    assert b"x@customer.test" not in raw


def test_every_attempt_gives_the_same_bytes() -> None:
    files = [File("สลิป.jpg", "image/jpeg", b"\xff" * 5_000)]
    settings = msgspec.structs.replace(SETTINGS, html=True)
    assert compose(outbound(attempt=1), settings, files).data == compose(outbound(attempt=2), settings, files).data


def test_the_html_form_says_the_same_and_stays_a_form() -> None:
    text = "สวัสดีค่ะ <b>คุณ</b>\n\nดูที่ https://shop.example/a?b=1&c=2. ค่ะ\n> เดิม\n> > เก่า"
    item = outbound(
        bubbles=(Bubble("1", text),),
        extra={"signature": "ร้านผ้า", "quote_intro": "เมื่อวาน เขียนว่า:", "quote": "ถาม\n> เก่า"},
    )
    raw = compose(item, msgspec.structs.replace(SETTINGS, html=True)).data
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert parsed.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]
    html = parsed.get_body(("html",)).get_content()  # type: ignore[union-attr]  # it has one
    assert "&lt;b&gt;" in html and "<b>" not in html
    assert '<a href="https://shop.example/a?b=1&amp;c=2">' in html
    assert html.count("<blockquote") == html.count("</blockquote>") == 4
    plain = parsed.get_body(("plain",)).get_content()  # type: ignore[union-attr]  # it has one
    assert plain.replace("\r\n", "\n").endswith("-- \nร้านผ้า\n\nเมื่อวาน เขียนว่า:\n> ถาม\n>> เก่า\n")
    assert message(raw).body_text.startswith("สวัสดีค่ะ")


@given(st.text(max_size=300))
def test_html_never_carries_what_was_typed_as_markup(text: str) -> None:
    html = to_html(text, text, text, text)
    tags = set(re.findall(r"</?([a-z!]+)", html.lower().replace("<!doctype", "")))
    assert tags <= {"html", "head", "meta", "body", "p", "br", "div", "blockquote", "a"}
    assert html.count("<blockquote") == html.count("</blockquote>")


def test_signature_and_quotation_in_plain_text() -> None:
    assert plain_text("a", "b", "c wrote:", "d\n\n> e") == "a\n\n-- \nb\n\nc wrote:\n> d\n>\n>> e"
    assert plain_text("a") == "a"
