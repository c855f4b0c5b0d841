"""Mends what Rich 15.0.0 and Textual 8.2.8 do wrong with Thai; each patch has a test that fails once it is not needed.

- Rich cuts a segment between a base and its marks, so an overlay or a pane's edge drops a tone mark on the left and
  draws it on the border on the right.
- Textual wraps the text of a :class:`~textual.widgets.TextArea` only at spaces and folds a run of Thai in the
  middle of a word.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from rich.segment import Segment
from textual._wrap import compute_wrap_offsets as _stock_wrap_offsets
from textual.document import _wrapped_document

from csconsole.text.graphemes import split_at, width
from csconsole.text.wrap import wrap

_installed = False


@lru_cache(4096)
def split_segment(segment: Segment, cut: int) -> tuple[Segment, Segment]:
    """Cuts a segment at a column, never within a cluster; a wide cluster on the cut becomes spaces.

    Args:
        segment: any segment without a control code.
        cut: the column, at least 0.
    """
    if cut >= segment.cell_length:
        return segment, Segment("", segment.style, segment.control)
    left, right = split_at(segment.text, cut)
    return Segment(left, segment.style, segment.control), Segment(right, segment.style, segment.control)


def wrap_offsets(
    text: str,
    width_cells: int,
    tab_size: int,
    fold: bool = True,
    precomputed_tab_sections: list[tuple[str, int]] | None = None,
) -> list[int]:
    """Where one line of a document breaks, as code point indices: at Thai word borders as at spaces.

    The spaces at a break stay at the end of the line before it, so that every index of the text has a place. A line
    with tabs, or one that ends in more spaces than there is room for, is left to Textual.
    """
    if "\t" in text or not fold:
        return _stock_wrap_offsets(text, width_cells, tab_size, fold, precomputed_tab_sections)
    offsets: list[int] = []
    start = position = 0
    for line in wrap(text, width_cells):
        if position:
            offsets.append(position)
        start, position = position, position + len(line)
        while position < len(text) and text[position] in " \u200b":
            position += 1
        if width(text[start:position]) > width_cells + 1:
            return _stock_wrap_offsets(text, width_cells, tab_size, fold, precomputed_tab_sections)
    return offsets


def _split_cells(_: type[Segment], segment: Segment, cut: int) -> tuple[Segment, Segment]:
    return split_segment(segment, cut)


def install() -> None:
    """Puts the patches in place; doing so twice changes nothing."""
    global _installed
    if _installed:
        return
    segment_class: Any = Segment
    segment_class._split_cells = classmethod(_split_cells)
    document: Any = _wrapped_document
    document.compute_wrap_offsets = wrap_offsets
    _installed = True
