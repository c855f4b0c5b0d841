"""The program of commands: which there are, and how a run of one ends."""

from __future__ import annotations

import typer
import typer.main
from typer.exceptions import TyperException

from csconsole.cli import (
    acts,
    canned,
    config,
    demo,
    doctor,
    files,
    keys,
    outbox,
    quarantine,
    queue,
    reply,
    setup,
    sync,
)
from csconsole.cli.session import bind
from csconsole.errors import UsageError

PROGRAM = "csconsole"

app = typer.Typer(
    name=PROGRAM,
    help="A keyboard-driven console for customer-service agents. Without a command it opens the console.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help"]},
)


@app.callback()
@bind
def _root() -> None:
    """A keyboard-driven console for customer-service agents. Without a command it opens the console."""


for _group in (queue, reply, acts, outbox, quarantine, canned, sync, files, setup, config, doctor, demo, keys):
    _group.register(app)


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
    command = typer.main.get_command(app)
    try:
        ended = command.main(args=arguments, prog_name=PROGRAM, standalone_mode=False)
    except typer.Abort:
        return 130
    except TyperException as error:
        raise UsageError(_usage(error)) from None
    return ended if isinstance(ended, int) else 0


def _usage(error: TyperException) -> str:
    """The mistake as one sentence with the place where help is."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else PROGRAM
    sentence = " ".join(error.format_message().split()).rstrip(".")
    return f"{sentence}; see {command} --help." if sentence else f"A command is missing; see {command} --help."
