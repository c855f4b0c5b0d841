"""Looks at the database itself: is it whole, how does it write, what did it hold. For ``doctor`` and ``restore``."""

from __future__ import annotations

from csconsole.errors import StoreError
from csconsole.store.database import Store


def damage(store: Store, *, limit: int = 5) -> list[str]:
    """What SQLite finds wrong with the file, at most ``limit`` lines; empty when it is whole.

    Raises:
        StoreError: it is too damaged to be read at all.
    """
    found = [str(row[0]) for row in store.read(f"pragma integrity_check({limit})")]
    return [] if found == ["ok"] else found


def require_whole(store: Store) -> None:
    """Proves that the file is whole.

    Raises:
        StoreError: it is damaged.
    """
    found = damage(store, limit=1)
    if found:
        raise StoreError(f"{store.path} is damaged ({found[0]}); use an older backup.")


def journal_mode(store: Store) -> str:
    """``wal`` or ``truncate``: how this database commits."""
    row = store.read_one("pragma journal_mode")
    return str(row[0]) if row else ""


def conversation_count(store: Store) -> int:
    """How many conversations there are."""
    row = store.read_one("select count(*) from conversation")
    return int(row[0]) if row else 0


def highest_number(store: Store) -> int:
    """The highest number a conversation has, 0 for none."""
    row = store.read_one("select coalesce(max(number), 0) from conversation")
    return int(row[0]) if row else 0


def message_count(store: Store) -> int:
    """How many messages there are."""
    row = store.read_one("select count(*) from message")
    return int(row[0]) if row else 0
