"""Opening the database: private files, one schema, nobody's data touched by the wrong program."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from csconsole.errors import StoreError
from csconsole.store import blobs, driver
from csconsole.store.database import SCHEMA_VERSION, Store
from tests.store.support import NOW, make


@pytest.fixture
def careless_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_every_file_is_the_owners_alone_under_any_umask(tmp_path: Path, careless_umask: None) -> None:
    store = make(tmp_path / "data")
    with store.transaction(NOW, bulk=True) as tx:
        tx.execute("update meta set value = 1 where key = 'rev'")
    store.read("select 1")
    blobs.put(store.root, b"x" * 200_000)
    store.backup(tmp_path / "copy.db")
    files = [p for p in store.root.rglob("*") if p.is_file()]
    assert {p.name for p in files} >= {"csconsole.db", "csconsole.db-wal", "csconsole.db-shm", "schema.lock"}
    assert {p.name: oct(mode(p)) for p in [*files, tmp_path / "copy.db"] if mode(p) != 0o600} == {}
    assert mode(store.root / "blobs") == 0o700
    store.close()


def test_a_database_left_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    make(tmp_path / "data").close()
    (tmp_path / "data" / "csconsole.db").chmod(0o644)
    make(tmp_path / "data").close()
    assert mode(tmp_path / "data" / "csconsole.db") == 0o600


def test_reopening_keeps_everything(tmp_path: Path) -> None:
    store = make(tmp_path)
    with store.transaction(NOW) as tx:
        rev = tx.rev
    store.close()
    again = make(tmp_path)
    assert again.last_rev() == rev
    assert again.read_one("pragma user_version") == (SCHEMA_VERSION,)
    assert again.read_one("pragma journal_mode") == (driver.journal_mode(),)
    again.close()


def test_data_of_a_newer_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    store = make(tmp_path)
    with store.transaction(NOW) as tx:
        tx.execute(f"pragma user_version={SCHEMA_VERSION + 1}")
    store.close()
    before = (tmp_path / "csconsole.db").read_bytes()
    with pytest.raises(StoreError, match="newer csconsole"):
        Store(tmp_path)
    assert (tmp_path / "csconsole.db").read_bytes() == before


def test_no_folder_and_no_database_are_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="check its owner"):
        Store(tmp_path / "missing")
    with pytest.raises(StoreError, match="csconsole init"):
        Store(tmp_path, create=False)


def test_a_file_that_is_no_database_is_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "csconsole.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match="damaged"):
        Store(tmp_path)


OPEN = """
import sys
from pathlib import Path
from csconsole.store.database import Store
sys.stdin.readline()
store = Store(Path(sys.argv[1]))
print(store.read_one("select count(*) from meta")[0])
store.close()
"""


def test_processes_that_open_a_fresh_directory_at_once_all_succeed(tmp_path: Path) -> None:
    for attempt in range(3):
        root = tmp_path / str(attempt)
        root.mkdir()
        children = [
            subprocess.Popen(
                [sys.executable, "-c", OPEN, str(root)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
            for _ in range(4)
        ]  # fmt: skip
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        ends = [child.communicate(timeout=60) for child in children]
        assert [(out.strip(), err) for out, err in ends] == [("3", "")] * 4


def test_an_old_program_that_runs_is_waited_for_then_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = make(tmp_path)
    with running.transaction(NOW) as tx:
        tx.execute("pragma user_version=0")
    monkeypatch.setattr("csconsole.store.database.BUSY_LIMIT", 0.2)
    with pytest.raises(StoreError, match="older version is running"):
        Store(tmp_path)
    running.close()


def test_a_failed_opening_holds_no_lock(tmp_path: Path) -> None:
    store = make(tmp_path)
    with store.transaction(NOW) as tx:
        tx.execute(f"pragma user_version={SCHEMA_VERSION + 1}")
    store.close()
    with pytest.raises(StoreError) as caught:
        Store(tmp_path)
    repair = (
        "import fcntl, sys; f = open(sys.argv[1], 'r+'); fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB); print('free')"
    )
    command = [sys.executable, "-c", repair, str(tmp_path / "schema.lock")]
    assert subprocess.run(command, capture_output=True, text=True, check=False).stdout == "free\n", caught


def test_a_console_maps_no_file_and_leaves_checkpoints_to_the_worker(tmp_path: Path) -> None:
    def settings(store: Store) -> list[int]:
        with store.transaction(1) as tx:
            written = [tx.execute(f"pragma {name}").fetchone()[0] for name in ("wal_autocheckpoint", "mmap_size")]
        return [*written, store.read("pragma mmap_size")[0][0], store.read("pragma cache_size")[0][0]]

    for is_console in (False, True):
        with closing(Store(tmp_path, console=is_console)) as store:
            checkpoint, mapped, read_mapped, cache = settings(store)
            assert checkpoint == (40_000 if is_console else 4_000)
            assert (mapped == read_mapped == 0) is is_console
            assert cache == (-8_192 if is_console else -65_536)
