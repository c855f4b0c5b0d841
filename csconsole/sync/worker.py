"""The sync worker: the one process of a data directory that talks to the network.

``sync.lock`` elects it; a second one finds the lock taken and ends. It lives as long as a console does and until
what is due has left (a minute at most), or for good as a service (``csconsole sync``). The lock dies with the
process, so a killed worker is replaced by the next console that looks.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from csconsole.clock import Clock, SystemClock
from csconsole.config.model import Config
from csconsole.connectors.registry import connector_class
from csconsole.errors import CsconsoleError, NotFoundError, StoreError
from csconsole.paths import DataDir
from csconsole.store import accounts, timers
from csconsole.store.database import Store
from csconsole.store.locks import FileLock
from csconsole.sync.clocks import clock_for
from csconsole.sync.engine import Engine, Registry
from csconsole.sync.spawn import is_running, spawn_worker
from csconsole.sync.summary import Summary
from csconsole.sync.waiting import RealWaiting, Waiting

__all__ = ["is_running", "main", "once", "spawn_worker"]

log = logging.getLogger("csconsole.sync.worker")  # run as a program its __name__ is another

DRAIN = 60.0
"""Seconds a worker goes on after the last console, at most, for what is due within them."""
CHECK = 1.0
"""Seconds between two looks whether a console lives."""


def main(
    config: Config,
    data_dir: DataDir,
    *,
    service: bool = False,
    clock: Clock | None = None,
    registry: Registry = connector_class,
    config_path: Path | None = None,
) -> bool:
    """Runs the worker in this process until nobody needs it, or SIGTERM or SIGINT.

    Args:
        config: the configuration.
        data_dir: the data directory.
        service: go on without a console.
        clock: decides what time it is.
        registry: finds a connector's class by its name.
        config_path: where the configuration stands. When it changes the worker ends in good order, so that the
            next one, started by the console that misses it, works by the new one; a service goes on.

    Returns:
        False when another worker holds the lock; nothing was done then.

    Raises:
        StoreError: the store cannot be opened.
    """
    data_dir.ensure()
    lock = _elected(data_dir)
    if lock is None:
        return False
    try:
        lock.write_owner()
        store = Store(data_dir.root)
        try:
            log.info("the sync worker starts", extra={"service": service})
            ends = None if service else _Ends(data_dir, config_path)
            asyncio.run(_work(config, data_dir, store, clock or SystemClock(), registry, ends))
            store.checkpoint(truncate=True)
            log.info("the sync worker ends")
        finally:
            store.close()
    finally:
        lock.close()
    return True


def _elected(data_dir: DataDir) -> FileLock | None:
    """The worker's lock, None when another worker holds it.

    Somebody who only asks whether a worker runs holds it for an instant too, so it is tried more than once.
    """
    lock = FileLock(data_dir.lock("sync"))
    for pause in (0.05, 0.2, 0.0):
        if lock.acquire(wait=False):
            return lock
        time.sleep(pause)
    lock.close()
    return None


async def _work(
    config: Config, data_dir: DataDir, store: Store, clock: Clock, registry: Registry, ends: _Ends | None
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    engine = Engine(config, data_dir, clock, store=store, registry=registry)
    watcher: asyncio.Task[None] | None = None
    try:
        await engine.open()
        if ends is not None:
            watcher = asyncio.create_task(ends.watch(engine, stop))
        await engine.run_forever(stop)
    finally:
        if watcher is not None:
            watcher.cancel()
        await engine.close()


class _Ends:
    """Why a worker that is no service ends.

    Args:
        data_dir: the data directory.
        config_path: the configuration in use, None for the defaults.
    """

    def __init__(self, data_dir: DataDir, config_path: Path | None) -> None:
        self.data_dir = data_dir
        self.config_path = config_path
        self.config_stamp = _stamp(config_path)
        self.alone_since: float | None = None

    async def watch(self, engine: Engine, stop: asyncio.Event) -> None:
        """Sets ``stop`` once no console lives and nothing is due, a minute after the last console at the latest,
        or when the configuration has changed."""
        waiting = RealWaiting()
        while not await waiting.until(stop, CHECK):
            if _stamp(self.config_path) != self.config_stamp:
                log.info("the configuration has changed")
                stop.set()
            elif await self.is_alone(engine):
                stop.set()

    async def is_alone(self, engine: Engine) -> bool:
        """Whether nobody needs the worker any more."""
        try:
            lives = console_lives(self.data_dir)
        except OSError as error:
            log.error("the data directory cannot be used any more: %s", error.strerror)
            return True
        if lives:
            self.alone_since = None
            return False
        now = engine.clock.monotonic()
        self.alone_since = now if self.alone_since is None else self.alone_since
        left = DRAIN - (now - self.alone_since)
        if left <= 0:
            return True
        try:
            return engine.has_looked and not await engine.busy(left)
        except StoreError as error:
            log.error("the outbox could not be read: %s", error.message)
            return True


def _stamp(path: Path | None) -> tuple[int, int] | None:
    """What changes when a file is written anew; None when there is none."""
    if path is None:
        return None
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino


def console_lives(data_dir: DataDir) -> bool:
    """Whether a console has this data directory open (it holds ``console.lock`` shared)."""
    lock = FileLock(data_dir.lock("console"))
    try:
        return not lock.acquire(wait=False)
    finally:
        lock.close()


# -- one round -----------------------------------------------------------------------------------------------


def once(
    config: Config,
    data_dir: DataDir,
    *,
    names: Iterable[str] | None = None,
    clock: Clock | None = None,
    registry: Registry = connector_class,
    waiting: Waiting | None = None,
) -> list[Summary]:
    """One round of sync, by the running worker where there is one, else in this process.

    Args:
        config: the configuration.
        data_dir: the data directory.
        names: only these accounts; all enabled ones when None.
        clock: decides what time it is.
        registry: finds a connector's class by its name.
        waiting: how to wait.

    Raises:
        NotFoundError: an account of that name is not enabled.
        StoreError: the store cannot be opened, or the worker failed.
    """
    chosen = list(names) if names is not None else None
    data_dir.ensure()
    return asyncio.run(_once(config, data_dir, chosen, clock or SystemClock(), registry, waiting or RealWaiting()))


async def _once(
    config: Config,
    data_dir: DataDir,
    names: list[str] | None,
    clock: Clock,
    registry: Registry,
    waiting: Waiting,
) -> list[Summary]:
    lock = FileLock(data_dir.lock("sync"))
    store = Store(data_dir.root)
    try:
        asked: int | None = None
        while not lock.acquire(wait=False):
            if asked is None:
                asked = _ask(config, store, names, clock)
            job = timers.job(store, asked)
            if job is not None and job.state != "queued":
                if job.state == "done":
                    return msgspec.json.decode(job.result, type=list[Summary])
                raise StoreError(job.result)
            await waiting.until(asyncio.Event(), 0.25)
        lock.write_owner()
        if asked is not None:
            _withdraw(store, asked, clock)
        engine = Engine(config, data_dir, clock, store=store, registry=registry, waiting=waiting)
        try:
            await engine.open(names)
            return await engine.run_once()
        finally:
            await engine.close()
            store.checkpoint(truncate=True)
    finally:
        store.close()
        lock.close()


def _ask(config: Config, store: Store, names: list[str] | None, clock: Clock) -> int:
    """Queues the round as a job for the worker that runs; returns the job's key."""
    account_id: int | None = None
    for name in names or ():
        row = accounts.account_by_name(store, name) if config.account(name) is not None else None
        if row is None:
            raise NotFoundError(f'There is no enabled account "{name}" in the configuration.')
        account_id = row.id
    with store.transaction(clock.now()) as tx:
        return timers.add_job(tx, "sync", account_id if names and len(names) == 1 else None, {"accounts": names})


def _withdraw(store: Store, job_id: int, clock: Clock) -> None:
    """The worker ended before it took the job: it is done here instead."""
    with store.transaction(clock.now()) as tx:
        timers.finish_job(tx, job_id, "done", "[]")


def _run(arguments: list[str]) -> int:
    """``python -m csconsole.sync.worker DATA_DIR [CONFIG]``: what :func:`spawn_worker` starts."""
    from csconsole import logs
    from csconsole.config.loader import load
    from csconsole.connectors.registry import settings_type
    from csconsole.paths import set_umask

    set_umask()
    data_dir = DataDir(Path(arguments[0]))
    try:
        data_dir.ensure()
        logs.setup(data_dir)
        path = Path(arguments[1]) if len(arguments) > 1 else None
        config = load(path, settings_type)
        main(config, data_dir, clock=clock_for(config, data_dir.root), config_path=path)
    except CsconsoleError as error:
        log.error("the sync worker cannot run: %s", error.message)
        return error.exit_code
    except Exception:
        log.exception("the sync worker failed")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1:]))
