"""Pulling: pages become rows once, whatever goes wrong between them."""

from __future__ import annotations

import asyncio

import pytest

from csconsole.clock import MINUTE, SECOND
from csconsole.connectors.base import Page
from csconsole.errors import (
    AuthError,
    ConfigError,
    ConnectorError,
    DiskFullError,
    PayloadError,
    RateLimitedError,
    UnreachableError,
)
from csconsole.store import accounts, quarantine
from csconsole.store.accounts import AccountRow
from csconsole.sync import ingest
from csconsole.sync.backoff import AUTH_PAUSE
from csconsole.sync.pulling import Puller
from tests.sync.rig import Rig, only, until
from tests.sync.simulator import AT, item


def row(rig: Rig, name: str = "shop") -> AccountRow:
    found = accounts.account_by_name(rig.store, name)
    assert found is not None
    return found


async def test_all_pages_are_stored_and_a_second_round_finds_nothing(rig: Rig) -> None:
    sim = rig.channel()
    sim.items = [item(n, f"ข้อความ {n}") for n in range(35)]
    first, second = await rig.once(), await rig.once()
    assert (first.pulled, first.new, first.duplicates, first.error) == (35, 35, 0, "")
    assert (second.pulled, second.new, second.duplicates) == (0, 0, 0)
    assert rig.messages() == [f"ข้อความ {n}" for n in range(35)]
    assert row(rig).cursor == "35"


async def test_what_comes_twice_is_stored_once(rig: Rig) -> None:
    sim = rig.channel()
    sim.items = [item(1), item(2), item(1), item(2), item(3)]
    summary = await rig.once()
    assert (summary.pulled, summary.new, summary.duplicates) == (5, 3, 2)


async def test_one_bad_item_goes_to_quarantine_and_the_rest_goes_on(rig: Rig) -> None:
    sim = rig.channel()
    sim.items = [item(1, "a"), item(2, "malformed"), item(3, "die"), item(4, "b")]
    summary = await rig.once()
    assert (summary.new, summary.quarantined, summary.error) == (2, 2, "")
    held = {q.remote_id: q.reason for q in quarantine.listing(rig.store)}
    assert held == {"m2": "the message has no sender␛[2J", "m3": "Its reader died (9)."}
    assert quarantine.raw(rig.store, quarantine.listing(rig.store)[0].id) == sim.items[2].raw


async def test_history_opens_nothing_and_news_do(rig: Rig) -> None:
    sim = rig.channel()
    old = AT - 400 * 24 * 3600 * SECOND
    sim.items = [item(n, who="old", at=old + n) for n in range(20)] + [item(50, who="new")]
    sim.history = 20
    await rig.once()
    assert rig.status(rig.conversation("old")) == "resolved"
    assert rig.status(rig.conversation("new")) == "open"


@pytest.mark.parametrize(
    ("error", "state", "wait"),
    [
        (UnreachableError("no connection"), "unreachable", (0.8, 1.2)),
        (ConnectorError("HTTP 500"), "broken", (15.0, 15.0)),
        (PayloadError("the page is no JSON"), "broken", (15.0, 15.0)),
        (AuthError("the login was refused"), "auth", (AUTH_PAUSE, AUTH_PAUSE)),
        (ConfigError("the password file is missing"), "auth", (AUTH_PAUSE, AUTH_PAUSE)),
        (RateLimitedError("slow down", retry_after=77), "limited", (77.0, 77.0)),
    ],
)
async def test_a_failure_is_told_with_its_sentence_and_the_next_try(
    rig: Rig, error: Exception, state: str, wait: tuple[float, float]
) -> None:
    sim = rig.channel()
    sim.items = [item(1)]
    sim.pull_faults.append(error)
    now = rig.clock.now()
    summary = await rig.once()
    found = row(rig)
    assert summary.error == found.error == str(error)
    assert (found.state, found.failures, found.last_pull_at) == (state, 1, None)
    assert found.next_try_at is not None
    assert wait[0] <= (found.next_try_at - now) / SECOND <= wait[1]
    assert (await rig.once()).new == 1
    assert (row(rig).state, row(rig).error, row(rig).failures, row(rig).next_try_at) == ("ok", "", 0, None)


async def test_a_fault_of_the_connector_shows_no_traceback(rig: Rig) -> None:
    sim = rig.channel()
    sim.pull_faults.append(KeyError("words of a customer"))
    assert (await rig.once()).error == "The connector failed (KeyError); the log has the details."
    assert row(rig).state == "broken"


async def test_a_page_that_failed_keeps_those_before_it(rig: Rig) -> None:
    sim = rig.channel()
    sim.items = [item(n) for n in range(25)]
    sim.pull_faults.extend([])
    original = sim.page_size
    async with rig.engine() as engine:
        puller = only(engine).puller

        async def pull(cursor: str) -> Page:
            if cursor == "20":
                raise UnreachableError("the line broke")
            return await type(puller.connector).pull(puller.connector, cursor)

        puller.connector.pull = pull  # type: ignore[method-assign]
        assert not await puller.pull()
    assert original == sim.page_size
    assert row(rig).cursor == "20"
    assert len(rig.messages()) == 20
    assert (await rig.once()).new == 5


async def test_a_full_disk_stops_the_account_and_loses_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    sim = rig.channel()
    sim.items = [item(1)]

    def full(*args: object, **kwargs: object) -> None:
        raise DiskFullError("The disk is full, nothing new was saved.")

    with monkeypatch.context() as broken:
        broken.setattr(ingest, "apply_page", full)
        assert (await rig.once()).error == "The disk is full, nothing new was saved."
    assert row(rig).cursor == ""
    assert (await rig.once()).new == 1


async def test_freshness_is_stamped_when_the_source_answered(rig: Rig) -> None:
    rig.channel()
    await rig.once()
    stamped = row(rig).last_pull_at
    assert stamped is not None
    rig.clock.advance(MINUTE)
    await rig.once()
    later = row(rig).last_pull_at
    assert later is not None
    assert later - stamped >= MINUTE


async def test_missing_messages_are_noted_and_the_note_goes(rig: Rig) -> None:
    sim = rig.channel()
    sim.items = [item(1), item(2)]
    sim.total = 5
    await rig.once()
    assert row(rig).error == "The source states 5 messages, 2 are here."
    assert row(rig).state == "ok"
    sim.items += [item(3), item(4), item(5, "malformed")]
    await rig.once()
    assert row(rig).error == ""


async def test_an_account_that_cannot_be_opened_does_not_stop_the_others(rig: Rig) -> None:
    rig.channel("gone", connector="nothing")
    sim = rig.channel("shop")
    sim.items = [item(1)]
    async with rig.engine() as engine:
        gone, shop = sorted(await engine.run_once(), key=lambda s: s.account)
    assert gone.error == 'no connector is called "nothing"'
    assert (shop.new, shop.error) == (1, "")


async def test_a_page_that_claims_more_without_going_on_ends(rig: Rig) -> None:
    rig.channel()
    async with rig.engine() as engine:
        puller = only(engine).puller

        async def pull(cursor: str) -> Page:
            return Page(items=(), next=cursor, more=True)

        puller.connector.pull = pull  # type: ignore[method-assign]
        assert await asyncio.wait_for(puller.pull(), 10)


# -- freshness decides what may leave ------------------------------------------------------------------------


async def test_fresh_for_half_a_minute_only(rig: Rig) -> None:
    sim = rig.channel()
    async with rig.engine() as engine:
        puller: Puller = only(engine).puller
        assert not puller.is_fresh
        assert await puller.freshen()
        pulls = sim.pulls
        rig.clock.advance(29 * SECOND)
        assert await puller.freshen()
        assert sim.pulls == pulls
        rig.clock.advance(2 * SECOND)
        assert await puller.freshen()
        assert sim.pulls == pulls + 1


async def test_refused_credentials_are_not_tried_again_soon(rig: Rig) -> None:
    sim = rig.channel()
    sim.pull_faults.append(AuthError("the login was refused"))
    async with rig.engine() as engine:
        puller = only(engine).puller
        await puller.pull()
        pulls = sim.pulls
        assert not await puller.freshen()
        assert sim.pulls == pulls
        rig.clock.advance(round(AUTH_PAUSE * SECOND))
        assert await puller.freshen()


async def test_a_push_connection_keeps_an_account_fresh(slow_rig: Rig) -> None:
    sim = slow_rig.channel()
    sim.hints = asyncio.Queue()
    async with slow_rig.engine() as engine:
        account = only(engine)
        task = asyncio.create_task(account.run())
        await until(lambda: account.puller.is_live, "the first pull")
        sim.items.append(item(1))
        sim.hints.put_nowait(None)
        await until(lambda: account.totals.counts.new == 1, "the hint's pull")
        await until(lambda: row(slow_rig).live, "the note in the store")
        slow_rig.clock.advance(4 * MINUTE)
        pulls = sim.pulls
        assert await account.puller.freshen()
        assert sim.pulls == pulls
        sim.hints.put_nowait(UnreachableError("the line broke"))
        await until(lambda: not account.puller.is_live, "the end of hints")
        assert await account.puller.freshen()
        assert sim.pulls == pulls + 1
        await until(lambda: not row(slow_rig).live, "the note in the store")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
