"""The panes: how many there are for a width, which one has the keys, and the way from one to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widget import Widget

from csconsole.commands.context import Pane
from csconsole.screens import layout

if TYPE_CHECKING:
    from csconsole.screens.main import MainScreen


class Panes:
    """The panes of the screen.

    Args:
        screen: the screen.
    """

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._focused_before: Widget | None = None

    # -- which there are -----------------------------------------------------------------------------------------

    def fit(self, columns: int, rows: int) -> None:
        """Three panes, two, one, or a sentence."""
        screen = self._screen
        kind = layout.kind(columns)
        for name in ("wide", "middle", "narrow"):
            screen.set_class(name == kind, name)
        screen.set_class(columns >= layout.WIDEST, "widest")
        self._hide_when_small(layout.is_small(columns, rows))
        screen.queue.set_rows_height(layout.queue_row_height(columns, screen.desk.config.ui.density))
        screen.call_after_refresh(screen.hints_changed)

    def _hide_when_small(self, is_small: bool) -> None:
        """Shows the sentence instead of the panes and back; the keys go where they went before."""
        screen = self._screen
        if is_small and not screen.has_class("small"):
            self._focused_before = screen.focused
        was_small = screen.has_class("small")
        screen.set_class(is_small, "small")
        before, self._focused_before = self._focused_before, self._focused_before if is_small else None
        if was_small and not is_small and before is not None:
            screen.call_after_refresh(screen.set_focus, before)

    @property
    def is_narrow(self) -> bool:
        """Whether there is one pane only."""
        return self._screen.has_class("narrow")

    @property
    def shows_case(self) -> bool:
        """Whether the open conversation is in view."""
        screen = self._screen
        return screen.opened is not None and not (self.is_narrow and screen.has_class("list-whole"))

    # -- which has the keys --------------------------------------------------------------------------------------

    @property
    def current(self) -> Pane:
        """Where the focus is."""
        screen = self._screen
        focused = screen.focused
        if screen.is_picking:
            return Pane.LINE if screen.picking.is_line else Pane.PICKER
        if focused is None or focused is screen.queue:
            return Pane.QUEUE
        if focused is screen.side_list:
            return Pane.LIST
        if focused is screen.transcript:
            return Pane.TRANSCRIPT
        if focused is screen.profile:
            return Pane.PROFILE
        return Pane.COMPOSER if screen.is_writing else Pane.QUEUE

    def _all(self) -> list[Widget]:
        screen = self._screen
        panes: list[Widget] = [self._list]
        if screen.opened is not None:
            panes.append(screen.composer.editor if screen.is_writing else screen.transcript)
            if screen.profile.display:
                panes.append(screen.profile)
        return panes

    @property
    def _list(self) -> Widget:
        screen = self._screen
        return screen.side_list if screen.side_list.display else screen.queue

    def step(self, step: int) -> None:
        """Moves the focus; with one pane the queue and the conversation take turns."""
        screen, panes = self._screen, self._all()
        focused = screen.focused
        place = panes.index(focused) if focused in panes else 0
        target = panes[(place + step) % len(panes)]
        if self.is_narrow and screen.opened is not None:
            screen.set_class(target is panes[0], "list-whole")
        screen.set_focus(target)
        screen.hints_changed()

    def to_list(self) -> None:
        """Focus to the queue, or to the list in its place."""
        self._screen.set_focus(self._list)

    def to_transcript(self) -> None:
        """Focus to the open conversation."""
        screen = self._screen
        screen.set_focus(screen.transcript if screen.opened is not None else screen.queue)
        screen.hints_changed()

    def toggle_profile(self) -> None:
        """Shows or hides the customer."""
        screen = self._screen
        if screen.has_class("wide"):
            screen.toggle_class("profile-closed")
            screen.call_after_refresh(screen.hints_changed)
        elif screen.opened is not None:
            screen.toggle_class("profile-open")
            screen.remove_class("list-whole")
            # Where it takes the place of another pane it takes the keys too.
            screen.call_after_refresh(self._focus_profile)

    def _focus_profile(self) -> None:
        screen = self._screen
        screen.set_focus(screen.profile if screen.has_class("profile-open") else screen.transcript)
