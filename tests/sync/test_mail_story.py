"""What becomes of real mails in the store: threads, robots, bounces, what the queue shows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from csconsole.clock import HOUR, MINUTE
from csconsole.connectors.base import RawItem
from csconsole.connectors.email.normalise import read_events
from csconsole.services import acts
from csconsole.store import messages
from csconsole.sync.ingest import Parsed
from tests.store.support import MAIL, NOW, Shop
from tests.unit.email.build import ACCOUNT, mail

_uids = itertools.count(1)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "data")
    made.account("mail", MAIL, channel="email")
    made.account("sales", MAIL, channel="email")
    yield made
    made.store.close()


def receive(shop: Shop, head: str, body: str = "", *, minute: int = 0, account: str = "mail", **meta: Any) -> None:
    """A mail comes in at a minute after the beginning."""
    at = NOW + minute * MINUTE
    item = RawItem(
        remote_id=f"INBOX;7;{next(_uids)}", kind="rfc822", raw=mail(head, body), received_at=at, meta=meta
    )  # fmt: skip
    shop.apply([Parsed(item, read_events(item, ACCOUNT))], account=account, at=at + 1000)


QUESTION = "From: Nok <nok@customer.test>\nTo: support@shop.test\nMessage-ID: <q1@customer.test>\nSubject: Order"
ANSWER = (
    "From: support@shop.test\nTo: nok@customer.test\nMessage-ID: <a1@shop.test>\nSubject: Re: Order\n"
    "In-Reply-To: <q1@customer.test>"
)


def rows(shop: Shop) -> list[tuple[Any, ...]]:
    return shop.store.read("select conversation_id, direction, body_text from message order by at, seq")


def test_an_answer_from_another_program_is_ours_and_ends_the_waiting(shop: Shop) -> None:
    receive(shop, QUESTION, "Where is it?")
    assert shop.conversation()["waiting_since"] is not None
    receive(shop, ANSWER, "On its way.", minute=5, sent=True, folder="Sent")
    assert rows(shop) == [(1, "in", "Where is it?"), (1, "out", "On its way.")]
    row = shop.conversation()
    assert (row["waiting_since"], row["preview_by"], row["status"]) == (None, "external", "open")


def test_the_same_mail_in_two_mailboxes_is_one_message(shop: Shop) -> None:
    head = QUESTION + "\nCc: sales@shop.test\nDate: Fri, 27 Nov 2026 12:00:00 +0700"
    receive(shop, head, "Where is it?")
    receive(shop, f"Received: from a by b\n{head}", "Where is it?\n", minute=1, account="sales")
    assert len(rows(shop)) == 1


def test_a_robots_reply_joins_its_thread_and_opens_nothing(shop: Shop) -> None:
    receive(shop, QUESTION, "Where is it?")
    receive(shop, ANSWER, "On its way.", minute=5, sent=True)
    acts.set_status(shop.desk(), [1], "resolved")
    receive(
        shop,
        "From: nok@customer.test\nTo: support@shop.test\nAuto-Submitted: auto-replied\nMessage-ID: <r@customer.test>\n"
        "In-Reply-To: <a1@shop.test>\nSubject: Automatic reply: Order",
        "I am away.",
        minute=10,
    )
    row = shop.conversation()
    assert [one[0] for one in rows(shop)] == [1, 1, 1]
    assert (row["status"], row["in_count"], row["reopens"], row["waiting_since"]) == ("resolved", 1, 0, None)


def test_a_customer_who_answers_opens_it_again(shop: Shop) -> None:
    receive(shop, QUESTION, "Where is it?")
    receive(shop, ANSWER, "On its way.", minute=5, sent=True)
    acts.set_status(shop.desk(), [1], "resolved")
    receive(
        shop,
        "From: nok@customer.test\nTo: support@shop.test\nIn-Reply-To: <a1@shop.test>\nMessage-ID: <q2@customer.test>",
        "Still nothing!",
        minute=10,
    )
    assert (shop.conversation()["status"], shop.conversation()["reopens"]) == ("open", 1)


def test_a_bounce_marks_the_answer_failed_with_the_reason(shop: Shop) -> None:
    receive(shop, QUESTION, "Where is it?")
    receive(shop, ANSWER, "On its way.", minute=5, sent=True)
    receive(
        shop,
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.test\nTo: support@shop.test\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
        "--b\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n\n"
        "Final-Recipient: rfc822; nok@customer.test\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 no such user\n\n--b\nContent-Type: text/rfc822-headers\n\n"
        "Message-ID: <a1@shop.test>\n--b--\n",
        minute=6,
    )
    found = messages.page(shop.store, 1)
    assert [(one.direction, one.delivery, one.delivery_reason) for one in found] == [
        ("in", None, ""),
        ("out", "failed", "5.1.1 550 no such user"),
        ("in", None, ""),
    ]
    assert shop.conversation()["waiting_since"] is not None, "the customer has no answer after all"


def test_the_queue_shows_what_was_written_not_what_was_quoted(shop: Shop) -> None:
    body = "On Fri, Nov 27, 2026 at 11:00 AM Shop <support@shop.test> wrote:\n> Which colour?\n> Nok\n\nBlue, please.\n"
    receive(shop, QUESTION, body)
    assert shop.conversation()["preview"] == "Blue, please."
    # A late mail makes the fields anew from every message.
    receive(shop, "From: nok@customer.test\nIn-Reply-To: <q1@customer.test>", "earlier", minute=-HOUR // MINUTE)
    assert shop.conversation()["preview"] == "Blue, please."


def test_folds_and_remarks_reach_the_transcript(shop: Shop) -> None:
    receive(
        shop,
        'From: "boss@shop.test" <x@evil.test>\nTo: support@shop.test',
        "Pay now.\n\n-- \nThe boss\n",
    )
    (found,) = messages.page(shop.store, 1)
    assert found.remarks == (("warn.name", "boss@shop.test", "x@evil.test"),)
    assert [(fold.kind, found.body[fold.start : fold.end]) for fold in found.folds] == [("signature", "-- \nThe boss")]


def test_never_by_subject_alone(shop: Shop) -> None:
    receive(shop, QUESTION, "Where is it?")
    receive(shop, "From: other@customer.test\nTo: support@shop.test\nSubject: Re: Order", "Mine too", minute=1)
    receive(shop, "From: nok@customer.test\nTo: support@shop.test\nSubject: Re: Order", "again", minute=2)
    assert [one[0] for one in rows(shop)] == [1, 2, 3]
