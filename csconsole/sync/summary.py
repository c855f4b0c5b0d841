"""What a round of syncing did: one object per account, the public form of ``sync --once --json``."""

from __future__ import annotations

from collections import Counter
from copy import copy

import msgspec


class Summary(msgspec.Struct, kw_only=True):
    """One account's round.

    Attributes:
        account: its name.
        pulled: items read from the source.
        new: messages stored.
        duplicates: messages that were known.
        quarantined: items held back.
        sent: sends that were accepted.
        failed: sends that were refused for good.
        uncertain: sends whose outcome only a person can tell.
        error: why the account could not be synced, "" when it could.
    """

    account: str
    pulled: int = 0
    new: int = 0
    duplicates: int = 0
    quarantined: int = 0
    sent: int = 0
    failed: int = 0
    uncertain: int = 0
    error: str = ""


class Totals:
    """What an account has done since the worker began; rounds are told apart by :meth:`mark`.

    Attributes:
        counts: items so far; its counts of sends are not used.
        sends: keys of outbox rows taken up since the last mark. How they ended is read from the store, since an
            echo or a look-up may have settled them after their attempt.
    """

    def __init__(self, account: str) -> None:
        self.counts = Summary(account=account)
        self.sends: set[int] = set()

    def mark(self) -> Summary:
        """Begins a round: returns the counts so far, to be handed to :meth:`since`."""
        self.sends.clear()
        return copy(self.counts)

    def since(self, mark: Summary, error: str, states: dict[int, str]) -> Summary:
        """The round since a mark.

        Args:
            mark: what :meth:`mark` returned.
            error: why the account could not be synced.
            states: the state of each row in ``sends``.
        """
        now = self.counts
        ended = Counter(states.values())
        return Summary(
            account=now.account,
            pulled=now.pulled - mark.pulled,
            new=now.new - mark.new,
            duplicates=now.duplicates - mark.duplicates,
            quarantined=now.quarantined - mark.quarantined,
            sent=ended["sent"],
            failed=ended["failed"],
            uncertain=ended["uncertain"],
            error=error,
        )
