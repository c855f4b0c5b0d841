"""An agent and a worker on a disk that fills up and gets room again: ``python -m tests.faults.full_disk WAY TEMPLATE
PLACE``. Prints what was acknowledged, refused and sent as JSON.

``tmpfs`` mounts eight megabytes of memory on PLACE (call it in a mount namespace of its own); ``limit`` lets no file
of the two processes grow, as a quota does.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from csconsole.config.loader import load
from csconsole.connectors.demo.ledger import Ledger
from csconsole.connectors.registry import settings_type
from csconsole.errors import StoreError
from csconsole.paths import DataDir
from csconsole.services import replies
from csconsole.services.desk import Desk
from csconsole.services.views import QueueReader
from csconsole.store import accounts, outbox
from csconsole.store.database import Store
from csconsole.store.locks import FileLock
from csconsole.sync import clocks
from tests.beds.waiting import wait_until

SIZE = "8m"
TRIES = 12
ENDED = {"sent", "delivered", "read"}


class Drill:
    """The data directory on its small disk, an agent in this process, a worker in another."""

    def __init__(self, way: str, place: Path) -> None:
        self.way = way
        self.place = place
        self.data = DataDir(place / "data")
        self.config = load(self.data.config, settings_type)
        console = FileLock(self.data.lock("console"))
        console.acquire(shared=True)
        self.desk = Desk.open(Store(self.data.root), self.config, clocks.clock_for(self.config, self.data.root))
        self.worker = subprocess.Popen(
            [sys.executable, "-m", "csconsole.sync.worker", str(self.data.root), str(self.data.config)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.given: list[str] = []
        self.refused: list[str] = []

    def fill(self) -> None:
        """No byte more."""
        if self.way == "limit":
            self._limit(4096)
            return
        with (self.place / "filler").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass

    def empty(self) -> None:
        """Room again."""
        if self.way == "limit":
            self._limit(resource.RLIM_INFINITY)
        else:
            (self.place / "filler").unlink()

    def _limit(self, soft: int) -> None:
        for pid in (os.getpid(), self.worker.pid):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, resource.RLIM_INFINITY))

    def answer(self, count: int, name: str) -> None:
        """Answers; those that were refused are noted with what was said."""
        for number in range(count):
            text = f"{name} {number}"
            rows = QueueReader(self.desk).page("status:open,pending,resolved,closed,on_hold", limit=50)
            assert rows, "reading does not work"
            try:
                replies.send_reply(self.desk, rows[number % len(rows)].id, text, now=True, anyway=True)
            except StoreError as error:
                self.refused.append(error.message)
            else:
                self.given.append(text)

    def pulled(self, since: int) -> Callable[[], bool]:
        """Whether the worker has pulled the account after an instant."""

        def probe() -> bool:
            assert self.worker.poll() is None, f"the worker ended with {self.worker.returncode}"
            row = accounts.account_by_name(self.desk.store, self.config.accounts[0].name)
            return row is not None and (row.last_pull_at or 0) > since

        return probe

    def all_sent(self) -> bool:
        """Whether every acknowledged answer is out."""
        assert self.worker.poll() is None, f"the worker ended with {self.worker.returncode}"
        return {row.state for row in outbox.listing(self.desk.store)} <= ENDED


def main(way: str, template: str, place: Path) -> None:
    """The drill; see above."""
    if way == "tmpfs":
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "tmpfs", place], check=True)
    shutil.copytree(template, place / "data")
    drill = Drill(way, place)
    try:
        wait_until(drill.pulled(0), "the first pull", timeout=60)
        drill.answer(3, "before")
        drill.fill()
        drill.answer(TRIES, "full")
        full = len(drill.refused)
        drill.empty()
        drill.answer(3, "after")
        wait_until(drill.all_sent, "the answers to leave", timeout=120)
        times = Counter(line.text for line in Ledger(drill.data.root).accepted())
        print(
            json.dumps(
                {
                    "given": len(drill.given),
                    "refused": full,
                    "refused_after": len(drill.refused) - full,
                    "lost": sum(not times[text] for text in drill.given),
                    "twice": sum(count > 1 for count in times.values()),
                    "unasked": sum(text not in drill.given for text in times),
                    "said": sorted(set(drill.refused)),
                }
            )
        )
    finally:
        drill.worker.kill()
        drill.worker.wait(10)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
