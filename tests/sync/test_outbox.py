"""Sending: what leaves, when, in which order, and what does not."""

from __future__ import annotations

import asyncio

import pytest

from csconsole.clock import SECOND
from csconsole.domain.sending import Bubble, OutboundItem, SendClass
from csconsole.errors import DiskFullError, UnreachableError
from csconsole.services import acts, replies
from csconsole.store import drafts, events, outbox
from csconsole.store.accounts import account_by_name
from csconsole.store.timers import set_timer
from csconsole.sync import outbox as sync_outbox
from tests.sync.rig import Rig, greeted, only, until
from tests.sync.simulator import item


async def test_a_due_reply_is_sent_once(rig: Rig) -> None:
    sim = await greeted(rig)
    uid = rig.reply("ส่งแล้วค่ะ")
    first, second = await rig.once(), await rig.once()
    assert (first.sent, first.failed, first.uncertain, second.sent) == (1, 0, 0, 0)
    assert sim.texts == ["ส่งแล้วค่ะ"]
    assert rig.state(uid) == "sent"
    assert rig.deliveries(uid) == ["sent"]
    assert rig.row(uid).attempts == 1


async def test_what_is_held_waits_for_its_time(rig: Rig) -> None:
    sim = await greeted(rig)
    uid = rig.reply("รอสักครู่", now=False)
    assert (await rig.once()).sent == 0
    assert rig.state(uid) == "held"
    rig.clock.advance(10 * SECOND)
    assert (await rig.once()).sent == 1
    assert sim.texts == ["รอสักครู่"]


async def test_what_was_pulled_back_never_leaves(rig: Rig) -> None:
    sim = await greeted(rig)
    rig.reply("ผิดค่ะ", now=False)
    replies.pull_back(rig.desk(), rig.conversation())
    rig.clock.advance(10 * SECOND)
    assert (await rig.once()).sent == 0
    assert sim.texts == []


async def test_bubbles_of_one_hold_leave_as_one_call(rig: Rig) -> None:
    sim = await greeted(rig)
    uid = rig.reply("หนึ่ง", now=False)
    assert rig.reply("สอง", now=False) == uid
    rig.clock.advance(10 * SECOND)
    await rig.once()
    assert sim.texts == ["หนึ่ง\n\nสอง"]
    assert rig.deliveries(uid) == ["sent", "sent"]


async def test_one_conversation_is_first_in_first_out(rig: Rig) -> None:
    sim = await greeted(rig)
    for n in range(5):
        rig.reply(f"{n}")
    sim.faults.extend(["ok", "unreachable"])
    await rig.once()
    assert sim.texts == ["0"]
    rig.clock.advance(30 * SECOND)
    await rig.once()
    assert sim.texts == ["0", "1", "2", "3", "4"]


async def test_conversations_overlap_and_a_slow_one_keeps_nobody(rig: Rig) -> None:
    sim = await greeted(rig)
    sim.items += [item(n, who=f"customer-{n}") for n in range(2, 10)]
    await rig.once()
    for n in range(2, 10):
        rig.reply(f"to {n}", conversation=rig.conversation(f"customer-{n}"))
    sim.gate = asyncio.Event()
    async with rig.engine() as engine:
        task = asyncio.create_task(only(engine).sender.send_due())
        await until(lambda: len(sim.texts) == 4, "four sends under way")
        sim.gate.set()
        await task
    assert sorted(sim.texts) == [f"to {n}" for n in range(2, 10)]
    assert sim.most_sending == 4


async def test_nothing_leaves_on_old_knowledge(rig: Rig) -> None:
    sim = await greeted(rig)
    uid = rig.reply("ส่งแล้วค่ะ")
    rig.clock.advance(31 * SECOND)
    sim.pull_faults.extend([UnreachableError("no connection")] * 2)
    summary = await rig.once()
    assert (summary.sent, summary.error) == (0, "no connection")
    assert rig.state(uid) == "queued"
    assert rig.row(uid).attempts == 0
    sim.pull_faults.clear()
    assert (await rig.once()).sent == 1


# -- the stale-reply stop --------------------------------------------------------------------------------


async def test_an_answer_given_elsewhere_stops_ours_and_keeps_the_text(rig: Rig) -> None:
    sim = await greeted(rig)
    uid = rig.reply("คำตอบของเรา")
    sim.items.append(item(2, "ตอบแล้วค่ะ", direction="out", author="พี่ฝน", at=rig.clock.now()))
    summary = await rig.once()
    assert (summary.sent, sim.texts) == (0, [])
    assert rig.state(uid) == "stopped"
    assert rig.row(uid).reason.startswith("พี่ฝน answered meanwhile")
    assert rig.row(uid).attempts == 0
    desk = rig.desk()
    draft = drafts.load(rig.store, desk.actor.id, rig.conversation(), "reply")
    assert draft is not None
    assert draft.body == "คำตอบของเรา"
    assert "reply.stopped" in [kind for _, kind, _, _ in events.of_conversation(rig.store, rig.conversation())]


async def test_a_customers_message_stops_nothing(rig: Rig) -> None:
    sim = await greeted(rig)
    rig.reply("คำตอบของเรา")
    sim.items.append(item(2, "เพิ่มเติมค่ะ"))
    assert (await rig.once()).sent == 1


async def test_own_earlier_replies_stop_nothing(rig: Rig) -> None:
    sim = await greeted(rig, echoes=True)
    rig.reply("หนึ่ง")
    rig.reply("สอง")
    assert (await rig.once()).sent == 2
    assert sim.texts == ["หนึ่ง", "สอง"]
    assert rig.messages() == ["สวัสดีค่ะ", "หนึ่ง", "สอง"]


async def test_a_colleague_at_the_same_desk_stops_the_second_answer(rig: Rig) -> None:
    sim = await greeted(rig)
    seen = 1
    first = rig.reply("ของเมย์", agent="may", base_seq=seen)
    desk = rig.desk("nok")  # this row is made by hand: the service would refuse it at once
    with desk.transaction() as tx:
        _, uid = outbox.add(
            tx,
            rig.row(first).account_id,
            rig.conversation(),
            "reply",
            OutboundItem(uid="", attempt=0, key="key-2", bubbles=(Bubble("b", "ของนก"),)),
            state="queued",
            agent_id=desk.actor.id,
            base_seq=seen,
            not_before=tx.now,
        )
    await rig.once()
    assert sim.texts == ["ของเมย์"]
    assert (rig.state(first), rig.state(uid)) == ("sent", "stopped")


async def test_a_conversation_taken_by_somebody_else_stops_the_answer(rig: Rig) -> None:
    sim = await greeted(rig)
    rig.desk("may")
    uid = rig.reply("คำตอบของเรา")
    acts.assign(rig.desk("may"), [rig.conversation()], "me")
    await rig.once()
    assert (rig.state(uid), sim.texts) == ("stopped", [])
    assert "may took this conversation" in rig.row(uid).reason


async def test_handing_over_after_answering_stops_nothing(rig: Rig) -> None:
    sim = await greeted(rig)
    rig.desk("may")
    rig.reply("คำตอบของเรา")
    acts.assign(rig.desk("nok"), [rig.conversation()], "may")
    await rig.once()
    assert sim.texts == ["คำตอบของเรา"]


# -- refusals and trouble ------------------------------------------------------------------------------------


async def test_a_refusal_fails_visibly_and_the_customer_waits_again(rig: Rig) -> None:
    sim = await greeted(rig)
    uid = rig.reply("ส่งแล้วค่ะ")
    sim.faults.append("refuse")
    summary = await rig.once()
    assert (summary.sent, summary.failed) == (0, 1)
    assert (rig.state(uid), rig.row(uid).reason) == ("failed", "the customer has blocked us")
    assert rig.deliveries(uid) == ["failed"]
    (waiting,) = rig.store.read_one("select waiting_since from conversation where id = ?", (rig.conversation(),)) or ()
    assert waiting is not None
    assert (await rig.once()).sent == 0


async def test_a_rate_limit_is_kept_by_the_whole_account(rig: Rig) -> None:
    sim = await greeted(rig)
    sim.items.append(item(2, who="wipa"))
    await rig.once()
    uid = rig.reply("หนึ่ง")
    sim.faults.append("limit")
    now = rig.clock.now()
    async with rig.engine() as engine:
        account = only(engine)
        await account.sender.send_due()
        other = rig.reply("สอง", conversation=rig.conversation("wipa"))
        await account.sender.send_due()
        assert (rig.state(uid), rig.state(other), sim.texts) == ("queued", "queued", [])
        assert rig.row(uid).not_before == now + 40 * SECOND
        rig.clock.advance(40 * SECOND)
        await account.sender.send_due()
    assert sorted(sim.texts) == ["สอง", "หนึ่ง"]


async def test_refused_credentials_keep_the_message_and_tell_the_account(rig: Rig) -> None:
    sim = await greeted(rig)
    uid = rig.reply("ส่งแล้วค่ะ")
    sim.faults.append("auth")
    summary = await rig.once()
    assert summary.error == "the login was refused"
    assert (rig.state(uid), rig.row(uid).reason) == ("queued", "the login was refused")
    account = account_by_name(rig.store, "shop")
    assert account is not None
    assert (account.state, account.error) == ("ok", "the login was refused")
    rig.clock.advance(600 * SECOND)
    async with rig.engine() as engine:
        (summary,) = await engine.round()
        assert (summary.sent, summary.error) == (1, "")
        await only(engine).puller.pull()
    assert sim.texts == ["ส่งแล้วค่ะ"]
    account = account_by_name(rig.store, "shop")
    assert account is not None
    assert account.error == ""


@pytest.mark.parametrize("send_class", list(SendClass))
async def test_no_connection_sends_later_and_once(rig: Rig, send_class: SendClass) -> None:
    sim = await greeted(rig, send_class=send_class)
    uid = rig.reply("ส่งแล้วค่ะ")
    sim.faults.append("unreachable")
    await rig.once()
    assert rig.state(uid) == "queued"
    rig.clock.advance(5 * SECOND)
    await rig.once()
    assert (rig.state(uid), sim.texts, rig.row(uid).attempts) == ("sent", ["ส่งแล้วค่ะ"], 2)


async def test_the_key_is_the_same_on_every_attempt(rig: Rig) -> None:
    sim = await greeted(rig, send_class=SendClass.KEY)
    uid = rig.reply("ส่งแล้วค่ะ")
    sim.faults.extend(["lost", "lost"])
    for _ in range(4):
        await rig.once()
        rig.clock.advance(20 * SECOND)
    assert (rig.state(uid), rig.row(uid).attempts, sim.texts) == ("sent", 3, ["ส่งแล้วค่ะ"])


async def test_an_echo_may_overtake_the_answer(rig: Rig) -> None:
    sim = await greeted(rig, echoes=True)
    uid = rig.reply("ส่งแล้วค่ะ")
    sim.gate = asyncio.Event()
    async with rig.engine() as engine:
        account = only(engine)
        await account.puller.pull()
        task = asyncio.create_task(account.sender.send_due())
        await until(lambda: bool(sim.accepted), "the acceptance")
        await account.puller.pull()
        assert rig.state(uid) == "sent"
        sim.gate.set()
        await task
    assert rig.state(uid) == "sent"
    assert rig.messages() == ["สวัสดีค่ะ", "ส่งแล้วค่ะ"]
    assert sim.texts == ["ส่งแล้วค่ะ"]


async def test_what_the_connector_proves_counts_though_it_fails_afterwards(rig: Rig) -> None:
    sim = await greeted(rig, send_class=SendClass.NONE)
    uid = rig.reply("ส่งแล้วค่ะ")
    sim.faults.append("proven")
    assert (await rig.once()).sent == 1
    assert rig.state(uid) == "sent"


async def test_an_end_the_disk_cannot_take_is_written_later_and_nothing_goes_twice(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    sim = await greeted(rig, send_class=SendClass.NONE)
    uid = rig.reply("ส่งแล้วค่ะ")

    def full(*args: object) -> str:
        raise DiskFullError("The disk is full.")

    async with rig.engine() as engine:
        sender = only(engine).sender
        with monkeypatch.context() as broken:
            broken.setattr(sync_outbox, "accepted", full)
            await sender.send_due()
            assert rig.state(uid) == "sending"
            with pytest.raises(DiskFullError):
                await sender.send_due()
        await sender.send_due()
    assert (rig.state(uid), sim.texts) == ("sent", ["ส่งแล้วค่ะ"])


async def test_a_phase_the_disk_cannot_take_keeps_the_message_here(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    sim = await greeted(rig, send_class=SendClass.NONE)
    uid = rig.reply("ส่งแล้วค่ะ")

    def full(*args: object) -> bool:
        raise DiskFullError("The disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr(outbox, "set_phase", full)
        await rig.once()
        assert (rig.state(uid), sim.texts) == ("queued", [])
    rig.clock.advance(20 * SECOND)
    assert (await rig.once()).sent == 1


# -- resolve after sending -----------------------------------------------------------------------------------


async def test_send_and_resolve(rig: Rig) -> None:
    await greeted(rig)
    with rig.desk().transaction() as tx:
        set_timer(tx, "snooze", rig.conversation(), tx.now + 1000)
    rig.reply("เรียบร้อยค่ะ", resolve=True)
    assert rig.status() == "open"
    await rig.once()
    assert rig.status() == "resolved"
    kinds = [(kind, data) for _, kind, _, data in events.of_conversation(rig.store, rig.conversation())]
    assert ("status.changed", {"from": "open", "to": "resolved"}) in kinds
    assert rig.store.read("select 1 from timer") == []


async def test_a_customer_who_wrote_meanwhile_keeps_it_open(rig: Rig) -> None:
    sim = await greeted(rig)
    rig.reply("เรียบร้อยค่ะ", resolve=True)
    sim.items.append(item(2, "เดี๋ยวก่อนค่ะ"))
    assert (await rig.once()).sent == 1
    assert rig.status() == "open"
    assert "resolve.skipped" in [kind for _, kind, _, _ in events.of_conversation(rig.store, rig.conversation())]


async def test_what_failed_resolves_nothing(rig: Rig) -> None:
    sim = await greeted(rig)
    rig.reply("เรียบร้อยค่ะ", resolve=True)
    sim.faults.append("refuse")
    await rig.once()
    assert rig.status() == "open"


@pytest.mark.parametrize("overtaken", [False, True])
async def test_an_echo_that_settles_a_send_resolves_too(rig: Rig, overtaken: bool) -> None:
    sim = await greeted(rig, send_class=SendClass.ECHO, echoes=True)
    rig.reply("เรียบร้อยค่ะ", resolve=True)
    if not overtaken:
        sim.faults.append("lost")
    summary = await rig.once()
    assert (summary.sent, rig.status()) == (1, "resolved")
