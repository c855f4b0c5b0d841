"""Reads text with SGR sequences, as ``tmux capture-pane -e`` prints it, into rows of cells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rich.cells import get_character_cell_size

Colour = int | tuple[int, int, int] | None
"""A palette index 0 to 255, an RGB triple, or None for the terminal's default."""

_TOKEN = re.compile(
    r"\x1b\[(?P<parameters>[0-9;:]*)m"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b[()][0-9A-B]|\x1b\\"
    r"|(?P<shift>[\x0e\x0f])|(?P<newline>\n)|(?P<character>[^\x00-\x1f\x7f])"
)
_LINE_DRAWING = dict(zip("jklmnqtuvwx~", "┘┐┌└┼─├┤┴┬│·", strict=True))


@dataclass(frozen=True)
class Look:
    """How a cell is drawn: the SGR state."""

    foreground: Colour = None
    background: Colour = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False
    strike: bool = False


@dataclass(frozen=True)
class Cell:
    """One grapheme on the screen: a base character with its marks, one or two columns wide."""

    text: str
    width: int
    look: Look


def read_cells(dump: str) -> list[list[Cell]]:
    """Returns the rows of a dump.

    Args:
        dump: lines of text and SGR sequences; the look carries over from line to line, as tmux writes it.

    Returns:
        One list of cells per line, without padding; characters of width 0 belong to the cell before them.
    """
    rows: list[list[Cell]] = [[]]
    look = Look()
    drawing = False
    for token in _TOKEN.finditer(dump):
        character = token["character"]
        if character is not None:
            if drawing:
                character = _LINE_DRAWING.get(character, character)
            width = get_character_cell_size(character)
            row = rows[-1]
            if width == 0 and row:
                row[-1] = replace(row[-1], text=row[-1].text + character)
            else:
                row.append(Cell(character, max(width, 1), look))
        elif token["newline"]:
            rows.append([])
        elif token["shift"]:
            drawing = token["shift"] == "\x0e"
        elif token["parameters"] is not None:
            look = apply_sgr(look, token["parameters"])
    if not rows[-1]:
        rows.pop()
    return rows


_ON = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse", 9: "strike", 21: "underline"}
_OFF = {
    22: ("bold", "dim"),
    23: ("italic",),
    24: ("underline",),
    27: ("reverse",),
    29: ("strike",),
    39: ("foreground",),
    49: ("background",),
}


def apply_sgr(look: Look, parameters: str) -> Look:
    """Returns ``look`` changed by the parameters of one SGR sequence (ECMA-48 8.3.117, ITU T.416 colours)."""
    codes = iter([int(part or "0") for part in re.split("[;:]", parameters)])
    for code in codes:
        if code == 0:
            look = Look()
        elif code in _ON:
            look = replace(look, **{_ON[code]: True})
        elif code in _OFF:
            plain = Look()
            look = replace(look, **{name: getattr(plain, name) for name in _OFF[code]})
        elif code in (38, 48):
            colour = _extended(codes)
            look = replace(look, foreground=colour) if code == 38 else replace(look, background=colour)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            look = replace(look, foreground=code - 30 if code < 90 else code - 82)
        elif 40 <= code <= 47 or 100 <= code <= 107:
            look = replace(look, background=code - 40 if code < 100 else code - 92)
    return look


def _extended(codes: Iterator[int]) -> Colour:
    kind = next(codes, 0)
    if kind == 5:
        return next(codes, 0)
    if kind == 2:
        return next(codes, 0), next(codes, 0), next(codes, 0)
    return None
