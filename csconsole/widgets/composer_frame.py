"""The frame of the composer: what it says, and its lines. Knows no widget.

A double frame is an answer the customer will read, a heavy one a note for staff, a thin one a message that is held and
may still be pulled back. The words say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rich.style import Style
from textual.strip import Strip

from csconsole.i18n import Catalog
from csconsole.text.graphemes import truncate, width
from csconsole.text.sanitize import safe_line
from csconsole.themes import Look
from csconsole.widgets.strips import Line


class Surface(StrEnum):
    """Who will read the text."""

    PUBLIC = "public"
    NOTE = "note"


class Level(StrEnum):
    """Weight of a finding."""

    BLOCK = "block"
    WARN = "warn"
    NEWS = "news"


MOST_FINDINGS: Final = 3
"""Findings shown at once."""
_SIGNS = {Level.BLOCK: "x", Level.WARN: "~", Level.NEWS: "!"}
_FRAMES = {"public": "╔═╗║╚╝", "note": "┏━┓┃┗┛", "held": "┌─┐│└┘"}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to say about the text before it leaves.

    Attributes:
        level: whether it stops the send, warns, or tells of something new in the conversation.
        text: one line.
        hint: key and word at the right end, such as ``^G แก้``.
    """

    level: Level
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the text would go.

    Attributes:
        number: of the conversation.
        channel: as people name it, such as ``LINE``.
        account: such as ``สยาม``.
        customer: how the customer is called.
    """

    number: int = 0
    channel: str = ""
    account: str = ""
    customer: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """All that is shown around the text.

    Attributes:
        surface: who will read it.
        target: where it would go.
        left: length in the channel's unit.
        right: hold, cost or quota.
        findings: what is to be said about the text.
        hints: keys and words of the lower frame.
        bubbles: the message held.
        seconds: how long it is still held.
    """

    surface: Surface = Surface.PUBLIC
    target: Target = Target()
    left: str = ""
    right: str = ""
    findings: tuple[Finding, ...] = ()
    hints: tuple[tuple[str, str], ...] = ()
    bubbles: tuple[str, ...] = ()
    seconds: int = 0

    @property
    def is_blocked(self) -> bool:
        """Whether a finding stops the send."""
        return any(finding.level is Level.BLOCK for finding in self.findings)

    @property
    def rows_above(self) -> int:
        """Lines of the upper frame and the held bubbles."""
        return 1 + len(self.bubbles)

    @property
    def rows_below(self) -> int:
        """Lines of the findings, the counters and the lower frame."""
        return 1 + min(MOST_FINDINGS, len(self.findings)) + bool(self.left or self.right)


def frame(state: State, look: Look, *, is_empty: bool) -> tuple[str, Style]:
    """Frame signs and their style: top left, level, top right, upright, bottom left, bottom right."""
    if state.bubbles and is_empty:
        return _FRAMES["held"], look.accent
    if state.surface is Surface.NOTE:
        return _FRAMES["note"], look.note_strong
    return _FRAMES["public"], look.public


def head_lines(state: State, words: Catalog, look: Look, cells: int, *, is_empty: bool) -> list[Strip]:
    """Upper frame and held bubbles."""
    signs, style = frame(state, look, is_empty=is_empty)
    target = state.target
    names = {"channel": target.channel, "account": target.account, "customer": target.customer}
    end = words.t("composer.blocked" if state.is_blocked else "composer.ready")
    end_style = look.urgent if state.is_blocked else look.good
    if state.bubbles and is_empty:
        title = words.t("composer.title.held", seconds=state.seconds, **names)
        key = "composer.held.bubbles" if len(state.bubbles) > 1 else "composer.bubble.one"
        end, end_style = words.t(key, n=len(state.bubbles)), look.muted
    elif state.surface is Surface.NOTE:
        title = words.t("composer.title.note.number", number=target.number)
        end, end_style = words.t("composer.note.safe"), look.note
    else:
        title = words.t("composer.title.public", **names)
    lines = [_frame_line(cells, signs[0], signs[1], signs[2], style, title, end, end_style, look.text)]
    for number, bubble in enumerate(state.bubbles, 1):
        line = Line(cells, look.text).put(signs[3], style).gap().put(f"{number} ", look.muted)
        line.put(truncate(safe_line(bubble), cells - 6), look.text).gap_to(cells - 1).put(signs[3], style)
        lines.append(line.strip())
    return lines


def foot_lines(state: State, look: Look, cells: int, *, is_empty: bool) -> list[Strip]:
    """Findings, counters and lower frame."""
    signs, style = frame(state, look, is_empty=is_empty)
    styles = {Level.BLOCK: look.urgent, Level.WARN: look.warning, Level.NEWS: look.active}
    lines: list[Strip] = []
    for finding in state.findings[:MOST_FINDINGS]:
        line = Line(cells, look.text).put(signs[3], style).gap()
        hint = safe_line(finding.hint)
        room = cells - 5 - (width(hint) + 1 if hint else 0)
        line.put(f"{_SIGNS[finding.level]} ", styles[finding.level])
        line.put(truncate(safe_line(finding.text), room), styles[finding.level])
        lines.append(line.end((hint, look.muted), (" ", look.text), (signs[3], style)).strip())
    if state.left or state.right:
        line = Line(cells, look.text).put(signs[3], style).gap()
        right = truncate(state.right, max(0, cells - width(state.left) - 5))
        line.put(truncate(state.left, cells - 4), look.muted)
        lines.append(line.end((right, look.muted), (" ", look.text), (signs[3], style)).strip())
    lines.append(_key_line(state, look, cells, signs, style))
    return lines


def _key_line(state: State, look: Look, cells: int, signs: str, style: Style) -> Strip:
    line = Line(cells, look.text).put(signs[4], style)
    for key, word in state.hints:
        if line.room < width(key) + width(word) + 5:
            break
        line.gap().put(key, look.active).gap().put(word, look.muted).gap()
    return line.put(signs[1] * (line.room - 1), style).put(signs[5], style).strip()


def _frame_line(
    cells: int, left: str, level: str, right: str, style: Style, title: str, end: str, end_style: Style, base: Style
) -> Strip:
    """``╔ title ═════ end ╗``; a title that does not fit is cut, the end is kept."""
    line = Line(cells, base).put(f"{left} ", style)
    room = cells - width(end) - 8
    line.put(truncate(safe_line(title), max(4, room)), style).gap()
    line.put(level * max(0, line.room - width(end) - 3), style)
    return line.gap().put(end, end_style).gap_to(cells - 1).put(right, style).strip()
