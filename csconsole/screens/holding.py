"""The hold: a message that has been sent and can still be pulled back, with its countdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csconsole.services import replies
from csconsole.store import outbox
from csconsole.widgets.composer_frame import Surface

if TYPE_CHECKING:
    from textual.timer import Timer

    from csconsole.screens.main import MainScreen


class Hold:
    """The message held in the open conversation, if any.

    Args:
        screen: the screen.
    """

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._timer: Timer | None = None

    def refresh(self) -> None:
        """Shows the held message and counts it down."""
        screen, composer = self._screen, self._screen.composer
        key = screen.opened_id
        row = outbox.held(screen.desk.store, key, screen.desk.actor.id) if key is not None else None
        left = -(-(row.not_before - screen.desk.clock.now()) // 1000) if row is not None else 0
        if row is None or left <= 0:
            composer.set_held((), 0)
            screen.composing.show_hints()
            screen.message.hold("")
            if self._timer is not None:
                self._timer.stop()
                self._timer = None
            return
        composer.set_held([bubble.text for bubble in row.item.bubbles], left)
        screen.composing.show_hints()
        customer = screen.targets.opened_customer()
        screen.message.hold(screen.words.t("held.countdown", customer=customer, seconds=left))
        if self._timer is None:
            self._timer = screen.set_interval(1.0, self.refresh)

    def pull_back(self) -> None:
        """Takes the held message back into the box."""
        screen, opened = self._screen, self._screen.opened
        if opened is None:
            return
        text: list[str] = []
        if screen.attempt(lambda: text.append(replies.pull_back(screen.desk, opened.conversation.row.id))):
            screen.after_act()
            if screen.opened is not None:
                screen.composing.start(screen.opened, Surface.PUBLIC)
            screen.say(screen.words.t("held.pulled"))

    def send_now(self) -> None:
        """Ends the hold."""
        screen = self._screen
        key = screen.opened_id
        if key is not None and screen.attempt(lambda: replies.send_now(screen.desk, key)):
            screen.after_act()
            self.refresh()
