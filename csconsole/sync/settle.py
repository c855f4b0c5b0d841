"""Settling sends whose answer was lost: by key, by look-up, by echo, and only then by a person.

``settling`` is looked at 5, 15 and 60 seconds after the loss and keeps its conversation waiting no longer; then
it is ``uncertain`` and asks a person, while quiet look-ups go on for half an hour. A send is repeated only when
an authoritative list says that it is not there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec

from csconsole.clock import SECOND
from csconsole.connectors.base import Connector
from csconsole.domain.sending import Receipt, SendClass, Settled
from csconsole.errors import CsconsoleError
from csconsole.store import accounts, outbox
from csconsole.store.database import Tx
from csconsole.store.outbox import OutboxRow
from csconsole.sync import outcome
from csconsole.sync.access import Access
from csconsole.sync.backoff import delay
from csconsole.sync.outbox import PROVEN, accepted
from csconsole.sync.summary import Totals

log = logging.getLogger(__name__)

LOOKS = (5, 15, 60, 120, 600, 1800)
"""Seconds after the loss at which the source is asked; after the third the row is ``uncertain``."""
BLOCKING_LOOKS = 3
EARLIEST_ABSENT = 5 * SECOND
"""An absence is believed only this long (ms) after the attempt: lists lag behind."""
LONGEST_LOOK = 15.0
"""Seconds one look-up may take."""
ASK = "Whether it arrived is not known; look there, then say sent or unsent."


def recover(tx: Tx) -> int:
    """Puts right what a dead worker left as ``sending``; call when nobody else can be sending.

    Nothing committed means that nothing left (the contract's ``phase``). Beyond that the class decides: the
    same key again cannot duplicate; what can be asked is asked; else a person must tell.

    Returns:
        How many rows were put right.
    """
    rows = outbox.in_state(tx, "sending")
    classes = {account.id: account.capabilities.get("send_class", {}) for account in accounts.all_in(tx)}
    for row in rows:
        send_class = SendClass(classes.get(row.account_id, {}).get(row.kind, SendClass.NONE))
        if row.phase == PROVEN:
            accepted(tx, row.id, Receipt())
        elif not row.phase:
            outbox.finish(tx, row.id, "queued", not_before=tx.now, outcome="died before sending")
        else:
            end = outcome.lost(send_class, "The program ended while it was sent.", attempt=row.attempts, seed=row.uid)
            outbox.finish(
                tx, row.id, end.state, reason=end.reason, not_before=tx.now + round(end.wait * 1000), outcome="died"
            )
    outbox.look_now(tx)
    return len(rows)


class Settler:
    """Settles the lost sends of one account.

    Args:
        account: its name.
        account_id: its key.
        connector: its connection.
        access: the store.
        totals: where the rows taken up are noted.
        pull: pulls the account, so that an echo that has arrived settles its send.
    """

    def __init__(
        self,
        account: str,
        account_id: int,
        connector: Connector,
        access: Access,
        totals: Totals,
        pull: Callable[[], Awaitable[object]],
    ) -> None:
        self.account = account
        self.account_id = account_id
        self.connector = connector
        self.access = access
        self.totals = totals
        self.pull = pull
        self._turn = asyncio.Lock()

    async def settle_due(self, *, all_rows: bool = False) -> int:
        """Looks at every lost send that is due; returns how many still keep their conversation waiting.

        Args:
            all_rows: look at once at those that block, due or not.
        """
        async with self._turn:
            now = self.access.clock.now()
            rows = await self.access.read(outbox.unsettled, self.account_id, looks=len(LOOKS))
            due = [r for r in rows if r.not_before <= now or (all_rows and r.state == "settling")]
            if due:
                await self.pull()
            for row in due:
                await self._settle(row)
            return sum(r.state == "settling" for r in await self.access.read(outbox.unsettled, self.account_id))

    async def settle_one(self, row_id: int) -> str:
        """Looks at one lost send now, because a person asked; returns its state afterwards."""
        async with self._turn:
            await self.pull()
            row = await self.access.read(outbox.get, row_id)
            if row is not None and row.state in {"settling", "uncertain"}:
                await self._settle(row)
                row = await self.access.read(outbox.get, row_id)
            return row.state if row is not None else ""

    async def _settle(self, row: OutboxRow) -> None:
        item = msgspec.structs.replace(row.item, attempt=row.attempts)
        found: tuple[Settled, Receipt | None]
        try:
            async with asyncio.timeout(LONGEST_LOOK):
                found = await self.connector.settle(item)
        except (CsconsoleError, TimeoutError):
            found = Settled.UNKNOWN, None
        except Exception:
            log.exception("a look-up failed", extra={"account": self.account, "outbox": row.uid})
            found = Settled.UNKNOWN, None
        self.totals.sends.add(row.id)
        await self.access.write(conclude, row, *found)


def conclude(tx: Tx, seen: OutboxRow, found: Settled, receipt: Receipt | None) -> str:
    """Writes what a look-up found; returns the new state, "" when it stays as it was."""
    row = outbox.get(tx, seen.id)
    if row is None or row.state not in {"settling", "uncertain"} or row.attempts != seen.attempts:
        return ""
    if found is Settled.FOUND:
        return accepted(tx, row.id, receipt or Receipt())
    claimed_at = row.claimed_at if row.claimed_at is not None else row.created_at
    lost_at = min(claimed_at, tx.now)  # the clock may have been set back since
    may_believe = tx.now - lost_at >= EARLIEST_ABSENT or (claimed_at > tx.now and row.settle_tries > 0)
    if found is Settled.ABSENT and row.state == "settling" and may_believe:
        wait = 0.0 if row.attempts < 2 else delay(row.attempts, row.uid)
        outbox.finish(tx, row.id, "queued", not_before=tx.now + round(wait * 1000), outcome="absent")
        return "queued"
    tries = row.settle_tries + 1 if tx.now >= row.not_before or claimed_at > tx.now else row.settle_tries
    if tries > row.settle_tries:
        next_look = max(lost_at + LOOKS[tries] * SECOND, tx.now + SECOND) if tries < len(LOOKS) else tx.now
        outbox.count_settle(tx, row.id, next_look)
    expired = tries >= BLOCKING_LOOKS or tx.now - lost_at >= LOOKS[BLOCKING_LOOKS - 1] * SECOND
    if row.state == "settling" and expired:
        outbox.finish(tx, row.id, "uncertain", reason=ASK, outcome="uncertain")
        return "uncertain"
    return ""
