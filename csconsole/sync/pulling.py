"""One account's news: pages are pulled, understood and stored until there are no more.

While a page is parsed and stored the next one is already being fetched; a crash in between only pulls it again.
A connector hands out history only when it has no live news left, so a history page proves freshness too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from csconsole import crashpoints
from csconsole.clock import SECOND
from csconsole.connectors.base import Connector, Page, PageKind
from csconsole.errors import (
    AuthError,
    ConfigError,
    ConnectorError,
    CsconsoleError,
    RateLimitedError,
    StoreError,
    UnreachableError,
)
from csconsole.store import accounts, quarantine, refs
from csconsole.store.accounts import AccountRow
from csconsole.sync import ingest
from csconsole.sync.access import Access
from csconsole.sync.backoff import AUTH_PAUSE, delay
from csconsole.sync.ingest import Parsed
from csconsole.sync.outcome import sentence
from csconsole.sync.parsing import Parser
from csconsole.sync.summary import Totals
from csconsole.sync.wire import Recipe

log = logging.getLogger(__name__)

FRESH = 30 * SECOND
"""Age (ms) of a pull up to which a send may leave without another."""
LIVE_FRESH = 600 * SECOND
"""The same while a push connection stands: news come by themselves."""
STAMP_EVERY = 10 * SECOND
"""How often (ms) freshness is written during a long run of pages."""


class Puller:
    """Pulls one account.

    Args:
        name: the account's name.
        account_id: its key.
        connector: its connection.
        recipe: how its items are understood.
        parser: the pool of children.
        access: the store.
        totals: where pages are counted.
        open_days: age in days up to which a conversation made of history stays open.
        reopen_window: the account's reopen window in ms.

    Attributes:
        error: why the last pull failed, "" when it did not.
        trouble: why the account can send nothing, "" when it can; shown beside its freshness.
        fresh_at: instant (ms UTC) of the last pull after which no live news were left.
        looked: whether a pull has ended, well or not.
        watching_since: since when (ms UTC) hints are followed, None when they are not.
    """

    def __init__(
        self,
        name: str,
        account_id: int,
        connector: Connector,
        recipe: Recipe,
        parser: Parser,
        access: Access,
        totals: Totals,
        *,
        open_days: int,
        reopen_window: int,
    ) -> None:
        self.name = name
        self.account_id = account_id
        self.connector = connector
        self.recipe = recipe
        self.parser = parser
        self.access = access
        self.totals = totals
        self.open_days = open_days
        self.reopen_window = reopen_window
        self.failures = 0
        self.error = ""
        self.trouble = ""
        self.watching_since: int | None = None
        self.fresh_at: int | None = None
        self.next_try_at = 0
        self.looked = False
        self._stamped_at: int | None = None
        self._counted: tuple[int | None, str] = (None, "")
        self._turn = asyncio.Lock()

    # -- freshness ---------------------------------------------------------------------------------------

    @property
    def is_fresh(self) -> bool:
        """Whether what we know of the account is new enough to answer on."""
        if self.fresh_at is None or self.error:
            return False
        age = abs(self.access.clock.now() - self.fresh_at)
        told = self.is_live and self.connector.capabilities.hints_tell_replies
        return age < (LIVE_FRESH if told else FRESH)

    @property
    def is_live(self) -> bool:
        """Whether a push connection stands that was begun before the last pull: nothing fell between."""
        if self.watching_since is None or self.fresh_at is None:
            return False
        return self.watching_since <= self.fresh_at

    async def freshen(self) -> bool:
        """Pulls when the last pull is too old; False when the account cannot be pulled now."""
        if self.is_fresh:
            return True
        if self.access.clock.now() < self.next_try_at:
            return False
        return await self.pull(unless_fresh=True)

    # -- pulling -----------------------------------------------------------------------------------------

    async def pull(self, *, unless_fresh: bool = False) -> bool:
        """Pulls until there is no more; False when the source or the store refused, with ``error`` saying why.

        Never raises for what the outside did.

        Args:
            unless_fresh: nothing is done when somebody else has pulled while this call waited for its turn.
        """
        async with self._turn:
            if unless_fresh and self.is_fresh:
                return True
            try:
                await self._pages()
            except StoreError as error:
                self._note_failure(error, delay(3, self.name))
                log.error("a page could not be stored: %s", error.message, extra={"account": self.name})
                return False
            except Exception as error:
                await self.failed(error)
                return False
            finally:
                self.looked = True
            return True

    async def _pages(self) -> None:
        row = await self._row()
        page = await self.connector.pull(row.cursor)
        brought = False
        while True:
            again = page.more and page.next != row.cursor
            ahead = asyncio.create_task(self.connector.pull(page.next)) if again else None
            try:
                brought |= await self._store(row, page)
            except BaseException:
                await _abandon(ahead)
                raise
            self.fresh_at = self.access.clock.now()
            if ahead is None:
                break
            if page.kind is PageKind.HISTORY:
                await self._stamp("")
            else:
                self.fresh_at = None  # live news are still to come
            page = await ahead
            row = await self._row()
        self.failures, self.error, self.next_try_at = 0, "", 0
        await self._stamp(await self._reconcile(page.total, brought), final=True)

    async def _row(self) -> AccountRow:
        row = await self.access.read(accounts.account_by_name, self.name)
        if row is None:
            raise ConfigError(f"The account {self.name} is gone; run csconsole doctor.")
        return row

    async def _store(self, row: AccountRow, page: Page) -> bool:
        """Stores a page; an empty one that changes nothing is not written."""
        if not page.items and page.next == row.cursor and page.total in (None, row.total):
            return False
        parsed: Sequence[Parsed] = await self.parser.parse(self.recipe, page.items)
        crashpoints.point("mid-page")
        counts = await self.access.call(
            ingest.apply_page,
            self.access.store,
            row,
            page,
            list(parsed),
            self.access.clock,
            open_days=self.open_days,
            reopen_window=self.reopen_window,
        )
        crashpoints.point("page-stored")
        self.totals.counts.pulled += len(page.items)
        self.totals.counts.new += counts.new
        self.totals.counts.duplicates += counts.duplicates
        self.totals.counts.quarantined += counts.quarantined
        return bool(page.items)

    async def _stamp(self, note: str, *, final: bool = False) -> None:
        now = self.access.clock.now()
        if not final and self._stamped_at is not None and abs(now - self._stamped_at) < STAMP_EVERY:
            return
        self._stamped_at = now
        told = " ".join(filter(None, (self.trouble, note)))
        await self.access.write(accounts.pulled_well, self.account_id, live=self.is_live, note=told)

    async def _reconcile(self, total: int | None, brought: bool) -> str:
        """Compares what the source says it has with what we have; a sentence when we lack something."""
        if total is None:
            return ""
        if not brought and self._counted[0] == total:
            return self._counted[1]
        ours = await self.access.read(refs.count, self.account_id, "message")
        ours += await self.access.read(quarantine.count, self.account_id)
        note = f"The source states {total} messages, {ours} are here." if ours < total else ""
        if note:
            log.warning("counts differ", extra={"account": self.name, "theirs": total, "ours": ours})
        self._counted = (total, note)
        return note

    # -- failures ----------------------------------------------------------------------------------------

    async def failed(self, error: Exception) -> None:
        """Notes why the account cannot be synced and when it is tried again."""
        state, wait = self._judge(error)
        self._note_failure(error, wait)
        known = isinstance(error, CsconsoleError)
        log.warning(
            "an account cannot be synced",
            extra={"account": self.name, "state": state, "error": type(error).__name__},
            exc_info=None if known else error,
        )
        try:
            await self.access.write(
                accounts.pull_failed, self.account_id, state=state, error=self.error, next_try_at=self.next_try_at
            )
        except StoreError as broken:
            log.error("the state of an account could not be stored: %s", broken.message)

    def _note_failure(self, error: Exception, wait: float) -> None:
        self.failures += 1
        self.fresh_at = None
        self.error = error.message if isinstance(error, CsconsoleError) else sentence(error)
        self.next_try_at = self.access.clock.now() + round(wait * 1000)

    def _judge(self, error: Exception) -> tuple[str, float]:
        failures = self.failures + 1
        if isinstance(error, AuthError | ConfigError):
            return "auth", AUTH_PAUSE
        if isinstance(error, RateLimitedError):
            return "limited", delay(failures, self.name, retry_after=error.retry_after)
        if isinstance(error, UnreachableError) or (isinstance(error, ConnectorError) and error.retryable):
            return "unreachable", delay(failures, self.name)
        return "broken", max(delay(failures, self.name), 15.0)


async def _abandon(task: asyncio.Task[Page] | None) -> None:
    """Ends a fetch whose page is not wanted any more."""
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
