"""Where panes stand for a size of the terminal; ``main.tcss`` says the same to Textual and a test compares them."""

from __future__ import annotations

WIDEST, WIDE, MIDDLE = 160, 120, 90
"""Columns from which there are three broad panes, three, and two."""
SMALLEST = (60, 15)
"""Columns and rows below which nothing useful fits."""
BARS_BELOW = 2
"""Lines below the panes: hints and the message."""
TITLE_LINES = 2
"""Lines of the title above a transcript."""


def kind(columns: int) -> str:
    """``wide``, ``middle`` or ``narrow``."""
    return "wide" if columns >= WIDE else "middle" if columns >= MIDDLE else "narrow"


def is_small(columns: int, rows: int) -> bool:
    """Whether nothing useful fits."""
    return columns < SMALLEST[0] or rows < SMALLEST[1]


def queue_row_height(columns: int, density: str) -> int:
    """Lines of a conversation in the queue."""
    return 1 if kind(columns) == "narrow" or density == "compact" else 2


def widths(columns: int) -> list[int]:
    """Columns of the panes while no conversation is open, borders included."""
    if columns >= WIDEST:
        return [56, columns - 56 - 40, 40]
    if columns >= WIDE:
        return [38, columns - 38 - 29, 29]
    if columns >= MIDDLE:
        return [36, columns - 36]
    return [columns]
