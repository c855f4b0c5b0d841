"""A console's session: what it holds besides the screen, how it is opened, and how it hears of news."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csconsole.clock import Clock
from csconsole.config.loader import find, load
from csconsole.errors import StoreError
from csconsole.paths import DataDir, data_dir, set_umask
from csconsole.screens.opening import Opening, opening
from csconsole.services.desk import Desk
from csconsole.services.views import QueueReader
from csconsole.store.database import Store
from csconsole.store.locks import FileLock
from csconsole.sync.clocks import clock_for
from csconsole.terminal.capabilities import Capabilities, detect

if TYPE_CHECKING:
    import subprocess

POLL = 0.25
"""Seconds between two looks at ``data_version``: the only way news of other processes arrives."""


class Session:
    """What a running console holds besides its screen.

    Attributes:
        desk: who works where.
        data: the data directory.
        config_path: the configuration file in use, None for the defaults.
        capabilities: of the terminal.
        console_lock: shared by all consoles; the worker ends when nobody holds it.
    """

    def __init__(
        self,
        desk: Desk,
        data: DataDir,
        config_path: Path | None,
        capabilities: Capabilities,
        *,
        starts_worker: bool = True,
    ) -> None:
        self.desk = desk
        self.data = data
        self.config_path = config_path
        self.capabilities = capabilities
        self.starts_worker = starts_worker
        self.console_lock = FileLock(data.lock("console"))
        self._worker: subprocess.Popen[bytes] | None = None
        self._opening: Opening | None = None

    def opening(self) -> Opening:
        """What is shown first; read once.

        Raises:
            UsageError: the query of a view cannot be read or answered.
            StoreError: the database cannot be read.
        """
        if self._opening is None:
            self._opening = opening(self.desk, QueueReader(self.desk))
        return self._opening

    def keep_worker(self) -> None:
        """Starts a worker when none runs; cheap enough to be asked every few seconds."""
        if not self.starts_worker:
            return
        from csconsole.sync.spawn import spawn_worker

        if self._worker is not None and self._worker.poll() is None:
            return
        self._worker = spawn_worker(self.data, self.config_path)

    def close(self) -> None:
        """Lets go of the lock and the store; a worker that has something to send goes on."""
        self.console_lock.close()
        self.desk.store.close()


class DataWatch:
    """Looks at ``data_version`` four times a second in a thread of its own.

    Args:
        store: watched.
        changed: called, in that thread, after another connection committed.
        tick: called, in that thread, about every two seconds.
    """

    def __init__(self, store: Store, changed: Any, tick: Any) -> None:
        self._store = store
        self._changed = changed
        self._tick = tick
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def stop(self) -> None:
        """Ends; returns when the thread has ended."""
        self._stop.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        seen = self._version()
        rounds = 0
        while not self._stop.wait(POLL):
            now = self._version()
            if now is not None and now != seen:
                seen = now
                self._changed()
            rounds += 1
            if rounds % 8 == 0:
                self._tick()

    def _version(self) -> int | None:
        """None while the store cannot be read: the next look will tell."""
        try:
            return self._store.data_version()
        except StoreError:
            return None


def open_session(
    config_flag: Path | None, data_flag: Path | None, *, clock: Clock | None = None, starts_worker: bool = True
) -> Session:
    """Opens everything a console works on.

    Raises:
        CsconsoleError: with the sentence for the user.
    """
    set_umask()
    data = data_dir(data_flag, os.environ).ensure()
    config_path = find(config_flag, data.root, os.environ)
    # The connectors' own keys are checked by the worker and by "config check": that takes their imports.
    config = load(config_path)
    store = Store(data.root, console=True)
    desk = Desk.open(store, config, clock or clock_for(config, data.root))
    session = Session(desk, data, config_path, detect(os.environ), starts_worker=starts_worker)
    session.console_lock.acquire(shared=True)  # a worker that is just ending may hold it for a moment
    return session
