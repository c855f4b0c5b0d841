"""The store: one SQLite file, short transactions, readers that never wait.

Every write is ``BEGIN IMMEDIATE`` and commits with ``synchronous=FULL`` before a key stroke is shown as
done. The store is synchronous; the screen calls it for reads in a reader thread and for the small writes of
a key press directly.
"""

from __future__ import annotations

import os
import random
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from csconsole.errors import StoreError
from csconsole.store import copies, driver
from csconsole.store.locks import FileLock
from csconsole.store.reading import ReadConnection

SCHEMA_VERSION = 1
BUSY_LIMIT = 10.0
"""Seconds a write waits for another process before it gives up with a sentence."""

CACHE, CONSOLE_CACHE = 65_536, 8_192
"""Kibibytes of pages a connection keeps. A console maps no file either: every page it looked at would count."""
CHECKPOINT, CONSOLE_CHECKPOINT = 4_000, 40_000
"""Pages of the write-ahead log after which a commit moves them into the file; a console only when no worker did."""


class UnstorableError(StoreError):
    """A value the database has no place for: a number too large, half a surrogate pair, a key that is taken."""


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

    def read(self, sql: str, args: Any = ()) -> list[driver.Row]:
        """All rows of a query as this transaction sees them; the twin of :meth:`Store.read`."""
        return list(self.connection.execute(sql, args))

    def read_one(self, sql: str, args: Any = ()) -> driver.Row | None:
        """The first row of a query, or None."""
        rows = self.read(sql, args)
        return rows[0] if rows else None

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the transaction that is taken back alone when its block raises.

        The revision is drawn before, so that what is taken back does not make it be drawn twice.

        Raises:
            UnstorableError: a value could not be stored; the transaction goes on.
        """
        _ = self.rev
        self.connection.execute("savepoint part")
        try:
            yield
        except BaseException as error:
            if self.connection.in_transaction:  # a full disk may have ended all of it
                self.connection.execute("rollback to part")
                self.connection.execute("release part")
            if isinstance(error, driver.VALUE_ERRORS):
                raise UnstorableError(f"It holds a value that cannot be stored ({type(error).__name__}).") from error
            raise
        self.connection.execute("release part")


class Store:
    """The data directory's database.

    Args:
        root: the data directory (exists, 0700).
        create: make a database when there is none.
        console: sparing of memory, and never the one who moves the write-ahead log into the file: that takes tens
            of milliseconds in the middle of a commit, and the worker does it.

    Raises:
        StoreError: damaged, locked, made by a newer csconsole, or the SQLite library is too old.
    """

    def __init__(self, root: Path, *, create: bool = True, console: bool = False) -> None:
        self.root = root
        self.path = root / "csconsole.db"
        self._is_console = console
        self._local = threading.local()
        self._write_lock = threading.RLock()
        self._writer: driver.Connection | None = None
        self._readers: list[ReadConnection] = []
        self._readers_lock = threading.Lock()
        self._closed = False
        self.schema_lock = FileLock(root / "schema.lock")
        self.intent_lock = FileLock(root / "intent.lock")
        if not create and not self.path.exists():
            raise StoreError(f"There is no csconsole data in {root}; run csconsole init or csconsole demo.")
        try:
            self._make_private()
            self._prepare()
        except driver.DatabaseError as error:
            self.close()
            raise driver.translate(error, str(self.path)) from error
        except OSError as error:
            self.close()
            raise StoreError(f"{root} cannot be used ({error.strerror}); check its owner, mode and space.") from error
        except BaseException:
            self.close()
            raise

    # -- opening -----------------------------------------------------------------------------------

    def _make_private(self) -> None:
        """Only the owner reads the database, whatever the umask; SQLite gives its log the same mode.

        An existing file is never opened here: closing it would drop the locks other connections of this
        process hold (https://www.sqlite.org/howtocorrupt.html section 2.2).
        """
        with suppress(FileExistsError):
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        for suffix in ("", "-wal", "-shm", "-journal"):
            path = Path(f"{self.path}{suffix}")
            with suppress(FileNotFoundError, PermissionError):
                if stat.S_IMODE(path.stat().st_mode) & 0o077:
                    path.chmod(0o600)

    def _version(self) -> int:
        return int(self._open_writer().execute("pragma user_version").fetchone()[0])

    def _prepare(self) -> None:
        """Takes the shared schema lock, after bringing the schema up to date when it is not.

        Of several processes that find an old schema one migrates; each lets go of its shared lock before it
        tries, so that they cannot wait for one another.
        """
        limit = time.monotonic() + BUSY_LIMIT
        self.schema_lock.acquire(shared=True)
        while (version := self._version()) != SCHEMA_VERSION:
            if version > SCHEMA_VERSION:
                raise StoreError(
                    f"{self.path} was written by a newer csconsole (schema {version}); update this program."
                )
            if time.monotonic() > limit:
                raise StoreError("Another csconsole of an older version is running; close it, then start this one.")
            self.schema_lock.release()
            if self.schema_lock.acquire(wait=False):
                from csconsole.store.migrations import migrate

                migrate(self._open_writer(), self._version(), SCHEMA_VERSION)
            else:
                time.sleep(random.random() * 0.02)
            self.schema_lock.acquire(shared=True)

    def _open_writer(self) -> driver.Connection:
        if self._closed:
            raise StoreError(f"{self.path} was closed; nothing more is written.")
        if self._writer is None:
            self._writer = self._connect()
        return self._writer

    def _connect(self) -> driver.Connection:
        connection = driver.connect(str(self.path))
        connection.execute("pragma busy_timeout=5000")
        driver.set_journal(connection, BUSY_LIMIT)
        connection.execute("pragma synchronous=full")
        connection.execute("pragma foreign_keys=off")
        connection.execute("pragma trusted_schema=off")
        connection.execute("pragma secure_delete=on")
        connection.execute(f"pragma cache_size=-{CONSOLE_CACHE if self._is_console else CACHE}")
        if self._is_console:
            connection.execute("pragma mmap_size=0")
        connection.execute(f"pragma wal_autocheckpoint={CONSOLE_CHECKPOINT if self._is_console else CHECKPOINT}")
        connection.execute("pragma temp_store=memory")
        connection.execute("pragma busy_timeout=0")
        return connection

    # -- reading -----------------------------------------------------------------------------------

    @property
    def reader(self) -> ReadConnection:
        """This thread's read connection. Exhaust or close every cursor at once: an open one stops the
        write-ahead log from being reset.

        Raises:
            StoreError: it cannot be opened, or the store was closed.
        """
        reader: ReadConnection | None = getattr(self._local, "reader", None)
        if reader is None:
            reader = self._local.reader = self._open_reader()
        return reader

    def _open_reader(self) -> ReadConnection:
        try:
            connection = self._connect()
        except driver.DatabaseError as error:
            raise driver.translate(error, str(self.path)) from error
        driver.add_functions(connection)
        connection.execute("pragma query_only=on")
        if not self._is_console:
            connection.execute("pragma mmap_size=1073741824")
        connection.execute("pragma busy_timeout=5000")
        reader = ReadConnection(connection)
        with self._readers_lock:
            if self._closed:
                reader.close()
            else:
                self._readers.append(reader)
        return reader

    def read(self, sql: str, args: Any = ()) -> list[driver.Row]:
        """All rows of a query, read at once.

        Raises:
            StoreError: the database cannot be read, or was closed meanwhile.
        """
        try:
            return self.reader.rows(sql, args)
        except driver.DatabaseError as error:
            raise driver.translate(error, str(self.path)) from error

    def read_one(self, sql: str, args: Any = ()) -> driver.Row | None:
        """The first row of a query, or None."""
        rows = self.read(sql, args)
        return rows[0] if rows else None

    def data_version(self) -> int:
        """Changes whenever another connection committed; 5 microseconds, to be polled."""
        return int(self.read("pragma data_version")[0][0])

    def last_rev(self) -> int:
        """The newest revision stamped."""
        return int(self.read("select value from meta where key = 'rev'")[0][0])

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
            RuntimeError: this thread has a transaction open already.
        """
        with self._write_lock:
            connection = self._open_writer()
            if connection.in_transaction:
                raise RuntimeError("a transaction is open in this thread already; pass its Tx on")
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
            try:
                self._open_writer().execute(f"pragma wal_checkpoint({mode})").fetchall()
            except driver.DatabaseError as error:
                if not driver.is_busy(error):  # a reader is in the way: the next one will do
                    raise driver.translate(error, str(self.path)) from error

    def backup(self, target: Path) -> None:
        """A consistent copy while others go on working; the name appears when the copy is whole and on the disk.

        Raises:
            StoreError: the target exists or cannot be written.
        """
        part = copies.begin(target)
        try:
            with self._write_lock:
                self._open_writer().execute("vacuum into ?", (str(part),))
        except driver.DatabaseError as error:
            part.unlink(missing_ok=True)
            raise driver.translate(error, str(target)) from error
        copies.finish(part, target)

    def close(self) -> None:
        """Closes every connection and lock; a read or a transaction of another thread is ended or waited for."""
        with self._readers_lock:
            self._closed = True
            readers, self._readers = self._readers, []
        for reader in readers:
            reader.close()
        with self._write_lock:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
        self.schema_lock.close()
        self.intent_lock.close()


Source = Store | Tx
"""Where a function may read: a thread's own reader, or the transaction it is part of."""
