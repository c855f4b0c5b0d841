"""Backups: a consistent copy of the database, and putting one back without sending anything twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from csconsole.errors import RefusedError, StoreError
from csconsole.paths import DataDir
from csconsole.store import checks, copies, outbox
from csconsole.store.database import Store
from csconsole.store.locks import FileLock

_AFTER_RESTORE = "Restored from a backup: it may have left before. Look, then settle it."


class Restored(msgspec.Struct, frozen=True):
    """What a restore did.

    Attributes:
        kept: where the database before lies now, None when there was none.
        uncertain: sends that may or may not have left since the backup.
    """

    kept: Path | None
    uncertain: int


def write(store: Store, target: Path) -> int:
    """Writes a copy; returns its bytes.

    Raises:
        StoreError: the target exists, or cannot be written.
    """
    if not target.parent.is_dir():
        raise StoreError(f"{target.parent} is no directory; name another file.")
    store.backup(target)
    return target.stat().st_size


def restore(place: DataDir, source: Path, now: int) -> Restored:
    """Puts a backup in the place of the database.

    The copy is proven whole before anything is replaced. What it holds as waiting or under way may have left
    after the backup was made, so it becomes ``uncertain``: a person decides, nothing is sent twice.

    Args:
        place: the data directory.
        source: the backup.
        now: instant of the act, ms UTC.

    Raises:
        RefusedError: a console or worker has the data open.
        StoreError: the backup is missing, damaged, or made by a newer csconsole.
    """
    if not source.is_file():
        raise StoreError(f"{source} does not exist; name a file that csconsole backup wrote.")
    locks = [FileLock(place.lock(name)) for name in ("sync", "console", "schema")]
    try:
        if not all(lock.acquire(wait=False) for lock in locks):
            raise RefusedError(f"Another csconsole has {place.root} open; close it, then restore.")
        staged = place.root / "restore"
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(mode=0o700)
        try:
            uncertain = _prepare(staged, source, now)
            kept = copies.exchange(place.database, staged / place.database.name, place.backups)
        except OSError as error:
            raise StoreError(f"{place.root} cannot be written ({error.strerror}); nothing was replaced.") from None
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    finally:
        for lock in locks:
            lock.close()
    return Restored(kept, uncertain)


def _prepare(staged: Path, source: Path, now: int) -> int:
    """Copies the backup aside, proves it, and marks what may have left."""
    copy = staged / "csconsole.db"
    try:
        shutil.copyfile(source, copy)
    except OSError as error:
        raise StoreError(f"{source} cannot be copied: {error.strerror}.") from None
    store = Store(staged, create=False)
    try:
        checks.require_whole(store)
        with store.transaction(now) as tx:
            waiting = outbox.in_state(tx, "held", "queued", "sending", "settling")
            for row in waiting:
                outbox.finish(tx, row.id, "uncertain", reason=_AFTER_RESTORE, outcome="restored")
        store.checkpoint(truncate=True)
    finally:
        store.close()
    return len(waiting)
