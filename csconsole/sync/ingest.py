"""The one way in: a page of remote items becomes rows, together with its cursor.

At least once in, exactly once stored: every remote id passes the gate of ``remote_ref``. A page is written in
transactions of at most 200 items and about 25 ms, the cursor with the last one, so that a crash between them
only repeats items the gate knows. One item that cannot be understood goes to quarantine and nothing else waits for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from csconsole import crashpoints
from csconsole.clock import Clock
from csconsole.connectors.base import Page, PageKind, RawItem
from csconsole.domain.events import Event, MessageEvent
from csconsole.errors import PayloadError
from csconsole.store import accounts, messages, quarantine, refs
from csconsole.store.accounts import AccountRow
from csconsole.store.database import Store, Tx, UnstorableError
from csconsole.sync import fold, inbound
from csconsole.text.sanitize import safe_line

CHUNK = 200
"""Most items of a bulk transaction."""
CHUNK_SECONDS = 0.025
"""How long a bulk transaction may take: a key stroke waits for it."""
FIRST_CHUNK = 50
SMALLEST_CHUNK = 10


class Parsed(msgspec.Struct):
    """An item with its events, or with the reason why it has none."""

    item: RawItem
    events: list[Event] | None = None
    error: str | None = None


class Counts(msgspec.Struct):
    """What a page brought."""

    new: int = 0
    duplicates: int = 0
    quarantined: int = 0

    def add(self, other: Counts) -> None:
        """Adds another page's counts."""
        self.new += other.new
        self.duplicates += other.duplicates
        self.quarantined += other.quarantined


class Intake:
    """What ingest knows while it writes one transaction.

    Attributes:
        tx: the transaction.
        root: the data directory, for large payloads.
        account: the account the items came from.
        history: whether they are history: nothing opens, notifies or starts a clock.
        open_days: age up to which a historic conversation whose last word is a customer's stays open.
        reopen_window: the account's window in ms.
        touched: conversations whose fields must be made anew from all their messages.
        next_n: the place of the next historic message; None: above all.
    """

    def __init__(
        self,
        tx: Tx,
        root: Path,
        account: AccountRow,
        *,
        history: bool,
        open_days: int,
        reopen_window: int,
    ) -> None:
        self.tx = tx
        self.root = root
        self.account = account
        self.history = history
        self.open_days = open_days
        self.reopen_window = reopen_window
        self.counts = Counts()
        self.touched: set[int] = set()
        self.next_n: int | None = None


def apply_page(
    store: Store,
    account: AccountRow,
    page: Page,
    parsed: list[Parsed],
    clock: Clock,
    *,
    open_days: int,
    reopen_window: int,
    moves_cursor: bool = True,
) -> Counts:
    """Writes a page and its cursor.

    Args:
        store: the database.
        account: as read before the page.
        page: the page; its ``next`` becomes the cursor with the last transaction.
        parsed: its items in the page's order, understood or not.
        clock: stamps what is written.
        open_days: see :class:`Intake`.
        reopen_window: the account's reopen window in ms.
        moves_cursor: False for mail that came by another way: the account's reading goes on where it was.

    Raises:
        StoreError: nothing of the failed transaction was written; the same cursor can be pulled again.
    """
    counts = Counts()
    history = page.kind == PageKind.HISTORY
    left = sorted(parsed, key=_received) if history else list(parsed)
    place: int | None = None
    size = FIRST_CHUNK
    while True:
        with store.transaction(clock.now(), bulk=True) as tx:
            begun = clock.monotonic()
            intake = Intake(tx, store.root, account, history=history, open_days=open_days, reopen_window=reopen_window)
            if history:
                intake.next_n = messages.reserve_history(tx, sum(len(p.events or ()) for p in left), place)
            chunk, left = left[:size], left[size:]
            _apply_chunk(intake, chunk)
            place = intake.next_n
            counts.add(intake.counts)
            if not left:
                cursor = page.next if moves_cursor else None
                accounts.save_cursor(tx, account.id, cursor, total=page.total, added=counts.new, left=page.left)
            spent = clock.monotonic() - begun
        if not left:
            return counts
        fitting = round(len(chunk) * CHUNK_SECONDS / spent) if spent > 0 else CHUNK
        size = max(SMALLEST_CHUNK, min(CHUNK, fitting, size * 2))


def _received(parsed: Parsed) -> int:
    """When an item came to the source; its first event's instant where the source states none."""
    return parsed.item.received_at or next((event.at for event in parsed.events or ()), 0)


def _apply_chunk(intake: Intake, chunk: list[Parsed]) -> None:
    known = _known_ids(intake, chunk)
    held = quarantine.held(intake.tx, intake.account.id)
    for one in chunk:
        crashpoints.point("mid-transaction")
        if one.events is None:
            _quarantine(intake, one)
            continue
        try:
            apply_events(intake, one.item, one.events, known)
        except PayloadError as error:
            _quarantine(intake, Parsed(one.item, error=error.message))
        else:
            if one.item.remote_id in held:
                quarantine.finish(intake.tx, held[one.item.remote_id])
    finish(intake)


def finish(intake: Intake) -> None:
    """Makes anew what history or late items touched; call once after the last item of a transaction."""
    for conversation_id in sorted(intake.touched):
        if intake.history:
            fold.settle_history(intake.tx, conversation_id, now=intake.tx.now, open_days=intake.open_days)
        fold.refold(intake.tx, conversation_id)


def _known_ids(intake: Intake, chunk: list[Parsed]) -> dict[tuple[str, str], int]:
    """Which message ids of the chunk we have: one statement for the whole page."""
    ids = [event.remote_id for one in chunk for event in one.events or () if isinstance(event, MessageEvent)]
    return {
        (kind, remote_id): row
        for kind in ("message", "unsent")
        for remote_id, row in refs.known(intake.tx, intake.account.id, kind, ids).items()
    }


def apply_events(
    intake: Intake,
    item: RawItem,
    events: list[Event],
    known: dict[tuple[str, str], int] | None = None,
) -> None:
    """Writes the events of one item, all or none; used by pages, the retry from quarantine, and import.

    Raises:
        PayloadError: the item cannot be stored; nothing of it was, and the transaction goes on.
        StoreError: the database cannot be written.
    """
    if known is None:
        known = _known_ids(intake, [Parsed(item, events)])
    before, place = msgspec.structs.replace(intake.counts), intake.next_n
    fresh = [("message", e.remote_id) for e in events if isinstance(e, MessageEvent)]
    fresh = [key for key in fresh if key not in known]
    try:
        with intake.tx.savepoint():
            for event in events:
                inbound.apply(intake, item, event, known)
    except (PayloadError, UnstorableError, ValueError, TypeError, KeyError, RecursionError) as error:
        intake.counts, intake.next_n = before, place
        for key in fresh:
            known.pop(key, None)
        if isinstance(error, PayloadError):
            raise
        reason = error.message if isinstance(error, UnstorableError) else "It holds something no field can take."
        raise PayloadError(reason) from error


def _quarantine(intake: Intake, one: Parsed) -> None:
    item = one.item
    if refs.find(intake.tx, intake.account.id, "message", _plain(item.remote_id)) is not None:
        intake.counts.duplicates += 1
        return
    meta: dict[str, Any] = dict(item.meta)
    new = quarantine.add(
        intake.tx,
        intake.root,
        intake.account.id,
        remote_id=_plain(item.remote_id),
        kind=_plain(item.kind),
        raw=item.raw,
        received_at=min(max(item.received_at, 0), intake.tx.now),
        meta=meta,
        reason=safe_line(one.error or "It could not be understood."),
        history=intake.history,
    )
    if new:
        intake.counts.quarantined += 1
    else:
        intake.counts.duplicates += 1


def _plain(text: str) -> str:
    """A key that can be stored, whatever it was: a source that sends half a surrogate pair is held, not fatal."""
    return text.encode("utf-8", "replace").decode()
