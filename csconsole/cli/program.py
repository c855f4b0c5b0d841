"""The program of commands: which there are, and how a run of one ends.

A run loads only the module of the command it was asked for; help and completion load all of them.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Annotated

import typer
import typer.main
from typer.exceptions import TyperException

from csconsole.cli.session import bind, write
from csconsole.errors import UsageError

PROGRAM = "csconsole"

_MODULES: dict[str, tuple[str, ...]] = {
    "queue": ("list", "show", "search"),
    "reply": ("reply",),
    "mail": ("forward", "write"),
    "acts": ("note", "tag", "assign", "status"),
    "outbox": ("outbox",),
    "quarantine": ("quarantine",),
    "canned": ("canned",),
    "sync": ("sync",),
    "importing": ("import",),
    "files": ("backup", "restore"),
    "setup": ("init",),
    "config": ("config",),
    "login": ("login",),
    "doctor": ("doctor",),
    "demo": ("demo",),
    "keys": ("keys",),
}
"""Commands by the module that registers them, in the order of the help."""

_VALUED = ("--config", "--data-dir")


def build(command: str = "") -> typer.Typer:
    """The program with all commands, or with the module of one of them.

    Args:
        command: name of the command that will run; all are loaded when it is none of ours.
    """
    app = typer.Typer(name=PROGRAM, pretty_exceptions_enable=False, rich_markup_mode=None, no_args_is_help=True)
    app.callback()(bind(root))
    only = [module for module, names in _MODULES.items() if command in names]
    for module in only or _MODULES:
        import_module(f"csconsole.cli.{module}").register(app)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        from csconsole import __version__

        write(f"{PROGRAM} {__version__}\n")
        raise typer.Exit


def root(
    version: Annotated[
        bool, typer.Option("--version", help="print the version", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """A keyboard-driven console for customer-service agents. Without a command it opens the console."""


def run(arguments: list[str]) -> int:
    """Runs a command.

    Args:
        arguments: the command line without the program's name.

    Returns:
        The exit code.

    Raises:
        UsageError: the command line cannot be understood.
        CsconsoleError: what the command met.
    """
    _refuse_broken(arguments)
    completing = f"_{PROGRAM.upper()}_COMPLETE" in os.environ
    command = typer.main.get_command(build("" if completing else _named(arguments)))
    try:
        ended = command.main(args=arguments, prog_name=PROGRAM, standalone_mode=False)
    except typer.Abort:
        return 130
    except TyperException as error:
        raise UsageError(_usage(error)) from None
    return ended if isinstance(ended, int) else 0


def _refuse_broken(arguments: list[str]) -> None:
    """Refuses words whose bytes are no UTF-8, unless they name a file: nothing that is stored could hold them.

    Raises:
        UsageError: such a word.
    """
    for word in arguments:
        try:
            word.encode("utf-8")
        except UnicodeEncodeError:
            if not os.path.lexists(word.partition("=")[2] if word.startswith("--") else word):
                raise UsageError(f"{word} is not UTF-8 text; set a UTF-8 locale and type it anew.") from None


def _named(arguments: list[str]) -> str:
    """The first word that is neither an option nor an option's value: the command, or something unknown."""
    words = iter(arguments)
    for word in words:
        if word in _VALUED:
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


def _usage(error: TyperException) -> str:
    """The mistake as one sentence with the place where help is."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else PROGRAM
    sentence = " ".join(error.format_message().split()).rstrip(".")
    return f"{sentence}; see {command} --help." if sentence else f"A command is missing; see {command} --help."
