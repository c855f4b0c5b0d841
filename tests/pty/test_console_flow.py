"""The real program in a terminal: real keys, a real worker, and how it begins and ends."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pty.terminal import Terminal

pytestmark = pytest.mark.pty

PROGRAM = Path(sys.executable).with_name("csconsole")
Start = Callable[..., Terminal]


def build(root: Path, language: str) -> Path:
    subprocess.run(
        [PROGRAM, "--data-dir", root, "demo", "--build-only", "--language", language],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return root


@pytest.fixture(scope="session")
def english_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("pty-en") / "data", "en")


@pytest.fixture(scope="session")
def thai_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("pty-th") / "data", "th")


def copy(demo: Path, to: Path) -> Path:
    shutil.copytree(demo, to, ignore=shutil.ignore_patterns("*.lock"))
    return to


@pytest.fixture
def english(english_demo: Path, tmp_path: Path) -> Path:
    return copy(english_demo, tmp_path / "data")


@pytest.fixture
def thai(thai_demo: Path, tmp_path: Path) -> Path:
    return copy(thai_demo, tmp_path / "data")


def console(terminal: Start, data: Path, size: tuple[int, int] = (120, 40), **env: str) -> Terminal:
    return terminal([PROGRAM, "--data-dir", data], size=size, env=env)


def test_a_customer_is_answered_with_a_canned_reply_and_it_arrives(terminal: Start, english: Path) -> None:
    screen = console(terminal, english)
    screen.wait_for("[i Mine 4]")
    screen.keys("Enter")
    screen.wait_for("#20432")
    screen.keys(";")
    screen.wait_for("Canned replies")
    screen.type("still")
    screen.wait_for("Search: still")
    screen.keys("Enter")
    screen.wait_for("Fill in: ")
    screen.type("with the lab")
    screen.wait_for("Fill in: where it stands with the lab")
    screen.keys("Enter")
    screen.wait_for("Fill in: next update")
    screen.type("17:00")
    screen.wait_for("Fill in: next update 17:00")
    screen.keys("Enter")
    screen.wait_for("with the lab")
    screen.keys("C-s")
    screen.wait_for("HELD")
    screen.wait_gone("HELD")
    screen.wait_for(re.compile(r"with the lab.*(\n.*){1,4} sent"))
    screen.keys("Escape")
    screen.wait_gone("PUBLIC")
    screen.keys("q")
    screen.wait_gone("#20432 ")
    screen.keys("q")
    assert screen.wait_exit() == 0


def test_bubbles_are_pulled_back_and_nothing_leaves(terminal: Start, english: Path) -> None:
    path = english / "config.toml"
    path.write_text(path.read_text("utf-8") + '\n[ui]\nchat_hold = "60s"\n', "utf-8")
    screen = console(terminal, english, (80, 24))
    screen.wait_for("[i Mine 4]")
    screen.keys("Enter")
    screen.wait_for("#20432")
    screen.keys("r")
    screen.wait_for("PUBLIC → LINE @Hat Yai")
    screen.type("สวัสดีค่ะ")
    screen.wait_for("║สวัสดีค่ะ")
    screen.keys("C-s")
    screen.wait_for("1 bubble ┐")
    screen.type("second")
    screen.wait_for("║second")
    screen.keys("C-s")
    screen.wait_for("2 bubbles, one send")
    screen.keys("Escape")
    screen.wait_gone("2 bubbles")
    screen.keys("BSpace")
    screen.wait_for("Pulled back")
    screen.wait_for("║สวัสดีค่ะ")
    shown = subprocess.run([PROGRAM, "--data-dir", english, "outbox"], capture_output=True, text=True, timeout=60)
    assert "held" not in shown.stdout
    assert "queued" not in shown.stdout


def test_thai_keys_thai_times_and_undo(terminal: Start, thai: Path) -> None:
    screen = console(terminal, thai, (80, 24))
    screen.wait_for("[i ของฉัน 4]")
    screen.type("ะ")
    screen.type("5")
    screen.wait_for("ใส่แท็ก delivery แล้ว")
    screen.type("ี")
    screen.wait_for("ย้อนกลับแล้ว")
    screen.type("ผ")
    screen.wait_for("พักไว้ถึง (")
    screen.type("พรุ่งนี้ 9.30")
    screen.wait_for("ถึง พรุ่งนี้ 09:30")
    screen.keys("Enter")
    screen.wait_for("พักไว้ถึง พรุ่งนี้ 09:30 (u ย้อนกลับ)")
    screen.wait_for("[i ของฉัน 3]")
    screen.type("ี")
    screen.wait_for("[i ของฉัน 4]")
    screen.type("\\")
    screen.wait_for("กรอง")
    screen.type("cvo")
    screen.wait_for("แอน: 1")
    screen.keys("Escape")
    screen.wait_gone("แอน: 1")
    screen.type("/8nog'bo")
    screen.keys("Enter")
    screen.wait_for("อ่านเป็น คืนเงิน")
    screen.keys("Enter")
    screen.wait_for(">11:53")


def test_resizing_while_open_paints_every_pane(terminal: Start, english: Path) -> None:
    screen = console(terminal, english)
    screen.wait_for("[i Mine 4]")
    screen.keys("Enter")
    screen.wait_for("T Customer tags")
    for size, wanted in (
        ((80, 24), "earlier: 0"),
        ((200, 60), "T Customer tags"),
        ((50, 12), "too small"),
        ((120, 40), "T Customer tags"),
    ):
        screen.resize(*size)
        screen.wait_for(wanted)
        if size[0] > 60:
            screen.wait_for("#20432")
    screen.keys("i")
    screen.wait_gone("T Customer tags")
    screen.keys("i")
    screen.wait_for("T Customer tags")


def test_lists_and_panes_take_each_others_place_on_a_small_screen(terminal: Start, english: Path) -> None:
    screen = console(terminal, english, (80, 24))
    screen.wait_for("[i Mine 4]")
    screen.type("go")
    screen.wait_for("Nothing in Outbox.")
    screen.wait_gone("Hat Yai")
    screen.keys("Escape")
    screen.wait_for("Hat Yai")
    screen.keys("Enter")
    screen.wait_for("hand.jpg")
    screen.keys("Tab")
    screen.wait_gone("hand.jpg")
    screen.keys("Tab")
    screen.wait_for(">#20432")
    screen.keys("i")
    screen.wait_for("IG fahsai.notreal")
    screen.wait_gone("hand.jpg")
    screen.keys("i")
    screen.wait_for("hand.jpg")
    screen.wait_gone("IG fahsai.notreal")


def test_a_file_is_fetched_by_the_worker_and_saved(terminal: Start, english: Path) -> None:
    screen = console(terminal, english)
    screen.wait_for("[i Mine 4]")
    screen.keys("Enter")
    screen.wait_for("hand.jpg")
    screen.keys("S")
    screen.wait_for(re.compile("being fetched|Saved: "))
    for _ in range(100):
        if "Saved: " in screen.text():
            break
        screen.keys("S")
        screen.wait_for(re.compile("being fetched|Saved: "))
    screen.wait_for("Saved: ")
    saved = list((english / "attachments").iterdir())
    assert [path.name for path in saved] == ["hand.jpg"]
    assert saved[0].stat().st_mode & 0o777 == 0o600


def test_quitting_says_what_will_still_be_sent(terminal: Start, english: Path) -> None:
    path = english / "config.toml"
    path.write_text(path.read_text("utf-8") + '\n[ui]\nchat_hold = "60s"\n', "utf-8")
    screen = console(terminal, english)
    screen.wait_for("[i Mine 4]")
    screen.keys("Enter")
    screen.wait_for("#20432")
    screen.keys("r")
    screen.wait_for("PUBLIC")
    screen.type("bye")
    screen.wait_for("║bye")
    screen.keys("C-s")
    screen.wait_for("HELD")
    screen.keys("Escape")
    screen.wait_gone("HELD")
    screen.keys("q", "q")
    assert screen.wait_exit() == 0
    assert "1 messages will still be sent in the background." in screen.text()


def test_without_colours_nothing_is_coloured_and_all_is_said(terminal: Start, english: Path) -> None:
    screen = console(terminal, english, NO_COLOR="1")
    screen.wait_for("[i Mine 4]")
    screen.keys("Enter")
    screen.wait_for("NOTE·")
    inks = {cell.look.foreground for row in range(40) for cell in screen.cells(row)}
    assert all(max(ink) - min(ink) < 8 for ink in inks if isinstance(ink, tuple)), inks
    assert ">#20432" in screen.text()


def test_a_wrong_configuration_is_one_sentence_and_the_terminal_is_as_before(terminal: Start, english: Path) -> None:
    path = english / "config.toml"
    path.write_text(path.read_text("utf-8") + '\n[ui]\nthema = "dark"\n', "utf-8")
    screen = console(terminal, english)
    assert screen.wait_exit() == 2
    lines = [line for line in screen.screen() if line]
    assert lines[0].startswith("csconsole: ")
    assert "thema" in " ".join(lines)
    assert "Traceback" not in screen.text()


def test_a_terminal_that_cannot_place_the_cursor_is_told_so(english: Path) -> None:
    done = subprocess.run(
        [PROGRAM, "--data-dir", english], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 2
    assert done.stderr.startswith("csconsole: The console needs a terminal")
    assert done.stdout == ""


def test_a_killed_console_leaves_its_draft(terminal: Start, english: Path) -> None:
    screen = console(terminal, english)
    screen.wait_for("[i Mine 4]")
    screen.keys("Enter")
    screen.wait_for("#20432")
    screen.keys("r")
    screen.wait_for("PUBLIC")
    screen.type("unfinished")
    screen.wait_for(" .. ")
    import os
    import signal

    os.kill(screen.pid, signal.SIGKILL)
    screen.wait_exit()
    again = console(terminal, english)
    again.wait_for("[i Mine 4]")
    again.type("gd")
    again.wait_for("unfinished")
