"""Hostile texts on the screen of the real console: each is seen, and none of them is more than text."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile import grammar, shop
from tests.hostile.conftest import Filled
from tests.hostile.walk import Console
from tests.pty.terminal import Terminal

pytestmark = pytest.mark.pty

Start = Callable[..., Terminal]


def copy(hostile: Filled, to: Path) -> Path:
    return Path(shutil.copytree(hostile.data, to, ignore=shutil.ignore_patterns("*.lock")))


def marks(letter: str, numbers: range) -> list[str]:
    return [f"z{letter}{number:03}" for number in numbers]


def proven_inert(console: Console) -> None:
    """The recorded bytes are the console's own, whole, and it is alive and ends well."""
    title = console.screen._ask("#{pane_title}")
    assert console.screen.alive, console.screen.text()
    console.leave()
    raw = console.bytes()
    assert raw.startswith(b"\r\n\x1b[?1049h"), raw[:200]
    assert b"\x1b[?1049l" in raw[-700:], raw[-700:]
    assert not grammar.foreign(raw), [str(one) for one in grammar.foreign(raw)[:10]]
    assert "PWNED" not in title and "bank login" not in title


def test_rows_of_the_queue(terminal: Start, hostile_data: Filled, tmp_path: Path) -> None:
    """Names, previews and tags in the list: every row is on screen once."""
    console = Console(terminal, copy(hostile_data, tmp_path / "data"), tmp_path / "raw", size=(120, 60))
    everyone = range(len(hostile_data.texts))
    console.press("g", "a")
    console.press_until(marks("N", everyone) + marks("M", range(hostile_data.mails)), "PageDown", most=90)
    proven_inert(console)


def test_messages_files_and_profiles(terminal: Start, hostile_data: Filled, tmp_path: Path) -> None:
    """Bodies, file names, attributes, identities: every text stands between its two marks."""
    console = Console(terminal, copy(hostile_data, tmp_path / "data"), tmp_path / "raw", size=(150, 60))
    texts = hostile_data.texts
    console.press("g", "a")
    console.filter("Reader", "Reader")
    console.press("Enter")
    for first in range(0, len(texts), shop.GROUP):
        group = range(first, min(first + shop.GROUP, len(texts)))
        console.screen.wait_for(f"Reader {first:03}")
        console.press_until([*marks("B", group), *marks("E", group)], "PageUp", most=20)
        console.press("J")
    proven_inert(console)


def test_subjects_and_senders_of_mail(terminal: Start, hostile_data: Filled, tmp_path: Path) -> None:
    """Imported mails are opened one by one: subject in the title, sender, body and file below."""
    console = Console(terminal, copy(hostile_data, tmp_path / "data"), tmp_path / "raw")
    console.press("g", "a")
    console.filter("account:mail", "EM mail")
    console.screen.keys("Enter")
    wanted = set(marks("T", range(hostile_data.mails)))
    console.next_mark("T")
    while not wanted <= console.seen:
        console.screen.keys("J")
        console.next_mark("T")
    proven_inert(console)
