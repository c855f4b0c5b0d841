"""Keys to commands: presets, the agent's own keys, sequences, the Thai layout and a stuck Caps Lock.

:class:`Keymap` says which sequence means which command in each pane and finds clashes and keys that cannot
arrive. :class:`KeyReader` is fed one stroke at a time and answers with a command, with "more to come" or with
nothing; it keeps the half-typed sequence so that the hint bar can show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from csconsole.commands.context import TEXT_PANES, Pane
from csconsole.commands.notation import NotationError, Sequence, parse_keys, parse_sequence, show, untranslated
from csconsole.commands.registry import Registry
from csconsole.text.keyboard import digit_for

_SAME_BYTE = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+h": "backspace", "ctrl+[": "escape"}
_LOST_IN_THAI = frozenset('WZXM23!}"`~')
_TAKEN_OUTSIDE = {"ctrl+b": "tmux", "ctrl+a": "screen", "~": "OpenSSH"}

CAPITALS = 3
"""Capitals in a row, with no lower case between, after which a guarded command asks about Caps Lock."""


class ProblemKind(StrEnum):
    """What is wrong with a key."""

    NOTATION = "notation"
    UNKNOWN_COMMAND = "unknown_command"
    CLASH = "clash"
    UNREACHABLE = "unreachable"
    LOST_IN_THAI = "lost_in_thai"
    TAKEN_OUTSIDE = "taken_outside"


ERRORS = frozenset({ProblemKind.NOTATION, ProblemKind.UNKNOWN_COMMAND, ProblemKind.CLASH, ProblemKind.UNREACHABLE})
"""Kinds that make a configuration unusable; the others are advice."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding about the keys.

    Attributes:
        kind: what is wrong.
        command: the command it is about.
        key: the key as shown to a person.
        detail: the other command of a clash, the key that arrives instead, or who takes it.
    """

    kind: ProblemKind
    command: str
    key: str
    detail: str = ""

    @property
    def is_error(self) -> bool:
        """Whether the configuration must be changed."""
        return self.kind in ERRORS

    def __str__(self) -> str:
        """One English sentence for the log and the command line."""
        return {
            ProblemKind.NOTATION: f'keys."{self.command}": {self.detail}',
            ProblemKind.UNKNOWN_COMMAND: f'keys."{self.command}": there is no such command; see csconsole keys',
            ProblemKind.CLASH: f"{self.key} would run both {self.command} and {self.detail}; give one another key",
            ProblemKind.UNREACHABLE: f"{self.key} for {self.command} never arrives: terminals send {self.detail}",
            ProblemKind.LOST_IN_THAI: f"{self.key} for {self.command} does not work while the Thai layout is on",
            ProblemKind.TAKEN_OUTSIDE: f"{self.key} for {self.command} may be taken by {self.detail}",
        }[self.kind]


_Node = dict[str, "_Node | str"]
_HERE = ""  # the command that ends at a node; no stroke is empty


class Keymap:
    """Which sequence runs which command in each pane.

    Args:
        registry: the commands.
        preset: deltas to the default keys, by command id.
        overrides: the agent's own keys (``[keys]`` of the configuration), by command id; they win.
    """

    def __init__(
        self,
        registry: Registry,
        preset: Mapping[str, str] | None = None,
        overrides: Mapping[str, str] | None = None,
    ) -> None:
        self.registry = registry
        self.problems: list[Problem] = []
        self._keys: dict[str, tuple[Sequence, ...]] = {
            command.id: tuple(parse_sequence(key) for key in command.keys) for command in registry
        }
        for command_id, keys in (preset or {}).items():
            self._keys[command_id] = tuple(parse_sequence(key) for key in keys.split())
        self._override(overrides or {})
        self._trees: dict[Pane, _Node] = {pane: self._tree(pane) for pane in Pane}
        self._check_reach()

    def keys_of(self, command_id: str) -> tuple[Sequence, ...]:
        """The sequences of a command, the preferred one first."""
        return self._keys.get(command_id, ())

    def shown(self, command_id: str) -> str:
        """The preferred key as hints print it; empty when it has none."""
        keys = self.keys_of(command_id)
        return show(keys[0]) if keys else ""

    def tree(self, pane: Pane) -> Mapping[str, object]:
        """The sequences of a pane as nested mappings; the entry ``""`` is the command that ends there."""
        return self._trees[pane]

    def _override(self, overrides: Mapping[str, str]) -> None:
        taken: set[tuple[Pane, Sequence]] = set()
        own: set[str] = set()
        for command_id, text in overrides.items():
            if command_id not in self.registry:
                self.problems.append(Problem(ProblemKind.UNKNOWN_COMMAND, command_id, text))
                continue
            try:
                keys = parse_keys(text)
            except NotationError as error:
                self.problems.append(Problem(ProblemKind.NOTATION, command_id, text, str(error)))
                continue
            self._keys[command_id] = keys
            own.add(command_id)
            taken.update((pane, key) for pane in self.registry[command_id].panes for key in keys)
        # A key the agent gave away leaves its default owner.
        for command_id, keys in self._keys.items():
            if command_id not in own and command_id in self.registry:
                panes = self.registry[command_id].panes
                self._keys[command_id] = tuple(key for key in keys if not any((pane, key) in taken for pane in panes))

    def _tree(self, pane: Pane) -> _Node:
        root: _Node = {}
        for command in self.registry.of_pane(pane):
            for sequence in self._keys.get(command.id, ()):
                node = root
                for stroke in sequence:
                    child = node.setdefault(stroke, {})
                    assert isinstance(child, dict)
                    node = child
                other = node.get(_HERE)
                if isinstance(other, str) and other != command.id:
                    problem = Problem(ProblemKind.CLASH, other, show(sequence), command.id)
                    if problem not in self.problems:
                        self.problems.append(problem)
                else:
                    node[_HERE] = command.id
        return root

    def _check_reach(self) -> None:
        for command in self.registry:
            for sequence in self._keys.get(command.id, ()):
                for place, stroke in enumerate(sequence):
                    problem = _reach(command.id, stroke, alone=len(sequence) == 1, first=place == 0)
                    if problem is not None:
                        self.problems.append(problem)


def _reach(command_id: str, stroke: str, *, alone: bool, first: bool) -> Problem | None:
    """Why a stroke does not arrive, if so; digits after a prefix are read in either layout."""
    shown = show((stroke,))
    if stroke in _SAME_BYTE:
        return Problem(ProblemKind.UNREACHABLE, command_id, shown, _SAME_BYTE[stroke])
    if stroke.startswith("ctrl+shift+") and len(stroke) == len("ctrl+shift+") + 1:
        return Problem(ProblemKind.UNREACHABLE, command_id, shown, f"ctrl+{stroke[-1]}")
    if stroke in _TAKEN_OUTSIDE:
        return Problem(ProblemKind.TAKEN_OUTSIDE, command_id, shown, _TAKEN_OUTSIDE[stroke])
    if stroke in _LOST_IN_THAI and (alone or first or not stroke.isdigit()):
        return Problem(ProblemKind.LOST_IN_THAI, command_id, shown)
    return None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a stroke came to.

    Attributes:
        command: id of the command to run now, or None.
        pending: the strokes so far when more are needed, as shown in the hint bar; else empty.
        waits_for: command that :meth:`KeyReader.expire` would run if nothing follows, or None.
        rest: a stroke to be fed again after ``command`` has run, or empty.
        caps_lock: whether the command was held back: ask "Caps Lock?", the same key again runs it.
    """

    command: str | None = None
    pending: str = ""
    waits_for: str | None = None
    rest: str = ""
    caps_lock: bool = False


_NOTHING = Outcome()


class KeyReader:
    """Reads strokes into commands; one per screen.

    A sequence waits as long as it takes. Where its beginning is a command itself (``z`` and ``zz``), that command
    runs on Enter, when the screen calls :meth:`expire` after a second, or when a stroke follows that does not
    continue the sequence.

    Args:
        keymap: the sequences.
    """

    def __init__(self, keymap: Keymap) -> None:
        self.keymap = keymap
        self._strokes: list[str] = []
        self._node: Mapping[str, object] | None = None
        self._capitals = 0
        self._asked: str | None = None
        self._capitals_meant = False

    @property
    def pending(self) -> str:
        """The half-typed sequence as shown, or empty."""
        return show(tuple(self._strokes)) if self._strokes else ""

    def continuations(self) -> list[tuple[str, str]]:
        """Strokes that may follow the half-typed sequence, with the command each leads to or into."""
        found = []
        for stroke, child in (self._node or {}).items():
            if stroke != _HERE and isinstance(child, dict):
                command = child.get(_HERE)
                found.append((show((stroke,)), command if isinstance(command, str) else ""))
        return found

    def leads(self, stroke: str) -> bool:
        """Whether a stroke continues the half-typed sequence."""
        return self._node is not None and self._step(self._node, stroke)[1] is not None

    def begins(self, stroke: str, pane: Pane) -> bool:
        """Whether a stroke alone is a command of a pane or the beginning of one."""
        return self._step(self.keymap.tree(pane), stroke)[1] is not None

    def cancel(self) -> None:
        """Drops a half-typed sequence, as when the focus moves."""
        self._strokes.clear()
        self._node = None

    def expire(self) -> Outcome:
        """Runs the command the half-typed sequence is itself, if it is one; to be called after about a second."""
        command = self._default()
        self.cancel()
        return Outcome(command=command) if command else _NOTHING

    def feed(self, stroke: str, pane: Pane) -> Outcome:
        """Takes one stroke.

        Args:
            stroke: as :func:`csconsole.commands.notation.stroke_of` names it.
            pane: where the focus is. In a text pane a printable stroke is never a command.
        """
        if pane in TEXT_PANES:
            return self._in_text(stroke, pane)
        if self._strokes and stroke == "escape":
            self.cancel()
            return _NOTHING
        node = self._node if self._node is not None else self.keymap.tree(pane)
        meant, child = self._step(node, stroke)
        if child is None:
            return self._break_off(stroke)
        command = child.get(_HERE)
        command = command if isinstance(command, str) else None
        if len(child) > (command is not None):
            self._strokes.append(meant)
            self._node = child
            return Outcome(pending=self.pending, waits_for=command)
        self.cancel()
        return self._guarded(meant, command)

    def _in_text(self, stroke: str, pane: Pane) -> Outcome:
        self.cancel()
        if len(stroke) == 1 or stroke == "space":
            return _NOTHING
        _, child = self._step(self.keymap.tree(pane), stroke)
        command = child.get(_HERE) if child else None
        return Outcome(command=command) if isinstance(command, str) else _NOTHING

    def _step(self, node: Mapping[str, object], stroke: str) -> tuple[str, Mapping[str, object] | None]:
        """The child a stroke leads to: as it is, as a digit after a prefix, or read through the Thai layout."""
        readings = [stroke]
        if self._strokes and len(stroke) == 1:
            digit = digit_for(stroke)
            if digit is not None:
                readings.append(str(digit))
        readings.append(untranslated(stroke))
        for reading in readings:
            child = node.get(reading)
            if isinstance(child, dict):
                return reading, child
        return readings[-1], None

    def _default(self) -> str | None:
        command = self._node.get(_HERE) if self._node is not None else None
        return command if isinstance(command, str) else None

    def _break_off(self, stroke: str) -> Outcome:
        """A stroke that leads nowhere: a waiting command runs, and the stroke is read anew after it."""
        command = self._default()
        self.cancel()
        self._watch_case(stroke)
        if command is None:
            return _NOTHING
        return Outcome(command=command, rest="" if stroke == "enter" else stroke)

    def _watch_case(self, stroke: str) -> None:
        if len(stroke) == 1 and stroke.isascii() and stroke.isalpha():
            if stroke.isupper():
                self._capitals += 1
                return
            self._capitals_meant = False
        if not stroke.isdigit():
            self._capitals = 0
            self._asked = None

    def _guarded(self, stroke: str, command: str | None) -> Outcome:
        """Holds a guarded command back when only capitals came before it; the same key again means it."""
        self._watch_case(stroke)
        if command is None:
            return _NOTHING
        is_capital = len(stroke) == 1 and stroke.isupper()
        if is_capital and self._asked == stroke:
            self._asked = None
            self._capitals_meant = True
        elif is_capital and self._capitals >= CAPITALS and not self._capitals_meant:
            if self.keymap.registry[command].is_guarded:
                self._asked = stroke
                return Outcome(caps_lock=True)
        else:
            self._asked = None
        return Outcome(command=command)
