"""The queue's side of the screen: which view is shown, what came, what is marked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from csconsole.commands.notation import untranslated
from csconsole.domain.conversation import QueueRow
from csconsole.domain.query import Word
from csconsole.errors import UsageError
from csconsole.screens.background import Background
from csconsole.screens.opening import queue_setting, view_tabs
from csconsole.screens.queue_source import PAGE, QueueSource, Reading
from csconsole.services.views import QueueReader, View, parsed
from csconsole.text.keyboard import second_reading
from csconsole.widgets.bar_lines import Tab
from csconsole.widgets.queue_list import QueueList

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
        self.views = screen.session.opening().views
        self.view = screen.session.opening().view
        self.filter_text = ""
        self.source = QueueSource(self._background_reader, background, self._arrived)
        setting = queue_setting(screen.desk, screen.names, screen.words.language)
        self.list: QueueList = QueueList(self.source, setting, screen.words, id="queue")
        self._counts: dict[str, int] = {}
        self._counting = False

    # -- views -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Shows the first view that has something in it, as read for the first paint."""
        first = self._screen.session.opening()
        self.view = first.view
        self.source.adopt(first.view.query, first.rows)

    def show_view(self, view: View) -> None:
        """Shows another view from its top; what was marked in the one before is out of sight and not acted on."""
        self.list.marks.clear()
        self.view = view
        self.filter_text = ""
        self.show_query(view.query)
        self._screen.show_tabs()

    def neighbour(self, step: int) -> View:
        """The view beside the one shown."""
        place = self.views.index(self.view) if self.view in self.views else 0
        return self.views[(place + step) % len(self.views)]

    def by_key(self, stroke: str) -> View | None:
        """The view on ``g`` and a key, on either keyboard layout."""
        keys = (stroke, untranslated(stroke))
        return next((view for view in self.views if view.key and view.key in keys), None)

    # -- narrowing -------------------------------------------------------------------------------------------------

    def filter(self, text: str) -> None:
        """Narrows the view to a text, or shows it whole for none; remembered until another view is shown.

        Raises:
            UsageError: the text is no query; what is shown stays.
        """
        self.source.show(self._narrowed(text.strip()))
        self.filter_text = text.strip()
        self._from_the_top(self.filter_text)
        self._screen.show_tabs()
        self._screen.hints_changed()

    def filter_soon(self, text: str, told: Callable[[str | None, int], None]) -> None:
        """Narrows the view while a text is typed: read in the background, newest text only.

        A text that finds nothing is read once more as typed on the other keyboard layout; one that is no query yet
        leaves what is shown.

        Args:
            text: what is typed so far.
            told: gets the second reading, None when the text itself finds something or nothing does, and how many
                rows were read.
        """
        reader, typed = self._background_reader, text.strip()

        def read() -> tuple[str, list[QueueRow], str | None] | None:
            try:
                rows = reader.page(self._narrowed(typed), limit=PAGE)
                other = second_reading(typed) if typed and not rows else None
                if other is not None and (found := reader.page(self._narrowed(other), limit=PAGE)):
                    return self._narrowed(other), found, other
            except UsageError:
                return None
            return self._narrowed(typed), rows, None

        def done(result: tuple[str, list[QueueRow], str | None] | None) -> None:
            if result is None:
                return
            query, rows, other = result
            self.source.adopt(query, rows)
            self._from_the_top(other or typed)
            told(other, len(rows))

        self._background.run("filter", read, done)

    def _narrowed(self, text: str) -> str:
        return f"{self.view.query} {text}".strip()

    def show_query(self, query: str) -> None:
        """Shows what a query finds; an unreadable one leaves what is shown and says so."""
        try:
            self.source.show(query)
        except UsageError as error:
            self._screen.say(error.message, urgent=True)
            return
        self._from_the_top(self.filter_text)

    def _from_the_top(self, narrowed: str) -> None:
        self.list.empty_key = "empty.filter" if narrowed else "empty.queue"
        self.list.narrowed_by = narrowed
        self.list.announce(0)
        self.list.cursor_id = None
        self.list.cursor = 0
        self.list.rows_changed()
        self.list.forget_lines()

    # -- news ------------------------------------------------------------------------------------------------------

    def store_changed(self) -> None:
        """Somebody wrote: what is shown is read again in the background."""
        self._background.run("queue", self.source.reread, self._update)
        self.count_soon()

    def _update(self, reading: Reading) -> None:
        waiting = self.source.update(reading, self.list.cursor_id)
        if waiting is None:
            self.store_changed()
            return
        self.list.rows_changed()
        self.list.announce(waiting)
        self._screen.bars.show_live()

    def merge(self) -> None:
        """Shows the view as it is now; the cursor stays on its row, or on its place when the row is gone."""
        self.source.replace(self.source.reread())
        self.list.announce(0)
        self.list.rows_changed()
        self._screen.bars.show_live()
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
        return view_tabs(self.views, self._screen.words, self._counts, self.view, self.filter_text)

    # -- rows ------------------------------------------------------------------------------------------------------

    def current(self) -> QueueRow | None:
        """The row under the cursor."""
        return self.list.current

    def marked(self) -> list[int]:
        """Keys of the marked rows."""
        return [key for key in self.list.marks.ids if isinstance(key, int)]

    def mark_all(self) -> int:
        """Marks everything the view holds, of more than some thousands those on top; returns how many."""
        ids = self.reader.ids(self.source.query, limit=MOST_MARKED)
        self.list.marks.set(ids)
        return len(ids)

    def hit_words(self) -> tuple[str, ...]:
        """Words the filter looks for, to be lit in the transcript."""
        return words_in(self.filter_text, self._screen.words.language)


def words_in(query: str, language: str) -> tuple[str, ...]:
    """The words a query looks for, folded; of a text that is no query its own."""
    if not query:
        return ()
    try:
        tree = parsed(query, language)
    except UsageError:
        return tuple(query.casefold().split())
    terms = getattr(tree, "terms", (tree,))
    return tuple(term.text.casefold() for term in terms if isinstance(term, Word))
