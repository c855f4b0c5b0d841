"""Customers' messages as a connector would hand them over: for ingest alone, and for an import beside the console."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from csconsole.clock import SystemClock
from csconsole.connectors.base import Page, PageKind, RawItem
from csconsole.domain.customer import Identity, IdentityKind
from csconsole.domain.events import Event, MessageEvent, ThreadRef
from csconsole.store import accounts, search
from csconsole.store.accounts import AccountRow
from csconsole.store.database import Store
from csconsole.sync.ingest import Parsed, apply_page

ACCOUNT = "bench"
PAGE = 200
PER_CONVERSATION = 5
_TEXTS = (
    "สั่งของไปสามวันแล้วยังไม่ได้รับเลยค่ะ รบกวนเช็คเลขพัสดุให้หน่อยได้ไหมคะ",
    "Is the air fryer still in stock? I would like to pick it up at the Siam branch tomorrow",
    "โอนเงินแล้วนะครับ ยอด 1,290 บาท ส่งสลิปให้ทางนี้ได้เลยไหม",
    "ขอเปลี่ยนไซซ์เสื้อเป็น L ได้ไหมคะ ยังไม่ได้แกะป้ายเลยค่ะ ขอบคุณค่ะ",
)


def message(number: int, at: int) -> MessageEvent:
    """One message; every fifth begins a conversation."""
    person = f"U{number // PER_CONVERSATION:08d}"
    return MessageEvent(
        remote_id=f"{at:x}-{number}",
        thread=ThreadRef(remote_id=person),
        at=at,
        customer=Identity(IdentityKind.LINE_UID, "bench", person),
        customer_name=f"ลูกค้า {number // PER_CONVERSATION}",
        body_text=f"{_TEXTS[number % len(_TEXTS)]} {number}",
    )


def pages(size: int = PAGE, kind: PageKind = PageKind.LIVE) -> Iterator[tuple[Page, list[Parsed]]]:
    """Pages without end."""
    numbers = count()
    while True:
        at = SystemClock().now()
        parsed = []
        for _ in range(size):
            event = message(next(numbers), at)
            raw = event.body_text.encode()
            events: list[Event] = [event]
            parsed.append(Parsed(RawItem(remote_id=event.remote_id, kind="m", raw=raw, received_at=at), events))
        yield Page(items=tuple(one.item for one in parsed), next=str(at), kind=kind), parsed


def enrolled(store: Store) -> AccountRow:
    """The account that receives them."""
    with store.transaction(SystemClock().now()) as tx:
        accounts.ensure_account(tx, ACCOUNT, "demo", "line", label="LINE bench")
    row = accounts.account_by_name(store, ACCOUNT)
    assert row is not None
    return row


def write(store: Store, account: AccountRow, page: Page, parsed: list[Parsed]) -> int:
    """Writes a page as the worker does; returns how many were new."""
    return apply_page(store, account, page, parsed, SystemClock(), open_days=14, reopen_window=0).new


def main(argv: list[str]) -> int:
    """Writes into a data directory until it is ended, at so many messages a second; the search index follows."""
    parser = argparse.ArgumentParser(prog="python -m bench.arrivals")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--rate", type=float, default=0.0, help="messages a second; 0: as fast as it goes")
    options = parser.parse_args(argv)
    store = Store(options.directory, create=False)
    account = enrolled(store)
    size = PAGE if not options.rate else max(1, min(PAGE, round(options.rate / 10)))
    begin, written = time.monotonic(), 0
    print("writing", flush=True)
    for page, parsed in pages(size):
        written += write(store, account, page, parsed)
        with store.transaction(SystemClock().now(), bulk=True) as tx:
            search.index_batch(tx, limit=size)
        if options.rate and (ahead := written / options.rate - (time.monotonic() - begin)) > 0:
            time.sleep(ahead)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
