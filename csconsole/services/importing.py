"""Mail from files into the store: single mails, directories of them, mbox and Maildir; and quarantine once more.

What is imported is history: it opens, notifies and starts nothing. Each mail is known by the hash of its bytes and
by its Message-ID, so importing twice, or importing what the account fetched itself, brings nothing double.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterable, Iterator
from email.utils import mktime_tz, parsedate_tz
from pathlib import Path

import msgspec

from csconsole.clock import SECOND
from csconsole.config.model import AccountConfig
from csconsole.connectors.base import Page, PageKind, RawItem
from csconsole.connectors.registry import connector_class
from csconsole.errors import ConfigError, NotFoundError, PayloadError, RefusedError, UsageError
from csconsole.services.desk import Desk
from csconsole.store import accounts, quarantine
from csconsole.store.accounts import AccountRow
from csconsole.store.quarantine import QuarantineRow
from csconsole.sync import ingest
from csconsole.sync.account import context_of, enrol, recipe_of
from csconsole.sync.ingest import Counts, Parsed
from csconsole.sync.parsing import Parser

PAGE = 200
"""Mails read, understood and stored together."""
LARGEST = 64 * 1024 * 1024
"""Bytes of a mail that is still read."""

_FROM_LINE = re.compile(rb"From \S+ .*\d{4}\s*$")
_QUOTED_FROM = re.compile(rb"(?m)^>(>*From )")
_SENT_FOLDER = re.compile(r"\.?(sent|sent[ -]?(items|mail|messages)|ส่งแล้ว)", re.IGNORECASE)


def import_mail(desk: Desk, path: Path, account: str) -> Counts:
    """Imports a file of one mail, a directory of ``.eml`` files, an mbox or a Maildir.

    Args:
        desk: who imports; the configuration must have been loaded with the connectors' keys.
        path: where the mail lies.
        account: name of the account it belongs to.

    Raises:
        NotFoundError: no such account.
        UsageError: the path is missing or holds no mail.
        ConnectorError: the reader of messages cannot start.
        StoreError: what was stored before stays; importing again goes on.
    """
    config = _account(desk, account)
    row = _enrolled(desk, config)
    if not path.exists():
        raise UsageError(f"{path} does not exist.")
    return asyncio.run(_import(desk, row, config, mails(path)))


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


async def _import(desk: Desk, row: AccountRow, config: AccountConfig, items: Iterable[RawItem]) -> Counts:
    counts = Counts()
    parser = Parser()
    recipe = recipe_of(config, desk.config, connector_class(config.connector))
    try:
        for page in _pages(items):
            parsed = await parser.parse(recipe, page)
            counts.add(_store(desk, row, config, page, parsed))
    finally:
        await parser.close()
    return counts


async def _understand(desk: Desk, config: AccountConfig, items: list[RawItem]) -> list[Parsed]:
    parser = Parser(1)
    try:
        return await parser.parse(recipe_of(config, desk.config, connector_class(config.connector)), items)
    finally:
        await parser.close()


def _store(desk: Desk, row: AccountRow, config: AccountConfig, items: list[RawItem], parsed: list[Parsed]) -> Counts:
    """Stores a page as history; the account's own cursor stays where it is."""
    current = accounts.account_by_name(desk.store, row.name) or row
    page = Page(items=tuple(items), next=current.cursor, kind=PageKind.HISTORY)
    return ingest.apply_page(
        desk.store,
        current,
        page,
        parsed,
        desk.clock,
        open_days=desk.config.sync.open_days,
        reopen_window=config.reopen_window.ms,
    )


def _pages(items: Iterable[RawItem]) -> Iterator[list[RawItem]]:
    page: list[RawItem] = []
    for item in items:
        page.append(item)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


# -- files -----------------------------------------------------------------------------------------------


def mails(path: Path) -> Iterator[RawItem]:
    """The mails below a path, in a stable order.

    Raises:
        UsageError: a file cannot be read, or nothing there is mail.
    """
    found = False
    for item in _walk(path):
        found = True
        yield item
    if not found:
        raise UsageError(f"{path} holds no mail: give an .eml file, a directory of them, an mbox or a Maildir.")


def _walk(path: Path) -> Iterator[RawItem]:
    if path.is_file():
        yield from _file(path)
        return
    if (path / "cur").is_dir():
        folders = [path, *sorted(one for one in path.iterdir() if one.is_dir() and (one / "cur").is_dir())]
        for folder in folders:
            sent = bool(_SENT_FOLDER.fullmatch(folder.name))
            for part in ("cur", "new"):
                for file in _files(folder / part):
                    yield _item(_read(file), file, sent=sent)
        return
    for file in _files(path, below=True):
        if file.suffix.lower() in (".eml", ".mbox"):
            yield from _file(file)


def _files(folder: Path, *, below: bool = False) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(one for one in (folder.rglob("*") if below else folder.iterdir()) if one.is_file())


def _file(path: Path) -> Iterator[RawItem]:
    sent = bool(_SENT_FOLDER.fullmatch(path.parent.name)) or bool(_SENT_FOLDER.fullmatch(path.stem))
    try:
        with path.open("rb") as stream:
            is_mbox = _FROM_LINE.match(stream.readline(1000)) is not None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    if not is_mbox:
        yield _item(_read(path), path, sent=sent)
        return
    for raw in _mbox(path):
        yield _item(raw, path, sent=sent)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(LARGEST)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None


def _mbox(path: Path) -> Iterator[bytes]:
    """The mails of an mbox (RFC 4155 with the ``>From`` quoting of mboxrd), read line by line."""
    lines: list[bytes] = []
    size = 0
    blank = True
    begun = False
    with path.open("rb") as stream:
        for line in stream:
            if blank and _FROM_LINE.match(line):
                if begun:
                    yield _unquoted(lines)
                lines, size, begun, blank = [], 0, True, False
                continue
            blank = line in (b"\n", b"\r\n")
            if size < LARGEST:
                lines.append(line)
                size += len(line)
    if begun:
        yield _unquoted(lines)


def _unquoted(lines: list[bytes]) -> bytes:
    if lines and lines[-1] in (b"\n", b"\r\n"):
        lines = lines[:-1]
    return _QUOTED_FROM.sub(rb"\1", b"".join(lines))


def _item(raw: bytes, path: Path, *, sent: bool) -> RawItem:
    """A mail as the connector's readers know it; its id is made of its bytes."""
    return RawItem(
        remote_id=f"import:{hashlib.sha256(raw).hexdigest()[:40]}",
        kind="rfc822",
        raw=raw,
        received_at=_received_at(raw) or int(path.stat().st_mtime) * SECOND,
        meta={"folder": path.parent.name if not sent else "Sent", **({"sent": True} if sent else {})},
    )


def _received_at(raw: bytes) -> int:
    """When a mail was delivered: its topmost ``Received``, else its ``Date`` (RFC 5322 section 3.6), ms UTC; 0 for
    neither."""
    head = re.split(rb"\r?\n\r?\n", raw[:200_000], maxsplit=1)[0]
    unfolded = re.sub(rb"\r?\n[ \t]+", b" ", head).decode("latin-1")
    for name in ("received", "date"):
        for line in unfolded.splitlines():
            field, colon, value = line.partition(":")
            if colon and field.strip().lower() == name:
                parsed = parsedate_tz(value.rpartition(";")[2].strip())
                if parsed is not None:
                    try:
                        return max(0, int(mktime_tz(parsed)) * SECOND)
                    except (ValueError, OverflowError):
                        return 0
                break
    return 0
