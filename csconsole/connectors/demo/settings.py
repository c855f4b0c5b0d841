"""Account settings of the demo connector."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from csconsole.clock import parse_rfc3339

Attempts = tuple[Annotated[int, Meta(ge=1)], ...]


class Faults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong on purpose, stated per attempt so that every process and restart agrees.

    The lists of a send hold attempt numbers (``OutboundItem.attempt``): ``lost_answer = [1]`` loses the answer
    of every first attempt. They apply to the replies that contain ``match``; "" is contained in all.
    """

    match: Annotated[str, Meta(description="only replies with this text go wrong; empty: all")] = ""
    unreachable: Annotated[Attempts, Meta(description="no connection; provably not accepted")] = ()
    rate_limit: Annotated[Attempts, Meta(description="asked to wait; not accepted")] = ()
    refuse: Annotated[Attempts, Meta(description="refused for good")] = ()
    broken: Annotated[
        Attempts, Meta(description="the connection breaks before acceptance; the sender cannot know")
    ] = ()
    lost_answer: Annotated[Attempts, Meta(description="accepted, but the answer is lost")] = ()
    slow: Annotated[float, Meta(ge=0, description="seconds between acceptance and its answer")] = 0.0
    retry_after: Annotated[float, Meta(ge=0, description="seconds stated by a rate limit")] = 1.0
    auth: Annotated[bool, Meta(description="credentials are not accepted")] = False
    down: Annotated[bool, Meta(description="nothing can be pulled")] = False
    duplicate_every: Annotated[int, Meta(ge=0, description="every nth item arrives twice; 0: none")] = 0
    malformed_every: Annotated[int, Meta(ge=0, description="every nth item is cut in half; 0: none")] = 0
    out_of_order: Annotated[bool, Meta(description="pages arrive with their last item first")] = False

    def hits(self, attempts: Attempts, attempt: int, text: str) -> bool:
        """Whether a fault with these ``attempts`` strikes this ``attempt`` to send ``text``."""
        return attempt in attempts and self.match in text


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a demo account.

    All accounts of one data directory share one ledger and so one time zero: give them the same ``seed``,
    ``still`` and ``start``.
    """

    seed: Annotated[int, Meta(description="another number is another stream of new customers")] = 1
    channel: Annotated[str, Meta(description="the channel to simulate; default: the account's own")] = ""
    still: Annotated[bool, Meta(description="nothing new ever happens; for tests and screenshots")] = False
    start: Annotated[
        str, Meta(description="the demo's time zero, such as 2026-11-27T12:00:00+07:00; default: first use")
    ] = ""
    handle: Annotated[str, Meta(description="name or number of the account on its channel")] = ""
    address: Annotated[str, Meta(description="address of a mail account")] = ""
    provider: Annotated[str, Meta(description="LINE provider inside which user ids are unique")] = ""
    send_class: Annotated[
        Literal["", "key", "single_use", "echo", "lookup", "none"],
        Meta(description="how a lost answer can be settled; default: as on the real channel"),
    ] = ""
    page_size: Annotated[int, Meta(ge=1, le=1000, description="items of one page")] = 100
    faults: Annotated[Faults, Meta(description="what goes wrong on purpose")] = Faults()

    def __post_init__(self) -> None:
        """Checks the instant.

        Raises:
            ValueError: ``start`` is not an instant with a zone.
        """
        if self.start:
            parse_rfc3339(self.start)
