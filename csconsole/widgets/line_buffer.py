"""One line of text being typed: caret by cluster and word, history, and what the keys were on the other layout."""

from __future__ import annotations

from csconsole.text import graphemes
from csconsole.text.sanitize import safe_line
from csconsole.text.thai import MARKS

_MAX_CHARS = 1_000


class LineBuffer:
    """The text and the caret of a single-line field; knows no widget.

    Args:
        text: what it begins with, caret at the end.
        history: earlier entries, oldest first.
    """

    def __init__(self, text: str = "", history: tuple[str, ...] = ()) -> None:
        self.text = ""
        self.caret = 0
        self.history = list(history)
        self._place = len(self.history)
        self._typed = ""
        self.set(text)

    def set(self, text: str) -> None:
        """Replaces the text and puts the caret at its end."""
        self.text = "" if not text else safe_line(text, _MAX_CHARS)
        self.caret = len(self.text)

    def insert(self, text: str) -> None:
        """Puts text in at the caret, made safe and into one line."""
        # A mark alone would be shown on a circle; here it joins what stands before the caret.
        clean = text if len(text) == 1 and text in MARKS else safe_line(text, _MAX_CHARS)
        if len(self.text) + len(clean) <= _MAX_CHARS:
            self.text = self.text[: self.caret] + clean + self.text[self.caret :]
            self.caret += len(clean)

    def key(self, key: str, character: str | None = None) -> bool:
        """Takes a key.

        Args:
            key: name of the key.
            character: the printable character, if it is one.

        Returns:
            False when the key means nothing to a line of text; Enter, Escape and Tab mean nothing to it.
        """
        act = _ACTS.get(key)
        if act is not None:
            act(self)
            return True
        if character is not None and len(character) == 1 and (character.isprintable() or character in MARKS):
            self.insert(character)
            return True
        return False

    def remember(self) -> None:
        """Adds the text to the history, unless it is empty or the last entry already."""
        if self.text and (not self.history or self.history[-1] != self.text):
            self.history.append(self.text)
        self._place = len(self.history)

    def window(self, cells: int) -> tuple[str, int]:
        """The part around the caret that fits, and the caret's column in it.

        Args:
            cells: the room there is, one of it for a caret behind the text.
        """
        before = graphemes.width(self.text[: self.caret])
        shift = max(0, before - cells + 1)
        shown = graphemes.split_at(self.text, shift)[1] if shift else self.text
        return graphemes.split_at(shown, max(0, cells))[0], before - shift

    def _left(self) -> None:
        self.caret = graphemes.previous_stop(self.text, self.caret)

    def _right(self) -> None:
        self.caret = graphemes.next_stop(self.text, self.caret)

    def _word_left(self) -> None:
        self.caret = graphemes.previous_word(self.text, self.caret)

    def _word_right(self) -> None:
        self.caret = graphemes.next_word(self.text, self.caret)

    def _home(self) -> None:
        self.caret = 0

    def _end(self) -> None:
        self.caret = len(self.text)

    def _cut(self, start: int, end: int) -> None:
        self.text = self.text[:start] + self.text[end:]
        self.caret = start

    def _backspace(self) -> None:
        if self.caret:
            self._cut(self.caret - 1, self.caret)

    def _delete(self) -> None:
        self._cut(self.caret, graphemes.next_stop(self.text, self.caret) if self.caret < len(self.text) else self.caret)

    def _delete_word(self) -> None:
        self._cut(graphemes.previous_word(self.text, self.caret), self.caret)

    def _delete_word_after(self) -> None:
        self._cut(self.caret, graphemes.next_word(self.text, self.caret))

    def _delete_before(self) -> None:
        self._cut(0, self.caret)

    def _delete_after(self) -> None:
        self._cut(self.caret, len(self.text))

    def _earlier(self) -> None:
        if self._place == 0:
            return
        if self._place == len(self.history):
            self._typed = self.text
        self._place -= 1
        self.set(self.history[self._place])

    def _later(self) -> None:
        if self._place == len(self.history):
            return
        self._place += 1
        self.set(self.history[self._place] if self._place < len(self.history) else self._typed)


_ACTS = {
    "left": LineBuffer._left,
    "right": LineBuffer._right,
    "ctrl+left": LineBuffer._word_left,
    "ctrl+right": LineBuffer._word_right,
    "home": LineBuffer._home,
    "ctrl+a": LineBuffer._home,
    "end": LineBuffer._end,
    "ctrl+e": LineBuffer._end,
    "backspace": LineBuffer._backspace,
    "delete": LineBuffer._delete,
    "ctrl+d": LineBuffer._delete,
    "ctrl+w": LineBuffer._delete_word,
    "alt+b": LineBuffer._word_left,
    "alt+f": LineBuffer._word_right,
    "alt+backspace": LineBuffer._delete_word,
    "alt+d": LineBuffer._delete_word_after,
    "ctrl+u": LineBuffer._delete_before,
    "ctrl+k": LineBuffer._delete_after,
    "up": LineBuffer._earlier,
    "down": LineBuffer._later,
}

ALT_KEYS = frozenset(key for key in _ACTS if key.startswith("alt+"))
"""Keys with Alt that mean something to a line of text."""
