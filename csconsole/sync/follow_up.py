"""What is left of ours after a channel accepted a message, as a step of its own: it is on record with the acceptance,
so it is done after a crash too, and a mailbox that does not answer keeps neither the receipt nor the next answer.
"""

from __future__ import annotations

import asyncio
import logging

from csconsole import crashpoints
from csconsole.clock import HOUR
from csconsole.connectors.base import Connector
from csconsole.errors import ConnectorError
from csconsole.store import outbox
from csconsole.store.outbox import OutboxRow
from csconsole.sync.access import Access
from csconsole.sync.backoff import delay

log = logging.getLogger(__name__)

GIVEN_UP = 48 * HOUR
"""Age (ms) of a message whose follow-up is not tried any more."""
LONGEST = 90.0
"""Seconds one follow-up may take."""


class FollowUps:
    """Follows up the accepted sends of one account.

    Args:
        account: its name.
        account_id: its key.
        connector: its connection.
        access: the store.
    """

    def __init__(self, account: str, account_id: int, connector: Connector, access: Access) -> None:
        self.account = account
        self.account_id = account_id
        self.connector = connector
        self.access = access
        self._turn = asyncio.Lock()

    async def due(self) -> int:
        """Does what is due, oldest first; returns how many were done. A source that cannot be reached is not asked for
        the others too."""
        done = 0
        async with self._turn:
            for row in await self.access.read(outbox.follow_ups_due, self.account_id, self.access.clock.now()):
                if not await self._one(row):
                    break
                done += 1
        return done

    async def _one(self, row: OutboxRow) -> bool:
        crashpoints.point("follow-up")
        try:
            async with asyncio.timeout(LONGEST):
                note = await self.connector.follow_up(row.item)
        except Exception as error:
            known = isinstance(error, ConnectorError | TimeoutError)
            log.warning(
                "a follow-up did not work",
                extra={"account": self.account, "outbox": row.uid, "error": type(error).__name__},
                exc_info=None if known else error,
            )
            now = self.access.clock.now()
            if now - row.created_at > GIVEN_UP:
                words = error.message if isinstance(error, ConnectorError) else "it did not work"
                await self.access.write(outbox.followed_up, row.id, f"No copy was kept: {words}")
                return True
            wait = delay(min(row.follow_up_tries + 1, 8), row.uid)
            await self.access.write(outbox.follow_up_later, row.id, now + round(wait * 1000))
            return False
        crashpoints.point("follow-up-done")
        await self.access.write(outbox.followed_up, row.id, note)
        return True
