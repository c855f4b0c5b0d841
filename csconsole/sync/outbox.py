"""The one way out: takes due rows and hands them to their connector, each attempt on record before it begins.

First in, first out inside a conversation; several conversations of an account overlap. Nothing leaves before
the account was pulled within the last half minute, so that the stale-reply stop knows what it speaks of.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec

from csconsole import crashpoints
from csconsole.connectors.base import Connector
from csconsole.domain.sending import Receipt, SendClass
from csconsole.errors import StoreError
from csconsole.store import outbox
from csconsole.store.database import Tx
from csconsole.store.outbox import OutboxRow
from csconsole.sync import claiming, closing, inbound
from csconsole.sync.access import Access
from csconsole.sync.outcome import STORE_WAIT, Outcome, judge
from csconsole.sync.summary import Totals

log = logging.getLogger(__name__)

OVERLAP = 4
"""Sends of one account under way at once."""
LONGEST_SEND = 300.0
"""Seconds after which an attempt counts as lost; connectors have shorter limits of their own."""
PROVEN = "accepted"
"""Phase by which a connector states that the channel has accepted and only work of ours is left."""


class _SupersededError(Exception):
    """The row is no longer this attempt's: an echo of an earlier one has settled it."""


class Sender:
    """Sends what is due on one account.

    Args:
        account: its name.
        account_id: its key.
        connector: its connection.
        access: the store.
        totals: where the rows taken up are noted.
        freshen: pulls when the last pull is too old; False when the account cannot be pulled now.
        trouble: told why the account can send nothing for a while, and "" once a send was accepted.
    """

    def __init__(
        self,
        account: str,
        account_id: int,
        connector: Connector,
        access: Access,
        totals: Totals,
        *,
        freshen: Callable[[], Awaitable[bool]],
        trouble: Callable[[str], None],
    ) -> None:
        self.account = account
        self.account_id = account_id
        self.connector = connector
        self.access = access
        self.totals = totals
        self.freshen = freshen
        self.trouble = trouble
        self.paused_until = 0
        self._in_flight: dict[int, asyncio.Task[None]] = {}
        self._unwritten: dict[int, Callable[[Tx], str]] = {}
        self._turn = asyncio.Lock()

    def send_class(self, kind: str) -> SendClass:
        """How a send of this kind can be settled on this channel."""
        return self.connector.capabilities.send_class.get(kind, SendClass.NONE)

    async def send_due(self) -> int:
        """Sends until nothing is due any more; returns how many rows were taken up."""
        begun = 0
        async with self._turn:
            await self._write_ends()
            while rows := await self._due():
                if not await self.freshen():
                    break
                for row in rows[: OVERLAP - len(self._in_flight)]:
                    task = asyncio.create_task(self._send(row.id), name=f"send {self.account} {row.id}")
                    self._in_flight[row.id] = task
                    begun += 1
                await asyncio.wait(self._in_flight.values(), return_when=asyncio.FIRST_COMPLETED)
                self._sweep()
            while self._in_flight:
                await asyncio.wait(self._in_flight.values())
                self._sweep()
        return begun

    async def _due(self) -> list[OutboxRow]:
        now = self.access.clock.now()
        if now < self.paused_until:
            return []
        rows = await self.access.read(outbox.due, now, account_id=self.account_id)
        return [row for row in rows if row.id not in self._in_flight]

    def _sweep(self) -> None:
        for row_id, task in list(self._in_flight.items()):
            if task.done():
                del self._in_flight[row_id]
                if not task.cancelled() and (error := task.exception()) is not None:
                    log.error("a send could not be concluded", extra={"account": self.account}, exc_info=error)

    async def drain(self, seconds: float) -> None:
        """Lets sends under way end; after ``seconds`` they are cut off and count as lost."""
        if not self._in_flight:
            return
        _, late = await asyncio.wait(self._in_flight.values(), timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        self._sweep()

    async def _send(self, row_id: int) -> None:
        try:
            state, row = await self.access.write(claiming.claim, row_id)
        except StoreError as error:
            self._hold_off(error)
            return
        if row is None or state != "sending":
            return
        self.totals.sends.add(row_id)
        crashpoints.point("claimed")
        reached = ""

        async def phase(name: str) -> None:
            nonlocal reached
            crashpoints.point(name)
            try:
                ours = await self.access.write(outbox.set_phase, row.id, row.attempts, name)
            except StoreError:
                if name != PROVEN:
                    raise
                ours = True  # it was accepted, whatever our disk says; the end is written again and again
            if not ours and name != PROVEN:
                raise _SupersededError
            reached = name
            crashpoints.point(f"phase-{name}")

        item = msgspec.structs.replace(row.item, attempt=row.attempts)
        try:
            async with asyncio.timeout(LONGEST_SEND):
                receipt = await self.connector.send(item, phase)
        except _SupersededError:
            return
        except asyncio.CancelledError:
            await asyncio.shield(self._ended(row, reached, TimeoutError()))
            raise
        except Exception as error:
            await self._ended(row, reached, error)
        else:
            crashpoints.point("accepted-before-commit")
            self.trouble("")
            await self._conclude(row, lambda tx: accepted(tx, row.id, receipt))

    def _hold_off(self, error: StoreError) -> None:
        """The store cannot note that a send begins, so none may; the account tries again in a while."""
        log.error("a send could not be begun: %s", error.message, extra={"account": self.account})
        self.paused_until = max(self.paused_until, self.access.clock.now() + round(STORE_WAIT * 1000))

    async def _ended(self, row: OutboxRow, reached: str, error: Exception) -> None:
        """Notes an attempt that raised."""
        if reached == PROVEN:
            await self._conclude(row, lambda tx: accepted(tx, row.id, Receipt()))
            return
        send_class = self.send_class(row.kind)
        outcome = judge(error, send_class, phase=reached, attempt=row.attempts, seed=row.uid)
        log.warning(
            "a send did not end well",
            extra={"account": self.account, "outbox": row.uid, "state": outcome.state, "error": type(error).__name__},
            exc_info=None if hasattr(error, "message") else error,
        )
        now = self.access.clock.now()
        if outcome.pause:
            self.paused_until = max(self.paused_until, now + round(outcome.pause * 1000))
        await self._conclude(row, lambda tx: unaccepted(tx, row, outcome))
        if outcome.pause:
            self.trouble(outcome.reason)

    async def _conclude(self, row: OutboxRow, work: Callable[[Tx], str]) -> None:
        """Writes an end; when the store cannot be written it is kept and written as soon as it can. Dying before
        that leaves the row ``sending``, and the next start of a worker settles it."""
        try:
            await self.access.write(work)
        except StoreError as error:
            log.error("the end of a send could not be stored: %s", error.message, extra={"outbox": row.uid})
            self._unwritten[row.id] = work

    async def _write_ends(self) -> None:
        """Writes the ends of sends that the store could not take when they came.

        Raises:
            StoreError: it still cannot.
        """
        for row_id, work in list(self._unwritten.items()):
            await self.access.write(work)
            del self._unwritten[row_id]


def accepted(tx: Tx, row_id: int, receipt: Receipt) -> str:
    """The channel has it: binds its ids, and whatever state the row had meanwhile, it is sent.

    Returns:
        The state written, "" when the row had ended otherwise (an echo was first, or it bounced).
    """
    row = outbox.get(tx, row_id)
    if row is None:
        return ""
    inbound.bind_sent(tx, row.account_id, row.id, receipt.remote_id, receipt.message_ids)
    state = ""
    if row.state in {"sending", "settling", "uncertain", "queued"}:
        outbox.finish(tx, row.id, "sent", remote_id=receipt.remote_id, outcome="accepted")
        state = "sent"
    closing.after_sent(tx, row.id)
    return state


def unaccepted(tx: Tx, row: OutboxRow, outcome: Outcome) -> str:
    """Writes how an attempt ended that brought no receipt; an echo that was first stays right."""
    now = outbox.get(tx, row.id)
    if now is None or now.state != "sending" or now.attempts != row.attempts:
        return ""
    due = tx.now + round(outcome.wait * 1000)
    outbox.finish(tx, row.id, outcome.state, reason=outcome.reason, not_before=due)
    if outcome.state == "failed":
        closing.unsent(tx, row)
    return outcome.state
