"""Locks between processes: flock on small files beside the database.

``sync.lock`` exclusive: the worker. ``console.lock`` shared: consoles. ``schema.lock`` shared: everybody,
exclusive: a migration. ``intent.lock`` shared around a person's writes; the worker takes and drops it
exclusively before each bulk transaction, since SQLite's busy handler is not fair and a key would wait for
a second behind an import. A lock dies with its process.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class FileLock:
    """A flock on one file, opened 0600 and close-on-exec (a child must not inherit it).

    Args:
        path: the lock file; made when missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def _open(self) -> int:
        if self._fd is None:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self._fd

    def acquire(self, *, shared: bool = False, wait: bool = True) -> bool:
        """Takes the lock; False when it is held elsewhere and ``wait`` is False."""
        mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(self._open(), mode | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Lets go and keeps the file open for the next time."""
        if self._fd is not None:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Lets go and closes the file."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def write_owner(self) -> None:
        """Writes our process id into the file, for messages about who holds it; a disk that refuses does not matter."""
        fd = self._open()
        with suppress(OSError):
            os.ftruncate(fd, 0)
            os.pwrite(fd, str(os.getpid()).encode(), 0)

    def owner(self) -> str:
        """The process id somebody wrote, or ""."""
        try:
            return self.path.read_text()[:20].strip()
        except OSError:
            return ""

    @contextmanager
    def held(self, *, shared: bool = False) -> Iterator[None]:
        """The lock for the length of a block."""
        self.acquire(shared=shared)
        try:
            yield
        finally:
            self.release()
