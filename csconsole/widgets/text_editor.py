"""A text area for Thai: the caret walks by cluster and word, and a key sends the lines it changed.

Backspace takes one code point, as Thai typists expect of a wrong tone mark; Delete takes a whole cluster, so that no
mark is left without its base.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import isawaitable

from rich.segment import Segment
from textual import events
from textual.binding import Binding
from textual.document._document import Location
from textual.strip import Strip
from textual.widgets import TextArea

from csconsole.text import graphemes
from csconsole.text.sanitize import safe_text
from csconsole.widgets.painted import ChangedLines


class TextEditor(ChangedLines, TextArea):
    """The editing part of the composer.

    Args:
        text: what it begins with.
        id: of the widget.

    Attributes:
        intercept: is asked about each key before it is typed; True takes it.
    """

    DEFAULT_CSS = """
    TextEditor, TextEditor:focus {
        border: none; padding: 0; background: $background; color: $foreground;
        scrollbar-size: 0 0; overflow-x: hidden;
        & .text-area--cursor { color: $foreground; background: $background; text-style: reverse; }
        & .text-area--selection { text-style: reverse; background: $background; color: $foreground; }
    }
    """

    @property
    def alt_keys(self) -> frozenset[str]:
        """Keys with Alt that mean something to the text."""
        return ALT_KEYS

    def __init__(self, text: str = "", *, id: str | None = None) -> None:
        super().__init__(
            safe_text(text), id=id, soft_wrap=True, show_line_numbers=False, highlight_cursor_line=False, compact=True
        )
        self.cursor_blink = False
        self.match_cursor_bracket = False
        self.intercept: Callable[[str], bool] = lambda key: False

    # -- text -------------------------------------------------------------------------------------------------------

    @property
    def index(self) -> int:
        """The caret as an index into :attr:`text`."""
        return self.index_of(self.cursor_location)

    def index_of(self, location: Location) -> int:
        """The index into :attr:`text` of a place ``(row, column)``."""
        row, column = location
        return sum(len(self.document[line]) + 1 for line in range(row)) + column

    def location_of(self, index: int) -> Location:
        """The place ``(row, column)`` of an index into :attr:`text`."""
        row = 0
        while row < self.document.line_count - 1 and index > len(self.document[row]):
            index -= len(self.document[row]) + 1
            row += 1
        return row, min(index, len(self.document[row]))

    def rewrap(self) -> None:
        """Wraps for the width there is: a text that came while the box was out of sight was not wrapped."""
        self._rewrap_and_refresh_virtual_size()
        self.forget_sent()
        self.refresh()

    def set_text(self, text: str) -> None:
        """Replaces everything, undoable, and puts the caret at the end."""
        self.replace_range(0, len(self.text), text)

    def replace_range(self, start: int, end: int, text: str) -> None:
        """Replaces the code points from ``start`` to ``end``, undoable, and puts the caret behind the new text."""
        result = self.replace(safe_text(text), self.location_of(start), self.location_of(end))
        self.move_cursor(result.end_location)

    # -- caret ------------------------------------------------------------------------------------------------------

    def clamp_visitable(self, location: Location) -> Location:
        """The nearest place not inside a cluster."""
        row, column = super().clamp_visitable(location)
        line = self.document[row]
        if 0 < column < len(line):
            column = graphemes.next_stop(line, column - 1)
        return row, column

    def get_cursor_left_location(self) -> Location:
        """One cluster to the left, or the end of the line above."""
        row, column = self.cursor_location
        if column:
            return row, graphemes.previous_stop(self.document[row], column)
        return (row - 1, len(self.document[row - 1])) if row else (0, 0)

    def get_cursor_right_location(self) -> Location:
        """One cluster to the right, or the start of the line below."""
        row, column = self.cursor_location
        if column < len(self.document[row]):
            return row, graphemes.next_stop(self.document[row], column)
        return (row + 1, 0) if row < self.document.line_count - 1 else (row, column)

    def get_cursor_word_left_location(self) -> Location:
        """One word to the left, Thai words by their borders."""
        row, column = self.cursor_location
        if column:
            return row, graphemes.previous_word(self.document[row], column)
        return self.get_cursor_left_location()

    def get_cursor_word_right_location(self) -> Location:
        """One word to the right, Thai words by their borders."""
        row, column = self.cursor_location
        if column < len(self.document[row]):
            return row, graphemes.next_word(self.document[row], column)
        return self.get_cursor_right_location()

    def action_delete_left(self) -> None:
        """Deletes the selection or the code point before the caret."""
        start, end = self.selection
        if start == end:
            row, column = end
            start = (row, column - 1) if column else self.get_cursor_left_location()
        self._delete_via_keyboard(start, end)

    def action_delete_word_right(self) -> None:
        """Deletes the selection or up to the end of the word after the caret."""
        start, end = self.selection
        if start == end:
            end = self.get_cursor_word_right_location()
        self._delete_via_keyboard(start, end)

    async def _on_key(self, event: events.Key) -> None:
        """Lets the composer take a key first; then types it."""
        if self.intercept(event.key):
            event.stop()
            event.prevent_default()
            return
        action = _ACTIONS.get(event.key)
        if action is not None:
            # Textual runs a binding only after the key has bubbled up to the application: letters typed meanwhile,
            # as over a slow line, would come before it.
            event.stop()
            event.prevent_default()
            name, select = action
            method = getattr(self, f"action_{name}")
            result = method(True) if select else method()
            if isawaitable(result):
                await result
            return
        await super()._on_key(event)

    async def _on_paste(self, event: events.Paste) -> None:
        """Pastes safe text: what comes from a clipboard may hold anything."""
        event.stop()
        event.prevent_default()
        if not self.read_only and (result := self._replace_via_keyboard(safe_text(event.text), *self.selection)):
            self.move_cursor(result.end_location)

    # -- drawing ----------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """A line; marks are drawn with their base, also under the cursor."""
        return _with_marks_joined(super().render_line(y))


def _editing_keys() -> dict[str, tuple[str, bool]]:
    """Keys of a text area with the action each runs, and whether it selects on the way."""
    keys: dict[str, tuple[str, bool]] = {}
    for binding in TextArea.BINDINGS:
        if isinstance(binding, Binding):
            name, _, select = binding.action.partition("(")
            keys.update({key.strip(): (name, select == "True)") for key in binding.key.split(",")})
    return keys


_ACTIONS = {
    **_editing_keys(),
    # What readline has, and what a Mac sends for Option and an arrow.
    "alt+b": ("cursor_word_left", False),
    "alt+f": ("cursor_word_right", False),
    "alt+backspace": ("delete_word_left", False),
    "alt+d": ("delete_word_right", False),
}

ALT_KEYS = frozenset(key for key in _ACTIONS if key.startswith("alt+"))
"""Keys with Alt that mean something to the text."""


def _with_marks_joined(strip: Strip) -> Strip:
    """Moves marks at the start of a segment to the segment before it, where their base is."""
    segments = list(strip)
    if not any(segment.text and graphemes.width(segment.text[0]) == 0 for segment in segments[1:]):
        return strip
    joined: list[Segment] = []
    for text, style, control in segments:
        count = 0
        while joined and count < len(text) and graphemes.width(text[count]) == 0:
            count += 1
        if count:
            base = joined[-1]
            joined[-1] = Segment(base.text + text[:count], base.style, base.control)
            text = text[count:]
        if text:
            joined.append(Segment(text, style, control))
    return Strip(joined, strip.cell_length)
