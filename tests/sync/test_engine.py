"""The engine as it runs for hours: it notices what others wrote, and one account's fault stays its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from csconsole.clock import SECOND
from csconsole.errors import NotFoundError, UnreachableError
from csconsole.services import acts
from csconsole.store import accounts, conversations, search, timers
from csconsole.store.database import Store
from csconsole.store.events import of_conversation
from csconsole.sync.engine import Engine
from tests.sync.rig import Rig, greeted, until
from tests.sync.simulator import Channel, item


@contextlib.asynccontextmanager
async def running(rig: Rig) -> AsyncIterator[Engine]:
    """An engine at work in the background; time passes by itself in small steps."""
    stop = asyncio.Event()

    async def pass_time() -> None:
        while True:
            await rig.time.forward(0.25)

    async with rig.engine() as engine:
        task = asyncio.create_task(engine.run_forever(stop))
        passing = asyncio.create_task(pass_time())
        try:
            yield engine
        finally:
            stop.set()
            await asyncio.wait_for(task, 60)
            passing.cancel()


async def first_contact(rig: Rig, **changes: object) -> Channel:
    rig.time.jumping = True
    sim = await greeted(rig, **changes)
    rig.time.jumping = False
    return sim


async def test_news_are_looked_for_again_and_again(slow_rig: Rig) -> None:
    sim = await first_contact(slow_rig)
    async with running(slow_rig):
        await until(lambda: sim.pulls >= 2, "the first pull")
        sim.items.append(item(2, "ใหม่"))
        await until(lambda: "ใหม่" in slow_rig.messages(), "the message")


async def test_a_reply_written_by_another_process_leaves(slow_rig: Rig) -> None:
    sim = await first_contact(slow_rig)
    other = Store(slow_rig.data.root)
    async with running(slow_rig):
        with contextlib.closing(other):
            desk = slow_rig.desk()
            desk.store = other
            from csconsole.services.replies import send_reply

            uid = send_reply(desk, slow_rig.conversation(), "ส่งแล้วค่ะ", now=True).outbox_uid
            await until(lambda: slow_rig.state(uid) == "sent", "the send")
    assert sim.texts == ["ส่งแล้วค่ะ"]


async def test_a_held_reply_leaves_when_its_time_comes(slow_rig: Rig) -> None:
    await first_contact(slow_rig)
    uid = slow_rig.reply("ส่งแล้วค่ะ", now=False)
    due = slow_rig.row(uid).not_before
    async with running(slow_rig):
        await until(lambda: slow_rig.state(uid) == "sent", "the send")
    assert slow_rig.clock.now() >= due


async def test_a_lost_answer_is_settled_without_anybody_asking(slow_rig: Rig) -> None:
    sim = await first_contact(slow_rig)
    sim.faults.append("lost")
    uid = slow_rig.reply("ส่งแล้วค่ะ")
    async with running(slow_rig):
        await until(lambda: slow_rig.state(uid) == "sent", "the settling")
    assert sim.texts == ["ส่งแล้วค่ะ"]


async def test_a_failing_account_is_tried_again_and_the_others_go_on(slow_rig: Rig) -> None:
    bad = slow_rig.channel("bad")
    bad.pull_faults.extend([UnreachableError("no connection"), KeyError("bug"), UnreachableError("no connection")])
    bad.items = [item(1, who="bad")]
    good = slow_rig.channel("good")
    good.items = [item(1, who="good")]
    async with running(slow_rig):
        await until(lambda: good.pulls >= 3 and not bad.pull_faults, "both to go on")
        await until(lambda: slow_rig.store.read("select 1 from customer where name = 'bad'"), "the message")
    row = accounts.account_by_name(slow_rig.store, "bad")
    assert row is not None
    assert (row.state, row.failures) == ("ok", 0)


async def test_a_loop_that_dies_is_begun_again(slow_rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    sim = await first_contact(slow_rig)
    async with running(slow_rig) as engine:
        account = engine.accounts["shop"]
        await until(lambda: sim.pulls >= 2, "the first pull")
        pulls = sim.pulls

        async def broken() -> int:
            monkeypatch.undo()
            raise ZeroDivisionError

        monkeypatch.setattr(account.sender, "send_due", broken)
        uid = slow_rig.reply("ส่งแล้วค่ะ")
        await until(lambda: slow_rig.state(uid) == "sent", "the send after the fault")
        assert sim.pulls >= pulls


async def test_a_snooze_ends_at_its_time(slow_rig: Rig) -> None:
    await first_contact(slow_rig)
    target = slow_rig.conversation()
    until_at = slow_rig.clock.now() + 20 * SECOND
    acts.set_status(slow_rig.desk(), [target], "snoozed", until=until_at)
    async with running(slow_rig):
        await until(lambda: slow_rig.status(target) == "open", "the waking")
    assert slow_rig.clock.now() >= until_at
    woken = [(at, kind) for at, kind, _, _ in of_conversation(slow_rig.store, target) if kind == "woken"]
    assert woken == [(until_at, "woken")]
    found = conversations.state(slow_rig.store, target)
    assert found is not None
    assert found.snoozed_until is None


async def test_a_timer_missed_for_hours_carries_its_own_instant(rig: Rig) -> None:
    await greeted(rig)
    target = rig.conversation()
    until_at = rig.clock.now() + 20 * SECOND
    acts.set_status(rig.desk(), [target], "snoozed", until=until_at)
    rig.clock.advance(6 * 3600 * SECOND)
    await rig.once()
    assert rig.status(target) == "open"
    assert (until_at, "woken") in [(at, kind) for at, kind, _, _ in of_conversation(rig.store, target)]


async def test_a_snooze_ended_by_hand_is_not_woken(rig: Rig) -> None:
    await greeted(rig)
    target = rig.conversation()
    with rig.store.transaction(rig.clock.now()) as tx:
        timers.set_timer(tx, "snooze", target, tx.now + SECOND)
        timers.set_timer(tx, "of another program", target, tx.now + SECOND)
    acts.set_status(rig.desk(), [target], "resolved")
    with rig.store.transaction(rig.clock.now()) as tx:
        timers.set_timer(tx, "snooze", target, tx.now + SECOND)
    rig.clock.advance(2 * SECOND)
    await rig.once()
    assert rig.status(target) == "resolved"
    assert rig.store.read("select kind from timer") == [("of another program",)]


async def test_what_was_pulled_is_found_by_search(slow_rig: Rig) -> None:
    sim = await first_contact(slow_rig)
    async with running(slow_rig):
        sim.items.append(item(2, "พัสดุยังไม่ถึง"))
        await until(lambda: "พัสดุยังไม่ถึง" in slow_rig.messages(), "the message")
        await until(lambda: not search.is_behind(slow_rig.store), "the index")
    assert [hit.snippet for hit in search.search(slow_rig.store, "พัสดุ")] == ["พัสดุยังไม่ถึง"]


async def test_only_the_named_accounts_are_opened(rig: Rig) -> None:
    rig.channel("a")
    rig.channel("b")
    engine = Engine(rig.config, rig.data, rig.clock, store=rig.store, registry=lambda name: _sim(), waiting=rig.time)
    try:
        await engine.open(["b"])
        assert [s.account for s in await engine.round()] == ["b"]
        with pytest.raises(NotFoundError, match='no enabled account "c"'):
            await engine.open(["c"])
        with pytest.raises(NotFoundError):
            await engine.round(["a"])
    finally:
        await engine.close()


def _sim() -> type:
    from tests.sync.simulator import SimConnector

    return SimConnector


async def test_busy_says_whether_something_is_due_soon(rig: Rig) -> None:
    await greeted(rig)
    async with rig.engine() as engine:
        assert not await engine.busy(60)
        rig.reply("ส่งแล้วค่ะ", now=False)
        assert await engine.busy(60)
        assert not await engine.busy(1)


async def test_connections_are_closed(rig: Rig, tmp_path: Path) -> None:
    sim = await greeted(rig)
    assert sim.closed
