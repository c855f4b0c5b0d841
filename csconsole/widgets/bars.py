"""The one-line bars: header, views, hints and messages.

None of them ticks: each is drawn when what it shows changes, and sends what changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.style import Style
from textual.strip import Strip

from csconsole.i18n import Catalog
from csconsole.text.graphemes import truncate, width
from csconsole.text.sanitize import safe_line
from csconsole.widgets.painted import Painted
from csconsole.widgets.strips import Line


class Health(StrEnum):
    """State of a channel's accounts together."""

    FRESH = "fresh"
    STALE = "stale"
    DOWN = "down"


_HEALTH_SIGNS = {Health.FRESH: "", Health.STALE: "~", Health.DOWN: "!"}


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh the accounts of one channel are.

    Attributes:
        channel: as people name it.
        time: time of day of the oldest of their last good pulls, or empty when there was none.
        health: the worst of them.
        fresh: how many are fresh.
        total: how many there are; the count is shown from two on.
    """

    channel: str
    time: str
    health: Health = Health.FRESH
    fresh: int = 1
    total: int = 1

    @property
    def text(self) -> str:
        """``LINE 13/13 12:00:04``, with ``~`` before what is stale and ``!`` before what is down."""
        count = f" {self.fresh}/{self.total}" if self.total > 1 else ""
        time = f" {self.time}" if self.time else " -"
        return f"{_HEALTH_SIGNS[self.health]}{self.channel}{count}{time}"


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
        self._agent = ""
        self._channels: tuple[Freshness, ...] = ()
        self._outbox = self._uncertain = self._failed = 0

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
        self._agent, self._channels = agent, tuple(channels)
        self._outbox, self._uncertain, self._failed = outbox, uncertain, failed
        self.repaint()

    def lines_of(self, cells: int, rows: int) -> list[Strip]:
        """The bar."""
        look, words = self.look, self.words
        pieces: list[tuple[str, Style]] = []
        if self._failed:
            pieces.append((f"{words.t('header.failed', n=self._failed)} ", look.bar_urgent))
        if self._uncertain:
            pieces.append((f"{words.t('header.uncertain', n=self._uncertain)} ", look.bar_warning))
        if self._outbox or not pieces:
            pieces.append(
                (f"{words.t('header.outbox', n=self._outbox)} ", look.bar if self._outbox else look.bar_muted)
            )
        line = Line(cells, look.bar).gap()
        ends = sum(width(text) for text, _ in pieces)
        line.put(truncate(safe_line(self._agent), max(8, (cells - ends) * 2 // 5)), look.bar_strong)
        styles = {Health.FRESH: look.bar_muted, Health.STALE: look.bar_warning, Health.DOWN: look.bar_urgent}
        shown = self._fitting(cells - line.used - ends - 2)
        middle = [(f"{channel.text}  ", styles[channel.health]) for channel in shown]
        return [line.end(*middle, *pieces).strip()]

    def _fitting(self, room: int) -> list[Freshness]:
        """The channels that fit, in their order; those in trouble are kept before the fresh ones."""
        kept: set[int] = set()
        places = sorted(range(len(self._channels)), key=lambda place: self._channels[place].health is Health.FRESH)
        for place in places:
            cells = width(self._channels[place].text) + 2
            if cells <= room:
                room -= cells
                kept.add(place)
        return [channel for place, channel in enumerate(self._channels) if place in kept]


@dataclass(frozen=True, slots=True)
class Tab:
    """A view among the tabs.

    Attributes:
        id: of the view.
        key: what goes to it after ``g``, may be empty.
        label: its name.
        count: how many conversations, None while unknown.
        capped: whether there are more than ``count``.
        is_urgent: whether something in it is late.
    """

    id: str
    key: str
    label: str
    count: int | None = None
    capped: bool = False
    is_urgent: bool = False

    @property
    def text(self) -> str:
        """``i ของฉัน 4``; ``99+`` where the count is capped."""
        count = "" if self.count is None else f" {self.count}{'+' if self.capped else ''}"
        return f"{self.key} {self.label}{count}".strip()


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
        """The bar; it begins late enough that the active view is in it."""
        look = self.look
        line = Line(cells, look.text)
        notice = truncate(safe_line(self._notice), cells // 3)
        room = cells - width(notice) - 2
        first = self._first(room)
        if first:
            line.put("…", look.muted)
        for tab in self._tabs[first:]:
            text = safe_line(tab.text)
            if line.used + width(text) + 3 > room:
                line.put(" …", look.muted)
                break
            if tab.id == self._active:
                line.put(f" [{text}]", look.active)
            else:
                line.put(f"  {text}", look.urgent if tab.is_urgent and tab.count else look.muted)
        return [line.end((notice, look.warning), (" ", look.text)).strip()]

    def _first(self, room: int) -> int:
        places = [place for place, tab in enumerate(self._tabs) if tab.id == self._active]
        if not places:
            return 0
        first, used = places[0], 0
        while first >= 0:
            used += width(self._tabs[first].text) + 3
            if used > room - 2:
                return min(first + 1, places[0])
            first -= 1
        return 0


@dataclass(frozen=True, slots=True)
class Hint:
    """A key and one or two words about it."""

    key: str
    word: str


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
