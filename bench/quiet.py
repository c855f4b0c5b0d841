"""What idling costs: processor time and wake-ups of a console nobody touches, and building the demo's data."""

from __future__ import annotations

import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.pty import settle, wait_painted
from bench.results import Result, interleaved
from bench.subjects import CSCONSOLE, Subject, bare, console, neomutt
from bench.writes import scratch
from tests.pty.rawpty import RawPty

SECONDS = 8.0
BUILT = 5_000


@dataclass(frozen=True)
class Rest:
    """A second of idling: wake-ups of all threads, ms of processor time, bytes written."""

    wakeups: float
    cpu: float
    bytes: float


def rest(subject: Subject) -> Rest:
    """Leaves a program alone for some seconds."""
    with RawPty(subject.argv, env=subject.env) as pty:
        wait_painted(pty, subject.marker)
        settle(pty, 2.0)
        sizes, before = len(pty.output), _used(pty.pid)
        begin = time.perf_counter()
        while (left := SECONDS - (time.perf_counter() - begin)) > 0:
            pty.take(left)
        after = _used(pty.pid)
        return Rest(
            (after[0] - before[0]) / SECONDS, (after[1] - before[1]) / SECONDS, (len(pty.output) - sizes) / SECONDS
        )


def _used(pid: int) -> tuple[int, float]:
    """Wake-ups and ms of processor time of all threads so far."""
    wakeups, spent = 0, 0.0
    for task in Path(f"/proc/{pid}/task").iterdir():
        status = (task / "status").read_text()
        wakeups += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.MULTILINE)[1])  # type: ignore[index]
        spent += int((task / "schedstat").read_text().split()[0]) / 1e6
    return wakeups, spent


def idle(rounds: int, conversations: int) -> list[Result]:
    """Console, bare Textual and neomutt in turns."""
    subjects = [console(conversations), bare()]
    peer = neomutt(conversations)
    subjects += [peer] if peer is not None else []
    values = interleaved(max(1, rounds // 3), rest, subjects)
    results = []
    for subject, rests in zip(subjects, values, strict=True):
        results += [
            Result("E1", f"wake-ups a second when idle, {subject.name}", median(r.wakeups for r in rests), "/s"),
            Result("E1", f"processor time a second when idle, {subject.name}", median(r.cpu for r in rests), "ms"),
        ]
    written = median(r.bytes for r in values[0])
    return [*results, Result("E1", f"bytes a second when idle, {subjects[0].name}", written, "B", 0.0)]


def build(rounds: int) -> list[Result]:
    """How fast the demo's data is built, and in what memory."""
    rates, memory = [], []
    for _ in range(max(1, rounds // 4)):
        with scratch() as place:
            begin = time.perf_counter()
            process = subprocess.Popen(
                [CSCONSOLE, "--data-dir", place, "demo", "--build-only", "--still", "--conversations", str(BUILT)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise RuntimeError("the demo was not built")
            rates.append(BUILT / (time.perf_counter() - begin))
            memory.append(used.ru_maxrss / 1024)
    return [
        Result("B1", f"demo --build-only of {BUILT:,} conversations, conversations/s", median(rates), "/s"),
        Result("B1", f"demo --build-only of {BUILT:,} conversations, peak memory", median(memory), "MiB", 1024.0),
    ]
