"""One account's stream of events: a pure function of the seed, the time since the start, and the ledger.

Four strands make the stream: the seeded items, our own messages echoed by the channel, the consequences of
replies, and new customers. A position names a place in each, so that what has been read is never read again
and what comes later is never missed, in whichever process the next page is made.
"""

from __future__ import annotations

import msgspec

from csconsole.connectors.base import Page, PageKind
from csconsole.connectors.demo.arrivals import arrivals, last_before, stretch
from csconsole.connectors.demo.ledger import Acceptance
from csconsole.connectors.demo.reactions import Reactions, customer_of, echo
from csconsole.connectors.demo.stories import Due, seeded

_SCAN = 20_000
"""Customers of the whole shop looked through for one page, at most."""


class Position(msgspec.Struct, frozen=True, array_like=True):
    """A place in the stream of an account; its JSON is the cursor.

    Attributes:
        seeded: seeded items read.
        echoed: lines of the ledger read for echoes.
        at: instant of the last consequence read.
        id: its id.
        customer: number of the last new customer read, or looked at and found to write elsewhere.
    """

    seeded: int = 0
    echoed: int = 0
    at: int = 0
    id: str = ""
    customer: int = 0

    @classmethod
    def of(cls, cursor: str) -> Position:
        """The position a cursor names; the beginning for one that is not ours, since ids repeat exactly."""
        try:
            return msgspec.json.decode(cursor, type=cls)
        except (msgspec.MsgspecError, UnicodeError):
            return cls()

    def cursor(self) -> str:
        """The cursor that names this position."""
        return msgspec.json.encode(self).decode()


class World:
    """The stream of one account.

    Args:
        account: the account's name.
        channel: its channel.
        seed: which stream of new customers.
        echoes: our own messages come back in the feed.
        start: time zero in ms UTC.
        still: the world stands still at time zero: no new customers, no consequences.
    """

    def __init__(self, account: str, channel: str, *, seed: int, start: int, still: bool, echoes: bool) -> None:
        self.account, self.channel, self.seed, self.start, self.still = account, channel, seed, start, still
        self._seeded = seeded(account, start)
        self._history = sum(due.kind is PageKind.HISTORY for due in self._seeded)
        self._reactions = Reactions(account, channel, seed, start)
        self._echoes = echoes

    def page(self, position: Position, lines: list[Acceptance], now: int, limit: int) -> Page:
        """The next page after a position.

        Args:
            position: where the last page ended.
            lines: the ledger.
            now: ms UTC, not earlier than any line of the ledger was when it was written.
            limit: items of one page; a customer's first words are not parted, so it may be exceeded by three.
        """
        now = self.start if self.still else max(now, self.start)
        if position.seeded < self._history:
            end = min(position.seeded + limit, self._history)
            return Page(
                items=tuple(due.item for due in self._seeded[position.seeded : end]),
                next=msgspec.structs.replace(position, seeded=end).cursor(),
                kind=PageKind.HISTORY,
                more=True,
            )
        found: list[Due] = []
        position = self._take_seeded(position, now, limit, found)
        position = self._take_echoes(position, lines, limit - len(found), found)
        if not self.still:
            position = self._take_consequences(position, lines, now, limit - len(found), found)
            position = self._take_customers(position, now, limit - len(found), found)
        behind = not self.still and position.customer < last_before(now - self.start)
        return Page(
            items=tuple(due.item for due in sorted(found)),
            next=position.cursor(),
            more=len(found) >= limit or (behind and self._customers_due(position, now)),
        )

    def next_due(self, position: Position, lines: list[Acceptance], now: int) -> int | None:
        """When something after a position is due, ms UTC; in the past or present when it is already; None if
        never.

        Args:
            position: where the last page ended.
            lines: the ledger.
            now: ms UTC.
        """
        if position.seeded < len(self._seeded):
            due = self._seeded[position.seeded].at
            if position.seeded < self._history or due <= self.start or not self.still:
                return due
        if self._echoes and any(line.account == self.account for line in lines[position.echoed :]):
            return now
        if self.still:
            return None
        consequences = self._reactions.between(lines, (position.at, position.id), now)
        later = consequences[0].at if consequences else self._reactions.next_after(lines, now)
        for _, items in arrivals(self.seed, self.account, self.start, position.customer, position.customer + _SCAN):
            return min(items[-1].at, later) if later is not None else items[-1].at
        return later

    def _take_seeded(self, position: Position, now: int, limit: int, found: list[Due]) -> Position:
        end = position.seeded
        while end < len(self._seeded) and self._seeded[end].at <= now and end - position.seeded < limit:
            end += 1
        found += self._seeded[position.seeded : end]
        return msgspec.structs.replace(position, seeded=end)

    def _take_echoes(self, position: Position, lines: list[Acceptance], room: int, found: list[Due]) -> Position:
        read = position.echoed
        for line in lines[read:]:
            if room <= 0:
                break
            read = line.n
            if self._echoes and line.account == self.account:
                customer = customer_of(line.thread, self.account, self.channel, self.seed, self.start)
                found.append(echo(line, self.channel, customer))
                room -= 1
        return msgspec.structs.replace(position, echoed=read)

    def _take_consequences(
        self, position: Position, lines: list[Acceptance], now: int, room: int, found: list[Due]
    ) -> Position:
        due = self._reactions.between(lines, (position.at, position.id), now)[: max(room, 0)]
        found += due
        return msgspec.structs.replace(position, at=due[-1].at, id=due[-1].id) if due else position

    def _take_customers(self, position: Position, now: int, room: int, found: list[Due]) -> Position:
        """New customers whose first words have all been written by ``now``."""
        last = min(last_before(now - self.start), position.customer + _SCAN)
        read = position.customer
        if room <= 0:
            return position
        for k, due in arrivals(self.seed, self.account, self.start, read, last):
            if due[-1].at > now:
                last = k - 1
                break
            found += due
            room -= len(due)
            if room <= 0:
                last = k
                break
        return msgspec.structs.replace(position, customer=last)

    def _customers_due(self, position: Position, now: int) -> bool:
        """Whether a customer's whole stretch of time behind the position lies in the past."""
        return self.start + stretch(position.customer + 2) <= now
