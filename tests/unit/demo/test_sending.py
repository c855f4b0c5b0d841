"""Sending through the demo: classes of certainty, limits, faults, and what replies lead to."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from csconsole.clock import HOUR, MINUTE, SECOND, FixedClock
from csconsole.connectors.demo.channels import CHANNELS, sms_segments
from csconsole.connectors.demo.connector import DemoConnector
from csconsole.connectors.demo.settings import Faults
from csconsole.connectors.demo.shop import shop
from csconsole.connectors.demo.still import STILL_AT
from csconsole.domain.events import ConversationEvent, MessageEvent, ReceiptEvent
from csconsole.domain.sending import Bubble, SendClass, Settled
from csconsole.errors import (
    AuthError,
    ConnectorError,
    PayloadError,
    RateLimitedError,
    RejectedError,
    UnreachableError,
    UnsupportedError,
)
from tests.unit.demo.support import ACCOUNTS, Phases, connector, events, items, reply

CLASSES = {
    "line-siam": SendClass.KEY,
    "mail-care": SendClass.LOOKUP,
    "fb-page": SendClass.ECHO,
    "ig": SendClass.ECHO,
    "wa": SendClass.ECHO,
    "tiktok": SendClass.NONE,
    "x": SendClass.LOOKUP,
    "sms": SendClass.LOOKUP,
    "web-th": SendClass.KEY,
}


@pytest.mark.parametrize(("name", "send_class"), CLASSES.items())
async def test_a_lost_answer_is_settled_as_honestly_as_the_class_allows(
    tmp_path: Path, name: str, send_class: SendClass
) -> None:
    demo = connector(tmp_path, name, faults=Faults(lost_answer=(1,), broken=(2,)))
    assert demo.capabilities.send_class == {"reply": send_class}
    never = reply("ไม่เคยส่ง", key="never")
    assert (await demo.settle(never))[0] == {
        SendClass.KEY: Settled.ABSENT,
        SendClass.LOOKUP: Settled.ABSENT,
    }.get(send_class, Settled.UNKNOWN)
    with pytest.raises(UnreachableError) as caught:
        await demo.send(reply("หนึ่ง"), Phases())
    assert not caught.value.provably_not_accepted
    settled, receipt = await demo.settle(reply("หนึ่ง"))
    known = send_class in (SendClass.KEY, SendClass.LOOKUP, SendClass.ECHO)
    assert settled == (Settled.FOUND if known else Settled.UNKNOWN)
    assert (receipt is not None) == known
    with pytest.raises(UnreachableError):
        await demo.send(reply("สอง", key="two", attempt=2), Phases())
    assert [line.text for line in demo.ledger.accepted()] == ["หนึ่ง"], "a broken send is not accepted"


async def test_the_same_key_twice_is_accepted_once_and_answered_alike(tmp_path: Path) -> None:
    demo = connector(tmp_path)
    first = await demo.send(reply("สวัสดีค่ะ"), Phases())
    other = connector(tmp_path)
    again = await other.send(reply("สวัสดีค่ะ", attempt=2), Phases())
    assert (again.remote_id, again.at) == (first.remote_id, first.at)
    assert len(demo.ledger.accepted()) == 1


@pytest.mark.parametrize("name", ["fb-page", "sms", "tiktok", "x", "mail-care"])
async def test_without_keys_sending_twice_is_accepted_twice(tmp_path: Path, name: str) -> None:
    """The oracle must be able to show a double send."""
    demo = connector(tmp_path, name)
    await demo.send(reply("สวัสดีค่ะ"), Phases())
    await demo.send(reply("สวัสดีค่ะ", attempt=2), Phases())
    assert len(demo.ledger.accepted(name)) == 2


async def test_a_single_use_token_works_once(tmp_path: Path) -> None:
    demo = connector(tmp_path, send_class="single_use")
    await demo.send(reply("หนึ่ง"), Phases())
    with pytest.raises(RejectedError):
        await demo.send(reply("หนึ่ง", attempt=2), Phases())
    assert len(demo.ledger.accepted()) == 1
    assert await demo.settle(reply("หนึ่ง")) == (Settled.UNKNOWN, None)


@pytest.mark.parametrize("name", ["phone", "desk"])
async def test_talk_is_not_sent(tmp_path: Path, name: str) -> None:
    demo = connector(tmp_path, name)
    assert demo.capabilities.send_class == {}
    with pytest.raises(UnsupportedError):
        await demo.send(reply("สวัสดีค่ะ"), Phases())


async def test_phase_is_committed_before_acceptance_and_its_failure_stops_the_send(tmp_path: Path) -> None:
    demo = connector(tmp_path)
    phases = Phases()
    await demo.send(reply("ก"), phases)
    assert phases.names == ["data"]

    async def fails(name: str) -> None:
        raise RuntimeError(name)

    with pytest.raises(RuntimeError):
        await demo.send(reply("ข", key="other"), fails)
    assert [line.text for line in demo.ledger.accepted()] == ["ก"]


@pytest.mark.parametrize(
    ("fault", "error", "sure"),
    [
        ("unreachable", UnreachableError, True),
        ("rate_limit", RateLimitedError, True),
        ("refuse", RejectedError, True),
        ("broken", UnreachableError, False),
        ("lost_answer", UnreachableError, False),
    ],
)
async def test_faults_strike_their_attempts_only(
    tmp_path: Path, fault: str, error: type[ConnectorError], sure: bool
) -> None:
    demo = connector(tmp_path, faults=Faults(match="คืนเงิน", **{fault: (1,)}))
    with pytest.raises(error) as caught:
        await demo.send(reply("คืนเงินค่ะ"), Phases())
    assert caught.value.provably_not_accepted is sure
    assert len(demo.ledger.accepted()) == (1 if fault == "lost_answer" else 0)
    await demo.send(reply("คืนเงินค่ะ", attempt=2), Phases())
    await demo.send(reply("อื่น", key="other"), Phases())
    assert [line.text for line in demo.ledger.accepted()] == ["คืนเงินค่ะ", "อื่น"]


async def test_faults_of_the_login_and_the_line(tmp_path: Path) -> None:
    with pytest.raises(AuthError):
        await connector(tmp_path, faults=Faults(auth=True)).pull("")
    with pytest.raises(AuthError):
        await connector(tmp_path, faults=Faults(auth=True)).send(reply("ก"), Phases())
    assert not (await connector(tmp_path, faults=Faults(auth=True)).check()).ok
    with pytest.raises(UnreachableError):
        await connector(tmp_path, faults=Faults(down=True)).pull("")


async def test_faults_of_a_page(tmp_path: Path) -> None:
    plain = await connector(tmp_path).pull("")
    twice = await connector(tmp_path, faults=Faults(duplicate_every=2)).pull("")
    assert len(twice.items) == len(plain.items) + len(plain.items) // 2
    assert [item for item in plain.items if twice.items.count(item) == 2] == list(plain.items[1::2])
    backwards = await connector(tmp_path, faults=Faults(out_of_order=True)).pull("")
    assert backwards.items == plain.items[::-1] and backwards.next == plain.next
    demo = connector(tmp_path, faults=Faults(malformed_every=3))
    cut = (await demo.pull("")).items
    assert [item.remote_id for item in cut] == [item.remote_id for item in plain.items]
    for index, item in enumerate(cut, 1):
        if index % 3 == 0:
            with pytest.raises(PayloadError):
                demo.normalise(item, demo.account)
        else:
            assert demo.normalise(item, demo.account)


@pytest.mark.parametrize(
    ("name", "fits", "too_long"),
    [
        ("line-siam", "ก" * 5000, "ก" * 4999 + "😀"),
        ("ig", "ก" * 333, "ก" * 334),
        ("fb-page", "ก" * 2000, "ก" * 2001),
        ("wa", "a" * 4096, "a" * 4097),
        ("sms", "ก" * 670, "ก" * 671),
        ("mail-care", "ก" * 100_000, None),
    ],
)
async def test_limits_of_the_channels(tmp_path: Path, name: str, fits: str, too_long: str | None) -> None:
    demo = connector(tmp_path, name)
    await demo.send(reply(fits), Phases())
    for text in (too_long, " "):
        if text is not None:
            with pytest.raises(RejectedError):
                await demo.send(reply(text, key="b"), Phases())
    assert len(demo.ledger.accepted()) == 1


async def test_bubbles_are_one_push_on_line_and_one_text_elsewhere(tmp_path: Path) -> None:
    three = reply("หนึ่ง")
    three = type(three)(uid="u", attempt=1, key="k", thread="cv-ann", bubbles=tuple(Bubble(t, t) for t in "abc"))
    line, mail = connector(tmp_path), connector(tmp_path, "mail-care")
    await line.send(three, Phases())
    await mail.send(three, Phases())
    assert [entry.texts for entry in line.ledger.accepted()] == [("a", "b", "c"), ("a\n\nb\n\nc",)]
    six = type(three)(uid="u", attempt=1, key="k6", bubbles=tuple(Bubble(t, t) for t in "abcdef"))
    with pytest.raises(RejectedError):
        await line.send(six, Phases())


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ก" * 70, 1),
        ("ก" * 71, 2),
        ("", 1),
    ],
)
def test_sms_segments(text: str, segments: int) -> None:
    assert sms_segments(text) == segments


async def test_a_used_up_quota_refuses_and_says_so(tmp_path: Path) -> None:
    demo = connector(tmp_path, "line-rangsit")
    with pytest.raises(RejectedError, match="300"):
        await demo.send(reply("สวัสดีค่ะ"), Phases())
    assert (await demo.check()).facts["quota"] == "300/300"


async def test_an_echo_carries_our_mark_and_may_overtake_the_answer(tmp_path: Path) -> None:
    clock = FixedClock(STILL_AT)
    demo = connector(tmp_path, "fb-page", clock, faults=Faults(slow=0.2))
    _, cursor = await items(demo)
    sending = asyncio.create_task(demo.send(reply("ส่งใหม่ครับ", "cv-wee", key="mark"), Phases()))
    while not demo.ledger.accepted():
        await asyncio.sleep(0.01)
    found, _ = await events(demo, cursor)
    assert not sending.done(), "the answer came first; the test proves nothing"
    (echo,) = [event for event in found if isinstance(event, MessageEvent)]
    assert (echo.marker, echo.direction, echo.thread.remote_id) == ("mark", "out", "cv-wee")
    assert echo.customer is not None and echo.customer.kind == "psid", "an echo must not make a new customer"
    assert (await sending).remote_id == echo.remote_id


async def _after(demo: DemoConnector, clock: FixedClock, text: str, thread: str, ms: int) -> list[object]:
    _, cursor = await items(demo)
    number = len(demo.ledger.accepted())
    await demo.send(reply(text, thread, key=f"key-{number}"), Phases())
    clock.advance(ms)
    found, _ = await events(demo, cursor)
    return [e for e in found if not (isinstance(e, MessageEvent) and e.remote_id.startswith("live"))]


async def test_customers_react_as_the_shop_file_says(tmp_path: Path) -> None:
    clock = FixedClock(STILL_AT)
    demo = connector(tmp_path, clock=clock)
    assert await _after(demo, clock, "ไปรับที่บ้านได้ค่ะ", "cv-ann", 19 * SECOND) == []
    clock.at = STILL_AT
    story = next(story for story in shop()["conversations"] if story["id"] == "cv-ann")
    clock.advance(30 * SECOND)
    found, _ = await events(demo)
    said = [e.body_text for e in found if isinstance(e, MessageEvent) and ":after-" in e.remote_id]
    assert said == [answer["text"] for answer in story["reactions"][0]["then"]]
    second = await _after(demo, clock, "เข้าบัตรใน 7 วันทำการค่ะ", "cv-ann", MINUTE)
    assert "โอเคค่ะ รอได้" in [e.body_text for e in second if isinstance(e, MessageEvent)]


async def test_a_prepared_reaction_comes_once(tmp_path: Path) -> None:
    clock = FixedClock(STILL_AT)
    demo = connector(tmp_path, clock=clock)
    for number in range(4):
        await _after(demo, clock, "คืนเงินให้ค่ะ", "cv-ann", MINUTE)
        said = [e.body_text for e in (await events(demo))[0] if isinstance(e, MessageEvent)]
        assert said.count("ขอบคุณค่ะที่ไม่ต้องถามซ้ำ") == 1, number


@pytest.mark.parametrize(
    "story", [s for s in shop()["conversations"] if s.get("reactions")], ids=lambda story: story["id"]
)
async def test_every_reaction_can_be_brought_about(tmp_path: Path, story: dict) -> None:  # type: ignore[type-arg]
    for number, reaction in enumerate(story["reactions"]):
        directory = tmp_path / str(number)
        directory.mkdir()
        clock = FixedClock(STILL_AT)
        demo = connector(directory, story["account"], clock)
        words = [w for w in reaction["when"]["reply_contains_any"]]
        earlier = [w for r in story["reactions"][:number] for w in r["when"]["reply_contains_any"]]
        word = next(w for w in words if not any(e in w for e in earlier))
        found = await _after(demo, clock, word, story["id"], 10 * MINUTE)
        said = [e for e in found if isinstance(e, MessageEvent) and e.direction == "in"]
        assert [e.body_text for e in said] == [answer["text"] for answer in reaction["then"]]
        if reaction.get("public"):
            assert {e.surface for e in said} == {"public"}
        if "effect" in reaction:
            (state,) = [e for e in found if isinstance(e, ConversationEvent) and "effect" in e.event_id]
            assert state.attributes is not None and state.attributes["story"]
            for name, value in reaction["effect"].items():
                shown = state.attributes[name]
                assert value in (shown, *(shown.values() if isinstance(shown, dict) else ()))


async def test_receipts_come_where_the_channel_has_them_and_in_order(tmp_path: Path) -> None:
    for name in CLASSES:
        directory = tmp_path / name
        directory.mkdir()
        clock = FixedClock(STILL_AT)
        demo = connector(directory, name, clock)
        thread = next((s["id"] for s in shop()["conversations"] if s["account"] == name), "elsewhere")
        found = await _after(demo, clock, "ok", thread, MINUTE)
        receipts = [e for e in found if isinstance(e, ReceiptEvent)]
        assert bool(receipts) == demo.capabilities.receipts, name
        assert [e.at for e in receipts] == sorted(e.at for e in receipts)
        assert {e.message_id for e in receipts} <= {demo.ledger.accepted()[0].remote_id}


async def test_new_customers_sometimes_thank(tmp_path: Path) -> None:
    clock = FixedClock(STILL_AT)
    demo = connector(tmp_path, "web-th", clock)
    await items(demo)
    clock.advance(4 * HOUR)
    found, cursor = await events(demo)
    threads = {e.thread.remote_id for e in found if isinstance(e, MessageEvent)}
    mine = sorted(thread for thread in threads if thread.startswith("live-"))
    for number, thread in enumerate(mine):
        await demo.send(reply("ได้ค่ะ", thread, key=str(number)), Phases())
        await demo.send(reply("มีอะไรอีกไหมคะ", thread, key=f"again-{number}"), Phases())
    clock.advance(MINUTE)
    thanks = [
        e.thread.remote_id
        for e in (await events(demo, cursor))[0]
        if isinstance(e, MessageEvent) and ":after-" in e.remote_id
    ]
    assert 0 < len(thanks) < len(mine) and len(set(thanks)) == len(thanks)


async def test_watch_hints_when_something_becomes_due_and_only_once(tmp_path: Path) -> None:
    clock = FixedClock(STILL_AT)
    demo = connector(tmp_path, "fb-page", clock)
    demo.look_every = 0.001
    _, cursor = await items(demo)
    hints = demo.watch()
    waiting = asyncio.ensure_future(anext(hints))
    await asyncio.sleep(0.05)
    assert not waiting.done(), "nothing is due yet"
    await connector(tmp_path, "fb-page", clock).send(reply("ครับ", "cv-wee"), Phases())
    await asyncio.wait_for(waiting, 5)
    waiting = asyncio.ensure_future(anext(hints))
    await asyncio.sleep(0.05)
    assert not waiting.done(), "the same news is hinted at once"
    news, cursor = await items(demo, cursor)
    assert [item.kind for item in news] == ["message"], "the echo"
    await asyncio.sleep(0.05)
    assert not waiting.done()
    clock.advance(3 * SECOND)
    await asyncio.wait_for(waiting, 5)
    assert [item.kind for item in (await items(demo, cursor))[0]] == ["receipt"]
    waiting = asyncio.ensure_future(anext(hints))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


def test_capabilities_cannot_claim_to_see_what_the_vendor_hides() -> None:
    blind = {name for name, channel in CHANNELS.items() if not channel.capabilities.sees_outside_replies}
    assert blind == {"line", "sms", "tiktok"}
    assert {account["channel"] for account in shop()["accounts"]} <= set(CHANNELS)
    assert len(ACCOUNTS) == 24
