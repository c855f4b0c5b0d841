"""What a round of syncing did: one object per account, the public form of ``sync --once --json``."""

from __future__ import annotations

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

    def count_send(self, state: str) -> None:
        """Counts a send that ended in ``state``."""
        if state in {"sent", "failed", "uncertain"}:
            setattr(self, state, getattr(self, state) + 1)
