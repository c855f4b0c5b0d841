"""Settling: no answer is ever sent twice, and what cannot be known is said."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from csconsole.clock import MINUTE, SECOND
from csconsole.domain.sending import SendClass, Settled
from csconsole.store import outbox
from csconsole.sync.settle import LOOKS
from tests.sync.rig import Rig, greeted, only, until


@pytest.mark.parametrize(
    ("send_class", "echoes", "end"),
    [
        (SendClass.KEY, False, "sent"),
        (SendClass.LOOKUP, False, "sent"),
        (SendClass.ECHO, True, "sent"),
        (SendClass.SINGLE_USE, False, "uncertain"),
        (SendClass.ECHO, False, "uncertain"),
        (SendClass.NONE, False, "uncertain"),
    ],
)
@pytest.mark.parametrize("fault", ["lost", "bug"])
async def test_a_lost_answer_ends_as_its_class_says_and_is_sent_once(
    rig: Rig, send_class: SendClass, echoes: bool, end: str, fault: str
) -> None:
    sim = await greeted(rig, send_class=send_class, echoes=echoes)
    uid = rig.reply("ส่งแล้วค่ะ")
    sim.faults.append(fault)
    for _ in range(20):
        await rig.once()
        rig.clock.advance(30 * SECOND)
    assert (rig.state(uid), sim.texts) == (end, ["ส่งแล้วค่ะ"])
    assert rig.messages() == ["สวัสดีค่ะ", "ส่งแล้วค่ะ"]


async def test_what_an_authoritative_list_lacks_goes_again(rig: Rig) -> None:
    sim = await greeted(rig)
    uid = rig.reply("ส่งแล้วค่ะ")
    sim.faults.append("broken")
    summary = await rig.once()
    assert summary.sent == 1
    assert (rig.state(uid), rig.row(uid).attempts, sim.texts) == ("sent", 2, ["ส่งแล้วค่ะ"])


async def test_an_absence_is_not_believed_at_once(rig: Rig) -> None:
    """The list may lag behind: the message that is missing now can be there in a moment."""
    sim = await greeted(rig)
    uid = rig.reply("ส่งแล้วค่ะ")
    sim.faults.append("lost")
    sim.settle_answers.append(Settled.ABSENT)
    await rig.once()
    assert (rig.state(uid), rig.row(uid).attempts, sim.texts) == ("sent", 1, ["ส่งแล้วค่ะ"])


async def test_look_ups_spread_out_block_a_minute_and_go_on_quietly(rig: Rig) -> None:
    sim = await greeted(rig)
    uid = rig.reply("หนึ่ง")
    later = rig.reply("สอง")
    sim.faults.append("lost")
    sim.settle_answers.extend([Settled.UNKNOWN] * 50)
    async with rig.engine() as engine:
        account = only(engine)
        await account.sender.send_due()
        lost_at = rig.clock.now()
        looked: list[float] = []
        uncertain_at = None
        for _ in range(2000):
            before = sim.looks
            await account.settler.settle_due()
            if sim.looks > before:
                looked.append((rig.clock.now() - lost_at) / 1000)
            if uncertain_at is None and rig.state(uid) == "uncertain":
                uncertain_at = (rig.clock.now() - lost_at) / 1000
                await account.sender.send_due()
            rig.clock.advance(SECOND)
    assert looked == list(LOOKS)
    assert uncertain_at == 60
    assert (rig.state(uid), rig.state(later)) == ("uncertain", "sent")
    assert sim.texts == ["หนึ่ง", "สอง"]


async def test_a_late_echo_still_settles_an_uncertain_send(rig: Rig) -> None:
    sim = await greeted(rig, send_class=SendClass.NONE, echoes=True)
    uid = rig.reply("ส่งแล้วค่ะ")
    sim.faults.append("lost")
    held_back, sim.echoes = sim.echoes, False
    assert (await rig.once()).uncertain == 1
    sim.echoes = held_back
    sent = sim.accepted.pop()
    sim.accept(sent)
    assert (await rig.once()).error == ""
    assert rig.state(uid) == "sent"


async def test_an_absence_after_it_became_uncertain_sends_nothing(rig: Rig) -> None:
    """A person has been asked by then and may have answered in another way."""
    sim = await greeted(rig)
    uid = rig.reply("ส่งแล้วค่ะ")
    sim.faults.append("lost")
    sim.settle_answers.extend([Settled.UNKNOWN] * 3 + [Settled.ABSENT] * 9)
    async with rig.engine() as engine:
        account = only(engine)
        await account.sender.send_due()
        for _ in range(40):
            await account.settler.settle_due()
            await account.sender.send_due()
            rig.clock.advance(MINUTE)
    assert (rig.state(uid), len(sim.accepted)) == ("uncertain", 1)


async def test_while_settling_the_conversation_waits(rig: Rig) -> None:
    sim = await greeted(rig)
    rig.reply("หนึ่ง")
    second = rig.reply("สอง")
    sim.faults.append("lost")
    sim.settle_answers.append(Settled.UNKNOWN)
    async with rig.engine() as engine:
        account = only(engine)
        await account.sender.send_due()
        assert rig.state(second) == "queued"
        rig.clock.advance(5 * SECOND)
        assert await account.settler.settle_due() == 1
        await account.sender.send_due()
        assert (rig.state(second), sim.texts) == ("queued", ["หนึ่ง"])
        rig.clock.advance(10 * SECOND)
        assert await account.settler.settle_due() == 0
        await account.sender.send_due()
    assert sim.texts == ["หนึ่ง", "สอง"]


@pytest.mark.parametrize(
    ("send_class", "phase", "accepted", "state"),
    [
        (SendClass.NONE, "", False, "queued"),
        (SendClass.ECHO, "", False, "queued"),
        (SendClass.KEY, "data", True, "queued"),
        (SendClass.LOOKUP, "data", True, "settling"),
        (SendClass.ECHO, "data", True, "settling"),
        (SendClass.SINGLE_USE, "data", True, "settling"),
        (SendClass.NONE, "data", True, "uncertain"),
        (SendClass.NONE, "accepted", True, "sent"),
    ],
)
async def test_a_dead_workers_sends_are_put_right_at_the_start(
    rig: Rig, send_class: SendClass, phase: str, accepted: bool, state: str
) -> None:
    sim = await greeted(rig, send_class=send_class)
    uid = rig.reply("ส่งแล้วค่ะ")
    with rig.store.transaction(rig.clock.now()) as tx:
        row = outbox.claim(tx, rig.row(uid).id)
        assert row is not None
        if phase:
            outbox.set_phase(tx, row.id, row.attempts, phase)
    if accepted:
        sim.accept(rig.row(uid).item)
    async with rig.engine():
        assert rig.state(uid) == state
    for _ in range(5):
        rig.clock.advance(30 * SECOND)
        await rig.once()
    assert len(sim.accepted) == 1
    assert rig.state(uid) == ("uncertain" if (send_class, phase) in _UNKNOWABLE else "sent")


_UNKNOWABLE = {(SendClass.ECHO, "data"), (SendClass.SINGLE_USE, "data"), (SendClass.NONE, "data")}


async def test_a_worker_told_to_end_lets_a_send_end(slow_rig: Rig) -> None:
    slow_rig.time.jumping = True
    sim = await greeted(slow_rig)
    slow_rig.time.jumping = False
    uid = slow_rig.reply("ส่งแล้วค่ะ")
    sim.gate = asyncio.Event()
    stop = asyncio.Event()
    async with slow_rig.engine() as engine:
        task = asyncio.create_task(engine.run_forever(stop))
        await until(lambda: bool(sim.accepted), "the acceptance")
        stop.set()
        await asyncio.sleep(0.05)
        assert not task.done()
        sim.gate.set()
        await asyncio.wait_for(task, 10)
    assert (slow_rig.state(uid), sim.texts) == ("sent", ["ส่งแล้วค่ะ"])


def test_looks_rise() -> None:
    assert all(a < b for a, b in pairwise(LOOKS))
