"""A single-line field for the filter, search, the command line and prompts.

What gives nothing as typed is read again as if the other keyboard layout had been on, and the field says so.
"""

from __future__ import annotations

from collections.abc import Callable

from rich.style import Style
from textual import events
from textual.geometry import Offset
from textual.message import Message
from textual.strip import Strip

from csconsole.i18n import Catalog
from csconsole.text.graphemes import next_stop, width
from csconsole.text.keyboard import second_reading
from csconsole.widgets.line_buffer import ALT_KEYS, LineBuffer
from csconsole.widgets.painted import Painted
from csconsole.widgets.strips import Line

Count = Callable[[str], int | None]
"""How many things a text finds; None when that cannot be told yet. Must not take longer than a key may."""


class LineInput(Painted, can_focus=True):
    """One line that is typed into.

    Args:
        words: the interface's words.
        label: before the text, such as ``/`` or ``กรอง:``.
        text: what it begins with.
        history: earlier entries, oldest first.
        count: says what a text finds; without it there is no second reading.
        id: of the widget.

    Attributes:
        note: what the text means, shown at the right end.
    """

    DEFAULT_CSS = """
    LineInput { height: 1; }
    """

    alt_keys = ALT_KEYS

    class _Event(Message):
        def __init__(self, field: LineInput, value: str) -> None:
            super().__init__()
            self.field = field
            self.value = value

        @property
        def control(self) -> LineInput:
            """The field."""
            return self.field

    class Changed(_Event):
        """The text is another; ``value`` is what is meant by it."""

    class Submitted(_Event):
        """Enter: ``value`` is what is meant."""

    class Cancelled(_Event):
        """Escape: ``value`` is what was typed."""

    def __init__(
        self,
        words: Catalog,
        label: str = "",
        text: str = "",
        history: tuple[str, ...] = (),
        count: Count | None = None,
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.words = words
        self.label = label
        self.count = count
        self.buffer = LineBuffer(text, history)
        self.reading: str | None = None
        self.hits: int | None = None
        self.note = ""
        self._error = ""

    @property
    def typed(self) -> str:
        """The text as typed."""
        return self.buffer.text

    @property
    def meant(self) -> str:
        """The text, or its second reading when only that finds something."""
        return self.typed if self.reading is None else self.reading

    def set_text(self, text: str) -> None:
        """Replaces the text."""
        self.buffer.set(text)
        self._reread()

    def set_error(self, text: str) -> None:
        """Shows at the right end why the text cannot be used; typing removes it."""
        self._error = text
        self.repaint()

    def on_key(self, event: events.Key) -> None:
        """Edits, submits or leaves."""
        if event.key == "enter":
            self.buffer.remember()
            self.post_message(self.Submitted(self, self.meant))
        elif event.key == "escape":
            self.post_message(self.Cancelled(self, self.typed))
        else:
            before = self.typed
            if not self.buffer.key(event.key, event.character):
                return
            self._error = ""
            if self.typed != before:
                self._reread()
            self.repaint()
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Puts in what was pasted, as one line."""
        event.stop()
        self.buffer.insert(event.text)
        self._reread()

    def on_focus(self) -> None:
        """Shows the caret."""
        self.repaint()

    def on_blur(self) -> None:
        """Hides the caret."""
        self.repaint()

    def lines_of(self, cells: int, rows: int) -> list[Strip]:
        """Label, text with caret, and what it finds."""
        look = self.look
        line = Line(cells, look.text).put(self.label, look.active)
        note, note_style = self._note()
        room = max(4, line.room - width(note) - 2)
        start = line.used
        shown, caret = self.buffer.window(room)
        put_with_caret(line, shown, caret if self.has_focus else -1, look.text, look.cursor)
        if self.has_focus:
            self.app.cursor_position = Offset(self.region.x + start + caret, self.region.y)
        return [line.end((note, note_style), (" ", look.text)).strip()]

    def _note(self) -> tuple[str, Style]:
        look = self.look
        if self._error:
            return self._error, look.urgent
        if self.note:
            return f"→ {self.note}", look.good
        if self.reading is not None:
            return self.words.t("line.second_reading", text=self.reading, n=self.hits), look.good
        if self.hits is None or not self.typed:
            return "", look.muted
        key = "line.hits" if self.hits else "line.none"
        return self.words.t(key, n=self.hits), look.muted if self.hits else look.warning

    def _reread(self) -> None:
        self.reading, self.hits = read(self.typed, self.count)
        self.post_message(self.Changed(self, self.meant))
        self.repaint()


def read(typed: str, count: Count | None) -> tuple[str | None, int | None]:
    """The second reading of a text when only that finds something, and how many things are found.

    Args:
        typed: the text.
        count: says what a text finds.
    """
    if count is None or not typed:
        return None, None
    hits = count(typed)
    if hits == 0:
        other = second_reading(typed)
        found = count(other) if other is not None else 0
        if other is not None and found:
            return other, found
    return None, hits


def put_with_caret(line: Line, text: str, caret: int, style: Style, caret_style: Style) -> None:
    """Adds a text whose cluster at column ``caret`` is shown as under the caret; a column below 0 shows none."""
    if caret < 0:
        line.put(text, style)
        return
    index = column = 0
    while index < len(text) and column < caret:
        end = next_stop(text, index)
        column += width(text[index:end])
        index = end
    end = next_stop(text, index) if index < len(text) else index
    line.put(text[:index], style)
    line.put(text[index:end] or " ", caret_style)
    line.put(text[end:], style)
