"""What only shows on a real terminal: colours, Thai width, the key test."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from csconsole.paths import DataDir
from csconsole.sync.spawn import is_running
from tests.beds.waiting import wait_until
from tests.cli.program import SCRIPT, Program
from tests.pty.terminal import Terminal

pytestmark = pytest.mark.pty


def test_doctor_measures_thai_on_the_terminal(mailbox: Program) -> None:
    with Terminal([str(SCRIPT), "doctor", "--data-dir", str(mailbox.data)], size=(110, 24)) as terminal:
        terminal.wait_for("Thai takes 8 cells, as it should")
        screen = terminal.screen()
        row = next(i for i, line in enumerate(screen) if "Thai takes" in line)
        assert terminal.cells(row)[0].look.foreground is not None
        terminal.wait_exit()


def test_no_color_is_obeyed_on_a_terminal(shop: Program) -> None:
    command = [str(SCRIPT), "list", "--limit", "3", "--data-dir", str(shop.data)]
    for environment, bold in (({}, True), ({"NO_COLOR": "1"}, False)):
        with Terminal(command, size=(100, 10), env=environment) as terminal:
            terminal.wait_for("SUBJECT")
            row = next(i for i, line in enumerate(terminal.screen()) if "SUBJECT" in line)
            assert terminal.cells(row)[0].look.bold is bold
            terminal.wait_exit()


def test_keys_are_shown_as_they_arrive() -> None:
    with Terminal([str(SCRIPT), "keys", "--test"], size=(80, 12)) as terminal:
        terminal.wait_for("q twice ends")
        terminal.type("ก")
        terminal.wait_for("e0 b8 81")
        terminal.keys("F1")
        terminal.wait_for("1b 4f 50")
        terminal.type("q")
        terminal.wait_for(" 71")
        terminal.type("q")
        assert terminal.wait_exit() == 0


def test_the_demo_opens_the_console(tmp_path: Path) -> None:
    command = [str(SCRIPT), "demo", "--still", "--data-dir", str(tmp_path / "data")]
    with Terminal(command, size=(120, 30)) as terminal:
        terminal.wait_for("แอน")
        assert terminal.alive


def test_the_service_ends_on_a_signal_and_only_one_runs(desk: Program) -> None:
    service = subprocess.Popen(
        [str(SCRIPT), "sync", "--service", "--data-dir", str(desk.data)], stderr=subprocess.PIPE, text=True
    )
    try:
        wait_until(lambda: is_running(DataDir(desk.data)), "the service")
        assert desk("sync").code == 6
        (result,) = desk.json("sync", "--once", "--account", "line-siam")
        assert result["account"] == "line-siam" and result["error"] is None
        assert desk("restore", str(desk.data / "csconsole.db")).code == 6
        os.kill(service.pid, signal.SIGTERM)
        assert service.wait(30) == 0
    finally:
        service.kill()
        service.wait()
