"""The demo's directory: its configuration, its people and canned replies, and as many conversations as wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from csconsole.clock import Clock, FixedClock
from csconsole.config.loader import load
from csconsole.config.model import Config
from csconsole.connectors.registry import settings_type
from csconsole.errors import RefusedError, StoreError
from csconsole.paths import DataDir
from csconsole.services import canned
from csconsole.services.desk import Desk
from csconsole.store import accounts, bulk, checks
from csconsole.store.database import Store
from csconsole.store.locks import FileLock
from csconsole.sync import clocks
from csconsole.sync.engine import Engine

T = TypeVar("T")
Progress = Callable[[str], None]

_EVERY = 50_000
"""Conversations between two lines of progress."""


class Built(msgspec.Struct, frozen=True):
    """What the directory holds after building."""

    conversations: int
    messages: int
    canned: int


def prepare(
    place: DataDir, config_path: Path, *, seed: int = 1, still: bool = False, language: Literal["th", "en"] = "th"
) -> Config:
    """Writes the demo's configuration when there is none, and seats its people.

    Args:
        place: the data directory; exists.
        config_path: where the configuration stands or is to stand.
        seed: another number is another stream of new customers.
        still: nothing new ever happens; only for a new configuration.
        language: of the screen; only for a new configuration.

    Returns:
        The configuration.

    Raises:
        RefusedError: the directory holds something that is not a demo.
        ConfigError: its configuration is wrong.
    """
    from csconsole.connectors.demo.accounts import demo_config_toml

    if not config_path.exists():
        if place.database.exists():
            raise RefusedError(f"{place.root} holds data that is no demo; name another directory with --data-dir.")
        text = demo_config_toml(place.root, still=still, language=language, seed=seed)
        config_path.write_text(text, encoding="utf-8")
        config_path.chmod(0o600)
    config = load(config_path, settings_type)
    if not config.accounts or any(account.connector != "demo" for account in config.accounts):
        raise RefusedError(f"{config_path} has accounts that are no demo; name another directory with --data-dir.")
    fresh = not place.database.exists()
    if clocks.is_still(config):
        clocks.start_still(place.root)
    if fresh:
        _furnish(place, config)
    return config


def _furnish(place: DataDir, config: Config) -> None:
    """The team and its canned replies, in a new database."""
    from csconsole.connectors.demo.team import demo_agents, team_toml

    store = Store(place.root)
    try:
        desk = Desk.open(store, config, _first_clock(place, config))
        with desk.transaction() as tx:
            for agent in demo_agents():
                name = agent["display_name"]
                display = name[config.agent.language] if isinstance(name, dict) else str(name)
                accounts.ensure_agent(tx, agent["name"], display, agent.get("role", "agent"))
        canned.import_toml(desk, team_toml(), "team.toml")
    finally:
        store.close()


def _first_clock(place: DataDir, config: Config) -> FixedClock:
    """The instant a directory is built at: the still demo's own, else now."""
    if clocks.is_still(config):
        from csconsole.connectors.demo.still import STILL_AT

        return FixedClock(STILL_AT)
    return FixedClock(clocks.clock_for(config, place.root).now())


def build(
    place: DataDir,
    config_path: Path,
    *,
    seed: int = 1,
    conversations: int = 0,
    messages: int = 0,
    progress: Progress = lambda _: None,
) -> Built:
    """Brings the shop's stories in as a sync would, then fills it up.

    Doing it again adds nothing that is there.

    Args:
        place: the data directory, prepared.
        config_path: its configuration.
        seed: of the further conversations.
        conversations: how many further ones.
        messages: how many messages those have in all.
        progress: told now and then how far it is.

    Raises:
        StoreError: the disk is full, or the shop could not be read.
        RefusedError: it has been filled before, or a csconsole works in it.
    """
    from csconsole.connectors.demo.bulk import FIRST_NUMBER, bulk_conversations

    config = load(config_path, settings_type)
    clock = _first_clock(place, config)
    lock = FileLock(place.lock("sync"))
    if not lock.acquire(wait=False):
        lock.close()
        raise RefusedError(f"A csconsole works in {place.root}; close it, then build.")
    store = Store(place.root)
    try:
        asyncio.run(_tell_stories(config, place, store, clock))
        if conversations:
            if checks.highest_number(store) >= FIRST_NUMBER:
                raise RefusedError(f"{place.root} has been filled before; name another directory with --data-dir.")
            stream = bulk_conversations(seed, conversations, messages, clock.now())
            bulk.load(store, _told(stream, conversations, progress), now=clock.now())
            store.checkpoint(truncate=True)
        replies = len(canned.list_replies(Desk.open(store, config, clock)))
        return Built(checks.conversation_count(store), checks.message_count(store), replies)
    finally:
        store.close()
        lock.close()


async def _tell_stories(config: Config, place: DataDir, store: Store, clock: Clock) -> None:
    """Syncs one account after the other, so that two builds number and order everything alike."""
    engine = Engine(config, place, clock, store=store)
    try:
        await engine.open()
        for name in list(engine.accounts):
            for one in await engine.round([name]):
                if one.error:
                    raise StoreError(f"The demo's account {name} could not be read: {one.error}")
        await engine.indexer.drain()
    finally:
        await engine.close()


def _told(stream: Iterable[T], total: int, progress: Progress) -> Iterator[T]:
    for count, one in enumerate(stream, 1):
        yield one
        if count % _EVERY == 0:
            progress(f"{count:,} of {total:,} conversations")
