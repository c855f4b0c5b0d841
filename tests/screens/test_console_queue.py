"""Working through the queue: acts, undo, tags, snooze, views, filter, search, the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from csconsole.clock import HOUR, MINUTE
from csconsole.commands.defaults import default_registry
from csconsole.domain.dates import local
from csconsole.screens.handlers import HANDLERS
from csconsole.services import acts
from csconsole.store import accounts, outbox, quarantine
from tests.screens.console import Console, column, console


def test_every_command_shown_runs_and_every_handler_has_a_command() -> None:
    assert {command.id for command in default_registry()} == set(HANDLERS)


async def test_after_a_resolve_the_next_row_is_under_the_cursor_and_undo_brings_it_back(english: Path) -> None:
    async with console(english) as one:
        first, second = one.row("ฟ้า"), one.row("ลุงประเสริฐ")
        await one.press("e")
        await one.sees("Resolved (u undoes)", "[i Mine 3]")
        assert one.row("ฟ้า").status == "resolved"
        assert one.main.queue.cursor_id == second.id
        assert one.lines()[3].startswith(">")
        assert "ลุงประเสริฐ" in one.lines()[3]
        await one.press("u")
        await one.sees("Undone: Resolved", "[i Mine 4]")
        assert one.row("ฟ้า").status == "open"
        assert one.main.queue.cursor_id == first.id
        await one.press("u")
        assert one.said == "Undo the last act: there is nothing to undo"


async def test_resolve_and_next_opens_the_next(english: Path) -> None:
    async with console(english) as one:
        await one.open("ฟ้า")
        await one.press("E")
        await one.sees("#20422")
        assert one.main.opened_id == one.row("ลุงประเสริฐ").id
        assert one.main.focused is one.main.transcript


async def test_a_resolve_asks_for_the_reason_that_is_missing(english: Path) -> None:
    async with console(english, (80, 24)) as one:
        row = one.row("ฟ้า")
        acts.set_field(one.session.desk, [row.id], "reason", "")
        await one.press("e")
        await one.sees("┌ Contact reason", "product.question")
        assert one.row("ฟ้า").status == "open"
        await one.type("late")
        await one.press("enter")
        await one.sees("Resolved (u undoes)")
        conversation = one.main.reader.queue.conversation(row.id)
        assert conversation is not None
        assert (conversation.reason, conversation.row.status) == ("delivery.late", "resolved")


async def test_resolving_a_marked_row_leaves_another_open_conversation_open(english: Path) -> None:
    async with console(english) as one:
        await one.open("ฟ้า")
        await one.press("shift+tab")
        await one.go_to("แอน")
        await one.press("e")
        await one.sees("Resolved")
        assert one.main.opened_id == one.row("ฟ้า").id
        assert one.row("แอน").status == "resolved"


async def test_reopening_stays_in_the_conversation(english: Path) -> None:
    async with console(english) as one:
        row = one.row("ฟ้า")
        await one.press("enter", "e", "g", "e")
        await one.sees("[e Resolved 2]")
        assert one.main.queue.move_to_id(row.id)
        await one.press("enter", "O")
        await one.sees("Reopened (u undoes)")
        assert one.main.opened_id == row.id
        assert one.row("ฟ้า").status == "open"


async def test_tags_are_toggled_made_and_set_by_digit(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.press("t", "5")
        await one.sees("Tag delivery set (u undoes)")
        assert "delivery" in one.row("แอน").tags
        await one.press("t", "5")
        await one.sees("Tag delivery removed (u undoes)")
        await one.press("t")
        await one.sees("┌ Case tags", "1 [ ] refund")
        assert "│ 4 [x] complaint" in one.text()
        await one.press("1")
        await one.sees("1 [x] refund")
        assert "Nok" in one.line_with("[x] refund") or "nok" in one.line_with("[x] refund"), "who set it"
        await one.type("เปลี่ยนเครื่อง")
        await one.sees("new: เปลี่ยนเครื่อง")
        await one.press("enter")
        await one.sees("[x] เปลี่ยนเครื่อง")
        await one.press("escape")
        await one.misses("┌ Case tags")
        assert {"refund", "เปลี่ยนเครื่อง"} <= set(one.row("แอน").tags)
        assert one.main.focused is one.main.transcript


async def test_a_name_that_cannot_be_a_tag_is_refused_in_the_picker(english: Path) -> None:
    async with console(english) as one:
        await one.press("t")
        await one.sees("┌ Case tags")
        await one.type('a"b')
        await one.press("enter")
        await one.sees("cannot be a tag")


async def test_a_selection_is_tagged_at_once_and_undone_at_once(english: Path) -> None:
    async with console(english, (80, 24)) as one:
        await one.press("x", "x")
        assert [line[3:4] for line in one.lines()[3:5]] == ["*", "*"]
        await one.press("t", "8")
        await one.sees("2 conversations changed (u undoes)")
        assert all("vip" in one.row(name).tags for name in ("ฟ้า", "ลุงประเสริฐ"))
        assert "*" not in one.lines()[3][:5]
        await one.press("u")
        assert not any("vip" in one.row(name).tags for name in ("ฟ้า", "ลุงประเสริฐ"))


async def test_customer_tags_show_on_the_customer(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.press("T")
        await one.sees("┌ Tags of แอน")
        await one.type("regular")
        await one.press("enter", "escape")
        await one.sees("regular")
        assert "regular" in one.row("แอน").customer_tags
        assert "regular" not in one.row("แอน").tags


@pytest.mark.parametrize(
    ("typed", "shown", "hour"),
    [("2h", "until 14:00", 14), ("/้", "until 14:00", 14), ("บ่ายสาม", "until 15:00", 15)],
)
async def test_a_snooze_takes_a_time_in_either_language_and_layout(
    english: Path, typed: str, shown: str, hour: int
) -> None:
    async with console(english, (80, 24)) as one:
        await one.press("z")
        await one.sees("in three hours")
        await one.type(typed)
        await one.sees(f"> {shown}")
        await one.press("enter")
        await one.sees("Snoozed until", "u undoes")
        row = one.row("ฟ้า")
        assert row.status == "snoozed"
        assert row.snoozed_until is not None
        assert local(row.snoozed_until, "Asia/Bangkok").hour == hour


async def test_what_is_no_time_is_not_taken(english: Path) -> None:
    async with console(english, (80, 24)) as one:
        await one.press("z")
        await one.sees("in three hours")
        await one.type("qqq")
        await one.sees("Nothing matches.")
        await one.press("enter", "escape")
        assert one.row("ฟ้า").status == "open"


async def test_snooze_in_thai_words(thai: Path) -> None:
    async with console(thai) as one:
        await one.press("z", "z")
        await one.sees("พักไว้ถึง พรุ่งนี้ 09:00 (u ย้อนกลับ)")
        await one.press("u")
        await one.sees("ย้อนกลับแล้ว: พักไว้")


async def test_views_switch_by_key_and_by_bracket(english: Path) -> None:
    async with console(english, (80, 24)) as one:
        await one.press("g", "a")
        await one.sees("[a All open 21]")
        assert len([line for line in one.lines()[3:22] if line.strip()]) == 19
        await one.press("]")
        await one.sees("[w Pending 2]")
        await one.press("g", "v")
        await one.sees("[v VIP 1]")
        await one.type("เ")
        await one.type("ำ")
        await one.sees("[e Resolved 1]")
        await one.press("[", "[", "g", "i")
        await one.sees("[i Mine 4]")


async def test_a_half_typed_sequence_shows_where_it_leads_and_goes_again(english: Path) -> None:
    async with console(english) as one:
        await one.press("g")
        await one.sees("g-", "o Outbox")
        await one.press("escape")
        await one.misses("g-")
        await one.press("g", "b")
        assert "g-" not in one.text()
        assert one.lines()[-2].startswith(" Enter open")


async def test_the_queue_is_filtered_while_typed_also_on_the_wrong_layout(english: Path) -> None:
    async with console(english, (80, 24)) as one:
        await one.press("g", "a", "backslash")
        await one.type("แอน")
        await one.until(lambda: one.main.queue.count == 1, "one row")
        assert "แอน" in one.lines()[3]
        await one.press("escape")
        await one.until(lambda: one.main.queue.count == 21, "all rows")
        await one.press("backslash")
        await one.type("nobody")
        await one.sees("No conversation matches nobody.")
        await one.press("escape", "backslash")
        await one.type("cvo")  # แอน without switching the layout
        await one.sees("แอน: 1 (keyboard layout mended)")
        await one.press("enter")
        await one.sees("[a All open \\แอน")
        await one.press("escape")
        await one.misses("\\แอน")
        assert one.main.queue.count == 21


async def test_a_filter_that_is_no_query_says_so_and_stays(english: Path) -> None:
    async with console(english, (120, 40)) as one:
        await one.press("backslash")
        await one.type("status:nonsense")
        await one.press("enter")
        await one.sees("status has no nonsense")
        assert one.main.is_picking
        await one.press("escape")
        assert not one.main.is_picking
        assert one.main.queue.count == 4


async def test_a_search_finds_on_the_wrong_layout_lights_the_word_and_goes_to_the_message(english: Path) -> None:
    async with console(english, (80, 24)) as one:
        await one.press("slash")
        await one.type("8nog'bo")
        await one.press("enter")
        await one.sees("Read as คืนเงิน (keyboard layout)", "[4 messages with คืนเงิน]", "แอน #20410")
        await one.press("j", "j", "enter")
        await one.sees(">11:03")
        selected = one.main.transcript.selected
        assert selected is not None
        assert "คืนเงินเต็มจำนวน" in selected.body
        assert one.main.transcript.setting.hits == ("คืนเงิน",)
        await one.press("n")
        await one.sees(">11:53")
        await one.press("n")
        await one.sees("No further message here has it.")
        await one.press("escape", "escape")
        assert one.main.focused is one.main.side_list
        await one.press("escape")
        await one.sees("[i Mine 4]")


async def test_a_search_without_hits_says_so(english: Path) -> None:
    async with console(english, (80, 24)) as one:
        await one.press("slash")
        await one.type("zebra")
        await one.press("enter")
        await one.sees("No message contains zebra.")


async def test_the_command_line_acts_says_it_and_mends_the_layout(english: Path) -> None:
    async with console(english) as one:
        await one.press("colon")
        await one.type("tag +refund -safety")
        await one.press("enter")
        await one.sees("tag +refund -safety (u undoes)")
        assert "refund" in one.row("ฟ้า").tags
        assert "safety" not in one.row("ฟ้า").tags
        await one.press("colon")
        await one.type("ซฟหหรเื ทรืะ"[1:])  # assign mint on the Thai layout
        await one.press("enter")
        await one.sees("Read as assign mint")
        assert one.row("ฟ้า").assignee == "mint"
        await one.press("colon")
        await one.type("nonsense")
        await one.press("enter")
        await one.sees("There is no command nonsense; ? shows all.")
        assert one.main.is_picking, "the line stays to be mended"


async def test_every_single_key_works_on_the_thai_layout(thai: Path) -> None:
    async with console(thai) as one:
        await one.type("เ")  # g
        await one.type("ฟ")  # a
        await one.sees("[a เปิดอยู่ทั้งหมด 21]")
        await one.type("เร")  # gi
        await one.sees("[i ของฉัน 4]")
        await one.type("่")  # j
        assert one.main.queue.cursor == 1
        await one.type("า")  # k
        await one.type("ะภ")  # t4
        await one.sees("ใส่แท็ก complaint แล้ว")
        await one.type("ี")  # u
        await one.sees("ย้อนกลับแล้ว")
        await one.type("พ")  # r
        await one.sees("╔ สาธารณะ → ไลน์ @หาดใหญ่: คุณฟ้า")
        await one.type("พิมพ์ไทย")
        assert one.main.composer.text == "พิมพ์ไทย"
        await one.press("escape")
        await one.type("ท")  # m
        await one.sees("┏ โน้ตในทีม")
        await one.press("escape")
        await one.type("ำ")  # e
        await one.sees("จบเคสแล้ว (u ย้อนกลับ)")


async def test_help_shows_keys_of_the_pane_and_runs_one(english: Path) -> None:
    async with console(english) as one:
        await one.press("question_mark")
        await one.sees("┌ Keys here", "Next row")
        await one.type("resolve and")
        await one.sees("Resolve and open the next")
        await one.press("escape", "question_mark")
        await one.type("unassigned")
        await one.press("enter")
        await one.sees("[u Unassigned 1]")


async def test_hints_and_messages_follow_the_focus(english: Path) -> None:
    async with console(english) as one:
        assert one.lines()[-2].startswith(" Enter open  r reply")
        await one.press("e")
        await one.sees("Resolved (u undoes)")
        await one.press("enter")
        await one.sees("#20422")
        assert one.lines()[-2].startswith(" r reply  m note")
        assert one.said == ""
        await one.press("r")
        assert "^P all commands" in one.lines()[-2]
        await one.type("x")
        await one.until(lambda: one.lines()[-2].startswith(" ^S send"), "the key that sends")
        await one.press("escape", "tab")
        assert one.main.focused is one.main.profile
        assert one.lines()[-2].startswith(" r reply")
        await one.press("tab")
        assert one.lines()[-2].startswith(" Enter open")
        for line in ("? all keys", "12:00"):
            assert line in one.lines()[-2]


async def test_ages_and_chats_move_with_the_minute_and_chats_keep_their_numbers(english: Path) -> None:
    async with console(english) as one:
        await one.sees("1 ผู้เยี่ยมชม 4821 16m   2 แอน 6m   3 ฟ้า 52m   4 ลุงประเสริฐ 25m")
        one.clock.advance(3 * MINUTE)
        one.main.minute_may_have_passed()
        await one.sees("1 ผู้เยี่ยมชม 4821 19m   2 แอน 9m   3 ฟ้า 55m   4 ลุงประเสริฐ 28m")
        assert "55m" in one.lines()[3]
        assert one.lines()[-2].endswith("12:03")
        await one.open("แอน")
        await one.sees("1 ผู้เยี่ยมชม 4821 19m  >2 แอน 9m   3 ฟ้า")
        await one.press("g", "3")
        await one.sees("#20432")
        assert one.main.opened_id == one.row("ฟ้า").id


async def test_an_account_in_trouble_says_why_and_when_it_is_tried_again(english: Path) -> None:
    async with console(english) as one:
        desk = one.session.desk
        account = accounts.account_by_name(desk.store, "line-siam")
        assert account is not None
        with desk.transaction() as tx:
            again = one.clock.now() + 5 * MINUTE
            accounts.pull_failed(tx, account.id, state="auth", error="The token was refused.", next_try_at=again)
        one.main.store_changed()
        await one.sees("! line-siam again 12:05: The token")
        assert column(one.lines()[1], "! line-siam") > 60
        assert "!LINE 12/13" in one.lines()[0]


def hold(one: Console, customer: str, state: str) -> str:
    """An answer that ended in a state, as the worker would leave it."""
    from csconsole.services import replies

    desk = one.session.desk
    sending = replies.send_reply(desk, one.row(customer).id, f"An answer that is {state}")
    row = outbox.by_uid(desk.store, sending.outbox_uid)
    assert row is not None
    with desk.transaction() as tx:
        outbox.finish(tx, row.id, state, reason="The line broke.")
    one.main.store_changed()
    return row.uid


def state_of(one: Console, uid: str) -> str:
    row = outbox.by_uid(one.session.desk.store, uid)
    assert row is not None
    return row.state


async def test_the_outbox_offers_what_can_be_done(english: Path) -> None:
    async with console(english) as one:
        failed, unsure = hold(one, "แอน", "failed"), hold(one, "ฟ้า", "uncertain")
        await one.sees("1 failed", "1 uncertain")
        await one.press("g", "f")
        await one.sees("[Failed]", "failed line-siam#20410", "The line broke. An answer")
        await one.press("enter")
        await one.sees("it arrived", "it did not arrive", "open the conversation")
        await one.press("2")
        await one.sees("Noted: it did not arrive")
        assert state_of(one, unsure) == "failed"
        await one.press("enter")
        await one.sees("send it again", "put it aside")
        await one.press("1")
        await one.until(lambda: state_of(one, unsure) == "queued", "the row to be queued")
        await one.until(lambda: one.main.side_list.count == 1, "the list without it")
        await one.press("enter", "2")
        await one.sees("Nothing in Failed.", "Put aside")
        assert state_of(one, failed) in ("failed", "cancelled")
        await one.press("g", "o")
        await one.sees("[Outbox]", "An answer that is uncertain")
        await one.press("enter")
        await one.sees("pull it back")
        await one.press("1")
        await one.until(lambda: state_of(one, unsure) == "cancelled", "the message to come back")


async def test_drafts_are_listed_and_opened(english: Path) -> None:
    async with console(english, (80, 24)) as one:
        await one.open("แอน")
        await one.press("r")
        await one.type("half a thought")
        await one.press("escape", "escape", "g", "d")
        await one.sees("[Drafts]", "half a thought")
        await one.press("enter", "r")
        assert one.main.composer.text == "half a thought"


async def test_what_could_not_be_read_is_listed_and_read_again_when_asked(english: Path) -> None:
    async with console(english, (80, 24)) as one:
        desk = one.session.desk
        account = accounts.account_by_name(desk.store, "mail-care") or accounts.all_accounts(desk.store)[0]
        with desk.transaction() as tx:
            quarantine.add(
                tx, desk.store.root, account.id, remote_id="m-1", kind="mail", raw=b"x", received_at=0, meta={},
                reason="It has no end.", history=False,
            )  # fmt: skip
        await one.press("g", "q")
        await one.sees("It has no end.")
        await one.press("enter")
        await one.sees("It is being read again.")


async def test_escape_never_leaves_the_program_and_q_does(english: Path) -> None:
    async with console(english) as one:
        await one.press("escape")
        assert one.said == "This is the top; q quits."
        assert one.app.is_running
        await one.press("q")
        assert one.app.return_value == 0
        assert one.app.farewell == ""


async def test_quitting_says_what_will_still_be_sent(english: Path) -> None:
    async with console(english) as one:
        hold(one, "แอน", "queued")
        await one.press("q")
        assert one.app.farewell == "1 messages will still be sent in the background."


async def test_a_new_customer_message_never_moves_the_row_under_the_cursor(english: Path) -> None:
    async with console(english) as one:
        await one.go_to("แอน")
        before = one.lines().index(one.line_with(">^  LN Siam"))
        one.clock.advance(HOUR)
        acts.assign(one.session.desk, [one.row("เจมส์").id], "me")
        one.main.store_changed()
        await one.sees("+1 new")
        assert one.lines().index(one.line_with(">^  LN Siam")) == before
        await one.press("ctrl+r")
        await one.sees("เจมส์")


async def test_a_selection_shows_how_many_and_what_can_be_done_to_all(english: Path) -> None:
    async with console(english) as one:
        await one.press("x", "x")
        await one.until(lambda: " 2 selected" in one.lines()[-2], "the number")
        hints = one.lines()[-2]
        assert "t tag" in hints
        assert "reply" not in hints and "open" not in hints
        await one.press("a")
        await one.sees("┌ Assign to · 2 selected")
        await one.press("escape", "escape")
        await one.until(lambda: "selected" not in one.lines()[-2], "no number")
        assert "Enter open" in one.lines()[-2]


async def test_what_was_marked_in_one_view_is_not_acted_on_in_another(english: Path) -> None:
    async with console(english) as one:
        await one.press("x", "x", "g", "u")
        await one.press("t", "5")
        await one.sees("Tag delivery set")
        assert one.main.reader.count("assignee:me tag:delivery") == 0


async def test_the_strip_marks_only_a_chat_that_is_open(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.until(lambda: ">2 แอน" in one.lines()[2], "the mark")
        await one.press("escape")
        await one.until(lambda: ">" not in one.lines()[2], "no mark")


async def test_a_remark_about_the_customer_and_all_their_conversations(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.press("g", "N")
        await one.type("prefers the evening")
        await one.press("enter")
        await one.sees("Note saved", "prefers the evening")
        await one.press("H")
        await one.sees("[แอน, all contacts]", "LINE Siam #20410")
        await one.press("enter")
        await one.until(lambda: one.main.opened is not None, "the conversation")


async def test_the_palette_shows_the_key_beside_the_reason(english: Path) -> None:
    async with console(english) as one:
        await one.press("question_mark")
        await one.type("reply.pull")
        await one.sees("nothing is held in this conv…  Backspace │")
