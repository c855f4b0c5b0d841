"""How long fuzzing goes on, and what no input may cost."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import HealthCheck, settings

FACTOR = float(os.environ.get("CSCONSOLE_FUZZ", "1"))
"""Times as many examples as in the short form; ``make fuzz`` sets it."""

CPU_SECONDS = 5.0
"""Computing one input may cost: what a parsing child is allowed. Anything near it is a quadratic somewhere."""


def fuzz(examples: int) -> settings:
    """Settings of one fuzz test."""
    return settings(
        max_examples=max(1, round(examples * FACTOR)),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@contextmanager
def affordable(what: object) -> Iterator[None]:
    """Fails when the block computes longer than an input may."""
    begun = time.thread_time()
    yield
    used = time.thread_time() - begun
    assert used < CPU_SECONDS, f"{used:.1f} s of computing for {str(what)[:200]!r}"
