"""How long to wait before trying again: pure, seeded, never more than ten minutes.

The first attempt after a failure comes soon, since most failures are a blink of the line; later ones spread
out, each by its own share, so that many consoles do not come back in the same second.
"""

from __future__ import annotations

import random

STEPS = (1.0, 5.0, 15.0, 60.0, 120.0, 300.0, 600.0)
"""Seconds before the attempt after the 1st, 2nd, 3rd ... failure in a row; the last one repeats."""

LONGEST = 600.0
"""Seconds no wait exceeds, except one the remote side asked for."""

AUTH_PAUSE = 600.0
"""Seconds between attempts with credentials that were refused: more would lock the login out."""

JITTER = 0.2
"""Share by which a wait is lengthened or shortened at most."""

LONGEST_ASKED = 6 * 3600.0
"""Seconds of a wait asked for by the remote side that are believed."""


def delay(failures: int, seed: str, *, retry_after: float | None = None) -> float:
    """Seconds to wait before the next attempt.

    Args:
        failures: failures in a row so far, the last one included; 1 or more.
        seed: who waits (account or row id): the same input gives the same wait.
        retry_after: seconds the remote side asked for; the wait is never shorter.
    """
    step = STEPS[min(max(failures, 1), len(STEPS)) - 1]
    share = random.Random(f"{seed}:{failures}").uniform(-JITTER, JITTER)
    wait = min(step * (1 + share), LONGEST)
    if retry_after is None:
        return wait
    return max(wait, min(max(retry_after, 0.0), LONGEST_ASKED))
