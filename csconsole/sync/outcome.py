"""What becomes of a send that did not end with a receipt. Pure policy: it reads what an error states about
itself (``provably_not_accepted``, ``retryable``) and the class of the send, never a status code."""

from __future__ import annotations

import msgspec

from csconsole.domain.sending import SendClass
from csconsole.errors import AuthError, ConfigError, ConnectorError, CsconsoleError, RateLimitedError, StoreError
from csconsole.sync.backoff import AUTH_PAUSE, delay

MAX_ATTEMPTS = 40
"""Attempts after which a message that could never be handed over fails visibly (most of a day)."""

STORE_WAIT = 15.0
"""Seconds after which a send is tried again whose first step could not be written down (the disk is full): the
contract lets nothing leave before that."""

FIRST_LOOK = 5.0
"""Seconds after a lost answer before the source is asked: it may still be storing the message."""


class Outcome(msgspec.Struct, frozen=True):
    """What an attempt ended in.

    Attributes:
        state: queued (again), failed, settling or uncertain.
        reason: one sentence for the author.
        wait: seconds until the row is due again.
        pause: seconds in which the account sends nothing at all.
    """

    state: str
    reason: str
    wait: float = 0.0
    pause: float = 0.0


def judge(error: BaseException, send_class: SendClass, *, phase: str, attempt: int, seed: str) -> Outcome:
    """Judges an attempt that raised.

    Args:
        error: what ``send`` raised.
        send_class: class of this kind of send on this channel.
        phase: the last phase committed, "" when the connector had not begun.
        attempt: number of the attempt, from 1.
        seed: id of the row, for the wait.
    """
    reason = sentence(error)
    if isinstance(error, ConfigError) and not phase:
        return Outcome("queued", reason, wait=AUTH_PAUSE, pause=AUTH_PAUSE)
    if isinstance(error, StoreError) and not phase:
        return Outcome("queued", reason, wait=STORE_WAIT)
    if isinstance(error, ConnectorError) and error.provably_not_accepted:
        return _not_accepted(error, reason, attempt, seed)
    return lost(send_class, reason, attempt=attempt, seed=seed)


def _not_accepted(error: ConnectorError, reason: str, attempt: int, seed: str) -> Outcome:
    if isinstance(error, AuthError):
        return Outcome("queued", reason, wait=AUTH_PAUSE, pause=AUTH_PAUSE)
    if not error.retryable:
        return Outcome("failed", reason)
    if attempt >= MAX_ATTEMPTS:
        return Outcome("failed", f"{reason} It was tried {attempt} times.")
    asked = error.retry_after if isinstance(error, RateLimitedError) else None
    wait = delay(attempt, seed, retry_after=asked)
    return Outcome("queued", reason, wait=wait, pause=wait if isinstance(error, RateLimitedError) else 0.0)


def lost(send_class: SendClass, reason: str, *, attempt: int, seed: str) -> Outcome:
    """Judges an attempt whose answer is lost: it may have gone out.

    The same key again cannot duplicate, so it is simply sent again. Where the channel offers nothing to
    settle by, only a person can tell. All others are looked up.
    """
    if send_class is SendClass.KEY:
        if attempt >= MAX_ATTEMPTS:
            return Outcome("uncertain", f"{reason} It was tried {attempt} times; look whether it arrived.")
        return Outcome("queued", reason, wait=delay(attempt, seed))
    if send_class is SendClass.NONE:
        return Outcome("uncertain", f"{reason} This channel cannot tell; look whether it arrived.")
    return Outcome("settling", reason, wait=FIRST_LOOK)


def sentence(error: BaseException) -> str:
    """What to show of an error: its own sentence where it is one of ours."""
    if isinstance(error, CsconsoleError):
        return error.message
    if isinstance(error, TimeoutError):
        return "The channel did not answer in time."
    return f"The connector failed ({type(error).__name__}); the log has the details."
