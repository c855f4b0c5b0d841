"""Conversations come and go: opening one, its neighbours, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from csconsole.screens.main import MainScreen
    from csconsole.services.finding import OpenConversation


class Cases:
    """Which conversation is open, and how the agent comes to it and leaves it.

    Args:
        screen: the screen.
    """

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen

    def open_current(self) -> None:
        """Opens the conversation under the cursor."""
        row = self._screen.queues.current()
        if row is not None:
            self.open(row.id)

    def open(self, conversation_id: int) -> None:
        """Opens a conversation: what was being written to another one is kept as its draft."""
        screen = self._screen
        if screen.composing.conversation_id not in (None, conversation_id):
            screen.composing.leave()
        if not screen.case.open(conversation_id):
            return
        screen.add_class("case-open")
        screen.remove_class("list-whole")
        screen.set_focus(screen.transcript)
        screen.title_changed()
        screen.composing.hold.refresh()
        screen.queues.store_changed()
        screen.hints_changed()

    def neighbour(self, step: int) -> None:
        """Moves to the next conversation of the queue and opens it when one is open."""
        screen = self._screen
        if screen.opened is not None and screen.queue.cursor_id != screen.opened_id:
            screen.queue.move_to_id(screen.opened_id or 0)
        before = screen.queue.cursor
        screen.queue.move(step)
        if screen.opened is not None:
            if screen.queue.cursor == before:
                screen.say(screen.words.t("queue.end"))
            else:
                self.open_current()

    def live(self, number: int) -> None:
        """Opens one of my live chats."""
        screen = self._screen
        chats = screen.bars.live_rows()
        if number <= len(chats):
            screen.queue.move_to_id(chats[number - 1].id)
            self.open(chats[number - 1].id)

    def with_opened(self, action: Callable[[OpenConversation], None]) -> None:
        """Does something with the current conversation, opening it first."""
        screen = self._screen
        row = screen.targets.current()
        if row is None:
            return
        if screen.opened_id != row.id:
            self.open(row.id)
        if screen.opened is not None:
            action(screen.opened)
            screen.hints_changed()

    def back(self) -> None:
        """Leaves the innermost thing: marks, selection, side list, conversation, filter, program."""
        screen = self._screen
        if screen.queue.marks.clear() or screen.transcript.unselect():
            return
        if screen.side_list.display and screen.focused is screen.side_list:
            screen.side.hide()
        elif screen.has_class("profile-open") and not screen.has_class("wide"):
            screen.panes.toggle_profile()
        elif screen.opened is not None:
            self.close()
        elif screen.queues.filter_text:
            screen.queues.filter("")
        elif screen.keys.stroke == "escape":
            screen.say(screen.words.t("quit.how"))
        else:
            screen.quit()

    def close(self) -> None:
        """Back to the queue."""
        screen = self._screen
        screen.case.close()
        screen.remove_class("case-open", "list-whole")
        screen.panes.to_list()
        screen.title_changed()
        screen.message.hold("")
        screen.hints_changed()
