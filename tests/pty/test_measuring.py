"""The measuring code of bench: counted bytes and painted markers of programs whose output is known."""

from __future__ import annotations

import re
import sys

import pytest

from bench.__main__ import PARTS
from bench.pty import Marker, cpu_milliseconds, press, wait_painted
from bench.results import Result, interleaved, percentile, table
from tests.pty.rawpty import RawPty

pytestmark = pytest.mark.pty

TEN_BYTES = """
import os, tty
tty.setraw(0)
os.write(1, b"\\x1b[1mREADY\\x1b[0m one two")
while os.read(0, 1) != b"q":
    os.write(1, b"0123456789")
"""


def test_a_key_costs_the_bytes_it_paints() -> None:
    with RawPty([sys.executable, "-c", TEN_BYTES]) as pty:
        painted = wait_painted(pty, Marker(re.compile("READY|one|two"), 3))
        assert painted == pty.chunks[-1].at * 1000
        costs = press(pty, b"j", 5)
    assert [cost.bytes for cost in costs] == [10] * 5
    assert all(0 < cost.first <= cost.last for cost in costs)


def test_a_marker_that_never_comes_is_an_error() -> None:
    with (
        RawPty([sys.executable, "-c", "print('something else')"]) as pty,
        pytest.raises(TimeoutError, match="something else"),
    ):
        wait_painted(pty, Marker(re.compile("READY")), timeout=20)


def test_processor_time_is_that_of_the_command() -> None:
    burn = "import time\nwhile time.process_time() < 0.2: pass"
    assert cpu_milliseconds([sys.executable, "-c", burn]) >= 200


def test_a_missed_budget_is_seen() -> None:
    assert Result("X", "", 11, "ms", 1.1, 10).met
    assert not Result("X", "", 12, "ms", 1.1, 10).met
    assert Result("X", "", 33, "ms", 33.0).met
    assert not Result("X", "", 34, "ms", 33.0).met
    assert not Result("X", "", 2, "/s", 3.0, 1, at_least=True).met
    assert Result("X", "", 9999, "ms").met
    assert percentile(range(1, 101), 99) == 99
    lines = table([Result("X", "w", 34, "ms", 33.0), Result("Y", "w", 1, "ms")]).splitlines()
    assert [line.endswith("MISSED") for line in lines] == [False, True, False]


def test_subjects_take_turns_and_the_first_round_is_not_counted() -> None:
    order: list[str] = []

    def run(name: str) -> int:
        order.append(name)
        return len(order)

    assert interleaved(2, run, ["a", "b"]) == [[3, 5], [4, 6]]
    assert order == ["a", "b"] * 3


def test_each_budget_has_a_part() -> None:
    named = " ".join(budgets for budgets, _ in PARTS.values())
    for budget in [
        "S1",
        "S2",
        "S3",
        "M1",
        "W1",
        "W2",
        "W3",
        "K1",
        "K2",
        "Q1",
        "Q2",
        "F1",
        "F2",
        "F3",
        "I1",
        "I2",
        "I3",
        "A1",
    ]:
        assert budget in named
