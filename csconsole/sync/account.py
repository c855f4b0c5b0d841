"""One account at work: its pulls, its hints, its sends and what is left to settle.

Each of these is a loop of its own, so that a slow page does not keep an answer from leaving. A fault in one
account is logged, shown as the account's state and tried again; the others never notice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec

from csconsole.clock import SECOND
from csconsole.config.model import AccountConfig, Config
from csconsole.connectors.base import AccountContext, Connector
from csconsole.domain.settings import Duration
from csconsole.errors import ConnectorError, CsconsoleError
from csconsole.store import accounts, outbox
from csconsole.store.database import Tx
from csconsole.sync.access import Access
from csconsole.sync.backoff import delay
from csconsole.sync.follow_up import FollowUps
from csconsole.sync.outbox import Sender
from csconsole.sync.outcome import FIRST_LOOK
from csconsole.sync.parsing import Parser
from csconsole.sync.pulling import Puller
from csconsole.sync.settle import Settler
from csconsole.sync.summary import Summary, Totals
from csconsole.sync.waiting import Waiting
from csconsole.sync.wire import Recipe

log = logging.getLogger(__name__)

SHORTEST_INTERVAL = 5.0
LIVE_INTERVAL = 300.0
"""Seconds between two looks at an account whose push connection stands: hints are believed, not relied on."""
GRACE = 20.0
"""Seconds a send under way gets when the worker ends."""


def context_of(account: AccountConfig, config: Config, connector: type[Connector], data_dir: str) -> AccountContext:
    """What the connector is told about the account.

    Raises:
        msgspec.ValidationError: its settings do not fit; the loader has reported that before.
    """
    return AccountContext(
        name=account.name,
        connector=account.connector,
        channel=account.channel,
        branch=account.branch,
        me=account.me,
        agent=config.agent.name,
        settings=account.read(connector.Settings) if connector.Settings is not None else None,
        data_dir=data_dir,
    )


def recipe_of(account: AccountConfig, config: Config, connector: type[Connector]) -> Recipe:
    """What a parsing child is told about the account: settings as written, so references to secrets only."""
    fields = getattr(connector.Settings, "__struct_fields__", ())
    common = {name: value for name in fields if (value := getattr(account, name, None)) is not None}
    common.pop("settings", None)
    settings = {**account.settings, **common}
    return Recipe(
        target=f"{connector.__module__}:{connector.__qualname__}",
        name=account.name,
        connector=account.connector,
        channel=account.channel,
        branch=account.branch,
        me=account.me,
        agent=config.agent.name,
        settings={k: str(v) if isinstance(v, Duration) else v for k, v in settings.items()},
    )


def enrol(tx: Tx, account: AccountConfig, connector: Connector) -> int:
    """Writes the account and what its channel can do; returns its key. A limit known from earlier stays until the
    channel states another."""
    capabilities = connector.capabilities
    if not capabilities.size_limit:
        known = accounts.size_limit(tx, account.name)
        capabilities = msgspec.structs.replace(capabilities, size_limit=known)
    return accounts.ensure_account(
        tx,
        account.name,
        account.connector,
        account.channel or getattr(connector, "channel", "") or account.connector,
        branch=account.branch,
        label=account.label,
        authority=capabilities.authority,
        capabilities=msgspec.to_builtins(capabilities),
    )


class AccountSync:
    """Syncs one account.

    Args:
        account: its configuration.
        account_id: its key in the store.
        connector: its connection; closed by :meth:`close`.
        config: the whole configuration.
        parser: the pool of children.
        access: the store.
        waiting: how to wait.
    """

    def __init__(
        self,
        account: AccountConfig,
        account_id: int,
        connector: Connector,
        config: Config,
        parser: Parser,
        access: Access,
        waiting: Waiting,
    ) -> None:
        self.name = account.name
        self.account = account
        self._stated = connector.capabilities
        self.account_id = account_id
        self.connector = connector
        self.access = access
        self.waiting = waiting
        self.totals = Totals(account.name)
        self._look_at_all = False
        self.pull_wake, self.send_wake, self.settle_wake = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.follow_up_wake = asyncio.Event()
        self._configured_interval = config.sync.interval.total_seconds()
        self.recipe = recipe_of(account, config, type(connector))
        self.puller = Puller(
            account.name,
            account_id,
            connector,
            self.recipe,
            parser,
            access,
            self.totals,
            open_days=config.sync.open_days,
            reopen_window=account.reopen_window.ms,
        )
        self.sender = Sender(
            account.name,
            account_id,
            connector,
            access,
            self.totals,
            freshen=self.puller.freshen,
            trouble=self._cannot_send,
        )
        self.follow_ups = FollowUps(account.name, account_id, connector, access)
        self.settler = Settler(account.name, account_id, connector, access, self.totals, self.puller.pull)

    # -- one round ---------------------------------------------------------------------------------------

    async def round(self) -> Summary:
        """Pulls, sends what is due, pulls again, and says what that did."""
        mark = self.totals.mark()
        self.puller.next_try_at = 0
        self.sender.paused_until = 0
        if await self.puller.pull():
            await self.settler.settle_due(all_rows=True)
            if await self._send_and_settle():
                await self.waiting.until(asyncio.Event(), FIRST_LOOK)
                await self.settler.settle_due(all_rows=True)
                await self._send_and_settle()
        await self.follow_ups.due()
        await self._restate()
        states = await self.access.read(outbox.states, self.totals.sends)
        return self.totals.since(mark, self.puller.error or self.puller.trouble, states)

    async def _send_and_settle(self) -> int:
        """Sends what is due; returns how many sends are still being settled."""
        if not await self.sender.send_due():
            return 0
        await self.puller.pull()
        return await self.settler.settle_due(all_rows=True)

    # -- for as long as the worker lives -----------------------------------------------------------------

    async def run(self) -> None:
        """Works until cancelled; sends under way then get some time to end."""
        loops = (self._pull_loop, self._watch_loop, self._send_loop, self._settle_loop, self._follow_up_loop)
        tasks = [asyncio.create_task(self._guarded(loop), name=f"{self.name}{loop.__name__}") for loop in loops]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await self.sender.drain(GRACE)
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _guarded(self, loop: Callable[[], Awaitable[None]]) -> None:
        """Runs a loop again after a fault that nobody foresaw."""
        failures = 0
        while True:
            try:
                await loop()
            except Exception as error:
                failures += 1
                log.exception("an account's loop failed", extra={"account": self.name})
                await self.puller.failed(error)
                await self.waiting.until(asyncio.Event(), delay(failures + 1, self.name))
            else:
                return

    async def _pull_loop(self) -> None:
        while True:
            await self.puller.pull()
            await self._restate()
            self.send_wake.set()
            await self.waiting.until(self.pull_wake, self._pause())
            self.pull_wake.clear()

    async def _restate(self) -> None:
        """Writes what the channel can do when it has stated something new, such as the largest message it takes."""
        now = self.connector.capabilities
        if now != self._stated:
            self._stated = now
            await self.access.write(enrol, self.account, self.connector)

    @property
    def interval(self) -> float:
        """Seconds between two looks: the account's own setting, else the configured one; never below what the channel
        bears."""
        told = self.connector.capabilities
        return max(told.poll_every or self._configured_interval, told.min_interval, SHORTEST_INTERVAL)

    def _pause(self) -> float:
        """Seconds until the next look."""
        if self.puller.error:
            return max(self.puller.next_try_at - self.access.clock.now(), SECOND) / SECOND
        told = self.puller.is_live and self.connector.capabilities.hints_tell_replies
        return max(self.interval, LIVE_INTERVAL) if told else self.interval

    async def _watch_loop(self) -> None:
        """Follows the source's hints; ends at once for a channel that gives none."""
        if self.connector.capabilities.inbound == "poll" or type(self.connector).watch is Connector.watch:
            return
        failures = 0
        while True:
            self.puller.watching_since = self.access.clock.now()
            try:
                async for _ in self.connector.watch():
                    failures = 0
                    self.pull_wake.set()
            except ConnectorError as error:
                log.info("hints ended: %s", error.message, extra={"account": self.name})
            finally:
                self.puller.watching_since = None
            failures += 1
            await self.access.write(accounts.set_live, self.account_id, False)
            self.pull_wake.set()  # believed live, it was asked rarely: does it still answer?
            await self.waiting.until(asyncio.Event(), delay(failures, f"watch {self.name}"))

    async def _send_loop(self) -> None:
        while True:
            await self.send_wake.wait()
            self.send_wake.clear()
            await self.sender.send_due()

    async def _settle_loop(self) -> None:
        while True:
            if not self._look_at_all:  # else it was begun, and a fault came between
                await self.settle_wake.wait()
            self.settle_wake.clear()
            await self.settler.settle_due(all_rows=self._look_at_all)
            self._look_at_all = False
            self.send_wake.set()

    def clock_was_set(self) -> None:
        """Pauses that end at an instant of the old clock end now, and what is lost is looked for."""
        self.puller.next_try_at = 0
        self.sender.paused_until = 0
        self._look_at_all = True
        for wake in (self.pull_wake, self.send_wake, self.settle_wake, self.follow_up_wake):
            wake.set()

    async def _follow_up_loop(self) -> None:
        while True:
            await self.follow_up_wake.wait()
            self.follow_up_wake.clear()
            await self.follow_ups.due()

    def _cannot_send(self, reason: str) -> None:
        """Notes why the account can send nothing; the next pull writes it where people look."""
        if reason != self.puller.trouble:
            self.puller.trouble = reason
            self.pull_wake.set()

    async def close(self) -> None:
        """Lets sends under way end, then lets go of the connection."""
        await self.sender.drain(GRACE)
        try:
            async with asyncio.timeout(10):
                await self.connector.close()
        except (CsconsoleError, OSError, TimeoutError):
            log.info("the connection was not closed in good order", extra={"account": self.name})
