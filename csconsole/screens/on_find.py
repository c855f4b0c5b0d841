"""Finding: the filter of the queue, the search over every message, the lists beside the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csconsole.commands.context import Pane
from csconsole.screens import side_rows
from csconsole.screens.handling import handles
from csconsole.screens.queue_pane import words_in
from csconsole.services import finding
from csconsole.store import timers
from csconsole.store.search import Hit
from csconsole.text.keyboard import second_reading

if TYPE_CHECKING:
    from csconsole.screens.main import MainScreen

MOST_HITS = 200
"""Messages a search shows, newest first."""


@handles("filter.start")
def filter_(screen: MainScreen) -> None:
    """Narrows the queue while it is typed; Escape gives the whole view back."""

    def told(other: str | None, found: int) -> None:
        screen.picking.tell_reading(other, found)

    screen.picking.prompt(
        screen.words.t("prompt.filter"),
        lambda text: screen.attempt(lambda: screen.queues.filter(text)),
        initial=screen.queues.filter_text,
        changed=lambda text: screen.queues.filter_soon(text, told),
        cancelled=lambda: screen.queues.filter(""),
    )


@handles("search.start")
def search(screen: MainScreen) -> None:
    """Searches every message ever written, in both languages, also on the wrong keyboard layout."""

    def done(text: str) -> bool:
        if text.strip():
            screen.searches = (*screen.searches, text)
            _search(screen, text.strip())
        return True

    screen.picking.prompt(screen.words.t("prompt.search"), done, history=screen.searches)


def _search(screen: MainScreen, text: str) -> None:
    """Searches in the background; a text without hits is read once more as typed on the other layout."""
    desk = screen.desk

    def read() -> tuple[str, list[Hit]]:
        hits = finding.search_messages(desk, text, limit=MOST_HITS)
        other = second_reading(text) if not hits else None
        if other is not None:
            found = finding.search_messages(desk, other, limit=MOST_HITS)
            if found:
                return other, found
        return text, hits

    def done(result: tuple[str, list[Hit]]) -> None:
        query, hits = result
        if not hits:
            screen.say(screen.words.t("empty.search", query=text))
            return
        count = f"{len(hits)}+" if len(hits) == MOST_HITS else str(len(hits))
        heading = screen.words.t("search.title", query=query, n=count)
        screen.side.show(heading, lambda: side_rows.of_hits(hits, screen), words_in(query, desk.config.agent.language))
        screen.say(screen.words.t("line.mended", text=query) if query != text else heading)

    screen.background.run("search", read, done)


@handles("search.next")
def next_hit(screen: MainScreen) -> None:
    """The next newer message in this conversation with a word searched for."""
    _next_hit(screen, 1)


@handles("search.previous")
def previous_hit(screen: MainScreen) -> None:
    """The next older message in this conversation with a word searched for."""
    _next_hit(screen, -1)


def _next_hit(screen: MainScreen, step: int) -> None:
    if not screen.transcript.next_hit(step):
        screen.say(screen.words.t("search.no_more"))


@handles("queue.refresh")
def refresh(screen: MainScreen) -> None:
    """Merges what is new into the queue and asks the worker to look at every account now."""
    screen.queues.merge()
    with screen.desk.transaction() as tx:
        timers.add_job(tx, "sync")
    screen.say(screen.words.t("sync.asked"))


@handles("go.outbox")
def outbox(screen: MainScreen) -> None:
    """What is on its way or went wrong."""
    screen.side.show(screen.words.t("view.outbox"), lambda: side_rows.of_outbox(screen))


@handles("go.failed")
def failed(screen: MainScreen) -> None:
    """What did not go out, or nobody knows."""
    screen.side.show(
        screen.words.t("view.failed"), lambda: side_rows.of_outbox(screen, states=("failed", "stopped", "uncertain"))
    )


@handles("go.drafts")
def drafts(screen: MainScreen) -> None:
    """Texts I have begun."""
    screen.side.show(screen.words.t("view.drafts"), lambda: side_rows.of_drafts(screen))


@handles("go.quarantine")
def quarantine(screen: MainScreen) -> None:
    """Messages that could not be read."""
    screen.side.show(screen.words.t("view.quarantine"), lambda: side_rows.of_quarantine(screen))


@handles("select.toggle")
def select(screen: MainScreen) -> None:
    """Marks the row for a common act."""
    if screen.pane is Pane.QUEUE:
        screen.queue.toggle_mark()


@handles("select.range")
def select_range(screen: MainScreen) -> None:
    """Begins or ends a range of marked rows."""
    if screen.pane is Pane.QUEUE:
        screen.queue.marks.toggle_range()


@handles("select.all")
def select_all(screen: MainScreen) -> None:
    """Marks every conversation of the view, and says how many."""
    screen.say(screen.words.t("queue.selected", n=screen.queues.mark_all()))
