"""The ``:`` line: a command by its name with what follows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from csconsole.domain.when import parse_when
from csconsole.errors import UsageError
from csconsole.screens.undo_words import act_text
from csconsole.services import acts
from csconsole.services.desk import Desk
from csconsole.services.views import view_named
from csconsole.store import undo as undo_store
from csconsole.store.undo import UndoEntry

if TYPE_CHECKING:
    from csconsole.screens.main import MainScreen

Act = Callable[[Desk, Sequence[int], str], object]


def _assign(desk: Desk, ids: Sequence[int], rest: str) -> None:
    acts.assign(desk, ids, rest)


def _tag(desk: Desk, ids: Sequence[int], rest: str) -> None:
    names = rest.split()
    removing = [n[1:] for n in names if n.startswith("-")]
    adding = [n.lstrip("+") for n in names if not n.startswith("-")]
    acts.change_tags(desk, ids, add=adding, remove=removing)


def _status(desk: Desk, ids: Sequence[int], rest: str) -> None:
    acts.set_status(desk, ids, rest)


def _snooze(desk: Desk, ids: Sequence[int], rest: str) -> None:
    due = parse_when(rest, desk.clock.now(), desk.config.agent.timezone, desk.config.agent.language)
    acts.set_status(desk, ids, "snoozed", until=due)


def _field(name: str) -> Act:
    def act(desk: Desk, ids: Sequence[int], rest: str) -> None:
        acts.set_field(desk, ids, name, rest)

    return act


def _note(desk: Desk, ids: Sequence[int], rest: str) -> None:
    for key in ids:
        acts.add_note(desk, key, rest)


_ACTS: dict[str, Act] = {
    "assign": _assign,
    "มอบหมาย": _assign,
    "tag": _tag,
    "แท็ก": _tag,
    "status": _status,
    "สถานะ": _status,
    "snooze": _snooze,
    "พักไว้": _snooze,
    "priority": _field("priority"),
    "kind": _field("kind"),
    "reason": _field("reason"),
    "note": _note,
    "โน้ต": _note,
}

_TAKING_AWAY = (_assign, _status, _snooze)
"""Acts after which a conversation may belong to another view."""


def run(screen: MainScreen, line: str) -> bool:
    """Runs a line; False when it is not understood or not possible, with the reason said.

    A line that means nothing as typed is read once more as typed on the other keyboard layout.
    """
    if _run(screen, line, quiet=True):
        return True
    from csconsole.text.keyboard import second_reading

    other = second_reading(line)
    if other is not None and _known(screen, other) and _run(screen, other, quiet=False):
        screen.say(screen.words.t("line.mended", text=other))
        return True
    return _run(screen, line, quiet=False)


def _say_done(screen: MainScreen, before: UndoEntry | None) -> None:
    """Says what was done and that u takes it back; nothing when nothing changed."""
    last = undo_store.last(screen.desk.store, screen.desk.actor.id)
    if last is not None and (before is None or last.id != before.id):
        screen.say(screen.words.t("undo.offer", what=act_text(last.label, screen.words, screen.names)))


def _known(screen: MainScreen, line: str) -> bool:
    word = line.split(" ", 1)[0]
    return word in _ACTS or word in {"q", "quit", "view", "filter"} or screen.registry.named(word) is not None


def _run(screen: MainScreen, line: str, *, quiet: bool) -> bool:
    word, _, rest = line.partition(" ")
    rest = rest.strip()
    if word in {"q", "quit"}:
        screen.quit()
        return True
    if word == "view" and rest:
        return bool(screen.attempt(lambda: screen.show_view(view_named(screen.desk, rest))))
    if word == "filter":
        return bool(screen.attempt(lambda: screen.queues.filter(rest)))
    if word in _ACTS and rest:
        ids = screen.targets.ids()
        if not ids:
            screen.say(screen.words.t("reason.no_conversation"), urgent=True)
            return False
        before = undo_store.last(screen.desk.store, screen.desk.actor.id)

        def then() -> None:
            screen.after_act(ids if _ACTS[word] in _TAKING_AWAY else ())
            _say_done(screen, before)

        return screen.bulk.act(ids, lambda desk, some: _ACTS[word](desk, some, rest), then)
    command = screen.registry.named(word)
    if command is None:
        if not quiet:
            error = UsageError(screen.words.t("line.unknown", word=word))
            screen.say(error.message, urgent=True)
        return False
    screen.run_command(command.id)
    return True
