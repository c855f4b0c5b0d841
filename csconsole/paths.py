"""Where things lie: the data directory, its files, and who may read them.

Everything csconsole writes is private to one Unix user, also on a shared SSH host: directories 0700, files
0600 by the umask that :func:`set_umask` sets before anything is created.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from csconsole.errors import ConfigError

APP = "csconsole"
DATA_DIR_VARIABLE = "CSCONSOLE_DATA_DIR"

_LOCK_NAME = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class DataDir:
    """One console's data directory and the names inside it.

    Attributes:
        root: the directory; it may not exist yet (:meth:`ensure` creates it).
    """

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite file with everything the agent may see."""
        return self.root / "csconsole.db"

    @property
    def config(self) -> Path:
        """The configuration that travels with the data, when there is one."""
        return self.root / "config.toml"

    @property
    def blobs(self) -> Path:
        """Attachments and large raw payloads, named by their SHA-256."""
        return self.root / "blobs"

    @property
    def attachments(self) -> Path:
        """Attachments the agent saved to look at."""
        return self.root / "attachments"

    @property
    def backups(self) -> Path:
        """Copies of the database made before a migration."""
        return self.root / "backups"

    @property
    def logs(self) -> Path:
        """Log files."""
        return self.root / "logs"

    @property
    def log_file(self) -> Path:
        """The current log, one JSON object per line."""
        return self.logs / "csconsole.log"

    @property
    def demo_ledger(self) -> Path:
        """What the demo's pretended channels accepted, one JSON object per line."""
        return self.root / "demo.ledger.jsonl"

    def lock(self, name: str) -> Path:
        """The lock file ``<name>.lock`` (sync, console, schema, intent).

        Raises:
            ValueError: the name is not made of lower-case letters.
        """
        if not _LOCK_NAME.fullmatch(name):
            raise ValueError(f"not a lock name: {name!r}")
        return self.root / f"{name}.lock"

    def ensure(self) -> DataDir:
        """Creates the directory (0700) with its folders, or checks the one that exists.

        Raises:
            ConfigError: it is a file, belongs to somebody else, may be written by others, or cannot be
                created.
        """
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            _check_private(self.root)
            for folder in (self.blobs, self.logs):
                folder.mkdir(mode=0o700, exist_ok=True)
        except FileExistsError:
            raise ConfigError(f"{self.root} is not a directory; choose another --data-dir") from None
        except OSError as error:
            raise ConfigError(
                f"the data directory {self.root} cannot be used: {error.strerror}; choose another --data-dir"
            ) from None
        return self


def data_dir(flag: Path | str | None, environ: Mapping[str, str]) -> DataDir:
    """The data directory: ``--data-dir``, else ``CSCONSOLE_DATA_DIR``, else the user's data folder.

    Args:
        flag: value of ``--data-dir``, or None.
        environ: the environment.
    """
    chosen = flag or environ.get(DATA_DIR_VARIABLE)
    if chosen:
        return DataDir(Path(chosen).expanduser().absolute())
    return DataDir(_user_folder(environ, "XDG_DATA_HOME", ".local/share", "user_data_path"))


def config_home(environ: Mapping[str, str]) -> Path:
    """The folder of the user's configuration, such as ``~/.config/csconsole``."""
    return _user_folder(environ, "XDG_CONFIG_HOME", ".config", "user_config_path")


def set_umask() -> None:
    """Makes every file this process creates from now on private (0600, directories 0700)."""
    os.umask(0o077)


def _user_folder(environ: Mapping[str, str], variable: str, default: str, platform_name: str) -> Path:
    """An XDG base directory (a relative value is invalid and ignored, XDG Base Directory 0.8).

    Linux is done here because importing platformdirs costs the first paint 13 ms.
    """
    if sys.platform != "linux":
        import platformdirs

        return Path(getattr(platformdirs, platform_name)(APP, appauthor=False))
    base = environ.get(variable, "")
    if base.startswith("/"):
        return Path(base) / APP
    home = environ.get("HOME") or "~"
    return Path(home).expanduser() / default / APP


def _check_private(root: Path) -> None:
    if os.name != "posix":
        return
    status = root.stat()
    if status.st_uid != os.geteuid():
        raise ConfigError(f"{root} belongs to another user; choose another --data-dir")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ConfigError(f"others may write to {root}; run: chmod 700 {root}")
