"""Turns lines into strips, and tells how much of a line changed."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from csconsole.text.graphemes import split_at, width
from csconsole.widgets.text_line import TextLine, steady

__all__ = ["Line", "changed_cells", "crop", "highlighted", "steady", "strip_of"]


class Line(TextLine):
    """A line that ends as a strip."""

    __slots__ = ()

    def strip(self) -> Strip:
        """The finished line, filled to its width."""
        return strip_of(self)


def strip_of(line: TextLine) -> Strip:
    """A line as Textual draws it, filled to its width."""
    return Strip([Segment(text, style) for text, style in line.finished()], line.cells)


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
