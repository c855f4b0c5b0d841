"""Who acts, on what, and when: what every use case is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from csconsole.clock import Clock
from csconsole.config.model import Config
from csconsole.store import accounts, conversations, undo
from csconsole.store.database import Store, Tx
from csconsole.store.query_sql import Scope


class Actor(msgspec.Struct, frozen=True):
    """The agent who acts. ``id`` is the key in the store."""

    id: int
    name: str
    display_name: str


class OneUndo:
    """Acts that are taken back together, since the agent did them with one key.

    Attributes:
        begins: the first of them in the store, None before it is done.
    """

    def __init__(self) -> None:
        self.begins: int | None = None


class Desk:
    """A place to work: the store, the configuration, the clock and who sits there.

    Attributes:
        store: the data directory's database.
        config: as loaded.
        clock: decides what time it is.
        actor: the agent.
    """

    def __init__(
        self, store: Store, config: Config, clock: Clock, actor: Actor, *, joined: OneUndo | None = None
    ) -> None:
        self.store = store
        self.config = config
        self.clock = clock
        self.actor = actor
        self._joined = joined

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

    def joining(self, one: OneUndo) -> Desk:
        """The same desk, at which all that is done is taken back as one act."""
        return Desk(self.store, self.config, self.clock, self.actor, joined=one)

    def remember(self, tx: Tx, label: str, steps: list[dict[str, Any]]) -> None:
        """Keeps what takes an act back, in the transaction of the act."""
        joined = self._joined
        entry = undo.push(tx, self.actor.id, label, steps, begins=joined.begins if joined is not None else None)

        def committed() -> None:
            if joined is not None and joined.begins is None:
                joined.begins = entry

        tx.after_commit.append(committed)

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

        # A number as people say it, #20410 or 20410, means that conversation too.
        return [*conversations_with(self.store, text), *conversations.find(self.store, text.strip('"'))]

    def _customers_with(self, text: str) -> list[int]:
        from csconsole.store.search import customers_with

        return customers_with(self.store, text)
