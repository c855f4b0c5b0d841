"""The real console on a real screen, its bytes recorded before the terminal understands them."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.beds.waiting import wait_until
from tests.pty.terminal import Terminal

PROGRAM = Path(sys.executable).with_name("csconsole")
_MARKS = re.compile(r"z[A-Z][0-9]{3}")


class Console:
    """The console in a terminal.

    Args:
        terminal: the fixture that starts programs on screens.
        data: the data directory.
        record: file for the raw bytes.
        size: columns and rows.
    """

    def __init__(
        self, terminal: Callable[..., Terminal], data: Path, record: Path, size: tuple[int, int] = (120, 50)
    ) -> None:
        self._record = record
        # tmux records from the moment it is told to, so the program waits for that.
        start = f"read begin; exec '{PROGRAM}' --data-dir '{data}'"
        self.screen = terminal(["/bin/sh", "-c", start], size=size)
        self.screen._run("pipe-pane", "-O", f"cat > '{record}'")
        self.screen.keys("Enter")
        self.screen.wait_for(re.compile(r"All open [0-9]+"), timeout=40)
        self.seen: set[str] = set()

    def bytes(self) -> bytes:
        """What the program has written so far, controls and all."""
        return self._record.read_bytes()

    def press(self, *keys: str, patience: float = 0.3) -> str:
        """Presses keys and returns the screen once it has come to rest; notes the marks on it.

        Args:
            keys: by tmux's names.
            patience: seconds to wait for the first change.
        """
        before = self.screen.text()
        self.screen.keys(*keys)
        begun = time.monotonic()
        last = before
        while True:
            text = self.screen.text()
            self.seen.update(_MARKS.findall(text))
            if text == last and (text != before or time.monotonic() - begun > patience):
                return text
            last = text

    def press_until(self, marks: Iterable[str], key: str, most: int = 60) -> None:
        """Presses a key that changes the screen until marks have been on it.

        Raises:
            AssertionError: they never were; names them and shows the screen.
        """
        wanted = set(marks)
        for _ in range(most):
            if wanted <= self.seen:
                return
            self.press(key, patience=10)
        assert wanted <= self.seen, f"never on screen: {sorted(wanted - self.seen)[:20]}\n{self.screen.text()}"

    def next_mark(self, letter: str) -> None:
        """Waits until a mark of a kind is on screen that was not before.

        Raises:
            AssertionError: none came; shows the screen.
        """

        def came() -> bool:
            found = set(_MARKS.findall(self.screen.text())) - self.seen
            self.seen.update(found)
            return any(mark[1] == letter for mark in found)

        try:
            wait_until(came, f"another mark z{letter}", 20)
        except TimeoutError:
            raise AssertionError(f"no new z{letter} on screen\n{self.screen.text()}") from None

    def filter(self, query: str, expected: str) -> None:
        """Filters the list and waits for a row of it."""
        self.press("\\")
        self.screen.type(query)
        self.screen.wait_for(query)
        self.screen.keys("Enter")
        self.screen.wait_for(expected)

    def leave(self) -> None:
        """Quits by keys, and sees the program end well."""
        for _ in range(8):
            if not self.screen.alive:
                break
            self.press("q")
        assert self.screen.wait_exit() == 0
