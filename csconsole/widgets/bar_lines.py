"""What the header and the views' bar say and how it fits, without Textual: the first paint draws them too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from csconsole.i18n import Catalog
from csconsole.text.graphemes import truncate, width
from csconsole.text.sanitize import safe_line
from csconsole.themes import Look
from csconsole.widgets.text_line import TextLine

if TYPE_CHECKING:
    from rich.style import Style


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


@dataclass(frozen=True, slots=True)
class HeaderFacts:
    """What the header shows.

    Attributes:
        agent: name, shift and load.
        channels: how fresh each channel is.
        outbox: messages that wait to leave.
        uncertain: messages of which it is not known whether they arrived.
        failed: messages that did not leave.
    """

    agent: str
    channels: tuple[Freshness, ...] = ()
    outbox: int = 0
    uncertain: int = 0
    failed: int = 0


def header_line(cells: int, look: Look, words: Catalog, facts: HeaderFacts) -> TextLine:
    """The header: who I am at the left, the channels and what waits to leave at the right."""
    pieces: list[tuple[str, Style]] = []
    if facts.failed:
        pieces.append((f"{words.t('header.failed', n=facts.failed)} ", look.bar_urgent))
    if facts.uncertain:
        pieces.append((f"{words.t('header.uncertain', n=facts.uncertain)} ", look.bar_warning))
    if facts.outbox or not pieces:
        pieces.append((f"{words.t('header.outbox', n=facts.outbox)} ", look.bar if facts.outbox else look.bar_muted))
    line = TextLine(cells, look.bar).gap()
    ends = sum(width(text) for text, _ in pieces)
    line.put(truncate(safe_line(facts.agent), max(8, (cells - ends) * 2 // 5)), look.bar_strong)
    styles = {Health.FRESH: look.bar_muted, Health.STALE: look.bar_warning, Health.DOWN: look.bar_urgent}
    shown = _fitting(facts.channels, cells - line.used - ends - 2)
    middle = [(f"{channel.text}  ", styles[channel.health]) for channel in shown]
    return line.end(*middle, *pieces)


def _fitting(channels: Sequence[Freshness], room: int) -> list[Freshness]:
    """The channels that fit, in their order; those in trouble are kept before the fresh ones."""
    kept: set[int] = set()
    for place in sorted(range(len(channels)), key=lambda place: channels[place].health is Health.FRESH):
        cells = width(channels[place].text) + 2
        if cells <= room:
            room -= cells
            kept.add(place)
    return [channel for place, channel in enumerate(channels) if place in kept]


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


def tabs_line(cells: int, look: Look, tabs: Sequence[Tab], active: str, notice: str = "") -> TextLine:
    """The views; it begins late enough that the active one is in it."""
    line = TextLine(cells, look.text)
    notice = truncate(safe_line(notice), cells // 3)
    room = cells - width(notice) - 2
    first = _first_tab(tabs, active, room)
    if first:
        line.put("…", look.muted)
    for tab in tabs[first:]:
        text = safe_line(tab.text)
        if line.used + width(text) + 3 > room:
            line.put(" …", look.muted)
            break
        if tab.id == active:
            line.put(f" [{text}]", look.active)
        else:
            line.put(f"  {text}", look.urgent if tab.is_urgent and tab.count else look.muted)
    return line.end((notice, look.warning), (" ", look.text))


def _first_tab(tabs: Sequence[Tab], active: str, room: int) -> int:
    places = [place for place, tab in enumerate(tabs) if tab.id == active]
    if not places:
        return 0
    first, used = places[0], 0
    while first >= 0:
        used += width(tabs[first].text) + 3
        if used > room - 2:
            return min(first + 1, places[0])
        first -= 1
    return 0


@dataclass(frozen=True, slots=True)
class Hint:
    """A key and one or two words about it."""

    key: str
    word: str
