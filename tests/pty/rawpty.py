"""A program on a bare pseudo-terminal whose output is kept byte by byte with its time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Chunk:
    """Output that came in one read.

    Attributes:
        at: seconds since the program was started.
        data: the bytes.
    """

    at: float
    data: bytes


_QUERIES: list[tuple[re.Pattern[bytes], Callable[[re.Match[bytes]], bytes]]] = [
    (re.compile(rb"\x1b\[0?c"), lambda _: b"\x1b[?62;22c"),
    (re.compile(rb"\x1b\[>0?c"), lambda _: b"\x1b[>41;390;0c"),
    (re.compile(rb"\x1b\[5n"), lambda _: b"\x1b[0n"),
    (re.compile(rb"\x1b\[6n"), lambda _: b"\x1b[1;1R"),
    (re.compile(rb"\x1b\[>0?q"), lambda _: b"\x1bP>|rawpty\x1b\\"),
    (re.compile(rb"\x1b\[\?u"), lambda _: b"\x1b[?0u"),
    # Synchronised output (2026) is known and off; other modes are not recognised.
    (re.compile(rb"\x1b\[\?(\d+)\$p"), lambda m: b"\x1b[?%s;%d$y" % (m[1], 2 if m[1] == b"2026" else 0)),
    (re.compile(rb"\x1b\](1[01]);\?(?:\x07|\x1b\\)"), lambda m: b"\x1b]%s;rgb:0000/0000/0000\x1b\\" % m[1]),
]


class RawPty:
    """Runs a program on a pseudo-terminal, answers its questions as xterm would, and records what it writes.

    Args:
        argv: the program and its arguments.
        size: columns and rows.
        env: variables added to those of this process (UTF-8 and true colour are set).
        cwd: where it starts.
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        *,
        size: tuple[int, int] = (120, 40),
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.chunks: list[Chunk] = []
        self.ended = False
        surroundings = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            **(env or {}),
        }
        for name in ("NO_COLOR", "TMUX", "COLUMNS", "LINES"):
            surroundings.pop(name, None)
        self._master, slave = os.openpty()
        self._set_size(slave, size)
        self._pending = b""
        self.started = time.perf_counter()
        try:
            self._process = subprocess.Popen(
                [str(part) for part in argv],
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env=surroundings,
                cwd=cwd,
                start_new_session=True,
                preexec_fn=_take_terminal,
            )
        except BaseException:
            os.close(self._master)
            raise
        finally:
            os.close(slave)

    def __enter__(self) -> RawPty:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @staticmethod
    def _set_size(descriptor: int, size: tuple[int, int]) -> None:
        columns, rows = size
        fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self._process.pid

    @property
    def output(self) -> bytes:
        """Everything it wrote so far."""
        return b"".join(chunk.data for chunk in self.chunks)

    @property
    def modes(self) -> list[Any]:
        """The terminal's modes as ``termios.tcgetattr`` gives them."""
        return termios.tcgetattr(self._master)

    def now(self) -> float:
        """Returns the seconds since the program was started."""
        return time.perf_counter() - self.started

    def write(self, data: bytes) -> float:
        """Sends key strokes and returns when, in seconds since the start."""
        at = self.now()
        os.write(self._master, data)
        return at

    def resize(self, columns: int, rows: int) -> None:
        """Changes the size of the terminal; the program gets SIGWINCH."""
        self._set_size(self._master, (columns, rows))

    def read(self, *, quiet: float, timeout: float, first: float | None = None) -> list[Chunk]:
        """Reads until nothing came for a while and returns the new chunks.

        Args:
            quiet: seconds without output that end the reading.
            timeout: seconds after which it ends in any case.
            first: seconds to wait for the first output; ``quiet`` unless given.
        """
        begin = len(self.chunks)
        end = self.now() + timeout
        deadline = self.now() + (quiet if first is None else first)
        while not self.ended:
            rest = min(end, deadline) - self.now()
            if rest <= 0:
                break
            if self.take(rest):
                deadline = self.now() + quiet
        return self.chunks[begin:]

    def read_until(self, pattern: bytes, *, timeout: float = 30.0) -> Chunk:
        """Reads until the output so far, controls included, matches; returns the chunk that completed it.

        Raises:
            TimeoutError: it did not come in time or the program ended; the message holds the end of the output.
        """
        wanted = re.compile(pattern, re.DOTALL)
        seen = self.output
        if self.chunks and wanted.search(seen):
            return self.chunks[-1]
        end = self.now() + timeout
        while not self.ended and (rest := end - self.now()) > 0:
            if self.take(rest):
                seen = (seen + self.chunks[-1].data)[-65536:]
                if wanted.search(seen):
                    return self.chunks[-1]
        state = "the program ended" if self.ended else f"{timeout:g} s passed"
        raise TimeoutError(f"{pattern!r} did not come, {state}; last output: {self.output[-500:]!r}")

    def take(self, timeout: float) -> bool:
        """Waits up to ``timeout`` seconds for one more chunk; returns whether it came."""
        ready, _, _ = select.select([self._master], [], [], timeout)
        if not ready:
            return False
        try:
            data = os.read(self._master, 1 << 18)
        except OSError:
            data = b""
        if not data:
            self.ended = True
            return False
        self.chunks.append(Chunk(self.now(), data))
        self._answer(data)
        return True

    def _answer(self, data: bytes) -> None:
        """Answers the questions in new output, also one that was split between two reads."""
        text = self._pending + data
        last = 0
        for pattern, answer in _QUERIES:
            for match in pattern.finditer(text):
                last = max(last, match.end())
                with contextlib.suppress(OSError):
                    os.write(self._master, answer(match))
        rest = text[last:]
        start = rest.rfind(b"\x1b", -32)
        self._pending = rest[start:] if start >= 0 else b""

    def memory(self, *, children: bool = False) -> float:
        """Returns the resident memory of the program now, its descendants included if asked for, in MiB."""
        return sum(_resident(pid) for pid in (_family(self.pid) if children else [self.pid])) / 1024

    def cpu(self) -> float:
        """Returns the processor seconds the program itself has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait(self, timeout: float = 20.0) -> int:
        """Waits for the end of the program, reading on meanwhile, and returns its exit status.

        Raises:
            TimeoutError: it still runs.
        """
        end = self.now() + timeout
        while not self.ended and self.now() < end:
            self.take(0.1)
        try:
            return self._process.wait(timeout=max(0.1, end - self.now()))
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"the program still runs after {timeout:g} s") from None

    def close(self) -> None:
        """Ends the program and what it started, by force."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        with contextlib.suppress(OSError):
            os.close(self._master)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _family(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text()
            found += [int(child) for child in children.split()]
    return found


def _resident(pid: int) -> int:
    with contextlib.suppress(OSError):
        match = re.search(r"^VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
        return int(match[1]) if match else 0
    return 0
