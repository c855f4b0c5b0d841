"""A thread's read connection, which another thread may close.

SQLite frees a connection's memory when it is closed, also while a statement of another thread still runs in it; the
process then dies. The lock here makes the closing thread wait, and an interrupt makes the wait short.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from csconsole.errors import StoreError
from csconsole.store import driver

LONGEST_CLOSE = 5.0
"""Seconds a close waits for a read that an interrupt does not end; then the connection is left to the process's end."""


class ReadConnection:
    """A read connection and the lock of whoever is reading by it.

    Args:
        connection: used by one thread, closed by any.
    """

    def __init__(self, connection: driver.Connection) -> None:
        self._connection = connection
        self._lock = threading.RLock()
        self._closed = False

    @contextmanager
    def use(self) -> Iterator[driver.Connection]:
        """The connection, which is not closed before the block ends.

        Raises:
            StoreError: it is closed already.
        """
        with self._lock:
            self._check()
            yield self._connection

    def rows(self, sql: str, args: Any) -> list[driver.Row]:
        """All rows of a query.

        Raises:
            StoreError: it is closed already.
        """
        with self._lock:
            self._check()
            return list(self._connection.execute(sql, args))

    def close(self) -> None:
        """Ends the read another thread is in, then closes; further reads are refused."""
        self._closed = True
        self._connection.interrupt()
        if self._lock.acquire(timeout=LONGEST_CLOSE):
            try:
                self._connection.close()
            finally:
                self._lock.release()

    def _check(self) -> None:
        if self._closed:
            raise StoreError("The data was closed while it was read; nothing was lost.")
