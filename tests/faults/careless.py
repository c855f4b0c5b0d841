"""The program with a known fault built in, to prove that a test sees it. Nothing of this is in the product.

Each function puts one fault into this process; a test undoes it by the monkeypatch it is given, a victim dies.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from csconsole.errors import StoreError
from csconsole.store import accounts, copies, drafts, outbox, refs
from csconsole.store.database import Store, Tx
from csconsole.sync import claiming, inbound, ingest, outcome, settle
from csconsole.sync.engine import Engine
from csconsole.sync.outbox import Sender
from csconsole.sync.outcome import Outcome

Put = Callable[[Any, str, Any], None]


def blind_retry(put: Put = setattr) -> None:
    """A lost answer is sent again without asking anybody."""
    put(outcome, "lost", lambda *_, **__: Outcome("queued", "again"))


def blind_restart(put: Put = setattr) -> None:
    """What was being sent when the worker died is sent again."""

    def recover(tx: Tx) -> int:
        for row in outbox.in_state(tx, "sending"):
            outbox.finish(tx, row.id, "queued", not_before=tx.now)
        return 0

    put(settle, "recover", recover)


def phase_unwritten(put: Put = setattr) -> None:
    """The phase is believed committed, but is not."""
    put(outbox, "set_phase", lambda *_: True)


def cursor_first(put: Put = setattr) -> None:
    """The cursor is committed before its page."""
    honest = ingest.apply_page

    def apply_page(store: Store, account: Any, page: Any, parsed: Any, clock: Any, **options: Any) -> Any:
        with store.transaction(clock.now()) as tx:
            accounts.save_cursor(tx, account.id, page.next, total=page.total, added=0)
        return honest(store, account, page, parsed, clock, **options)

    put(ingest, "apply_page", apply_page)


def cursor_never(put: Put = setattr) -> None:
    """The cursor is not kept and nothing is recognised: every start reads everything again."""
    put(accounts, "save_cursor", lambda *_, **__: None)
    put(refs, "known", lambda *_, **__: {})
    put(inbound.refs, "find", lambda *_, **__: None)


def echo_unknown(put: Put = setattr) -> None:
    """Our own message that comes back is taken for somebody else's."""
    put(inbound, "_is_echo", lambda *_: False)


def overtaking(put: Put = setattr) -> None:
    """A conversation is not first in, first out."""

    def due(source: Any, now: int, *, account_id: int | None = None, limit: int = 50) -> list[outbox.OutboxRow]:
        where = "where o.state in ('held', 'queued') and o.not_before <= ? and o.account_id = ? order by o.id desc"
        return outbox._fetch(source, where, (now, account_id))

    put(outbox, "due", due)


def end_forgotten(put: Put = setattr) -> None:
    """The end of a send that the disk could not take is never written."""

    async def conclude(self: Sender, row: Any, work: Any) -> None:
        try:
            await self.access.write(work)
        except StoreError:
            return

    put(Sender, "_conclude", conclude)


def text_dropped(put: Put = setattr) -> None:
    """A stopped answer's text does not come back."""
    put(drafts, "give_back", lambda *_: None)


def fence_missing(put: Put = setattr) -> None:
    """An answer leaves though somebody else has answered since."""
    put(claiming, "stale", lambda *_: "")


def clock_trusted(put: Put = setattr) -> None:
    """A clock that is set is not noticed."""
    put(Engine, "_clock_was_set", lambda _: False)


def restore_sends_again(put: Put = setattr) -> None:
    """What a backup holds as waiting is sent, whether or not it has left since."""
    from csconsole.services import backups

    put(backups.outbox, "in_state", lambda *_: [])


def restore_unsynced(put: Put = setattr) -> None:
    """The database takes its place before it is on the disk."""
    put(copies, "sync", lambda _: None)


def restore_by_two_renames(put: Put = setattr) -> None:
    """The old database is moved away before the new one comes."""

    def exchange(database: Path, new: Path, folder: Path) -> Path:
        folder.mkdir(exist_ok=True)
        kept = folder / "before-restore-1.db"
        database.rename(kept)
        new.rename(database)
        return kept

    put(copies, "exchange", exchange)


def backup_under_its_name(put: Put = setattr) -> None:
    """A backup is written under its own name from the first byte."""
    put(copies, "part_of", lambda target: target.with_name(f"{target.name}.new"))

    def begin(target: Path) -> Path:
        target.touch(0o600)
        return target

    put(copies, "begin", begin)
    put(copies, "finish", lambda part, target: shutil.copystat(part, target))


BUGS: dict[str, Callable[..., None]] = {
    made.__name__.replace("_", "-"): made
    for made in (
        blind_retry, blind_restart, phase_unwritten, cursor_first, cursor_never, echo_unknown, overtaking,
        end_forgotten, text_dropped, fence_missing, clock_trusted, restore_sends_again, restore_unsynced,
        restore_by_two_renames, backup_under_its_name,
    )
}  # fmt: skip
