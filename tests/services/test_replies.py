"""Replies: into the hold, pulled back, sent now, stopped when stale; the text is never lost on the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from csconsole.clock import SECOND
from csconsole.connectors.base import Capabilities
from csconsole.errors import CsconsoleError, NotFoundError, RefusedError, StaleError, UsageError
from csconsole.services import acts, replies
from csconsole.services.desk import Desk
from csconsole.store import drafts, messages, outbox
from csconsole.store.database import Store
from csconsole.sync import claiming
from tests.store.support import MAIL, NOW, Shop, answered, said


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "data")
    made.apply([said(at=NOW - 60 * SECOND)])
    yield made
    made.store.close()


def draft(desk: Desk, kind: str = "reply") -> str:
    found = drafts.load(desk.store, desk.actor.id, 1, kind)
    return found.body if found else ""


def take(shop: Shop) -> str:
    """What the worker would do with the next due row: its state afterwards."""
    rows = outbox.due(shop.store, shop.clock.at)
    if not rows:
        return ""
    with shop.store.transaction(shop.clock.at) as tx:
        return claiming.claim(tx, rows[0].id)[0]


def end(shop: Shop, state: str, row_id: int = 1) -> None:
    with shop.store.transaction(shop.clock.at) as tx:
        outbox.finish(tx, row_id, state)


def test_a_reply_is_held_then_leaves_and_nobody_waits_any_more(shop: Shop) -> None:
    sending = replies.send_reply(shop.desk(), 1, "  hi\n")
    assert (sending.leaves_at, sending.bubbles, sending.customer_wrote) == (NOW + 3 * SECOND, 1, 0)
    assert (shop.conversation()["outgoing"], shop.conversation()["waiting_since"]) == ("held", None)
    assert take(shop) == ""
    shop.clock.advance(3 * SECOND)
    assert take(shop) == "sending"
    assert messages.page(shop.store, 1)[-1].delivery == "sending"


def test_the_hold_is_the_channels_then_mail_or_chat(shop: Shop) -> None:
    shop.account("mail", MAIL, channel="email")
    shop.account("fast", Capabilities(hold=0.5, send_class=MAIL.send_class))
    desk = shop.desk()
    rows = {name: replies.account_of(desk, key) for name, key in (("line", 1), ("mail", 2), ("fast", 3))}
    assert [replies.hold_ms(desk, rows[n]) for n in ("line", "mail", "fast")] == [3_000, 10_000, 500]


def test_what_is_written_during_the_hold_joins_it_up_to_five(shop: Shop) -> None:
    desk = shop.desk()
    for index in range(6):
        sending = replies.send_reply(desk, 1, f"part {index}")
        shop.clock.advance(SECOND)
        assert sending.bubbles == (index + 1 if index < 5 else 1)
    rows = outbox.in_state(shop.store, "held")
    assert [len(row.item.bubbles) for row in rows] == [5, 1]
    assert rows[0].not_before == NOW + 4 * SECOND + 3 * SECOND


def test_what_the_author_saw_when_a_bubble_joined_does_not_stop_the_row(shop: Shop) -> None:
    desk = shop.desk()
    replies.send_reply(desk, 1, "one", base_seq=1)
    shop.apply([answered("colleague")])
    seq = shop.conversation()["message_seq"]
    replies.send_reply(desk, 1, "two", base_seq=seq)
    shop.clock.advance(5 * SECOND)
    assert take(shop) == "sending"


def test_pulling_back_returns_all_text_and_the_customer_waits_again(shop: Shop) -> None:
    desk = shop.desk()
    waiting = shop.conversation()["waiting_since"]
    replies.send_reply(desk, 1, "one")
    replies.send_reply(desk, 1, "two")
    drafts_before = draft(desk)
    with shop.store.transaction(NOW) as tx:
        drafts.save(tx, desk.actor.id, 1, "reply", "three", 1)
    assert replies.pull_back(desk, 1) == "one\n\ntwo"
    assert (drafts_before, draft(desk)) == ("", "one\n\ntwo\n\nthree")
    row = shop.conversation()
    assert (row["waiting_since"], row["outgoing"], row["preview"], row["first_response_at"]) == (
        waiting, "", "hello", None,
    )  # fmt: skip
    with pytest.raises(RefusedError, match="Nothing is held"):
        replies.pull_back(desk, 1)


def test_send_now_ends_the_hold_and_only_the_agents_own(shop: Shop) -> None:
    desk = shop.desk()
    replies.send_reply(desk, 1, "one")
    with pytest.raises(RefusedError):
        replies.send_now(shop.desk("oat"), 1)
    replies.send_now(desk, 1)
    assert take(shop) == "sending"
    with pytest.raises(RefusedError):
        replies.send_now(desk, 1)


def test_a_stale_reply_is_refused_and_its_text_kept(shop: Shop) -> None:
    desk = shop.desk()
    shop.apply([answered("colleague", author="Oat")])
    with pytest.raises(StaleError, match="Oat answered meanwhile"):
        replies.send_reply(desk, 1, "mine", base_seq=1)
    assert (draft(desk), shop.count("outbox")) == ("mine", 0)
    replies.send_reply(desk, 1, "mine", base_seq=1, anyway=True)
    assert (draft(desk), shop.count("outbox")) == ("", 1)
    shop.clock.advance(5 * SECOND)
    assert take(shop) == "sending"


@pytest.mark.parametrize(
    ("event", "stale"),
    [
        (lambda: said("more"), False),
        (lambda: answered(kind="bot"), False),
        (lambda: answered(automatic=True), False),
        (lambda: answered(visibility="internal"), False),
        (lambda: answered(kind="external"), True),
        (lambda: answered(kind="agent", author="oat"), True),
    ],
    ids=["customer", "bot", "automatic", "note", "outside", "agent"],
)
def test_what_stops_a_reply_before_it_is_written_and_before_it_leaves(shop: Shop, event, stale: bool) -> None:  # type: ignore[no-untyped-def]
    desk = shop.desk()
    replies.send_reply(desk, 1, "mine", base_seq=1)
    shop.apply([event()])
    shop.clock.advance(5 * SECOND)
    assert take(shop) == ("stopped" if stale else "sending")
    assert draft(desk) == ("mine" if stale else "")
    if not stale:
        end(shop, "sent")
    if stale:
        with pytest.raises(StaleError):
            replies.send_reply(desk, 1, "again", base_seq=1)
    else:
        sending = replies.send_reply(desk, 1, "again", base_seq=1)
        assert sending.customer_wrote == int(event().direction == "in")


def test_history_stops_nothing(shop: Shop) -> None:
    desk = shop.desk()
    shop.apply([answered("old", at=NOW - 90 * SECOND)], history=True)
    replies.send_reply(desk, 1, "mine", base_seq=1)


def test_a_conversation_taken_by_another_stops_the_reply(shop: Shop) -> None:
    desk, oat = shop.desk(), shop.desk("oat")
    acts.assign(desk, [1], "me")
    acts.assign(oat, [1], "me")
    with pytest.raises(StaleError, match="oat took this conversation"):
        replies.send_reply(desk, 1, "mine", base_seq=1, base_assignee=desk.actor.id)
    assert draft(desk) == "mine"


def test_of_an_undo_and_a_claim_at_once_exactly_one_wins(tmp_path: Path) -> None:
    outcomes = set()
    for attempt in range(12):
        shop = Shop(tmp_path / str(attempt))
        shop.apply([said()])
        desk = shop.desk()
        replies.send_reply(desk, 1, "race", now=True)
        worker = Store(shop.store.root)
        barrier = threading.Barrier(2)
        ends: dict[str, bool] = {}

        def undo(desk: Desk = desk, barrier: threading.Barrier = barrier, ends: dict[str, bool] = ends) -> None:
            barrier.wait()
            try:
                replies.cancel(desk, desk.store.read("select hex(uid) from outbox")[0][0].lower())
                ends["undo"] = True
            except RefusedError:
                ends["undo"] = False

        def claim(worker: Store = worker, barrier: threading.Barrier = barrier, ends: dict[str, bool] = ends) -> None:
            barrier.wait()
            with worker.transaction(NOW + 1) as tx:
                ends["claim"] = outbox.claim(tx, 1) is not None

        threads = [threading.Thread(target=undo), threading.Thread(target=claim)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        row = outbox.get(shop.store, 1)
        assert row is not None
        assert ends["undo"] != ends["claim"]
        assert row.state == ("cancelled" if ends["undo"] else "sending")
        assert draft(desk) == ("race" if ends["undo"] else "")
        outcomes.add(row.state)
        worker.close()
        shop.store.close()
    assert outcomes <= {"cancelled", "sending"}


@pytest.mark.parametrize("state", ["sending", "settling", "sent", "uncertain"])
def test_what_has_left_cannot_be_cancelled_nor_released(shop: Shop, state: str) -> None:
    replies.send_reply(shop.desk(), 1, "text")
    end(shop, state)
    with shop.store.transaction(NOW) as tx:
        assert not outbox.cancel(tx, 1)
        assert not outbox.release(tx, 1)
        assert outbox.claim(tx, 1) is None
    row = outbox.get(shop.store, 1)
    assert row is not None
    assert row.state == state


# -- by hand ---------------------------------------------------------------------------------------------


def uid(shop: Shop) -> str:
    row = outbox.get(shop.store, 1)
    assert row is not None
    return row.uid


@pytest.mark.parametrize(
    ("state", "cancel", "retry", "settle"),
    [
        ("held", True, False, False),
        ("queued", True, False, False),
        ("sending", False, False, False),
        ("settling", False, False, True),
        ("uncertain", False, False, True),
        ("failed", True, True, False),
        ("stopped", True, True, False),
        ("sent", False, False, False),
        ("cancelled", False, False, False),
    ],
)
def test_what_may_be_done_by_hand_in_each_state(
    shop: Shop, state: str, cancel: bool, retry: bool, settle: bool
) -> None:
    desk = shop.desk()
    replies.send_reply(desk, 1, "text")
    if state != "held":
        end(shop, state)
    calls = {
        cancel: lambda: replies.cancel(desk, uid(shop)),
    }
    for allowed, call in [
        (settle, lambda: replies.settle(desk, uid(shop), True)),
        (retry, lambda: replies.retry(desk, uid(shop))),
        *calls.items(),
    ]:
        if allowed:
            call()
            break
        with pytest.raises(RefusedError) as caught:
            call()
        assert caught.value.message.startswith("It ") or caught.value.message.startswith("Whether")
    assert calls


def test_retrying_a_stopped_reply_takes_its_copy_out_of_the_draft(shop: Shop) -> None:
    desk = shop.desk()
    replies.send_reply(desk, 1, "mine", base_seq=1)
    shop.apply([answered("colleague")])
    shop.clock.advance(5 * SECOND)
    assert take(shop) == "stopped"
    assert (draft(desk), shop.conversation()["outgoing"]) == ("mine", "stopped")
    replies.retry(desk, uid(shop)[:12])
    assert (draft(desk), shop.conversation()["outgoing"]) == ("", "queued")
    assert take(shop) == "sending"


def test_putting_a_stopped_reply_aside_gives_its_text_back_once(shop: Shop) -> None:
    desk = shop.desk()
    replies.send_reply(desk, 1, "mine", base_seq=1)
    shop.apply([answered("colleague")])
    shop.clock.advance(5 * SECOND)
    take(shop)
    with shop.store.transaction(NOW) as tx:
        drafts.save(tx, desk.actor.id, 1, "reply", "mine, better", 2)
    replies.cancel(desk, uid(shop))
    assert draft(desk) == "mine, better"


@pytest.mark.parametrize("arrived", [True, False])
def test_a_person_settles_what_the_machine_could_not(shop: Shop, arrived: bool) -> None:
    desk = shop.desk()
    waiting = shop.conversation()["waiting_since"]
    replies.send_reply(desk, 1, "text", now=True, resolve=True)
    take(shop)
    end(shop, "uncertain")
    replies.settle(desk, uid(shop), arrived)
    row = shop.conversation()
    if arrived:
        assert (row["status"], row["outgoing"], row["waiting_since"]) == ("resolved", "", None)
    else:
        assert (row["status"], row["outgoing"], row["waiting_since"]) == ("open", "failed", waiting)


def test_unknown_rows_and_wrong_texts_are_said(shop: Shop) -> None:
    desk = shop.desk()
    for wrong in ("", "abc", "0000-nope"):
        with pytest.raises(NotFoundError):
            replies.outbox_row(desk, wrong)
    for call in (lambda: replies.send_reply(desk, 1, " \n\t"), lambda: replies.send_reply(desk, 9, "x")):
        with pytest.raises(CsconsoleError) as caught:
            call()
        assert isinstance(caught.value, UsageError | NotFoundError)


def test_a_channel_that_cannot_be_answered_says_so(shop: Shop) -> None:
    shop.account("deaf", Capabilities())
    shop.apply([said(thread="d", who="D")], account="deaf")
    with pytest.raises(RefusedError, match="write a note"):
        replies.send_reply(shop.desk(), 2, "hello?")


def test_the_frozen_item_answers_the_customers_last_mail(shop: Shop) -> None:
    shop.account("mail", MAIL, channel="email")
    shop.apply(
        [said(thread="", who="ann@x", subject="Fan", message_ids=("<1@x>",), extra={"to": ["support@shop"]})],
        account="mail",
    )
    replies.send_reply(shop.desk(), 2, "answer")
    row = outbox.get(shop.store, 1)
    assert row is not None
    assert (row.item.to, row.item.subject, row.item.reply_to) == (("ann@x",), "Fan", ("<1@x>",))
    assert row.item.key.endswith("@shop.example>")


def test_drafts_are_kept_apart_by_agent_and_kind(shop: Shop) -> None:
    desk, oat = shop.desk(), shop.desk("oat")
    with shop.store.transaction(NOW) as tx:
        drafts.save(tx, desk.actor.id, 1, "reply", "r", 1)
        drafts.save(tx, desk.actor.id, 1, "note", "n", 1)
        drafts.save(tx, oat.actor.id, 1, "reply", "o", 1)
    acts.add_note(desk, 1, "n")
    assert (draft(desk), draft(desk, "note"), draft(oat)) == ("r", "", "o")
    assert drafts.listing(shop.store, desk.actor.id) == [(1, "reply")]


def test_a_text_that_came_back_survives_the_next_answer(shop: Shop) -> None:
    desk = shop.desk()
    replies.send_reply(desk, 1, "first", base_seq=1)
    shop.apply([answered("colleague", author="Oat")])
    shop.clock.advance(5 * SECOND)
    assert take(shop) == "stopped"
    replies.send_reply(desk, 1, "second")
    assert draft(desk) == "first"
    replies.send_reply(desk, 1, "third, and what I said first")
    assert draft(desk) == ""


def test_a_stale_reply_overwrites_no_draft(shop: Shop) -> None:
    desk = shop.desk()
    with desk.transaction() as tx:
        drafts.save(tx, desk.actor.id, 1, "reply", "something else", 1)
    shop.apply([answered("colleague", author="Oat")])
    for _ in range(2):
        with pytest.raises(StaleError):
            replies.send_reply(desk, 1, "mine, longer", base_seq=1)
    assert draft(desk) == "mine, longer\n\nsomething else"


def test_what_was_kept_while_a_stale_reply_was_typed_is_not_repeated(shop: Shop) -> None:
    desk = shop.desk()
    with desk.transaction() as tx:
        drafts.save(tx, desk.actor.id, 1, "reply", "mine, lon", 1)
    shop.apply([answered("colleague", author="Oat")])
    with pytest.raises(StaleError):
        replies.send_reply(desk, 1, "mine, longer", base_seq=1)
    assert draft(desk) == "mine, longer"
