"""What the demo's tests share: connectors on one data directory, pulled to the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from csconsole.clock import FixedClock
from csconsole.connectors.base import AccountContext, Page, PageKind, RawItem
from csconsole.connectors.demo.connector import DemoConnector
from csconsole.connectors.demo.settings import Settings
from csconsole.connectors.demo.shop import by_id, shop
from csconsole.connectors.demo.still import STILL_AT
from csconsole.domain.events import Event
from csconsole.domain.sending import Bubble, OutboundItem

ACCOUNTS = [account["name"] for account in shop()["accounts"]]


def connector(
    directory: Path, name: str = "line-siam", clock: FixedClock | None = None, **settings: Any
) -> DemoConnector:
    """A demo account as the worker makes it."""
    account = by_id("accounts", "name")[name]
    context = AccountContext(
        name=name,
        connector="demo",
        channel=account["channel"],
        settings=Settings(**settings),
        data_dir=str(directory),
    )
    return DemoConnector(context, clock or FixedClock(STILL_AT))


async def pages(demo: DemoConnector, cursor: str = "") -> tuple[list[Page], str]:
    """All pages from a cursor on, until no more are announced, and the last cursor."""
    found = []
    for _ in range(1000):
        page = await demo.pull(cursor)
        cursor = page.next
        found.append(page)
        if not page.more:
            return found, cursor
    raise AssertionError("the stream never ends")


async def items(demo: DemoConnector, cursor: str = "") -> tuple[list[RawItem], str]:
    """All items from a cursor on, and the last cursor."""
    found, cursor = await pages(demo, cursor)
    return [item for page in found for item in page.items], cursor


async def events(demo: DemoConnector, cursor: str = "") -> tuple[list[Event], str]:
    """All events from a cursor on, and the last cursor."""
    found, cursor = await items(demo, cursor)
    return [event for item in found for event in demo.normalise(item, demo.account)], cursor


def reply(text: str, thread: str = "cv-ann", *, attempt: int = 1, key: str = "key-1", **more: Any) -> OutboundItem:
    """A reply on its way out."""
    return OutboundItem(
        uid=f"outbox-{key}", attempt=attempt, key=key, thread=thread, bubbles=(Bubble("b", text),), **more
    )


class Phases:
    """Remembers how far a send said it had come."""

    def __init__(self) -> None:
        self.names: list[str] = []

    async def __call__(self, name: str) -> None:
        self.names.append(name)


def is_history(page: Page) -> bool:
    return page.kind is PageKind.HISTORY
