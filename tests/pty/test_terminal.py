"""The instruments that look at the real program: what they show must be what a terminal shows."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.pty.controls import control_kinds, visible_text
from tests.pty.rawpty import RawPty
from tests.pty.terminal import ScreenError, Terminal

pytestmark = pytest.mark.pty

ECHO = """
import sys, tty
tty.setcbreak(0)
print("READY", flush=True)
while (line := sys.stdin.buffer.raw.read(100)):
    if line == b"q": sys.exit(7)
    print("got", line.decode(), flush=True)
"""


def test_thai_text_goes_in_and_comes_out_whole() -> None:
    with Terminal([sys.executable, "-c", ECHO], size=(80, 10)) as terminal:
        terminal.wait_for("READY")
        terminal.type("น้ำกำลัง;")
        screen = terminal.wait_for("got น้ำกำลัง;")
        assert len(screen) == 10
        cells = terminal.cells(screen.index("got น้ำกำลัง;"))
        assert [cell.text for cell in cells[4:10]] == ["น้", "ำ", "ก", "ำ", "ลั", "ง"]
        terminal.keys("q")
        assert terminal.wait_exit() == 7


def test_looks_and_size_are_read_back() -> None:
    code = (
        "import os; print('\\x1b[1;38;5;208mA\\x1b[0;7mB\\x1b[0;48;2;1;2;3mC');"
        "print(os.get_terminal_size().columns); input(); print(os.get_terminal_size().columns); input()"
    )
    with Terminal([sys.executable, "-c", code], size=(70, 5)) as terminal:
        terminal.wait_for("70")
        a, b, c = terminal.cells(0)[:3]
        assert (a.look.bold, a.look.foreground) == (True, 208)
        assert (b.look.bold, b.look.reverse) == (False, True)
        assert c.look.background == (1, 2, 3)
        terminal.resize(50, 6)
        terminal.keys("Enter")
        assert len(terminal.wait_for(re.compile(r"^50$", re.MULTILINE))) == 6


def test_a_screen_that_never_comes_is_told_with_the_screen() -> None:
    with Terminal([sys.executable, "-c", "print('only this')"], size=(40, 4)) as terminal:
        with pytest.raises(ScreenError, match=r"does not show 'more'; the program ended with status 0:\n\|only this"):
            terminal.wait_for("more")
        terminal.wait_gone("more")


def test_the_clipboard_and_a_paste() -> None:
    code = (
        "import sys; print('\\x1b[?2004h\\x1b]52;c;4LiB4LiyCg==\\x07READY', flush=True);"
        "print(repr(sys.stdin.readline()))"
    )
    with Terminal([sys.executable, "-c", code], size=(60, 4)) as terminal:
        terminal.wait_for("READY")
        assert terminal.clipboard() == "กา\n"
        terminal.paste("สวัสดี")
        terminal.keys("Enter")
        terminal.wait_for(r"'\x1b[200~สวัสดี\x1b[201~\n'")


def test_closing_ends_a_program_that_ignores_the_hang_up() -> None:
    code = (
        "import signal,time; signal.signal(signal.SIGHUP, signal.SIG_IGN); print('READY', flush=True); time.sleep(600)"
    )
    with Terminal([sys.executable, "-c", code]) as terminal:
        terminal.wait_for("READY")
        pid = terminal.pid
    stat = Path(f"/proc/{pid}/stat")
    assert not stat.exists() or stat.read_text().split()[2] == "Z"


def test_a_program_that_is_killed_does_not_end_with_zero() -> None:
    with Terminal(["sh", "-c", "echo READY; kill -KILL $$"]) as terminal:
        assert terminal.wait_exit() in (128, 137)


def test_the_raw_terminal_answers_and_records() -> None:
    code = (
        "import sys,tty; tty.setraw(0); sys.stdout.write('\\x1b[c'); sys.stdout.flush();"
        "sys.stdout.write(repr(sys.stdin.buffer.raw.read(20))); sys.stdout.flush(); sys.stdin.buffer.raw.read(1)"
    )
    with RawPty([sys.executable, "-c", code]) as pty:
        chunk = pty.read_until(rb"\?62;22c")
        assert 0 < chunk.at < 30
        sent = pty.write(b"x")
        assert sent >= chunk.at
        assert pty.wait() == 0
        assert pty.output.startswith(b"\x1b[c")


@pytest.mark.parametrize(
    ("data", "kinds"),
    [
        (b"plain \xe0\xb8\x81\xe0\xb8\xb3", {}),
        (b"\x1b[1;31mred\x1b[0m", {"CSI m": 2}),
        (b"\x1b[?25l\x1b[2 q\x1b[>1u", {"CSI ?l": 1, "CSI  q": 1, "CSI >u": 1}),
        (b"\x1b]52;c;YQ==\x07\x1b]0;title\x1b\\", {"OSC 52": 1, "OSC 0": 1}),
        (b"\x1bPq#0\x1b\\\x1b_Gx\x1b\\", {"DCS": 1, "APC": 1}),
        (b"\x1bc\x07\x7f", {"ESC c": 1, "C0 07": 1, "C0 7f": 1}),
        ("\x9b31m\u202eabc".encode(), {"C1 9b": 1, "U+202E": 1}),
    ],
)
def test_control_sequences_are_named(data: bytes, kinds: dict[str, int]) -> None:
    assert dict(control_kinds(data)) == kinds


def test_visible_text_has_no_controls() -> None:
    assert visible_text("\x1b[1mน้ำ\x1b]0;x\x07 ok\r\n".encode()) == "น้ำ ok"
