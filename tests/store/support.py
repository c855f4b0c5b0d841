"""What tests of the store, of ingest and of the services share: a directory, accounts, pages of events."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from csconsole.clock import DAY, FixedClock, parse_rfc3339
from csconsole.config.model import AgentConfig, Config
from csconsole.connectors.base import Capabilities, Page, PageKind, RawItem
from csconsole.connectors.demo.bulk import bulk_conversations
from csconsole.connectors.demo.shop import shop
from csconsole.domain.customer import Identity
from csconsole.domain.events import Event, MessageEvent, ThreadRef
from csconsole.domain.query import parse
from csconsole.domain.sending import SendClass
from csconsole.services.desk import Desk
from csconsole.store import accounts, bulk, search
from csconsole.store.database import Store
from csconsole.store.query_sql import Scope
from csconsole.store.queue import Queue
from csconsole.sync import ingest
from csconsole.sync.ingest import Counts, Parsed

NOW = parse_rfc3339("2026-11-27T12:00:00+07:00")
ZONE = "Asia/Bangkok"
WINDOW = 4 * DAY
CHAT = Capabilities(send_class={"reply": SendClass.KEY})
MAIL = Capabilities(send_class={"reply": SendClass.LOOKUP}, is_chat=False, key_domain="shop.example")

_ids = itertools.count()


def make(root: Path) -> Store:
    """A fresh database in a folder made for it."""
    root.mkdir(mode=0o700, exist_ok=True)
    return Store(root)


def load_bulk(store: Store, conversations: int, messages: int) -> None:
    """Fills a directory with the demo's endless shop."""
    with store.transaction(NOW) as tx:
        for account in shop()["accounts"]:
            accounts.ensure_account(tx, account["name"], "demo", account["channel"], branch=account.get("branch", ""))
        for agent in shop()["agents"]:
            accounts.ensure_agent(tx, agent["name"])
    bulk.load(store, bulk_conversations(1, conversations, messages, NOW), now=NOW)


def scope(store: Store, agent_id: int | None = 1) -> Scope:
    """What queries of tests are asked against."""
    return Scope(
        NOW,
        ZONE,
        agent_id,
        lambda text: search.conversations_with(store, text),
        lambda text: search.customers_with(store, text),
    )


def ask(store: Store, text: str, *, agent_id: int | None = 1, limit: int = 100_000) -> list[int]:
    """Keys of the conversations a query finds, in queue order."""
    rows = Queue(store, agent_id).page(parse(text), scope(store, agent_id), limit=limit)
    return [row.id for row in rows]


class Shop:
    """One directory with accounts, a clock, and a way to bring pages of events in."""

    def __init__(self, root: Path, *, open_days: int = 14) -> None:
        self.store = make(root)
        self.clock = FixedClock(NOW)
        self.open_days = open_days
        self.account("line", CHAT, channel="line")

    def account(self, name: str, capabilities: Capabilities = CHAT, *, channel: str = "line", **more: Any) -> None:
        with self.store.transaction(NOW) as tx:
            accounts.ensure_account(
                tx, name, "test", channel, capabilities=msgspec.to_builtins(capabilities), **more
            )  # fmt: skip

    def apply(
        self,
        events: Iterable[Event | Parsed],
        *,
        account: str = "line",
        history: bool = False,
        next_cursor: str = "c",
        at: int | None = None,
        window: int = WINDOW,
    ) -> Counts:
        """Stores events as one page, each in an item of its own."""
        if at is not None:
            self.clock.at = at
        row = accounts.account_by_name(self.store, account)
        assert row is not None
        parsed = [e if isinstance(e, Parsed) else Parsed(raw_item(e), [e]) for e in events]
        kind = PageKind.HISTORY if history else PageKind.LIVE
        page = Page(items=tuple(p.item for p in parsed), next=next_cursor, kind=kind)
        return ingest.apply_page(
            self.store, row, page, parsed, self.clock, open_days=self.open_days, reopen_window=window
        )

    def conversation(self, conversation_id: int = 1) -> dict[str, Any]:
        """A conversation's row by column name."""
        with self.store.reader.use() as connection:
            cursor = connection.execute("select * from conversation where id = ?", (conversation_id,))
            names = [d[0] for d in cursor.description]
            return dict(zip(names, cursor.fetchone(), strict=True))

    def count(self, table: str, where: str = "1") -> int:
        row = self.store.read_one(f"select count(*) from {table} where {where}")
        assert row is not None
        return int(row[0])

    def desk(self, name: str = "nok", **config: Any) -> Desk:
        agent = AgentConfig(name=name, display_name=name.title(), language="en", timezone=ZONE)
        return Desk.open(self.store, Config(agent=agent, **config), self.clock)

    def index(self) -> None:
        """Lets the search index catch up."""
        while True:
            with self.store.transaction(NOW, bulk=True) as tx:
                if not search.index_batch(tx):
                    return


def raw_item(event: Event) -> RawItem:
    """An item as a source would have sent it."""
    remote_id = event.remote_id if isinstance(event, MessageEvent) else event.event_id
    return RawItem(remote_id=remote_id, kind="test", raw=b"{}", received_at=max(event.at, 0))


def said(text: str = "hello", *, thread: str = "t1", at: int = NOW, who: str = "U1", **more: Any) -> MessageEvent:
    """A customer's message."""
    fields: dict[str, Any] = {
        "remote_id": f"m{next(_ids)}",
        "thread": ThreadRef(remote_id=thread),
        "at": at,
        "customer": Identity("line_uid", "shop", who, verified=True),
        "customer_name": f"Customer {who}",
        "body_text": text,
    }
    return MessageEvent(**(fields | more))


def answered(text: str = "we look", *, author: str = "Oat", kind: str = "external", **more: Any) -> MessageEvent:
    """A colleague's public answer seen through the channel."""
    return said(text, direction="out", author_kind=kind, author_name=author, **more)
