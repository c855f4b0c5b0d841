"""The store: one SQLite file, short transactions, readers that never wait.

Every write is ``BEGIN IMMEDIATE`` and commits with ``synchronous=FULL`` before a key stroke is shown as
done. The store is synchronous; the screen calls it for reads in a reader thread and for the small writes of
a key press directly.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from csconsole.errors import StoreError
from csconsole.store import driver
from csconsole.store.locks import FileLock

SCHEMA_VERSION = 1
BUSY_LIMIT = 10.0
"""Seconds a write waits for another process before it gives up with a sentence."""


class Tx:
    """An open write transaction. Handed to services and store functions; never kept after the block.

    Attributes:
        connection: for the store's own modules only.
        now: instant of the transaction, ms UTC, the same for every row it touches.
    """

    def __init__(self, connection: driver.Connection, now: int) -> None:
        self.connection = connection
        self.now = now
        self.after_commit: list[Callable[[], None]] = []

    @cached_property
    def rev(self) -> int:
        """The revision stamped on every row this transaction touches: one counter per data directory."""
        row = self.connection.execute("update meta set value = value + 1 where key = 'rev' returning value").fetchone()
        return int(row[0])

    def execute(self, sql: str, args: Any = ()) -> driver.Connection:
        """Runs one statement."""
        return self.connection.execute(sql, args)


class Store:
    """The data directory's database.

    Args:
        root: the data directory (exists, 0700).
        create: make a database when there is none.

    Raises:
        StoreError: damaged, locked, made by a newer csconsole, or the SQLite library is too old.
    """

    def __init__(self, root: Path, *, create: bool = True) -> None:
        self.root = root
        self.path = root / "csconsole.db"
        self._local = threading.local()
        self._write_lock = threading.RLock()
        self._writer: driver.Connection | None = None
        self._readers: list[driver.Connection] = []
        self.schema_lock = FileLock(root / "schema.lock")
        self.intent_lock = FileLock(root / "intent.lock")
        if not create and not self.path.exists():
            raise StoreError(f"There is no csconsole data in {root}; run csconsole init or csconsole demo.")
        try:
            self._prepare()
        except driver.DatabaseError as error:
            raise driver.translate(error, str(self.path)) from error

    # -- opening -----------------------------------------------------------------------------------

    def _prepare(self) -> None:
        self.schema_lock.acquire(shared=True)
        version = self._open_writer().execute("pragma user_version").fetchone()[0]
        if version == SCHEMA_VERSION:
            return
        if version > SCHEMA_VERSION:
            raise StoreError(f"{self.path} was written by a newer csconsole (schema {version}); update this program.")
        self.schema_lock.release()
        if not self.schema_lock.acquire(wait=False):
            self.schema_lock.acquire(shared=True)
            time_limit = time.monotonic() + BUSY_LIMIT
            while time.monotonic() < time_limit:
                if self._open_writer().execute("pragma user_version").fetchone()[0] == SCHEMA_VERSION:
                    return
                time.sleep(0.05)
            raise StoreError("Another csconsole of an older version is running; close it, then start this one.")
        from csconsole.store.migrations import migrate

        try:
            migrate(self._open_writer(), version, SCHEMA_VERSION)
        finally:
            self.schema_lock.acquire(shared=True)

    def _open_writer(self) -> driver.Connection:
        if self._writer is None:
            self._writer = self._connect()
        return self._writer

    def _connect(self) -> driver.Connection:
        connection = driver.connect(str(self.path))
        connection.execute(f"pragma journal_mode={driver.journal_mode()}")
        connection.execute("pragma synchronous=full")
        connection.execute("pragma foreign_keys=off")
        connection.execute("pragma trusted_schema=off")
        connection.execute("pragma secure_delete=on")
        connection.execute("pragma cache_size=-65536")
        connection.execute("pragma wal_autocheckpoint=4000")
        connection.execute("pragma temp_store=memory")
        return connection

    # -- reading -----------------------------------------------------------------------------------

    @property
    def reader(self) -> driver.Connection:
        """This thread's read connection. Exhaust or close every cursor at once: an open one stops the
        write-ahead log from being reset."""
        connection = getattr(self._local, "reader", None)
        if connection is None:
            connection = self._connect()
            connection.execute("pragma query_only=on")
            connection.execute("pragma mmap_size=1073741824")
            connection.execute("pragma busy_timeout=5000")
            self._local.reader = connection
            self._readers.append(connection)
        return connection

    def read(self, sql: str, args: Any = ()) -> list[driver.Row]:
        """All rows of a query, read at once.

        Raises:
            StoreError: the database cannot be read.
        """
        try:
            return list(self.reader.execute(sql, args))
        except driver.DatabaseError as error:
            raise driver.translate(error, str(self.path)) from error

    def read_one(self, sql: str, args: Any = ()) -> driver.Row | None:
        """The first row of a query, or None."""
        rows = self.read(sql, args)
        return rows[0] if rows else None

    @contextmanager
    def snapshot(self) -> Iterator[driver.Connection]:
        """Several reads that see the same state. Keep it short."""
        connection = self.reader
        connection.execute("begin")
        try:
            yield connection
        finally:
            connection.execute("rollback")

    def data_version(self) -> int:
        """Changes whenever another connection committed; 5 microseconds, to be polled."""
        return int(self.reader.execute("pragma data_version").fetchone()[0])

    def last_rev(self) -> int:
        """The newest revision stamped."""
        return int(self.reader.execute("select value from meta where key = 'rev'").fetchone()[0])

    # -- writing -----------------------------------------------------------------------------------

    @contextmanager
    def transaction(self, now: int, *, bulk: bool = False) -> Iterator[Tx]:
        """A write transaction; commits at the end of the block, rolls back on any exception.

        Args:
            now: instant in ms UTC stamped on what it writes.
            bulk: a worker's transaction: lets every waiting person go first. Keep it under 200 rows or
                25 ms.

        Raises:
            DiskFullError: nothing was written.
            StoreError: locked for longer than ten seconds, or damaged.
        """
        with self._write_lock:
            connection = self._open_writer()
            if bulk:
                self.intent_lock.acquire()
                self.intent_lock.release()
            else:
                self.intent_lock.acquire(shared=True)
            try:
                self._begin(connection)
                tx = Tx(connection, now)
                try:
                    yield tx
                    connection.execute("commit")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("rollback")
                    raise
            except driver.DatabaseError as error:
                raise driver.translate(error, str(self.path)) from error
            finally:
                if not bulk:
                    self.intent_lock.release()
        for action in tx.after_commit:
            action()

    def _begin(self, connection: driver.Connection) -> None:
        limit = time.monotonic() + BUSY_LIMIT
        while True:
            try:
                connection.execute("begin immediate")
                return
            except driver.OperationalError as error:
                if not driver.is_busy(error) or time.monotonic() > limit:
                    raise
                time.sleep(0.0003 + random.random() * 0.0007)

    def checkpoint(self, *, truncate: bool = False) -> None:
        """Moves the write-ahead log into the file; a worker does it when idle and at its end."""
        with self._write_lock:
            mode = "truncate" if truncate else "passive"
            self._open_writer().execute(f"pragma wal_checkpoint({mode})").fetchall()

    def backup(self, target: Path) -> None:
        """A consistent copy while others go on working.

        Raises:
            StoreError: the target exists or cannot be written.
        """
        if target.exists():
            raise StoreError(f"{target} exists already; name another file.")
        with self._write_lock:
            try:
                self._open_writer().execute("vacuum into ?", (str(target),))
            except driver.DatabaseError as error:
                raise driver.translate(error, str(target)) from error
        target.chmod(0o600)

    def close(self) -> None:
        """Closes every connection and lock."""
        for connection in self._readers:
            connection.close()
        self._readers.clear()
        self._local = threading.local()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self.schema_lock.close()
        self.intent_lock.close()
