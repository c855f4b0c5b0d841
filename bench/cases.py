"""The measurements: rounds that alternate between the programs, so that noise of the machine meets all alike."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import mean, median
from typing import TypeVar

from bench.pty import KeyCost, cpu_milliseconds, press, settle, wait_painted
from bench.subjects import CSCONSOLE, Subject
from tests.pty.rawpty import RawPty

T = TypeVar("T")

MOVES = 40
"""Cursor moves of one round: on a screen of 40 rows some of them go past the edge."""


@dataclass(frozen=True)
class Result:
    """One line of the table.

    Attributes:
        id: of the budget.
        what: in words.
        ours: our figure, in ``unit``.
        floor: the figure it is compared with, 1 where the budget is absolute.
        unit: ms, B, MiB.
        budget: the greatest allowed ratio of the two.
    """

    id: str
    what: str
    ours: float
    floor: float
    unit: str
    budget: float

    @property
    def ratio(self) -> float:
        """Ours by the floor."""
        return self.ours / self.floor if self.floor else float("inf")

    @property
    def met(self) -> bool:
        """Whether the budget is kept."""
        return self.ratio <= self.budget

    def as_dict(self) -> dict[str, object]:
        """Returns it for the JSON file."""
        return {**asdict(self), "ratio": round(self.ratio, 4), "met": self.met}


@dataclass(frozen=True)
class Start:
    """One start: milliseconds until the rows are painted, resident MiB when quiet."""

    painted: float
    memory: float


def interleaved(rounds: int, run: Callable[[Subject], T], subjects: Sequence[Subject]) -> list[list[T]]:
    """Runs all subjects once per round and returns the values by subject."""
    values: list[list[T]] = [[] for _ in subjects]
    for number in range(rounds + 1):
        for index, subject in enumerate(subjects):
            value = run(subject)
            # The first round warms the caches of the disk and of compiled code for everybody.
            if number:
                values[index].append(value)
    return values


def start(subject: Subject) -> Start:
    """Starts a program, waits for its rows and for silence, and ends it."""
    with RawPty(subject.argv, env=subject.env) as pty:
        painted = wait_painted(pty, subject.marker)
        settle(pty, 1.0)
        return Start(painted, pty.memory())


def moves(subject: Subject) -> list[KeyCost]:
    """Starts a program and moves its cursor down ``MOVES`` times."""
    with RawPty(subject.argv, env=subject.env) as pty:
        wait_painted(pty, subject.marker)
        settle(pty, 1.0)
        return press(pty, subject.down, MOVES)


def start_up(rounds: int, big: Subject, small: Subject, floor: Subject) -> list[Result]:
    """S1, S2 and M1."""
    ours, less, bare = interleaved(rounds, start, [big, small, floor])
    painted = [median(value.painted for value in values) for values in (ours, less, bare)]
    memory = [median(value.memory for value in values) for values in (ours, less, bare)]
    return [
        Result("S1", f"exec to rows painted, {big.name} / {floor.name}", painted[0], painted[2], "ms", 1.15),
        Result("S2", f"the same, {big.name} / {small.name}", painted[0], painted[1], "ms", 1.1),
        Result("M1", f"resident memory when idle, {big.name} / {floor.name}", memory[0], memory[2], "MiB", 1.4),
    ]


def version(rounds: int) -> list[Result]:
    """S3."""
    commands = [(CSCONSOLE, "--version"), (sys.executable, "-c", "pass")]
    values: list[list[float]] = [[], []]
    for number in range(rounds * 3 + 1):
        for index, command in enumerate(commands):
            spent = cpu_milliseconds(command)
            if number:
                values[index].append(spent)
    return [Result("S3", "csconsole --version / python -c pass, CPU", median(values[0]), median(values[1]), "ms", 2.0)]


def cursor(rounds: int, ours: Subject, peer: Subject) -> list[Result]:
    """W1, K1 and the idle half of K2."""
    mine, theirs = ([cost for values in runs for cost in values] for runs in interleaved(rounds, moves, [ours, peer]))
    silent = sum(cost.bytes == 0 for cost in mine)
    if silent > len(mine) // 10:
        raise RuntimeError(f"{silent} of {len(mine)} cursor moves of {ours.name} painted nothing")
    sizes, peer_sizes = [cost.bytes for cost in mine], [cost.bytes for cost in theirs]
    last, peer_last = [cost.last for cost in mine], [cost.last for cost in theirs]
    return [
        Result("W1", "bytes per cursor move, median / neomutt", median(sizes), median(peer_sizes), "B", 0.6),
        Result("W1", "bytes per cursor move, mean / neomutt", mean(sizes), mean(peer_sizes), "B", 1.2),
        Result("K1", "key to last byte, median / neomutt", median(last), median(peer_last), "ms", 3.0),
        Result("K2", "key to last byte, p99, idle", percentile(last, 99), 1.0, "ms", 16.0),
    ]


def percentile(values: Sequence[float], rank: float) -> float:
    """Returns the value that ``rank`` per cent of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * int(rank) // 100) - 1)]
