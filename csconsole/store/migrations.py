"""Schema migrations: one transaction each, taken under the exclusive schema lock.

A migration expands before it contracts, never deletes an outbox row or a draft, and is tested from every
released schema. Version 0 is an empty file.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from csconsole.store import driver


def migrate(connection: driver.Connection, found: int, wanted: int) -> None:
    """Brings a database from schema ``found`` to ``wanted``, step by step."""
    for version in range(found, wanted):
        connection.execute("pragma busy_timeout=5000")
        connection.execute("begin immediate")
        try:
            if connection.execute("pragma user_version").fetchone()[0] == version:
                _STEPS[version](connection)
                connection.execute(f"pragma user_version={version + 1}")
            connection.execute("commit")
        except BaseException:
            if connection.in_transaction:
                connection.execute("rollback")
            raise
        finally:
            connection.execute("pragma busy_timeout=0")


def _create(connection: driver.Connection) -> None:
    for statement in _statements((Path(__file__).with_name("schema.sql")).read_text(encoding="utf-8")):
        connection.execute(statement)
    connection.execute("insert into meta values ('rev', 0), ('owner', 'node')")
    connection.execute("insert into meta values ('erase_key', ?)", (secrets.token_bytes(32),))


def _statements(script: str) -> list[str]:
    """Splits a script at statement ends; executescript would commit our transaction."""
    lines = [line for line in script.splitlines() if not line.lstrip().startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";") if part.strip()]


_STEPS: dict[int, Callable[[driver.Connection], None]] = {0: _create}
