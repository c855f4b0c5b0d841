"""Breaks paragraphs into lines of a given width, in Thai as in English.

Textual and Rich break only at spaces and fold a Thai run wherever the room ends, in the middle of a word.
Here a line ends, in this order of preference, at the last place before its end that is: a space, a Thai
word border, the border between Thai and another script, a zero-width space, after a hyphen between two
letters, or between two ideographs; and when there is none, between two clusters. A line never begins with a
mark, SARA AA, SARA AM or a repetition sign and never ends with a leading vowel unless a line is too narrow
to do otherwise.

Each line is looked back over once, so the time is linear in the text, however long its words are.
"""

from __future__ import annotations

from csconsole.text import thai
from csconsole.text.graphemes import Cluster, clusters, width

MIN_CELLS = 2
"""The narrowest line: an ideograph or an emoji takes two cells."""

_DROPPED = " \u200b"
_OPENING = frozenset("([{<\"'“‘«「『（【《〈")
_CLOSING = frozenset(")]}>\"'”’»」』）】》〉、。，．！？：；!?.,:;%")
_CHUNK = 4096
"""Code points measured at a time, so that the first lines of a huge paragraph cost no more than they must."""


def wrap(text: str, cells: int, indent: int = 0) -> list[str]:
    """Breaks text into lines.

    Spaces at a break are dropped; all others are kept. Joining the lines of a paragraph gives its text
    without the spaces and zero-width spaces at the breaks.

    Args:
        text: one or more paragraphs, each ended by ``\\n``; safe text (see :mod:`csconsole.text.sanitize`).
        cells: the most cells a line takes, at least :data:`MIN_CELLS` (less counts as that).
        indent: spaces put before the second and further lines of each paragraph.

    Returns:
        At least one line; an empty paragraph is an empty line.
    """
    lines: list[str] = []
    cells = max(cells, MIN_CELLS)
    indent = max(0, min(indent, cells - MIN_CELLS))
    for paragraph in text.split("\n"):
        if len(paragraph) * 2 <= cells or (len(paragraph) <= cells * 4 and width(paragraph) <= cells):
            lines.append(paragraph)
            continue
        first, *rest = _lines(paragraph, cells, cells - indent) or [""]
        lines.append(first)
        lines += [" " * indent + line for line in rest]
    return lines


def _lines(text: str, first: int, rest: int) -> list[str]:
    """The lines of one paragraph, none of them blank; the first may be wider than the rest."""
    lines: list[str] = []
    start, room, size = 0, first, len(text)
    while start < size:
        end = _end_of_line(text, start, room)
        line = text[start:end].rstrip(_DROPPED) if end < size else text[start:]
        if line:
            lines.append(line)
            room = rest
        start = end
        while start < size and text[start] in _DROPPED:
            start += 1
    return lines


def _end_of_line(text: str, start: int, room: int) -> int:
    """Where the line that begins at ``start`` ends; always further than ``start``."""
    spans, full = _measure(text, start, room)
    if not full:
        return len(text)
    places = [begin for begin, _end, _cells in spans[1:]]
    # A space beyond the edge may hang: the line in front of it fits.
    for place in reversed(places):
        if _may_break(text, place):
            return place
    for place in reversed(places):
        if not _tears(text, place):
            return place
    return places[-1] if places else spans[0][1]


def _measure(text: str, start: int, room: int) -> tuple[list[Cluster], bool]:
    """The clusters of one line and the one that did not fit, and whether there is such a one.

    Indices are those of ``text``. More text than a line holds is measured only when it has marks without end.
    """
    span = max(room * 3, 32)
    while True:
        piece = text[start : start + span]
        used = 0
        found: list[Cluster] = []
        cut = clusters(piece)
        complete = start + span >= len(text)
        for begin, end, cells in cut if complete else cut[:-1]:
            found.append((start + begin, start + end, cells))
            used += cells
            if used > room:
                return found, True
        if complete:
            return found, False
        span *= 4


def _may_break(text: str, index: int) -> bool:
    """Whether a reader accepts a line end before ``text[index]``."""
    before, after = text[index - 1], text[index]
    if before in _DROPPED or after == " ":
        return True
    if before == "-":
        return index > 1 and text[index - 2].isalnum() and after.isalnum()
    if before < "\u0e00" and after < "\u0e00":
        return False
    if thai.is_word_break(text, index):
        return True
    if _is_ideograph(before) or _is_ideograph(after):
        return before not in _OPENING and after not in _CLOSING and after not in thai.MARKS
    return False


def _tears(text: str, index: int) -> bool:
    """Whether a line end before ``text[index]`` would part a Thai vowel from its consonant."""
    return text[index - 1] in thai.LEADING or text[index] in thai.FOLLOWING or text[index] in thai.MARKS


def _is_ideograph(char: str) -> bool:
    return "\u2e80" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7a3" or "\uf900" <= char <= "\uffef"
