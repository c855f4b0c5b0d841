"""The one way in: once each, in the right conversation, whatever the source sends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from csconsole.clock import DAY, HOUR, MINUTE
from csconsole.connectors.base import RawItem
from csconsole.domain.customer import Identity
from csconsole.domain.events import (
    ConversationEvent,
    EditEvent,
    MessageEvent,
    ReceiptEvent,
    RedactEvent,
    ThreadRef,
)
from csconsole.domain.sending import Bubble, OutboundItem
from csconsole.errors import PayloadError
from csconsole.services import acts, finding, replies
from csconsole.store import accounts, conversations, messages, outbox, quarantine, refs
from csconsole.sync import ingest
from csconsole.sync.ingest import Parsed
from csconsole.text.sanitize import is_safe
from tests.store.support import MAIL, NOW, WINDOW, Shop, answered, said


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "data")
    yield made
    made.store.close()


def state(**fields: Any) -> ConversationEvent:
    base: dict[str, Any] = {"event_id": f"e{fields}", "thread": ThreadRef(remote_id="t1"), "at": NOW}
    return ConversationEvent(**(base | fields))


# -- once each -------------------------------------------------------------------------------------------


def test_the_same_message_is_stored_once_within_across_and_after_pages(shop: Shop) -> None:
    one = said()
    assert shop.apply([one, one]).duplicates == 1
    assert shop.apply([one]).duplicates == 1
    assert shop.apply([one], history=True).duplicates == 1
    assert (shop.count("message"), shop.conversation()["in_count"]) == (1, 1)


def test_the_same_mail_in_two_mailboxes_is_one_message_and_both_ids_lead_to_it(shop: Shop) -> None:
    shop.account("a", MAIL, channel="email")
    shop.account("b", MAIL, channel="email")
    first = said(dedup_key="k", thread="", message_ids=("<1@x>",))
    shop.apply([first], account="a")
    second = said(dedup_key="k", thread="", message_ids=("<1@x>",))
    assert shop.apply([second], account="b").duplicates == 1
    shop.apply([ReceiptEvent(event_id="r", message_id=second.remote_id, at=NOW, delivery="read")], account="b")
    assert (shop.count("message"), shop.count("conversation")) == (1, 1)
    assert shop.store.read_one("select delivery from message") == ("read",)


def test_the_cursor_is_stored_with_its_page(shop: Shop) -> None:
    shop.apply([said() for _ in range(130)], next_cursor="after")
    row = accounts.account_by_name(shop.store, "line")
    assert row is not None
    assert (row.cursor, row.pulled) == ("after", 130)
    assert shop.count("message") == 130


# -- where it goes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "expected"),
    [(0, "reopened"), (WINDOW, "reopened"), (WINDOW + 1, "new")],
)
def test_a_message_on_a_resolved_conversation_reopens_it_up_to_the_windows_last_instant(
    shop: Shop, after: int, expected: str
) -> None:
    shop.apply([said(at=NOW)])
    acts.set_status(shop.desk(), [1], "resolved")
    shop.apply([said("again", at=NOW + after)], at=NOW + after)
    assert shop.count("conversation") == (2 if expected == "new" else 1)
    last = shop.conversation(2 if expected == "new" else 1)
    assert (last["status"], last["waiting_since"]) == ("open", NOW + after)
    assert shop.conversation(1)["reopens"] == (0 if expected == "new" else 1)
    assert shop.conversation(1)["customer_id"] == last["customer_id"]


def test_after_a_new_beginning_the_thread_goes_on_there(shop: Shop) -> None:
    shop.apply([said()])
    acts.set_status(shop.desk(), [1], "resolved")
    late = NOW + WINDOW + DAY
    shop.apply([said(at=late), said(at=late + 1)], at=late + 1)
    assert shop.conversation(2)["in_count"] == 2


def test_a_help_desks_ticket_is_reopened_however_late(shop: Shop) -> None:
    shop.account("desk", MAIL, channel="desk", authority="remote")
    shop.apply([said()], account="desk")
    acts.set_status(shop.desk(), [1], "closed")
    shop.apply([said(at=NOW + 90 * DAY)], account="desk", at=NOW + 90 * DAY)
    assert shop.conversation()["status"] == "open"


def test_a_snoozed_conversation_wakes_and_a_machine_wakes_nobody(shop: Shop) -> None:
    shop.apply([said()])
    acts.set_status(shop.desk(), [1], "snoozed", until=NOW + DAY)
    shop.apply([said("out of office", automatic=True)])
    assert shop.conversation()["status"] == "snoozed"
    shop.apply([said("here I am")])
    row = shop.conversation()
    assert (row["status"], row["snoozed_until"], shop.count("timer")) == ("open", None, 0)


def test_automatic_mail_is_shown_and_stays_quiet(shop: Shop) -> None:
    shop.apply([said("delivery report", automatic=True)])
    row = shop.conversation()
    assert (row["status"], row["in_count"], row["waiting_since"]) == ("resolved", 0, None)
    assert row["preview"] == "delivery report"


def test_spam_stays_spam(shop: Shop) -> None:
    shop.apply([said()])
    acts.set_status(shop.desk(), [1], "spam")
    shop.apply([said("buy now", at=NOW + MINUTE)], at=NOW + MINUTE)
    assert (shop.conversation()["status"], shop.conversation()["waiting_since"]) == ("spam", None)
    acts.set_status(shop.desk(), [1], "open")
    assert shop.conversation()["waiting_since"] == NOW + MINUTE


def test_a_chat_without_thread_ids_goes_on_where_the_customer_was_last(shop: Shop) -> None:
    shop.apply([said(thread="")])
    shop.apply([said(thread=""), said(thread="", who="U2")])
    assert shop.store.read("select conversation_id, count(*) from message group by 1") == [(1, 2), (2, 1)]


def test_mail_is_threaded_by_message_ids_across_accounts_and_never_by_subject(shop: Shop) -> None:
    shop.account("a", MAIL, channel="email")
    shop.account("b", MAIL, channel="email")
    shop.apply([said(thread="", message_ids=("<1@x>",), subject="Help")], account="a")
    reply = said(thread="", message_ids=("<2@x>",), subject="Re: Help")
    reply = MessageEvent(**{**as_dict(reply), "thread": ThreadRef(reply_to=("<nowhere@x>", "<1@x>"))})
    shop.apply([reply], account="b")
    shop.apply([said(thread="", subject="Re: Help", message_ids=("<3@x>",))], account="a")
    assert shop.store.read("select conversation_id, count(*) from message group by 1") == [(1, 2), (2, 1)]


def as_dict(event: MessageEvent) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


def test_a_number_is_believed_from_its_own_customer_only_and_a_token_must_be_an_id(shop: Shop) -> None:
    shop.account("a", MAIL, channel="email")
    shop.apply([said(thread="", who="me@x")], account="a")
    uid = shop.store.read_one("select uid from conversation")
    assert uid is not None
    cases = [("me@x", ThreadRef(number=1), 1), ("other@x", ThreadRef(number=1), 2), ("me@x", ThreadRef(token="1"), 3)]
    cases += [("me@x", ThreadRef(number=10**30), 4), ("third@x", ThreadRef(token=uid[0].hex()), 1)]
    for who, thread, expected in cases:
        event = MessageEvent(**{**as_dict(said(who=who)), "thread": thread})
        shop.apply([event], account="a")
        found = shop.store.read_one("select conversation_id from message order by n desc limit 1")
        assert found == (expected,), (who, thread)


def test_a_merged_conversation_is_followed_and_a_deleted_one_is_not(shop: Shop) -> None:
    shop.apply([said(thread="a"), said(thread="b")])
    with shop.store.transaction(NOW) as tx:
        conversations.update(tx, 1, merged_into=2, hidden=1)
    shop.apply([said(thread="a")])
    assert shop.conversation(2)["message_seq"] == 2
    with shop.store.transaction(NOW) as tx:
        conversations.update(tx, 2, deleted_at=NOW, hidden=1)
    shop.apply([said(thread="a")])
    assert shop.conversation(3)["message_seq"] == 1


def test_only_the_customer_moves_where_answers_go(shop: Shop) -> None:
    shop.account("a", MAIL, channel="email")
    shop.apply([said(who="me@x", thread="", message_ids=("<1@x>",))], account="a")
    stranger = MessageEvent(**{**as_dict(said(who="evil@x")), "thread": ThreadRef(reply_to=("<1@x>",))})
    shop.apply([stranger], account="a")
    row = shop.conversation()
    assert (row["message_seq"], row["address"]) == (2, "me@x")


def test_numbers_are_unique_per_account_and_the_authoritys_are_kept(shop: Shop) -> None:
    shop.apply([said(thread="a", who="A"), said(thread="b", who="B")])
    shop.apply([state(thread=ThreadRef(remote_id="a"), number=3), state(thread=ThreadRef(remote_id="b"), number=3)])
    shop.apply([said(thread="c", who="C")])
    who = Identity("line_uid", "shop", "D")
    shop.apply([state(thread=ThreadRef(remote_id="d"), number=3, customer=who)])
    assert shop.store.read("select number from conversation order by id") == [(3,), (2,), (4,), (5,)]


# -- history ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "status"), [(14 * DAY, "resolved"), (14 * DAY - 1, "open")])
def test_history_opens_only_a_young_last_word_of_a_customer(shop: Shop, age: int, status: str) -> None:
    shop.apply([said(at=NOW - age), said(at=NOW - age - 5)], history=True)
    row = shop.conversation()
    unread = 2 if status == "open" else 0
    assert (row["status"], row["in_count"], row["created_at"]) == (status, unread, NOW - age - 5)
    assert row["waiting_since"] == (NOW - age - 5 if status == "open" else None)
    assert shop.count("timer") == 0


def test_older_history_leaves_what_people_did_alone(shop: Shop) -> None:
    shop.apply([said(at=NOW - DAY)], history=True)
    desk = shop.desk()
    finding.mark_read(desk, 1)
    acts.set_status(desk, [1], "resolved")
    shop.apply([said("earlier", at=NOW - 2 * DAY)], history=True)
    assert (shop.conversation()["status"], shop.conversation()["waiting_since"]) == ("resolved", None)
    shop.apply([said("news", at=NOW)])
    row = shop.conversation()
    assert (row["status"], row["waiting_since"], row["in_count"]) == ("open", NOW, 2)


def test_older_history_leaves_what_the_source_stated_alone(shop: Shop) -> None:
    shop.apply([said(at=NOW - DAY), state(status="resolved", at=NOW - DAY)], history=True)
    shop.apply([said(at=NOW - 2 * DAY)], history=True)
    assert shop.conversation()["status"] == "resolved"


def test_unread_counts_survive_history_that_lowers_them(shop: Shop) -> None:
    shop.apply([said(at=NOW - HOUR)], history=True)
    desk = shop.desk()
    finding.mark_read(desk, 1)
    shop.apply([answered(at=NOW - MINUTE)], history=True)
    assert shop.conversation()["in_count"] == 0
    shop.apply([said(at=NOW)])
    found = finding.open_conversation(desk, 1)
    assert found.conversation.row.unread == 1


def test_a_large_page_of_history_is_understood_from_its_beginning(shop: Shop) -> None:
    first = said("first", at=NOW - 400)
    rest = [said(f"m{i}", at=NOW - 300 + i) for i in range(250)]
    bounce = ReceiptEvent(event_id="r", message_id="out", at=NOW - 1, delivery="read")
    edit = EditEvent(event_id="e", message_id=first.remote_id, at=NOW - 2, body_text="first, mended")
    shop.apply([edit, bounce, *reversed(rest), answered(remote_id="out", at=NOW - 350), first], history=True)
    texts = shop.store.read("select body_text, delivery from message order by n limit 2")
    assert texts == [("first, mended", None), ("we look", "read")]
    order = shop.store.read("select n from message order by at, seq")
    assert order == sorted(order)
    assert order[-1][0] < 1


def test_live_messages_stand_above_history_in_the_index(shop: Shop) -> None:
    shop.apply([said("live")])
    shop.apply([said("old", at=NOW - DAY), said("older", at=NOW - 2 * DAY)], history=True)
    assert shop.store.read("select body_text from message order by n") == [("older",), ("old",), ("live",)]


# -- times -----------------------------------------------------------------------------------------------


def test_a_source_cannot_write_into_the_future_nor_before_time(shop: Shop) -> None:
    shop.apply([said(at=NOW + 5 * DAY), said(at=-5, thread="x"), said(at=10**30, thread="y")])
    rows = shop.store.read("select at from message order by n")
    assert all(0 <= at <= NOW for (at,) in rows)
    assert shop.count("message") == 3


def test_a_late_message_refolds_the_measures(shop: Shop) -> None:
    shop.apply([said(at=NOW - 10 * MINUTE), answered(at=NOW - 5 * MINUTE)])
    assert shop.conversation()["first_response_at"] == NOW - 5 * MINUTE
    shop.apply([answered("I was first", at=NOW - 8 * MINUTE), said("late", at=NOW - 9 * MINUTE)])
    row = shop.conversation()
    assert (row["first_response_at"], row["waiting_since"], row["in_count"]) == (NOW - 8 * MINUTE, None, 2)
    assert row["preview"] == "we look"


# -- edits, unsends, receipts ----------------------------------------------------------------------------


def test_edits_keep_revisions_and_come_once(shop: Shop) -> None:
    first = said("teh")
    edit = EditEvent(event_id="e1", message_id=first.remote_id, at=NOW, body_text="the \x1b[31m")
    shop.apply([first, edit, edit])
    shop.apply([edit])
    assert shop.store.read_one("select body_text, edit_rev from message") == ("the ␛[31m", 1)
    assert shop.store.read("select body_text from message_revision") == [("teh",)]
    assert shop.conversation()["preview"].startswith("the")


def test_what_was_unsent_before_it_was_seen_never_shows(shop: Shop) -> None:
    first = said("regret")
    shop.apply([RedactEvent(event_id="r1", message_id=first.remote_id, at=NOW)])
    shop.apply([first])
    assert shop.store.read_one("select body_text, redacted_at is not null from message") == ("", 1)
    assert shop.conversation()["preview"] == ""


def test_an_edit_that_came_before_its_message_counts_when_it_comes_again(shop: Shop) -> None:
    first = said("teh")
    edit = EditEvent(event_id="e1", message_id=first.remote_id, at=NOW, body_text="the")
    shop.apply([edit])
    shop.apply([first, edit])
    assert shop.store.read_one("select body_text from message") == ("the",)


@pytest.mark.parametrize(
    ("receipts", "delivery"),
    [
        (["delivered", "read"], "read"),
        (["read", "delivered"], "read"),
        (["delivered", "failed"], "failed"),
        (["failed", "delivered"], "failed"),
        (["failed", "read"], "read"),
        (["read", "failed"], "read"),
        (["nonsense"], "sent"),
    ],
)
def test_receipts_only_rise_and_a_bounce_stands(shop: Shop, receipts: list[str], delivery: str) -> None:
    shop.apply([said(at=NOW - 5), answered(remote_id="out", at=NOW - 4)])
    for index, word in enumerate(receipts):
        shop.apply([ReceiptEvent(event_id=f"r{index}", message_id="out", at=NOW, delivery=word)])
    assert shop.store.read_one("select delivery from message where remote_id = 'out'") == (delivery,)
    assert (shop.conversation()["waiting_since"] is None) == (delivery != "failed")


def test_a_receipt_settles_a_send_whose_answer_was_lost(shop: Shop) -> None:
    row_id = sending(shop)
    with shop.store.transaction(NOW) as tx:
        ours = outbox.bubbles(tx, row_id)[0][0]
        refs.claim(tx, 1, "message", "out", ours)
        outbox.finish(tx, row_id, "uncertain")
    shop.apply([ReceiptEvent(event_id="r", message_id="out", at=NOW, delivery="delivered")])
    assert shop.store.read_one("select o.state, m.delivery from outbox o join message m on m.outbox_id = o.id") == (
        "sent", "delivered",
    )  # fmt: skip


# -- echoes ----------------------------------------------------------------------------------------------


def sending(shop: Shop, *, resolve: bool = False) -> int:
    """A reply whose first attempt has been claimed."""
    shop.apply([said(at=NOW - 10)])
    replies.send_reply(shop.desk(), 1, "our answer", now=True, resolve=resolve)
    with shop.store.transaction(NOW) as tx:
        row = outbox.claim(tx, 1)
        assert row is not None
        refs.claim(tx, 1, "marker", row.item.key, row.id)
    return row.id


@pytest.mark.parametrize("before", ["sending", "settling", "uncertain", "queued", "failed", "cancelled"])
def test_an_echo_settles_the_send_and_is_not_a_second_message(shop: Shop, before: str) -> None:
    row_id = sending(shop, resolve=True)
    with shop.store.transaction(NOW) as tx:
        if before != "sending":
            outbox.finish(tx, row_id, before)
        row = outbox.get(tx, row_id)
        assert row is not None
    counts = shop.apply([answered("our answer", kind="agent", marker=row.key, remote_id="echo", at=NOW)])
    assert (counts.new, shop.count("message")) == (0, 2)
    assert shop.store.read_one("select o.state, m.delivery, m.remote_id from outbox o join message m on"
                               " m.outbox_id = o.id") == ("sent", "sent", "echo")  # fmt: skip
    assert (shop.conversation()["waiting_since"], shop.conversation()["status"]) == (None, "resolved")
    assert shop.apply([answered(remote_id="echo", kind="agent", at=NOW)]).duplicates == 1


def test_an_echo_nobody_knows_goes_to_its_thread_without_making_a_customer(shop: Shop) -> None:
    shop.apply([said(at=NOW - 5)])
    shop.apply([answered("typed elsewhere", customer=None, customer_name="", marker="unknown", at=NOW - 4)])
    assert (shop.count("customer"), shop.conversation()["message_seq"]) == (1, 2)
    assert shop.conversation()["waiting_since"] is None


# -- people ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"customer_name": "Ann"}, "Ann"),
        ({"customer_name": "", "customer_call": "แอน"}, "แอน"),
        ({"customer_name": "\u200b", "customer": Identity("line_uid", "r", "U9", "Shown")}, "Shown"),
        ({"customer_name": "", "customer": Identity("line_uid", "r", "U9")}, "U9"),
        ({"customer_name": "", "customer": None, "other_identities": (Identity("phone", "r", "+66"),)}, "+66"),
        ({"customer_name": "", "customer": None}, "t1"),
        ({"customer_name": "", "customer": None, "thread": ThreadRef()}, "?"),
    ],
)
def test_no_customer_is_without_a_name(shop: Shop, fields: dict[str, Any], name: str) -> None:
    shop.apply([MessageEvent(**{**as_dict(said()), **fields})])
    assert shop.store.read("select name from customer") == [(name,)]


def test_a_real_name_takes_the_place_of_a_stopgap_and_of_nothing_else(shop: Shop) -> None:
    shop.apply([said(customer_name="")])
    shop.apply([said(customer_name="Ann")])
    shop.apply([said(customer_name="Changed")])
    assert shop.store.read("select name from customer") == [("Ann",)]


@pytest.mark.parametrize(("vouched", "people"), [(True, 1), (False, 2)])
def test_identities_join_people_only_where_the_source_vouches(shop: Shop, vouched: bool, people: int) -> None:
    mail = Identity("email", "global", "ann@x", verified=vouched)
    shop.apply([said(thread="a", other_identities=(mail,))])
    own = Identity("email", "global", "ann@x")
    shop.apply([MessageEvent(**{**as_dict(said(thread="b")), "customer": own})])
    assert shop.count("customer") == people
    holder = shop.store.read_one("select customer_id, claimed from identity where kind = 'email'")
    assert holder == (people, 0)


def test_a_claim_takes_nothing_from_its_owner(shop: Shop) -> None:
    own = Identity("email", "global", "ann@x")
    shop.apply([MessageEvent(**{**as_dict(said(thread="b")), "customer": own})])
    shop.apply([said(thread="a", who="EVIL", other_identities=(own,))])
    assert shop.store.read("select customer_id from identity where kind = 'email'") == [(1,)]
    assert shop.count("customer") == 2


def test_an_erased_customer_does_not_come_back_by_a_rescan(shop: Shop) -> None:
    gone = said()
    with shop.store.transaction(NOW) as tx:
        refs.remember_erased(tx, "line", gone.remote_id)
        refs.remember_erased(tx, "line", "t1")
    shop.apply([gone, state(customer=gone.customer, subject="secret")], history=True)
    assert (shop.count("message"), shop.count("customer"), shop.count("conversation")) == (0, 0, 0)
    shop.apply([said("I am new here")])
    assert shop.count("customer") == 1


# -- what the source states ------------------------------------------------------------------------------


def test_stated_fields_are_kept_and_an_unknown_status_changes_nothing(shop: Shop) -> None:
    shop.apply([said()])
    shop.apply([state(status="archived", assignee="oat", add_tags=("b", "a"), priority="high", attributes={"x": 1})])
    row = shop.conversation()
    assert (row["status"], row["raw_status"], row["priority"], row["tags"]) == (
        "open",
        "archived",
        "high",
        '["a", "b"]',
    )
    assert row["assigned_seq"] == 1
    shop.apply([state(status="resolved", tags=("c",), assignee="")])
    row = shop.conversation()
    assert (row["status"], row["waiting_since"], row["tags"], row["assignee_id"]) == ("resolved", None, '["c"]', None)


def test_a_statement_that_came_before_its_conversation_counts_when_it_comes_again(shop: Shop) -> None:
    early = state(subject="Later")
    shop.apply([early])
    shop.apply([said(), early])
    assert shop.conversation()["subject"] == "Later"


# -- hostile and broken ----------------------------------------------------------------------------------


def test_hostile_text_is_safe_in_every_field(shop: Shop) -> None:
    bad = "\x1b]0;x\x07\u202eevil\x9b1m"
    event = said(
        bad, customer_name=bad, customer_call=bad, author_name=bad, subject=bad, kind=bad, surface=bad,
        customer_tags=(bad,), customer_attributes={bad: [bad, {bad: bad}]}, extra={"to": [bad]},
    )  # fmt: skip
    shop.apply(
        [event, state(subject=bad, team=bad, reason=bad, assignee=bad, tags=(bad,), attributes={"a": bad}, actor=bad)]
    )
    for table in ("customer", "conversation", "message", "event", "tag", "conversation_tag", "agent"):
        for row in shop.store.read(f"select * from {table}"):
            assert all(is_safe(value) for value in row if isinstance(value, str)), (table, row)


POISON: list[dict[str, Any]] = [
    {"direction": "sideways"},
    {"visibility": "secret"},
    {"author_kind": "ghost"},
    {"remote_id": "\ud800"},
    {"body_html": "\ud800"},
    {"message_ids": ("\udfff",)},
    {"customer": Identity("line_uid", "r", "\ud800")},
    {"dedup_key": "\ud800"},
]


@pytest.mark.parametrize("poison", POISON, ids=[next(iter(p)) for p in POISON])
@pytest.mark.parametrize("history", [False, True])
def test_one_item_that_cannot_be_stored_is_held_and_nothing_waits(
    shop: Shop, poison: dict[str, Any], history: bool
) -> None:
    broken = MessageEvent(**{**as_dict(said(thread="p", who="P", at=NOW - 5)), **poison})
    page = [said("before", at=NOW - 6), broken, said("after", at=NOW - 4)]
    counts = shop.apply(page, history=history)
    assert (counts.new, counts.quarantined) == (2, 1)
    assert shop.count("quarantine", "state = 'held' and reason <> ''") == 1
    assert (shop.count("conversation"), shop.count("customer")) == (1, 1)
    again = shop.apply(page, history=history)
    assert (again.new, again.quarantined, again.duplicates) == (0, 0, 3)
    assert shop.store.read_one("select attempts from quarantine") == (2,)
    assert shop.store.last_rev() >= 2


def test_quarantine_holds_the_bytes_and_a_retry_stores_the_message_once(shop: Shop) -> None:
    event = said("understood at last")
    item = RawItem(remote_id=event.remote_id, kind="test", raw=b"x" * 150_000, received_at=NOW)
    shop.apply([Parsed(item, error="No such charset.")])
    (row,) = quarantine.listing(shop.store)
    assert (row.reason, quarantine.raw(shop.store, row.id)) == ("No such charset.", b"x" * 150_000)
    account = accounts.account_by_name(shop.store, "line")
    assert account is not None
    with shop.store.transaction(NOW) as tx:
        intake = ingest.Intake(tx, shop.store.root, account, history=False, open_days=14, reopen_window=WINDOW)
        with pytest.raises(PayloadError):
            ingest.apply_events(intake, item, [MessageEvent(**{**as_dict(event), "body_html": "\ud800"})])
        ingest.apply_events(intake, item, [event])
        ingest.finish(intake)
        quarantine.finish(tx, row.id)
    assert shop.apply([Parsed(item, error="No such charset.")]).duplicates == 1
    assert (shop.count("message"), quarantine.count(shop.store)) == (1, 0)


def test_what_a_person_gave_up_does_not_come_back_and_what_is_understood_later_is_done(shop: Shop) -> None:
    given_up, later = said(), said("later")
    items = [
        Parsed(RawItem(remote_id=e.remote_id, kind="test", raw=b"", received_at=NOW), error="?")
        for e in (given_up, later)
    ]
    shop.apply(items)
    with shop.store.transaction(NOW) as tx:
        quarantine.finish(tx, 1, "dropped")
    shop.apply([items[0], later])
    assert shop.store.read("select state from quarantine order by id") == [("dropped",), ("done",)]


def test_the_outgoing_payload_of_an_unsent_message_is_emptied(shop: Shop) -> None:
    row_id = sending(shop)
    with shop.store.transaction(NOW) as tx:
        outbox.finish(tx, row_id, "sent")
        ours = outbox.bubbles(tx, row_id)[0][0]
        refs.claim(tx, 1, "message", "out", ours)
    shop.apply([RedactEvent(event_id="r", message_id="out", at=NOW)])
    row = outbox.get(shop.store, row_id)
    assert row is not None
    assert isinstance(row.item, OutboundItem)
    assert row.item.bubbles == ()
    assert Bubble("x", "our answer") not in row.item.bubbles
    assert [m.body for m in messages.page(shop.store, 1)] == ["hello", ""]
