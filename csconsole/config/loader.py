"""Finds, reads and checks ``config.toml``.

The way of a good file is short: ``tomllib``, one conversion into the structs, a few rules. Only when
something is wrong is the file gone through again, to report every mistake at once with its line and the
nearest key.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from csconsole.config import rules
from csconsole.config.model import ACCOUNT_KEYS, Config
from csconsole.config.problem import Problem
from csconsole.domain.settings import decode
from csconsole.errors import ConfigError
from csconsole.paths import config_home, data_dir
from csconsole.text import toml

CONFIG_VARIABLE = "CSCONSOLE_CONFIG"

MAX_BYTES = 1 << 18
"""Largest configuration that is read."""

SettingsType = Callable[[str], type[msgspec.Struct] | None]
"""Gives the ``Settings`` struct of a connector by its name, or None when there is no such connector."""


def find(config_flag: Path | str | None, data_dir_flag: Path | str | None, environ: Mapping[str, str]) -> Path | None:
    """The configuration file to use, or None when there is none and the defaults apply.

    Looked for in ``--config``, ``CSCONSOLE_CONFIG`` (both returned even when missing, so that loading says
    so), ``<data-dir>/config.toml`` and the user's configuration folder.

    Args:
        config_flag: value of ``--config``.
        data_dir_flag: value of ``--data-dir``.
        environ: the environment.
    """
    named = config_flag or environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    for path in (data_dir(data_dir_flag, environ).config, config_home(environ) / "config.toml"):
        if path.is_file():
            return path
    return None


def load(path: Path | None, settings_type: SettingsType | None = None) -> Config:
    """Reads the configuration.

    Args:
        path: the file, as :func:`find` gave it; None: all defaults.
        settings_type: the registry's answer to "which settings has this connector"; without it the
            connectors' own keys are taken as they stand.

    Raises:
        ConfigError: the file is missing, unsafe or wrong; lists every problem as ``file:line: key: what``.
    """
    if path is None:
        return Config()
    data = read_file(path)
    try:
        config = decode(shape(toml.loads(data.decode("utf-8-sig"))), Config)
        if settings_type is not None:
            for account in config.accounts:
                kind = settings_type(account.connector)
                if kind is None:
                    raise ValueError(account.connector)
                account.read(kind)
        if not any(found.fatal for found in rules.check(config)):
            return config
    except ValueError:  # TOML, UTF-8 and msgspec errors are kinds of it
        pass
    found = [problem for problem in check(path, settings_type) if problem.fatal]
    raise ConfigError("\n".join(map(str, found)) or f"{path}: cannot be used; run: csconsole config check")


def check(path: Path, settings_type: SettingsType | None = None) -> list[Problem]:
    """Everything that is wrong or doubtful in a configuration file, in the order of its lines.

    Args:
        path: the file.
        settings_type: as for :func:`load`.

    Returns:
        Problems and warnings; empty when all is well.

    Raises:
        ConfigError: the file is missing or unsafe.
    """
    from csconsole.config.diagnose import problems

    return problems(path, read_file(path), settings_type)


def shape(raw: dict[str, Any]) -> dict[str, Any]:
    """The parsed file with each account's own keys moved into ``settings``.

    Values of a wrong type are left for the conversion to report.
    """
    accounts = raw.get("accounts")
    if not isinstance(accounts, list):
        return raw
    return {**raw, "accounts": [_split(table) if isinstance(table, dict) else table for table in accounts]}


def _split(table: dict[str, Any]) -> dict[str, Any]:
    known = {key: value for key, value in table.items() if key in ACCOUNT_KEYS}
    return {**known, "settings": {key: value for key, value in table.items() if key not in ACCOUNT_KEYS}}


def read_file(path: Path) -> bytes:
    """The bytes of a configuration file.

    Raises:
        ConfigError: it is missing or too large, or somebody else may write to it (it names programs that are run).
    """
    try:
        with path.open("rb") as stream:
            status = os.fstat(stream.fileno())
            if os.name == "posix" and (status.st_mode & stat.S_IWOTH or status.st_uid not in (os.geteuid(), 0)):
                raise ConfigError(f"{path}: somebody else may write to it; run: chmod 600 {path}")
            data = stream.read(MAX_BYTES + 1)
            if len(data) > MAX_BYTES:
                raise ConfigError(f"{path}: larger than {MAX_BYTES // 1024} kB; that is no configuration")
            return data
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; csconsole init writes one") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
