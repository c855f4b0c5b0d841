"""S1, S2, S3, M1: from exec to what is painted and answered, and what memory it takes."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from statistics import median

from bench.pty import cpu_milliseconds, settle, wait_painted
from bench.results import Result, interleaved
from bench.subjects import CSCONSOLE, Subject, bare, console, neomutt
from tests.pty.rawpty import RawPty


@dataclass(frozen=True)
class Start:
    """One start: ms until the rows are painted, ms until a key typed at once has its effect, MiB when quiet."""

    painted: float
    answered: float
    memory: float


def start(subject: Subject) -> Start:
    """Starts a program, waits for its rows and for silence, and ends it; then starts it with a key typed at once."""
    with RawPty(subject.argv, env=subject.env) as pty:
        painted = wait_painted(pty, subject.marker)
        settle(pty, 1.0)
        memory = pty.memory()
    with RawPty(subject.argv, env=subject.env) as pty:
        # Typed as soon as it takes the terminal: what is typed before may be echoed by the terminal itself.
        pty.take(10.0)
        pty.write(subject.leave)
        pty.wait()
        return Start(painted, pty.now() * 1000, memory)


def measure(rounds: int, conversations: int) -> list[Result]:
    """S1, S2 and M1."""
    big, small, empty, floor = console(conversations), console(1000), console(0), bare()
    subjects = [big, small, empty, floor]
    peer = neomutt(conversations)
    values = interleaved(rounds, start, [*subjects, *([peer] if peer is not None else [])])
    painted = [median(one.painted for one in each) for each in values]
    answered = [median(one.answered for one in each) for each in values]
    memory = [median(one.memory for one in each) for each in values]
    results = [
        Result("S1", f"exec to rows painted, {big.name} / {floor.name}", painted[0], "ms", 1.15, painted[3]),
        Result("S1", f"exec to the end by a key typed at once, {big.name} / {floor.name}",
               answered[0], "ms", 1.15, answered[3]),
        Result("S2", f"exec to rows painted, {big.name} / {small.name}", painted[0], "ms", 1.1, painted[1]),
        Result("S2", f"exec to rows painted, {big.name} / {empty.name}", painted[0], "ms", None, painted[2]),
        Result("M1", f"resident memory when idle, {big.name} / {floor.name}", memory[0], "MiB", 1.4, memory[3]),
    ]  # fmt: skip
    if peer is not None:
        what = f"{big.name} / {peer.name}"
        results += [
            Result("S1", f"exec to rows painted, {what}", painted[0], "ms", None, painted[4]),
            Result("M1", f"resident memory when idle, {what}", memory[0], "MiB", None, memory[4]),
        ]
    return results


def version(rounds: int) -> list[Result]:
    """S3: processor time, which is steadier than the clock for so short a run."""
    commands = [(CSCONSOLE, "--version"), (sys.executable, "-c", "pass")]
    ours, floor = interleaved(rounds * 3, cpu_milliseconds, commands)
    return [Result("S3", "csconsole --version / python -c pass, CPU", median(ours), "ms", 2.0, median(floor))]
