"""Takes the terminal before Textual does, so that the first frame can be drawn without waiting for it.

The other screen is switched to, keys are no longer echoed and wait in the terminal's queue; Textual takes over from
there (:mod:`csconsole.terminal.driver`) and neither clears the frame nor takes these modes for the user's own.
"""

from __future__ import annotations

import os
import termios
import tty
from typing import Any

ENTER = "\x1b[?1049h"
"""Switches to the other screen."""
_BEGIN = ENTER + "\x1b[?25l\x1b[?7l\x1b[2J"
_END = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"


class EarlyScreen:
    """A terminal taken for the first frame.

    Attributes:
        handed_over: whether Textual has taken the terminal; from then on it also leaves it.

    Args:
        source: descriptor keys come from.
        target: descriptor frames go to.
    """

    def __init__(self, source: int, target: int) -> None:
        self._source, self._target = source, target
        self.attributes: list[Any] = termios.tcgetattr(source)
        self.handed_over = False

    def show(self, frame: str) -> None:
        """Switches to the other screen and draws."""
        raw = termios.tcgetattr(self._source)
        raw[tty.LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
        raw[tty.IFLAG] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
        raw[tty.CC][termios.VMIN] = 1
        termios.tcsetattr(self._source, termios.TCSANOW, raw)
        self._write(_BEGIN + frame)

    def restore(self) -> None:
        """Gives the terminal back as it was; where Textual has left the screen already only its modes are set."""
        if not self.handed_over:
            self._write(_END)
        termios.tcsetattr(self._source, termios.TCSANOW, self.attributes)

    def _write(self, text: str) -> None:
        data = text.encode()
        while data:
            data = data[os.write(self._target, data) :]
