"""Two agents, each at a terminal of their own, on one data directory: what one does the other sees and minds."""

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
    text = (root / "config.toml").read_text("utf-8")
    assert 'name = "nok"' in text
    # Both wait longer than this test takes: what is held stays held.
    text += '\n[ui]\nchat_hold = "10m"\n'
    (root / "config.toml").write_text(text, "utf-8")
    other = text.replace('name = "nok"', 'name = "oat"', 1).replace('display_name = "นก"', 'display_name = "Oat"', 1)
    (tmp_path / "oat.toml").write_text(other, "utf-8")
    return root


def texts(data: Path) -> list[str]:
    store = Store(data)
    try:
        return [bubble.text for row in outbox.listing(store) for bubble in row.item.bubbles]
    finally:
        store.close()


def test_two_agents_in_one_conversation(terminal: Callable[..., Terminal], data: Path, tmp_path: Path) -> None:
    nok = terminal([PROGRAM, "--data-dir", data], size=(120, 40))
    oat = terminal([PROGRAM, "--data-dir", data, "--config", tmp_path / "oat.toml"], size=(120, 40))
    nok.wait_for("[i Mine 4]")
    nok.keys("Enter")
    nok.wait_for("#20432")
    oat.wait_for("Chats")
    oat.keys("g", "a")
    oat.wait_for("[a All open")
    oat.keys("\\")
    oat.type("20432")
    oat.wait_for(re.compile("^Filter: 20432 +1$", re.MULTILINE))
    oat.keys("Enter", "Enter")
    oat.wait_for("#20432")
    oat.keys("r")
    oat.wait_for("╔ PUBLIC")
    oat.type("from oat")
    oat.wait_for("║from oat")

    nok.keys("r")
    nok.wait_for("╔ PUBLIC")
    nok.type("from nok")
    nok.keys("C-s")
    nok.wait_for("┌ HELD")
    oat.wait_for("12:00 นก    from nok")  # seen without a key
    oat.keys("C-s")
    oat.wait_for("answered")
    assert texts(data) == ["from nok"]
    assert "║from oat" in oat.text()

    oat.keys("Escape", "t", "5")
    oat.wait_for("Tag delivery set")
    nok.keys("Escape")
    nok.wait_for("   delivery")
    oat.keys("A")
    oat.wait_for("taken by")
    nok.keys("BSpace")
    nok.wait_for("║from nok")
    wait_until(lambda: not texts(data) or texts(data) == ["from nok"], "the pull back")
    nok.wait_for("Pulled back")
