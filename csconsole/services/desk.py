"""Who acts, on what, and when: what every use case is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from csconsole.clock import Clock
from csconsole.config.model import Config
from csconsole.store import accounts
from csconsole.store.database import Store, Tx
from csconsole.store.query_sql import Scope


class Actor(msgspec.Struct, frozen=True):
    """The agent who acts. ``id`` is the key in the store."""

    id: int
    name: str
    display_name: str


class Desk:
    """A place to work: the store, the configuration, the clock and who sits there.

    Attributes:
        store: the data directory's database.
        config: as loaded.
        clock: decides what time it is.
        actor: the agent.
    """

    def __init__(self, store: Store, config: Config, clock: Clock, actor: Actor) -> None:
        self.store = store
        self.config = config
        self.clock = clock
        self.actor = actor

    @classmethod
    def open(cls, store: Store, config: Config, clock: Clock) -> Desk:
        """Sits the configured agent down, making the agent's row when it is new."""
        wanted = config.agent
        found = accounts.agent_id(store, wanted.name)
        known = accounts.agents(store).get(found, ("", ""))[1] if found is not None else ""
        if found is None or (wanted.display_name and known != wanted.display_name):
            with store.transaction(clock.now()) as tx:
                found = accounts.ensure_agent(tx, wanted.name, wanted.display_name, wanted.role)
        return cls(store, config, clock, Actor(found, wanted.name, wanted.display_name or wanted.name))

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """A write transaction at the desk's time."""
        with self.store.transaction(self.clock.now()) as tx:
            yield tx

    def scope(self) -> Scope:
        """What queries are asked against: now, the agent's zone, and who ``me`` is."""
        return Scope(
            self.clock.now(), self.config.agent.timezone, self.actor.id, self._conversations_with, self._customers_with
        )

    # Only queries with words in them load the search.

    def _conversations_with(self, text: str) -> list[int]:
        from csconsole.store.search import conversations_with

        return conversations_with(self.store, text)

    def _customers_with(self, text: str) -> list[int]:
        from csconsole.store.search import customers_with

        return customers_with(self.store, text)
