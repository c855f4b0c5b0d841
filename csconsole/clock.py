"""Time as a dependency: services take a clock so that tests decide what time it is.

Instants inside the program are integers: milliseconds since 1970-01-01T00:00:00Z ("ms"). They become
aware datetimes only to be shown, and RFC 3339 with ``Z`` in JSON.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> int:
        """Wall time in milliseconds UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds of a clock that never steps back, for waiting."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> int:
        """Wall time in milliseconds UTC."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds since some start."""
        return time.monotonic()


class FixedClock:
    """A clock that moves only when told; the still demo and the tests use it.

    Args:
        at: the instant it shows, in milliseconds UTC.
    """

    def __init__(self, at: int) -> None:
        self.at = at

    def now(self) -> int:
        """The instant it was set to."""
        return self.at

    def monotonic(self) -> float:
        """The same instant in seconds."""
        return self.at / 1000

    def advance(self, ms: int) -> None:
        """Moves it forward by ``ms`` milliseconds (backward when negative)."""
        self.at += ms


def to_datetime(ms: int) -> datetime:
    """The aware UTC datetime of an instant in milliseconds."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def from_datetime(value: datetime) -> int:
    """Milliseconds UTC of an aware datetime.

    Raises:
        ValueError: the datetime carries no zone.
    """
    if value.tzinfo is None:
        raise ValueError("a datetime without a zone is not an instant")
    return round(value.timestamp() * 1000)


def rfc3339(ms: int) -> str:
    """An instant as RFC 3339 in UTC with ``Z`` and, when not zero, milliseconds."""
    value = to_datetime(ms)
    text = value.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{ms % 1000:03d}Z" if ms % 1000 else f"{text}Z"


def parse_rfc3339(text: str) -> int:
    """Milliseconds UTC of an RFC 3339 instant.

    Raises:
        ValueError: not an instant, or without a zone.
    """
    return from_datetime(datetime.fromisoformat(text.replace("Z", "+00:00")))
