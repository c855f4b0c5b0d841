"""A channel in memory, told what goes wrong, with a ledger of what it really accepted; and its connector."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec

from csconsole.clock import Clock
from csconsole.connectors.base import AccountContext, Capabilities, Connector, Page, PageKind, Phase, RawItem
from csconsole.domain.customer import Identity
from csconsole.domain.events import Event, MessageEvent, ThreadRef
from csconsole.domain.sending import OutboundItem, Receipt, SendClass, Settled
from csconsole.errors import (
    AuthError,
    ConfigError,
    ConnectorError,
    PayloadError,
    RateLimitedError,
    RejectedError,
    UnreachableError,
)

AT = 1_790_000_000_000


def item(number: int, text: str = "สวัสดีค่ะ", *, who: str = "somchai", at: int = AT, **more: Any) -> RawItem:
    """An item of the channel; ``text`` may ask the reader for trouble (see :meth:`SimConnector.normalise`)."""
    body = {"id": f"m{number}", "text": text, "who": who, "at": at, **more}
    raw = json.dumps(body, ensure_ascii=False).encode()
    return RawItem(remote_id=f"m{number}", kind="message", raw=raw, received_at=at)


class Channel:
    """What the other side knows and does.

    Attributes:
        items: everything it has, in order; ``history`` of them come as history.
        accepted: the ledger: every send the customer received.
        faults: what happens to the next sends, one word each; empty: all goes well.
        pull_faults: errors of the next pulls.
        send_class: how lost sends can be settled.
        echoes: accepted sends come back as items.
        gate: when set, sends wait for it after their acceptance.
    """

    def __init__(self, *, send_class: SendClass = SendClass.LOOKUP, echoes: bool = False) -> None:
        self.items: list[RawItem] = []
        self.history = 0
        self.page_size = 10
        self.accepted: list[OutboundItem] = []
        self.faults: deque[str] = deque()
        self.pull_faults: deque[Exception] = deque()
        self.settle_answers: deque[Settled] = deque()
        self.send_class = send_class
        self.echoes = echoes
        self.total: int | None = None
        self.pulls = 0
        self.looks = 0
        self.sending = 0
        self.most_sending = 0
        self.gate: asyncio.Event | None = None
        self.before_answer: Callable[[], None] | None = None
        self.hints: asyncio.Queue[Exception | None] | None = None
        self.closed = False

    @property
    def texts(self) -> list[str]:
        """Texts of the ledger."""
        return ["\n\n".join(b.text for b in sent.bubbles) for sent in self.accepted]

    def accept(self, sent: OutboundItem) -> None:
        """Takes a send; a key makes the same send count once."""
        if self.send_class is SendClass.KEY and any(one.key == sent.key for one in self.accepted):
            return
        self.accepted.append(sent)
        if self.echoes:
            number = 1000 + len(self.accepted)
            text = "\n\n".join(b.text for b in sent.bubbles)
            self.items.append(item(number, text, direction="out", marker=sent.key, thread=sent.thread))


CHANNELS: dict[str, Channel] = {}


class SimSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which channel of this process the account stands for."""

    sim: str


_BEFORE = {
    "refuse": RejectedError("the customer has blocked us", remote_code="400"),
    "limit": RateLimitedError("too many messages", retry_after=40.0),
    "unreachable": UnreachableError("no connection", provably_not_accepted=True),
    "auth": AuthError("the login was refused"),
    "config": ConfigError("the password file is missing"),
}


class SimConnector(Connector):
    """Follows the contract over a :class:`Channel`."""

    Settings = SimSettings

    def __init__(self, account: AccountContext, clock: Clock) -> None:
        super().__init__(account, clock)
        self.sim = CHANNELS[account.settings.sim]

    @property
    def capabilities(self) -> Capabilities:
        pushes = self.sim.hints is not None
        return Capabilities(
            inbound="webhook" if pushes else "poll", send_class={"reply": self.sim.send_class}, history=True
        )

    async def pull(self, cursor: str) -> Page:
        self.sim.pulls += 1
        if self.sim.pull_faults:
            raise self.sim.pull_faults.popleft()
        start = int(cursor or 0)
        limit = self.sim.history if start < self.sim.history else len(self.sim.items)
        end = min(start + self.sim.page_size, limit)
        return Page(
            items=tuple(self.sim.items[start:end]),
            next=str(end),
            kind=PageKind.HISTORY if start < self.sim.history else PageKind.LIVE,
            more=end < len(self.sim.items),
            total=self.sim.total,
        )

    @staticmethod
    def normalise(item: RawItem, account: AccountContext) -> list[Event]:
        body = json.loads(item.raw)
        _trouble(body["text"])
        sent = body.get("direction") == "out"
        return [
            MessageEvent(
                remote_id=body["id"],
                thread=ThreadRef(remote_id=body.get("thread") or f"chat-{body['who']}"),
                at=body["at"],
                direction="out" if sent else "in",
                author_kind=body.get("author_kind", "external" if sent else "customer"),
                author_name=body.get("author", "" if sent else body["who"]),
                customer=Identity(kind="sim", realm=account.name, value=body["who"]),
                customer_name=body["who"],
                body_text=body["text"],
                marker=body.get("marker", ""),
            )
        ]

    async def watch(self) -> AsyncIterator[None]:
        if self.sim.hints is None:
            return
        while True:
            hint = await self.sim.hints.get()
            if hint is not None:
                raise hint
            yield

    async def send(self, item: OutboundItem, phase: Phase) -> Receipt:
        sim = self.sim
        fault = sim.faults.popleft() if sim.faults else "ok"
        if fault in _BEFORE:
            raise _BEFORE[fault]
        sim.sending += 1
        sim.most_sending = max(sim.most_sending, sim.sending)
        try:
            await phase("data")
            if fault == "broken":
                raise UnreachableError("the line broke before it was accepted")
            sim.accept(item)
            if sim.before_answer is not None:
                sim.before_answer()
            if sim.gate is not None:
                await sim.gate.wait()
            if fault == "proven":
                await phase("accepted")
                raise ConnectorError("the copy could not be filed")
            if fault == "lost":
                raise UnreachableError("the answer was lost")
            if fault == "bug":
                raise KeyError("a mistake in the connector")
            return Receipt(remote_id=f"out-{len(sim.accepted)}", at=self.clock.now())
        finally:
            sim.sending -= 1

    async def settle(self, item: OutboundItem) -> tuple[Settled, Receipt | None]:
        self.sim.looks += 1
        if self.sim.settle_answers:
            return self.sim.settle_answers.popleft(), None
        if self.sim.send_class is not SendClass.LOOKUP:
            return Settled.UNKNOWN, None
        for number, sent in enumerate(self.sim.accepted, 1):
            if sent.key == item.key:
                return Settled.FOUND, Receipt(remote_id=f"out-{number}")
        return Settled.ABSENT, None

    @staticmethod
    def extract(item: RawItem, locator: str) -> bytes | None:
        if locator.startswith("!"):
            _trouble(locator[1:])
        return f"{locator} in process {os.getpid()}".encode() if locator.startswith("packed") else None

    async def fetch_attachment(self, raw: RawItem | None, locator: str) -> bytes | RawItem:
        if locator == "gone":
            raise RejectedError("the file is gone")
        if locator == "packed at the source":
            return RawItem(remote_id="part", kind="part", raw=b"x", received_at=0)
        return b"content of " + locator.encode()

    async def close(self) -> None:
        self.sim.closed = True


def _trouble(text: str) -> None:
    """What hostile bytes can do to their reader."""
    if text == "malformed":
        raise PayloadError("the message has no sender\x1b[2J")
    if text == "bug":
        raise ValueError("a mistake in the connector")
    if text == "spin":
        while True:
            pass
    if text == "memory":
        bytes(bytearray(600 * 1024 * 1024))
    if text == "deep":
        _recurse(0)
    if text == "die":
        os._exit(9)
    if text == "crash":
        ctypes.string_at(0)
    if text == "print":
        print("not a frame", flush=True)
        os.write(1, b"not a frame either")
    if text.startswith("secret:"):
        raise PayloadError(os.environ.get(text.removeprefix("secret:"), "no such variable"))


def _recurse(depth: int) -> int:
    return _recurse(depth + 1) + 1


def registry(name: str) -> type[Connector]:
    """Stands for the table of connectors."""
    if name != "sim":
        raise ConfigError(f'no connector is called "{name}"')
    return SimConnector
