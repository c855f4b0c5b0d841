"""Clusters and cells: measuring, cutting and walking text the way a terminal draws it.

A *cluster* is what a reader takes for one sign: a base with its marks, an emoji with its joiners, selectors
and skin tone, a flag. A *cell* is one column of the terminal. Widths are those of :mod:`rich.cells`, since
Rich decides where Textual puts the next character; they agree with wcwidth for Thai. SARA AM (U+0E33) has a
cell of its own and is a cluster of its own, as Thai typists expect of the caret.

Indices are code points of the Python string. No function raises on any string, lone surrogates included.
"""

from __future__ import annotations

import re

from rich._unicode_data import load as _load_cell_table
from rich.cells import cell_len, get_character_cell_size

from csconsole.text import thai

Cluster = tuple[int, int, int]
"""``(start, end, cells)``: the code points ``text[start:end]`` and the cells they take."""

_ZWJ = "\u200d"
_EMOJI_SELECTOR = "\ufe0f"
_NEEDS_CLUSTERS = re.compile("[\u200d\ufe0f\U0001f1e6-\U0001f1ff]")
_FIRST_FLAG, _LAST_FLAG = "\U0001f1e6", "\U0001f1ff"


class _Cells(dict[str, int]):
    """Cells of single code points, filled as they turn up."""

    def __missing__(self, char: str) -> int:
        cells = self[char] = get_character_cell_size(char)
        return cells


_CELLS = _Cells()


def width(text: str) -> int:
    """Cells the text takes on a terminal; line ends and controls take none."""
    return cell_len(text)


def clusters(text: str) -> list[Cluster]:
    """Cuts the text into clusters.

    The spans cover the text without gaps and their cells add up to :func:`width`. A cluster without cells
    occurs only for a control, a line end, or a mark with no base before it.
    """
    if text.isascii() and text.isprintable():
        return [(index, index + 1, 1) for index in range(len(text))]
    spans: list[Cluster] = []
    narrow_to_wide = _load_cell_table("auto").narrow_to_wide
    measured: str | None = None
    index, size = 0, len(text)
    while index < size:
        char = text[index]
        if char == _ZWJ:
            # Rich takes the joined character for part of the one before, whatever it is.
            step = 2 if index + 1 < size and not _is_control(text[index + 1]) else 1
            _extend(text, spans, index, index + step, 0)
            index += step
            continue
        if char == _EMOJI_SELECTOR:
            wider = measured is not None and measured in narrow_to_wide
            _extend(text, spans, index, index + 1, int(wider))
            measured = None
        else:
            cells = _CELLS[char]
            if cells:
                measured = char
            if cells and not _is_second_flag(text, index, spans):
                spans.append((index, index + 1, cells))
            elif cells or not _is_control(char):
                _extend(text, spans, index, index + 1, cells)
            else:
                spans.append((index, index + 1, 0))
        index += 1
    return spans


def truncate(text: str, cells: int, ellipsis: str = "…") -> str:
    """Shortens the text to at most ``cells`` cells, cut between clusters.

    Args:
        text: one line.
        cells: the room there is; nothing fits into zero or less.
        ellipsis: put where something was cut, its own cells counted; left out when it does not fit itself.
    """
    if width(text) <= cells:
        return text if cells > 0 else ""
    if cells <= 0:
        return ""
    room = cells - width(ellipsis)
    if room < 0:
        ellipsis, room = "", cells
    end, _used = _fit(text, room)
    return text[:end] + ellipsis


def pad(text: str, cells: int) -> str:
    """Truncates or fills with spaces so that the text takes exactly ``cells`` cells."""
    text = truncate(text, cells)
    return text + " " * (cells - width(text))


def split_at(text: str, cell: int) -> tuple[str, str]:
    """Cuts the text at a column without tearing a cluster.

    A cluster that lies across the cut is replaced by spaces, so that both halves together take as many
    cells as the text did.

    Args:
        text: one line.
        cell: the column of the cut; 0 is before the first cell.
    """
    if cell <= 0:
        return "", text
    if text.isascii() and text.isprintable():
        return text[:cell], text[cell:]
    end, used = _fit(text, cell)
    if used == cell or end == len(text):
        return text[:end], text[end:]
    after = next_stop(text, end)
    torn = width(text[end:after])
    return text[:end] + " " * (cell - used), " " * (used + torn - cell) + text[after:]


def previous_stop(text: str, index: int) -> int:
    """The caret stop before ``index``: the start of the cluster to the left (0 at the start)."""
    index = min(index, len(text)) - 1
    while index > 0 and _is_inside(text, index):
        index -= 1
    return max(index, 0)


def next_stop(text: str, index: int) -> int:
    """The caret stop after ``index``: the end of the cluster to the right (the text's length at its end)."""
    index = max(index, 0) + 1
    while index < len(text) and _is_inside(text, index):
        index += 1
    return min(index, len(text))


def previous_word(text: str, index: int) -> int:
    """Where a step left by a word lands: the start of the word before or around the caret."""
    index = min(index, len(text))
    while index > 0 and not _is_wordy(text[index - 1]):
        index -= 1
    while index > 0:
        index = previous_stop(text, index)
        if index == 0 or _is_word_border(text, index):
            break
    return max(index, 0)


def next_word(text: str, index: int) -> int:
    """Where a step right by a word lands: the end of the word around or after the caret."""
    index, size = max(index, 0), len(text)
    while index < size and not _is_wordy(text[index]):
        index += 1
    while index < size:
        index = next_stop(text, index)
        if index >= size or _is_word_border(text, index):
            break
    return min(index, size)


def _fit(text: str, room: int) -> tuple[int, int]:
    """Where the longest beginning ends that takes at most ``room`` cells and tears no cluster, and its cells."""
    used = 0
    if _NEEDS_CLUSTERS.search(text):
        for start, _end, cells in clusters(text):
            if used + cells > room:
                return start, used
            used += cells
        return len(text), used
    for index, char in enumerate(text):
        cells = _CELLS[char]
        if used + cells > room:
            return index, used
        used += cells
    return len(text), used


def _extend(text: str, spans: list[Cluster], start: int, end: int, cells: int) -> None:
    """Adds code points to the last cluster, or begins one after a control or at the start."""
    if spans and not _is_control(text[start - 1]):
        first, _, before = spans[-1]
        spans[-1] = (first, end, before + cells)
    else:
        spans.append((start, end, cells))


def _is_second_flag(text: str, index: int, spans: list[Cluster]) -> bool:
    """Whether this regional indicator completes a flag (UAX 29, GB12 and GB13)."""
    if not _FIRST_FLAG <= text[index] <= _LAST_FLAG or not spans:
        return False
    start, end, _ = spans[-1]
    return end - start == 1 and _FIRST_FLAG <= text[start] <= _LAST_FLAG


def _is_control(char: str) -> bool:
    return char < " " or "\x7f" <= char < "\xa0"


def _is_inside(text: str, index: int) -> bool:
    """Whether the place before ``text[index]`` lies within a cluster; index is neither 0 nor the end."""
    char, before = text[index], text[index - 1]
    if char in (_ZWJ, _EMOJI_SELECTOR):
        return not _is_control(before)
    if before == _ZWJ and _joins_next(text, index - 1):
        return not _is_control(char)
    if _FIRST_FLAG <= char <= _LAST_FLAG:
        start = index
        while start > 0 and _FIRST_FLAG <= text[start - 1] <= _LAST_FLAG:
            start -= 1
        start += start > 0 and text[start - 1] == _ZWJ and _joins_next(text, start - 1)
        return (index - start) % 2 == 1
    return not _CELLS[char] and not _is_control(char) and not _is_control(before)


def _joins_next(text: str, index: int) -> bool:
    """Whether the joiner at ``text[index]`` joins what follows, rather than being joined itself."""
    start = index
    while start > 0 and text[start - 1] == _ZWJ:
        start -= 1
    return (index - start) % 2 == 0


def _is_wordy(char: str) -> bool:
    """Whether a word motion stops at this character: a letter, digit, mark, or a sign such as an emoji."""
    return (
        char == "_" or char.isalnum() or thai.is_thai(char) or ord(char) >= 0x1F000 or not (_CELLS[char] or char < " ")
    )


def _is_word_border(text: str, index: int) -> bool:
    """Whether a word ends before ``text[index]``."""
    return not (_is_wordy(text[index]) and _is_wordy(text[index - 1])) or thai.is_word_break(text, index)
