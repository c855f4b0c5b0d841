"""What customers write never becomes a command to the terminal, in no pane and no picker."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pty import hostile_shop
from tests.pty.controls import control_kinds
from tests.pty.rawpty import RawPty
from tests.pty.terminal import Terminal

pytestmark = pytest.mark.pty

PROGRAM = Path(sys.executable).with_name("csconsole")

VISIT: tuple[bytes, ...] = (
    b"ga",
    *[b"j"] * 22,
    b"\r", b"K", b"K", b"K", b"K", b"\x15", b"gg", b",", b"V",  # conversations, their beginnings, a message whole
    b"\t", b"j", b"G", b"\t",  # the customer
    b"t", b"\x1b", b"T", b"\x1b", b"a", b"\x1b", b"s", b"\x1b",
    b";", b"\x1b[B", b"\x1b[B", b"\x1b", b"\x1b",  # canned replies with their preview
    b"m", b"hm", b"\x1b", b"y",
    b"gd", b"\x1b", b"go", b"\x1b", b"gq", b"\x1b",
    b"/text\r", b"\x1b", b"\\x", b"\x1b", b"?", b"\x1b", b":tag +a\r", b"e", b"\x1b", b"u",
)  # fmt: skip
"""Keys that show every pane, list and picker."""


def drawn(data: Path) -> tuple[Counter[str], bytes]:
    """The control sequences of a walk through the whole console, and what was written."""
    with RawPty([PROGRAM, "--data-dir", data], size=(120, 40)) as pty:
        pty.read_until(rb"Chats", timeout=30)
        pty.read(quiet=0.4, timeout=5)
        for key in VISIT:
            pty.write(key)
            pty.read(quiet=0.12, timeout=3, first=0.5)
        if pty.ended:
            pytest.fail(f"the console ended: {pty.output[-800:]!r}")
        for _ in range(6):
            if not pty.ended:
                pty.write(b"q")
                pty.read(quiet=0.2, timeout=2)
        assert pty.wait() == 0
        return control_kinds(pty.output), pty.output


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile_shop.build(tmp_path_factory.mktemp("hostile") / "data", hostile_shop.payloads())


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    count = len(hostile_shop.payloads())
    return hostile_shop.build(tmp_path_factory.mktemp("clean") / "data", hostile_shop.harmless(count))


def test_hostile_texts_bring_no_control_sequence_of_their_own(hostile: Path, clean: Path) -> None:
    wanted, _ = drawn(clean)
    found, output = drawn(hostile)
    assert set(found) - set(wanted) == set(), {kind: found[kind] for kind in set(found) - set(wanted)}
    assert b"Traceback" not in output
    log = hostile / "logs" / "csconsole.log"
    assert not log.exists() or "the console failed" not in log.read_text("utf-8")


def test_the_oracle_sees_a_payload_that_gets_through() -> None:
    raw = "".join(hostile_shop.payloads()).encode("utf-8", "replace")
    assert {"OSC 52", "CSI J"} & set(control_kinds(raw))


def test_title_and_clipboard_of_the_terminal_stay_as_they_were(
    terminal: Callable[..., Terminal], hostile: Path
) -> None:
    screen = terminal([PROGRAM, "--data-dir", hostile], size=(120, 40))
    screen.wait_for("Chats")
    screen._run("set-buffer", "mine")
    title = screen._ask("#{pane_title}")
    screen.type("ga")
    screen.wait_for("[a All open")
    screen.keys("Enter")
    screen.wait_for(">#")
    for _ in range(12):
        screen.keys("J")
    screen.keys("t")
    screen.wait_for("┌ Case tags")
    screen.keys("Escape")
    screen.wait_gone("┌ Case tags")
    assert screen.alive
    assert screen._ask("#{pane_title}") == title
    assert screen.clipboard() == "mine"
