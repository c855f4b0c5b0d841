"""Plain output: columns that line up in cells (Thai marks take none, emoji two), short ages, few colours."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Sequence
from typing import NamedTuple

from csconsole.clock import DAY, HOUR, MINUTE, to_datetime
from csconsole.text.graphemes import pad, truncate, width
from csconsole.text.sanitize import safe_line, safe_text

GAP = "  "
DEFAULT_WIDTH = 80
LAST = 26
"""Cells the last column, the one with the words, gets before the others get theirs."""


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        title: heading.
        most: most cells it takes, 0 for the rest of the line (the last column).
        right: aligned to the right.
        least: cells to which it may shrink on a narrow terminal, 0 when it may not.
        drop: where there is no room even so, columns are left out by this rank, 1 first; 0 stays.
    """

    title: str
    most: int = 0
    right: bool = False
    least: int = 0
    drop: int = 0


def terminal_width() -> int:
    """Cells of a line: ``COLUMNS``, else the terminal's, else 80."""
    return max(shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns, 20)


def coloured() -> bool:
    """Whether colours are wanted: a terminal, and no ``NO_COLOR`` (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


_STYLES = {"ok": "32", "warn": "33", "fail": "31", "heading": "1", "dim": "2"}


_STYLED = re.compile(f"(\x1b\\[(?:0|{'|'.join(_STYLES.values())})m)")


def style(text: str, name: str) -> str:
    """The text in a style (ok, warn, fail, heading, dim) where colours are wanted."""
    return f"\x1b[{_STYLES[name]}m{text}\x1b[0m" if coloured() else text


def safe_output(text: str) -> str:
    """Plain output made safe as a whole; of control sequences only the styles of :func:`style` are left.

    Every cell and body is made safe where it is put into the output; this is the last look before the terminal.
    """
    if not coloured():
        return safe_text(text)
    parts = _STYLED.split(text)
    parts[::2] = map(safe_text, parts[::2])
    return "".join(parts)


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    """Lines of a table under its headings; every cell is made safe and cut to fit.

    Args:
        columns: one for each cell; one of them, the last, may take the rest of the line.
        rows: cells as text.
    """
    safe = [[str(safe_line(cell)) for cell in row] for row in rows]
    widths = _widths(columns, safe)
    room = terminal_width()
    while (extra := _too_many(columns, widths, room)) is not None:
        columns = [*columns[:extra], *columns[extra + 1 :]]
        widths = [*widths[:extra], *widths[extra + 1 :]]
        safe = [[*row[:extra], *row[extra + 1 :]] for row in safe]
    _fit(widths, columns, room - len(GAP) * (len(widths) - 1))
    head = _line([c.title for c in columns], columns, widths)
    return "\n".join([style(head, "heading"), *(_line(row, columns, widths) for row in safe)]) + "\n"


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[int]:
    """What each column would like to have."""
    widths = []
    for index, column in enumerate(columns):
        natural = max([width(column.title), *(width(row[index]) for row in rows)])
        widths.append(min(natural, column.most) if column.most else natural)
    return widths


def _too_many(columns: Sequence[Column], widths: Sequence[int], room: int) -> int | None:
    """The column to leave out, when even shrunk columns leave no room for the words."""
    needed = sum(min(c.least or w, w) for c, w in zip(columns[:-1], widths[:-1], strict=True))
    if needed + len(GAP) * (len(widths) - 1) + min(widths[-1], LAST // 2) <= room:
        return None
    return min((i for i, c in enumerate(columns[:-1]) if c.drop), key=lambda i: columns[i].drop, default=None)


def _fit(widths: list[int], columns: Sequence[Column], room: int) -> None:
    """Shrinks columns, the widest first, until the last one has space to be read; then cuts the last one."""
    wanted = min(widths[-1], LAST)
    while sum(widths[:-1]) + wanted > room:
        able = [i for i, column in enumerate(columns[:-1]) if column.least and widths[i] > column.least]
        if not able:
            break
        widths[max(able, key=lambda i: widths[i])] -= 1
    widths[-1] = max(min(widths[-1], room - sum(widths[:-1])), 8)


def _line(cells: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    parts = []
    for cell, column, cells_wide in zip(cells, columns, widths, strict=True):
        if column.right:
            cut = truncate(cell, cells_wide)
            parts.append(" " * (cells_wide - width(cut)) + cut)
        else:
            parts.append(pad(cell, cells_wide))
    return GAP.join(parts).rstrip()


def age(since: int | None, now: int) -> str:
    """A span up to now in its largest unit (``12m``, ``3h``, ``8d``), "" for none; ``now`` below a minute."""
    if since is None:
        return ""
    span = now - since
    if span < MINUTE:
        return "now"
    if span < HOUR:
        return f"{span // MINUTE}m"
    if span < 2 * DAY:
        return f"{span // HOUR}h"
    return f"{span // DAY}d"


def moment(at: int, zone: str) -> str:
    """An instant in the agent's zone as ``2026-11-27 12:00``."""
    from zoneinfo import ZoneInfo

    return to_datetime(at).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
