"""Keeps the garbage collector out of the way of keys.

Each key leaves about 700 objects of cyclic garbage, and Python's own schedule collects the old generations in the
middle of some key for 50 ms. So what start-up made is frozen, automatic collection is off, the young generation is
collected just after each key (about 1 ms), and the others only in quiet.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Protocol

AFTER_KEY = 0.015
"""Seconds between a key and the collection of the young generation: its paint is out by then."""

QUIET = 1.0
"""Seconds without a key before the older generations are collected."""

OLDEST_EVERY = 20
"""The oldest generation is collected once in so many quiet moments."""


class Handle(Protocol):
    """Something scheduled that can be called off."""

    def cancel(self) -> None:
        """Calls it off."""
        ...


Later = Callable[[float, Callable[[], None]], Handle]
"""Runs something after so many seconds, as ``asyncio`` loops do with ``call_later``."""


class KeyedCollector:
    """Collects garbage between keys.

    Args:
        later: schedules on the event loop.
    """

    def __init__(self, later: Later) -> None:
        self._later = later
        self._soon: Handle | None = None
        self._quiet: Handle | None = None
        self._quiet_count = 0

    def start(self) -> None:
        """Takes over: to be called once, after the first paint."""
        gc.disable()
        gc.freeze()

    def stop(self) -> None:
        """Gives collection back to Python and calls off what is scheduled."""
        for handle in (self._soon, self._quiet):
            if handle is not None:
                handle.cancel()
        self._soon = self._quiet = None
        gc.unfreeze()
        gc.enable()

    def key_pressed(self) -> None:
        """To be called for each key."""
        if self._quiet is not None:
            self._quiet.cancel()
        self._quiet = self._later(QUIET, self._collect_older)
        if self._soon is None:
            self._soon = self._later(AFTER_KEY, self._collect_young)

    def _collect_young(self) -> None:
        self._soon = None
        gc.collect(0)

    def _collect_older(self) -> None:
        self._quiet = None
        self._quiet_count += 1
        gc.collect(2 if self._quiet_count % OLDEST_EVERY == 0 else 1)
