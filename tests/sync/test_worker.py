"""The worker as a process: who is elected, how long it lives, what dies with it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from csconsole.clock import SystemClock
from csconsole.config.loader import load
from csconsole.connectors.registry import settings_type
from csconsole.errors import NotFoundError, StoreError
from csconsole.paths import DataDir
from csconsole.services import replies
from csconsole.services.desk import Desk
from csconsole.store import accounts, outbox, timers
from csconsole.store.database import Store
from csconsole.store.locks import FileLock
from csconsole.sync import worker
from csconsole.sync.spawn import is_running, spawn_worker
from tests.beds.waiting import wait_until

CONFIG = """
[agent]
name = "nok"

[[accounts]]
name = "line-online"
connector = "demo"
channel = "line"
still = true
"""


class Place:
    """A data directory with a still demo account, and the workers started on it."""

    def __init__(self, root: Path) -> None:
        self.data = DataDir(root).ensure()
        self.data.config.write_text(CONFIG)
        self.data.config.chmod(0o600)
        self.config = load(self.data.config, settings_type)
        self.processes: list[subprocess.Popen[bytes]] = []

    def spawn(self) -> subprocess.Popen[bytes]:
        process = spawn_worker(self.data, self.data.config)
        assert process is not None
        self.processes.append(process)
        wait_until(lambda: is_running(self.data), "the lock to be taken")
        return process

    @contextlib.contextmanager
    def console(self) -> Iterator[None]:
        """What a console does: it holds its lock shared."""
        lock = FileLock(self.data.lock("console"))
        assert lock.acquire(shared=True)
        try:
            yield
        finally:
            lock.close()

    @contextlib.contextmanager
    def store(self) -> Iterator[Store]:
        store = Store(self.data.root)
        try:
            yield store
        finally:
            store.close()

    def pulled(self) -> bool:
        with self.store() as store:
            row = accounts.account_by_name(store, "line-online")
            return row is not None and row.last_pull_at is not None

    def log(self) -> str:
        return self.data.log_file.read_text() if self.data.log_file.exists() else ""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path / "data")
    yield made
    for process in made.processes:
        if process.poll() is None:
            process.kill()
        process.wait()


def children_of(pid: int) -> list[int]:
    """Ids of a process's children (Linux)."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_worker_without_a_console_does_its_work_and_ends(place: Place) -> None:
    process = place.spawn()
    assert process.wait(60) == 0, place.log()
    assert place.pulled()
    assert not is_running(place.data)


def test_a_worker_lives_as_long_as_a_console_and_is_the_only_one(place: Place) -> None:
    with place.console():
        process = place.spawn()
        wait_until(place.pulled, "the first pull")
        assert FileLock(place.data.lock("sync")).owner() == str(process.pid)
        assert spawn_worker(place.data, place.data.config) is None
        assert worker.main(place.config, place.data) is False
        assert process.poll() is None
    assert process.wait(60) == 0, place.log()


def test_a_worker_sends_what_is_still_held_before_it_ends(place: Place) -> None:
    with place.console():
        process = place.spawn()
        wait_until(place.pulled, "the first pull")
        with place.store() as store:
            desk = Desk.open(store, place.config, SystemClock())
            (target,) = store.read_one("select min(id) from conversation") or (0,)
            uid = replies.send_reply(desk, target, "ส่งแล้วค่ะ").outbox_uid
            held = outbox.by_uid(store, uid)
            assert held is not None
            assert held.state == "held"
    assert process.wait(60) == 0, place.log()
    with place.store() as store:
        row = outbox.by_uid(store, uid)
        assert row is not None
        assert row.state == "sent"


def test_sigterm_ends_a_worker_in_good_order(place: Place) -> None:
    with place.console():
        process = place.spawn()
        wait_until(place.pulled, "the first pull")
        wait_until(lambda: "the sync worker starts" in place.log(), "the log")
        process.terminate()
        assert process.wait(30) == 0
        assert "the sync worker ends" in place.log()
        assert not is_running(place.data)


def test_a_changed_configuration_ends_the_worker_so_that_the_next_one_uses_it(place: Place) -> None:
    with place.console():
        process = place.spawn()
        wait_until(place.pulled, "the first pull")
        place.data.config.write_text(CONFIG + 'label = "LINE"\n')
        assert process.wait(30) == 0
        place.spawn()

        def labelled() -> bool:
            with place.store() as store:
                row = accounts.account_by_name(store, "line-online")
                return row is not None and row.label == "LINE"

        wait_until(labelled, "the new label")


@pytest.mark.skipif(sys.platform != "linux", reason="the death signal of a parent exists on Linux only")
def test_a_killed_worker_leaves_neither_its_lock_nor_its_children(place: Place) -> None:
    with place.console():
        process = place.spawn()
        wait_until(place.pulled, "the first pull")
        children = wait_until(lambda: children_of(process.pid), "the parsing children")
        process.kill()
        process.wait()
        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children), "the children's end")
        assert not is_running(place.data)
        again = place.spawn()
        assert again.poll() is None


def test_the_worker_has_no_terminal_and_no_open_file_of_ours(place: Place, tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w") as held, place.console():
        os.set_inheritable(held.fileno(), True)
        process = place.spawn()
        wait_until(place.pulled, "the first pull")
        assert os.getsid(process.pid) == process.pid
        opened = {str(entry.readlink()) for entry in Path(f"/proc/{process.pid}/fd").iterdir()}
        assert str(tmp_path / "secret") not in opened
        assert str(Path(f"/proc/{process.pid}/fd/0").readlink()) == os.devnull


def test_a_worker_does_not_outlive_its_data_directory(place: Place) -> None:
    with place.console():
        process = place.spawn()
        wait_until(place.pulled, "the first pull")
        shutil.rmtree(place.data.root)
        assert process.wait(60) is not None


def test_a_broken_configuration_is_logged_not_shown(place: Place) -> None:
    place.data.config.write_text("accounts = 3")
    process = spawn_worker(place.data, place.data.config)
    assert process is not None
    assert process.wait(30) == 2
    assert "the sync worker cannot run" in place.log()


# -- one round -----------------------------------------------------------------------------------------------


def test_once_without_a_worker_works_here(place: Place) -> None:
    (summary,) = worker.once(place.config, place.data)
    assert (summary.account, summary.error) == ("line-online", "")
    assert summary.new > 10
    assert not is_running(place.data)
    with pytest.raises(NotFoundError):
        worker.once(place.config, place.data, names=["nobody"])


def test_once_beside_a_worker_asks_it(place: Place) -> None:
    with place.console():
        place.spawn()
        wait_until(place.pulled, "the first pull")
        for _ in range(2):
            (summary,) = worker.once(place.config, place.data, names=["line-online"])
        assert (summary.account, summary.new, summary.error) == ("line-online", 0, "")
        with pytest.raises(NotFoundError):
            worker.once(place.config, place.data, names=["nobody"])
    with place.store() as store:
        assert [state for (state,) in store.read("select state from job")] == ["done"] * 2


def test_once_takes_over_when_the_worker_dies(place: Place) -> None:
    lock = FileLock(place.data.lock("sync"))
    assert lock.acquire()
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.extend(worker.once(place.config, place.data)))
    thread.start()
    try:
        with place.store() as store:
            (asked,) = wait_until(lambda: timers.queued_jobs(store), "the question")
            lock.close()
            thread.join(30)
            assert [one.error for one in found] == [""]
            answered = timers.job(store, asked.id)
            assert answered is not None
            assert answered.state == "done"
    finally:
        lock.close()
        thread.join(30)


def test_once_tells_what_the_worker_could_not_do(place: Place) -> None:
    lock = FileLock(place.data.lock("sync"))
    assert lock.acquire()
    failed: list[Exception] = []

    def ask() -> None:
        try:
            worker.once(place.config, place.data)
        except StoreError as error:
            failed.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        with place.store() as store:
            (asked,) = wait_until(lambda: timers.queued_jobs(store), "the question")
            with store.transaction(1) as tx:
                timers.finish_job(tx, asked.id, "failed", "The disk is full.")
            thread.join(30)
    finally:
        lock.close()
        thread.join(30)
    assert [str(error) for error in failed] == ["The disk is full."]


def test_interrupting_a_round_ends_it_and_frees_the_lock(place: Place, repository: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from csconsole.paths import DataDir; from csconsole.sync import worker;"
        "from csconsole.config.loader import load; d = DataDir(Path(sys.argv[1]));"
        "worker.main(load(d.config), d, service=True)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(place.data.root)], cwd=repository)
    place.processes.append(process)
    wait_until(lambda: is_running(place.data), "the lock to be taken")
    wait_until(place.pulled, "the first pull")
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert not is_running(place.data)


def test_summaries_have_the_public_fields() -> None:
    from csconsole.sync.summary import Summary

    fields = ["account", "pulled", "new", "duplicates", "quarantined", "sent", "failed", "uncertain", "error"]
    assert list(msgspec.to_builtins(Summary(account="a"))) == fields
