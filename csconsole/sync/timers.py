"""What happens at an instant: snoozed conversations wake. A timer that was due while no worker ran is caught up
with, and its event carries the instant at which it was due, so that reports do not depend on when we ran."""

from __future__ import annotations

from collections.abc import Callable

from csconsole.domain.conversation import Status
from csconsole.store import conversations, events, timers
from csconsole.store.database import Tx
from csconsole.store.timers import Timer
from csconsole.sync.access import Access

BATCH = 100


def wake(tx: Tx, timer: Timer) -> None:
    """The end of a snooze: the conversation is open again."""
    state = conversations.state(tx, timer.ref)
    if state is None or state.status != Status.SNOOZED:
        return
    conversations.update(tx, timer.ref, status=Status.OPEN, snoozed_until=None)
    data = {"from": Status.SNOOZED, "to": Status.OPEN}
    events.record(tx, timer.ref, "status.changed", at=timer.due_at, data=data)
    events.record(tx, timer.ref, "woken", at=timer.due_at)


ACTIONS: dict[str, Callable[[Tx, Timer], None]] = {"snooze": wake}
"""What each kind of timer does. Timers of other kinds are left for the program that knows them."""


async def run_due(access: Access) -> int:
    """Runs every timer whose time has come; returns how many."""
    total = 0
    while due := await access.read(timers.due_timers, access.clock.now(), kinds=tuple(ACTIONS), limit=BATCH):
        total += await access.bulk(_run, due)
    return total


def _run(tx: Tx, due: list[Timer]) -> int:
    """Runs timers and takes them away, in one transaction; one moved meanwhile is left alone."""
    for timer in due:
        if timers.take(tx, timer):
            ACTIONS[timer.kind](tx, timer)
    return len(due)
