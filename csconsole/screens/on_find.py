"""Finding: the filter of the queue, the search over every message, the lists beside the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csconsole.commands.context import Pane
from csconsole.errors import UsageError
from csconsole.screens import side_rows
from csconsole.screens.handling import handles
from csconsole.services import finding

if TYPE_CHECKING:
    from csconsole.screens.main import MainScreen


@handles("filter.start")
def filter_(screen: MainScreen) -> None:
    """Narrows the queue while it is typed; Escape gives the whole view back."""
    base = screen.view.query

    def narrowed(text: str) -> str:
        return f"{base} {text}".strip()

    def count(text: str) -> int | None:
        try:
            return screen.reader.count(narrowed(text), cap=200)
        except UsageError:
            return None

    def changed(text: str) -> None:
        screen.show_query(narrowed(text) if text.strip() else base)

    def done(text: str) -> bool:
        screen.filter_text = text.strip()
        changed(text)
        return True

    def cancelled() -> None:
        screen.filter_text = ""
        screen.show_query(base)

    screen.picking.prompt(
        screen.words.t("prompt.filter"),
        done,
        initial=screen.filter_text,
        changed=changed,
        count=count,
        cancelled=cancelled,
    )


@handles("search.start")
def search(screen: MainScreen) -> None:
    """Searches every message ever written, in both languages, also on the wrong keyboard layout."""

    def count(text: str) -> int | None:
        return len(finding.search_messages(screen.desk, text, limit=1))

    def done(text: str) -> bool:
        if not text.strip():
            return True
        hits = finding.search_messages(screen.desk, text, limit=200)
        if not hits:
            screen.say(screen.words.t("empty.search", query=text))
            return True
        screen.last_search = text
        screen.show_side(screen.words.t("search.title", query=text, n=len(hits)), side_rows.of_hits(hits, screen))
        return True

    screen.picking.prompt(
        screen.words.t("prompt.search"), done, initial=screen.last_search, count=count, history=screen.searches
    )


@handles("search.next")
def next_hit(screen: MainScreen) -> None:
    """The next newer message in this conversation with a word searched for."""
    screen.transcript.next_hit(1)


@handles("search.previous")
def previous_hit(screen: MainScreen) -> None:
    """The next older message in this conversation with a word searched for."""
    screen.transcript.next_hit(-1)


@handles("queue.refresh")
def refresh(screen: MainScreen) -> None:
    """Merges what is new into the queue and asks the worker to look at every account now."""
    screen.merge_new()
    screen.sync_now()


@handles("go.outbox")
def outbox(screen: MainScreen) -> None:
    """What is on its way or went wrong."""
    screen.show_side(screen.words.t("view.outbox"), side_rows.of_outbox(screen))


@handles("go.failed")
def failed(screen: MainScreen) -> None:
    """What did not go out, or nobody knows."""
    screen.show_side(
        screen.words.t("view.failed"), side_rows.of_outbox(screen, states=("failed", "stopped", "uncertain"))
    )


@handles("go.drafts")
def drafts(screen: MainScreen) -> None:
    """Texts I have begun."""
    screen.show_side(screen.words.t("view.drafts"), side_rows.of_drafts(screen))


@handles("go.quarantine")
def quarantine(screen: MainScreen) -> None:
    """Messages that could not be read."""
    screen.show_side(screen.words.t("view.quarantine"), side_rows.of_quarantine(screen))


@handles("select.toggle")
def select(screen: MainScreen) -> None:
    """Marks the row for a common act."""
    if screen.pane is Pane.QUEUE:
        screen.queue.toggle_mark()


@handles("select.range")
def select_range(screen: MainScreen) -> None:
    """Begins or ends a range of marked rows."""
    if screen.pane is Pane.QUEUE:
        screen.queue.toggle_range()


@handles("select.all")
def select_all(screen: MainScreen) -> None:
    """Marks every conversation of the view, and says how many."""
    screen.select_all()
