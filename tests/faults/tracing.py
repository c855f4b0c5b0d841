"""Processes under strace: their writes recorded, or a death or an error put in the way of one system call.

A process is forked by a server that has everything imported already, waits until strace is attached, and only
then begins, so that a count of system calls counts the work and never the start of Python. Every one of them has
a time limit and is killed at its end.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgspec

from tests.beds.needs import missing, program
from tests.beds.waiting import wait_until

LIMIT = 60.0
"""Seconds after which a process counts as hanging."""

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.faults.rehearsal"])


CALLS = ("pwrite64", "write", "fdatasync", "fsync", "ftruncate", "rename", "link", "unlink", "sendto", "recvfrom")
"""Where a process is killed: whatever changes a disk or speaks to somebody."""


class Ended(msgspec.Struct):
    """How a process ended.

    Attributes:
        code: exit code, negative the number of the signal that killed it.
        out: what it acknowledged: its standard output.
        err: its standard error.
    """

    code: int
    out: str
    err: str

    @property
    def killed(self) -> bool:
        """Whether the planned death came before the end of the work."""
        return self.code == -signal.SIGKILL


def run(victim: str, *arguments: Any, place: Path, strace: Sequence[str] = (), limit: float = LIMIT) -> Ended:
    """Runs a victim to its end or its death.

    Args:
        victim: a function of :mod:`tests.faults.victims`.
        arguments: what it is given.
        place: a directory for its output.
        strace: options of strace; without any it is not traced.
        limit: seconds it may take.

    Raises:
        TimeoutError: it hangs; it is killed.
    """
    place.mkdir(exist_ok=True)
    out, err = place / "out", place / "err"
    out.write_bytes(b"")
    err.write_bytes(b"")
    theirs, ours = _context.Pipe(duplex=False)
    process = _context.Process(target=_victim, args=(theirs, str(out), str(err), victim, arguments), daemon=True)
    process.start()
    theirs.close()
    tracer = None
    try:
        if strace:
            tracer = _attach(int(process.pid or 0), strace, place)
        ours.send(None)
        process.join(limit)
        if process.is_alive():
            raise TimeoutError(f"{victim} did not end within {limit:g} s")
    finally:
        process.kill()
        process.join(10)
        ours.close()
        if tracer is not None:
            try:
                tracer.wait(10)
            except subprocess.TimeoutExpired:
                tracer.kill()
                tracer.wait(10)
    code = process.exitcode if process.exitcode is not None else 1
    process.close()
    return Ended(code, out.read_text("utf-8"), err.read_text("utf-8", "replace"))


def counted(victim: str, *arguments: Any, place: Path, calls: Sequence[str] = CALLS) -> list[tuple[str, int]]:
    """Every place where a victim can be killed: ``(system call, its number)``.

    strace counts for each thread apart; a number beyond what the busiest thread makes is never reached.
    """
    log = place.with_name(f"{place.name}-calls")
    ended = run(
        victim, *arguments, place=place, strace=("-e", f"trace={','.join(calls)}", "-e", "signal=none", "-o", str(log))
    )
    assert ended.code == 0, ended.err
    made: Counter[tuple[str, str]] = Counter()
    for line in log.read_text("utf-8", "replace").splitlines():
        thread, _, rest = line.partition(" ")
        name = rest.strip().partition("(")[0]
        made[thread, name] += name in calls
    most = {call: max((n for (_, name), n in made.items() if name == call), default=0) for call in calls}
    return [(call, number) for call, count in most.items() for number in range(1, count + 1)]


def killed_at(call: str, number: int) -> tuple[str, ...]:
    """Options of strace for a death at a thread's ``number``-th ``call``, before it is done."""
    return ("-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}")


def _attach(pid: int, options: Sequence[str], place: Path) -> subprocess.Popen[bytes]:
    log = (place / "strace").open("wb")
    with log:
        tracer = subprocess.Popen(
            [program("strace", "strace"), "-f", "-q", *options, "-p", str(pid)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )

    def attached() -> bool:
        if tracer.poll() is not None:
            missing(f"strace cannot trace here: {(place / 'strace').read_text()[-500:]}")
        return b"\nTracerPid:\t0\n" not in Path(f"/proc/{pid}/status").read_bytes()

    wait_until(attached, "strace to attach")
    return tracer


def _victim(gate: Connection, out: str, err: str, name: str, arguments: tuple[Any, ...]) -> None:
    """The process itself: its output in files, its end without Python's own clearing up."""
    from tests.faults import victims

    os.setsid()
    for path, descriptor in ((out, 1), (err, 2)):
        opened = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.dup2(opened, descriptor)
        os.close(opened)
    gate.recv()
    code = 0
    try:
        code = getattr(victims, name)(*arguments) or 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        code = 99
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]  # an exception is being handled
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
