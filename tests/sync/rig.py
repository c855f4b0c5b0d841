"""A data directory, its engine on simulated channels, and a time that passes when told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from csconsole.clock import FixedClock
from csconsole.config.model import AccountConfig, AgentConfig, Config
from csconsole.domain.sending import SendClass
from csconsole.paths import DataDir
from csconsole.services import replies
from csconsole.services.desk import Desk
from csconsole.store import conversations, outbox
from csconsole.store.database import Store
from csconsole.store.outbox import OutboxRow
from csconsole.sync.account import AccountSync
from csconsole.sync.engine import Engine
from csconsole.sync.summary import Summary
from tests.sync.simulator import AT, CHANNELS, Channel, item, registry


class ManualTime:
    """Waiting that ends when the clock is moved on by :meth:`forward`; or, while ``jumping``, at once.

    Jumping moves the clock by what was waited for; only for work that waits for one thing at a time.
    """

    def __init__(self, clock: FixedClock, *, jumping: bool = True) -> None:
        self.clock = clock
        self.jumping = jumping
        self._sleepers: list[tuple[int, asyncio.Event]] = []

    async def until(self, event: asyncio.Event, seconds: float) -> bool:
        if event.is_set():
            return True
        due = self.clock.now() + round(seconds * 1000)
        if self.jumping:
            self.clock.at = due
            await asyncio.sleep(0)
            return event.is_set()
        over = asyncio.Event()
        self._sleepers.append((due, over))
        waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(over.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return event.is_set()

    async def forward(self, seconds: float, step: float = 0.25) -> None:
        """Lets time pass in steps; everybody whose time has come gets a turn after each."""
        end = self.clock.at + round(seconds * 1000)
        while self.clock.at < end:
            self.clock.at = min(end, self.clock.at + round(step * 1000))
            for due, over in list(self._sleepers):
                if due <= self.clock.at:
                    over.set()
                    self._sleepers.remove((due, over))
            await asyncio.sleep(0.001)


class Rig:
    """One data directory with one or more simulated accounts."""

    def __init__(self, root: Path, *, jumping: bool = True) -> None:
        self.data = DataDir(root).ensure()
        self.clock = FixedClock(AT + 1000)
        self.time = ManualTime(self.clock, jumping=jumping)
        self.store = Store(root)
        self.configs: list[AccountConfig] = []
        self.agent = "nok"
        self.registry = registry

    def channel(self, name: str = "shop", *, connector: str = "sim", **changes: Any) -> Channel:
        """Adds an account with a channel of its own."""
        sim = Channel(**changes)
        CHANNELS[f"{self.data.root}/{name}"] = sim
        settings = {"sim": f"{self.data.root}/{name}"}
        self.configs.append(AccountConfig(name=name, connector=connector, settings=settings))
        return sim

    @property
    def config(self) -> Config:
        return Config(agent=AgentConfig(name=self.agent), accounts=self.configs)

    @contextlib.asynccontextmanager
    async def engine(self) -> AsyncIterator[Engine]:
        """An engine that has been opened."""
        engine = Engine(self.config, self.data, self.clock, store=self.store, registry=self.registry, waiting=self.time)
        try:
            await engine.open()
            yield engine
        finally:
            await engine.close()

    async def once(self) -> Summary:
        """One round in an engine of its own, as a process of its own would do it."""
        async with self.engine() as engine:
            return (await engine.run_once())[0]

    def desk(self, agent: str = "nok") -> Desk:
        """An agent at work on this data directory."""
        return Desk.open(self.store, Config(agent=AgentConfig(name=agent), accounts=self.configs), self.clock)

    def reply(self, text: str, *, conversation: int | None = None, agent: str = "nok", **more: Any) -> str:
        """A reply that is due at once; returns the id of its row."""
        target = conversation if conversation is not None else self.conversation()
        return replies.send_reply(self.desk(agent), target, text, **{"now": True, **more}).outbox_uid

    def conversation(self, who: str = "somchai") -> int:
        """The newest conversation of a customer."""
        row = self.store.read_one(
            "select c.id from conversation c join customer p on p.id = c.customer_id where p.name = ?"
            " order by c.id desc limit 1",
            (who,),
        )
        assert row is not None, f"{who} has no conversation"
        return int(row[0])

    def row(self, uid: str) -> OutboxRow:
        found = outbox.by_uid(self.store, uid)
        assert found is not None
        return found

    def state(self, uid: str) -> str:
        return self.row(uid).state

    def deliveries(self, uid: str) -> list[str]:
        """Delivery of each message of a row."""
        return [d for (d,) in self.store.read("select delivery from message where outbox_id = ?", (self.row(uid).id,))]

    def status(self, conversation: int | None = None) -> str:
        found = conversations.state(self.store, self.conversation() if conversation is None else conversation)
        assert found is not None
        return found.status

    def messages(self, conversation: int | None = None) -> list[str]:
        """Texts of a conversation, in reading order."""
        target = self.conversation() if conversation is None else conversation
        return [
            text
            for (text,) in self.store.read(
                "select body_text from message where conversation_id = ? order by at, seq", (target,)
            )
        ]

    def close(self) -> None:
        self.store.close()
        for name in [name for name in CHANNELS if name.startswith(f"{self.data.root}/")]:
            del CHANNELS[name]


async def greeted(rig: Rig, **changes: Any) -> Channel:
    """A channel whose first customer has written, pulled."""
    sim = rig.channel(**{"send_class": SendClass.LOOKUP, **changes})
    sim.items.append(item(1))
    await rig.once()
    return sim


def only(engine: Engine) -> AccountSync:
    """The engine's one account."""
    (account,) = engine.accounts.values()
    return account


async def until(probe: Callable[[], Any], what: str, turns: int = 20_000) -> None:
    """Gives the loop and the store's thread their turns until ``probe`` is true."""
    for _ in range(turns):
        if probe():
            return
        await asyncio.sleep(0.0005)
    raise AssertionError(f"gave up waiting for {what}")
