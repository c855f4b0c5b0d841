"""Shows where a search found something: places and snippets in the text as it was written.

Search compares folded texts, whose lengths differ from the written ones. Folding hardly ever reaches from one
letter with its signs to the next, so a text is folded piece by piece to learn which written part each folded
part stands for.
"""

from __future__ import annotations

import re

from csconsole.text.graphemes import previous_stop, truncate, width
from csconsole.text.search import Needle, fold

Span = tuple[int, int]
"""``(start, end)`` in code points."""

# A letter with everything that folding may join to it: Thai signs (and SARA AA after NIKHAHIT), marks, inner Hangul
# letters, invisible characters; or a stretch of white space; or SARA E repeated.
_SIGNS = "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
_MARKS = "\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u064b-\u065f\u0900-\u0dff\u1100-\u11ff\u1ab0-\u1aff"
_HIDDEN = "\u00ad\u200b-\u200f\u2060\ufe00-\ufe2f\ufeff"
_PIECE = re.compile(
    f"[\\s{_HIDDEN}]+|(?:เ[{_HIDDEN}]*)+"
    f"|\\S[{_SIGNS}{_MARKS}\u1dc0-\u1dff\u20d0-\u20ff{_HIDDEN}]*(?:(?<=\u0e4d)\u0e32|(?<=\u0e4d[\u0e48-\u0e4b])\u0e32)?"
)


def spans(needle: Needle, text: str) -> list[Span]:
    """Where the words of a query are in the written text, sorted, overlapping ones joined.

    Args:
        needle: what was looked for.
        text: the text as written, not folded.

    Returns:
        Spans that begin and end with whole letters. Empty when nothing is found, or when the text folds in a way that
        cannot be traced (not seen in any Thai or Latin text).
    """
    folded = fold(text)
    found = needle.places(folded)
    if not found:
        return []
    starts, ends = _trace(text, folded)
    if not starts:
        return []
    merged: list[Span] = []
    for start, end in found:
        span = (starts[start], ends[end - 1])
        if merged and span[0] <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], span[1]))
        else:
            merged.append(span)
    return merged


def snippet(needle: Needle, text: str, cells: int) -> tuple[str, list[Span]]:
    """One line around the first place found.

    Args:
        needle: what was looked for.
        text: safe text as written (see :mod:`csconsole.text.sanitize`); line ends become spaces.
        cells: the room there is.

    Returns:
        The line, at most ``cells`` wide, with an ellipsis where something was left out, and the places in it.
    """
    text = " ".join(text.split())
    found = spans(needle, text)
    start = 0
    if found and width(text[: found[0][1]]) > cells - 1:
        start = found[0][0]
        lead = cells // 3
        while start > 0 and width(text[previous_stop(text, start) : found[0][0]]) <= lead:
            start = previous_stop(text, start)
    whole = "…" + text[start:] if start else text
    line = truncate(whole, cells)
    shift = 1 - start if start else 0
    last = len(line) - (line != whole)
    places = [(begin + shift, min(end + shift, last)) for begin, end in found if begin + shift < last]
    return line, places


def _trace(text: str, folded: str) -> tuple[list[int], list[int]]:
    """For each folded code point where its written letter begins and ends; empty lists when that is unknown."""
    starts: list[int] = []
    ends: list[int] = []
    if text.isascii() and len(text) == len(folded):
        return list(range(len(text))), list(range(1, len(text) + 1))
    pieces: list[str] = []
    for match in _PIECE.finditer(text):
        piece = fold(match.group())
        pieces.append(piece)
        starts += [match.start()] * len(piece)
        ends += [match.end()] * len(piece)
    return (starts, ends) if "".join(pieces) == folded else ([], [])
