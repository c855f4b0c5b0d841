"""Draws a terminal screen as SVG and PNG, with Thai in its place.

usage: python tools/picture.py DUMP OUT.svg|OUT.png [--columns N] [--title TEXT]

``DUMP`` is what ``tmux capture-pane -p -e -N`` prints ("-" reads standard input). Each grapheme is its own text
element at its own cell: a browser that lays out a whole line lets Thai drift, since its marks take no cell and its
letters are not as wide as one. PNG needs chromium.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.ansi import Cell, Colour, Look, read_cells

CELL_WIDTH, CELL_HEIGHT, FONT_SIZE, BASELINE = 10, 22, 16.6, 16
MARGIN = 14
FONTS = "'DejaVu Sans Mono', 'Noto Sans Thai', Loma, Garuda, monospace"
FOREGROUND, BACKGROUND = "#d8dce4", "#14161b"
SYSTEM_COLOURS = (
    "#1d2027", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#c8ccd4",
    "#5c6370", "#ff7b86", "#b5e890", "#ffd68a", "#7cc4ff", "#e28bf5", "#6fd6e0", "#ffffff",
)  # fmt: skip
BOX_DRAWING = range(0x2500, 0x25A0)


def hex_colour(colour: Colour, default: str) -> str:
    """Returns ``#rrggbb`` for a palette index (xterm's 256), a triple, or the default."""
    if colour is None:
        return default
    if isinstance(colour, tuple):
        return "#{:02x}{:02x}{:02x}".format(*colour)
    if colour < 16:
        return SYSTEM_COLOURS[colour]
    if colour < 232:
        steps = (0, 95, 135, 175, 215, 255)
        index = colour - 16
        return hex_colour((steps[index // 36], steps[index // 6 % 6], steps[index % 6]), default)
    grey = 8 + (colour - 232) * 10
    return hex_colour((grey, grey, grey), default)


def mix(colour: str, other: str, share: float) -> str:
    """Returns ``colour`` with ``share`` (0 to 1) of ``other``."""
    ours, theirs = (bytes.fromhex(value[1:]) for value in (colour, other))
    return "#" + bytes(round(a + (b - a) * share) for a, b in zip(ours, theirs, strict=True)).hex()


def paints(look: Look) -> tuple[str, str]:
    """Returns foreground and background of a look, reverse and dim applied."""
    foreground, background = hex_colour(look.foreground, FOREGROUND), hex_colour(look.background, BACKGROUND)
    if look.reverse:
        foreground, background = background, foreground
    if look.dim:
        foreground = mix(foreground, background, 0.45)
    return foreground, background


def draw(rows: list[list[Cell]], columns: int | None = None, title: str = "Terminal") -> str:
    """Returns the screen as an SVG document.

    Args:
        rows: cells by line.
        columns: width of the screen; the longest line unless given.
        title: said to those who cannot see the picture.
    """
    width = columns or max((sum(cell.width for cell in row) for row in rows), default=1)
    pixels = (width * CELL_WIDTH + 2 * MARGIN, len(rows) * CELL_HEIGHT + 2 * MARGIN)
    back: list[str] = []
    front: list[str] = []
    for line, row in enumerate(rows):
        top = MARGIN + line * CELL_HEIGHT
        column = 0
        run: tuple[str, int, int] | None = None
        for cell in row:
            left = MARGIN + column * CELL_WIDTH
            paint = paints(cell.look)[1]
            if run and run[0] == paint:
                run = (paint, run[1], run[2] + cell.width)
            else:
                back += _background(run, top)
                run = (paint, left, cell.width)
            front += _glyph(cell, left, top)
            column += cell.width
        back += _background(run, top)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{pixels[0]}" height="{pixels[1]}"'
            f' viewBox="0 0 {pixels[0]} {pixels[1]}" role="img">',
            f"<title>{escape(title)}</title>",
            f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>',
            '<g shape-rendering="crispEdges">',
            *back,
            "</g>",
            f'<g font-family="{FONTS}" font-size="{FONT_SIZE}" xml:space="preserve">',
            *front,
            "</g>",
            "</svg>",
            "",
        ]
    )


def _background(run: tuple[str, int, int] | None, top: int) -> list[str]:
    if run is None or run[0] == BACKGROUND:
        return []
    paint, left, cells = run
    return [f'<rect x="{left}" y="{top}" width="{cells * CELL_WIDTH}" height="{CELL_HEIGHT}" fill="{paint}"/>']


def _glyph(cell: Cell, left: int, top: int) -> list[str]:
    paint = paints(cell.look)[0]
    drawn: list[str] = []
    if cell.text.strip():
        extra = ' font-weight="bold"' if cell.look.bold else ""
        extra += ' font-style="italic"' if cell.look.italic else ""
        if ord(cell.text[0]) in BOX_DRAWING:
            # Lines must meet: the glyph is stretched to the full cell.
            extra += f' textLength="{CELL_WIDTH * cell.width}" lengthAdjust="spacingAndGlyphs"'
            drawn += [
                f'<text transform="translate({left} {top + BASELINE}) scale(1 {CELL_HEIGHT / (FONT_SIZE * 1.164):.3f})"'
                f' fill="{paint}"{extra}>{cell.text}</text>'
            ]
        else:
            x = f"{left}"
            if _is_thai(cell.text[0]):
                # No Thai font is monospaced: letters stand in the middle of their cell. SARA AM stays at the left,
                # where its ring reaches the letter before it.
                x = f"{left + cell.width * CELL_WIDTH / 2:g}"
                extra += ' text-anchor="middle"'
            drawn += [f'<text x="{x}" y="{top + BASELINE}" fill="{paint}"{extra}>{escape(cell.text)}</text>']
    for wanted, height in ((cell.look.underline, CELL_HEIGHT - 3), (cell.look.strike, CELL_HEIGHT // 2)):
        if wanted:
            width = cell.width * CELL_WIDTH
            drawn += [f'<rect x="{left}" y="{top + height}" width="{width}" height="1" fill="{paint}"/>']
    return drawn


def _is_thai(character: str) -> bool:
    return "\u0e00" <= character <= "\u0e7f" and character != "\u0e33"


def find_browser() -> str | None:
    """Returns the path of a Chromium, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def write_png(svg: str, target: Path, scale: float = 2.0) -> None:
    """Renders an SVG document with headless Chromium.

    Args:
        svg: a document with ``width`` and ``height`` in pixels.
        target: the PNG to write.
        scale: pixels of the picture per pixel of the document.

    Raises:
        RuntimeError: there is no Chromium, or it drew nothing.
    """
    browser = find_browser()
    if browser is None:
        raise RuntimeError("a PNG needs chromium: tools/install-test-servers.sh pictures")
    head = svg.split(">", 1)[0]
    width, height = (head.split(f'{name}="', 1)[1].split('"', 1)[0] for name in ("width", "height"))
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch) / "page.html"
        style = "html,body{margin:0;background:transparent}svg{display:block}"
        page.write_text(f"<!doctype html><meta charset=utf-8><style>{style}</style>{svg}", encoding="utf-8")
        shot = Path(scratch) / "shot.png"
        command = [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
            f"--user-data-dir={scratch}/profile", f"--force-device-scale-factor={scale:g}",
            "--default-background-color=00000000", f"--window-size={width},{height}",
            f"--screenshot={shot}", page.as_uri(),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, timeout=120, env={**os.environ, "HOME": scratch})
        if not shot.exists():
            raise RuntimeError(f"{browser} drew nothing: {done.stderr.decode(errors='replace')[-400:]}")
        target.write_bytes(shot.read_bytes())


def main(argv: list[str]) -> int:
    """Reads a dump and writes the picture its name's ending asks for."""
    parser = argparse.ArgumentParser(prog="picture.py", description="Draws a dumped terminal screen.")
    parser.add_argument("dump", help="what tmux capture-pane -p -e -N printed, or -")
    parser.add_argument("target", type=Path, help="an .svg or .png to write")
    parser.add_argument("--columns", type=int, help="width of the screen")
    parser.add_argument("--title", default="Terminal", help="said to those who cannot see the picture")
    options = parser.parse_args(argv)
    text = sys.stdin.read() if options.dump == "-" else Path(options.dump).read_text(encoding="utf-8")
    svg = draw(read_cells(text), options.columns, options.title)
    if options.target.suffix == ".png":
        try:
            write_png(svg, options.target)
        except RuntimeError as error:
            print(f"picture: {error}", file=sys.stderr)
            return 1
    else:
        options.target.write_text(svg, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
