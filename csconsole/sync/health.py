"""What to say about an account: is what we show of it new, old, or not to be had. Pure; the screen's header and
``doctor`` put the keys into words."""

from __future__ import annotations

import msgspec

from csconsole.clock import MINUTE
from csconsole.store.accounts import AccountRow

STALE = 3 * MINUTE
"""Age (ms) of the last pull from which an account that is polled counts as stale."""
STALE_LIVE = 15 * MINUTE
"""The same while a push connection stands."""


class AccountHealth(msgspec.Struct, frozen=True):
    """An account's state for people.

    Attributes:
        key: ``live`` (push connection stands), ``ok``, ``stale``, ``new`` (never pulled), ``limited`` (asked to
            wait), ``offline`` (not reachable), ``auth`` (login refused) or ``broken`` (a fault to be mended).
        age: ms since the last good pull, None when there was none.
        retry_in: ms until the next try, None when none is planned.
        history: share of the old items that has come, in percent; None when nothing is to come.
        detail: the sentence of the last error or note, "" when all is well.
    """

    key: str
    age: int | None
    retry_in: int | None
    detail: str
    history: int | None = None

    @property
    def is_error(self) -> bool:
        """Whether somebody should look."""
        return self.key in {"offline", "auth", "broken", "limited"}


_KEYS = {"unreachable": "offline", "auth": "auth", "limited": "limited", "broken": "broken"}


def health(account: AccountRow, now: int) -> AccountHealth:
    """The health of an account at an instant (ms UTC)."""
    age = max(0, now - account.last_pull_at) if account.last_pull_at is not None else None
    retry = max(0, account.next_try_at - now) if account.next_try_at is not None else None
    if account.state in _KEYS:
        return AccountHealth(_KEYS[account.state], age, retry, account.error, _history(account))
    if age is None:
        return AccountHealth("new", None, retry, account.error, _history(account))
    if age > (STALE_LIVE if account.live else STALE):
        return AccountHealth("stale", age, retry, account.error, _history(account))
    return AccountHealth("live" if account.live else "ok", age, retry, account.error, _history(account))


def _history(account: AccountRow) -> int | None:
    if not account.history_left:
        return None
    return min(99, 100 - 100 * account.history_left // max(account.history_total, 1))


def worst(found: list[AccountHealth]) -> str:
    """The key that speaks for all accounts: the worst of them, ``ok`` when there are none."""
    order = ("broken", "auth", "offline", "limited", "stale", "new", "ok", "live")
    keys = {one.key for one in found}
    return next((key for key in order if key in keys), "ok")
