"""Is everything as it should be: what to look at, and what to do about what is not."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator
from typing import Literal

import msgspec

from csconsole.clock import Clock
from csconsole.config.model import AccountConfig, Config
from csconsole.connectors.registry import connector_class
from csconsole.errors import CsconsoleError
from csconsole.paths import DataDir
from csconsole.services.views import BUILT_IN
from csconsole.store import accounts, checks, driver, events, outbox, quarantine, search
from csconsole.store.database import Store
from csconsole.sync.account import context_of
from csconsole.text.sanitize import safe_line

Level = Literal["ok", "warn", "fail"]

CHECK_SECONDS = 30.0
"""Longest an account may take to answer."""

_MANY_WAITING = 5_000


class Finding(msgspec.Struct, frozen=True):
    """One line of the examination.

    Attributes:
        level: ok, warn or fail.
        area: what was looked at: sqlite, data, config, account, audit, search, quarantine, outbox, terminal.
        what: what was found.
        cure: what to do, "" when nothing is to be done.
    """

    level: Level
    area: str
    what: str
    cure: str = ""


def sqlite_findings() -> list[Finding]:
    """The SQLite library of this process."""
    version = ".".join(map(str, driver.VERSION))
    cure = "Install the package pysqlite3>=0.6.1, or a Python with SQLite 3.51.3 or newer."
    if driver.VERSION < driver.OLDEST:
        return [Finding("fail", "sqlite", f"SQLite {version} is too old.", cure)]
    if driver.VERSION < driver.WAL_SAFE:
        return [Finding("warn", "sqlite", f"SQLite {version}: readers wait for writers (no safe WAL).", cure)]
    return [Finding("ok", "sqlite", f"SQLite {version}")]


def directory_findings(place: DataDir) -> list[Finding]:
    """Whether the data directory is there and private."""
    root = place.root
    if not root.exists():
        return [Finding("warn", "data", f"{root} does not exist yet.", "Run csconsole init or csconsole demo.")]
    found = []
    for path, most in ((root, 0o700), (place.database, 0o600), (place.blobs, 0o700), (place.log_file, 0o600)):
        if not path.exists():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & ~most:
            found.append(Finding("warn", "data", f"others may look into {path}.", f"Run: chmod {most:o} {path}"))
        elif not os.access(path, os.W_OK):
            found.append(Finding("fail", "data", f"{path} cannot be written.", "Check its owner and mode."))
    return found or [Finding("ok", "data", f"{root} is private")]


def view_findings(config: Config) -> list[Finding]:
    """Queries of views that cannot be read or answered."""
    return list(_views(config))


def _views(config: Config) -> Iterator[Finding]:
    from csconsole.domain.query import parse
    from csconsole.store.query_sql import Scope, compile_query

    scope = Scope(0, config.agent.timezone, None, lambda text: [])
    named = [*((view.id, view.query) for view in BUILT_IN), *((view.name, view.query) for view in config.views)]
    for name, query in named:
        try:
            compile_query(parse(query, config.agent.language), scope)
        except CsconsoleError as error:
            yield Finding("warn", "config", f'view "{name}": {error.message}', "Mend its query.")


def store_findings(store: Store, *, now: int) -> list[Finding]:
    """The database: whole, its audit trail unbroken, what waits in it."""
    found = []
    mode = checks.journal_mode(store)
    found.append(Finding("ok", "data", f"{checks.conversation_count(store):,} conversations, journal mode {mode}"))
    broken = checks.damage(store)
    if broken:
        found.append(
            Finding(
                "fail", "data", f"the database is damaged: {broken[0]}", "Restore a backup: csconsole restore FILE."
            )
        )
    link = events.broken_link(store)
    if link is None:
        found.append(Finding("ok", "audit", "the audit trail is unbroken"))
    else:
        found.append(
            Finding(
                "fail", "audit", f"the audit trail is broken at entry {link}.", "Somebody changed it; compare backups."
            )
        )
    waiting = search.waiting_count(store)
    cure = "The sync worker indexes when it is quiet: csconsole sync --once."
    found.append(
        Finding("warn", "search", f"{waiting:,} messages wait for the search index.", cure)
        if waiting > _MANY_WAITING
        else Finding("ok", "search", f"{waiting:,} messages wait for the index")
    )
    held = quarantine.count(store)
    found.append(
        Finding("warn", "quarantine", f"{held} messages could not be understood.", "See csconsole quarantine.")
        if held
        else Finding("ok", "quarantine", "nothing is held back")
    )
    uncertain = len(outbox.in_state(store, "uncertain"))
    if uncertain:
        cure = "See csconsole outbox; look, then: csconsole outbox settle ID sent|unsent."
        found.append(Finding("warn", "outbox", f"{uncertain} messages may or may not have arrived.", cure))
    return [*found, *_freshness(store, now)]


def _freshness(store: Store, now: int) -> Iterator[Finding]:
    from csconsole.sync.health import health

    for account in accounts.all_accounts(store):
        state = health(account, now)
        if state.is_error:
            yield Finding("warn", "account", f"{account.name}: last sync: {state.detail or state.key}")


def account_findings(config: Config, place: DataDir, clock: Clock) -> list[Finding]:
    """Each enabled account's own answer to whether it works; all are asked at once."""
    return asyncio.run(_check_all(config, place, clock))


async def _check_all(config: Config, place: DataDir, clock: Clock) -> list[Finding]:
    enabled = [account for account in config.accounts if account.enabled]
    if not enabled:
        return [Finding("warn", "account", "no account is configured.", "Run csconsole init.")]
    return list(await asyncio.gather(*(_check(config, account, place, clock) for account in enabled)))


async def _check(config: Config, account: AccountConfig, place: DataDir, clock: Clock) -> Finding:
    try:
        kind = connector_class(account.connector)
        connector = kind(context_of(account, config, kind, str(place.root)), clock)
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                health = await connector.check()
        finally:
            await connector.close()
    except TimeoutError:
        return Finding(
            "fail", "account", f"{account.name}: no answer in {CHECK_SECONDS:.0f} s.", "Check host and port."
        )
    except CsconsoleError as error:
        return Finding("fail", "account", f"{account.name}: {safe_line(error.message)}")
    except NotImplementedError:
        return Finding("warn", "account", f"{account.name}: this connector cannot be tested.")
    except Exception as error:
        return Finding("fail", "account", f"{account.name}: the test failed ({type(error).__name__}).", "See the log.")
    facts = ", ".join(f"{name} {value}" for name, value in health.facts.items())
    detail = safe_line(f"{account.name}: {health.detail}" + (f" ({facts})" if facts else ""))
    return Finding("ok" if health.ok else "fail", "account", detail)
