"""The first paint: the queue from the store, drawn before Rich and Textual are loaded.

Loading Textual and letting it style and lay out the screen takes four fifths of a start. So the terminal gets its
first frame from here: the same lines in the same places as the screen that follows, without counts and hints, which
are not known yet. Keys typed meanwhile wait in the terminal and are read by the screen.
"""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from typing import NamedTuple, cast

from csconsole.i18n import Catalog
from csconsole.screens import layout, status
from csconsole.screens.live_chats import live_chats, live_line, live_rows
from csconsole.screens.naming import Names
from csconsole.screens.opening import queue_setting, view_tabs
from csconsole.screens.session import Session
from csconsole.services.views import QueueReader
from csconsole.terminal.capabilities import TRUECOLOR
from csconsole.terminal.early import EarlyScreen
from csconsole.text.wrap import wrap
from csconsole.themes.palette import DARK, PALETTES, Look
from csconsole.widgets.bar_lines import HeaderFacts, header_line, tabs_line
from csconsole.widgets.queue_rows import one_line, two_lines
from csconsole.widgets.text_line import TextLine

FEWEST_COLORS = 256
"""Terminals with fewer wait for Textual, which knows how to choose among them."""


class Pen(NamedTuple):
    """How a piece is drawn: what Rich's style says, as far as rows and bars use it."""

    color: str
    bgcolor: str
    bold: bool | None = None
    underline: bool | None = None
    reverse: bool | None = None


def paint(session: Session) -> EarlyScreen | None:
    """Takes the terminal and draws the first frame; None where Textual's own has to do.

    That is: fewer than 256 colours or none wanted, another encoding than UTF-8, or a screen too small.
    """
    capabilities, keys, frames = session.capabilities, sys.__stdin__, sys.__stderr__
    if capabilities.no_color or capabilities.colors < FEWEST_COLORS:
        return None
    if keys is None or frames is None or not (keys.isatty() and frames.isatty()):
        return None
    size = os.get_terminal_size(frames.fileno())
    if (frames.encoding or "").lower().replace("-", "") != "utf8" or layout.is_small(*size):
        return None
    frame = FirstFrame(session, *size).render()
    early = EarlyScreen(keys.fileno(), frames.fileno())
    early.show(frame)
    return early


class FirstFrame:
    """Draws the first frame.

    Args:
        session: what the console works on; it keeps what was read for the screen that follows.
        columns: of the terminal.
        rows: of the terminal.
    """

    def __init__(self, session: Session, columns: int, rows: int) -> None:
        self._desk = session.desk
        self._opening = session.opening()
        self._columns, self._rows = columns, rows
        self._ink = Ink(session.capabilities.colors == TRUECOLOR)
        palette = PALETTES.get(session.capabilities.theme(self._desk.config.ui.theme), DARK)
        self._look = Look(palette, Pen)
        self._words = Catalog(self._desk.config.agent.language)
        self._names = Names(self._desk, self._words)

    def render(self) -> str:
        """The frame, every cell of it, as text for the terminal."""
        lines = [self._header(), self._tabs(), self._live()]
        lines += self._body(self._rows - len(lines) - layout.BARS_BELOW)
        lines.append(TextLine(self._columns, self._look.bar))
        lines.append(TextLine(self._columns, self._look.text))
        return "".join(f"\x1b[{y};1H{self._ink.line(line)}" for y, line in enumerate(lines, 1)) + "\x1b[0m"

    # -- bars ---------------------------------------------------------------------------------------------------

    def _header(self) -> TextLine:
        waiting, uncertain, failed = status.outbox_figures(self._desk)
        channels = tuple(status.freshness(self._desk, self._names))
        facts = HeaderFacts(self._desk.actor.display_name, channels, waiting, uncertain, failed)
        return header_line(self._columns, self._look, self._words, facts)

    def _tabs(self) -> TextLine:
        opening = self._opening
        tabs = view_tabs(opening.views, self._words, {}, opening.view)
        notice = status.trouble(self._desk, self._words)
        return tabs_line(self._columns, self._look, tabs, opening.view.id, notice)

    def _live(self) -> TextLine:
        rows = live_rows(QueueReader(self._desk), self._names)
        chats = live_chats(rows, self._desk.clock.now(), self._words.language)
        return live_line(self._columns, self._look, self._words, chats)

    # -- panes --------------------------------------------------------------------------------------------------

    def _body(self, height: int) -> list[TextLine]:
        """The queue at the left, the empty panes beside it."""
        first, *others = layout.widths(self._columns)
        queue = self._queue(first, height)
        told = wrap(self._words.t("empty.conversation"), max(1, others[0] - 3)) if others else []
        lines = []
        for y in range(height):
            line = TextLine(self._columns, self._look.text)
            for text, style in queue[y].finished() if y < len(queue) else []:
                line.put(text, style)
            line.gap_to(first)
            for place, cells in enumerate(others):
                stop = line.used + cells
                line.put("│", self._look.rule)
                if place == 0 and y < min(len(told), layout.TITLE_LINES):
                    line.gap().put(told[y], self._look.muted)
                line.gap_to(stop)
            lines.append(line)
        return lines

    def _queue(self, cells: int, height: int) -> list[TextLine]:
        if not self._opening.rows:
            return [TextLine(cells, self._look.muted).gap().put(self._words.t("empty.queue"))]
        row_height = layout.queue_row_height(self._columns, self._desk.config.ui.density)
        drawn = one_line if row_height == 1 else two_lines
        setting = queue_setting(self._desk, self._names, self._words.language)
        lines: list[TextLine] = []
        for place, row in enumerate(self._opening.rows[: height // row_height + 1]):
            lines += drawn(row, cells, setting, self._look, selected=place == 0, marked=False)
        return lines[:height]


class Ink:
    """Writes pieces with as few changes of style as the pieces have.

    Args:
        truecolor: write red, green and blue; else the nearest of the 256 colours.
    """

    def __init__(self, truecolor: bool) -> None:
        self._truecolor = truecolor
        self._pen: Pen | None = None

    def line(self, line: TextLine) -> str:
        """A line; blank cells at its end are written like all others, so that nothing depends on the terminal."""
        parts = []
        for text, style in line.finished():
            pen = cast(Pen, style)
            if pen != self._pen:
                parts.append(self._change(pen))
                self._pen = pen
            parts.append(text)
        return "".join(parts)

    def _change(self, pen: Pen) -> str:
        before = self._pen
        if before is None or before[2:] != pen[2:]:
            switches = [code for code, on in (("1", pen.bold), ("4", pen.underline), ("7", pen.reverse)) if on]
            codes = ["0", *switches, self._color(pen.color, 38), self._color(pen.bgcolor, 48)]
        else:
            codes = []
            if before.color != pen.color:
                codes.append(self._color(pen.color, 38))
            if before.bgcolor != pen.bgcolor:
                codes.append(self._color(pen.bgcolor, 48))
        return f"\x1b[{';'.join(codes)}m"

    def _color(self, color: str, ground: int) -> str:
        red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
        return f"{ground};2;{red};{green};{blue}" if self._truecolor else f"{ground};5;{nearest(red, green, blue)}"


@lru_cache(256)
def nearest(red: int, green: int, blue: int) -> int:
    """The place among xterm's 256 colours, chosen as Rich does, so that the frame that follows looks the same."""
    most, least = max(red, green, blue) / 255, min(red, green, blue) / 255
    lightness = (most + least) / 2
    spread = most - least
    saturation = spread / (most + least if lightness <= 0.5 else 2 - most - least) if spread else 0.0
    if saturation < 0.15:
        grey = round(lightness * 25)
        return 16 if grey == 0 else 231 if grey == 25 else 231 + grey
    steps = [round(value / 95 if value < 95 else 1 + (value - 95) / 40) for value in (red, green, blue)]
    return 16 + 36 * steps[0] + 6 * steps[1] + steps[2]
