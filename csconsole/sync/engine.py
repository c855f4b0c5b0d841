"""The engine: every enabled account at work, and what the store asks for in between.

Other processes write rows (a message to send, a job, a timer); the engine notices by the store's
``data_version``, four times a second, and wakes whom it concerns. Nothing is told by any other way.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial

import msgspec

from csconsole.clock import SECOND, Clock
from csconsole.config.model import AccountConfig, Config
from csconsole.connectors.base import Connector
from csconsole.connectors.registry import connector_class
from csconsole.errors import CsconsoleError, NotFoundError
from csconsole.paths import DataDir
from csconsole.store import accounts, outbox, search, timers
from csconsole.store.database import Store
from csconsole.sync import jobs, settle
from csconsole.sync import timers as acting
from csconsole.sync.access import Access
from csconsole.sync.account import AccountSync, context_of, enrol
from csconsole.sync.indexer import Indexer
from csconsole.sync.parsing import Parser
from csconsole.sync.summary import Summary
from csconsole.sync.waiting import RealWaiting, Waiting

log = logging.getLogger(__name__)

POLL = 0.25
"""Seconds between two looks at the store's ``data_version``."""

STEP = 30 * SECOND
"""Difference (ms) between the wall clock and the steady one from which on somebody has set the wall clock."""

Registry = Callable[[str], type[Connector]]


class _Agenda(msgspec.Struct):
    """When something in the store is due next; None for never."""

    send_at: int | None = None
    look_at: int | None = None
    follow_up_at: int | None = None
    timer_at: int | None = None


class Engine:
    """Syncs the accounts of a data directory. Only the holder of ``sync.lock`` may have one.

    Args:
        config: the configuration.
        data_dir: the data directory.
        clock: decides what time it is.
        store: its database, opened by the caller and left open.
        registry: finds a connector's class by its name.
        waiting: how to wait.
    """

    def __init__(
        self,
        config: Config,
        data_dir: DataDir,
        clock: Clock,
        *,
        store: Store,
        registry: Registry = connector_class,
        waiting: Waiting | None = None,
    ) -> None:
        self.config = config
        self.data_dir = data_dir
        self.clock = clock
        self.registry = registry
        self.waiting: Waiting = waiting or RealWaiting()
        self.access = Access(store, clock)
        self.parser = Parser()
        self.indexer = Indexer(self.access, self.waiting)
        self.accounts: dict[str, AccountSync] = {}
        self.unusable: dict[str, str] = {}
        self._jobs: dict[int, asyncio.Task[None]] = {}
        self._version = -1
        self._agenda = _Agenda()
        self._shift: int | None = None

    # -- opening -----------------------------------------------------------------------------------------

    async def open(self, names: Iterable[str] | None = None) -> None:
        """Makes the connectors, and puts right what a dead worker left behind.

        Args:
            names: only these accounts; all enabled ones when None.

        Raises:
            NotFoundError: no account of that name is enabled.
        """
        self._clock_was_set()  # from here on it would be noticed
        wanted = set(names) if names is not None else None
        enabled = {account.name: account for account in self.config.accounts if account.enabled}
        if unknown := sorted((wanted or set()) - enabled.keys()):
            known = ", ".join(enabled) or "none"
            raise NotFoundError(f'There is no enabled account "{unknown[0]}" in the configuration; there are: {known}.')
        for name, account in enabled.items():
            if wanted is None or name in wanted:
                await self._open_account(account)
        recovered = await self.access.write(settle.recover)
        if recovered:
            log.warning("sends of an earlier run were put right", extra={"count": recovered})

    async def _open_account(self, account: AccountConfig) -> None:
        """One account that cannot be opened says so; the others go on."""
        try:
            found = self.registry(account.connector)
            connector = found(context_of(account, self.config, found, str(self.data_dir.root)), self.clock)
            account_id = await self.access.write(enrol, account, connector)
        except Exception as error:
            known = isinstance(error, CsconsoleError)
            reason = str(error) if known else f"The connector cannot start ({type(error).__name__}); see the log."
            log.error("an account cannot be opened", extra={"account": account.name}, exc_info=None if known else error)
            self.unusable[account.name] = reason
            row = await self.access.read(accounts.account_by_name, account.name)
            if row is not None:
                await self.access.write(accounts.pull_failed, row.id, state="broken", error=reason, next_try_at=None)
            return
        self.accounts[account.name] = AccountSync(
            account, account_id, connector, self.config, self.parser, self.access, self.waiting
        )

    async def close(self) -> None:
        """Ends jobs, connections, children and the store's thread; the store stays open."""
        for task in self._jobs.values():
            task.cancel()
        await asyncio.gather(*self._jobs.values(), return_exceptions=True)
        await asyncio.gather(*(account.close() for account in self.accounts.values()))
        await self.parser.close()
        self.access.close()

    # -- one round ---------------------------------------------------------------------------------------

    async def round(self, names: Iterable[str] | None = None) -> list[Summary]:
        """Pulls, sends and pulls again on the accounts named, or on all.

        Raises:
            NotFoundError: an account of that name is not open.
        """
        chosen = list(self.accounts) + list(self.unusable) if names is None else list(names)
        for name in chosen:
            if name not in self.accounts and name not in self.unusable:
                raise NotFoundError(f'There is no enabled account "{name}" in the configuration.')
        await acting.run_due(self.access)
        results = await asyncio.gather(*(self._round(name) for name in chosen))
        return list(results)

    async def _round(self, name: str) -> Summary:
        if name in self.unusable:
            return Summary(account=name, error=self.unusable[name])
        return await self.accounts[name].round()

    async def run_once(self, names: Iterable[str] | None = None) -> list[Summary]:
        """One round of everything, the jobs that wait, and the search index; for ``sync --once``.

        Call :meth:`open` before and :meth:`close` after.
        """
        results = await self.round(names)
        for job in await self.access.read(timers.queued_jobs):
            await jobs.run(self, job)
        await self.indexer.drain()
        return results

    # -- for as long as the worker lives -----------------------------------------------------------------

    async def run_forever(self, stop: asyncio.Event) -> None:
        """Works until ``stop`` is set; sends under way are then allowed to end."""
        tasks = [asyncio.create_task(account.run(), name=name) for name, account in self.accounts.items()]
        tasks.append(asyncio.create_task(self.indexer.run(), name="indexer"))
        self.indexer.wake.set()
        try:
            while not stop.is_set():
                try:
                    await self.look()
                except CsconsoleError as error:
                    log.error("the store could not be read: %s", error.message)
                await self.waiting.until(stop, POLL)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def look(self) -> None:
        """Looks whether the store has something to do, and wakes whom it concerns."""
        version = await self.access.read(Store.data_version)
        if version != self._version:
            self._version = version
            await self._read_agenda()
        if self._clock_was_set():
            log.warning("the clock was set; nothing waits for times of the old one")
            for account in self.accounts.values():
                account.clock_was_set()
        now = self.clock.now()
        agenda = self._agenda
        if agenda.send_at is not None and agenda.send_at <= now:
            self._wake_senders(await self.access.read(outbox.accounts_due, now))
        if agenda.look_at is not None and agenda.look_at <= now:
            for account in self.accounts.values():
                account.settle_wake.set()
        if agenda.follow_up_at is not None and agenda.follow_up_at <= now:
            for account in self.accounts.values():
                account.follow_up_wake.set()
        if agenda.timer_at is not None and agenda.timer_at <= now:
            await acting.run_due(self.access)

    def _clock_was_set(self) -> bool:
        """Whether the wall clock was moved since the last look, or the machine slept."""
        shift = self.clock.now() - round(self.clock.monotonic() * SECOND)
        before, self._shift = self._shift, shift
        return before is not None and abs(shift - before) >= STEP

    async def _read_agenda(self) -> None:
        """Reads what is due next, starts new jobs, wakes the indexer."""
        self._agenda = _Agenda(
            send_at=await self.access.read(outbox.next_due_at),
            look_at=await self.access.read(outbox.next_look_at, looks=len(settle.LOOKS)),
            follow_up_at=await self.access.read(outbox.next_follow_up_at),
            timer_at=await self.access.read(timers.next_timer_at, kinds=tuple(acting.ACTIONS)),
        )
        if await self.access.read(search.is_behind):
            self.indexer.wake.set()
        for job in await self.access.read(timers.queued_jobs):
            if job.id not in self._jobs:
                task = asyncio.create_task(jobs.run(self, job), name=f"job {job.kind}")
                self._jobs[job.id] = task
                task.add_done_callback(partial(self._job_ended, job.id))

    def _job_ended(self, job_id: int, _: asyncio.Task[None]) -> None:
        self._jobs.pop(job_id, None)

    def _wake_senders(self, due: set[int]) -> None:
        for account in self.accounts.values():
            if account.account_id in due:
                account.send_wake.set()

    @property
    def has_looked(self) -> bool:
        """Whether every account was asked for news once, well or not."""
        return all(account.puller.looked for account in self.accounts.values())

    async def busy(self, within: float) -> bool:
        """Whether something is under way or due within some seconds: a reason not to end yet."""
        if self._jobs:
            return True
        ids = {account.account_id for account in self.accounts.values()}
        horizon = self.clock.now() + round(within * SECOND)
        return await self.access.read(outbox.unfinished, ids, before=horizon)
