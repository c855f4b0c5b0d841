"""The one list of what the console can do; keys, ``:`` line, palette, help, hint bar and docs are read from it.

The id of a command is its name everywhere: in ``[keys]`` of the configuration, on the ``:`` line, in the key map and
in the audit. Nothing here knows a widget; who runs a command is told apart in the application.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from csconsole.commands.context import Context, Pane


class Category(StrEnum):
    """Headings of the help, in the order shown."""

    MOVE = "move"
    GO = "go"
    ANSWER = "answer"
    CASE = "case"
    SELECT = "select"
    FIND = "find"
    WRITE = "write"
    SYSTEM = "system"


Reason = str
"""Key of the sentence that says why a command cannot run."""

Condition = Callable[[Context], Reason | None]
"""Tells why a command cannot run in a context, or None when it can."""


def always(_: Context) -> Reason | None:
    """The condition of a command that can run whenever it is in reach."""
    return None


@dataclass(frozen=True, slots=True)
class Command:
    """One thing the console can do.

    Attributes:
        id: ``area.verb``; stable, since configuration and docs use it.
        keys: default key notations, see :mod:`csconsole.commands.keymap`.
        panes: panes in which its keys work.
        category: heading in the help.
        when: tells why it cannot run; a command out of reach stays visible and says so.
        customer_visible: whether a customer notices it, so that a slip of the hand must be undoable or asked for.
        destructive: whether it removes something from view.
        hint: rank in the hint bar, lower first; None is never hinted.
        words: other names for the palette and the ``:`` line, such as what the room calls it.
    """

    id: str
    keys: tuple[str, ...]
    panes: frozenset[Pane]
    category: Category
    when: Condition = always
    customer_visible: bool = False
    destructive: bool = False
    hint: int | None = None
    words: tuple[str, ...] = field(default=())

    @property
    def area(self) -> str:
        """The part of the id before the first dot."""
        return self.id.partition(".")[0]

    @property
    def title_key(self) -> str:
        """Key of its title in the interface's words."""
        return f"command.{self.id}"

    @property
    def hint_key(self) -> str:
        """Key of the one or two words the hint bar shows."""
        return f"hint.{self.id}"

    @property
    def is_guarded(self) -> bool:
        """Whether a stuck Caps Lock must not run it."""
        return self.customer_visible or self.destructive

    def disabled_reason(self, context: Context) -> Reason | None:
        """Why it cannot run here, or None when it can."""
        return self.when(context)


class Registry:
    """Commands by id, in the order they were added.

    Args:
        commands: added as by :meth:`add`.
    """

    def __init__(self, commands: Iterable[Command] = ()) -> None:
        self._commands: dict[str, Command] = {}
        for command in commands:
            self.add(command)

    def add(self, command: Command) -> None:
        """Adds a command.

        Raises:
            ValueError: the id is taken or is not ``area.verb``.
        """
        area, dot, verb = command.id.partition(".")
        if not (area and dot and verb):
            raise ValueError(f"a command id is area.verb, not {command.id!r}")
        if command.id in self._commands:
            raise ValueError(f"two commands are called {command.id}")
        self._commands[command.id] = command

    def __iter__(self) -> Iterator[Command]:
        """Commands in the order added."""
        return iter(self._commands.values())

    def __len__(self) -> int:
        """How many there are."""
        return len(self._commands)

    def __contains__(self, command_id: object) -> bool:
        """Whether there is a command of that id."""
        return command_id in self._commands

    def __getitem__(self, command_id: str) -> Command:
        """The command of that id.

        Raises:
            KeyError: no such command.
        """
        return self._commands[command_id]

    def of_pane(self, pane: Pane) -> list[Command]:
        """Commands whose keys work in a pane."""
        return [command for command in self if pane in command.panes]

    def hints(self, context: Context, limit: int = 7) -> list[Command]:
        """Commands worth a place in the hint bar: hinted, of this pane, able to run now; best first."""
        able = [
            command
            for command in self.of_pane(context.pane)
            if command.hint is not None and command.disabled_reason(context) is None
        ]
        able.sort(key=lambda command: command.hint or 0)
        return able[:limit]

    def by_category(self, pane: Pane | None = None) -> dict[Category, list[Command]]:
        """Commands under their headings, for help and docs.

        Args:
            pane: only those of this pane; None takes all.
        """
        groups: dict[Category, list[Command]] = {}
        for category in Category:
            rows = [c for c in self if c.category is category and (pane is None or pane in c.panes)]
            if rows:
                groups[category] = rows
        return groups

    def named(self, word: str) -> Command | None:
        """The command a person means by its id or one of its other names, whatever the case."""
        folded = word.strip().casefold()
        for command in self:
            if command.id.casefold() == folded or folded in (name.casefold() for name in command.words):
                return command
        return None
