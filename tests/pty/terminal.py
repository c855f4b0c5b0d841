"""The real program on a real screen: a private tmux server that is typed into and read back.

tmux gets Thai right (marks stay on their base, SARA AM has its own cell); the pure Python emulators do not.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from tests.beds.needs import program
from tests.beds.waiting import wait_until
from tools.ansi import Cell, read_cells

__all__ = ["Cell", "ScreenError", "Terminal"]


class ScreenError(AssertionError):
    """The screen did not come to show what was waited for; the message holds the screen."""


class Terminal:
    """A program in a tmux pane of fixed size; use it as a context manager.

    Args:
        argv: the program and its arguments.
        size: columns and rows.
        env: variables added to a small environment of its own (UTF-8, true colour, an empty home).
        cwd: where it starts; an empty directory unless given.
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        *,
        size: tuple[int, int] = (120, 40),
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self._tmux = program("tmux", "tmux")
        # A socket's path is short (108 bytes), a test's own temporary directory often is not.
        self._directory = Path(tempfile.mkdtemp(prefix="term-"))
        home = self._directory / "home"
        home.mkdir()
        self._env = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(home),
            "SHELL": "/bin/sh",
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "COLORTERM": "truecolor",
            "TERM": "xterm-256color",
            **(env or {}),
        }
        columns, rows = size
        self._pid = 0
        try:
            # The options come before the session, so that the program sees them from its first moment.
            # fmt: off
            self._run(
                "start-server", ";",
                "set", "-g", "default-terminal", "tmux-256color", ";",
                "set", "-s", "escape-time", "0", ";",
                "set", "-s", "set-clipboard", "on", ";",
                "set", "-g", "status", "off", ";",
                "set", "-wg", "remain-on-exit", "on", ";",
                "set", "-wg", "remain-on-exit-format", "", ";",
                "new-session", "-d", "-x", str(columns), "-y", str(rows), "-c", str(cwd or home),
                *(part for name, value in self._env.items() if name != "TERM" for part in ("-e", f"{name}={value}")),
                *map(_literal, argv),
            )
            # fmt: on
            self._pid = int(self._ask("#{pane_pid}"))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the program, by force if it stays, and the tmux server."""
        with contextlib.suppress(subprocess.SubprocessError):
            self._run("kill-server")
        if self._pid:
            try:
                wait_until(lambda: not _lives(self._pid), "the program to end", timeout=2)
            except TimeoutError:
                os.kill(self._pid, signal.SIGKILL)
                wait_until(lambda: not _lives(self._pid), "the killed program to end")
        shutil.rmtree(self._directory, ignore_errors=True)

    def _run(self, *command: str, stdin: str | None = None) -> str:
        done = subprocess.run(
            [self._tmux, "-u", "-S", str(self._directory / "s"), "-f", os.devnull, *command],
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=30,
            env=self._env,
        )
        if done.returncode != 0:
            raise subprocess.SubprocessError(f"tmux {command[0]}: {done.stderr.strip()}")
        return done.stdout

    def _ask(self, template: str) -> str:
        return self._run("display-message", "-p", template).rstrip("\n")

    # Keyboard

    def keys(self, *names: str) -> None:
        """Presses keys by tmux's names, one after another: ``j``, ``Enter``, ``C-s``, ``M-x``, ``PageDown``."""
        self._run("send-keys", *map(_literal, names))

    def type(self, text: str) -> None:
        """Types characters as they are, Thai ones too."""
        self._run("send-keys", "-l", "--", _literal(text))

    def paste(self, text: str) -> None:
        """Pastes text, bracketed when the program asked for that."""
        self._run("load-buffer", "-", stdin=text)
        self._run("paste-buffer", "-p", "-d")

    def resize(self, columns: int, rows: int) -> None:
        """Changes the size of the screen."""
        self._run("resize-window", "-x", str(columns), "-y", str(rows))

    # Screen

    def screen(self) -> list[str]:
        """Returns the lines on the screen, without the blanks at their ends."""
        return [line.rstrip() for line in self._run("capture-pane", "-p").removesuffix("\n").split("\n")]

    def text(self) -> str:
        """Returns the screen as one string."""
        return "\n".join(self.screen())

    def dump(self) -> str:
        """Returns the screen with its colours as SGR sequences, for :mod:`tools.picture`."""
        return self._run("capture-pane", "-p", "-e", "-N")

    def cells(self, row: int) -> list[Cell]:
        """Returns the cells of one row, 0 at the top, with their looks."""
        rows = read_cells(self.dump())
        return rows[row] if row < len(rows) else []

    def cursor(self) -> tuple[int, int]:
        """Returns column and row of the terminal's cursor."""
        column, row = self._ask("#{cursor_x} #{cursor_y}").split()
        return int(column), int(row)

    def clipboard(self) -> str:
        """Returns what the program last put into the terminal's clipboard (OSC 52)."""
        return self._run("show-buffer")

    def wait_for(self, wanted: str | re.Pattern[str], timeout: float = 20.0) -> list[str]:
        """Waits until the screen shows something and returns the screen.

        Args:
            wanted: text that stands in one line, or a pattern searched in the whole screen.
            timeout: seconds.

        Raises:
            ScreenError: it did not appear; the message holds the screen.
        """
        self._wait(wanted, True, timeout)
        return self.screen()

    def wait_gone(self, unwanted: str | re.Pattern[str], timeout: float = 20.0) -> list[str]:
        """Waits until the screen no longer shows something and returns the screen; see :meth:`wait_for`."""
        self._wait(unwanted, False, timeout)
        return self.screen()

    def _wait(self, what: str | re.Pattern[str], present: bool, timeout: float) -> None:
        def shown() -> bool:
            text = self.text()
            return (what in text if isinstance(what, str) else what.search(text) is not None) is present

        def settled() -> bool:
            return shown() or (present and not self.alive)

        with contextlib.suppress(TimeoutError):
            wait_until(settled, "the screen", timeout)
        if not shown():
            label = what if isinstance(what, str) else what.pattern
            ended = "" if self.alive else f"; the program ended with status {self.wait_exit()}"
            verb = "does not show" if present else "still shows"
            frame = "\n".join(f"|{line}" for line in self.screen())
            raise ScreenError(f"the screen {verb} {label!r}{ended}:\n{frame}")

    # Process

    @property
    def alive(self) -> bool:
        """Whether the program runs."""
        return self._ask("#{pane_dead}") != "1"

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self._pid

    def wait_exit(self, timeout: float = 20.0) -> int:
        """Waits until the program ended and returns its exit status.

        Killed by a signal it is 128 plus the number, 128 alone where this tmux does not tell the number.

        Raises:
            ScreenError: it still runs; the message holds the screen.
        """
        template = "#{pane_dead_status}/#{pane_dead_signal}"

        def ended() -> bool:
            if self.alive:
                return False
            if self._ask(template) != "/" or not Path(f"/proc/{self._pid}").exists():
                return True
            # tmux 3.3a sometimes misses the end of its child and never asks for the status; this reminds it.
            os.kill(int(self._ask("#{pid}")), signal.SIGCHLD)
            return False

        try:
            wait_until(ended, "the program to end", timeout)
        except TimeoutError:
            frame = "\n".join(f"|{line}" for line in self.screen())
            raise ScreenError(f"the program still runs:\n{frame}") from None
        status, by_signal = self._ask(template).split("/")
        return int(status) if status else 128 + int(by_signal or 0)


def _literal(argument: str | Path) -> str:
    """Protects a ``;`` at the end of an argument, which tmux takes for the end of a command."""
    text = str(argument)
    return text[:-1] + "\\;" if text.endswith(";") else text


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"
