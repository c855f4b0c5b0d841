"""What is killed, cut and starved: work of an agent, of the worker, of a backup. Each runs in a process of its own,
started by :mod:`tests.faults.tracing`, and acknowledges what it has done by a line on standard output."""

from __future__ import annotations

import os
import random
import resource
from pathlib import Path
from typing import Any

import msgspec

from csconsole import __main__ as program
from csconsole import cli
from csconsole.config.loader import load
from csconsole.connectors.demo.connector import DemoConnector
from csconsole.connectors.registry import settings_type
from csconsole.errors import CsconsoleError
from csconsole.paths import DataDir
from csconsole.services import acts, replies
from csconsole.services.desk import Desk
from csconsole.store import drafts, driver, messages
from csconsole.store.blobs import INLINE
from csconsole.store.database import Store
from csconsole.store.messages import NewMessage
from csconsole.sync import clocks, engine, worker
from tests.faults.inline import InlineParser

PRELOADED = (cli.build(""), DemoConnector)
"""What a command imports only when it needs it: here it is there before the first system call is counted."""


def acknowledge(text: str) -> None:
    """Says that something is done: what the program shows an agent."""
    os.write(1, f"{text}\n".encode())


def journal(mode: str) -> None:
    """Has the store work in a given way: ``wal`` and ``truncate`` as shipped, ``normal`` without the sync of a
    commit, which is the fault the tests must see."""
    if mode == "truncate":
        driver.WAL_SAFE = (99, 0, 0)
    elif mode == "normal":
        honest = Store._connect

        def connect(self: Store) -> Any:
            connection = honest(self)
            connection.execute("pragma synchronous=normal")
            return connection

        Store._connect = connect  # type: ignore[method-assign]  # the fault


def agent(data: str, seed: int, count: int, mode: str = "wal") -> None:
    """An agent who does ``count`` things, each acknowledged."""
    journal(mode)
    place = DataDir(Path(data))
    config = load(place.config, settings_type)
    store = Store(place.root)
    desk = Desk.open(store, config, clocks.clock_for(config, place.root))
    rng = random.Random(seed)
    conversations = [key for (key,) in store.read("select id from conversation order by id")]
    for number in range(count):
        done = _act(desk, rng, rng.choice(conversations), number)
        acknowledge(f"{number} {done}")
        if number % 9 == 8:
            store.checkpoint(truncate=rng.random() < 0.5)
    store.close()


KINDS = ("reply", "reply", "note", "tag", "status", "assign", "draft", "undo", "field", "raw")


def _act(desk: Desk, rng: random.Random, conversation: int, number: int, besides: tuple[str, ...] = ()) -> str:
    kind = rng.choice([kind for kind in KINDS if kind not in besides])
    text = f"{kind} {number} ไม่หาย " + "ก" * rng.randrange(400)
    try:
        if kind == "reply":
            replies.send_reply(desk, conversation, text, now=rng.random() < 0.5)
        elif kind == "note":
            acts.add_note(desk, conversation, text)
        elif kind == "tag":
            acts.change_tags(desk, [conversation], add=[f"tag{rng.randrange(9)}"], remove=[f"tag{rng.randrange(9)}"])
        elif kind == "status":
            acts.set_status(desk, [conversation], rng.choice(("open", "pending", "resolved", "spam")))
        elif kind == "assign":
            acts.assign(desk, [conversation], rng.choice(("me", "none")))
        elif kind == "draft":
            with desk.transaction() as tx:
                drafts.save(tx, desk.actor.id, conversation, "reply", text, 0)
        elif kind == "undo":
            acts.undo_last(desk)
        elif kind == "field":
            acts.set_field(desk, [conversation], "priority", rng.choice(("low", "normal", "high", "urgent")))
        else:
            _large(desk, conversation, rng, number)
    except CsconsoleError as error:
        return f"refused {type(error).__name__}"
    return kind


def _large(desk: Desk, conversation: int, rng: random.Random, number: int) -> None:
    """A message whose raw form is so large that it lies in a file of its own."""
    new = NewMessage(
        conversation_id=conversation,
        at=desk.clock.now(),
        direction="in",
        visibility="public",
        author_kind="customer",
        body_text=f"large {number}",
        raw=rng.randbytes(INLINE + 1 + rng.randrange(9_000)),
    )
    with desk.transaction() as tx:
        messages.insert(tx, desk.store.root, new)


def parse_inline() -> None:
    """Has the engine of this process use :class:`InlineParser`."""
    engine.Parser = InlineParser  # type: ignore[misc]  # the engine's own name for it


def round_of_sync(data: str, mode: str = "wal") -> None:
    """One round of sync: reads, sends, reads."""
    journal(mode)
    parse_inline()
    place = DataDir(Path(data))
    config = load(place.config, settings_type)
    worker.once(config, place, clock=clocks.clock_for(config, place.root))
    acknowledge("round")


def command(data: str, *arguments: str) -> int:
    """A command of the program, as a person types it."""
    parse_inline()
    return program.main(["--data-dir", data, *arguments])


def first_start(data: str) -> None:
    """Makes the database of an empty directory."""
    Store(Path(data)).close()
    acknowledge("made")


def starved(data: str, room: int, *arguments: str) -> int:
    """A command with no more memory than what it has and ``room`` bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + room
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    return command(data, *arguments)


def careless(bug: str, data: str, *arguments: str) -> int:
    """A command of a program with a fault built in; see :mod:`tests.faults.careless`."""
    from tests.faults.careless import BUGS

    BUGS[bug]()
    return command(data, *arguments)


def console(data: str, name: str, seed: int, count: int) -> None:
    """An agent of that name who does ``count`` things; each line says what was done, and of replies the text."""
    place = DataDir(Path(data))
    config = load(place.config, settings_type)
    config = msgspec.structs.replace(config, agent=msgspec.structs.replace(config.agent, name=name))
    store = Store(place.root)
    desk = Desk.open(store, config, clocks.clock_for(config, place.root))
    rng = random.Random(seed)
    conversations = [key for (key,) in store.read("select id from conversation order by id")]
    for number in range(count):
        conversation = rng.choice(conversations)
        if rng.random() < 0.4:
            text = f"{name} {seed} {number}"
            try:
                replies.send_reply(desk, conversation, text, now=rng.random() < 0.7)
            except CsconsoleError:
                continue
            acknowledge(text)
        else:
            _act(desk, rng, conversation, number, besides=("reply", "raw"))
    store.close()
