"""Starting the sync worker, and knowing whether one runs. Cheap to import: the console does it after its first
paint, and nothing of the worker is loaded here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from csconsole.paths import DataDir
from csconsole.store.locks import FileLock


def is_running(data_dir: DataDir) -> bool:
    """Whether a worker (or a ``sync --once``) works on this data directory."""
    path = data_dir.lock("sync")
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        return not lock.acquire(shared=True, wait=False)
    finally:
        lock.close()


def spawn_worker(data_dir: DataDir, config_path: Path | None) -> subprocess.Popen[bytes] | None:
    """Starts a worker that outlives the terminal, unless one runs.

    It gets no terminal, no open file and a session of its own. Should two be started at once, the second finds
    the lock taken and ends.

    Args:
        data_dir: the data directory.
        config_path: the configuration in use, None for the defaults.

    Returns:
        The process, to be polled so that it leaves no zombie; None when a worker runs already.
    """
    if is_running(data_dir):
        return None
    command = [sys.executable, "-m", "csconsole.sync.worker", str(data_dir.root)]
    if config_path is not None:
        command.append(str(config_path))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
        env=environment,
    )
