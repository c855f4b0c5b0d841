"""The demo account's connector."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec

from csconsole.clock import Clock, parse_rfc3339
from csconsole.connectors.base import (
    AccountContext,
    Capabilities,
    Connector,
    Health,
    Page,
    Phase,
    RawItem,
)
from csconsole.connectors.demo.channels import CHANNELS, check_limits
from csconsole.connectors.demo.ledger import Acceptance, Ledger
from csconsole.connectors.demo.normalise import normalise
from csconsole.connectors.demo.samples import content
from csconsole.connectors.demo.settings import Settings
from csconsole.connectors.demo.shop import by_id
from csconsole.connectors.demo.still import STILL_AT
from csconsole.connectors.demo.world import Position, World
from csconsole.domain.events import Event, MessageEvent
from csconsole.domain.sending import OutboundItem, Receipt, SendClass, Settled
from csconsole.errors import (
    AuthError,
    ConfigError,
    PayloadError,
    RateLimitedError,
    RejectedError,
    UnreachableError,
)

_MOST_PAGES = 200


class DemoConnector(Connector):
    """An account of the demo shop.

    Args:
        account: ``settings`` is :class:`Settings`, ``data_dir`` the directory of the shared ledger.
        clock: the only time it knows.

    Raises:
        ConfigError: a channel the demo does not have, or no data directory.
    """

    Settings = Settings
    look_every = 0.5
    """Seconds between two looks at the clock and the ledger while waiting for news."""

    def __init__(self, account: AccountContext, clock: Clock) -> None:
        super().__init__(account, clock)
        self.settings: Settings = account.settings if account.settings is not None else Settings()
        seeded = by_id("accounts", "name").get(account.name, {})
        self.channel = self.settings.channel or account.channel or seeded.get("channel", "")
        if self.channel not in CHANNELS:
            known = ", ".join(CHANNELS)
            raise ConfigError(f'the demo has no channel "{self.channel}"; choose one of: {known}.')
        if not account.data_dir:
            raise ConfigError("the demo needs a data directory for its ledger; give one with --data-dir.")
        self._quota: dict[str, int] = seeded.get("quota", {})
        self.ledger = Ledger(account.data_dir)
        self._world: World | None = None
        self._read = Position()

    @property
    def capabilities(self) -> Capabilities:
        """What the simulated channel can do."""
        real = CHANNELS[self.channel].capabilities
        if self.settings.send_class and real.send_class:
            chosen = {kind: SendClass(self.settings.send_class) for kind in real.send_class}
            return msgspec.structs.replace(real, send_class=chosen)
        return real

    async def pull(self, cursor: str) -> Page:
        """The next page after ``cursor``.

        Raises:
            AuthError: injected by the settings.
            UnreachableError: injected by the settings.
        """
        faults = self.settings.faults
        if faults.auth:
            raise AuthError(f"{self.account.name}: the demo does not accept the login; check the settings.")
        if faults.down:
            raise UnreachableError(
                f"{self.account.name}: the demo cannot be reached; it is tried again.",
                provably_not_accepted=True,
            )
        world, lines, now = await asyncio.to_thread(self._observe)
        page = world.page(Position.of(cursor), lines, now, self.settings.page_size)
        self._read = Position.of(page.next)
        return self._spoil(page)

    @staticmethod
    def normalise(item: RawItem, account: AccountContext) -> list[Event]:
        """The canonical events of one item.

        Raises:
            PayloadError: the item is not the demo's JSON.
        """
        return normalise(item)

    async def watch(self) -> AsyncIterator[None]:
        """Yields when something after the last pull has become due, once for each thing that does."""
        told: tuple[Position, int] | None = None
        seen = -1
        due: int | None = None
        checked: Position | None = None
        while True:
            size = self.ledger.size()
            if size != seen or checked != self._read:
                world, lines, now = await asyncio.to_thread(self._observe)
                seen, checked = size, self._read
                due = world.next_due(self._read, lines, now)
            if due is not None and due <= self.clock.now() and told != (self._read, due):
                told = (self._read, due)
                yield
            else:
                await asyncio.sleep(self.look_every)

    async def send(self, item: OutboundItem, phase: Phase) -> Receipt:
        """Sends once, as the real channel would: its limits, its idempotency, its injected faults.

        Raises:
            UnsupportedError: the channel carries no written replies.
            RejectedError: refused for good.
            RateLimitedError: asked to wait.
            UnreachableError: not connected, or the answer was lost; it says which.
        """
        check_limits(item, self.channel, self.capabilities)
        self._refuse(item)
        await phase("data")
        faults, text = self.settings.faults, _text(item)
        if faults.hits(faults.broken, item.attempt, text):
            raise UnreachableError(f"{self.account.name}: the connection broke; whether it went out is open.")
        line, new = await asyncio.to_thread(self._accept, item)
        if faults.slow:
            await asyncio.sleep(faults.slow)
        if faults.hits(faults.lost_answer, item.attempt, text):
            raise UnreachableError(f"{self.account.name}: the answer was lost; whether it went out is open.")
        if not new and self._class(item) is SendClass.SINGLE_USE:
            raise RejectedError("this reply token was used before; send it anew.", remote_code="400")
        return self._receipt(line, "accepted" if new else "accepted before under the same key")

    async def settle(self, item: OutboundItem) -> tuple[Settled, Receipt | None]:
        """Looks up whether a send went out, as far as the channel's class can honestly tell.

        ``key`` and ``lookup`` ask an authoritative list. ``echo`` knows only what has come back; nothing yet
        is no proof. ``single_use`` and ``none`` cannot be asked.
        """
        send_class = self._class(item)
        if send_class not in (SendClass.KEY, SendClass.LOOKUP, SendClass.ECHO):
            return Settled.UNKNOWN, None
        line = await asyncio.to_thread(self.ledger.find, self.account.name, item.key)
        if line is not None:
            return Settled.FOUND, self._receipt(line, "found")
        return (Settled.UNKNOWN if send_class is SendClass.ECHO else Settled.ABSENT), None

    async def fetch_attachment(self, raw: RawItem | None, locator: str) -> bytes:
        """The content of an attachment, made up from its name.

        Raises:
            PayloadError: the item has no such attachment.
        """
        items = [raw] if raw is not None else await asyncio.to_thread(self._everything)
        for item in items:
            for event in normalise(item):
                if isinstance(event, MessageEvent):
                    for file in event.attachments:
                        if file.locator == locator:
                            return content(file.name, file.mime)
        raise PayloadError("this attachment is no longer at its source; ask the customer to send it again.")

    def _everything(self) -> list[RawItem]:
        """Every item of the account so far: what is asked for may have come without its raw form being kept."""
        world, lines, now = self._observe()
        found: list[RawItem] = []
        position = Position.of("")
        for _ in range(_MOST_PAGES):
            page = world.page(position, lines, now, self.settings.page_size)
            found += page.items
            if not page.items or Position.of(page.next) == position:
                break
            position = Position.of(page.next)
        return found

    async def check(self) -> Health:
        """Says that the demo answers, and what its ledger holds."""
        if self.settings.faults.auth:
            return Health(ok=False, detail="the demo does not accept the login; check the settings.")
        lines = await asyncio.to_thread(self.ledger.accepted, self.account.name)
        facts = {"channel": self.channel, "accepted": str(len(lines))}
        if self._quota:
            facts["quota"] = f"{self._quota['used'] + len(lines)}/{self._quota['messages']}"
        return Health(ok=True, detail=f"the demo shop answers on {self.channel}.", facts=facts)

    def _observe(self) -> tuple[World, list[Acceptance], int]:
        """The world, the ledger and the time, consistent with each other."""
        if self._world is None:
            given = parse_rfc3339(self.settings.start) if self.settings.start else None
            if given is None and self.settings.still:
                given = STILL_AT
            start = self.ledger.start(self.clock.now() if given is None else given)
            self._world = World(
                self.account.name,
                self.channel,
                seed=self.settings.seed,
                start=start if given is None else given,
                still=self.settings.still,
                echoes=SendClass.ECHO in self.capabilities.send_class.values(),
            )
        now, lines = self.ledger.observe(self.clock.now)
        return self._world, lines, now

    def _class(self, item: OutboundItem) -> SendClass:
        return self.capabilities.send_class.get(item.kind, SendClass.NONE)

    def _refuse(self, item: OutboundItem) -> None:
        """Injected faults and limits that strike before anything is accepted."""
        faults, text = self.settings.faults, _text(item)
        if faults.auth:
            raise AuthError(f"{self.account.name}: the demo does not accept the login; check the settings.")
        if faults.hits(faults.unreachable, item.attempt, text):
            raise UnreachableError(
                f"{self.account.name}: no connection; it is tried again.", provably_not_accepted=True
            )
        if faults.hits(faults.rate_limit, item.attempt, text):
            raise RateLimitedError(
                f"{self.account.name}: too many messages; it is tried again.", retry_after=faults.retry_after
            )
        if faults.hits(faults.refuse, item.attempt, text):
            raise RejectedError(f"{self.account.name}: the demo refuses this message.", remote_code="400")

    def _accept(self, item: OutboundItem) -> tuple[Acceptance, bool]:
        """Puts the reply into the ledger, unless the month's quota is used up."""
        once = self._class(item) in (SendClass.KEY, SendClass.SINGLE_USE)
        if self._quota and not (once and self.ledger.find(self.account.name, item.key)):
            used = self._quota["used"] + len(self.ledger.accepted(self.account.name))
            if used >= self._quota["messages"]:
                raise RejectedError(
                    f"{self.account.name}: the month's {self._quota['messages']} messages are used up; "
                    "answer on another channel or enlarge the plan.",
                    remote_code="429",
                )
        texts = tuple(bubble.text for bubble in item.bubbles)
        if self.capabilities.max_bubbles == 1 and len(texts) > 1:
            texts = ("\n\n".join(texts),)
        reply = Acceptance(
            n=0,
            at=0,
            tick=0,
            account=self.account.name,
            thread=item.thread,
            uid=item.uid,
            attempt=item.attempt,
            key=item.key,
            texts=texts,
            to=item.to,
            author=item.author,
            attachments=tuple(file.name for file in item.attachments),
        )
        return self.ledger.accept(reply, self.clock.now, once=once)

    def _receipt(self, line: Acceptance, detail: str) -> Receipt:
        names = (line.key,) if self.channel == "email" else ()
        return Receipt(remote_id=line.remote_id, message_ids=names, at=line.at, detail=detail)

    def _spoil(self, page: Page) -> Page:
        """Applies the injected faults of a page."""
        faults, items = self.settings.faults, []
        for index, item in enumerate(page.items, 1):
            if faults.malformed_every and index % faults.malformed_every == 0:
                item = msgspec.structs.replace(item, raw=item.raw[: len(item.raw) // 2])
            items.append(item)
            if faults.duplicate_every and index % faults.duplicate_every == 0:
                items.append(item)
        if faults.out_of_order:
            items.reverse()
        return msgspec.structs.replace(page, items=tuple(items))


def _text(item: OutboundItem) -> str:
    return "\n\n".join(bubble.text for bubble in item.bubbles)
