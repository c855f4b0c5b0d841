"""The log: one JSON object per line in ``<data>/logs/csconsole.log``, without secrets and without messages.

Nothing is printed: standard output belongs to the command, the terminal to the screen. Callers log what
happened (account, counts, codes), never what a customer wrote. Secrets that this process has revealed are
blotted out wherever they turn up, tracebacks included.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from csconsole.errors import ConfigError
from csconsole.paths import DataDir
from csconsole.text.escape import escape_json

if TYPE_CHECKING:
    from io import TextIOWrapper
    from logging.handlers import RotatingFileHandler

MAX_BYTES = 5_000_000
KEPT_FILES = 3

BODY_FIELDS = frozenset({"body", "body_text", "body_html", "raw", "text", "subject", "preview", "draft"})
"""Extra fields that would carry a customer's words; they are logged as their length only."""


def setup(
    data_dir: DataDir, level: str = "INFO", secrets: Callable[[], Iterable[str]] | None = None
) -> RotatingFileHandler:
    """Sends the program's log to the data directory.

    Loggers below ``csconsole`` log from ``level`` on, libraries from WARNING on. Calling it again replaces
    the earlier handler.

    Args:
        data_dir: where; its ``logs`` folder is created.
        level: DEBUG, INFO, WARNING or ERROR.
        secrets: gives the values to blot out; default: all that were revealed in this process.

    Returns:
        The handler, for tests and for closing.

    Raises:
        ConfigError: no such level, or the file cannot be opened.
    """
    from logging.handlers import RotatingFileHandler

    if level.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ConfigError(f"no log level {level}; use DEBUG, INFO, WARNING or ERROR")
    if secrets is None:
        from csconsole.domain.secret import revealed

        secrets = revealed
    try:
        data_dir.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = _handler(data_dir)
    except OSError as error:
        raise ConfigError(f"the log {data_dir.log_file} cannot be written: {error.strerror}") from None
    handler.setFormatter(_formatter(secrets))
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, RotatingFileHandler)]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("csconsole").setLevel(level.upper())
    # A full disk or a closed file must not write a traceback over the screen.
    logging.raiseExceptions = False
    return handler


def _handler(data_dir: DataDir) -> RotatingFileHandler:
    from logging.handlers import RotatingFileHandler

    class Shared(RotatingFileHandler):
        """A private rotating file that console and worker write to at the same time."""

        def _open(self) -> TextIOWrapper:
            """Opens the log for its owner only, whatever the umask."""
            handle = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            if hasattr(os, "fchmod"):
                os.fchmod(handle, 0o600)
            return os.fdopen(handle, "a", encoding="utf-8")

        def shouldRollover(self, record: logging.LogRecord) -> bool:
            """Follows a rotation made by the other process before asking whether another one is due."""
            if self.stream is not None:
                try:
                    here = data_dir.log_file.stat().st_ino == os.fstat(self.stream.fileno()).st_ino
                except OSError:
                    here = False
                if not here:
                    self.stream.close()
                    self.stream = self._open()
            return bool(super().shouldRollover(record))

    return Shared(data_dir.log_file, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8")


def _formatter(secrets: Callable[[], Iterable[str]]) -> logging.Formatter:
    from functools import partial

    from pythonjsonlogger.json import JsonFormatter

    from csconsole.domain.secret import blot_out, hidden_forms

    class Redacting(JsonFormatter):
        """JSON lines in UTC with secrets blotted out and bodies reduced to their length.

        Nothing in a line acts on a terminal: a log is read with ``tail -f``.
        """

        def format(self, record: logging.LogRecord) -> str:
            """The record as one line of JSON."""
            return escape_json(super().format(record))

        def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
            """Replaces bodies and secrets before the record becomes JSON, so that escapes hide none."""
            hide = partial(blot_out, forms=hidden_forms(secrets()))
            return {name: _clean(name, item, hide) for name, item in log_data.items()}

    formatter = Redacting(
        "{asctime}{levelname}{name}{process}{message}",
        style="{",
        rename_fields={"asctime": "at", "levelname": "level", "name": "logger"},
        datefmt="%Y-%m-%dT%H:%M:%SZ",
        json_ensure_ascii=False,
    )
    import time

    formatter.converter = time.gmtime
    return formatter


def _clean(name: str, item: Any, hide: Callable[[str], str]) -> Any:
    if name in BODY_FIELDS and isinstance(item, (str, bytes)):
        return f"({len(item)} {'characters' if isinstance(item, str) else 'bytes'})"
    if isinstance(item, dict):
        return {hide(str(key)): _clean(str(key), part, hide) for key, part in item.items()}
    if isinstance(item, (list, tuple, set, frozenset)):
        return [_clean("", part, hide) for part in item]
    if item is None or isinstance(item, (bool, int, float)):
        return item
    return hide(str(item))
