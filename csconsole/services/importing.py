"""Mail from files into the store, and quarantine once more.

What is imported is history: it opens, notifies and starts nothing. Each mail is known by the hash of its bytes and
by its Message-ID, so importing twice, or importing what the account fetched itself, brings nothing double. That is
also how an import goes on after it was stopped or killed: what is stored is recognised before it is parsed.

Reading, parsing and storing overlap; at most a few pages are in memory, however large the mailbox.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from csconsole import crashpoints
from csconsole.config.model import AccountConfig
from csconsole.connectors.base import Page, PageKind, RawItem
from csconsole.connectors.registry import connector_class
from csconsole.errors import ConfigError, NotFoundError, PayloadError, RefusedError, UsageError
from csconsole.services.desk import Desk
from csconsole.services.mail_files import Found, mails
from csconsole.store import accounts, quarantine, refs
from csconsole.store.accounts import AccountRow
from csconsole.store.quarantine import QuarantineRow
from csconsole.sync import ingest
from csconsole.sync.access import Access
from csconsole.sync.account import context_of, enrol, recipe_of
from csconsole.sync.ingest import Counts, Parsed
from csconsole.sync.parsing import Parser

KIND = "rfc822"
PAGE_MAILS = 200
PAGE_BYTES = 8 * 1024 * 1024
"""A page ends with the mail that exceeds one of these; mails are read, understood and stored by pages."""
AHEAD = 2
"""Pages read, and pages understood, that may wait for the next step."""
NAMED = 20
"""Files that cannot be read of which the names are kept."""


class Progress(msgspec.Struct):
    """How far an import is; ``consumed`` in bytes of the files.

    Attributes:
        read: mails found.
        new: mails stored.
        duplicates: mails that were here already.
        quarantined: mails that could not be understood; their bytes are kept.
        drafts: mails never sent, passed over.
        unreadable: files that could not be read, and why (the first of them).
    """

    read: int = 0
    new: int = 0
    duplicates: int = 0
    quarantined: int = 0
    drafts: int = 0
    unreadable_count: int = 0
    unreadable: list[str] = []
    consumed: int = 0


class _Page(msgspec.Struct):
    """Mails on their way, and what was read to find them."""

    items: list[RawItem] = []
    size: int = 0
    consumed: int = 0
    drafts: int = 0
    problems: list[str] = []

    def take(self, found: Found) -> None:
        self.consumed += found.consumed
        if found.item is not None:
            self.items.append(found.item)
            self.size += len(found.item.raw)
        elif found.is_draft:
            self.drafts += 1
        else:
            self.problems.append(found.problem)

    @property
    def full(self) -> bool:
        things = len(self.items) + self.drafts + len(self.problems)
        return things >= PAGE_MAILS or self.size >= PAGE_BYTES


def import_mail(
    desk: Desk, path: Path, account: str, *, told: Callable[[Progress], object] = lambda _: None
) -> Progress:
    """Imports a file of one mail, a directory of mail, an mbox or a Maildir.

    Args:
        desk: who imports; the configuration must have been loaded with the connectors' keys.
        path: where the mail lies.
        account: name of the account it belongs to.
        told: called after each page with how far the import is.

    Raises:
        NotFoundError: no such account.
        UsageError: the path is missing or holds no mail, or the account is no mailbox.
        ConnectorError: the reader of messages cannot start.
        StoreError: what was stored before stays; importing again goes on.
    """
    config = _account(desk, account)
    kind = connector_class(config.connector)
    if KIND not in kind.imports:
        raise UsageError(f'"{account}" is no mailbox; name an account whose connector is email.')
    if not path.exists():
        raise UsageError(f"{path} does not exist.")
    row = _enrolled(desk, config)
    return asyncio.run(_Import(desk, row, config, told).run(mails(path)))


def retry(desk: Desk, row: QuarantineRow) -> Counts:
    """Understands a message of the quarantine once more and stores it.

    Raises:
        NotFoundError: its account is no longer configured.
        RefusedError: it has been dealt with.
        PayloadError: it cannot be understood now either.
    """
    if row.state != "held":
        raise RefusedError("This message has been dealt with.")
    config = _account(desk, row.account)
    raw = quarantine.raw(desk.store, row.id)
    item = RawItem(remote_id=row.remote_id, kind=row.kind, raw=raw, received_at=row.received_at, meta=row.meta)
    parsed = asyncio.run(_understand(desk, config, [item]))[0]
    if parsed.events is None:
        raise PayloadError(f"It still cannot be understood: {parsed.error}")
    account = _enrolled(desk, config)
    with desk.transaction() as tx:
        intake = ingest.Intake(
            tx,
            desk.store.root,
            account,
            history=row.history,
            open_days=desk.config.sync.open_days,
            reopen_window=config.reopen_window.ms,
        )
        ingest.apply_events(intake, item, parsed.events)
        ingest.finish(intake)
        quarantine.finish(tx, row.id)
    return intake.counts


def _account(desk: Desk, name: str) -> AccountConfig:
    found = desk.config.account(name)
    if found is None:
        known = ", ".join(account.name for account in desk.config.accounts) or "none"
        raise NotFoundError(f'There is no account "{name}" in the configuration; it has: {known}.')
    return found


def _enrolled(desk: Desk, config: AccountConfig) -> AccountRow:
    """The account's row, made when the account has never been synced."""
    row = accounts.account_by_name(desk.store, config.name)
    if row is not None:
        return row
    kind = connector_class(config.connector)
    try:
        connector = kind(context_of(config, desk.config, kind, str(desk.store.root)), desk.clock)
    except msgspec.ValidationError:
        raise ConfigError("The account's settings are wrong; run csconsole config check.") from None
    with desk.transaction() as tx:
        enrol(tx, config, connector)
    row = accounts.account_by_name(desk.store, config.name)
    assert row is not None
    return row


async def _understand(desk: Desk, config: AccountConfig, items: list[RawItem]) -> list[Parsed]:
    parser = Parser(1)
    try:
        return await parser.parse(recipe_of(config, desk.config, connector_class(config.connector)), items)
    finally:
        await parser.close()


class _Import:
    """One import at work: a reading thread, the parsing children and the store's thread, joined by short queues."""

    def __init__(self, desk: Desk, row: AccountRow, config: AccountConfig, told: Callable[[Progress], object]) -> None:
        self._desk = desk
        self._row = row
        self._config = config
        self._told = told
        self._recipe = recipe_of(config, desk.config, connector_class(config.connector))
        self._read: asyncio.Queue[_Page | None] = asyncio.Queue(AHEAD)
        self._parsed: asyncio.Queue[tuple[_Page, list[Parsed], int] | None] = asyncio.Queue(AHEAD)
        self.progress = Progress()

    async def run(self, found: Iterator[Found]) -> Progress:
        """Imports everything.

        Raises:
            CsconsoleError: see :func:`import_mail`.
        """
        parser, access = Parser(), Access(self._desk.store, self._desk.clock)
        steps = [
            asyncio.create_task(step)
            for step in (self._reading(found), self._parsing(parser, access), self._storing(access))
        ]
        try:
            await asyncio.gather(*steps)
        finally:
            for step in steps:
                step.cancel()
            await asyncio.gather(*steps, return_exceptions=True)
            await parser.close()
            access.close()
        return self.progress

    async def _reading(self, found: Iterator[Found]) -> None:
        while True:
            page = await asyncio.to_thread(_next_page, found)
            await self._read.put(page)
            if page is None:
                return

    async def _parsing(self, parser: Parser, access: Access) -> None:
        """Understands what is not here yet; most of a second import ends at this gate."""
        while (page := await self._read.get()) is not None:
            ids = [item.remote_id for item in page.items]
            known = await access.read(refs.known, self._row.id, "message", ids)
            fresh = [item for item in page.items if item.remote_id not in known]
            parsed = await parser.parse(self._recipe, fresh)
            await self._parsed.put((page, parsed, len(page.items) - len(fresh)))
        await self._parsed.put(None)

    async def _storing(self, access: Access) -> None:
        """Stores each page as history; the account's own cursor stays where it is."""
        while (step := await self._parsed.get()) is not None:
            page, parsed, known = step
            crashpoints.point("mid-page")
            counts = Counts(duplicates=known)
            if parsed:
                whole = Page(items=tuple(one.item for one in parsed), next="", kind=PageKind.HISTORY)
                stored = await access.call(
                    ingest.apply_page,
                    access.store,
                    self._row,
                    whole,
                    parsed,
                    access.clock,
                    open_days=self._desk.config.sync.open_days,
                    reopen_window=self._config.reopen_window.ms,
                    moves_cursor=False,
                )
                counts.add(stored)
            crashpoints.point("page-stored")
            self._count(page, counts)

    def _count(self, page: _Page, counts: Counts) -> None:
        progress = self.progress
        progress.read += len(page.items) + page.drafts
        progress.new += counts.new
        progress.duplicates += counts.duplicates
        progress.quarantined += counts.quarantined
        progress.drafts += page.drafts
        progress.unreadable_count += len(page.problems)
        progress.unreadable += page.problems[: NAMED - len(progress.unreadable)]
        progress.consumed += page.consumed
        self._told(progress)


def _next_page(found: Iterator[Found]) -> _Page | None:
    page = _Page()
    for one in found:
        page.take(one)
        if page.full:
            return page
    return page if page.consumed or page.problems or page.items else None
