"""The whole console on a demo's data, driven by keys and read as text."""

from __future__ import annotations

import asyncio
import shutil
import tomllib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot

from csconsole.clock import FixedClock
from csconsole.connectors.demo.still import STILL_AT
from csconsole.domain.conversation import QueueRow
from csconsole.screens.console import ConsoleApp
from csconsole.screens.main import MainScreen
from csconsole.screens.session import Session, open_session
from csconsole.text.graphemes import width

GIVE_UP = 400
"""Looks at the screen before a wait fails; each lasts a few milliseconds."""


def column(line: str, word: str) -> int:
    """The cell a word begins at."""
    assert word in line, f"{word!r} is not in {line!r}"
    return width(line[: line.index(word)])


def cells(line: str, first: int, last: int) -> str:
    """The part of a line between two columns, the second not included."""
    found: list[str] = []
    at = 0
    for sign in line:
        if first <= at < last or (found and width(sign) == 0 and at <= last):
            found.append(sign)
        at += width(sign)
    return "".join(found)


def reconfigure(data: Path, old: str, new: str) -> None:
    """Changes the configuration of a data directory."""
    path = data / "config.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    tomllib.loads(path.read_text("utf-8"))


class Console:
    """A running console.

    Attributes:
        app: the application.
        pilot: presses keys.
        clock: the only clock it knows.
        session: store, configuration and agent.
    """

    def __init__(self, app: ConsoleApp, pilot: Pilot[Any], clock: FixedClock, session: Session) -> None:
        self.app = app
        self.pilot = pilot
        self.clock = clock
        self.session = session

    @property
    def main(self) -> MainScreen:
        return self.app.main

    # -- keys ----------------------------------------------------------------------------------------------------

    async def press(self, *keys: str) -> None:
        """Presses keys by Textual's names."""
        for key in keys:
            await self.pilot.press(key)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Types text, Thai too, one key for each code point."""
        for sign in text:
            event = events.Key("enter" if sign == "\n" else _character_to_key(sign), sign)
            event.set_sender(self.app)
            self.app.post_message(event)
            await self.pilot.pause()

    # -- screen --------------------------------------------------------------------------------------------------

    def lines(self) -> list[str]:
        """What the panes hold, line by line."""
        return [strip.text.rstrip() for strip in self.main._compositor.render_strips()]

    def text(self) -> str:
        return "\n".join(self.lines())

    def line_with(self, word: str) -> str:
        """The first line that holds a word."""
        found = next((line for line in self.lines() if word in line), None)
        assert found is not None, f"{word!r} is not on the screen:\n{self.text()}"
        return found

    @property
    def said(self) -> str:
        """The message line."""
        return self.lines()[-1].strip()

    async def until(self, shown: Callable[[], object], what: str = "the screen") -> None:
        """Waits until something is true."""
        for _ in range(GIVE_UP):
            await self.pilot.pause()
            if shown():
                return
            await asyncio.sleep(0.005)
        raise AssertionError(f"gave up waiting for {what}:\n{self.text()}")

    async def sees(self, *words: str) -> None:
        """Waits until all words are on the screen."""
        await self.until(lambda: all(word in self.text() for word in words), f"{words}")

    async def misses(self, word: str) -> None:
        """Waits until a word is no longer on the screen."""
        await self.until(lambda: word not in self.text(), f"{word!r} to go")

    # -- data ----------------------------------------------------------------------------------------------------

    def row(self, customer: str) -> QueueRow:
        """A conversation by its customer, as the store has it."""
        pages = (self.main.reader.page(query, limit=500) for query in ("assignee:me status:open", ""))
        found = [row for page in pages for row in page if customer in row.customer_name]
        assert found, customer
        return found[0]

    async def go_to(self, customer: str) -> None:
        """Puts the queue's cursor on a customer's conversation."""
        assert self.main.queue.move_to_id(self.row(customer).id), customer
        await self.pilot.pause()

    async def open(self, customer: str) -> None:
        """Opens a customer's conversation with Enter."""
        await self.go_to(customer)
        await self.press("enter")
        await self.until(lambda: self.main.opened is not None, "the conversation")


@asynccontextmanager
async def console(data: Path, size: tuple[int, int] = (120, 40), early: Sequence[str] = ()) -> AsyncIterator[Console]:
    """Runs the console on a data directory at the demo's still instant, without a worker; ``early`` keys come first."""
    clock = FixedClock(STILL_AT)
    session = open_session(None, data, clock=clock, starts_worker=False)
    app = ConsoleApp(session)
    for key in early:
        event = events.Key(key, key if len(key) == 1 else None)
        event.set_sender(app)
        app.post_message(event)
    try:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            one = Console(app, pilot, clock, session)
            await one.until(lambda: one.main._composer is not None, "the loaded screen")
            yield one
        assert not app.crash, app.crash
    finally:
        session.close()


def copied(shop: Path, to: Path) -> Path:
    """A copy of a data directory to work on."""
    shutil.copytree(shop, to, ignore=shutil.ignore_patterns("*.lock", "*-wal", "*-shm"))
    return to
