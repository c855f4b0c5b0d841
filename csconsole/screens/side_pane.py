"""The lists that stand in the queue's place for a while, and what Enter does on their rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from csconsole.store import messages, outbox, timers

if TYPE_CHECKING:
    from csconsole.domain.message import Message
    from csconsole.screens.main import MainScreen
    from csconsole.screens.side_rows import SideRow

_PAGE = 200
_MOST_PAGES = 50

Rows = Callable[[], Sequence["SideRow"]]
"""Gives the rows as they are now."""


class SidePane:
    """The list beside the conversation that is not the queue.

    Args:
        screen: the screen.
    """

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._rows: Rows | None = None
        self.words: tuple[str, ...] = ()

    # -- showing -----------------------------------------------------------------------------------------------

    def show(self, heading: str, rows: Rows, words: tuple[str, ...] = ()) -> None:
        """Shows a list.

        Args:
            heading: what it is.
            rows: gives its rows; asked again when something changed.
            words: lit in a conversation opened from it.
        """
        screen = self._screen
        self._rows, self.words = rows, words
        screen.side_list.show(heading, rows())
        screen.queue.display = False
        screen.side_list.display = True
        if screen.panes.is_narrow and screen.opened is not None:
            screen.add_class("list-whole")
        screen.set_focus(screen.side_list)
        screen.show_tabs()
        screen.hints_changed()

    def hide(self) -> None:
        """The queue again."""
        screen = self._screen
        self.words = ()
        if screen.side_list.display:
            screen.side_list.display = False
            screen.queue.display = True
            screen.set_focus(screen.queue)
            screen.show_tabs()
            screen.hints_changed()

    def store_changed(self) -> None:
        """Somebody wrote: the rows are read again; the cursor stays on its row."""
        if self._rows is not None and self._screen.side_list.display:
            self._screen.side_list.update(self._rows())
            self._screen.show_tabs()

    # -- choosing ----------------------------------------------------------------------------------------------

    def choose(self, row: SideRow) -> None:
        """Enter on a row: opens its conversation, or offers what else can be done with it."""
        if row.act == "outbox":
            self._offer(row)
        elif row.act == "quarantine":
            self._read_again(row)
        else:
            self.open(row)

    def open(self, row: SideRow) -> None:
        """Opens a row's conversation; at the message found where it is one."""
        if row.conversation_id is None:
            return
        key, uid = row.conversation_id, row.message_uid
        self._screen.cases.open(key)
        if uid:
            # Scrolling to it needs the height the transcript gets with the next layout.
            self._screen.call_after_refresh(lambda: self._select(key, uid))

    def _select(self, conversation_id: int, uid: str) -> None:
        screen = self._screen
        if screen.opened_id == conversation_id and not screen.transcript.select_uid(uid):
            self._look_further_back(conversation_id, uid)

    def _look_further_back(self, conversation_id: int, uid: str) -> None:
        """Reads older pages in the background until the message is among them, then selects it."""
        screen = self._screen
        shown = screen.transcript.messages
        if not shown:
            return
        store, before = screen.desk.store, (shown[0].at, shown[0].seq)

        def read() -> tuple[list[Message], bool]:
            found: list[Message] = []
            edge, more = before, True
            for _ in range(_MOST_PAGES):
                page = messages.page(store, conversation_id, before=edge, limit=_PAGE)
                found[:0] = page
                more = len(page) == _PAGE
                if not more or any(message.uid == uid for message in page):
                    break
                edge = (page[0].at, page[0].seq)
            return found, more

        def done(result: tuple[list[Message], bool]) -> None:
            if screen.opened_id == conversation_id:
                screen.case.add_older(*result)
                screen.transcript.select_uid(uid)

        screen.background.run("older", read, done)

    def _offer(self, row: SideRow) -> None:
        from csconsole.screens.choices import Choice

        screen = self._screen
        now = outbox.by_uid(screen.desk.store, row.ref)
        acts = _ACTS.get(now.state, ()) if now is not None else ()
        if not acts:
            self.open(row)
            return
        choices = [Choice(act, screen.words.t(f"outbox.act.{act}")) for act in (*acts, "open")]
        screen.picking.pick(screen.words.t("outbox.acts"), choices, lambda keys: self._act(row, keys[0]))

    def _act(self, row: SideRow, act: str) -> None:
        if act == "open":
            self.open(row)
            return
        from csconsole.services import replies

        desk = self._screen.desk
        work: dict[str, Callable[[], object]] = {
            "retry": lambda: replies.retry(desk, row.ref),
            "cancel": lambda: replies.cancel(desk, row.ref),
            "aside": lambda: replies.cancel(desk, row.ref),
            "arrived": lambda: replies.settle(desk, row.ref, True),
            "lost": lambda: replies.settle(desk, row.ref, False),
        }
        if self._screen.attempt(work[act], done=f"outbox.done.{act}"):
            self._screen.store_changed()

    def _read_again(self, row: SideRow) -> None:
        with self._screen.desk.transaction() as tx:
            timers.add_job(tx, "retry_quarantine", args={"uid": row.ref})
        self._screen.say(self._screen.words.t("quarantine.retried"))


_ACTS = {
    "queued": ("cancel",),
    "failed": ("retry", "aside"),
    "stopped": ("retry", "aside"),
    "uncertain": ("arrived", "lost"),
    "settling": ("arrived", "lost"),
}
"""What can be done with a send, by its state, besides opening its conversation."""
