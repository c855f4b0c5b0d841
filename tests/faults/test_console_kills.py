"""The console killed with SIGKILL while an agent works in it: what it had shown as held goes out once, what was typed
is a draft. The shop's ledger and the store are the oracle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from csconsole.connectors.demo.ledger import Ledger
from csconsole.store import drafts, outbox
from csconsole.store.database import Store
from tests.beds.waiting import wait_until
from tests.faults.lines import Line, tell
from tests.pty.terminal import Terminal

pytestmark = [pytest.mark.faults, pytest.mark.pty]

PROGRAM = Path(sys.executable).with_name("csconsole")
CASES = 10
WAITING = ("held", "queued", "sending", "settling")


def command(data: Path, *arguments: str) -> None:
    subprocess.run([PROGRAM, "--data-dir", data, *arguments], check=True, capture_output=True, timeout=180)


def drained(data: Path) -> bool:
    """Sends what is due; True when nothing waits any more."""
    command(data, "sync", "--once")
    store = Store(data)
    try:
        return not outbox.listing(store, states=WAITING)
    finally:
        store.close()


def draft_of(data: Path) -> str:
    store = Store(data)
    try:
        agent = store.read("select id from agent where name = 'nok'")[0][0]
        found = [drafts.load(store, agent, key, kind) for key, kind in drafts.listing(store, agent)]
        return "\n".join(draft.body for draft in found if draft is not None)
    finally:
        store.close()


def test_what_was_shown_as_held_goes_out_once_and_what_was_typed_is_kept(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    command(data, "demo", "--build-only", "--language", "en")
    shown: list[str] = []
    typed: list[str] = []
    landed: Counter[str] = Counter()
    for case in range(CASES):
        text = f"killed-console-{case}-end"
        screen = terminal([PROGRAM, "--data-dir", data], size=(120, 40))
        screen.wait_for("[i Mine")
        screen.keys("g", "a")
        screen.wait_for("[a All open")
        screen.keys("Enter")
        screen.wait_for("#20")
        screen.keys("r")
        screen.wait_for("PUBLIC")
        screen.keys("C-u")
        screen.type(text)
        screen.wait_for(text)
        if case % 2:
            # The draft is written in a pause of the typing; until then the text is on the screen alone.
            wait_until(lambda text=text: text in draft_of(data), "the draft")  # type: ignore[misc]
            typed.append(text)
        else:
            screen.keys("C-s")
            screen.wait_for("HELD")
            shown.append(text)
        os.kill(screen.pid, signal.SIGKILL)
        landed["held" if case % 2 == 0 else "drafted"] += 1
        screen.close()
        if case % 2:
            assert text in draft_of(data)
    wait_until(lambda: drained(data), "the outbox to empty", timeout=120)
    before = len(Ledger(data).accepted())
    command(data, "sync", "--once")
    accepted = [text for one in Ledger(data).accepted() for text in one.texts]
    assert len(Ledger(data).accepted()) == before, "a further run sends nothing"
    times = {text: sum(text in sent for sent in accepted) for text in shown + typed}
    lost = [text for text in shown if times[text] == 0]
    twice = [text for text in times if times[text] > 1]
    tell(Line("kill console", CASES, 1, lost=len(lost), twice=len(twice), facts=dict(landed)))
    assert (lost, twice) == ([], [])
    assert [text for text in typed if times[text]] == [], "nothing leaves that nobody sent"
