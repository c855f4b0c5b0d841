"""The program's start: the version, the console, or a command, each loading no more than it needs.

``--version`` imports nothing; a bare start (only ``--config`` and ``--data-dir``) goes to the application without
the command line's library; everything else is a command of :mod:`csconsole.cli`. Whatever goes wrong ends here as
one sentence and an exit code.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

_FLAGS = ("--config", "--data-dir")
_COMPLETION = "_CSCONSOLE_COMPLETE"
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Runs the program.

    Args:
        arguments: the command line without the program's name; default: this process's.

    Returns:
        The exit code.
    """
    given = sys.argv[1:] if arguments is None else arguments
    if given == ["--version"]:
        from csconsole import __version__

        sys.stdout.write(f"csconsole {__version__}\n")
        return 0
    os.umask(0o077)
    flags = _bare(given)
    if flags is not None and _COMPLETION not in os.environ:
        config, data = flags
        return _guarded(lambda: _console(config, data), data)
    return _guarded(lambda: _command(given), _flag(given, "--data-dir"))


def _bare(given: list[str]) -> tuple[str | None, str | None] | None:
    """The values of ``--config`` and ``--data-dir`` when nothing else was given, or None."""
    found: dict[str, str] = {}
    rest = iter(given)
    for word in rest:
        name, equals, value = word.partition("=")
        if name not in _FLAGS:
            return None
        if not equals:
            value = next(rest, "")
        if not value:
            return None
        found[name] = value
    return found.get("--config"), found.get("--data-dir")


def _flag(given: list[str], name: str) -> str | None:
    """The value of an option wherever it stands, for finding the log."""
    for index, word in enumerate(given):
        if word.startswith(f"{name}="):
            return word.partition("=")[2] or None
        if word == name and index + 1 < len(given):
            return given[index + 1]
    return None


def _console(config: str | None, data: str | None) -> int:
    import gc

    gc.disable()  # what a start makes stays: looking through it takes a tenth of the start
    from pathlib import Path

    try:
        from csconsole.app import run
    except ModuleNotFoundError as error:
        if error.name != "csconsole.app":
            raise
        from csconsole.errors import UsageError

        raise UsageError("This installation has no console; use its commands, see csconsole --help.") from None
    return run(Path(config) if config else None, Path(data) if data else None)


def _command(given: list[str]) -> int:
    from csconsole.cli import run

    return run(given)


def _guarded(work: Callable[[], int], data: str | None) -> int:
    """Runs ``work``; an error becomes a sentence on standard error, never a traceback."""
    try:
        code = work()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has seen enough; what Python flushes at exit must go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else 0
    except Exception as error:
        return _report(error, data)
    return code


def _report(error: Exception, data: str | None) -> int:
    """Says what happened; what nobody foresaw goes to the log with its traceback."""
    from csconsole.errors import CsconsoleError, DiskFullError, StoreError, UsageError

    known = _from_driver(error)
    if isinstance(known, OSError) and known.errno is not None:
        import errno

        if known.errno in (errno.ENOSPC, errno.EDQUOT):
            known = DiskFullError("The disk is full, nothing new was saved; free some space and repeat.")
        elif known.errno in (errno.ENAMETOOLONG, errno.ELOOP):
            known = UsageError(f"{str(known.filename)[:80]}: {known.strerror}; name another file.")
        elif known.errno in (errno.EIO, errno.EROFS):
            known = StoreError(f"The disk cannot be used ({known.strerror}); see to it, then repeat.")
    if isinstance(known, CsconsoleError):
        _say(known.message)
        return known.exit_code
    _say(_logged(error, data))
    return 1


def _from_driver(error: Exception) -> Exception:
    """The user's error for one of the database's own."""
    driver = sys.modules.get("csconsole.store.driver")
    if driver is not None and isinstance(error, driver.DatabaseError):
        translated: Exception = driver.translate(error, "The database")
        return translated
    return error


def _logged(error: Exception, data: str | None) -> str:
    import logging

    from csconsole.errors import CsconsoleError
    from csconsole.logs import setup
    from csconsole.paths import data_dir

    where = data_dir(data, os.environ)
    kind = type(error).__name__
    if not where.root.is_dir():
        return f"An error in csconsole itself ({kind}); please report it."
    try:
        handler = setup(where)
    except CsconsoleError:
        return f"An error in csconsole itself ({kind}), and no log could be written; please report it."
    logging.getLogger("csconsole").error("unexpected error", exc_info=error)
    try:
        handler.flush()
    except OSError:
        return f"An error in csconsole itself ({kind}), and the log could not be written; please report it."
    return f"An error in csconsole itself ({kind}); details are in {where.log_file}, please report it."


def _say(sentence: str) -> None:
    from csconsole.text.sanitize import safe_text

    text = "\n".join(f"csconsole: {line}" for line in safe_text(sentence).split("\n"))
    try:
        sys.stderr.write(text + "\n")
    except OSError:
        return


if __name__ == "__main__":
    sys.exit(main())
