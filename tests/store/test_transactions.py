"""Transactions: all or nothing, whoever else writes, however the process or the disk ends."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from csconsole.errors import DiskFullError, StoreError
from csconsole.store import blobs, messages
from csconsole.store.database import Store, UnstorableError
from csconsole.store.locks import FileLock
from csconsole.store.messages import NewMessage
from tests.store.support import NOW, Shop, make, said


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = make(tmp_path / "data")
    yield made
    made.close()


def add(tx: object, name: str) -> None:
    tx.execute("insert into tag (name, scope) values (?, 'conversation')", (name,))  # type: ignore[attr-defined]


def names(store: Store) -> list[str]:
    return [row[0] for row in store.read("select name from tag order by id")]


@pytest.mark.parametrize("error", [ValueError("ours"), KeyboardInterrupt()])
def test_any_exception_takes_everything_back(store: Store, error: BaseException) -> None:
    rev = store.last_rev()
    with pytest.raises(type(error)), store.transaction(NOW) as tx:
        add(tx, "lost")
        assert tx.rev == rev + 1
        raise error
    assert (names(store), store.last_rev()) == ([], rev)
    with store.transaction(NOW) as tx:
        add(tx, "kept")
    assert names(store) == ["kept"]


def test_a_savepoint_is_taken_back_alone_and_keeps_the_revision(store: Store) -> None:
    with store.transaction(NOW) as tx:
        add(tx, "before")
        with pytest.raises(UnstorableError), tx.savepoint():
            add(tx, "half")
            add(tx, "broken \ud800")
        with pytest.raises(UnstorableError), tx.savepoint():
            add(tx, "before")
        add(tx, "after")
        rev = tx.rev
    assert names(store) == ["before", "after"]
    assert store.last_rev() == rev


def test_a_transaction_inside_a_transaction_is_a_mistake_that_shows(store: Store) -> None:
    with store.transaction(NOW) as tx:
        add(tx, "outer")
        with pytest.raises(RuntimeError, match="pass its Tx on"), store.transaction(NOW):
            pass
    assert names(store) == ["outer"]


def test_what_is_to_happen_after_the_commit_happens_only_then(store: Store) -> None:
    seen: list[list[str]] = []
    with store.transaction(NOW) as tx:
        add(tx, "one")
        tx.after_commit.append(lambda: seen.append(names(store)))
        assert names(store) == []
    with pytest.raises(ValueError), store.transaction(NOW) as tx:
        tx.after_commit.append(lambda: seen.append(["never"]))
        raise ValueError
    assert seen == [["one"]]


def test_a_commit_elsewhere_shows_as_a_new_data_version(store: Store) -> None:
    other = Store(store.root)
    before = store.data_version()
    assert store.data_version() == before
    with other.transaction(NOW) as tx:
        add(tx, "theirs")
    assert store.data_version() != before
    other.close()


def test_readers_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        store.read("insert into tag (name, scope) values ('x', 'conversation') returning id")


def test_a_store_can_be_closed_while_another_thread_reads(store: Store) -> None:
    """A console that ends while its reader thread counts views: the process must not die in SQLite's freed memory."""
    endless = "with recursive n(x) as (select 1 union all select x + 1 from n where tick()) select count(*) from n"
    begun, told = threading.Event(), []

    def tick() -> int:
        begun.set()
        return 1

    def read() -> None:
        with store.reader.use() as connection:
            connection.create_function("tick", 0, tick)
        try:
            store.read(endless)
        except StoreError as error:
            told.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    assert begun.wait(30)
    store.close()
    reader.join(30)
    assert not reader.is_alive()
    assert len(told) == 1


def test_a_closed_store_is_not_opened_again_by_a_late_thread(store: Store) -> None:
    store.close()
    with ThreadPoolExecutor(1) as pool, pytest.raises(StoreError, match="closed"):
        pool.submit(store.read, "select 1").result()
    with pytest.raises(StoreError, match="closed"), store.transaction(NOW):
        raise AssertionError("a transaction was begun")


WRITER = """
import sys
from pathlib import Path
from csconsole.store.database import Store
store = Store(Path(sys.argv[1]))
sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    with store.transaction(1) as tx:
        value = tx.read_one("select value from meta where key = 'rev'")[0]
        tx.execute("update meta set value = ? where key = 'rev'", (value + 1,))
store.close()
"""


def test_two_writers_lose_no_update(store: Store) -> None:
    child = subprocess.Popen([sys.executable, "-c", WRITER, str(store.root), "200"], stdin=subprocess.PIPE, text=True)
    assert child.stdin is not None
    child.stdin.write("go\n")
    child.stdin.flush()
    for _ in range(200):
        with store.transaction(NOW) as tx:
            row = tx.read_one("select value from meta where key = 'rev'")
            assert row is not None
            tx.execute("update meta set value = ? where key = 'rev'", (row[0] + 1,))
    assert child.wait(60) == 0
    assert store.last_rev() == 400


KEYS = """
import sys, time
from pathlib import Path
from csconsole.store.database import Store
store = Store(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
spans = []
for index in range(120):
    begun = time.perf_counter()
    with store.transaction(index + 1) as tx:
        tx.execute("update meta set value = ? where key = 'owner'", (tx.rev,))
    spans.append((time.perf_counter() - begun) * 1000)
    time.sleep(0.004)
print(*spans)
store.close()
"""


def test_a_key_stroke_does_not_starve_behind_an_import(tmp_path: Path) -> None:
    """Without the intent lock the slowest of these waits for a second and more; the bound is wide on purpose."""
    shop = Shop(tmp_path / "data")
    child = subprocess.Popen(
        [sys.executable, "-c", KEYS, str(shop.store.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    pages = 0
    stop = threading.Event()

    def pour() -> None:
        nonlocal pages
        while not stop.is_set():
            shop.apply([said("text " * 20, thread=f"t{pages}-{i}", who=f"U{pages}-{i}") for i in range(100)])
            pages += 1

    importer = threading.Thread(target=pour)
    importer.start()
    try:
        child.stdin.write("go\n")
        child.stdin.flush()
        spans = sorted(float(x) for x in child.stdout.readline().split())
    finally:
        stop.set()
        importer.join()
    assert child.wait(30) == 0
    p50, p99 = statistics.median(spans), spans[int(len(spans) * 0.99) - 1]
    print(f"key commits beside {pages} pages of 100: p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {spans[-1]:.1f} ms")
    assert pages > 3
    assert len(spans) == 120
    assert p99 < 600
    shop.store.close()


def test_a_bulk_transaction_lets_a_waiting_person_go_first(store: Store) -> None:
    person = FileLock(store.root / "intent.lock")
    assert person.acquire(shared=True)
    begun = threading.Event()

    def bulk() -> None:
        with store.transaction(NOW, bulk=True) as tx:
            begun.set()
            add(tx, "bulk")

    worker = threading.Thread(target=bulk)
    worker.start()
    assert not begun.wait(0.3)
    person.close()
    worker.join(10)
    assert names(store) == ["bulk"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this machine allows no mounts")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_said_and_nothing_half_written_is_kept(small_disk: Path) -> None:
    shop = Shop(small_disk)
    stored = 0
    with pytest.raises(DiskFullError, match="free some space"):
        while stored < 10_000:
            page = [said("ก" * 2_000, thread=f"{stored}-{i}", who=f"U{stored}-{i}") for i in range(20)]
            shop.apply(page, next_cursor=str(stored + 20))
            stored += 20
    assert 0 < stored < 10_000
    assert (shop.count("message"), shop.count("conversation")) == (stored, stored)
    assert shop.store.read_one("select cursor from account") == (str(stored),)
    assert shop.store.read_one("pragma integrity_check") == ("ok",)
    shop.store.close()


def test_a_blob_that_finds_no_room_leaves_nothing_behind(small_disk: Path) -> None:
    with pytest.raises(DiskFullError):
        blobs.put(small_disk, b"x" * 4_000_000)
    assert list((small_disk / "blobs").iterdir()) == []


def test_a_damaged_blob_is_noticed(tmp_path: Path) -> None:
    inline, digest = blobs.put(tmp_path, b"y" * 150_000)
    assert inline is None
    assert digest is not None
    assert blobs.get(tmp_path, None, digest) == b"y" * 150_000
    (tmp_path / "blobs" / digest).write_bytes(b"z")
    with pytest.raises(StoreError, match="damaged"):
        blobs.get(tmp_path, None, digest)
    (tmp_path / "blobs" / digest).unlink()
    with pytest.raises(StoreError, match="missing"):
        blobs.get(tmp_path, None, digest)


def test_places_of_history_are_used_on_until_somebody_took_them(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "data")
    shop.apply([said()])
    with shop.store.transaction(NOW) as tx:
        first = messages.reserve_history(tx, 10)
        assert first == 1 - 10
        assert messages.reserve_history(tx, 6, first + 4) == first + 4
        taken = NewMessage(
            conversation_id=1, at=NOW, direction="in", visibility="public", author_kind="customer", n=first + 7
        )
        messages.insert(tx, shop.store.root, taken)
        assert messages.reserve_history(tx, 6, first + 4) == first + 7 - 6
    shop.store.close()


def test_time_waits_for_nobody_for_ever(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csconsole.store.database.BUSY_LIMIT", 0.1)
    other = Store(store.root)
    begun = time.monotonic()
    with other.transaction(NOW) as tx:
        add(tx, "slow")
        with pytest.raises(StoreError, match="held by another program"), store.transaction(NOW):
            pass
    assert time.monotonic() - begun < 5
    assert names(store) == ["slow"]
    other.close()
