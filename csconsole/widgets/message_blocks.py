"""The messages at hand as blocks of lines, each wrapped when it is first asked for and kept while it looks the same."""

from __future__ import annotations

from collections.abc import Iterable

from textual.strip import Strip

from csconsole.domain.message import Direction, Message
from csconsole.themes import look
from csconsole.widgets.transcript_lines import (
    MORE_CHARS,
    TranscriptSetting,
    day_line,
    is_new_day,
    message_lines,
    new_line,
)


class MessageBlocks:
    """Messages, oldest first, with what stands before each: a new day, the line "new".

    Attributes:
        messages: those at hand.
        first_new: place of the first one of a customer behind the read mark, None when all are read.
    """

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._expanded: dict[str, int] = {}
        self.first_new: int | None = None
        self._read_seq: int | None = None
        self._unfolded: set[str] = set()
        self._unfolds_all = False
        self._cached: dict[str, tuple[tuple[object, ...], list[Strip]]] = {}

    def show(self, messages: Iterable[Message], read_seq: int | None) -> None:
        """Another conversation; ``read_seq`` None draws no line "new"."""
        self._expanded.clear()
        self._unfolded.clear()
        self._unfolds_all = False
        self._cached.clear()
        self._read_seq = read_seq
        self.replace(messages)

    def replace(self, messages: Iterable[Message]) -> None:
        """The messages at hand are others of the same conversation."""
        self.messages = list(messages)
        read = self._read_seq
        places = (
            place
            for place, message in enumerate(self.messages)
            if read is not None and message.seq > read and message.direction is Direction.IN
        )
        self.first_new = next(places, None)

    def expand(self, message: Message) -> None:
        """Shows a message whole, a very long one portion by portion, and then clipped again."""
        portions = self._expanded.get(message.uid, 0)
        if portions * MORE_CHARS < len(message.body):
            self._expanded[message.uid] = portions + 1
        else:
            self._expanded.pop(message.uid, None)

    def toggle_folds(self, message: Message | None) -> None:
        """Shows or folds quotations and signatures of a message, of all for None."""
        if message is not None:
            self._unfolded ^= {message.uid}
        else:
            self._unfolds_all = not self._unfolds_all
            self._unfolded.clear()

    def place_of(self, uid: str) -> int | None:
        """The place of a message, None when it is not at hand."""
        return next((place for place, message in enumerate(self.messages) if message.uid == uid), None)

    def lines(self, place: int, cells: int, theme: str, setting: TranscriptSetting) -> list[Strip]:
        """Lines of a message with what stands before it."""
        message = self.messages[place]
        new_day = is_new_day(message, self.messages[place - 1] if place else None, setting.zone)
        expanded = self._expanded.get(message.uid, 0)
        unfolded = self._unfolds_all != (message.uid in self._unfolded)
        unread = 0
        if place == self.first_new:
            unread = sum(1 for newer in self.messages[place:] if newer.direction is Direction.IN)
        key = (message.rev, message.delivery, cells, theme, new_day, unread, expanded, unfolded, setting)
        cached = self._cached.get(message.uid)
        if cached is not None and cached[0] == key:
            return cached[1]
        styles = look(theme)
        lines: list[Strip] = []
        if new_day:
            lines.append(day_line(message, cells, setting, styles))
        if unread:
            lines.append(new_line(unread, cells, setting, styles))
        lines += message_lines(message, cells, setting, styles, expanded=expanded, unfolded=unfolded)
        self._cached[message.uid] = (key, lines)
        return lines
