"""Moving: within a pane, between panes, views and conversations. Nothing here writes anything but read marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csconsole.commands.context import Pane
from csconsole.screens.handling import HANDLERS, handles

if TYPE_CHECKING:
    from csconsole.screens.main import MainScreen


@handles("move.down")
def down(screen: MainScreen) -> None:
    """One row or line down."""
    _step(screen, 1)


@handles("move.up")
def up(screen: MainScreen) -> None:
    """One row or line up."""
    _step(screen, -1)


def _step(screen: MainScreen, direction: int) -> None:
    pane = screen.pane
    if pane is Pane.QUEUE:
        screen.queue.move(direction)
    elif pane is Pane.TRANSCRIPT:
        screen.transcript.scroll_lines(direction)
    elif pane is Pane.PROFILE:
        screen.profile.scroll_lines(direction)
    elif pane is Pane.LIST:
        screen.side_list.move(direction)


@handles("move.half_down")
def half_down(screen: MainScreen) -> None:
    """Half a page down."""
    _half(screen, 1)


@handles("move.half_up")
def half_up(screen: MainScreen) -> None:
    """Half a page up."""
    _half(screen, -1)


def _half(screen: MainScreen, direction: int) -> None:
    pane = screen.pane
    if pane is Pane.QUEUE:
        screen.queue.half_page(direction)
    elif pane is Pane.TRANSCRIPT:
        screen.transcript.half_page(direction)
    elif pane is Pane.PROFILE:
        screen.profile.scroll_lines(direction * max(1, screen.profile.size.height // 2))
    elif pane is Pane.LIST:
        screen.side_list.half_page(direction)


@handles("move.first")
def first(screen: MainScreen) -> None:
    """To the first row, or the oldest message."""
    if screen.pane is Pane.TRANSCRIPT:
        screen.transcript.to_first()
    elif screen.pane is Pane.LIST:
        screen.side_list.first()
    else:
        screen.queue.first()


@handles("move.last")
def last(screen: MainScreen) -> None:
    """To the last row, or the newest message."""
    if screen.pane is Pane.TRANSCRIPT:
        screen.transcript.to_last()
    elif screen.pane is Pane.LIST:
        screen.side_list.last()
    else:
        screen.queue.last()


@handles("move.read_on")
def read_on(screen: MainScreen) -> None:
    """Pages the thread; at its end opens the next conversation."""
    if screen.opened is None:
        screen.cases.open_current()
    elif not screen.transcript.read_on():
        screen.cases.neighbour(1)


@handles("queue.next")
def next_conversation(screen: MainScreen) -> None:
    """The next conversation of the queue; opens it when one is open."""
    screen.cases.neighbour(1)


@handles("queue.previous")
def previous_conversation(screen: MainScreen) -> None:
    """The previous conversation of the queue."""
    screen.cases.neighbour(-1)


@handles("conversation.open")
def open_(screen: MainScreen) -> None:
    """Opens what the cursor is on; while a message of it is held, sends that now."""
    if screen.pane is Pane.LIST:
        screen.side_list.choose()
    else:
        screen.cases.open_current()


@handles("go.back")
def back(screen: MainScreen) -> None:
    """Leaves the innermost transient thing; at the top it quits."""
    screen.cases.back()


@handles("pane.next")
def next_pane(screen: MainScreen) -> None:
    """Focus to the next pane; on a narrow screen shows the queue or the conversation whole."""
    screen.panes.step(1)


@handles("pane.previous")
def previous_pane(screen: MainScreen) -> None:
    """Focus to the previous pane."""
    screen.panes.step(-1)


@handles("profile.toggle")
def toggle_profile(screen: MainScreen) -> None:
    """Shows or hides the customer."""
    screen.panes.toggle_profile()


@handles("view.next")
def next_view(screen: MainScreen) -> None:
    """The next view."""
    screen.show_view(screen.queues.neighbour(1))


@handles("view.previous")
def previous_view(screen: MainScreen) -> None:
    """The previous view."""
    screen.show_view(screen.queues.neighbour(-1))


def _go(view_key: str) -> None:
    def handler(screen: MainScreen) -> None:
        view = screen.queues.by_key(view_key)
        if view is not None:
            screen.show_view(view)

    handler.__doc__ = f"Shows the view on g{view_key}."
    handles({"i": "go.mine", "u": "go.unassigned", "a": "go.all", "s": "go.snoozed"}[view_key])(handler)


for _key in "iuas":
    _go(_key)


def _live(number: int) -> None:
    def handler(screen: MainScreen) -> None:
        screen.cases.live(number)

    handler.__doc__ = f"Opens my live chat number {number}."
    HANDLERS[f"live.{number}"] = handler


for _number in range(1, 10):
    _live(_number)
