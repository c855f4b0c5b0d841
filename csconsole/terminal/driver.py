"""Textual's driver, taking over a terminal that shows the first frame already."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver

from csconsole.terminal.early import ENTER, EarlyScreen


def driver_after(early: EarlyScreen) -> type[LinuxDriver]:
    """A driver class that takes over from ``early``.

    Args:
        early: what the terminal shows.
    """

    class TakingOver(LinuxDriver):
        def start_application_mode(self) -> None:
            super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's
            if not early.handed_over:
                early.handed_over = True
                self.attrs_before = early.attributes

        def write(self, data: str) -> None:
            # Some terminals clear the other screen when told once more to switch to it.
            if data == ENTER and not early.handed_over:
                return
            super().write(data)

    return TakingOver
