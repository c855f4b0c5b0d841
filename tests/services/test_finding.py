"""Desks, views, ids, opened conversations, read marks and canned replies at work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from csconsole.config.model import ViewConfig
from csconsole.domain.canned import CannedReply, Wording
from csconsole.errors import CsconsoleError, NotFoundError, RefusedError, UsageError
from csconsole.services import acts, canned, finding, views
from csconsole.services.views import QueueReader
from tests.store.support import Shop, answered, said


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "data")
    made.account("mail", channel="email")
    made.apply([said(f"hello {i}", thread=str(i), who=f"U{i}") for i in range(3)])
    made.apply([said("by mail", thread="m", who="M")], account="mail")
    yield made
    made.store.close()


def test_a_new_agent_gets_a_place_and_a_known_one_writes_nothing(shop: Shop) -> None:
    first = shop.desk("new")
    rev = shop.store.last_rev()
    again = shop.desk("new")
    assert (again.actor, shop.store.last_rev()) == (first.actor, rev)
    assert first.actor.display_name == "New"


# -- views -----------------------------------------------------------------------------------------------


def test_views_of_the_configuration_stand_beside_and_replace_built_in_ones(shop: Shop) -> None:
    own = [
        ViewConfig(name="VIP", query="tag:vip", key="v"),
        ViewConfig(name="open", query="status:open -tag:spam", key="i"),
        ViewConfig(name="Waiting", query="status:snoozed", key=""),
    ]
    desk = shop.desk(views=own)
    found = {view.id: view for view in views.all_views(desk)}
    assert list(found) == ["VIP", "open", "Waiting", "mine", "unassigned", "pending", "resolved"]
    assert (found["mine"].key, found["open"].key) == ("", "i")
    assert views.view_named(desk, "v").query == "tag:vip"
    assert views.view_named(desk, "open").query == "status:open -tag:spam"
    with pytest.raises(NotFoundError, match="known: VIP, open"):
        views.view_named(desk, "nope")


def test_counts_of_views_are_capped_and_follow_acts(shop: Shop) -> None:
    desk = shop.desk()
    reader = QueueReader(desk)
    assert (reader.count("status:open"), reader.count("status:open", cap=2)) == (4, 2)
    rev = shop.store.last_rev()
    acts.assign(desk, [2], "me")
    assert [row.id for row in reader.page("assignee:me status:open")] == [2]
    assert [row.id for row in reader.changed(rev)] == [2]
    with pytest.raises(UsageError):
        reader.page("nonsense:1")


# -- ids -------------------------------------------------------------------------------------------------


def test_ids_mean_one_conversation_or_say_why_not(shop: Shop) -> None:
    desk = shop.desk()
    uid = QueueReader(desk).row(3)
    assert uid is not None
    assert [finding.resolve_id(desk, t) for t in (uid.uid, "line#3", "3", "#3", " mail#1 ")] == [3, 3, 3, 3, 4]
    with pytest.raises(RefusedError, match="line#1, mail#1") as ambiguous:
        finding.resolve_id(desk, "1")
    assert ambiguous.value.exit_code == 6
    wrong = ["", "x", "99", "line#99", "line#x", "nope#1", uid.uid[:-1], "0" * 32, "1" * 40, "#", "##1", "-1", "١"]
    for text in wrong:
        with pytest.raises(NotFoundError) as missing:
            finding.resolve_id(desk, text)
        assert missing.value.exit_code == 5, text


# -- opening and reading ---------------------------------------------------------------------------------


def test_opening_writes_nothing_and_shows_everything(shop: Shop) -> None:
    desk = shop.desk()
    acts.change_tags(desk, [1], add=["b", "a"])
    acts.add_note(desk, 1, "staff")
    version, rev = shop.store.data_version(), shop.store.last_rev()
    opened = finding.open_conversation(desk, 1)
    assert [m.body for m in opened.messages] == ["hello 0", "staff"]
    assert [(t.name, t.by) for t in opened.tags] == [("a", "nok"), ("b", "nok")]
    assert opened.customer.name == "Customer U0"
    assert (shop.store.data_version(), shop.store.last_rev(), opened.read_seq) == (version, rev, 0)
    with pytest.raises(NotFoundError):
        finding.open_conversation(desk, 99)


def test_unread_is_each_agents_own_and_reading_again_writes_nothing(shop: Shop) -> None:
    nok, oat = shop.desk(), shop.desk("oat")

    def unread(desk: object) -> int:
        row = QueueReader(desk).row(1)  # type: ignore[arg-type]  # a desk
        assert row is not None
        return row.unread

    shop.apply([said("second", thread="0", who="U0")])
    assert (unread(nok), unread(oat)) == (2, 2)
    assert finding.mark_read(nok, 1)
    rev = shop.store.last_rev()
    assert not finding.mark_read(nok, 1)
    assert (unread(nok), unread(oat), shop.store.last_rev()) == (0, 2, rev)
    finding.mark_unread(nok, [1])
    assert unread(nok) == 1
    assert finding.mark_read(nok, 1)
    shop.apply([answered("from outside", thread="0", who="U0"), said("auto", thread="0", who="U0", automatic=True)])
    assert unread(nok) == 0
    shop.apply([said("third", thread="0", who="U0")])
    assert unread(nok) == 1
    assert QueueReader(nok).count("is:unread") == 4


def test_a_search_takes_words_filters_and_anything_else(shop: Shop) -> None:
    desk = shop.desk()

    def hits(text: str) -> int:
        return len(finding.search_messages(desk, text))

    assert hits("hello") == 3
    assert hits("hello account:mail") == 0
    assert hits("mail account:mail status:open") == 1
    assert hits('"by mail"') == 1
    assert hits('"mail by"') == 0
    assert hits("status:open") == 0
    assert hits('"open') == 0
    assert hits("") == 0
    with pytest.raises(UsageError, match="not kept yet"):
        hits("hello has:csat")


# -- canned replies --------------------------------------------------------------------------------------


def test_canned_replies_come_go_and_are_filled_in(shop: Shop) -> None:
    desk = shop.desk()
    made = CannedReply(name="hello", body=Wording(th="สวัสดีคุณ{{ customer.call_name }}", en="Hello"))
    assert canned.put(desk, made)
    assert not canned.put(desk, made)
    assert [reply.name for reply in canned.list_replies(desk)] == ["hello"]
    text = canned.export_toml(desk)
    canned.remove(desk, "hello")
    with pytest.raises(NotFoundError):
        canned.get(desk, "hello")
    assert canned.import_toml(desk, text, "x.toml") == (1, 0)
    assert canned.import_toml(desk, text, "x.toml") == (0, 1)
    assert canned.get(desk, "hello") == made
    rendered = canned.render_for(desk, 1, "hello", {}, language="en")
    assert "Hello" in rendered.text
    with pytest.raises(UsageError, match="does not ask for"):
        canned.render_for(desk, 1, "hello", {"colour": "red"})
    with pytest.raises(CsconsoleError):
        canned.import_toml(desk, "[[reply", "x.toml")
    canned.used(desk, ["hello", "hello", "gone"])
    assert canned.usage(desk) == {"hello": 2}
    thai = canned.render_for(desk, 1, "hello", {}, language="th")
    assert thai.text.startswith("สวัสดี")
    assert canned.check(desk, 1, "Dear {{ name }}")
    with pytest.raises(NotFoundError):
        canned.check(desk, 99, "x")


@pytest.mark.parametrize("typed", ["3", "#3", "line#3"])
def test_a_filter_finds_a_conversation_by_its_number(shop: Shop, typed: str) -> None:
    found = QueueReader(shop.desk()).page(typed)
    assert [row.number for row in found] == [3]
