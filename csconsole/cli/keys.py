"""``keys``: every command with its keys, and a place to try what the terminal really sends."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from csconsole.cli.plain import Column, style, table
from csconsole.cli.session import Session, bind, write
from csconsole.errors import UsageError

if TYPE_CHECKING:
    from csconsole.commands.keymap import Keymap
    from csconsole.config.model import Config


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("keys")(bind(keys))


def keymap_of(config: Config) -> Keymap:
    """The keys as configured."""
    from csconsole.commands.defaults import PRESETS, default_registry
    from csconsole.commands.keymap import Keymap

    return Keymap(default_registry(), PRESETS[config.ui.keymap], config.keys)


def keys(
    session: Session,
    test: Annotated[bool, typer.Option("--test", help="shows what each key you press sends")] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="prints the default keys as a page of the manual")
    ] = False,
) -> None:
    """Lists the console's commands and keys."""
    if test:
        _test()
        return
    if markdown:
        from csconsole.commands.docs import keys_page

        write(keys_page())
        return
    from csconsole.commands.notation import show
    from csconsole.i18n import Catalog

    config = session.config
    keymap, words = keymap_of(config), Catalog(config.agent.language)
    rows = []
    for category, commands in keymap.registry.by_category().items():
        for command in commands:
            shown = "  ".join(show(sequence) for sequence in keymap.keys_of(command.id))
            rows.append((command.id, shown, words.t(command.title_key), str(category)))
    columns = (Column("COMMAND", 26), Column("KEYS", 26), Column("MEANING"))

    def plain() -> str:
        problems = [
            f"{style('warn', 'warn')}  {problem}\n" for problem in keymap.problems if problem.command in config.keys
        ]
        return table(columns, [row[:3] for row in rows]) + "".join(problems)

    session.answer(
        [
            {"command": command_id, "keys": list(map(show, keymap.keys_of(command_id))), "title": title, "group": group}
            for command_id, _, title, group in rows
        ],
        plain,
    )


def _test() -> None:
    """Shows the bytes of each key until Ctrl+C or q twice.

    Raises:
        UsageError: there is no terminal.
    """
    import termios
    import tty

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("keys --test needs a terminal.")
    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)
    write("Press keys to see what the terminal sends; q twice ends.\n")
    try:
        tty.setcbreak(handle)
        last = b""
        while True:
            data = os.read(handle, 64)
            if not data or (data == last == b"q"):
                return
            text = data.decode("utf-8", "replace")
            readable = text if text.isprintable() else repr(text)[1:-1]
            write(f"{readable:<16} {data.hex(' ')}\n")
            last = data
    finally:
        termios.tcsetattr(handle, termios.TCSADRAIN, before)
