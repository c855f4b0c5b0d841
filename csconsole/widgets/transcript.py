"""The messages of a conversation, newest at the bottom.

Lines are counted from the newest message up, and a message is wrapped only once the window reaches it, so that opening
a conversation of any length costs one window. Older messages that arrive therefore never move what is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual import events
from textual.message import Message as Event
from textual.strip import Strip
from textual.widget import Widget

from csconsole.domain.message import Message
from csconsole.themes import Look, look
from csconsole.widgets.message_blocks import MessageBlocks
from csconsole.widgets.painted import ChangedLines
from csconsole.widgets.strips import Line
from csconsole.widgets.transcript_lines import TranscriptSetting

_WHEEL_LINES = 3


class Transcript(ChangedLines, Widget, can_focus=True):
    """A scrolling transcript.

    Args:
        setting: what messages are drawn with.
        id: of the widget.
    """

    DEFAULT_CSS = """
    Transcript { background: $background; }
    """

    class OlderWanted(Event):
        """The oldest message at hand came into view and there are older ones: call :meth:`Transcript.prepend`."""

        def __init__(self, transcript: Transcript) -> None:
            super().__init__()
            self.transcript = transcript

    class MessageSelected(Event):
        """Another message is selected; None when none is."""

        def __init__(self, transcript: Transcript, message: Message | None) -> None:
            super().__init__()
            self.transcript = transcript
            self.message = message

    def __init__(self, setting: TranscriptSetting, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.setting = setting
        self.has_older = False
        self._blocks = MessageBlocks()
        self._below = 0
        self._selected: int | None = None
        self._window: list[Strip] = []
        self._asked_older = False
        self._wants_start = False
        self.empty_key = "empty.messages"

    # -- what is shown ----------------------------------------------------------------------------------------------

    @property
    def look(self) -> Look:
        """The styles of the theme in force."""
        return look(self.app.theme)

    @property
    def messages(self) -> Sequence[Message]:
        """The messages at hand, oldest first."""
        return self._blocks.messages

    @property
    def selected(self) -> Message | None:
        """The selected message."""
        return self._messages[self._selected] if self._selected is not None else None

    @property
    def is_at_bottom(self) -> bool:
        """Whether the newest message is in view."""
        return self._below == 0

    def show(self, messages: Iterable[Message], *, read_seq: int | None = None, has_older: bool = False) -> None:
        """Shows another conversation.

        Args:
            messages: its newest messages, oldest first.
            read_seq: the last ``seq`` the agent has read; the line "new" stands behind it. None draws no line.
            has_older: whether the store has older ones.
        """
        self._blocks.show(messages, read_seq)
        self.has_older = has_older
        self._asked_older = False
        self._below = 0
        self._selected = None
        self._wants_start = True
        self._update()

    def prepend(self, messages: Iterable[Message], *, has_older: bool) -> None:
        """Adds older messages, oldest first; what is in view stays where it is."""
        older = list(messages)
        self._blocks.replace([*older, *self._messages])
        if self._selected is not None:
            self._selected += len(older)
        self.has_older = has_older
        self._asked_older = False
        self._update()

    def put(self, messages: Iterable[Message]) -> None:
        """Adds messages or replaces those of the same ``uid``, in the order ``(at, seq)``.

        At the bottom the newest stays in view; further up what is read stays where it is.
        """
        anchor = None if self._below == 0 else self._bottom_message()
        held = self.selected
        known = {message.uid: message for message in self._messages}
        known.update({message.uid: message for message in messages})
        self._blocks.replace(sorted(known.values(), key=lambda message: (message.at, message.seq)))
        if held is not None:
            self._selected = self._blocks.place_of(held.uid)
        if anchor is not None:
            uid, hidden = anchor
            place = self._place_of(uid)
            newer = sum(self._height(i) for i in range(place + 1, len(self._messages)))
            self._below = newer + min(hidden, self._height(place))
        self._update()

    def set_setting(self, setting: TranscriptSetting) -> None:
        """Draws with another setting: another search, language or day."""
        self.setting = setting
        self._update()

    # -- moving -----------------------------------------------------------------------------------------------------

    def scroll_lines(self, lines: int) -> bool:
        """Moves the window by lines, down when positive; False when it cannot move further that way."""
        before = self._below
        self._below = max(0, self._below - lines)
        self._update()
        return self._below != before

    def half_page(self, direction: int) -> bool:
        """Moves the window by half its height, down for 1 and up for -1; False at the end."""
        return self.scroll_lines(direction * max(1, self.size.height // 2))

    def read_on(self) -> bool:
        """Moves a page down, keeping two lines; False at the end, when the next conversation may be opened."""
        return self.scroll_lines(max(1, self.size.height - 2))

    def to_first(self) -> None:
        """Goes to the oldest message at hand."""
        self._below = 1 << 40
        self._update()

    def to_last(self) -> None:
        """Goes to the newest message."""
        self._below = 0
        self._update()

    def select(self, step: int) -> None:
        """Selects the next (1) or previous (-1) message; from none, the newest."""
        if not self._messages:
            return
        last = len(self._messages) - 1
        self._selected = last if self._selected is None else max(0, min(last, self._selected + step))
        self._into_view(self._selected)
        self._update()
        self.post_message(self.MessageSelected(self, self.selected))

    def select_uid(self, uid: str) -> bool:
        """Selects a message by id and scrolls to it; False when it is not at hand."""
        place = self._blocks.place_of(uid)
        if place is None:
            return False
        self._selected = place
        self._wants_start = False
        self._into_view(place)
        self._update()
        self.post_message(self.MessageSelected(self, self.selected))
        return True

    def unselect(self) -> bool:
        """Selects no message; False when none was."""
        if self._selected is None:
            return False
        self._selected = None
        self._update()
        self.post_message(self.MessageSelected(self, None))
        return True

    def toggle_expanded(self) -> None:
        """Shows the selected message whole, a very long one portion by portion, and then clipped again."""
        if self.selected is not None:
            self._blocks.expand(self.selected)
            self._update()

    def toggle_folds(self) -> None:
        """Shows or folds quotations and signatures: the selected message's, or all when none is selected."""
        self._blocks.toggle_folds(self.selected)
        self._update()

    def next_hit(self, step: int) -> bool:
        """Selects the next message (1 newer, -1 older) that holds a word searched for; False when there is none."""
        at = self._selected if self._selected is not None else len(self._messages)
        places = range(at + 1, len(self._messages)) if step > 0 else range(at - 1, -1, -1)
        for place in places:
            folded = self._messages[place].body.casefold()
            if any(word and word in folded for word in self.setting.hits):
                self._selected = place
                self._into_view(place)
                self._update()
                self.post_message(self.MessageSelected(self, self.selected))
                return True
        return False

    # -- Textual ----------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Follows the theme."""
        self.watch(self.app, "theme", self._theme_changed, init=False)

    def on_focus(self) -> None:
        """Lights the marker of a selected message; selects none by itself."""
        self._update()

    def on_blur(self) -> None:
        """Dims the marker."""
        self._update()

    def on_resize(self, event: events.Resize) -> None:
        """Wraps anew; the newest line in view stays the newest line in view."""
        anchor = None if self._below == 0 else self._bottom_message()
        if anchor is not None:
            place = self._place_of(anchor[0])
            self._below = sum(self._height(i) for i in range(place + 1, len(self._messages)))
        self.forget_sent()
        self._update()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Moves the window."""
        event.stop()
        self.scroll_lines(_WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Moves the window."""
        event.stop()
        self.scroll_lines(-_WHEEL_LINES)

    def render_line(self, y: int) -> Strip:
        """A line of the window; composed now where there was no room for it when it came."""
        if len(self._window) != self.size.height:
            self._fill()
        return self._window[y] if y < len(self._window) else Strip.blank(self.size.width, self.look.text)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _theme_changed(self) -> None:
        self.forget_sent()
        self._update()

    @property
    def _messages(self) -> list[Message]:
        return self._blocks.messages

    def _block(self, place: int) -> list[Strip]:
        """Lines of a message with what stands before it."""
        return self._blocks.lines(place, self.size.width, self.app.theme, self.setting)

    def _height(self, place: int) -> int:
        return len(self._block(place))

    def _place_of(self, uid: str) -> int:
        """The place of a message that is at hand."""
        place = self._blocks.place_of(uid)
        assert place is not None
        return place

    def _bottom_message(self) -> tuple[str, int] | None:
        """The newest message in view and how many of its lines lie below the window."""
        below = self._below
        for place in range(len(self._messages) - 1, -1, -1):
            height = len(self._block(place))
            if below < height:
                return self._messages[place].uid, below
            below -= height
        return None

    def _into_view(self, place: int) -> None:
        """Scrolls so that a message is in view; of one higher than the window, its beginning."""
        newer = sum(self._height(i) for i in range(place + 1, len(self._messages)))
        height, window = self._height(place), self.size.height
        if newer < self._below:
            self._below = newer
        elif newer + height > self._below + window:
            self._below = newer + height - window
        if height > window:
            self._below = newer + height - window

    def _update(self) -> None:
        """Composes the window and sends the lines that changed."""
        if not self.is_mounted or not self.size.height:
            self._window = []  # out of sight: composed when it is seen again
            return
        self._fill()
        self.refresh()

    def _fill(self) -> None:
        """Composes the window for the size there is."""
        new = self._lines()
        if self._wants_start:
            self._wants_start = False
            new = self._start_at_new() or new
        self._window = new

    def _start_at_new(self) -> list[Strip] | None:
        """Where the line "new" lies above the window, begins there instead of at the bottom."""
        first_new = self._blocks.first_new
        if first_new is None:
            return None
        unread = sum(self._height(i) for i in range(first_new, len(self._messages)))
        if unread <= self.size.height:
            return None
        self._below = unread - self.size.height
        return self._lines()

    def _lines(self) -> list[Strip]:
        height, cells = self.size.height, self.size.width
        lines: list[Strip] = []  # newest first
        skip, place = self._below, len(self._messages) - 1
        while place >= 0 and len(lines) < height:
            block = self._block(place)
            if skip >= len(block):
                skip -= len(block)
            else:
                marked = self._marked(block) if place == self._selected else block
                lines.extend(marked[: len(block) - skip][::-1])
                skip = 0
            place -= 1
        if place < 0 and len(lines) < height and self._below:
            # Past the top: the window ends where the oldest message begins.
            total = sum(len(self._block(i)) for i in range(len(self._messages)))
            self._below = min(self._below, max(0, total - height))
            if self._below + len(lines) < total:
                self._ask_older()
                return self._lines()
        if place < 0:
            self._ask_older()
        del lines[height:]
        blank = Strip.blank(cells, self.look.text)
        if not self._messages:
            empty = self.setting.words.t(self.empty_key) if self.empty_key else ""
            text = Line(cells, self.look.muted).gap().put(empty).strip()
            return [text, *([blank] * (height - 1))]
        lines.reverse()
        return [*([blank] * (height - len(lines))), *lines]

    def _ask_older(self) -> None:
        if self.has_older and not self._asked_older:
            self._asked_older = True
            self.post_message(self.OlderWanted(self))

    def _marked(self, block: list[Strip]) -> list[Strip]:
        style = self.look.marker if self.has_focus else self.look.idle_marker
        marker = Line(1, self.look.text).put(">", style).strip()
        return [Strip.join([marker, strip.crop(1)]) for strip in block]
