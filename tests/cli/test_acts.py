"""Acts on one conversation: tags, assignee, status, notes."""

from __future__ import annotations

import pytest

from tests.cli.program import Program

ONE = "line-siam#20410"


def test_tags_are_added_and_removed(desk: Program) -> None:
    before = set(desk.show(ONE)["tags"])
    gone = sorted(before)[0]
    answer = desk.json("tag", ONE, "+ลูกค้า VIP", f"-{gone}", "+spam")
    assert set(answer["tags"]) == before - {gone} | {"ลูกค้า VIP", "spam"}
    assert set(desk.show(ONE)["tags"]) == set(answer["tags"])
    assert set(desk.json("tag", ONE, "-spam")["tags"]) == set(answer["tags"]) - {"spam"}
    assert desk.json("tag", ONE, "-spam")["changed"] is False


@pytest.mark.parametrize("word", ["vip", "+", "-", "+a,b", "++a"])
def test_a_word_that_is_no_tag_is_usage(desk: Program, word: str) -> None:
    done = desk("tag", ONE, word)
    assert done.code == 2, done.err


def test_options_are_still_options_beside_tags(desk: Program) -> None:
    assert "vip" in desk.json("tag", ONE, "+vip", "--data-dir", str(desk.data))["tags"]


def test_assigning(desk: Program) -> None:
    for to, wanted in (("je", "je"), ("none", None), ("me", "nok")):
        assert desk.json("assign", ONE, to)["assignee"] == wanted
        assert desk.show(ONE)["assignee"] == wanted
    done = desk("assign", ONE, "nobody-at-all")
    assert done.code == 5 and "nok" in done.err


def test_an_agent_the_shop_does_not_know_works_anyway(desk: Program) -> None:
    config = desk.data / "config.toml"
    config.write_text(config.read_text().replace('name = "nok"', 'name = "newcomer"', 1))
    assert desk.json("assign", ONE, "me")["assignee"] == "newcomer"


def test_status_changes_and_comes_back(desk: Program) -> None:
    for wanted in ("pending", "on_hold", "resolved", "closed", "spam", "open"):
        assert desk.json("status", ONE, wanted)["status"] == wanted
        assert desk.show(ONE)["status"] == wanted
    assert desk.json("status", ONE, "open")["changed"] is False


@pytest.mark.parametrize("when", ["2h", "พรุ่งนี้ 9.00", "tomorrow 9am"])
def test_snoozing_until_a_time(desk: Program, when: str) -> None:
    answer = desk.json("status", ONE, "snoozed", "--until", when)
    assert answer["status"] == "snoozed" and answer["snoozed_until"] > "2026-11-27T05:00"
    assert [row["number"] for row in desk.json("list", "status:snoozed number:20410")] == [20410]


@pytest.mark.parametrize(
    "arguments",
    [
        ("snoozed",),
        ("snoozed", "--until", "yesterday"),
        ("snoozed", "--until", "whenever"),
        ("open", "--until", "2h"),
        ("asleep",),
    ],
)
def test_a_status_that_makes_no_sense_is_usage(desk: Program, arguments: tuple[str, ...]) -> None:
    before = desk.show(ONE)["status"]
    assert desk("status", ONE, *arguments).code == 2
    assert desk.show(ONE)["status"] == before


def test_a_note_stays_with_the_staff(desk: Program) -> None:
    desk.ok("note", ONE, "--text", "โทรกลับพรุ่งนี้")
    last = desk.show(ONE)["messages"][-1]
    assert (last["body"], last["visibility"], last["delivery"]) == ("โทรกลับพรุ่งนี้", "internal", None)
    assert desk.json("outbox") == []
    assert desk("note", ONE, "--text", "  ").code == 2
    desk.ok("note", ONE, "--text", "-", input="จากไฟล์\n")
    assert desk.show(ONE)["messages"][-1]["body"] == "จากไฟล์"


def test_a_number_of_several_conversations_is_refused_with_their_names(mailbox: Program) -> None:
    config = mailbox.data / "config.toml"
    config.write_text(
        config.read_text()
        + config.read_text().split("[[accounts]]")[1].join(["\n[[accounts]]", ""]).replace('"mail"', '"post"')
    )
    from tests.cli.program import eml

    for number, account in ((1, "mail"), (2, "post")):
        path = mailbox.data.parent / f"{account}.eml"
        path.write_bytes(eml(number, "Hello", "Hello"))
        mailbox.ok("import", str(path), "--account", account)
    done = mailbox("show", "1")
    assert done.code == 6 and "mail#1" in done.err and "post#1" in done.err
    assert mailbox.show("post#1")["account"] == "post"
