"""Makes the pictures of the user's guide from the real console on the still demo shop, in both languages.

usage: python tools/docs_pictures.py [OUT_DIR]

Each picture is a screen as tmux shows it, drawn by ``tools/picture.py``. Needs tmux and chromium
(``tools/install-test-servers.sh pictures``).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.pty.terminal import Terminal  # noqa: E402 - found through the line above
from tools.ansi import read_cells  # noqa: E402
from tools.picture import draw, write_png  # noqa: E402

PROGRAM = Path(sys.executable).with_name("csconsole")


class Shot(NamedTuple):
    """A picture: its name, the size of the terminal, keys to press, and what must stand on screen by then."""

    name: str
    size: tuple[int, int]
    keys: tuple[tuple[str, str], ...]
    """Pairs of keys (parted by spaces) and a text to wait for after them."""


def shots(language: str) -> list[Shot]:
    """The pictures of one language."""
    thai = language == "th"
    first = ("", "ได้ใบส่วนผสม")
    opened = ("j j j Enter", "JL5-2609")
    box = ("r", "╔")
    picker = ("C-t", "คำตอบสำเร็จรูป" if thai else "Canned replies")
    found = [
        Shot(f"console-{language}-{columns}x{rows}", (columns, rows), (first, opened, box))
        for columns, rows in ((120, 40), (80, 24), (200, 60))
    ]
    found.append(Shot(f"canned-{language}-120x40", (120, 40), (first, opened, box, picker)))
    return found


def take(shot: Shot, data: Path, target: Path) -> None:
    """Runs the console, presses the keys, and writes the picture."""
    with Terminal([PROGRAM, "--data-dir", data], size=shot.size) as terminal:
        for keys, wanted in shot.keys:
            if keys:
                terminal.keys(*keys.split())
            terminal.wait_for(wanted)
        dump = terminal.dump()
    svg = draw(read_cells(dump), columns=shot.size[0])
    write_png(svg, target / f"{shot.name}.png", scale=1.0)


def main(arguments: list[str]) -> int:
    """Makes all pictures; returns the exit code."""
    target = Path(arguments[0]) if arguments else ROOT / "docs" / "user" / "pictures"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for language in ("th", "en"):
            data = Path(scratch) / language
            subprocess.run(
                [PROGRAM, "demo", "--build-only", "--still", "--language", language, "--data-dir", data],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            for shot in shots(language):
                take(shot, data, target)
                print(target / f"{shot.name}.png")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
