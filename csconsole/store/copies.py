"""Whole copies of the database, and one put in the place of the other: a death or a power cut at any moment leaves
the old file or the new one, never half of one and never none.

A copy is written under a hidden name, synced, and only then gets its own.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from csconsole.errors import StoreError
from csconsole.store import driver

COMPANIONS = ("-wal", "-shm", "-journal")
"""Endings of the files SQLite keeps beside a database."""


def part_of(target: Path) -> Path:
    """The hidden name a file has until it is whole."""
    return target.with_name(f".{target.name}.part")


def begin(target: Path) -> Path:
    """An empty private file for a copy that will be ``target``; one left by a dead run is replaced.

    Raises:
        StoreError: the target exists, or its folder cannot be written.
    """
    if target.exists():
        raise StoreError(f"{target} exists already; name another file.")
    part = part_of(target)
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    except OSError as error:
        raise StoreError(f"{target} cannot be written ({error.strerror}); name another file.") from error
    return part


def finish(part: Path, target: Path) -> None:
    """Gives a copy its name once it is safe on the disk.

    Raises:
        StoreError: the disk refuses.
    """
    try:
        sync(part)
        part.rename(target)
        sync(target.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StoreError(f"{target} cannot be written ({error.strerror}); name another file.") from error


def exchange(database: Path, new: Path, folder: Path) -> Path | None:
    """Puts ``new`` in the place of a database that nobody has open.

    Args:
        database: the one in use.
        new: a whole one on the same file system.
        folder: where the old one is kept.

    Returns:
        Where the old one lies, None when there was none.

    Raises:
        OSError: the disk refuses; the old one is still in its place.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    _tidy(database, folder)
    kept = _keep(database, folder) if database.exists() else None
    sync(new)
    new.chmod(0o600)
    new.replace(database)
    sync(database.parent)
    if kept is not None:
        part_of(kept).rename(kept)
        sync(folder)
    return kept


def _keep(database: Path, folder: Path) -> Path:
    """Gives the old database a second, hidden name; what its log holds is folded into it first.

    Where it is too damaged for that, the log is kept beside it: it must not meet the new database.
    """
    number = 1
    while (kept := folder / f"before-restore-{number}.db").exists():
        number += 1
    _fold_log(database)
    _second_name(database, part_of(kept))
    for end in COMPANIONS:
        companion = Path(f"{database}{end}")
        if companion.exists():
            _second_name(companion, Path(f"{kept}{end}"))
    sync(folder)
    for end in COMPANIONS:
        Path(f"{database}{end}").unlink(missing_ok=True)
    sync(database.parent)
    return kept


def _fold_log(database: Path) -> None:
    with suppress(driver.DatabaseError):
        connection = driver.connect(str(database))
        try:
            connection.execute("pragma synchronous=full")
            connection.execute("pragma wal_checkpoint(truncate)").fetchall()
        finally:
            connection.close()


def _tidy(database: Path, folder: Path) -> None:
    """Ends what a dead run began: a second name of the database in use goes, an old database gets its own."""
    for part in folder.glob(".before-restore-*.db.part"):
        if database.exists() and part.samefile(database):
            part.unlink()
        else:
            part.rename(folder / part.name.removeprefix(".").removesuffix(".part"))


def _second_name(path: Path, name: Path) -> None:
    """A hard link, or a copy where the file system has none."""
    name.unlink(missing_ok=True)
    try:
        os.link(path, name)
    except OSError:
        shutil.copyfile(path, name)
        name.chmod(0o600)
        sync(name)


def sync(path: Path) -> None:
    """Waits until a file's content, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
