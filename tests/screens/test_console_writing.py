"""Writing: answers, notes, canned replies with prompts, the hold, the checks and the stops."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual import events

from csconsole.clock import MINUTE, SECOND
from csconsole.services import acts, replies
from csconsole.services.desk import Actor, Desk
from csconsole.store import accounts, drafts, outbox
from tests.screens.console import Console, column, console


def held(one: Console, customer: str) -> list[str]:
    """The texts held in a customer's conversation."""
    row = outbox.held(one.session.desk.store, one.row(customer).id, one.session.desk.actor.id)
    return [bubble.text for bubble in row.item.bubbles] if row is not None else []


def colleague(one: Console, name: str) -> Desk:
    """Another agent at the same shop."""
    desk = one.session.desk
    found = accounts.agent_id(desk.store, name)
    assert found is not None
    return Desk(desk.store, desk.config, desk.clock, Actor(found, name, accounts.agents(desk.store)[found][1]))


async def settled(one: Console) -> None:
    """Waits until the pause after typing is over: the text is checked and the draft written."""
    composing = one.main.composing
    timer = composing._save_timer
    await one.until(lambda: timer is None or timer._task is None or timer._task.done(), "the pause after typing")


async def test_public_and_note_are_told_apart_by_frame_and_words(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.press("r")
        await one.sees("╔ PUBLIC → LINE @Siam: แอน", "ready ╗", "0/5000", "hold 3 s")
        assert column(one.line_with("╔ PUBLIC"), "╔") == 39
        await one.press("ctrl+n")
        await one.sees("┏ NOTE (staff only) #20410", "cannot go out ┓")
        await one.type("for us")
        await one.press("ctrl+s")
        await one.sees("Note saved", "┃NOTE·นก  for us")
        assert held(one, "แอน") == []
        assert not one.main.is_writing


async def test_enter_is_a_new_line_and_ctrl_j_too(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.press("r")
        await one.type("one")
        await one.press("enter")
        await one.type("two")
        await one.press("ctrl+j")
        await one.type("three")
        assert one.main.composer.text == "one\ntwo\nthree"
        await one.press("ctrl+s")
        assert held(one, "แอน") == ["one\ntwo\nthree"]


async def test_enter_sends_in_chats_where_it_is_wanted(english: Path) -> None:
    path = english / "config.toml"
    path.write_text(path.read_text("utf-8") + "\n[ui]\nchat_enter_sends = true\n", "utf-8")
    async with console(english) as one:
        await one.open("แอน")
        await one.press("r")
        await one.type("one")
        await one.press("ctrl+j")
        await one.type("two")
        await one.press("enter")
        await one.sees("┌ HELD 3 s → LINE @Siam: แอน")
        assert held(one, "แอน") == ["one\ntwo"]
        await one.press("escape", "escape", "g", "a")
        await one.open("สุเมธ")
        await one.press("r")
        await one.type("mail")
        await one.press("enter")
        assert one.main.composer.text == "mail\n"
        assert held(one, "สุเมธ") == []


async def test_bubbles_join_in_the_hold_and_are_pulled_back_together(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.press("r")
        await one.type("First")
        await one.press("ctrl+s")
        await one.sees("1 bubble ┐", "1 First", "Held → แอน: goes out in 3 s", "Backspace pull back", "Enter send now")
        assert "|| held" in one.text()
        one.clock.advance(SECOND)
        await one.type("Second")
        await one.sees("^S send")
        await one.press("ctrl+s")
        await one.sees("2 bubbles, one send ┐", "2 Second", "goes out in 3 s")
        assert held(one, "แอน") == ["First", "Second"]
        await one.press("backspace")
        await one.sees("Pulled back. The text is in the draft.")
        assert one.main.composer.text == "First\n\nSecond"
        assert held(one, "แอน") == []
        assert "held" not in one.line_with("11:54")


async def test_backspace_outside_the_box_pulls_back_too(english: Path) -> None:
    async with console(english, (80, 24)) as one:
        await one.open("แอน")
        await one.press("r")
        await one.type("wrong chat")
        await one.press("ctrl+s", "escape")
        await one.until(lambda: one.lines()[-2].startswith(" Backspace pull back"), "the key that pulls back")
        await one.press("backspace")
        assert one.main.composer.text == "wrong chat"
        assert held(one, "แอน") == []


async def test_enter_in_the_empty_box_sends_the_held_message_now(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.press("r")
        await one.type("now")
        await one.press("ctrl+s")
        await one.sees("HELD")
        await one.press("enter")
        await one.misses("HELD")
        desk = one.session.desk
        row = outbox.listing(desk.store)[0]
        assert row.not_before is not None
        assert row.not_before <= desk.clock.now()


async def test_escape_keeps_the_draft_and_says_so(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.press("r")
        await one.type("half")
        await one.press("escape")
        await one.sees("Your text is kept as a draft.")
        desk, key = one.session.desk, one.row("แอน").id
        draft = drafts.load(desk.store, desk.actor.id, key, "reply")
        assert draft is not None
        assert draft.body == "half"
        await one.press("m")
        assert one.main.composer.text == "", "a note has a draft of its own"
        await one.press("escape", "escape")
        await one.until(lambda: "\n       .. แล้ว" in one.text() or ".. แล้ว" in one.text(), "the sign of the draft")
        await one.open("ฟ้า")
        await one.press("r")
        assert one.main.composer.text == "", "another conversation has a draft of its own"


async def test_opening_another_conversation_while_writing_loses_nothing(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.press("r")
        await one.type("for แอน")
        one.main.cases.open(one.row("ฟ้า").id)
        await one.sees("#20432")
        assert not one.main.is_writing
        await one.press("g", "2", "r")
        assert one.main.composer.text == "for แอน"


async def test_a_canned_reply_is_previewed_filled_and_inserted(english: Path) -> None:
    async with console(english) as one:
        await one.open("ฟ้า")
        await one.press("semicolon")
        await one.sees("┌ Canned replies", "by the customer's last words", "├ Preview with values")
        await one.type("refund.approved")
        await one.sees("518")
        await one.press("enter")
        await one.misses("┌ Canned")
        assert "KJ69110219" in one.main.composer.text
        assert "{{" not in one.main.composer.text


async def test_canned_replies_are_ranked_by_the_last_words_and_found_on_the_wrong_layout(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.press("semicolon")
        await one.sees("1   ")
        rows = [line for line in one.lines() if line.startswith(("│>1", "│ 2"))]
        assert any("refund.timeline" in row for row in rows), one.text()
        assert any("return.pickup" in row for row in rows), one.text()
        await one.type("duj;yowfh")  # กี่วันได้ without switching the layout
        await one.until(lambda: "refund.timeline" in one.line_with("│> "), "the reply meant")


async def test_prompts_of_several_canned_replies_come_one_after_the_other(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.press("semicolon")
        await one.sees("┌ Canned")
        await one.type("still")
        await one.press("tab", *["backspace"] * 5)
        await one.type("return.pickup")
        await one.press("tab")
        await one.sees("2 chosen")
        await one.press("enter")
        for number, answer in enumerate(("with the team", "17:00", "tomorrow", "1")):
            await one.until(lambda: one.main.is_picking, f"prompt {number}")
            assert one.lines()[-1].startswith("Fill in: "), one.text()
            await one.type(answer)
            await one.press("enter")
        await one.until(lambda: not one.main.is_picking, "the end of the prompts")
        text = one.main.composer.text
        assert "with the team" in text
        assert "17.00" in text or "17:00" in text
        assert "28" in text
        assert "[" not in text
        assert not one.main.composer.is_blocked


async def test_what_is_not_filled_in_stops_the_send(english: Path) -> None:
    async with console(english, (80, 24)) as one:
        await one.open("แอน")
        await one.press("semicolon")
        await one.sees("┌ Canned")
        await one.type("still")
        await one.press("enter", "enter", "enter")
        await one.sees("not yet ╗", "x Still to fill in")
        assert "]ค่ะ" in one.text().replace("\n", ""), "a text that came from a picker is wrapped, not cut"
        await one.press("ctrl+s")
        await one.sees("something must be mended first")
        assert held(one, "แอน") == []


async def test_a_shortcut_in_the_box_becomes_its_reply(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.press("r")
        await one.type("สวัสดีค่ะ /รับเรื่อง")
        await one.sees("/รับเรื่อง →")
        await one.press("tab")
        await one.sees("Fill in: checked with")
        for _ in range(3):
            if one.main.is_picking:
                await one.press("escape")
        await one.until(lambda: "/รับเรื่อง" not in one.main.composer.text, "the reply")
        assert one.main.composer.text.startswith("สวัสดีค่ะ ")
        assert len(one.main.composer.text) > 30


async def test_a_text_over_the_limit_is_blocked_and_a_slip_is_mended(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.press("r")
        await one.type("ได้นะค่ะ")
        await one.sees("~ 'นะค่ะ' should be 'นะคะ'")
        await one.press("ctrl+g")
        assert one.main.composer.text == "ได้นะคะ"
        one.main.composer.insert("x" * 5_000)
        await one.sees("x Too long for LINE", "5007/5000", "not yet ╗")
        await one.press("ctrl+s")
        assert held(one, "แอน") == []


async def test_an_answer_of_a_colleague_stops_mine_once(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.press("r")
        await one.type("my answer")
        replies.send_reply(colleague(one, "phrae"), one.row("แอน").id, "hers came first", now=True)
        one.main.store_changed()
        await one.sees("hers came first")
        await one.press("ctrl+s")
        await one.until(lambda: one.said.startswith("x "), "the stop")
        assert held(one, "แอน") == []
        assert one.main.composer.text == "my answer"
        await one.press("ctrl+s")
        assert held(one, "แอน") == ["my answer"]


async def test_a_message_of_the_customer_while_writing_is_one_quiet_line(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.press("r")
        await one.type("typing")
        one.main.composing.customer_wrote(2)
        await one.sees("2 new from the customer while you write")
        assert one.main.focused is one.main.composer.editor
        await one.press("ctrl+s")
        assert held(one, "แอน") == ["typing"]


async def test_the_layout_of_the_word_before_the_caret_is_mended(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.press("r")
        await one.type("l;ylfu8jt")
        await one.press("ctrl+l")
        assert one.main.composer.text == "สวัสดีค่ะ"
        await one.sees("Layout mended: สวัสดีค่ะ")
        await one.type(" n")
        assert one.said == "", "what was said about the text before is gone"


async def test_a_full_disk_is_said_and_nothing_shows_as_done(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.press("m")
        one.main.composer.insert("long " * 40_000)
        with one.session.desk.transaction() as tx:
            tx.execute("pragma max_page_count = 1")
        await one.press("ctrl+s")
        await one.sees("The disk is full")
        assert one.main.is_writing
        assert len(one.main.composer.text) == 200_000
        assert "NOTE·นก  long" not in one.text()


@pytest.mark.parametrize("now", [0, 30 * MINUTE])
async def test_snoozing_from_a_conversation_with_a_draft_keeps_it(english: Path, now: int) -> None:
    async with console(english) as one:
        one.clock.advance(now)
        await one.open("แอน")
        await one.press("r")
        await one.type("later")
        await one.press("escape", "z", "z")
        await one.sees("Snoozed until Tomorrow 09:00")
        draft = drafts.load(one.session.desk.store, one.session.desk.actor.id, one.row("แอน").id, "reply")
        assert draft is not None
        assert draft.body == "later"
        acts.undo_last(one.session.desk)


async def test_a_question_says_how_the_answer_is_read(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.press("semicolon")
        await one.sees("┌ Canned")
        await one.type("return.pickup")
        await one.press("enter")
        await one.sees("Fill in: pick-up day")
        await one.type("saturday")
        await one.until(lambda: one.said.endswith("→ Sat 28 Nov 2026"), "the day")
        await one.press("enter")
        await one.type("3")
        await one.until(lambda: one.said.endswith("→ หลัง 18.00 น."), "the option")
        await one.press("enter")
        await one.until(lambda: "เสาร์ 28 พ.ย. 2569 หลัง 18.00 น." in one.main.composer.text, "the reply")


async def test_a_message_is_answered_with_its_words_quoted(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.press("comma", "comma", "greater_than_sign")
        await one.sees("║> ขอคืนเงินดีกว่าค่ะ")


async def test_keys_behind_an_enter_go_to_what_it_opens_however_busy_the_screen_is(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.press("semicolon")
        await one.sees("┌ Canned")
        await one.type("return.pickup")
        one.main.call_later(asyncio.sleep, 0.1)
        for key in ("enter", "2", "8", "slash", "1", "1", "enter"):
            event = events.Key(key, "/" if key == "slash" else key if len(key) == 1 else None)
            event.set_sender(one.app)
            one.app.post_message(event)
        await one.sees("Fill in: slot")
        await one.press("3", "enter")
        await one.until(lambda: "เสาร์ 28 พ.ย. 2569 หลัง 18.00 น." in one.main.composer.text, "the reply")
