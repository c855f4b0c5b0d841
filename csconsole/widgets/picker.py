"""The picker: a list to choose from, docked over the bottom of the screen without dimming what lies under it.

One widget serves canned replies, tags, assignment, status, snooze and help. It searches, numbers its rows, shows why a
row cannot be chosen, and can hold several rows or toggle them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events
from textual.geometry import Offset
from textual.message import Message
from textual.strip import Strip

from csconsole.i18n import Catalog
from csconsole.text.graphemes import truncate, width
from csconsole.text.keyboard import digit_for
from csconsole.text.sanitize import safe_line
from csconsole.widgets.line_buffer import ALT_KEYS, LineBuffer
from csconsole.widgets.line_input import put_with_caret, read
from csconsole.widgets.painted import Painted
from csconsole.widgets.strips import Line

_CANNOT_BEGIN_A_WORD = frozenset("ๅ/-\u0e38\u0e36")


@dataclass(frozen=True, slots=True)
class PickerItem:
    """One row.

    Attributes:
        id: what is chosen.
        label: what it is called.
        middle: a second column, such as a shortcut.
        right: at the right end, such as how often it is used.
        disabled: why it cannot be chosen; empty when it can.
        on: state of a row that is toggled, None for one that is not.
        key: behind ``right`` or why it cannot be chosen, such as the key of a command.
    """

    id: str
    label: str
    middle: str = ""
    right: str = ""
    disabled: str = ""
    on: bool | None = None
    key: str = ""

    def end(self, cells: int) -> str:
        """What stands at the right end, in so many cells: a long reason is cut, the key is not."""
        said = safe_line(self.disabled or self.right)
        room = cells - width(self.key) - 2 if self.key else cells
        return "  ".join(part for part in (truncate(said, max(0, room)), self.key) if part)


Find = Callable[[str], Sequence[PickerItem]]
"""The rows for a search text, best first; all of them for an empty text. Must not take longer than a key may."""

Preview = Callable[[tuple[str, ...]], Sequence[str]]
"""Lines shown below the rows for the chosen ids, or for the row under the cursor when none is chosen."""


class Picker(Painted, can_focus=True):
    """A docked list to choose from.

    Args:
        words: the interface's words.
        title: in the upper frame.
        find: gives the rows.
        note: at the right end of the upper frame.
        several: whether Tab chooses several rows.
        creates: whether a text that matches no row may be made a new one.
        searchable: without it there is no search line, and every key of the digit row counts in either layout.
        numbered: whether a digit chooses a row, unless Space came first; without it a text may begin with one.
        preview: gives the lines below the rows.
        preview_rows: how many lines those are.
        id: of the widget.
    """

    DEFAULT_CSS = """
    Picker { layer: overlay; dock: bottom; height: 12; }
    """

    alt_keys = ALT_KEYS

    class _Event(Message):
        def __init__(self, picker: Picker) -> None:
            super().__init__()
            self.picker = picker

        @property
        def control(self) -> Picker:
            """The picker."""
            return self.picker

    class Chosen(_Event):
        """Rows were chosen.

        Attributes:
            ids: in the order they were chosen.
            send: whether Ctrl+S was pressed: choose and send at once.
        """

        def __init__(self, picker: Picker, ids: tuple[str, ...], send: bool = False) -> None:
            super().__init__(picker)
            self.ids = ids
            self.send = send

    class Toggled(_Event):
        """A row was switched; the picker stays open until its rows are set anew or it is closed."""

        def __init__(self, picker: Picker, id: str, on: bool) -> None:
            super().__init__(picker)
            self.id = id
            self.on = on

    class Created(_Event):
        """A new row of this name is wanted."""

        def __init__(self, picker: Picker, text: str) -> None:
            super().__init__(picker)
            self.text = text

    class Refused(_Event):
        """The row cannot be chosen, and why."""

        def __init__(self, picker: Picker, reason: str) -> None:
            super().__init__(picker)
            self.reason = reason

    class Closed(_Event):
        """Escape."""

    def __init__(
        self,
        words: Catalog,
        title: str,
        find: Find,
        *,
        note: str = "",
        several: bool = False,
        creates: bool = False,
        searchable: bool = True,
        numbered: bool = True,
        preview: Preview | None = None,
        preview_rows: int = 3,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.words = words
        self.title = title
        self.note = note
        self.several = several
        self.creates = creates
        self.searchable = searchable
        self.numbered = numbered
        self.preview = preview
        self.preview_rows = preview_rows if preview is not None else 0
        self.buffer = LineBuffer()
        self.items: Sequence[PickerItem] = ()
        self.cursor = 0
        self.chosen: list[str] = []
        self._find = find
        self._top = 0
        self._right_cells = 0
        self._reading: str | None = None
        self._is_typing = False
        self._search()

    # -- state --------------------------------------------------------------------------------------------------------

    @property
    def current(self) -> PickerItem | None:
        """The row under the cursor; None on the row that creates."""
        return self.items[self.cursor] if self.cursor < len(self.items) else None

    def find_again(self) -> None:
        """Asks for the rows anew, as after a toggle; the cursor stays on its row."""
        current = self.current
        self._search()
        for place, item in enumerate(self.items):
            if current is not None and item.id == current.id:
                self.cursor = place
        self.repaint()

    # -- keys ---------------------------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """Moves, searches, chooses or closes."""
        if self._take(event.key, event.character):
            event.stop()
            event.prevent_default()
            self.repaint()

    def on_paste(self, event: events.Paste) -> None:
        """Searches for what was pasted."""
        if self.searchable:
            event.stop()
            self.buffer.insert(event.text)
            self._search()
            self.repaint()

    def _take(self, key: str, character: str | None) -> bool:
        if key == "escape":
            self.post_message(self.Closed(self))
        elif key in ("enter", "ctrl+s"):
            self._choose(self.cursor, send=key == "ctrl+s")
        elif key in ("down", "ctrl+n") or (key == "j" and not self.searchable):
            self._move(1)
        elif key in ("up", "ctrl+p") or (key == "k" and not self.searchable):
            self._move(-1)
        elif key in ("pagedown", "pageup"):
            self._move(self._row_count() if key == "pagedown" else -self._row_count())
        elif key == "tab" and self.several:
            self._mark()
        elif (digit := self._digit(character)) is not None:
            self._choose(self._top + digit - 1)
        elif self.searchable and key == "space" and self._counts_rows():
            self._is_typing = True
        elif self._is_typing and key == "backspace" and not self.buffer.text:
            self._is_typing = False
        elif self.searchable:
            before = self.buffer.text
            if not self.buffer.key(key, character):
                return False
            if self.buffer.text != before:
                self._search()
        else:
            return False
        return True

    def _digit(self, character: str | None) -> int | None:
        """The number of a row. While a text may be typed, only signs that cannot begin a word count."""
        if character is None or not self._counts_rows():
            return None
        digit = digit_for(character)
        if not digit or (self.searchable and not character.isdigit() and character not in _CANNOT_BEGIN_A_WORD):
            return None
        return digit if self._top + digit <= len(self.items) or not self.searchable else None

    def _counts_rows(self) -> bool:
        """Whether a digit means a row: before a text, and before the space that lets a text begin with a digit."""
        return self.numbered and not self._is_typing and not self.buffer.text

    def _move(self, step: int) -> None:
        self.cursor = max(0, min(self.cursor + step, self._last()))

    def _last(self) -> int:
        return max(0, len(self.items) - (0 if self._can_create() else 1))

    def _mark(self) -> None:
        item = self.current
        if item is None:
            return
        if item.disabled:
            self.post_message(self.Refused(self, item.disabled))
        elif item.id in self.chosen:
            self.chosen.remove(item.id)
        else:
            self.chosen.append(item.id)
        self._move(1)

    def _choose(self, place: int, send: bool = False) -> None:
        if place >= len(self.items):
            if place == len(self.items) and self._can_create():
                self.post_message(self.Created(self, self.buffer.text.strip()))
            return
        item = self.items[place]
        if self.chosen:
            self.post_message(self.Chosen(self, tuple(self.chosen), send))
            return
        self.cursor = place
        if item.disabled:
            self.post_message(self.Refused(self, item.disabled))
        elif item.on is not None:
            self.post_message(self.Toggled(self, item.id, not item.on))
        else:
            self.post_message(self.Chosen(self, (item.id,), send))

    def _search(self) -> None:
        self._reading, _ = read(self.buffer.text, lambda text: len(self._find(text)))
        self.items = self._find(self.buffer.text if self._reading is None else self._reading)
        self.cursor = self._top = 0

    def _can_create(self) -> bool:
        text = self.buffer.text.strip().casefold()
        return self.creates and bool(text) and all(item.label.casefold() != text for item in self.items)

    # -- drawing ------------------------------------------------------------------------------------------------------

    def _row_count(self) -> int:
        frame = 2 + self.searchable + (self.preview_rows + 1 if self.preview_rows else 0)
        return max(1, self.size.height - frame)

    def lines_of(self, cells: int, rows: int) -> list[Strip]:
        """Frame, search line, rows, preview, frame with the keys."""
        count = self._row_count()
        if self.cursor < self._top:
            self._top = self.cursor
        elif self.cursor >= self._top + count:
            self._top = self.cursor - count + 1
        rights = (width(item.end(cells // 3)) for item in self.items[self._top : self._top + count])
        self._right_cells = min(cells // 3, max(rights, default=0))
        lines = [self._rule(cells, "┌", "┐", self.title, self.note)]
        if self.searchable:
            lines.append(self._search_line(cells))
        lines += [self._row(place, cells) for place in range(self._top, self._top + count)]
        if self.preview_rows and self.preview is not None:
            current = self.current
            ids = tuple(self.chosen) or ((current.id,) if current is not None else ())
            lines.append(self._rule(cells, "├", "┤", self.words.t("canned.preview"), ""))
            shown = list(self.preview(ids))[: self.preview_rows] if ids else []
            shown += [""] * (self.preview_rows - len(shown))
            for text in shown:
                line = self._boxed(cells).put(truncate(safe_line(text), cells - 4), self.look.text)
                lines.append(line.gap_to(cells - 1).put("│", self.look.rule).strip())
        lines.append(self._rule(cells, "└", "┘", self.words.t(self._keys()), self._chosen_note()))
        return lines

    def _keys(self) -> str:
        """Key of the words in the lower frame: which keys do something."""
        if self._counts_rows():
            return "picker.keys" if self.several else "picker.keys.one"
        return "picker.keys.words" if self.several else "picker.keys.typed"

    def _chosen_note(self) -> str:
        return self.words.t("picker.chosen", n=len(self.chosen)) if self.chosen else ""

    def _rule(self, cells: int, left: str, right: str, text: str, note: str) -> Strip:
        look = self.look
        line = Line(cells, look.text).put(f"{left} ", look.rule)
        line.put(truncate(safe_line(text), cells - 6), look.active).gap()
        note = safe_line(note)
        if note and line.room > width(note) + 6:
            line.put("─" * (line.room - width(note) - 3), look.rule).gap().put(note, look.muted).gap()
        else:
            line.put("─" * (line.room - 1), look.rule)
        return line.put(right, look.rule).strip()

    def _boxed(self, cells: int) -> Line:
        return Line(cells, self.look.text).put("│", self.look.rule).gap()

    def _search_line(self, cells: int) -> Strip:
        look = self.look
        line = self._boxed(cells).put(f"{self.words.t('picker.search')}: ", look.muted)
        start = line.used
        note = ""
        if self._reading is not None:
            note = self.words.t("line.second_reading", text=self._reading, n=len(self.items))
        elif not self.items:
            note = self.words.t("picker.none")
        shown, caret = self.buffer.window(max(4, line.room - width(note) - 4))
        put_with_caret(line, shown, caret if self.has_focus else -1, look.text, look.cursor)
        if self.has_focus:
            self.app.cursor_position = Offset(self.region.x + start + caret, self.region.y + 1)
        style = look.good if self._reading is not None else look.warning
        return line.end((note, style), (" ", look.text), ("│", look.rule)).strip()

    def _row(self, place: int, cells: int) -> Strip:
        look = self.look
        line = Line(cells, look.text).put("│", look.rule)
        selected = place == self.cursor
        line.put(*((">", look.marker) if selected else (" ", look.text)))
        if place < len(self.items):
            self._item(line, self.items[place], place, cells)
        elif place == len(self.items) and self._can_create():
            line.gap(3).put(self.words.t("picker.create", text=self.buffer.text.strip()), look.good)
        return line.gap_to(cells - 1).put("│", look.rule).strip()

    def _item(self, line: Line, item: PickerItem, place: int, cells: int) -> None:
        look = self.look
        number = place - self._top + 1
        if self.numbered:
            counted = number < 10 and not item.disabled and self._counts_rows()
            sign = str(number) if counted else "-" if item.disabled else " "
            line.put(sign, look.active if counted else look.muted)
        line.gap()
        if item.on is not None:
            line.put("[x] " if item.on else "[ ] ", look.good if item.on else look.muted)
        elif self.several:
            line.put("x " if item.id in self.chosen else "  ", look.good)
        right = item.end(cells // 3)
        stop = cells - 2 - width(right)
        column = cells - 2 - self._right_cells
        style = look.muted if item.disabled else look.text
        room = column - line.used - 1
        if item.middle and room > 30:
            line.put(truncate(safe_line(item.label), room * 3 // 5 - 1), style, room * 3 // 5)
            line.put(truncate(safe_line(item.middle), column - line.used - 1), look.muted)
        else:
            line.put(truncate(safe_line(item.label), max(0, stop - line.used - 1)), style)
        line.gap_to(stop).put(right, look.warning if item.disabled else look.muted)
