"""The process dies in the middle of a page: rows and cursor agree, and the same page again adds what is missing."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from csconsole.store import accounts
from tests.store.support import NOW, Shop, said

CHILD = """
import sys
from pathlib import Path
from tests.store.support import NOW, Shop, said
shop = Shop(Path(sys.argv[1]))
page = [said(f"m{i}", remote_id=f"m{i}", thread=f"t{i % 7}", who=f"U{i % 7}", at=NOW - 1000 + i) for i in range(180)]
shop.apply(page, history=sys.argv[2] == "history", next_cursor="after")
"""


@pytest.mark.faults
@pytest.mark.parametrize("at", [1, 30, 51, 120, 180])
@pytest.mark.parametrize("kind", ["live", "history"])
def test_a_killed_page_is_repeated_without_a_duplicate(tmp_path: Path, repository: Path, at: int, kind: str) -> None:
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path / "data"), kind],
        cwd=repository,
        env={"CSCONSOLE_CRASH_AT": f"mid-transaction:{at}", "PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    shop = Shop(tmp_path / "data")
    row = accounts.account_by_name(shop.store, "line")
    assert row is not None
    stored = shop.count("message")
    assert row.cursor == ""
    assert stored < 180
    assert stored == shop.count("remote_ref", "kind = 'message'") == shop.count("to_index")
    assert stored == (shop.store.read_one("select coalesce(sum(message_seq), 0) from conversation") or (0,))[0]
    page = [
        said(f"m{i}", remote_id=f"m{i}", thread=f"t{i % 7}", who=f"U{i % 7}", at=NOW - 1000 + i) for i in range(180)
    ]
    counts = shop.apply(page, history=kind == "history", next_cursor="after")
    assert (counts.new, counts.duplicates) == (180 - stored, stored)
    assert (shop.count("message"), shop.count("conversation"), shop.count("customer")) == (180, 7, 7)
    again = accounts.account_by_name(shop.store, "line")
    assert again is not None
    assert again.cursor == "after"
    texts = [t for (t,) in shop.store.read("select body_text from message where conversation_id = 1 order by at, seq")]
    assert len(texts) == len(set(texts))
    shop.store.close()
