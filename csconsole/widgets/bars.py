"""The one-line bars: header, views, hints and messages.

None of them ticks: each is drawn when what it shows changes, and sends what changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from textual.strip import Strip

from csconsole.i18n import Catalog
from csconsole.text.graphemes import truncate, width
from csconsole.text.sanitize import safe_line
from csconsole.widgets.bar_lines import Freshness, HeaderFacts, Health, Hint, Tab, header_line, tabs_line
from csconsole.widgets.painted import Painted
from csconsole.widgets.strips import Line, strip_of

__all__ = ["Freshness", "Health", "Hint", "HintBar", "MessageLine", "StatusHeader", "Tab", "Tone", "ViewTabs"]


class _Bar(Painted):
    """A bar of one line."""

    DEFAULT_CSS = """
    _Bar { height: 1; }
    """


class StatusHeader(_Bar):
    """Who I am, how fresh each channel is, and what waits to leave.

    Args:
        words: the interface's words.
        id: of the widget.
    """

    def __init__(self, words: Catalog, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.words = words
        self._facts = HeaderFacts("")

    def show(
        self, agent: str, channels: Sequence[Freshness], *, outbox: int = 0, uncertain: int = 0, failed: int = 0
    ) -> None:
        """Shows new figures.

        Args:
            agent: name, shift and load, such as ``นก · กะเช้าถึง 16.00 · แชท 4/5``.
            channels: what is not fresh is shown first when there is not room for all.
            outbox: messages that wait to leave.
            uncertain: messages of which it is not known whether they arrived.
            failed: messages that did not leave.
        """
        self._facts = HeaderFacts(agent, tuple(channels), outbox, uncertain, failed)
        self.repaint()

    def lines_of(self, cells: int, rows: int) -> list[Strip]:
        """The bar."""
        return [strip_of(header_line(cells, self.look, self.words, self._facts))]


class ViewTabs(_Bar):
    """The views with their counts; the one shown stands in brackets."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._tabs: tuple[Tab, ...] = ()
        self._active = ""
        self._notice = ""

    def show(self, tabs: Sequence[Tab], active: str, notice: str = "") -> None:
        """Shows the views; ``notice`` stands at the right end."""
        self._tabs, self._active, self._notice = tuple(tabs), active, notice
        self.repaint()

    def lines_of(self, cells: int, rows: int) -> list[Strip]:
        """The bar."""
        return [strip_of(tabs_line(cells, self.look, self._tabs, self._active, self._notice))]


class HintBar(_Bar):
    """Five to seven keys of this context, the half-typed sequence, and at the right end layout and clock."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._hints: tuple[Hint, ...] = ()
        self._last: Hint | None = None
        self._pending = ""
        self._right = ""

    def show(self, hints: Sequence[Hint], *, last: Hint | None = None, pending: str = "", right: str = "") -> None:
        """Shows hints.

        Args:
            hints: best first; those that do not fit are left out.
            last: stands behind them and is never left out: where all keys can be seen.
            pending: the half-typed sequence, such as ``g``.
            right: layout and clock.
        """
        self._hints, self._last, self._pending, self._right = tuple(hints), last, pending, right
        self.repaint()

    def lines_of(self, cells: int, rows: int) -> list[Strip]:
        """The bar."""
        look = self.look
        line = Line(cells, look.bar)
        right = truncate(safe_line(self._right), cells // 2)
        room = cells - width(right) - 1 - (_hint_cells(self._last) if self._last is not None else 0)
        if self._pending:
            line.gap().put(f"{self._pending}-", look.bar_key).gap()
        for hint in self._hints:
            if line.used + _hint_cells(hint) > room:
                break
            self._put(line, hint)
        if self._last is not None:
            self._put(line, self._last)
        return [line.end((right, look.bar_muted), (" ", look.bar)).strip()]

    def _put(self, line: Line, hint: Hint) -> None:
        line.gap().put(hint.key, self.look.bar_key).gap().put(safe_line(hint.word), self.look.bar).gap()


def _hint_cells(hint: Hint) -> int:
    return width(hint.key) + width(safe_line(hint.word)) + 4


class Tone(StrEnum):
    """Weight of a message."""

    INFO = "info"
    DONE = "done"
    WARN = "warn"
    ERROR = "error"


_TONE_SIGNS = {Tone.INFO: "", Tone.DONE: "", Tone.WARN: "! ", Tone.ERROR: "x "}


class MessageLine(_Bar):
    """One sentence: what was done, what went wrong, or what is held for how long."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text = ""
        self._tone = Tone.INFO
        self._held = ""
        self._right = ""

    @property
    def text(self) -> str:
        """The sentence shown."""
        return self._text or self._held

    def show(self, text: str, tone: Tone = Tone.INFO) -> None:
        """Shows a sentence until the next one or :meth:`clear`."""
        self._text, self._tone = text, tone
        self.repaint()

    def hold(self, text: str) -> None:
        """Shows the countdown of a held message when there is no other sentence; empty when nothing is held."""
        self._held = text
        self.repaint()

    def set_right(self, text: str) -> None:
        """What stands at the right end, such as date and time."""
        self._right = text
        self.repaint()

    def clear(self) -> None:
        """Removes the sentence; a countdown below it shows again."""
        self._text, self._tone = "", Tone.INFO
        self.repaint()

    def lines_of(self, cells: int, rows: int) -> list[Strip]:
        """The line."""
        look = self.look
        styles = {Tone.INFO: look.text, Tone.DONE: look.good, Tone.WARN: look.warning, Tone.ERROR: look.urgent}
        right = truncate(safe_line(self._right), cells // 3)
        line = Line(cells, look.text).gap()
        text = f"{_TONE_SIGNS[self._tone]}{safe_line(self._text)}" if self._text else safe_line(self._held)
        style = styles[self._tone] if self._text else look.accent
        line.put(truncate(text, cells - width(right) - 4), style)
        return [line.end((right, look.muted), (" ", look.text)).strip()]
