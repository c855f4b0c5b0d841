"""Acts and taking them back: any number of them, by several agents, on one or two hundred conversations."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csconsole.clock import DAY, HOUR, MINUTE
from csconsole.errors import NotFoundError, RefusedError, StaleError, UsageError
from csconsole.services import acts
from csconsole.services.desk import Desk, OneUndo
from csconsole.store import events, messages, undo
from tests.store.support import NOW, Shop, answered, said

KEPT = (
    "status", "snoozed_until", "assignee_id", "tags", "priority", "kind", "reason", "team", "waiting_since",
    "resolved_at", "ended_seq", "reopens", "queue_key", "last_at", "preview", "in_count",
)  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "data")
    made.apply([said(thread=str(i), who=f"U{i}", at=NOW - (10 - i) * MINUTE) for i in range(5)])
    yield made
    made.store.close()


def facts(shop: Shop) -> list[dict[str, Any]]:
    rows = []
    for key in range(1, shop.count("conversation") + 1):
        row = shop.conversation(key)
        rows.append({name: row[name] for name in KEPT})
    timers = shop.store.read("select kind, ref, due_at from timer order by ref")
    return [*rows, {"timers": timers, "customer": shop.store.read("select tags from customer order by id")}]


IDS = st.lists(st.integers(1, 5), min_size=1, max_size=3)
ACTS = st.one_of(
    st.tuples(st.just("status"), IDS, st.sampled_from(["open", "pending", "on_hold", "resolved", "closed", "spam"])),
    st.tuples(st.just("snooze"), IDS, st.integers(1, 5)),
    st.tuples(st.just("assign"), IDS, st.sampled_from(["me", "oat", "none"])),
    st.tuples(st.just("tags"), IDS, st.lists(st.sampled_from(["+a", "-a", "+b", "-b", "+ด่วน"]), min_size=1)),
    st.tuples(st.just("customer"), IDS, st.sampled_from(["+vip", "-vip"])),
    st.tuples(st.just("field"), IDS, st.sampled_from(["priority=high", "priority=low", "kind=order", "team=b2b"])),
)


def do(desk: Desk, name: str, ids: list[int], value: Any) -> None:
    if name == "status":
        acts.set_status(desk, ids, value)
    elif name == "snooze":
        acts.set_status(desk, ids, "snoozed", until=desk.clock.now() + value * HOUR)
    elif name == "assign":
        acts.assign(desk, ids, value)
    elif name == "field":
        acts.set_field(desk, ids, *value.split("="))
    else:
        marks = [value] if isinstance(value, str) else value
        add, remove = ([m[1:] for m in marks if m[0] == sign] for sign in "+-")
        if name == "tags":
            acts.change_tags(desk, ids, add=add, remove=remove)
        else:
            acts.change_customer_tags(desk, ids[0], add=add, remove=remove)


@settings(max_examples=60, deadline=None)
@given(sequence=st.lists(ACTS, min_size=1, max_size=8), pause=st.integers(0, 10))
def test_taking_everything_back_restores_everything(sequence: list[Any], pause: int) -> None:
    root = Path(tempfile.mkdtemp())
    shop = Shop(root / "data")
    shop.apply([said(thread=str(i), who=f"U{i}", at=NOW - (10 - i) * MINUTE) for i in range(5)])
    shop.apply([answered(thread="2", who="U2", at=NOW - MINUTE)])
    oat, desk = shop.desk("oat"), shop.desk("nok")
    acts.set_status(oat, [4], "resolved")
    before = facts(shop)
    for act in sequence:
        do(desk, *act)
        shop.clock.advance(pause * MINUTE)
    while True:
        try:
            acts.undo_last(desk)
        except RefusedError as error:
            assert error.message == "There is nothing to undo."
            break
    assert facts(shop) == before
    assert events.broken_link(shop.store) is None
    shop.store.close()
    shutil.rmtree(root)


def test_undo_leaves_alone_what_somebody_changed_since(shop: Shop) -> None:
    nok, oat = shop.desk("nok"), shop.desk("oat")
    acts.set_field(nok, [1, 2], "priority", "high")
    acts.assign(nok, [1], "me")
    acts.set_status(nok, [3], "resolved")
    acts.assign(oat, [1], "me")
    shop.apply([said("still there?", thread="2", who="U2")])
    with pytest.raises(RefusedError, match="changed again meanwhile"):
        acts.undo_last(nok)
    with pytest.raises(RefusedError, match="changed again meanwhile"):
        acts.undo_last(nok)
    assert (shop.conversation(3)["status"], shop.conversation(1)["assignee_id"]) == ("open", oat.actor.id)
    acts.set_field(oat, [2], "priority", "urgent")
    acts.undo_last(nok)
    assert [shop.conversation(k)["priority"] for k in (1, 2)] == ["normal", "urgent"]


def test_an_undo_is_an_event_that_names_what_it_reverts(shop: Shop) -> None:
    desk = shop.desk()
    acts.set_status(desk, [1], "resolved")
    acts.undo_last(desk)
    rows = shop.store.read("select id, reverts from event where kind = 'status.changed' order by id")
    assert [reverts for _, reverts in rows] == [None, rows[0][0]]
    assert shop.conversation(1)["reopens"] == 0


def test_two_hundred_conversations_are_one_act_and_one_undo(shop: Shop) -> None:
    shop.apply([said(thread=f"x{i}", who=f"X{i}") for i in range(195)])
    desk = shop.desk()
    ids = list(range(1, 201))
    assert acts.change_tags(desk, ids, add=["bulk"]) == 200
    assert acts.set_status(desk, [*ids, *ids], "resolved") == 200
    assert shop.count("conversation", "status = 'resolved' and waiting_since is null") == 200
    acts.undo_last(desk)
    assert shop.count("conversation", "status = 'open' and waiting_since is not null") == 200
    assert shop.count("conversation_tag") == 200


def test_one_that_is_gone_stops_all_of_them(shop: Shop) -> None:
    with pytest.raises(NotFoundError):
        acts.set_status(shop.desk(), [1, 2, 999], "resolved")
    assert shop.count("conversation", "status = 'resolved'") == 0


def test_of_two_who_claim_at_once_one_has_it(shop: Shop) -> None:
    from csconsole.store.database import Store

    desks = [Desk.open(Store(shop.store.root), shop.desk(name).config, shop.clock) for name in ("nok", "oat")]
    barrier = threading.Barrier(2)
    ends: list[str] = []

    def claim(desk: Desk) -> None:
        barrier.wait()
        try:
            acts.assign(desk, [1], "me", only_unassigned=True)
            ends.append("has it")
        except RefusedError as error:
            ends.append(error.message)

    threads = [threading.Thread(target=claim, args=(desk,)) for desk in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for desk in desks:
        desk.store.close()
    assert sorted(end.split(" by ")[0] for end in ends) == ["#1 was taken", "has it"]


def test_a_resolve_sees_what_came_since_the_agent_looked(shop: Shop) -> None:
    desk = shop.desk()
    seen = shop.conversation(1)["message_seq"]
    shop.apply([said("auto", thread="0", who="U0", automatic=True)])
    acts.set_status(desk, [1], "resolved", base_seq=seen)
    acts.undo_last(desk)
    shop.apply([said("one more thing", thread="0", who="U0")])
    with pytest.raises(StaleError):
        acts.set_status(desk, [1], "resolved", base_seq=seen)
    assert shop.conversation(1)["status"] == "open"
    acts.set_status(desk, [1], "pending", base_seq=seen)
    acts.set_status(desk, [1], "resolved", base_seq=shop.conversation(1)["message_seq"])


def test_opening_again_by_hand_counts_and_who_wrote_since_waits(shop: Shop) -> None:
    desk = shop.desk()
    acts.set_status(desk, [1], "resolved")
    acts.set_status(desk, [1], "closed")
    acts.set_status(desk, [1], "open")
    row = shop.conversation(1)
    assert (row["reopens"], row["waiting_since"], row["resolved_at"]) == (1, None, None)


def test_snoozing_needs_a_time_ahead_and_sets_one_timer(shop: Shop) -> None:
    desk = shop.desk()
    for until in (None, NOW):
        with pytest.raises(UsageError, match="until when"):
            acts.set_status(desk, [1], "snoozed", until=until)
    acts.set_status(desk, [1], "snoozed", until=NOW + HOUR)
    assert acts.set_status(desk, [1], "snoozed", until=NOW + DAY) == 1
    assert acts.set_status(desk, [1], "snoozed", until=NOW + DAY) == 0
    assert shop.store.read("select due_at, ref from timer") == [(NOW + DAY, 1)]
    acts.set_status(desk, [1], "open")
    assert shop.count("timer") == 0


@pytest.mark.parametrize("name", ["", "  ", "+x", "-x", "a,b", 'a"b'])
def test_names_that_cannot_be_tags_are_refused(shop: Shop, name: str) -> None:
    with pytest.raises(UsageError):
        acts.change_tags(shop.desk(), [1], add=[name])


@pytest.mark.parametrize(("field", "value"), [("priority", "huge"), ("kind", "x"), ("status", "open"), ("reason", "y")])
def test_fields_take_what_they_know(shop: Shop, field: str, value: str) -> None:
    desk = shop.desk(contact_reasons={"delivery": ["delivery.late"]})
    with pytest.raises(UsageError):
        acts.set_field(desk, [1], field, value)
    acts.set_field(desk, [1], "reason", "delivery.late")
    assert shop.conversation(1)["reason"] == "delivery.late"


def test_unknown_names_are_said(shop: Shop) -> None:
    with pytest.raises(NotFoundError, match="known: nok"):
        acts.assign(shop.desk(), [1], "nobody")
    with pytest.raises(UsageError, match="no status"):
        acts.set_status(shop.desk(), [1], "gone")


def test_a_note_never_gets_a_delivery_nor_an_outbox_row(shop: Shop) -> None:
    desk = shop.desk()
    waiting = shop.conversation(1)["waiting_since"]
    assert acts.add_note(desk, 1, "  only us \x1b[1m ") == "only us ␛[1m"
    note = messages.page(shop.store, 1)[-1]
    assert (note.visibility, note.delivery, note.outbox_uid) == ("internal", None, "")
    assert (shop.count("outbox"), shop.conversation(1)["waiting_since"]) == (0, waiting)
    assert shop.conversation(1)["preview"] == "hello"
    with pytest.raises(UsageError):
        acts.add_note(desk, 1, " \n ")
    with pytest.raises(NotFoundError):
        acts.add_note(desk, 99, "x")
    acts.add_customer_note(desk, 1, "likes blue")
    assert shop.store.read("select body, author from customer_note") == [("likes blue", "Nok")]


def test_customer_tags_show_on_all_their_conversations_and_come_off_again(shop: Shop) -> None:
    desk = shop.desk()
    rev = shop.store.last_rev()
    assert acts.change_customer_tags(desk, 1, add=["vip"])
    assert not acts.change_customer_tags(desk, 1, add=["vip"])
    assert shop.conversation(1)["rev"] > rev
    acts.undo_last(desk)
    assert shop.store.read_one("select tags from customer where id = 1") == ("[]",)


def test_the_audit_shows_a_changed_row_and_holds_no_customer_text(shop: Shop) -> None:
    desk = shop.desk()
    acts.set_status(desk, [1], "resolved")
    acts.add_note(desk, 1, "secret words")
    acts.change_tags(desk, [2], add=["a"])
    assert events.broken_link(shop.store) is None
    assert "secret" not in json.dumps(shop.store.read("select data, action, actor from audit"))
    with shop.store.transaction(NOW) as tx:
        tx.execute("update audit set actor = 'oat' where id = 2")
    assert events.broken_link(shop.store) == 2


def test_parts_of_one_act_are_taken_back_as_one(shop: Shop) -> None:
    desk = shop.desk()
    acts.change_tags(desk, [1], add=["before"])
    start = facts(shop)
    together = desk.joining(OneUndo())
    acts.set_status(together, [1, 2], "resolved")
    acts.set_field(together, [2], "team", "b2b")
    with pytest.raises(NotFoundError):
        acts.set_status(together, [3, 99], "resolved")
    acts.change_tags(together, [3], add=["a"])
    assert [part.label for part in undo.parts(shop.store, desk.actor.id)] == ["tag +a", "team b2b", "status resolved"]
    assert acts.undo_last(desk) == "tag +a"
    assert facts(shop) == start
    assert acts.undo_last(desk) == "tag +before"


def test_an_act_is_taken_back_part_by_part(shop: Shop) -> None:
    desk = shop.desk()
    start = facts(shop)
    together = desk.joining(OneUndo())
    for some in ([1, 2], [3, 4], [5]):
        acts.set_status(together, some, "spam")
    acts.set_status(shop.desk("oat"), [4], "open")
    steps = acts.undo_parts(desk)
    assert next(steps) == 1
    assert [shop.conversation(key)["status"] for key in range(1, 6)] == ["spam", "spam", "spam", "open", "open"]
    assert list(steps) == [2, 2]
    assert facts(shop)[:3] == start[:3]
    assert list(acts.undo_parts(desk)) == []
    with pytest.raises(RefusedError, match="nothing to undo"):
        acts.undo_last(desk)


def test_undo_in_parts_says_when_all_was_changed_meanwhile(shop: Shop) -> None:
    desk = shop.desk()
    acts.set_status(desk, [1], "spam")
    acts.set_status(shop.desk("oat"), [1], "open")
    with pytest.raises(RefusedError, match="changed again"):
        list(acts.undo_parts(desk))


def test_a_hundred_acts_can_be_taken_back_however_many_parts_they_had(shop: Shop) -> None:
    desk = shop.desk()
    for number in range(101):
        together = desk.joining(OneUndo())
        for key in (1, 2):
            acts.set_field(together, [key], "team", f"t{number}")
    assert (shop.count("undo"), shop.count("undo", "begins is null")) == (200, 100)
