"""Answering: the hold, the outbox, canned replies, and what must not go out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.program import Program

ONE = "line-siam#20410"


def accepted(desk: Program) -> list[dict[str, Any]]:
    """What the demo's channels really took, from their ledger."""
    path = desk.data / "demo.ledger.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [line for line in lines if line.get("texts")]


def test_an_answer_is_held_and_can_be_taken_back(desk: Program) -> None:
    answer = desk.json("reply", ONE, "--text", "สวัสดีค่ะ")
    assert answer["state"] == "held"
    (row,) = desk.json("outbox")
    assert list(row) == ["id", "conversation_id", "state", "attempts", "not_before", "reason"]
    assert (row["id"], row["state"], row["attempts"]) == (answer["id"], "held", 0)
    desk.ok("outbox", "cancel", row["id"])
    assert desk.json("outbox")[0]["state"] == "cancelled"
    assert desk("outbox", "retry", row["id"]).code == 6
    desk.ok("sync", "--once", "--account", "line-siam")
    assert accepted(desk) == []


def test_now_skips_the_hold_and_not_the_outbox(desk: Program) -> None:
    answer = desk.json("reply", ONE, "--text", "สวัสดีค่ะ\nแอนคะ", "--now", "--resolve")
    assert answer["state"] == "queued" and accepted(desk) == []
    assert desk.show(ONE)["messages"][-1]["delivery"] == "queued"
    (result,) = desk.json("sync", "--once", "--account", "line-siam")
    assert (result["sent"], result["failed"], result["error"]) == (1, 0, None)
    (taken,) = accepted(desk)
    assert taken["texts"] == ["สวัสดีค่ะ\nแอนคะ"] and taken["account"] == "line-siam"
    assert desk.json("outbox")[0]["state"] == "sent"
    shown = desk.show(ONE)
    assert shown["status"] == "resolved" and "sent" in {m["delivery"] for m in shown["messages"]}
    assert desk.json("sync", "--once", "--account", "line-siam")[0]["sent"] == 0
    assert len(accepted(desk)) == 1


def test_the_text_may_come_from_a_file(desk: Program) -> None:
    path = desk.data.parent / "answer.txt"
    path.write_text("จากไฟล์ค่ะ\n")
    desk.ok("reply", ONE, "--file", str(path))
    assert desk.show(ONE)["messages"][-1]["body"] == "จากไฟล์ค่ะ"
    desk.ok("reply", "line-korat#20433", "--file", "-", input="จากท่อค่ะ\n")
    assert desk.show("line-korat#20433")["messages"][-1]["body"] == "จากท่อค่ะ"
    path.write_bytes(b"\xff\xfe\x00")
    assert desk("reply", ONE, "--file", str(path)).code == 2
    assert desk("reply", ONE, "--file", str(path) + ".none").code == 2


@pytest.mark.parametrize(
    "arguments", [(), ("--text", "  "), ("--text", "a", "--file", "b"), ("--text", "a", "--set", "b=c")]
)
def test_an_answer_given_wrongly_is_usage(desk: Program, arguments: tuple[str, ...]) -> None:
    assert desk("reply", ONE, *arguments).code == 2
    assert desk.json("outbox") == []


def test_a_stale_answer_is_refused_and_kept(desk: Program) -> None:
    seen = desk.show(ONE)["messages"][-1]["seq"]
    config = desk.data / "config.toml"
    mine = config.read_text()
    config.write_text(mine.replace('name = "nok"', 'name = "je"', 1))
    desk.ok("reply", ONE, "--text", "ตอบแล้วค่ะ", "--now")
    config.write_text(mine)
    done = desk("reply", ONE, "--text", "ตอบช้าไป", "--base-seq", str(seen))
    assert done.code == 6 and done.err.startswith("csconsole: ")
    assert len(desk.json("outbox")) == 1
    assert [row["number"] for row in desk.json("list", "has:draft")] == [20410]
    desk.ok("reply", ONE, "--text", "อ่านแล้วค่ะ", "--base-seq", str(seen + 1))


def test_an_account_that_cannot_be_answered_refuses(desk: Program) -> None:
    done = desk("reply", "phone#20421", "--text", "สวัสดีค่ะ")
    assert done.code == 6 and "note" in done.err


def test_a_canned_reply_asks_for_what_it_needs(desk: Program) -> None:
    asking = next(reply for reply in desk.json("canned") if reply["ask"] and not reply["channels"])
    done = desk("reply", ONE, "--canned", asking["name"], "--now")
    assert done.code == 6, done.out
    assert desk.json("outbox") == []
    assert desk("reply", ONE, "--canned", asking["name"], "--set", "no_such=1").code == 2
    assert desk("reply", ONE, "--canned", asking["name"], "--set", "nonsense").code == 2
    assert desk("reply", ONE, "--canned", "no.such").code == 5


def test_a_canned_reply_is_filled_in(desk: Program) -> None:
    desk.ok("canned", "add", "greet.test", "--text", "สวัสดี{{ customer.call }} วัน{{ ask.day }}ค่ะ", "--title", "ทดสอบ")
    text = desk.ok("canned", "export").out
    path = desk.data.parent / "canned.toml"
    path.write_text(text.replace('name = "greet.test"', 'name = "greet.test"\nask = [{ name = "day" }]'))
    assert "0 new" in desk.ok("canned", "import", str(path)).out
    desk.ok("reply", ONE, "--canned", "greet.test", "--set", "day=ศุกร์", "--now")
    assert desk.show(ONE)["messages"][-1]["body"] == "สวัสดีคุณแอน วันศุกร์ค่ะ"


def test_what_is_left_of_a_template_does_not_go_out(desk: Program) -> None:
    assert desk("reply", ONE, "--text", "สวัสดี [ชื่อ?] ค่ะ", "--now").code == 6
    assert desk("reply", ONE, "--text", "สวัสดี {{ customer.call }}", "--now").code == 6
    done = desk.ok("reply", ONE, "--text", "ขอบคุณนะค่ะ", "--now")
    assert "นะคะ" in done.err


@pytest.mark.parametrize("what", [("cancel",), ("retry",), ("settle", "sent")])
def test_an_outbox_id_nobody_knows_is_not_found(desk: Program, what: tuple[str, ...]) -> None:
    assert desk("outbox", what[0], "0" * 12, *what[1:]).code == 5


def test_only_an_uncertain_message_is_settled(desk: Program) -> None:
    uid = desk.json("reply", ONE, "--text", "สวัสดีค่ะ")["id"]
    assert desk("outbox", "settle", uid, "sent").code == 6
    assert desk("outbox", "settle", uid, "perhaps").code == 2


def test_a_held_answer_leaves_when_its_hold_is_over(desk: Program) -> None:
    config = desk.data / "config.toml"
    config.write_text(config.read_text() + '\n[ui]\nchat_hold = "0s"\n')
    desk.ok("reply", ONE, "--text", "สวัสดีค่ะ")
    assert desk.json("sync", "--once", "--account", "line-siam")[0]["sent"] == 1


# -- the collection --------------------------------------------------------------------------------------


def test_canned_replies_are_added_edited_and_removed(desk: Program) -> None:
    before = len(desk.json("canned", "list"))
    assert before >= 20
    desk.ok("canned", "add", "one.more", "--text", "ค่ะ", "--title", "อีกหนึ่ง", "--shortcut", "om")
    assert desk("canned", "add", "one.more", "--text", "ค่ะ").code == 6
    assert desk("canned", "add", "two.more", "--text", "{% if %}").code == 2
    editor = desk.data.parent / "editor"
    editor.write_text('#!/bin/sh\nsed -i "s/อีกหนึ่ง/เปลี่ยนแล้ว/" "$1"\n')
    editor.chmod(0o700)
    desk.ok("canned", "edit", "one.more", env={"EDITOR": str(editor)})
    (mine,) = (reply for reply in desk.json("canned") if reply["name"] == "one.more")
    assert mine["title"]["th"] == "เปลี่ยนแล้ว" and mine["shortcuts"] == ["om"]
    assert "เปลี่ยนแล้ว" in desk.ok("canned").out
    desk.ok("canned", "rm", "one.more")
    assert desk("canned", "rm", "one.more").code == 5
    assert len(desk.json("canned")) == before


def test_a_wrong_file_of_canned_replies_is_named_with_its_line(desk: Program) -> None:
    path = desk.data.parent / "wrong.toml"
    path.write_text('[[canned]]\nname = "a"\nbody = { th = "x" }\n\n[[canned]]\nname = "a"\nbody = { th = "y" }\n')
    done = desk("canned", "import", str(path))
    assert done.code == 2 and f"{path}:6" in done.err


def test_export_imports_to_the_same(desk: Program, mailbox_elsewhere: Program) -> None:
    text = desk.ok("canned", "export").out
    mailbox_elsewhere.ok("canned", "import", "-", input=text)
    assert mailbox_elsewhere.ok("canned", "export").out == text
