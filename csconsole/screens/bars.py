"""What the bars show: header, views, my live chats, the title of the case, and keys for where the focus is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csconsole.commands.context import Context, Pane
from csconsole.domain.conversation import QueueRow
from csconsole.domain.dates import clock_time
from csconsole.screens import status
from csconsole.screens.case_title import CaseTitle
from csconsole.screens.live_chats import live_chats, live_rows
from csconsole.screens.live_strip import LiveStrip
from csconsole.widgets.bars import Hint, HintBar, StatusHeader, Tab, ViewTabs

if TYPE_CHECKING:
    from csconsole.screens.main import MainScreen

_HINTS = 6
_SIDE = "side"


class Bars:
    """The bars around the panes.

    Args:
        screen: the screen.
    """

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        words = screen.words
        self.header = StatusHeader(words)
        self.tabs = ViewTabs()
        self.strip = LiveStrip(words, id="live", classes="bar")
        self.title = CaseTitle(words, screen.desk.config.agent.timezone, id="case-title")
        self.hints = HintBar()
        for bar in (self.header, self.tabs, self.hints):
            bar.add_class("bar")

    def refresh(self) -> None:
        """Header, live chats and views, from the store."""
        screen = self._screen
        waiting, uncertain, failed = status.outbox_figures(screen.desk)
        screen.names.read()
        self.header.show(
            screen.desk.actor.display_name,
            status.freshness(screen.desk, screen.names),
            outbox=waiting,
            uncertain=uncertain,
            failed=failed,
        )
        self.show_live()
        self.show_tabs()

    def show_tabs(self) -> None:
        """The views with their counts; a list that stands in the queue's place comes first."""
        screen = self._screen
        tabs, active = screen.queues.tabs(), screen.queues.view.id
        side = screen.side_list
        if side.display:
            tabs.insert(0, Tab(_SIDE, "", side.heading))
            active = _SIDE
        self.tabs.show(tabs, active, status.trouble(screen.desk, screen.words))

    # -- my live chats -----------------------------------------------------------------------------------------

    def live_rows(self) -> list[QueueRow]:
        """My open chats, oldest first: a chat keeps its number while it is open."""
        return live_rows(self._screen.reader, self._screen.names)

    def show_live(self) -> None:
        """My live chats."""
        screen = self._screen
        rows = self.live_rows()
        self.strip.show(live_chats(rows, screen.desk.clock.now(), screen.words.language, screen.opened_id))

    # -- the open case -----------------------------------------------------------------------------------------

    def show_title(self) -> None:
        """The lines above the transcript."""
        screen, opened = self._screen, self._screen.opened
        now = screen.desk.clock.now()
        if opened is None:
            self.title.show(None, who="", where="", assignee="", context=(), now=now)
            self.show_live()
            return
        row = opened.conversation.row
        earlier = screen.words.t("case.earlier", n=max(0, len(opened.customer.conversations) - 1))
        facts = [row.subject, " ".join(row.tags), earlier]
        self.title.show(
            row,
            who=screen.names.customer(row),
            where=screen.names.where(row),
            assignee=screen.names.agent(row.assignee),
            context=[fact for fact in facts if fact],
            now=now,
        )
        self.show_live()

    # -- keys --------------------------------------------------------------------------------------------------

    def show_hints(self, context: Context) -> None:
        """Keys for where the focus is, where all keys are, the half-typed sequence, and the clock."""
        screen = self._screen
        self.title.set_active(context.pane is Pane.TRANSCRIPT)
        hints: list[Hint] = []
        last = None
        if following := screen.keys.continuations():
            hints = [Hint(key, self._title(command)) for key, command in following if command]
            if screen.keys.pending == "g":
                taken = {hint.key for hint in hints}
                views = [Hint(tab.key, tab.label) for tab in screen.queues.tabs() if tab.key not in taken]
                hints = [hint for hint in hints if hint.key != "g"] + [hint for hint in views if hint.key]
        elif not screen.is_picking:
            commands = [c for c in screen.registry.hints(context, _HINTS + 1) if c.id != "help.show"]
            hints = [self._hint(c.id, c.hint_key) for c in commands[:_HINTS]]
            if context.selected:
                hints.insert(0, Hint(str(context.selected), screen.words.t("hint.selected")))
            is_text = context.pane is Pane.COMPOSER
            last = self._hint("palette.open", "hint.palette") if is_text else self._hint("help.show", "hint.help.show")
        now = clock_time(screen.desk.clock.now(), screen.desk.config.agent.timezone)
        self.hints.show(hints, last=last, pending=screen.keys.pending, right=now)

    def _title(self, command_id: str) -> str:
        """A command's title; of a hot tag and a live chat what stands behind the digit today."""
        area, _, rest = command_id.partition(".")
        if area == "tag":
            return self._screen.desk.config.tags.hot.get(rest.rpartition("_")[2], "-")
        return self._screen.words.t(self._screen.registry[command_id].title_key)

    def _hint(self, command_id: str, word_key: str) -> Hint:
        return Hint(self._screen.keymap.shown(command_id), self._screen.words.t(word_key))
