"""One line of exactly so many cells, put together out of styled pieces.

It needs neither Rich nor Textual: what draws with it can paint before they are loaded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self

from csconsole.text.graphemes import truncate, width
from csconsole.text.sanitize import safe_line

if TYPE_CHECKING:
    from rich.style import Style

_UNSTEADY = re.compile("[\u200d\ufe0f\U0001f3fb-\U0001f3ff]")


class TextLine:
    """One line under construction; what does not fit is cut between clusters.

    Every text is made safe once more, so that nothing reaches the terminal by this way that could act on it.

    Args:
        cells: how wide the line will be.
        style: of the space between and behind the pieces: one of a :class:`csconsole.themes.Look`.
    """

    __slots__ = ("_pieces", "cells", "style", "used")

    def __init__(self, cells: int, style: Style) -> None:
        self.cells = cells
        self.style = style
        self.used = 0
        self._pieces: list[tuple[str, Style]] = []

    @property
    def room(self) -> int:
        """Cells not yet used."""
        return self.cells - self.used

    def put(self, text: str, style: Style | None = None, cells: int | None = None, *, right: bool = False) -> Self:
        """Adds a piece.

        Args:
            text: one line.
            style: the line's own when None.
            cells: cut or filled to so many cells; None takes what the text needs.
            right: filled on the left instead of the right.
        """
        text = steady(safe_line(text, 4 * self.cells + 8))
        room = self.room if cells is None else min(cells, self.room)
        if room <= 0:
            return self
        text = truncate(text, room)
        size = width(text)
        blank = 0 if cells is None else room - size
        if blank and right:
            self._add(" " * blank, self.style, blank)
        self._add(text, style or self.style, size)
        if blank and not right:
            self._add(" " * blank, self.style, blank)
        return self

    def gap(self, cells: int = 1) -> Self:
        """Adds space."""
        cells = min(cells, self.room)
        if cells > 0:
            self._add(" " * cells, self.style, cells)
        return self

    def gap_to(self, column: int) -> Self:
        """Adds space up to a column; nothing when it is passed already."""
        return self.gap(column - self.used)

    def finished(self) -> list[tuple[str, Style]]:
        """The pieces, filled to the line's width."""
        self.gap(self.room)
        return self._pieces

    @property
    def text(self) -> str:
        """What it says so far, without styles."""
        return "".join(text for text, _ in self._pieces)

    def end(self, *pieces: tuple[str, Style]) -> Self:
        """Adds pieces at the right end, each as wide as its text; those that do not fit are cut."""
        total = sum(width(text) for text, _ in pieces)
        self.gap(self.room - total)
        for text, style in pieces:
            self.put(text, style)
        return self

    def _add(self, text: str, style: Style, cells: int) -> None:
        if not text:
            return
        self.used += cells
        if self._pieces:
            before, before_style = self._pieces[-1]
            if before_style == style or (_is_blank(text, style) and _same_ground(before_style, style)):
                self._pieces[-1] = (before + text, before_style)
                return
            if _is_blank(before, before_style) and _same_ground(style, before_style):
                self._pieces[-1] = (before + text, style)
                return
        self._pieces.append((text, style))


def steady(text: str) -> str:
    """Leaves out what terminals disagree about: emoji joiners, emoji presentation and skin tones.

    What remains takes as many cells in every terminal, so that columns and frames behind it stand still; the signs
    are less pretty and mean the same.
    """
    return _UNSTEADY.sub("", text) if _UNSTEADY.search(text) else text


def _is_blank(text: str, style: Style) -> bool:
    return not text.strip(" ") and not style.underline and not style.reverse


def _same_ground(style: Style, ground: Style) -> bool:
    """Whether space looks the same in either style, so that no change of style need be sent for it."""
    return style.bgcolor == ground.bgcolor and not style.underline and not style.reverse
