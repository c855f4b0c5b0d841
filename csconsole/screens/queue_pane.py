"""The queue's side of the screen: which view is shown, what came, what is marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csconsole.domain.conversation import QueueRow
from csconsole.domain.query import Word
from csconsole.errors import UsageError
from csconsole.screens.background import Background
from csconsole.screens.queue_source import QueueSource
from csconsole.services.views import QueueReader, View, all_views, parsed
from csconsole.store.queue import COUNT_CAP
from csconsole.widgets.bars import Tab
from csconsole.widgets.queue_list import QueueList
from csconsole.widgets.queue_rows import QueueSetting

if TYPE_CHECKING:
    from csconsole.screens.main import MainScreen

COUNTS_AFTER = 0.3
"""Seconds between a change and the counting of views: bursts are counted once."""
MOST_MARKED = 5_000


class QueuePane:
    """The queue list with its view.

    Args:
        screen: the screen.
        background: the reader thread.
    """

    def __init__(self, screen: MainScreen, background: Background) -> None:
        self._screen = screen
        self._background = background
        self.reader = QueueReader(screen.desk)
        self._background_reader = QueueReader(screen.desk)
        self.views = all_views(screen.desk)
        self.view = self.views[0]
        self.filter_text = ""
        self.source = QueueSource(self._background_reader, background, self._arrived)
        desk = screen.desk
        labels = {name: screen.names.account(name) for name in screen.names.accounts}
        setting = QueueSetting(
            desk.clock.now(),
            desk.config.agent.timezone,
            screen.words.language,
            desk.actor.name,
            screen.agent_names,
            labels,
        )
        self.list: QueueList = QueueList(self.source, setting, screen.words, id="queue")
        self._counts: dict[str, int] = {}
        self._counting = False

    # -- views -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Shows the first view that has something in it, before the first paint."""
        for view in self.views:
            self.view = view
            self.source.show(view.query)
            if self.source.count():
                break
        else:
            self.view = self.views[0]
            self.source.show(self.view.query)

    def show_view(self, view: View) -> None:
        """Shows another view from its top."""
        self.view = view
        self.filter_text = ""
        self.show_query(view.query)
        self._screen.views_changed()

    def neighbour(self, step: int) -> None:
        """The view beside the one shown."""
        place = self.views.index(self.view) if self.view in self.views else 0
        self.show_view(self.views[(place + step) % len(self.views)])

    def by_key(self, key: str) -> None:
        """The view on ``g`` and a key."""
        for view in self.views:
            if view.key == key:
                self.show_view(view)
                return

    def show_query(self, query: str) -> None:
        """Shows what a query finds; an unreadable one leaves what is shown and says so."""
        try:
            self.source.show(query)
        except UsageError as error:
            self._screen.say(error.message, urgent=True)
            return
        self.list.empty_key = "empty.filter" if self.filter_text else "empty.queue"
        self.list.announce(0)
        self.list.cursor_id = None
        self.list.cursor = 0
        self.list.rows_changed()
        self.list.forget_lines()
        self._screen.cursor_moved()

    # -- news ------------------------------------------------------------------------------------------------------

    def store_changed(self) -> None:
        """Somebody wrote: what is shown is read again in the background."""
        self._background.run("queue", self.source.reread, self._update)
        self.count_soon()

    def _update(self, rows: list[QueueRow]) -> None:
        waiting = self.source.update(rows, self.list.cursor_id)
        self.list.rows_changed()
        self.list.announce(waiting)
        self._screen.rows_updated()

    def merge(self) -> None:
        """Shows the view as it is now; the cursor stays on its row, or on its place when the row is gone."""
        self.source.replace(self.source.reread())
        self.list.announce(0)
        self.list.rows_changed()
        self._screen.rows_updated()
        self.count_soon()

    def _arrived(self, first: int, last: int) -> None:
        self.list.rows_changed()
        self.list.rows_arrived(first, last)

    # -- counts ----------------------------------------------------------------------------------------------------

    def count_soon(self) -> None:
        """Counts the views in the background, once for a burst of changes."""
        if not self._counting:
            self._counting = True
            self._screen.set_timer(COUNTS_AFTER, self._count)

    def _count(self) -> None:
        self._counting = False
        queries = [view.query for view in self.views]
        reader = self._background_reader
        self._background.run("counts", lambda: {query: reader.count(query) for query in queries}, self._counted)

    def _counted(self, counts: dict[str, int]) -> None:
        self._counts = counts
        self._screen.show_tabs()

    def tabs(self) -> list[Tab]:
        """The views as tabs."""
        words = self._screen.words
        return [
            Tab(
                view.id,
                view.key,
                view.title or words.t(view.title_key),
                self._counts.get(view.query),
                capped=self._counts.get(view.query, 0) >= COUNT_CAP,
            )
            for view in self.views
        ]

    # -- rows ------------------------------------------------------------------------------------------------------

    def current(self) -> QueueRow | None:
        """The row under the cursor."""
        return self.list.current

    def marked(self) -> list[int]:
        """Keys of the marked rows."""
        return [key for key in self.list.marked if isinstance(key, int)]

    def mark_all(self) -> int:
        """Marks everything the view holds, up to some thousands; returns how many."""
        rows = self.reader.page(self.source.query, limit=MOST_MARKED)
        self.list.marked = {row.id for row in rows}
        self.list.forget_lines()
        return len(rows)

    def hit_words(self) -> tuple[str, ...]:
        """Words the filter looks for, to be lit in the transcript."""
        if not self.filter_text:
            return ()
        try:
            tree = parsed(self.filter_text, self._screen.words.language)
        except UsageError:
            return ()
        terms = getattr(tree, "terms", (tree,))
        return tuple(term.text.casefold() for term in terms if isinstance(term, Word))
