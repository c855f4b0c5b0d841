"""Pure rules of a conversation: its place in the queue, and what a customer's message does to it."""

from __future__ import annotations

from enum import StrEnum

from csconsole.clock import DAY
from csconsole.domain.conversation import ENDED, Status

_WAITING = 1 << 61
_IDLE = 1 << 62
_END = (1 << 63) - 1


def queue_key(
    status: str,
    *,
    next_due_at: int | None,
    waiting_since: int | None,
    snoozed_until: int | None,
    last_at: int,
) -> int:
    """Place in the queue: smaller is nearer to the top.

    What is due comes first, soonest on top; then who waits, longest on top; then what waits for somebody
    else: snoozed by its waking time, the rest by its last activity; ended conversations come last, newest
    on top. All instants are ms UTC and below 2^61, so the four bands cannot meet.
    """
    if status in ENDED:
        return _END - last_at
    if status == Status.SNOOZED:
        return _IDLE + (snoozed_until or last_at)
    if next_due_at is not None:
        return next_due_at
    if waiting_since is not None:
        return _WAITING + waiting_since
    return _IDLE + last_at


class Arrival(StrEnum):
    """What an incoming message does to the conversation it was matched with."""

    CONTINUE = "continue"
    REOPEN = "reopen"
    WAKE = "wake"
    START_NEW = "start_new"


def on_customer_message(
    status: str,
    *,
    ended_at: int | None,
    at: int,
    reopen_window: int,
    threaded: bool,
    automatic: bool,
) -> Arrival:
    """Decides where a live customer message goes.

    Args:
        status: the conversation's status.
        ended_at: when it ended (ms), None when it has not.
        at: the message's instant (ms).
        reopen_window: the account's window in ms.
        threaded: the source says that it belongs to this conversation and can tell (a help desk's ticket).
        automatic: written by a machine (RFC 3834): never reopens or wakes.
    """
    if status == Status.SPAM:
        return Arrival.CONTINUE
    if status in ENDED:
        if automatic:
            return Arrival.CONTINUE
        if threaded:
            return Arrival.REOPEN
        inside = ended_at is not None and at - ended_at <= reopen_window
        return Arrival.REOPEN if inside else Arrival.START_NEW
    if status == Status.SNOOZED and not automatic:
        return Arrival.WAKE
    return Arrival.CONTINUE


def history_status(
    *, last_direction: str, last_visibility: str, last_at: int, now: int, open_days: int, automatic: bool
) -> Status:
    """Status of a conversation made of history alone.

    Resolved, unless its last word is a customer's and younger than ``open_days``.
    """
    waiting = last_direction == "in" and last_visibility == "public" and not automatic
    if waiting and now - last_at < open_days * DAY:
        return Status.OPEN
    return Status.RESOLVED


def clamp_live(at: int, received_at: int) -> int:
    """Instant by which a live message is ordered: the source's time, at most ten minutes before receipt."""
    return min(max(at, received_at - 600_000), received_at)
