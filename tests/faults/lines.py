"""The line each fault test prints, and the table made of all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

LONG = os.environ.get("CSCONSOLE_FAULTS") == "long"
"""Whether this is the long form (``make faults``): every case instead of a sample."""
EVERY = int(os.environ.get("CSCONSOLE_FAULTS_EVERY", "1"))
"""The long form takes every n-th case of those that are enumerated; a line tells how many there are."""
PROPERTY = "faults"
"""Name of the test property that carries a line to the summary of the run."""


def chosen(short: int, long: int) -> int:
    """How many cases this form tries."""
    return max(short, long // EVERY) if LONG else short


class Line(msgspec.Struct):
    """What a test did and found.

    Attributes:
        name: of the test, as in the table.
        cases: faults that were injected.
        seed: of its choices; with the form of the run it repeats them.
        lost: acknowledged work that is gone, or messages that never came to an end.
        twice: messages accepted or stored more than once.
        uncertain: messages about which a person is asked.
        facts: further figures, each with its name.
    """

    name: str
    cases: int
    seed: int
    lost: int = 0
    twice: int = 0
    uncertain: int = 0
    facts: dict[str, int | str] = {}

    def __str__(self) -> str:
        """The line as printed."""
        facts = "".join(f" {name}={value}" for name, value in self.facts.items())
        return (
            f"{self.name} cases={self.cases} lost={self.lost} twice={self.twice}"
            f" uncertain={self.uncertain} seed={self.seed}{facts}"
        )


_properties: list[tuple[str, Any]] = []


@contextmanager
def told_of(properties: list[tuple[str, Any]]) -> Iterator[None]:
    """Lines told inside belong to the test with these properties; the summary of the run repeats them."""
    global _properties
    before, _properties = _properties, properties
    try:
        yield
    finally:
        _properties = before


def tell(line: object) -> None:
    """Prints a line and keeps it for the summary of the run."""
    print(line)
    _properties.append((PROPERTY, str(line)))
