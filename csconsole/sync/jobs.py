"""What other processes ask the worker for: rows of ``job``, answered in the row."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec

from csconsole.connectors.base import Connector, RawItem
from csconsole.errors import ConnectorError, CsconsoleError, NotFoundError, RejectedError
from csconsole.store import accounts, blobs, messages, outbox, quarantine, timers
from csconsole.store.database import Tx
from csconsole.store.timers import Job
from csconsole.sync import ingest

if TYPE_CHECKING:
    from csconsole.sync.account import AccountSync
    from csconsole.sync.engine import Engine

log = logging.getLogger(__name__)


async def run(engine: Engine, job: Job) -> None:
    """Does a job and writes its result; a failure becomes a sentence for its maker."""
    handler = HANDLERS.get(job.kind)
    state = "failed"
    try:
        if handler is None:
            result = f"This worker does not know the job {job.kind}; restart csconsole."
        else:
            result, state = await handler(engine, job), "done"
    except CsconsoleError as error:
        result = error.message
    except Exception as error:
        log.exception("a job failed", extra={"job": job.kind})
        result = f"The job failed ({type(error).__name__}); the log has the details."
    await engine.access.write(timers.finish_job, job.id, state, result)


def _account(engine: Engine, account_id: int | None) -> AccountSync:
    """The account of a job.

    Raises:
        NotFoundError: it is not one of the enabled accounts.
    """
    found = next((a for a in engine.accounts.values() if a.account_id == account_id), None)
    if found is None:
        raise NotFoundError("The account is not enabled in the configuration.")
    return found


async def _sync(engine: Engine, job: Job) -> str:
    """``sync``: a round of one account, of those in ``accounts`` (names), or of all; the result is a JSON array of
    summaries."""
    names = [_account(engine, job.account_id).name] if job.account_id is not None else job.args.get("accounts")
    return msgspec.json.encode(await engine.round(names)).decode()


async def _fetch_attachment(engine: Engine, job: Job) -> str:
    """``fetch_attachment`` with ``attachment`` (its id): stores the content; the result is its SHA-256."""
    uid = str(job.args.get("attachment", ""))
    row = await engine.access.read(messages.attachment, uid)
    origin = await engine.access.read(messages.attachment_origin, uid)
    if row is None or origin is None:
        raise NotFoundError("There is no such attachment.")
    n, _, _, locator, stored = row
    if stored:
        return stored
    raw, _ = await engine.access.read(messages.source, n)
    item = RawItem(remote_id=origin[1], kind="", raw=raw, received_at=0) if raw is not None else None
    try:
        data = await _content(engine, _account(engine, origin[0]), item, locator)
    except ConnectorError as error:
        if not error.retryable:
            await engine.access.write(messages.attachment_fetched, uid, None)
        raise
    digest = await engine.access.call(blobs.put_file, engine.access.store.root, data)
    await engine.access.write(messages.attachment_fetched, uid, digest, len(data))
    return digest


async def _content(engine: Engine, account: AccountSync, item: RawItem | None, locator: str) -> bytes:
    """An attachment out of the stored item, else from its source; decoded in a parsing child either way."""
    unpacks = type(account.connector).extract is not Connector.extract
    if item is not None and unpacks:
        held = await engine.parser.extract(account.recipe, item, locator)
        if held is not None:
            return held
    found = await account.connector.fetch_attachment(item, locator)
    if isinstance(found, bytes):
        return found
    unpacked = await engine.parser.extract(account.recipe, found, locator)
    if unpacked is None:
        raise RejectedError("Its source does not hold this attachment any more.")
    return unpacked


async def _retry_quarantine(engine: Engine, job: Job) -> str:
    """``retry_quarantine`` with ``uid`` (of the item): understands it once more; the result is what came of it."""
    row = await engine.access.read(quarantine.find, str(job.args.get("uid", "")))
    if row is None:
        raise NotFoundError("There is no such item in quarantine.")
    if row.state != "held":
        return row.state
    account = _account(engine, row.account_id)
    item = RawItem(
        remote_id=row.remote_id,
        kind=row.kind,
        raw=await engine.access.read(quarantine.raw, row.id),
        received_at=row.received_at,
        meta=row.meta,
    )
    parsed = (await engine.parser.parse(account.recipe, [item]))[0]
    if parsed.events is None:
        raise ConnectorError(parsed.error or "It could not be understood.")
    known = await engine.access.read(accounts.account_by_name, account.name)
    if known is None:
        raise NotFoundError("The account is gone.")
    target = known

    def store(tx: Tx) -> str:
        intake = ingest.Intake(
            tx,
            engine.access.store.root,
            target,
            history=row.history,
            open_days=account.puller.open_days,
            reopen_window=account.puller.reopen_window,
        )
        ingest.apply_events(intake, item, parsed.events or [])
        ingest.finish(intake)
        quarantine.finish(tx, row.id)
        return "done"

    return await engine.access.write(store)


async def _settle(engine: Engine, job: Job) -> str:
    """``settle`` with ``outbox`` (the row's id): looks a lost send up now; the result is its state."""
    row = await engine.access.read(outbox.by_uid, str(job.args.get("outbox", "")))
    if row is None:
        raise NotFoundError("There is no such message in the outbox.")
    return await _account(engine, row.account_id).settler.settle_one(row.id)


HANDLERS: dict[str, Callable[[Engine, Job], Awaitable[str]]] = {
    "sync": _sync,
    "fetch_attachment": _fetch_attachment,
    "retry_quarantine": _retry_quarantine,
    "settle": _settle,
}
"""What each kind of job does; the text returned is the job's result."""
