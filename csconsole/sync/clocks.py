"""Which clock a data directory lives by: the machine's, or the one of a still demo.

The still demo shows a fixed Friday noon. Its clock is set to that instant when the directory is built and runs
from there at the machine's pace, so that holds end and snoozes wake as in real life. Console, worker and command
line must all ask here, or they would disagree about what is due.
"""

from __future__ import annotations

import os
from pathlib import Path

from csconsole.clock import Clock, SystemClock
from csconsole.config.model import Config

ANCHOR = "demo-clock"
"""File in the data directory: the machine's time (ms UTC) at which the demo's clock showed its first instant."""


class ShiftedClock(SystemClock):
    """The machine's clock, moved by a fixed span.

    Args:
        shift: milliseconds added to the machine's time.
    """

    def __init__(self, shift: int) -> None:
        self.shift = shift

    def now(self) -> int:
        """The shifted wall time in milliseconds UTC."""
        return super().now() + self.shift


def is_still(config: Config) -> bool:
    """Whether every account is a still demo's: nothing there has to do with the machine's date."""
    return bool(config.accounts) and all(
        account.connector == "demo" and account.settings.get("still") is True for account in config.accounts
    )


def clock_for(config: Config, root: Path) -> Clock:
    """The clock of a data directory.

    Args:
        config: its configuration.
        root: the directory.
    """
    if not is_still(config):
        return SystemClock()
    try:
        anchor = int((root / ANCHOR).read_text("ascii"))
    except (OSError, ValueError):
        return SystemClock()
    from csconsole.connectors.demo.still import STILL_AT

    return ShiftedClock(STILL_AT - anchor)


def start_still(root: Path) -> None:
    """Sets a new still demo's clock to its first instant; a clock that runs already goes on."""
    try:
        handle = os.open(root / ANCHOR, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{SystemClock().now()}\n")
