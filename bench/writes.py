"""I1 and A1: what ingest costs beside raw inserts, and one action of an agent beside one fsync."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median

from bench import arrivals
from bench.results import Result, interleaved, percentile
from bench.store import desk_on, milliseconds
from bench.subjects import OUT, demo_directory
from csconsole.clock import SystemClock
from csconsole.connectors.base import PageKind
from csconsole.services import acts
from csconsole.services.desk import Desk
from csconsole.services.views import QueueReader
from csconsole.store import driver, search
from csconsole.store.database import Store

MESSAGES = 10_000
ACTIONS = 150
BLOCK = b"x" * 8192


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory on the same disk as everything else of the bench."""
    OUT.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=OUT, prefix="scratch-"))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def raw_rate() -> float:
    """Rows a second into a bare table with three indexes, a thousand in a transaction."""
    with scratch() as place:
        connection = driver.connect(str(place / "raw.db"))
        for statement in (
            "pragma journal_mode=wal",
            "pragma synchronous=full",
            "create table m (id integer primary key, remote_id text, conversation integer, at integer, body text)",
            "create index m_remote on m (remote_id)",
            "create index m_conversation on m (conversation, at)",
            "create index m_at on m (at)",
        ):
            connection.execute(statement)
        rows = [(f"r-{i}", i // 5, 1_700_000_000_000 + i, arrivals.message(i, 0).body_text) for i in range(MESSAGES)]
        begin = time.perf_counter()
        for start in range(0, MESSAGES, 1000):
            connection.execute("begin immediate")
            connection.executemany(
                "insert into m (remote_id, conversation, at, body) values (?, ?, ?, ?)", rows[start : start + 1000]
            )
            connection.execute("commit")
        spent = time.perf_counter() - begin
        connection.close()
        return MESSAGES / spent


def our_rates(kind: PageKind) -> tuple[float, float]:
    """Messages a second through ingest, and through the search index behind it."""
    with scratch() as place:
        store = Store(place)
        account = arrivals.enrolled(store)
        made = list(islice(arrivals.pages(kind=kind), MESSAGES // arrivals.PAGE))
        begin = time.perf_counter()
        written = sum(arrivals.write(store, account, page, parsed) for page, parsed in made)
        stored = time.perf_counter()
        while True:
            with store.transaction(SystemClock().now(), bulk=True) as tx:
                if not search.index_batch(tx):
                    break
        indexed = time.perf_counter()
        store.close()
        if written != MESSAGES:
            raise RuntimeError(f"{written} of {MESSAGES} messages were stored")
        return MESSAGES / (stored - begin), MESSAGES / (indexed - stored)


def ingest(rounds: int) -> list[Result]:
    """I1: live and historic messages, and the index behind them."""

    def one(what: str) -> tuple[float, float]:
        return (raw_rate(), 0.0) if what == "raw" else our_rates(PageKind(what))

    raw, live, history = interleaved(max(3, rounds // 2), one, ["raw", str(PageKind.LIVE), str(PageKind.HISTORY)])
    floor = median(rate for rate, _ in raw)
    what = "messages/s / raw inserts with three indexes"
    return [
        Result("I1", f"ingest of history, {what}", median(r for r, _ in history), "/s", 0.35, floor, at_least=True),
        Result("I1", f"ingest of live messages, {what}", median(r for r, _ in live), "/s", None, floor),
        Result("I1", f"search index behind it, {what}", median(r for _, r in history), "/s", 0.08, floor,
               at_least=True),
    ]  # fmt: skip


def action(rounds: int, conversations: int) -> list[Result]:
    """A1: setting a status, idle beside one fsync, then beside imports at 1,000 a second and unthrottled."""
    with scratch() as place:
        data = place / "data"
        shutil.copytree(demo_directory(conversations), data, ignore=shutil.ignore_patterns("*.lock"))
        with desk_on(data) as desk:
            idle, floor = act(desk, place / "fsync")
            paced = beside(data, 1000, desk, place)
            flat_out = beside(data, 0, desk, place)
    return [
        Result("A1", "commit of one action, idle, median / one fsync of 8 KiB", median(idle), "ms", 5.0, median(floor),
               samples=len(idle)),
        Result("A1", "commit of one action, idle, p99", percentile(idle, 99), "ms"),
        Result("A1", "commit of one action during 1,000 messages/s, p99", percentile(paced, 99), "ms", 50.0,
               samples=len(paced)),
        Result("A1", "commit of one action during an unthrottled import, p99", percentile(flat_out, 99), "ms", 50.0,
               samples=len(flat_out)),
    ]  # fmt: skip


def act(desk: Desk, floor: Path) -> tuple[list[float], list[float]]:
    """Acts with pauses as a person does; each action and one fsync of a file beside it take turns."""
    ids = [row.id for row in QueueReader(desk).page("status:open", limit=ACTIONS)]
    spent, plain = [], []
    with floor.open("ab", buffering=0) as file:

        def flush() -> None:
            file.write(BLOCK)
            os.fdatasync(file.fileno())

        for place, key in enumerate(ids * (ACTIONS // len(ids) + 1)):
            if place == ACTIONS:
                break
            status = "pending" if place // len(ids) % 2 == 0 else "open"
            spent.append(milliseconds(partial(acts.set_status, desk, [key], status)))
            plain.append(milliseconds(flush))
            time.sleep(0.02)
    return spent, plain


@contextmanager
def importing(data: Path, rate: int) -> Iterator[None]:
    """An import beside, in a process of its own."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "bench.arrivals", str(data), "--rate", str(rate)], stdout=subprocess.PIPE
    )
    try:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.5)
        yield
        if writer.poll() is not None:
            raise RuntimeError("the import ended before the measurement")
    finally:
        writer.terminate()
        writer.wait()


def beside(data: Path, rate: int, desk: Desk, place: Path) -> list[float]:
    """Actions while an import runs."""
    with importing(data, rate):
        return act(desk, place / "fsync")[0]
