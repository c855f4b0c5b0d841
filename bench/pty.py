"""Measures a program at its terminal: from exec to what is painted, and from a key to its last byte."""

from __future__ import annotations

import re
import resource
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.pty.controls import visible_text
from tests.pty.rawpty import RawPty

QUIET = 0.06
"""Seconds without output after which a key's paint is over; Textual draws at most every 16 ms."""


@dataclass(frozen=True)
class Marker:
    """What must be painted before a screen counts as there.

    Attributes:
        pattern: searched in the visible text of the output.
        count: how many different matches there must be.
    """

    pattern: re.Pattern[str]
    count: int = 1

    @classmethod
    def of(cls, text: str) -> Marker:
        """What is met by a text as it stands."""
        return cls(re.compile(re.escape(text)))

    def met(self, text: str) -> bool:
        """Whether the text holds enough different matches."""
        return len({match.group() for match in self.pattern.finditer(text)}) >= self.count


@dataclass(frozen=True)
class KeyCost:
    """What one key cost: bytes written, milliseconds until the first and the last of them."""

    bytes: int
    first: float
    last: float


def wait_painted(pty: RawPty, marker: Marker, timeout: float = 120.0) -> float:
    """Returns the milliseconds from exec to the output that completed ``marker``.

    Raises:
        TimeoutError: it never came; the message holds the end of the visible text.
    """
    while not pty.ended and pty.now() < timeout:
        if pty.take(1.0) and marker.met(visible_text(pty.output)):
            return pty.chunks[-1].at * 1000
    raise TimeoutError(f"{marker.pattern.pattern!r} was not painted; last text: {visible_text(pty.output)[-300:]!r}")


def settle(pty: RawPty, quiet: float = 0.5) -> None:
    """Reads until the program has been silent for ``quiet`` seconds."""
    pty.read(quiet=quiet, timeout=30.0)


def press(pty: RawPty, key: bytes, count: int, quiet: float = QUIET) -> list[KeyCost]:
    """Presses a key ``count`` times, each after the paint of the one before.

    Args:
        pty: where the program runs.
        key: what the terminal sends for it.
        count: how often.
        quiet: seconds without output that end a paint.

    Returns:
        A cost for each press; one that wrote nothing within 0.6 s costs no bytes and is 0 ms.
    """
    costs: list[KeyCost] = []
    for _ in range(count):
        sent = pty.write(key)
        chunks = pty.read(quiet=quiet, timeout=5.0, first=0.6)
        if chunks:
            size = sum(len(chunk.data) for chunk in chunks)
            costs.append(KeyCost(size, (chunks[0].at - sent) * 1000, (chunks[-1].at - sent) * 1000))
        else:
            costs.append(KeyCost(0, 0.0, 0.0))
    return costs


def cpu_milliseconds(argv: Sequence[str | Path], env: Mapping[str, str] | None = None) -> float:
    """Runs a command to its end and returns the user and system time it took.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([str(part) for part in argv], check=True, capture_output=True, env=env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000
