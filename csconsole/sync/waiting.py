"""Waiting that a test can make pass at once."""

from __future__ import annotations

import asyncio
from typing import Protocol


class Waiting(Protocol):
    """Waits for an event, but not longer than some seconds."""

    async def until(self, event: asyncio.Event, seconds: float) -> bool:
        """True when the event came, False when the time ran out."""
        ...


class RealWaiting:
    """Waits by the machine's clock."""

    async def until(self, event: asyncio.Event, seconds: float) -> bool:
        """True when the event came, False when the time ran out."""
        if event.is_set():
            return True
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                await event.wait()
        except TimeoutError:
            return False
        return True
