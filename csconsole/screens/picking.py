"""Pickers and prompts: opened over the bottom of the screen, closed before what was chosen is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from csconsole.screens.choices import Choice
from csconsole.text.search import fold
from csconsole.widgets.line_input import LineInput
from csconsole.widgets.picker import Picker, PickerItem, Preview

if TYPE_CHECKING:
    from textual.widget import Widget

    from csconsole.screens.main import MainScreen

_USUAL_HEIGHT = 40

Chosen = Callable[[list[str]], None]
Typed = Callable[[str], bool]
"""Takes a typed text; False when it cannot be used, and the field stays."""


def item_of(choice: Choice) -> PickerItem:
    """A choice as a picker's row."""
    return PickerItem(choice.key, choice.label, right=choice.right, disabled=choice.disabled, on=choice.on)


def filtered(choices: Sequence[Choice], text: str) -> list[PickerItem]:
    """The choices a text finds: all words of it somewhere in label, remark or further words; whole starts first."""
    words = fold(text).split()
    if not words:
        return [item_of(c) for c in choices]
    found = []
    for place, choice in enumerate(choices):
        hay = fold(f"{choice.label} {choice.right} {choice.search}")
        if all(word in hay for word in words):
            found.append((not fold(choice.label).startswith(words[0]), place, choice))
    return [item_of(choice) for _, _, choice in sorted(found, key=lambda row: row[:2])]


class Picking:
    """The picker or prompt that is open, if any.

    Args:
        screen: the screen.
    """

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._widget: Picker | LineInput | None = None
        self._before: Widget | None = None
        self._chosen: Callable[[list[str], bool], None] | None = None
        self._toggled: Callable[[str, bool], None] | None = None
        self._created: Callable[[str], None] | None = None
        self._typed: Typed | None = None
        self._changed: Callable[[str], None] | None = None
        self._closed: Callable[[], None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether a picker or prompt has the keys."""
        return self._widget is not None

    @property
    def is_line(self) -> bool:
        """Whether it is a field to type into."""
        return isinstance(self._widget, LineInput)

    # -- opening ---------------------------------------------------------------------------------------------------

    def choose(
        self,
        title: str,
        find: Callable[[str], Sequence[PickerItem]],
        chosen: Callable[[list[str], bool], None],
        *,
        toggled: Callable[[str, bool], None] | None = None,
        created: Callable[[str], None] | None = None,
        several: bool = False,
        preview: Preview | None = None,
        note: str = "",
        rows: int = 12,
        preview_rows: int = 3,
        numbered: bool = True,
    ) -> None:
        """Opens a picker.

        Args:
            title: in the frame.
            find: rows for a search text.
            chosen: gets the keys chosen, and whether they shall be sent at once.
            toggled: gets a row switched; the picker stays open.
            created: gets the name of a new row.
            several: whether Tab collects rows.
            preview: lines below the rows.
            note: at the right end of the frame.
            rows: height of the picker on a screen of usual height; a higher one gives half of what it has more.
            preview_rows: lines of the preview.
            numbered: whether digits choose rows.
        """
        self.close()
        picker = Picker(
            self._screen.words,
            title,
            find,
            note=note,
            several=several,
            creates=created is not None,
            preview=preview,
            preview_rows=preview_rows,
            numbered=numbered,
        )
        height = self._screen.size.height
        picker.styles.height = min(rows + max(0, height - _USUAL_HEIGHT) // 2, max(6, height - 6))
        self._chosen, self._toggled, self._created = chosen, toggled, created
        self._show(picker)

    def pick(
        self,
        title: str,
        items: Sequence[Choice],
        chosen: Callable[[list[str]], object],
        *,
        typed: Callable[[str], bool] | None = None,
    ) -> None:
        """Opens a picker of choices; with ``typed`` a text that matches none is taken too."""

        def done(keys: list[str], _: bool) -> None:
            chosen(keys)

        def named(text: str) -> None:
            if typed is not None and typed(text):
                self.close()

        self.choose(title, lambda text: filtered(items, text), done, created=named if typed is not None else None)

    def pick_time(self, title: str, items: Callable[[str], list[Choice]], chosen: Callable[[str], object]) -> None:
        """Opens a picker of times: rows for what is typed, digits are text."""

        def done(keys: list[str], _: bool) -> None:
            chosen(keys[0])

        self.choose(
            title,
            lambda text: [item_of(choice) for choice in items(text)],
            done,
            numbered=False,
        )

    def toggle(self, title: str, items: Callable[[], list[Choice]], toggled: Callable[[str, bool], None]) -> None:
        """Opens a picker whose rows are switched at once; a new name makes a new row."""
        self.choose(
            title,
            lambda text: filtered(items(), text),
            lambda keys, _: None,
            toggled=toggled,
            created=lambda name: toggled(name, True),
        )

    def prompt(
        self,
        label: str,
        typed: Typed,
        *,
        initial: str = "",
        changed: Callable[[str], None] | None = None,
        count: Callable[[str], int | None] | None = None,
        history: tuple[str, ...] = (),
        cancelled: Callable[[], None] | None = None,
    ) -> None:
        """Opens a one-line field in the bottom line.

        Args:
            label: before the text.
            typed: gets the text on Enter; when it answers False the field stays.
            initial: text it begins with.
            changed: told of each change.
            count: says what a text finds, for the second reading.
            history: earlier entries.
            cancelled: told of Escape.
        """
        self.close()
        field = LineInput(self._screen.words, f"{label} ", initial, history, count)
        field.add_class("prompt")  # no id: the one before it may still be on its way out
        self._typed, self._changed, self._closed = typed, changed, cancelled
        self._show(field)

    def _show(self, widget: Picker | LineInput) -> None:
        self._before = self._screen.focused
        self._widget = widget
        self._screen.overlay(widget)
        self._screen.set_focus(widget)
        self._screen.call_after_refresh(self._paint, widget)
        self._screen.hints_changed()

    def _paint(self, widget: Picker | LineInput) -> None:
        """Paints the whole widget: it had the focus, and so was drawn, before it had a place on screen."""
        if widget is self._widget:
            widget.forget_sent()
            widget.refresh()

    # -- closing ---------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Closes what is open and gives the focus back."""
        widget, self._widget = self._widget, None
        self._chosen = self._toggled = self._created = self._typed = self._changed = self._closed = None
        if widget is None:
            return
        widget.remove()
        before, self._before = self._before, None
        if before is not None and before.is_attached and before.display:
            self._screen.set_focus(before)
        self._screen.hints_changed()

    # -- events ----------------------------------------------------------------------------------------------------

    def picked(self, keys: Sequence[str], send: bool) -> None:
        """Rows were chosen."""
        chosen = self._chosen
        self.close()
        if chosen is not None:
            chosen(list(keys), send)

    def switched(self, picker: Picker, key: str, on: bool) -> None:
        """A row was switched: done at once, and the rows are asked for anew."""
        if self._toggled is not None:
            self._toggled(key, on)
            picker.note = self._screen.message.text
            picker.find_again()

    def named(self, picker: Picker, text: str) -> None:
        """A new row is wanted."""
        if self._created is not None:
            self._created(text)
            picker.buffer.set("")
            picker.note = self._screen.message.text
            picker.find_again()
            picker.cursor = next((place for place, item in enumerate(picker.items) if item.id == text), picker.cursor)
            picker.repaint()

    def submitted(self, text: str) -> None:
        """Enter in the field."""
        typed = self._typed
        widget = self._widget
        if typed is None:
            return
        if typed(text):
            if self._widget is widget:
                self.close()
        elif isinstance(widget, LineInput) and self._widget is widget:
            widget.set_error(self._screen.message.text)  # the message line lies under the field

    def tell_reading(self, other: str | None, found: int) -> None:
        """Shows in the open field what its text finds, and how it was read where that is another way."""
        field = self._widget
        if isinstance(field, LineInput):
            field.reading, field.hits = other, found
            field.repaint()

    def tell(self, note: str) -> None:
        """Shows in the open field what its text means; "" for nothing."""
        field = self._widget
        if isinstance(field, LineInput):
            field.note = note
            field.repaint()

    def refused(self, picker: Picker, reason: str) -> None:
        """Says in the picker's frame why a row cannot be had: the message line lies under it."""
        picker.note = reason
        picker.repaint()

    def edited(self, text: str) -> None:
        """The field's text is another."""
        if self._changed is not None:
            self._changed(text)

    def cancelled(self) -> None:
        """Escape."""
        closed = self._closed
        self.close()
        if closed is not None:
            closed()
