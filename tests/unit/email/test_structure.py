"""Parts, texts and attachments; limits against hostile mails."""

from __future__ import annotations

import json
import os
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from csconsole.connectors.email.connector import EmailConnector
from csconsole.connectors.email.parse import MAX_PARTS, parse_mail
from csconsole.errors import PayloadError
from csconsole.text.sanitize import is_safe
from tests.unit.email.build import ACCOUNT, events, item, mail, message

PDF = b"%PDF-1.4 x" * 30


def test_plain_text_wins_over_html() -> None:
    body = "--b\n\nplain\n--b\nContent-Type: text/html\n\n<p>rich</p>\n--b--\n"
    event = message(mail("Content-Type: multipart/alternative; boundary=b", body))
    assert (event.body_text, event.body_html, event.attachments) == ("plain", "", ())


def test_an_empty_plain_part_gives_way_to_html() -> None:
    body = "--b\n\n \n--b\nContent-Type: text/html; charset=utf-8\n\n<p>ราคา <b>100</b></p>\n--b--\n"
    event = message(mail("Content-Type: multipart/alternative; boundary=b", body))
    assert event.body_text == "ราคา 100"
    assert "<b>100</b>" in event.body_html


def test_attachments_are_listed_with_locators_and_fetched_from_the_raw_mail() -> None:
    encoded = b64encode(PDF).decode()
    body = (
        "--o\nContent-Type: multipart/alternative; boundary=i\n\n"
        "--i\n\nhello\n--i\nContent-Type: text/html\n\n<b>hello</b>\n--i--\n"
        "--o\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n"
        f"Content-Disposition: attachment; filename*=utf-8''%E0%B9%83%E0%B8%9A.pdf\n\n{encoded}\n--o--\n"
    )
    raw = mail("Content-Type: multipart/mixed; boundary=o", body)
    event = message(raw)
    assert event.body_text == "hello"
    (info,) = event.attachments
    assert (info.name, info.mime, info.bytes, info.locator) == ("ใบ.pdf", "application/pdf", len(PDF), "INBOX;7;42#2")
    part = parse_mail(raw).find("2")
    assert part is not None
    assert part.content() == PDF


def test_a_forwarded_mail_is_one_attachment() -> None:
    body = (
        "--b\n\nsee below\n--b\nContent-Type: message/rfc822\n\nFrom: x@y.test\nSubject: inner\n\ninner text\n--b--\n"
    )
    event = message(mail("Subject: outer\nContent-Type: multipart/mixed; boundary=b", body))
    assert (event.subject, event.body_text) == ("outer", "see below")
    assert [(one.name, one.mime) for one in event.attachments] == [("inner.eml", "message/rfc822")]


def test_related_pictures_are_attachments_and_the_root_is_the_text() -> None:
    body = (
        "--b\nContent-Type: text/html\n\n<p>hi<img src=cid:1></p>\n"
        "--b\nContent-Type: image/png; name=a.png\n\nxx\n--b--"
    )
    event = message(mail('Content-Type: multipart/related; boundary="b"', body))
    assert event.body_text == "hi"
    assert [one.name for one in event.attachments] == ["a.png"]


def test_encrypted_parts_are_listed_not_opened() -> None:
    body = (
        "--b\nContent-Type: text/html\n\n<img src=http://127.0.0.1:9/\n"
        "--b\nContent-Type: application/pgp-encrypted\n\nx\n--b--"
    )
    event = message(mail("Content-Type: multipart/encrypted; boundary=b", body))
    assert event.body_text == ""
    assert event.extra["flags"] == ["encrypted"]
    assert len(event.attachments) == 2


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("../../../root/.ssh/authorized_keys", "authorized_keys"),
        ("..\\\\..\\\\x.ini", "x.ini"),
        ("CON.txt", "_CON.txt"),
    ],
)
def test_attachment_names_are_made_anew(given: str, made: str) -> None:
    head = f'Content-Type: application/x-thing\nContent-Disposition: attachment; filename="{given}"'
    assert message(mail(head, "x")).attachments[0].name == made


def test_missing_boundary_shows_the_body_as_text() -> None:
    assert message(mail("Content-Type: multipart/mixed", "x")).body_text == "x"


def test_missing_final_boundary_loses_nothing() -> None:
    assert (
        message(mail("Content-Type: multipart/mixed; boundary=b", "--b\n\none\n--b\n\ntwo")).body_text == "one\n\ntwo"
    )


def test_part_limit() -> None:
    body = "--b\n\nx\n" * 20_000 + "--b--"
    found = parse_mail(mail("Content-Type: multipart/mixed; boundary=b", body))
    assert len(found.parts()) == MAX_PARTS
    assert found.flags == {"parts"}


def test_a_mail_without_any_header_is_text_or_nothing() -> None:
    assert message(b"\r\njust text").body_text == "just text"


def test_an_empty_mail_goes_to_quarantine() -> None:
    with pytest.raises(PayloadError, match="gone wrong"):
        events(b"", error="gone wrong")


def test_base64_with_junk_and_without_padding_is_saved() -> None:
    head = "Content-Type: text/plain\nContent-Transfer-Encoding: base64"
    assert message(mail(head, "aGVsbG8gd29y bGQ*")).body_text == "hello world"


def _corpus() -> list[dict[str, Any]]:
    shared = Path(os.environ.get("CSCONSOLE_SHARED") or Path(__file__).parents[4] / "shared")
    path = shared / "reference" / "hostile.jsonl"
    if not path.is_file():
        return []
    entries = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [one for one in entries if one["class"] in ("mime", "html")]


CORPUS = _corpus()


def _payload(entry: dict[str, Any]) -> bytes:
    gen = entry.get("gen")
    text = entry["payload"]
    if gen and gen.get("kind") == "nested-multipart":
        levels = range(gen["times"])
        text = "Content-Type: multipart/mixed; boundary=b0\r\n\r\n" + "".join(
            f"--b{n}\r\nContent-Type: multipart/mixed; boundary=b{n + 1}\r\n\r\n" for n in levels
        )
    elif gen:
        text = gen["prefix"] + gen["repeat"] * gen["times"] + gen["suffix"]
    if entry["class"] == "html":
        text = "Content-Type: text/html; charset=utf-8\r\n\r\n" + text
    return text.encode("utf-8", "surrogatepass")


def test_corpus_is_there() -> None:
    if not CORPUS:
        if os.environ.get("CI") == "true":
            pytest.fail("the hostile corpus is missing; set CSCONSOLE_SHARED")
        pytest.skip("no shared data beside the repository")
    assert len(CORPUS) >= 20


@pytest.mark.parametrize("entry", CORPUS, ids=[one["id"] for one in CORPUS])
def test_hostile(entry: dict[str, Any]) -> None:
    check = entry["check"]
    started = time.process_time()
    event = message(_payload(entry))
    assert time.process_time() - started < check.get("max_s", 5)
    assert check.get("contains", "") in event.body_text
    assert check.get("absent", "\0") not in event.body_text
    for text in (event.body_text, event.subject, event.author_name, event.customer_name):
        assert is_safe(text)
    assert "bcc" not in event.extra


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: text/plain" + b";" * 60_000 + b"x\r\n\r\nbody",
        b"Content-Type: text/plain" + b"; a=b" * 12_000 + b"\r\n\r\nbody",
        b"From: a" + b" " * 60_000 + b"b\r\n\r\nbody",
        b"From: " + b'"\\' * 30_000 + b"\r\n\r\nbody",
        b"Subject: " + b"=?utf-8?q?a?= " * 5_000 + b"\r\n\r\nbody",
        b"Subject: " + b"=?" * 30_000 + b"\r\n\r\nbody",
        b"References: " + b"<" * 60_000 + b"\r\n\r\nbody",
        b"X: y\r\n" * 100_000 + b"\r\nbody",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b" * 200_000,
        b"Content-Type: multipart/mixed; boundary=-\r\n\r\n" + b"-" * 1_000_000,
    ],
    ids=["semicolons", "params", "spaces", "quotes", "words", "marks", "ids", "fields", "bounds", "dashes"],
)
def test_nothing_takes_quadratic_time(raw: bytes) -> None:
    started = time.process_time()
    message(raw)
    assert time.process_time() - started < 2


def test_many_html_parts_are_not_all_converted() -> None:
    html = "<p>" + "x " * 200_000 + "</p>"
    body = f"--b\nContent-Type: text/html\n\n{html}\n" * 12 + "--b--"
    event = message(mail("Content-Type: multipart/mixed; boundary=b", body))
    assert "cut" in event.extra["flags"]
    assert len(event.attachments) == 12


def test_escape_sequences_do_not_survive_html_entities() -> None:
    event = message(mail("Content-Type: text/html", "<p>&#27;]0;title&#7;&#x9b;31m</p>"))
    assert "\x1b" not in event.body_text
    assert "\x9b" not in event.body_text
    assert "title" in event.body_text


def test_a_link_that_lies_names_its_real_host() -> None:
    html = '<a href="https://evil.test/x">https://bank.test</a> <a href="https://shop.test/">shop.test</a>'
    event = message(mail("Content-Type: text/html", html))
    assert event.body_text == "https://bank.test <https://evil.test/x> shop.test"
    assert event.extra["remarks"] == [["warn.link", "https://bank.test", "evil.test"]]


def test_hidden_text_is_not_shown_and_counted() -> None:
    html = '<p>hi</p><div style="display:none">secret</div><img src="https://x.test/p.gif">'
    event = message(mail("Content-Type: text/html", html))
    assert event.body_text == "hi"
    assert (event.extra["hidden"], event.extra["remote_images"]) == (1, 1)


def test_any_bytes_give_events_or_quarantine() -> None:
    from hypothesis import given, settings
    from hypothesis import strategies as st

    pieces = st.sampled_from(
        [b"From: ", b"To: ", b"Content-Type: ", b"multipart/mixed; boundary=b", b"\r\n", b"--b", b"--b--", b"\n\n",
         b"=?utf-8?b?", b"?=", b"text/html", b"<a href=", b"\x00", b"\xff", b"(", b'"', b"<", b"message/rfc822",
         b"Content-Transfer-Encoding: base64", b"multipart/report", b"message/delivery-status", b"a@b.test", b";",
         b"*0*="]
    )  # fmt: skip

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(st.lists(st.one_of(pieces, st.binary(max_size=8)), max_size=60))
    def run(parts: list[bytes]) -> None:
        try:
            found = EmailConnector.normalise(item(b"".join(parts)), ACCOUNT)
        except PayloadError as error:
            assert "cannot be read" not in error.message
        else:
            assert found

    run()


HOSTILE_MARKUP = {
    "divs": "<div>" * 200_000,
    "tables": "<table><tr><td>a" * 30_000,
    "quotes": "<blockquote>a" * 30_000,
    "lists": "<ul><li>a" * 30_000,
    "links": '<a href="https://x.test/">a' * 30_000,
    "styles": "<div>" * 2_000 + "<style>" * 100_000,
    "attributes": "<p " + 'a="b" ' * 100_000 + ">x",
    "borders": '<div style="' + "border:none;" * 60_000 + '">x',
    "brackets": "<" * 1_000_000,
    "cells": "<table><tr>" + "<td>a</td>" * 50_000,
}
HOSTILE_LINES = {
    "white space": " " * 200_000 + ":",
    "attributions": "On 1 aaaa bbbb\n" * 13_000,
    "colons": "a: 1:\n" * 33_000,
    "fields": "From: x\nDate: 5\n" * 12_000,
    "signs": "> a\nb\n" * 33_000,
    "rules": "-----\n" * 33_000,
}


@pytest.mark.parametrize("name", HOSTILE_MARKUP)
def test_no_markup_takes_long(name: str) -> None:
    """Each took minutes in a reader whose time grows with the square of it; here they take tenths of seconds."""
    begun = time.process_time()
    message(mail("Content-Type: text/html", HOSTILE_MARKUP[name]))
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("name", HOSTILE_LINES)
def test_no_text_takes_long(name: str) -> None:
    begun = time.process_time()
    message(mail("Content-Type: text/plain", HOSTILE_LINES[name]))
    assert time.process_time() - begun < 5
