"""Keys of the screen: sequences are read and run as commands, the rest is left to the widget that has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csconsole.commands.context import Pane
from csconsole.commands.keymap import Keymap, KeyReader, Outcome
from csconsole.commands.notation import stroke_of

if TYPE_CHECKING:
    from textual import events
    from textual.timer import Timer
    from textual.widget import Widget

    from csconsole.screens.main import MainScreen

SEQUENCE_SECONDS = 0.3
"""How long a key that is a command and the beginning of another waits."""
_TO_VIEWS = "g"
"""What stands before the key of a view."""


class KeyInput:
    """Reads keys for the screen.

    Args:
        screen: the screen whose commands are run.
        keymap: what the keys mean.
    """

    def __init__(self, screen: MainScreen, keymap: Keymap) -> None:
        self._screen = screen
        self._reader = KeyReader(keymap)
        self._timer: Timer | None = None
        self._outcome = Outcome()
        self.stroke = ""
        """The key pressed last."""

    @property
    def pending(self) -> str:
        """The keys of a sequence that is not complete yet."""
        return self._reader.pending

    def continuations(self) -> list[tuple[str, str]]:
        """Strokes that may come next, with the command each leads to or into."""
        return self._reader.continuations()

    def is_bound(self, stroke: str, field: Widget | None) -> bool:
        """Whether a stroke with Alt means something to the commands or to the field that has the focus."""
        screen = self._screen
        if stroke in getattr(field, "alt_keys", ()):
            return True
        return not screen.is_picking and self._reader.begins(stroke, screen.pane)

    def take(self, event: events.Key) -> bool:
        """Reads a key; True when it was a command or part of one."""
        screen = self._screen
        if screen.is_picking or screen.app.screen is not screen:
            return False
        pane = screen.pane
        if pane is Pane.COMPOSER and event.key == "tab" and screen.composer.shortcut() is None:
            return True
        if pane is Pane.COMPOSER and event.key == "enter" and screen.composing.enter_sends:
            screen.run_command("reply.send")
            return True
        self.stroke = stroke_of(event.key, event.character)
        self._feed(self.stroke, pane)
        if pane is Pane.COMPOSER and self._outcome.command is None:
            screen.message.clear()  # what it said was about the text before this key
            return False
        return True

    def _feed(self, stroke: str, pane: Pane) -> None:
        screen = self._screen
        self._stop_sequence()
        before = self._reader.pending
        view = screen.queues.by_key(stroke) if before == _TO_VIEWS and not self._reader.leads(stroke) else None
        if view is not None:
            self._reader.cancel()
            self._outcome = Outcome()
            screen.message.clear()
            screen.show_view(view)
            return
        outcome = self._outcome = self._reader.feed(stroke, pane)
        if self._reader.pending != before:
            screen.hints_changed()
        if outcome.waits_for:
            self._timer = screen.set_timer(SEQUENCE_SECONDS, self._expire)
        self._act_on(outcome)

    def _expire(self) -> None:
        screen = self._screen
        self._act_on(self._reader.expire())
        screen.hints_changed()

    def _stop_sequence(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.stop()

    def _act_on(self, outcome: Outcome) -> None:
        screen = self._screen
        if outcome.caps_lock:
            screen.say(screen.words.t("bar.caps"), urgent=True)
        if outcome.command is not None:
            screen.run_command(outcome.command)
        if outcome.rest:
            self._feed(outcome.rest, screen.pane)
