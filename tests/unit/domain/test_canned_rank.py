"""Finding the reply that is wanted, on the replies and conversations of the demo's shop."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from csconsole.domain.canned import CannedReply, Wording
from csconsole.domain.canned_file import dump_toml, load_toml
from csconsole.domain.canned_rank import Situation, by_shortcut, rank, search
from csconsole.domain.canned_render import context, render, variables

NOON = 1795755600000  # 2026-11-27T12:00+07:00
DEMO = files("csconsole.connectors.demo")
REPLIES = load_toml(DEMO.joinpath("team.toml").read_text("utf-8"), "team.toml", now_ms=NOON)
SHOP: dict[str, Any] = json.loads(DEMO.joinpath("shop.json").read_text("utf-8"))
KNOWN = Situation(channel="line", has={"order", "refund"}, now_ms=NOON)


def last_words(conversation: str) -> str:
    """What the customer of a demo conversation wrote since our last answer."""
    (case,) = (one for one in SHOP["conversations"] if one["id"] == conversation)
    words: list[str] = []
    for message in case["messages"]:
        if message["direction"] == "in":
            words.append(message.get("text") or "")
        elif message["visibility"] == "public":
            words.clear()
    return "\n".join(words)


def names(ranked: Any) -> list[str]:
    return [one.reply.name for one in ranked]


def test_the_whole_team_file_is_read_and_written_back() -> None:
    assert len(REPLIES) == 32
    assert load_toml(dump_toml(REPLIES), "again.toml") == REPLIES
    assert all(reply.extra == {} for reply in REPLIES)


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.name)
def test_every_reply_of_the_team_renders(reply: CannedReply, language: str) -> None:
    values = context(agent={"name": "nok", "polite": "ka"}, customer={}, conversation={"number": 1})
    bare = render(reply, language, values, {}, now_ms=NOON)
    wanted = [name for name in variables(reply) if name.partition(".")[0] not in ("agent", "customer", "canned")]
    assert {one.variable for one in bare.missing} <= set(wanted)
    assert len(bare.spans) >= len(bare.missing)
    assert "{{" not in bare.text
    assert "{%" not in bare.text
    full: dict[str, dict[str, object]] = {**values, "ask": {}}
    answers: dict[str, object] = {}
    for name in wanted:
        root, _, part = name.partition(".")
        value: object = 3 if part in ("total", "stock", "amount") else "2026-11-28T10:00+07:00"
        if root == "ask":
            answers[part] = value
        else:
            full.setdefault(root, {})[part] = value
    assert render(reply, language, full, answers, now_ms=NOON).missing == ()


def test_replies_are_ranked_by_the_customers_last_words() -> None:
    ranked = rank(REPLIES, last_words("cv-ann"), {}, "th", KNOWN)
    assert names(ranked)[:3] == ["return.pickup", "refund.timeline", "refund.approved"]
    assert [one.why for one in ranked[:3]] == ["รับที่บ้าน", "กี่วันได้เงิน", "คืนเงิน"]


@pytest.mark.parametrize(
    ("conversation", "wanted"),
    [
        ("cv-siri", "complaint.manager"),
        ("cv-hannah", "vat.refund"),
        ("cv-ton", "howto.filter"),
        ("cv-neung", "scam.warn"),
    ],
)
def test_what_is_wanted_is_among_the_first_three(conversation: str, wanted: str) -> None:
    assert wanted in names(rank(REPLIES, last_words(conversation), {}, "th", KNOWN))[:3]


def test_what_the_team_uses_decides_where_words_do_not() -> None:
    assert names(rank(REPLIES, "", {"tax.ask": 20, "greet": 3}, "th", KNOWN))[:2] == ["tax.ask", "greet"]


def test_a_reply_that_is_of_no_use_is_hidden() -> None:
    assert "ask.order" not in names(rank(REPLIES, "", {}, "th", KNOWN))
    assert "ask.order" in names(rank(REPLIES, "", {}, "th", Situation(channel="line")))


def test_a_reply_that_cannot_be_chosen_says_why() -> None:
    later = Situation(channel="line", has={"refund"}, now_ms=NOON + 3 * 86_400_000)
    by_name = {one.reply.name: one for one in rank(REPLIES, "คืนเงิน", {}, "th", later)}
    assert (by_name["refund.approved"].blocked, by_name["refund.approved"].detail) == ("needs", "order")
    assert by_name["promo.payday"].blocked == "expired"
    assert (by_name["sms.nocall"].blocked, by_name["sms.nocall"].detail) == ("channel", "line")
    assert by_name["greet"].blocked == ""
    ranked = rank(REPLIES, "โปรเงินเดือนออก", {}, "th", later)
    assert {one.blocked for one in ranked[-3:]} == {"expired", "channel"}
    assert rank(REPLIES, "โปรเงินเดือนออก", {}, "th", KNOWN)[0].reply.name == "promo.payday"


@pytest.mark.parametrize(
    ("typed", "first", "read_as"),
    [
        ("คืนเงิน", "refund.approved", None),
        ("/คืนเงิน", "refund.approved", None),
        ("8nog'bo", "refund.approved", "คืนเงิน"),
        ("hi", "greet", None),
        ("้ร", "greet", "hi"),
        ("พำดีืก", "refund.approved", "refund"),
        ("refund.tim", "refund.timeline", None),
        ("refnud", "refund.approved", None),
        ("พัสดุล่าช้า", "delivery.delay", None),
        ("วิธีเปลี่ยนไส้กลอง", "howto.filter", None),
        ("OTP", "scam.warn", None),
        ("โค้ด", "promo.code", None),
    ],
)
def test_search(typed: str, first: str, read_as: str | None) -> None:
    found = search(REPLIES, typed, "th", KNOWN)
    assert names(found.ranked)[0] == first
    assert found.read_as == read_as


@pytest.mark.parametrize("typed", ["zzzzq", "ฮฮฮฮ", "((("])
def test_nothing_is_found(typed: str) -> None:
    found = search(REPLIES, typed, "th", KNOWN)
    assert (names(found.ranked) == []) is (typed != "(((")
    assert found.read_as is None


def test_nothing_typed_lists_all_that_is_offered() -> None:
    assert len(search(REPLIES, "  ", "th", KNOWN).ranked) == len(REPLIES) - 1


def test_use_decides_between_equals() -> None:
    pair = [CannedReply(name=f"tax.{n}", body=Wording("x")) for n in "ab"]
    assert names(search(pair, "tax", usage={"tax.b": 5}).ranked) == ["tax.b", "tax.a"]


@pytest.mark.parametrize(
    ("word", "wanted"), [("/คืนเงิน", "refund.approved"), ("REFUND", "refund.approved"), ("hi", "greet")]
)
def test_a_shortcut_in_full(word: str, wanted: str) -> None:
    reply = by_shortcut(REPLIES, word)
    assert reply is not None
    assert reply.name == wanted


@pytest.mark.parametrize("word", ["refun", "", "/"])
def test_no_such_shortcut(word: str) -> None:
    assert by_shortcut(REPLIES, word) is None
