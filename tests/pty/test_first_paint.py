"""The first frame in a real terminal: drawn once, keys typed over it kept, the terminal given back."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from csconsole.paths import DataDir
from csconsole.services import demo
from tests.pty.controls import visible_text
from tests.pty.rawpty import RawPty

pytestmark = pytest.mark.pty

PROGRAM = Path(sys.executable).with_name("csconsole")
BROKEN = """
import sys
from csconsole import app
def broken(*_):
    raise OSError("no screen today")
app._console_app = broken
sys.argv = ["csconsole", "--data-dir", sys.argv[1]]
from csconsole.__main__ import main
sys.exit(main())
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = DataDir(tmp_path_factory.mktemp("first") / "data").ensure()
    demo.prepare(place, place.config, still=True, language="en")
    demo.build(place, place.config, conversations=0)
    return place.root


@pytest.mark.parametrize("colors", [{"COLORTERM": "truecolor"}, {"COLORTERM": ""}], ids=["truecolor", "256"])
def test_keys_typed_over_the_first_frame_are_obeyed(data: Path, colors: dict[str, str]) -> None:
    with RawPty([PROGRAM, "--data-dir", data], env=colors) as pty:
        before = pty.modes
        pty.read_until(rb"\x1b\[3;1H")
        assert b"?2026" not in pty.output, "Textual asks its questions after the first frame"
        assert "[i Mine" in visible_text(pty.output)
        pty.write(b"q")
        assert pty.wait() == 0
        assert pty.modes == before
        assert pty.output.count(b"\x1b[?1049h") == pty.output.count(b"\x1b[?1049l") == 1
        assert (b"38;2;" in pty.output) == bool(colors["COLORTERM"])


def test_a_screen_that_cannot_be_loaded_gives_the_terminal_back(data: Path) -> None:
    with RawPty([sys.executable, "-c", BROKEN, data]) as pty:
        before = pty.modes
        assert pty.wait() == 1
        assert pty.modes == before
        end = pty.output.rpartition(b"\x1b[?1049l")
        assert b"\x1b[?1049h" in end[0]
        assert b"\x1b[?25h" in end[0] and b"\x1b[?7h" in end[0]
        assert b"An error in csconsole itself" in end[2]


def test_a_terminal_of_few_colours_waits_for_textual(data: Path) -> None:
    with RawPty([PROGRAM, "--data-dir", data], env={"TERM": "xterm", "COLORTERM": ""}) as pty:
        pty.read_until(rb"\[i Mine")
        assert pty.output.index(b"?2026$p") < pty.output.index(b"[i Mine")
        pty.write(b"q")
        assert pty.wait() == 0
