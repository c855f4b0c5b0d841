"""Who wrote to whom, which thread, which machine: events out of mails."""

from __future__ import annotations

import pytest

from csconsole.connectors.email.addresses import is_address, read_addresses
from csconsole.domain.events import MessageEvent, ReceiptEvent
from tests.unit.email.build import AT, events, mail, message


def test_a_customer_writes() -> None:
    event = message(
        mail(
            "From: สมชาย ใจดี <Somchai@Customer.test>\nTo: support@shop.test, x@y.test\nCc: boss@customer.test\n"
            "Reply-To: other@customer.test\nSubject: [#123] ถาม\nMessage-ID: <a@customer.test>\n"
            "In-Reply-To: <c@shop.test>\nReferences: <a@shop.test>\n <b@shop.test> <c@shop.test>\n"
            "Date: Fri, 20 Nov 2026 10:00:00 +0700",
            "สวัสดี",
        ),
        folder="INBOX",
    )
    assert (event.direction, event.author_kind, event.visibility) == ("in", "customer", "public")
    assert event.customer is not None
    assert (event.customer.kind, event.customer.value) == ("email", "somchai@customer.test")
    assert event.customer.display == "Somchai@Customer.test"
    assert not event.customer.verified
    assert event.customer_name == "สมชาย ใจดี"
    assert event.thread.reply_to == ("<c@shop.test>", "<b@shop.test>", "<a@shop.test>")
    assert event.thread.number == 123
    assert event.message_ids == ("<a@customer.test>",)
    assert event.at == AT
    assert event.extra["to"] == ["support@shop.test", "x@y.test"]
    assert event.extra["cc"] == ["boss@customer.test"]
    assert event.extra["reply_to"] == ["other@customer.test"]
    assert not event.automatic


def test_our_own_answer_from_an_alias_seen_in_the_inbox() -> None:
    event = message(mail("From: sales@shop.test\nTo: Support@Shop.test, nok@customer.test\nMessage-ID: <x@shop.test>"))
    assert (event.direction, event.author_kind) == ("out", "external")
    assert event.customer is not None
    assert event.customer.value == "nok@customer.test"
    assert event.extra["flags"] == ["claims_ours"]
    assert not event.automatic


def test_what_lies_in_sent_is_ours_whoever_it_names() -> None:
    event = message(mail("From: boss@elsewhere.test\nTo: nok@customer.test"), sent=True)
    assert (event.direction, "flags" in event.extra) == ("out", False)


def test_a_marker_counts_only_on_our_side() -> None:
    mark = "X-Csc-Outbox-Id: 01ABC\n <csc.1@shop.test>"
    assert message(mail(f"From: support@shop.test\nTo: nok@customer.test\n{mark}")).marker == "<csc.1@shop.test>"
    assert message(mail(f"From: nok@customer.test\nTo: support@shop.test\n{mark}")).marker == ""


def test_a_web_form_that_writes_in_our_name_is_the_customer() -> None:
    event = message(mail("From: support@shop.test\nTo: support@shop.test\nReply-To: Nok <nok@customer.test>"))
    assert event.direction == "in"
    assert event.customer is not None
    assert (event.customer.value, event.customer_name) == ("nok@customer.test", "Nok")


def test_nobody_wrote() -> None:
    event = message(mail("Subject: ghost"))
    assert (event.direction, event.customer, event.author_name) == ("in", None, "")


@pytest.mark.parametrize("header", ["Delivered-To", "X-Original-To", "To", "Cc"])
def test_a_reply_token_is_read_from_our_addresses_only(header: str) -> None:
    assert message(mail(f"From: a@x.test\n{header}: support+tok.1@shop.test")).thread.token == "tok.1"
    assert message(mail(f"From: a@x.test\n{header}: other+tok.1@shop.test")).thread.token == ""


def test_the_dedup_key_ignores_what_transports_add_but_not_content() -> None:
    base = "From: a@x.test\nDate: Fri, 20 Nov 2026 10:00:00 +0700\nSubject: s"
    with_id = f"{base}\nMessage-ID: <1@x.test>"
    key = message(mail(with_id, "one")).dedup_key
    assert key == message(mail(f"Received: by b.test\n{with_id}", "one")).dedup_key
    assert key != message(mail(with_id.replace("a@x", "b@x"), "one")).dedup_key
    assert message(mail(base, "one")).dedup_key == message(mail(f"Received: by b.test\n{base}", "one\r\n")).dedup_key
    assert message(mail(base, "one")).dedup_key != message(mail(base, "two")).dedup_key


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Fri, 20 Nov 2026 10:00:00 +0700", 1_795_143_600_000),
        ("Fri, 99 Foo 99999 99:99:99 +9999999", 0),
        ("yesterday", 0),
        ("", 0),
    ],
)
def test_without_a_receive_time_the_date_header_counts_if_it_is_one(date: str, at: int) -> None:
    from csconsole.connectors.base import RawItem
    from csconsole.connectors.email.connector import EmailConnector
    from tests.unit.email.build import ACCOUNT

    raw = RawItem(remote_id="x", kind="rfc822", raw=mail(f"From: a@x.test\nDate: {date}"), received_at=0)
    (event,) = EmailConnector.normalise(raw, ACCOUNT)
    assert event.at == at


@pytest.mark.parametrize(
    "sign",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; x=y",
        "Return-Path: <>",
        "List-Unsubscribe: <mailto:x@y.test>",
        "Precedence: Bulk",
        "X-Auto-Response-Suppress: All",
        "X-Autoreply: yes",
        "From: MAILER-DAEMON@x.test",
        "From: Shop <no-reply@x.test>",
        "Content-Type: multipart/report; boundary=b",
        "X-Spam-Flag: YES",
    ],
)
def test_machines_are_recognised(sign: str) -> None:
    head = sign if sign.startswith("From") else f"From: a@x.test\n{sign}"
    assert message(mail(head, "--b\n\nx\n--b--")).automatic


@pytest.mark.parametrize("sign", ["Auto-Submitted: no", "Precedence: first-class", "Return-Path: <a@x.test>"])
def test_people_are_not_taken_for_machines(sign: str) -> None:
    assert not message(mail(f"From: a@x.test\n{sign}")).automatic


BOUNCE = """\
--b
Content-Type: text/plain

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.test
Original-Envelope-Id: 01ABC

Final-Recipient: rfc822; nok@customer.test
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: {original}

From: support@shop.test
Message-ID: <csc.1@shop.test>
X-Csc-Outbox-Id: 01ABC
 <csc.1@shop.test>

--b--
"""
REPORT = "From: MAILER-DAEMON@mx.test\nContent-Type: multipart/report; report-type=delivery-status; boundary=b"


@pytest.mark.parametrize("original", ["text/rfc822-headers", "message/rfc822"])
def test_a_bounce_fails_our_message_and_joins_its_thread(original: str) -> None:
    receipt, event = events(mail(REPORT, BOUNCE.format(action="failed", original=original)))
    assert isinstance(receipt, ReceiptEvent)
    assert (receipt.message_id, receipt.delivery) == ("<csc.1@shop.test>", "failed")
    assert receipt.reason == "5.1.1 550 5.1.1 no such user"
    assert isinstance(event, MessageEvent)
    assert event.thread.reply_to[0] == "<csc.1@shop.test>"
    assert event.customer is not None
    assert (event.customer.value, event.author_kind, event.automatic) == ("nok@customer.test", "system", True)
    assert event.body_text == "Sorry."


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed"])
def test_other_reports_fail_nothing(action: str) -> None:
    found = events(mail(REPORT, BOUNCE.format(action=action, original="message/rfc822")))
    assert [type(one) for one in found] == [MessageEvent]


@pytest.mark.parametrize(
    ("text", "boxes"),
    [
        ("a@b.test", [("", "a@b.test")]),
        ("<a@b.test>", [("", "a@b.test")]),
        ("Nok <a@b.test>", [("Nok", "a@b.test")]),
        ('"Nok, the \\"cat\\"" <a@b.test>, c@d.test', [('Nok, the "cat"', "a@b.test"), ("", "c@d.test")]),
        ("a@b.test (Nok)", [("Nok", "a@b.test")]),
        ("a@b.test (x (y) z)", [("x y z", "a@b.test")]),
        ("team: a@b.test, c@d.test;", [("", "a@b.test"), ("", "c@d.test")]),
        ("undisclosed-recipients:;", []),
        ('"odd local"@b.test', [("", '"odd local"@b.test')]),
        ("nobody", [("nobody", "")]),
        ("<@relay.test:a@b.test>", [("", "a@b.test")]),
        ("alice@example.org)bob@example.org", [("alice@example.org)bob@example.org", "")]),
        ("evil@x.test <real@y.test>", [("evil@x.test", "real@y.test")]),
        ('"a@b.test" <c@d.test>', [("a@b.test", "c@d.test")]),
        ("", []),
    ],
)
def test_address_headers(text: str, boxes: list[tuple[str, str]]) -> None:
    assert [tuple(box) for box in read_addresses(text)] == boxes


def test_address_headers_without_end() -> None:
    assert len(read_addresses("a@x.test" + ", b@x.test" * 20_000)) == 200
    assert len(read_addresses("(" * 60_000 + " a@b.test")) <= 1


@pytest.mark.parametrize("text", ["a@b", "a@b.test", "first.last+x@b.test", "ก@ข.test"])
def test_addresses(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize(
    "text", ["", "a", "@b.test", "a@", "a b@c.test", "a@b.test\r\nRCPT TO:<x@y>", "a@b@c.test", "<a@b.test>", "a@b,c"]
)
def test_no_addresses(text: str) -> None:
    assert not is_address(text)
