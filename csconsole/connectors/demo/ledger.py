"""What the simulated shop really accepted: the oracle of every delivery test.

One append-only file of JSON lines in the data directory, shared by all demo accounts and all processes. The
first line holds the demo's time zero, every other line one accepted reply. A line is written whole under an
exclusive ``flock`` and is on disk before the caller hears of it; readers hold a shared lock. A line torn by the
death of its writer was accepted only when it is complete JSON; it is closed by the next writer.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from csconsole.errors import ConfigError, UnreachableError

FILE_NAME = "demo.ledger.jsonl"


class Start(msgspec.Struct, frozen=True, tag="start"):
    """The first line: time zero in ms UTC."""

    at: int


class Acceptance(msgspec.Struct, frozen=True, kw_only=True, tag="accepted"):
    """A reply the shop accepted, that is: which its customer received.

    Attributes:
        n: number of the acceptance in the whole ledger, from 1.
        at: when it was accepted, ms UTC; never falls from one line to the next.
        tick: the same as ms since the demo's time zero.
        account: account it was sent through.
        thread: the conversation at the source.
        uid: outbox row it came from.
        attempt: which attempt it was.
        key: idempotency key.
        texts: its bubbles.
        to: recipients.
        author: who wrote it.
        attachments: names of its files.
    """

    n: int
    at: int
    tick: int
    account: str
    thread: str
    uid: str
    attempt: int
    key: str
    texts: tuple[str, ...]
    to: tuple[str, ...] = ()
    author: str = ""
    attachments: tuple[str, ...] = ()

    @property
    def remote_id(self) -> str:
        """The id the shop gave the message."""
        return f"{self.account}:out-{self.n}"

    @property
    def text(self) -> str:
        """All bubbles as one text."""
        return "\n\n".join(self.texts)


_LINE = msgspec.json.Decoder(Start | Acceptance)
_encode = msgspec.json.Encoder().encode


class Ledger:
    """The ledger of a data directory. Cheap to make; opens nothing until used.

    Args:
        directory: the data directory.
    """

    def __init__(self, directory: Path | str) -> None:
        self.path = Path(directory) / FILE_NAME
        self._start: int | None = None
        self._lines: list[Acceptance] = []
        self._by_key: dict[tuple[str, str], Acceptance] = {}
        self._offset = 0
        self._mutex = threading.Lock()

    def start(self, at: int) -> int:
        """The demo's time zero, set to ``at`` when nobody has set it before.

        Args:
            at: ms UTC.

        Raises:
            ConfigError: the file cannot be written.
        """
        if self._start is None:
            with self._locked(fcntl.LOCK_EX) as fd:
                self._read(fd)
                if self._start is None:
                    self._append(fd, Start(at))
                    self._start = at
        return self._start

    def observe(self, now: Callable[[], int]) -> tuple[int, list[Acceptance]]:
        """The time, and all that had been accepted by then.

        The clock is read while the file is locked, so that whatever is not in the answer will carry a time of
        at least the one returned: what follows from it lies in the reader's future.

        Args:
            now: reads the clock, ms UTC.
        """
        with self._locked(fcntl.LOCK_SH) as fd:
            self._read(fd)
            return now(), self._lines

    def accepted(self, account: str | None = None) -> list[Acceptance]:
        """Everything accepted so far, in order.

        Args:
            account: only that account's, all when None.
        """
        if not self.path.exists():
            return []
        with self._locked(fcntl.LOCK_SH) as fd:
            self._read(fd)
        return [line for line in self._lines if account in (None, line.account)]

    def accept(self, reply: Acceptance, now: Callable[[], int], *, once: bool) -> tuple[Acceptance, bool]:
        """Accepts a reply; on disk when this returns.

        Args:
            reply: the acceptance; its number and times are set here.
            now: reads the clock, ms UTC.
            once: the channel recognises an idempotency key: the same key again gives the first acceptance.

        Returns:
            The acceptance, and whether it is a new one.

        Raises:
            ConfigError: the file cannot be opened.
            UnreachableError: the disk is full; nothing was accepted.
        """
        with self._locked(fcntl.LOCK_EX) as fd:
            self._read(fd)
            earlier = self._by_key.get((reply.account, reply.key))
            if once and earlier is not None:
                return earlier, False
            at = max(now(), self._lines[-1].at if self._lines else 0)
            if self._start is None:
                self._append(fd, Start(at))
                self._start = at
            line = msgspec.structs.replace(reply, n=len(self._lines) + 1, at=at, tick=at - self._start)
            self._append(fd, line)
            self._read(fd)
            return line, True

    def find(self, account: str, key: str) -> Acceptance | None:
        """The first acceptance under an idempotency key, None when there is none."""
        if not self.path.exists():
            return None
        with self._locked(fcntl.LOCK_SH) as fd:
            self._read(fd)
        return self._by_key.get((account, key))

    def size(self) -> int:
        """Bytes of the file: changes whenever something was accepted. 0 when it does not exist."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    @contextmanager
    def _locked(self, kind: int) -> Iterator[int]:
        with self._mutex, self._open(kind) as fd:
            yield fd

    @contextmanager
    def _open(self, kind: int) -> Iterator[int]:
        fresh = not self.path.exists()
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(
                f"{self.path}: the demo's ledger cannot be written ({error.strerror}); "
                "choose a data directory of your own with --data-dir"
            ) from None
        try:
            if fresh:
                _sync_directory(self.path.parent)
            fcntl.flock(fd, kind)
            yield fd
        finally:
            os.close(fd)

    def _append(self, fd: int, line: Start | Acceptance) -> None:
        """Writes one line in one call; closes a line torn by a dead writer first."""
        size = os.fstat(fd).st_size
        torn = size > 0 and os.pread(fd, 1, size - 1) != b"\n"
        data = (b"\n" if torn else b"") + _encode(line) + b"\n"
        try:
            written = os.write(fd, data)
            if written != len(data):
                raise OSError(28, "no space left")
            os.fsync(fd)
        except OSError as error:
            os.ftruncate(fd, size)
            raise UnreachableError(
                f"{self.path}: the demo's ledger cannot be written ({error.strerror}); free some space.",
                provably_not_accepted=True,
            ) from None

    def _read(self, fd: int) -> None:
        """Takes in what was appended since the last look."""
        size = os.fstat(fd).st_size
        if size < self._offset:
            self._offset, self._start, self._lines, self._by_key = 0, None, [], {}
        if size == self._offset:
            return
        data = os.pread(fd, size - self._offset, self._offset)
        while len(data) < size - self._offset and (more := os.pread(fd, size, self._offset + len(data))):
            data += more
        whole, _, tail = data.rpartition(b"\n")
        for raw in whole.split(b"\n"):
            self._take(raw)
        if self._take(tail):
            self._offset += len(data)
        else:
            self._offset += len(data) - len(tail)

    def _take(self, raw: bytes) -> bool:
        """Reads one line; a torn one is passed over, it was accepted by nobody."""
        if not raw:
            return True
        try:
            line = _LINE.decode(raw)
        except msgspec.MsgspecError:
            return False
        if isinstance(line, Start):
            self._start = line.at if self._start is None else self._start
        else:
            self._lines.append(line)
            self._by_key.setdefault((line.account, line.key), line)
        return True


def _sync_directory(path: Path) -> None:
    """Makes a new file's name survive a crash."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
