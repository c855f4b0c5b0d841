"""Many keys at once, as they come over a slow line: each does what it would have done alone."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from csconsole.store import outbox
from csconsole.store.database import Store
from tests.beds.waiting import wait_until
from tests.pty.terminal import Terminal

pytestmark = pytest.mark.pty

PROGRAM = Path(sys.executable).with_name("csconsole")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    subprocess.run(
        [PROGRAM, "--data-dir", root, "demo", "--build-only", "--language", "en"], check=True, capture_output=True
    )
    return root


def sent(data: Path) -> list[str]:
    store = Store(data)
    try:
        return [bubble.text for row in outbox.listing(store) for bubble in row.item.bubbles]
    finally:
        store.close()


def test_a_send_in_the_same_burst_takes_every_letter(terminal: Callable[..., Terminal], data: Path) -> None:
    screen = terminal([PROGRAM, "--data-dir", data], size=(120, 40))
    screen.wait_for("[i Mine 4]")
    screen.keys("Enter")
    screen.wait_for("#20432")
    screen.keys("r", *"burst", "Space", *"one", "C-s", *"burst", "Space", *"two", "C-s")
    screen.wait_for("HELD")
    wait_until(lambda: len(sent(data)) == 2, "two bubbles")
    assert sent(data) == ["burst one", "burst two"]


def test_editing_keys_keep_their_place_among_letters(terminal: Callable[..., Terminal], data: Path) -> None:
    screen = terminal([PROGRAM, "--data-dir", data], size=(120, 40))
    screen.wait_for("[i Mine 4]")
    screen.keys("Enter")
    screen.wait_for("#20432")
    screen.keys("r", *"wrong", "C-u", *"abXd", "Left", "BSpace", *"c", "End", *"e", "Home", *"_")
    screen.wait_for("║_abcde")


def test_a_key_in_one_read_with_escape_comes_after_it(terminal: Callable[..., Terminal], data: Path) -> None:
    """tmux writes both at once: the bytes are those of Alt and the key."""
    screen = terminal([PROGRAM, "--data-dir", data], size=(120, 40))
    screen.wait_for("[i Mine 4]")
    screen.keys("Enter")
    screen.wait_for("#20432")
    screen.keys("r", *"kept", "Escape", ";")
    screen.wait_for("Canned replies")
    screen.keys("Escape", "!", "Escape", ":")
    screen.wait_for(re.compile("^:$", re.MULTILINE))
    assert not screen.text().count("kept:")
    screen.keys("Escape", "t")
    screen.wait_for("┌ Case tags")
    screen.keys("Escape", "]")
    screen.wait_for("[u Unassigned")


def test_alt_keys_that_mean_something_keep_their_meaning(terminal: Callable[..., Terminal], data: Path) -> None:
    screen = terminal([PROGRAM, "--data-dir", data], size=(120, 40))
    screen.wait_for("[i Mine 4]")
    screen.keys("Enter")
    screen.wait_for("#20432")
    screen.keys("r", *"one", "Space", *"twoo", "M-b", *"new", "Space", "M-f", "M-BSpace", *"end")
    screen.wait_for("║one new end")
    screen.keys("M-Enter")
    wait_until(lambda: sent(data) == ["one new end"], "the answer")
