"""One line of the table, and how the lines are printed and kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True)
class Result:
    """A figure beside its floor or peer.

    Attributes:
        id: of the budget; several lines may share one.
        what: in words.
        ours: our figure, in ``unit``.
        unit: ms, B, MiB, /s and so on; "" for a bare number.
        budget: what the ratio, or the figure itself without a floor, is held to; None: reported only.
        floor: the figure of the floor or the peer, measured in the same rounds; None: the budget is absolute.
        at_least: the budget is the least allowed, not the most.
        samples: how many measurements the figure rests on.
    """

    id: str
    what: str
    ours: float
    unit: str
    budget: float | None = None
    floor: float | None = None
    at_least: bool = False
    samples: int = 0

    @property
    def value(self) -> float:
        """What the budget is compared with: the ratio, or the figure where there is no floor."""
        if self.floor is None:
            return self.ours
        return self.ours / self.floor if self.floor else float("inf")

    @property
    def met(self) -> bool:
        """Whether the budget is kept."""
        if self.budget is None:
            return True
        return self.value >= self.budget if self.at_least else self.value <= self.budget

    def as_dict(self) -> dict[str, object]:
        """Returns it for the JSON file."""
        return {**asdict(self), "value": round(self.value, 4), "met": self.met}


def table(results: Sequence[Result]) -> str:
    """Returns the results as lines of text."""
    lines = [f"{'id':3} {'ours':>10} {'floor':>10} {'unit':5} {'ratio':>7} {'budget':>8}  what"]
    for one in results:
        floor = "" if one.floor is None else f"{one.floor:.2f}"
        ratio = "" if one.floor is None else f"{one.value:.2f}"
        sign = ">=" if one.at_least else "<="
        budget = "" if one.budget is None else f"{sign}{one.budget:g}"
        missed = "" if one.met else "   MISSED"
        lines.append(f"{one.id:3} {one.ours:10.2f} {floor:>10} {one.unit:5} {ratio:>7} {budget:>8}  {one.what}{missed}")
    return "\n".join(lines)


def interleaved(rounds: int, run: Callable[[S], T], subjects: Sequence[S]) -> list[list[T]]:
    """Runs all subjects once per round and returns the values by subject.

    A first round that is not counted warms the caches of the disk and of compiled code for everybody.
    """
    values: list[list[T]] = [[] for _ in subjects]
    for number in range(rounds + 1):
        for place, subject in enumerate(subjects):
            value = run(subject)
            if number:
                values[place].append(value)
    return values


def percentile(values: Sequence[float], rank: float) -> float:
    """Returns the value that ``rank`` per cent of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * int(rank) // 100) - 1)]
