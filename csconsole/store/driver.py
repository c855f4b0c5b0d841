"""The one door to SQLite: picks the library, tests its version, and names its errors.

One SQLite library per process: a second copy opening the same file cancels POSIX locks when it closes and
can corrupt it (https://www.sqlite.org/howtocorrupt.html section 2.2), so nobody else imports a driver.
The *version* is tested, never the module's name: the source package of pysqlite3 links the system's library.
SQLite 3.7.0 to 3.51.2 can lose commits in WAL mode by the WAL-reset bug; there we keep a rollback journal.
"""

from __future__ import annotations

import importlib
import os
import time
from pathlib import Path
from typing import Any

from csconsole.errors import DiskFullError, StoreError

try:
    _library: Any = importlib.import_module("pysqlite3.dbapi2")
except ImportError:
    _library = importlib.import_module("sqlite3")

VERSION: tuple[int, int, int] = _library.sqlite_version_info
WAL_SAFE = (3, 51, 3)
OLDEST = (3, 43, 0)

DatabaseError: type[Exception] = _library.DatabaseError
OperationalError: type[Exception] = _library.OperationalError
IntegrityError: type[Exception] = _library.IntegrityError
VALUE_ERRORS: tuple[type[Exception], ...] = (
    IntegrityError,
    _library.ProgrammingError,
    _library.InterfaceError,
    _library.DataError,
    OverflowError,
    UnicodeEncodeError,
)
"""What is raised for a value the database cannot take; everything else is trouble with the file or the disk."""
Connection = Any
Row = tuple[Any, ...]


def journal_mode() -> str:
    """``wal`` where it is safe, else ``truncate``.

    Raises:
        StoreError: the library is too old for the search index and for safe deletion.
    """
    if VERSION < OLDEST:
        found = ".".join(map(str, VERSION))
        raise StoreError(
            f"SQLite {found} is too old; install the package pysqlite3>=0.6.1, or a Python with SQLite 3.51.3."
        )
    return "wal" if VERSION >= WAL_SAFE else "truncate"


def connect(path: str, *, readonly: bool = False) -> Connection:
    """A connection in autocommit mode; transactions are begun by the store and by nobody else."""
    uri = f"file:{_quote(path)}?mode={'ro' if readonly else 'rwc'}"
    return _library.connect(uri, uri=True, isolation_level=None, timeout=0, check_same_thread=False)


def set_journal(connection: Connection, seconds: float) -> None:
    """Puts a database into the journal mode that is safe here; others opening it just now are waited for."""
    wanted = journal_mode()
    limit = time.monotonic() + seconds
    while True:
        try:
            if connection.execute("pragma journal_mode").fetchone()[0] != wanted:
                connection.execute(f"pragma journal_mode={wanted}").fetchone()
            return
        except OperationalError as error:
            if not is_busy(error) or time.monotonic() > limit:
                raise
            time.sleep(0.005)


def add_functions(connection: Connection) -> None:
    """Gives a read connection ``fold(text)``, the form in which texts are compared everywhere."""
    connection.create_function("fold", 1, _fold, deterministic=True)


def _fold(text: str | None) -> str | None:
    from csconsole.text.search import fold

    return None if text is None else fold(str(text))


def _quote(path: str) -> str:
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def is_busy(error: Exception) -> bool:
    """Whether the database was locked by somebody else: wait and try again."""
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or (
        "locked" in str(error)
    )


def translate(error: Exception, path: str) -> StoreError:
    """The user's sentence for a driver error."""
    text = str(error)
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL" or "disk is full" in text or (name.startswith("SQLITE_IOERR") and _no_space(path)):
        return DiskFullError(f"The disk is full, nothing new was saved in {path}; free some space and repeat.")
    if is_busy(error):
        return StoreError(f"{path} is held by another program; close it and repeat.")
    if name in {"SQLITE_CORRUPT", "SQLITE_NOTADB"} or "malformed" in text or "not a database" in text:
        return StoreError(f"{path} is damaged ({text}); restore a backup with csconsole restore.")
    if name == "SQLITE_READONLY" or "readonly" in text:
        return StoreError(f"{path} cannot be written; check its owner and mode.")
    if "unable to open" in text:
        return StoreError(f"{path} cannot be opened; check that its folder exists and is yours.")
    return StoreError(f"The store refused ({text}); run csconsole doctor.")


def _no_space(path: str) -> bool:
    """Whether an I/O error is a full disk in disguise: the index of the log could not grow."""
    try:
        left = os.statvfs(Path(path).parent)
    except OSError:
        return False
    return left.f_bavail * left.f_frsize < 65_536
