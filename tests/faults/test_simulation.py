"""Thousands of small worlds from seeds: customers, two agents, a network that loses, repeats and delays, a worker
killed at its steps, a disk that fills, a clock that is set. Each is judged when calm returns, and the same seed
gives the same world step by step."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from csconsole.paths import DataDir
from csconsole.store.database import Store
from csconsole.sync import outcome
from csconsole.sync.outcome import Outcome
from tests.faults.lines import Line, chosen, tell
from tests.faults.simulation import World, simulate

pytestmark = pytest.mark.faults

FIRST = 1
SEEDS = chosen(60, 2_000)
PARTS = 4
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def template(tmp_path: Path) -> Path:
    root = DataDir(tmp_path / "template").ensure().root
    Store(root).close()
    return root


def _judged(worlds: list[World], line: Line) -> list[str]:
    facts: Counter[str] = Counter()
    for world in worlds:
        line.cases += 1
        line.lost += world.lost
        line.twice += world.twice
        line.uncertain += world.uncertain
        facts += Counter({"sends": world.sends, "deaths": world.deaths, "faults": world.faults})
    line.facts = dict(facts)
    return [f"seed {world.seed}: {world}" for world in worlds if world.lost or world.twice or world.problems]


@pytest.mark.parametrize("part", range(PARTS))
def test_worlds(tmp_path: Path, template: Path, part: int) -> None:
    first = FIRST + part * SEEDS // PARTS
    worlds = [simulate(seed, tmp_path / "world", template) for seed in range(first, first + SEEDS // PARTS)]
    line = Line(f"simulation {part + 1} of {PARTS}", cases=0, seed=first)
    bad = _judged(worlds, line)
    tell(line)
    assert not bad, "\n".join(bad[:5])
    assert sum(world.deaths for world in worlds) > len(worlds) / 2
    assert sum(world.sends for world in worlds) > len(worlds)


def test_the_same_seed_gives_the_same_world(tmp_path: Path, template: Path) -> None:
    seed = 7
    here = [simulate(seed, tmp_path / "world", template).trace for _ in range(2)]
    command = (
        "import sys; from pathlib import Path; from tests.faults.simulation import simulate;"
        "print(simulate(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])).trace)"
    )
    there = subprocess.run(
        [sys.executable, "-c", command, str(seed), str(tmp_path / "elsewhere"), str(template)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert [*here, there.stdout.strip()] == here[:1] * 3
    assert simulate(seed + 1, tmp_path / "world", template).trace != here[0]


def test_a_blind_retry_is_seen(tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome, "lost", lambda *_, **__: Outcome("queued", "again"))
    worlds = [simulate(seed, tmp_path / "world", template) for seed in range(FIRST, FIRST + 12)]
    line = Line("simulation mutant blind-retry", cases=0, seed=FIRST)
    _judged(worlds, line)
    tell(line)
    assert line.twice > 0
