"""What a command is given: where data and configuration lie, the desk opened when first asked for, and the way
its answer is printed."""

from __future__ import annotations

import functools
import inspect
import json
import os
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csconsole.errors import OutputError, StoreError
from csconsole.paths import DataDir, data_dir
from csconsole.text.escape import escape_json

if TYPE_CHECKING:
    from csconsole.clock import Clock
    from csconsole.config.model import Config
    from csconsole.services.desk import Desk
    from csconsole.store.database import Store


class Session:
    """One run of the command line.

    Attributes:
        config_flag: value of ``--config``.
        data_flag: value of ``--data-dir``.
        as_json: whether the answer is JSON.
    """

    def __init__(self) -> None:
        self.config_flag: str | None = None
        self.data_flag: str | None = None
        self.as_json = False

    def take(self, config: str | None, data: str | None, as_json: bool) -> None:
        """Takes the common options of one level of the command line; the innermost wins."""
        self.config_flag = config or self.config_flag
        self.data_flag = data or self.data_flag
        self.as_json = as_json or self.as_json

    # -- where -----------------------------------------------------------------------------------------

    @property
    def place(self) -> DataDir:
        """The data directory; it may not exist."""
        return data_dir(self.data_flag, os.environ)

    @property
    def config_path(self) -> Path | None:
        """The configuration file, None when there is none."""
        from csconsole.config.loader import find

        return find(self.config_flag, self.data_flag, os.environ)

    @cached_property
    def config(self) -> Config:
        """The configuration, without a look at the connectors' own keys (that would load every connector).

        Raises:
            ConfigError: every problem with file and line.
        """
        from csconsole.config.loader import load

        return load(self.config_path)

    @cached_property
    def full_config(self) -> Config:
        """The configuration with the connectors' own keys checked too.

        Raises:
            ConfigError: every problem with file and line.
        """
        from csconsole.config.loader import load
        from csconsole.connectors.registry import settings_type

        return load(self.config_path, settings_type)

    def log(self) -> None:
        """Sends the log to the data directory's file, making the directory; for commands that sync or parse.

        Raises:
            ConfigError: it cannot be written.
        """
        from csconsole import logs

        logs.setup(self.place.ensure())

    # -- the desk --------------------------------------------------------------------------------------

    @cached_property
    def clock(self) -> Clock:
        """The time this data directory lives by."""
        from csconsole.sync.clocks import clock_for

        return clock_for(self.config, self.place.root)

    def store(self, *, create: bool = False) -> Store:
        """Opens the database.

        Args:
            create: make directory and database when there are none.

        Raises:
            StoreError: there is none, or it cannot be used.
        """
        from csconsole.store.database import Store

        if not create and not self.place.database.exists():
            raise StoreError(f"There is no csconsole data in {self.place.root}; run csconsole init or csconsole demo.")
        return Store(self.place.ensure().root, create=create)

    @cached_property
    def desk(self) -> Desk:
        """The agent's place at the existing data.

        Raises:
            ConfigError: the configuration is wrong.
            StoreError: there is no data, or it cannot be used.
        """
        return self._sit(create=False)

    @cached_property
    def new_desk(self) -> Desk:
        """The same, making the data directory when there is none."""
        return self._sit(create=True)

    def _sit(self, *, create: bool) -> Desk:
        from csconsole.services.desk import Desk

        config = self.config
        return Desk.open(self.store(create=create), config, self.clock)

    # -- printing --------------------------------------------------------------------------------------

    def answer(self, data: Any, plain: str | Callable[[], str]) -> None:
        """Prints the answer: ``data`` as JSON when asked for, else the plain text.

        Neither can act on a terminal: JSON has escapes for what is not drawn, plain text is made safe once more.
        """
        if self.as_json:
            text = json.dumps(data, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None)
            write(escape_json(text) + "\n")
            return
        text = plain if isinstance(plain, str) else plain()
        if text:
            from csconsole.cli.plain import safe_output

            write(safe_output(text if text.endswith("\n") else text + "\n"))


def write(text: str) -> None:
    """Writes to standard output as UTF-8, whatever the locale: broken text helps nobody.

    Text that comes from outside must be ``Safe`` already. A reader who has gone away ends the program quietly.

    Raises:
        OutputError: it cannot be written.
    """
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None and (sys.stdout.encoding or "").lower() not in ("utf-8", "utf8"):
        reconfigure(encoding="utf-8")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # What Python flushes at exit must go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if isinstance(error, BrokenPipeError):
            raise typer.Exit(0) from None
        raise OutputError(error.strerror or str(error)) from None


def warn(text: str) -> None:
    """A line on standard error: a warning or progress, never part of the answer."""
    from csconsole.text.sanitize import safe_line

    print(f"csconsole: {safe_line(text)}", file=sys.stderr, flush=True)


ConfigOption = Annotated[
    str | None, typer.Option("--config", metavar="FILE", help="configuration file to use", show_default=False)
]
DataOption = Annotated[
    str | None, typer.Option("--data-dir", metavar="DIR", help="data directory to use", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON", show_default=False)]


def bind(function: Callable[..., None]) -> Callable[..., None]:
    """Makes a command of a function: it gets the session first, and the common options are its own too.

    The function's first parameter is the session when it is called ``session``. Its documentation up to the first
    blank line is the command's help.
    """
    signature = inspect.signature(function, eval_str=True)
    own = list(signature.parameters.values())
    wants_session = bool(own) and own[0].name == "session"
    shared = [
        inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context),
        *(
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
            for name, kind, default in (
                ("config_file", ConfigOption, None),
                ("data_folder", DataOption, None),
                ("as_json", JsonOption, False),
            )
        ),
    ]

    @functools.wraps(function)
    def command(ctx: typer.Context, **given: Any) -> None:
        session = ctx.ensure_object(Session)
        session.take(given.pop("config_file"), given.pop("data_folder"), given.pop("as_json"))
        if ctx.invoked_subcommand is None:
            first = (session,) if wants_session else ()
            function(*first, **given)

    parameters = [shared[0], *(p.replace(kind=p.KEYWORD_ONLY) for p in own[int(wants_session) :]), *shared[1:]]
    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # read by inspect
    command.__doc__ = (inspect.getdoc(function) or "").split("\n\n")[0]
    return command
