"""The program: help, palette, command line, copying, files, suspending."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csconsole.commands.registry import Command
from csconsole.screens.handling import HANDLERS, handles
from csconsole.text.sanitize import safe_line
from csconsole.text.search import fold
from csconsole.widgets.picker import PickerItem

if TYPE_CHECKING:
    from csconsole.screens.main import MainScreen


@handles("help.show")
def help_(screen: MainScreen) -> None:
    """The keys that work here: searched by typing, run by Enter."""
    commands = [c for c in screen.registry if screen.pane in c.panes]
    _palette(screen, screen.words.t("help.title"), commands)


@handles("palette.open")
def palette(screen: MainScreen) -> None:
    """Every command with its key."""
    _palette(screen, screen.words.t("palette.title"), list(screen.registry))


def _palette(screen: MainScreen, title: str, commands: list[Command]) -> None:
    context = screen.context()

    def row(command: Command) -> PickerItem:
        reason = command.disabled_reason(context)
        return PickerItem(
            command.id,
            screen.words.t(command.title_key),
            middle=command.id,
            disabled=screen.words.t(reason) if reason else "",
            key=screen.keymap.shown(command.id),
        )

    def find(text: str) -> list[PickerItem]:
        words = fold(text).split()
        return [row(c) for c in commands if all(w in _hay(screen, c) for w in words)]

    screen.picking.choose(title, find, lambda ids, _: screen.run_command(ids[0]), rows=24, numbered=False)


def _hay(screen: MainScreen, command: Command) -> str:
    key = screen.keymap.shown(command.id)
    return fold(f"{screen.words.t(command.title_key)} {command.id} {' '.join(command.words)} {key}")


@handles("line.command")
def command_line(screen: MainScreen) -> None:
    """Runs a command by its name, with what follows it (``:assign nok``, ``:tag +vip``, ``:snooze 2h``)."""

    def done(text: str) -> bool:
        return not text.strip() or _run_line(screen, text.strip())

    screen.picking.prompt(":", done, history=screen.command_history)


def _run_line(screen: MainScreen, text: str) -> bool:
    from csconsole.screens import command_line

    screen.command_history = (*screen.command_history, text)
    return command_line.run(screen, text)


@handles("screen.redraw")
def redraw(screen: MainScreen) -> None:
    """Paints the whole screen anew."""
    screen.refresh(layout=True)
    screen.app.refresh()


@handles("app.suspend")
def suspend(screen: MainScreen) -> None:
    """Steps into the background; fg brings it back."""
    screen.app.action_suspend_process()


@handles("copy.number")
def copy_number(screen: MainScreen) -> None:
    """Copies ``account#number``."""
    row = screen.targets.current()
    if row is not None:
        _copy(screen, f"{row.account}#{row.number}")


@handles("copy.title")
def copy_title(screen: MainScreen) -> None:
    """Copies ``account#number`` with the subject or the customer."""
    row = screen.targets.current()
    if row is not None:
        _copy(screen, f"{row.account}#{row.number} {row.subject or row.customer_name}")


def _copy(screen: MainScreen, text: str) -> None:
    """Puts a text into the terminal's clipboard."""
    from csconsole.terminal.clipboard import osc52

    safe = safe_line(text)
    driver = screen.app._driver
    if driver is not None:
        driver.write(osc52(safe, screen.session.capabilities))
        screen.say(screen.words.t("copy.done", text=safe))


@handles("message.folds")
def folds(screen: MainScreen) -> None:
    """Shows or folds quotations and signatures."""
    screen.transcript.toggle_folds()


@handles("message.expand")
def expand(screen: MainScreen) -> None:
    """Shows a long message whole, or clipped again."""
    screen.transcript.toggle_expanded()


@handles("message.next")
def next_message(screen: MainScreen) -> None:
    """Selects the next newer message."""
    screen.transcript.select(1)


@handles("message.previous")
def previous_message(screen: MainScreen) -> None:
    """Selects the next older message."""
    screen.transcript.select(-1)


@handles("message.save")
def save(screen: MainScreen) -> None:
    """Saves the files of the selected message."""
    from csconsole.screens import files

    files.save(screen)


def known(command_id: str) -> bool:
    """Whether anything runs a command: the others are not shown."""
    return command_id in HANDLERS
