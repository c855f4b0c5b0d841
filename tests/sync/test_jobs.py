"""Jobs: what another process asks the worker for, and what it is told."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import msgspec
import pytest

from csconsole.store import messages, quarantine, timers
from csconsole.store.blobs import get_file
from csconsole.store.timers import Job
from csconsole.sync.summary import Summary
from tests.sync.rig import Rig, greeted
from tests.sync.simulator import item


def ask(rig: Rig, kind: str, account: int | None = None, **args: Any) -> int:
    with rig.store.transaction(rig.clock.now()) as tx:
        return timers.add_job(tx, kind, account, args)


async def done(rig: Rig, job_id: int) -> Job:
    async with rig.engine() as engine:
        await engine.look()
        for task in list(engine._jobs.values()):
            await task
        assert not await engine.busy(0)
    found = timers.job(rig.store, job_id)
    assert found is not None
    return found


async def test_sync_answers_with_summaries(rig: Rig) -> None:
    sim = await greeted(rig)
    sim.items += [item(2), item(3, "malformed")]
    job = await done(rig, ask(rig, "sync"))
    assert job.state == "done"
    (summary,) = msgspec.json.decode(job.result, type=list[Summary])
    assert (summary.account, summary.new, summary.quarantined) == ("shop", 1, 1)


async def test_sync_of_one_account_leaves_the_others(rig: Rig) -> None:
    await greeted(rig)
    other = rig.channel("other")
    await rig.once()
    pulls = other.pulls
    row = rig.store.read_one("select id from account where name = 'shop'")
    assert row is not None
    job = await done(rig, ask(rig, "sync", row[0]))
    assert [s.account for s in msgspec.json.decode(job.result, type=list[Summary])] == ["shop"]
    assert other.pulls == pulls


async def test_an_item_understood_at_last_leaves_quarantine(rig: Rig) -> None:
    sim = await greeted(rig)
    sim.items.append(item(2, "malformed"))
    await rig.once()
    (held,) = quarantine.listing(rig.store)
    failed = await done(rig, ask(rig, "retry_quarantine", uid=held.uid))
    assert (failed.state, failed.result) == ("failed", "the message has no sender␛[2J")
    with rig.store.transaction(rig.clock.now()) as tx:
        tx.execute("update quarantine set raw = ?", (item(2, "อ่านได้แล้ว").raw,))
    job = await done(rig, ask(rig, "retry_quarantine", uid=held.uid))
    assert (job.state, job.result) == ("done", "done")
    assert rig.messages() == ["สวัสดีค่ะ", "อ่านได้แล้ว"]
    assert quarantine.listing(rig.store) == []


def attach(rig: Rig, locator: str) -> str:
    """Gives the newest message an attachment; returns its id."""
    with rig.store.transaction(rig.clock.now()) as tx:
        (n,) = tx.connection.execute("select max(n) from message").fetchone()
        tx.execute(
            "insert into attachment (uid, message_n, position, name, mime, bytes, locator)"
            " values (?, ?, 0, 'a', 'b', 1, ?)",
            (hashlib.md5(locator.encode()).digest(), n, locator),
        )
    return hashlib.md5(locator.encode()).hexdigest()


async def test_an_attachment_is_fetched_and_stored(rig: Rig) -> None:
    await greeted(rig)
    uid = attach(rig, "picture-1")
    job = await done(rig, ask(rig, "fetch_attachment", attachment=uid))
    assert job.state == "done"
    assert get_file(rig.store.root, job.result) == b"content of picture-1"
    found = messages.page(rig.store, rig.conversation())[-1].attachments[0]
    assert (found.fetch_state, found.bytes) == ("stored", len(b"content of picture-1"))
    again = await done(rig, ask(rig, "fetch_attachment", attachment=uid))
    assert again.result == job.result


async def test_an_attachment_is_unpacked_in_another_process(rig: Rig) -> None:
    await greeted(rig)
    job = await done(rig, ask(rig, "fetch_attachment", attachment=attach(rig, "packed at the source")))
    assert job.state == "done"
    text = get_file(rig.store.root, job.result).decode()
    assert text.startswith("packed at the source in process ")
    assert text.rpartition(" ")[2] != str(os.getpid())


async def test_an_attachment_that_is_gone_says_so(rig: Rig) -> None:
    await greeted(rig)
    uid = attach(rig, "gone")
    job = await done(rig, ask(rig, "fetch_attachment", attachment=uid))
    assert (job.state, job.result) == ("failed", "the file is gone")
    assert messages.page(rig.store, rig.conversation())[-1].attachments[0].fetch_state == "failed"


async def test_a_person_can_have_a_lost_send_looked_up_now(rig: Rig) -> None:
    sim = await greeted(rig)
    sim.faults.append("lost")
    uid = rig.reply("ส่งแล้วค่ะ")
    async with rig.engine() as engine:
        await engine.accounts["shop"].sender.send_due()
    assert rig.state(uid) == "settling"
    job = await done(rig, ask(rig, "settle", outbox=uid))
    assert (job.state, job.result) == ("done", "sent")


@pytest.mark.parametrize(
    ("kind", "args"),
    [
        ("fetch_attachment", {"attachment": "no id"}),
        ("retry_quarantine", {"uid": "99"}),
        ("settle", {"outbox": "0" * 32}),
        ("make coffee", {}),
    ],
)
async def test_what_cannot_be_done_is_answered_with_a_sentence(rig: Rig, kind: str, args: dict[str, Any]) -> None:
    await greeted(rig)
    job = await done(rig, ask(rig, kind, **args))
    assert job.state == "failed"
    assert job.result.endswith(".")
