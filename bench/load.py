"""K2 under load: keys while messages arrive, at 1,000 a second, unthrottled, and in a first sync by the real worker."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.keys import MOVES
from bench.mail import config_for, mailbox
from bench.pty import press, settle, wait_painted
from bench.results import Result, percentile
from bench.subjects import Subject, console, demo_directory
from bench.writes import importing, scratch
from tests.pty.rawpty import RawPty

KEYS = 150
FETCHED = 5_000
"""Mails of the first sync: enough that it lasts while the keys are pressed."""


def keys(pty: RawPty) -> list[float]:
    """Moves up and down; news that arrive meanwhile are drawn between keys and belong to none."""
    costs = []
    for place in range(KEYS):
        down = place // MOVES % 2 == 0
        costs += press(pty, b"j" if down else b"k", 1, quiet=0.012)
    return [cost.last for cost in costs if cost.bytes]


@contextmanager
def copied(conversations: int) -> Iterator[Path]:
    """A copy of the demo's data that may be written to."""
    with scratch() as place:
        data = place / "data"
        shutil.copytree(demo_directory(conversations), data, ignore=shutil.ignore_patterns("*.lock"))
        yield data


def played(subject: Subject, data: Path) -> list[float]:
    """Keys in a console on this directory."""
    with RawPty((subject.argv[0], "--data-dir", str(data)), env=subject.env) as pty:
        wait_painted(pty, subject.marker)
        pty.read(quiet=0.3, timeout=3.0)
        return keys(pty)


def measure(rounds: int, conversations: int) -> list[Result]:
    """K2's three loads."""
    subject = console(conversations)
    results = []
    for rate, what in ((1000, "1,000 messages/s"), (0, "an unthrottled import")):
        last: list[float] = []
        with copied(conversations) as data, importing(data, rate):
            for _ in range(max(1, rounds // 3)):
                last += played(subject, data)
        results.append(_result(what, last))
    return [*results, _result(f"a first sync of {FETCHED:,} mails by the worker", first_sync(subject, conversations))]


def _result(what: str, last: list[float]) -> Result:
    return Result("K2", f"key to last byte, move, p99, during {what}", percentile(last, 99), "ms", 33.0,
                  samples=len(last))  # fmt: skip


def first_sync(subject: Subject, conversations: int) -> list[float]:
    """Keys while the console's own worker fetches a mailbox for the first time."""
    with mailbox(FETCHED) as bed, copied(conversations) as data:
        config_for(data, bed)
        with RawPty((subject.argv[0], "--data-dir", str(data)), env=subject.env) as pty:
            wait_painted(pty, subject.marker)
            settle(pty, 0.2)
            return keys(pty)
