"""Keeps the search index behind the messages, in steps so small that nobody waits for them."""

from __future__ import annotations

import asyncio
import logging

from csconsole.errors import StoreError
from csconsole.store import search
from csconsole.sync.access import Access
from csconsole.sync.waiting import Waiting

log = logging.getLogger(__name__)

STEP_SECONDS = 0.025
"""How long one transaction may hold the store."""
LARGEST, SMALLEST = 200, 10
"""Messages of one step."""
IDLE_SECONDS = 30.0
"""Quiet after which the index is tidied and the write-ahead log moved into the file."""
MERGES = 20
TROUBLE_SECONDS = 30.0


class Indexer:
    """Indexes what waits; ``wake`` is set by whoever notices new messages."""

    def __init__(self, access: Access, waiting: Waiting) -> None:
        self.access = access
        self.waiting = waiting
        self.wake = asyncio.Event()
        self._size = 50

    async def step(self) -> int:
        """Indexes some messages in one short transaction; returns how many."""
        begun = self.access.clock.monotonic()
        done = await self.access.bulk(search.index_batch, limit=self._size)
        spent = self.access.clock.monotonic() - begun
        if done == self._size:
            fitting = round(self._size * STEP_SECONDS / spent) if spent > 0 else LARGEST
            self._size = max(SMALLEST, min(LARGEST, fitting, self._size * 2))
        return done

    async def drain(self) -> None:
        """Indexes all that waits."""
        while await self.step():
            await asyncio.sleep(0)

    async def tidy(self) -> None:
        """What is done in quiet moments: merges the index a little, moves the log into the file."""
        for _ in range(MERGES):
            await self.access.bulk(search.merge_step)
            await asyncio.sleep(0)
        await self.access.call(self.access.store.checkpoint)

    async def run(self) -> None:
        """Works until cancelled."""
        tidied = True
        while True:
            try:
                if await self.waiting.until(self.wake, IDLE_SECONDS):
                    self.wake.clear()
                    await self.drain()
                    tidied = False
                elif not tidied:
                    await self.tidy()
                    tidied = True
            except StoreError as error:
                log.error("the search index could not be written: %s", error.message)
                await self.waiting.until(asyncio.Event(), TROUBLE_SECONDS)
