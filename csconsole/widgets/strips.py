"""Builds lines of exactly so many cells out of styled pieces, and tells how much of a line changed."""

from __future__ import annotations

import re
from typing import Self

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from csconsole.text.graphemes import split_at, truncate, width
from csconsole.text.sanitize import safe_line

_UNSTEADY = re.compile("[\u200d\ufe0f\U0001f3fb-\U0001f3ff]")


class Line:
    """One line under construction; what does not fit is cut between clusters.

    Every text is made safe once more, so that nothing reaches the terminal by this way that could act on it.

    Args:
        cells: how wide the line will be.
        style: of the space between and behind the pieces.
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

    def end(self, *pieces: tuple[str, Style]) -> Self:
        """Adds pieces at the right end, each as wide as its text; those that do not fit are cut."""
        total = sum(width(text) for text, _ in pieces)
        self.gap(self.room - total)
        for text, style in pieces:
            self.put(text, style)
        return self

    def strip(self) -> Strip:
        """The finished line, filled to its width."""
        self.gap(self.room)
        return Strip([Segment(text, style) for text, style in self._pieces], self.cells)

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


def highlighted(text: str, words: tuple[str, ...], style: Style, hit: Style) -> list[tuple[str, Style]]:
    """Cuts a text into plain pieces and hits, at clusters.

    Args:
        text: one line.
        words: what was searched for, folded by ``str.casefold``; an empty one is ignored.
        style: of the plain pieces.
        hit: of the hits.
    """
    folded = text.casefold()
    if not words or len(folded) != len(text):
        return [(text, style)]
    marks = bytearray(len(text))
    for word in words:
        start = folded.find(word) if word else -1
        while start >= 0:
            marks[start : start + len(word)] = b"\x01" * len(word)
            start = folded.find(word, start + len(word))
    pieces: list[tuple[str, Style]] = []
    begin = 0
    for index in range(1, len(text) + 1):
        if index == len(text) or marks[index] != marks[begin]:
            if index < len(text) and width(text[index]) == 0:
                marks[index] = marks[begin]
                continue
            pieces.append((text[begin:index], hit if marks[begin] else style))
            begin = index
    return pieces


def changed_cells(old: Strip, new: Strip) -> int:
    """Cells from the left that hold every difference between two lines; 0 when they look the same.

    Textual sends a changed line from the left edge of its widget up to the end of the region, so only the equal part
    at the right can be saved.
    """
    if old is new:
        return 0
    if old.cell_length != new.cell_length:
        return max(old.cell_length, new.cell_length)
    before, after = list(old), list(new)
    cells = new.cell_length
    while before and after and before[-1] == after[-1]:
        cells -= after.pop().cell_length
        before.pop()
    if not after and not before:
        return 0
    if before and after and before[-1].style == after[-1].style:
        cells -= _common_end(before[-1].text, after[-1].text)
    return cells


def _common_end(one: str, other: str) -> int:
    """Cells of the longest common end of two texts that begins at a cluster in both."""
    count = 0
    for a, b in zip(reversed(one), reversed(other), strict=False):
        if a != b:
            break
        count += 1
    tail = one[len(one) - count :]
    while tail and (width(tail[0]) == 0 or tail[0] == "\u200d"):
        tail = tail[1:]
    return width(tail)


def crop(text: str, start: int, cells: int) -> str:
    """The part of a line between two columns, filled with spaces where a wide cluster was cut."""
    return split_at(split_at(text, start)[1], cells)[0]
