"""What widgets tell the screen: each message goes to the part it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from csconsole.screens.main import MainScreen
    from csconsole.screens.side_list import SideList
    from csconsole.widgets.composer import Composer
    from csconsole.widgets.line_input import LineInput
    from csconsole.widgets.line_list import LineList
    from csconsole.widgets.picker import Picker


class Told:
    """The screen's handlers of its widgets' messages, found by Textual by their names."""

    @property
    def _screen(self) -> MainScreen:
        return cast("MainScreen", self)

    # -- lists -------------------------------------------------------------------------------------------------------

    def on_line_list_opened(self, event: LineList.Opened) -> None:
        """The row under the cursor was clicked."""
        if event.list is self._screen.side_list:
            self._screen.side_list.choose()
        else:
            self._screen.cases.open_current()

    def on_line_list_marks_changed(self) -> None:
        """Other rows are marked: other keys work, and how many there are is shown."""
        self._screen.hints_changed()

    def on_side_list_picked(self, event: SideList.Picked) -> None:
        """Something of the list in the queue's place was chosen."""
        self._screen.attempt(lambda: self._screen.side.choose(event.row))

    def on_transcript_older_wanted(self) -> None:
        """The oldest message at hand came into view."""
        self._screen.case.older()

    # -- pickers, prompts --------------------------------------------------------------------------------------------

    def on_picker_chosen(self, event: Picker.Chosen) -> None:
        """Rows were chosen."""
        self._screen.attempt(lambda: self._screen.picking.picked(event.ids, event.send))

    def on_picker_toggled(self, event: Picker.Toggled) -> None:
        """A row was switched."""
        self._screen.picking.switched(event.picker, event.id, event.on)

    def on_picker_created(self, event: Picker.Created) -> None:
        """A new row is wanted."""
        self._screen.picking.named(event.picker, event.text)

    def on_picker_refused(self, event: Picker.Refused) -> None:
        """The row cannot be chosen; says why."""
        self._screen.picking.refused(event.picker, event.reason)

    def on_picker_closed(self) -> None:
        """Escape."""
        self._screen.picking.cancelled()

    def on_line_input_submitted(self, event: LineInput.Submitted) -> None:
        """Enter in the field."""
        self._screen.attempt(lambda: self._screen.picking.submitted(event.value))

    def on_line_input_changed(self, event: LineInput.Changed) -> None:
        """The field's text is another."""
        self._screen.attempt(lambda: self._screen.picking.edited(event.value))

    def on_line_input_cancelled(self) -> None:
        """Escape in the field."""
        self._screen.picking.cancelled()

    # -- the box -----------------------------------------------------------------------------------------------------

    def on_composer_send(self) -> None:
        """The text is to leave."""
        self._screen.composing.send()

    def on_composer_cancel(self) -> None:
        """The box is left."""
        self._screen.composing.leave()

    def on_composer_changed(self) -> None:
        """The text is another."""
        self._screen.composing.changed()

    def on_composer_pull_back(self) -> None:
        """The held message is to come back."""
        self._screen.composing.hold.pull_back()

    def on_composer_send_now(self) -> None:
        """The held message is to leave at once."""
        self._screen.composing.hold.send_now()

    def on_composer_notice(self, event: Composer.Notice) -> None:
        """A sentence from the box."""
        self._screen.say(event.text)

    def on_composer_switch_asked(self) -> None:
        """Answer and note shall change places though something is written: asks."""
        self._screen.composing.ask_switch()

    def on_composer_insert_canned(self, event: Composer.InsertCanned) -> None:
        """A shortcut stands before the caret."""
        self._screen.composing.suggest(event.shortcut)
