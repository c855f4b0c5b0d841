"""Reading mailboxes by cursor: the UID high-water mark for news, and history from the newest mail down.

The cursor holds per folder ``UIDVALIDITY``, ``high`` (every UID up to it was live news or is history) and ``low``
(history below it is still to come; 1 when done). A folder seen for the first time, or under a new UIDVALIDITY,
puts all it holds into history: what was imported before comes again under other remote ids and is recognised by
its ``dedup_key``.

Order: a page holds mails of one folder in ascending UID order, the order in which the server received them. Live
pages go forward in time; history pages go backward, newest page first, and give way to news.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import msgspec

from csconsole.clock import Clock, to_datetime
from csconsole.connectors.base import Page, PageKind, RawItem
from csconsole.connectors.email.fetch import Summary
from csconsole.connectors.email.imap import ImapSession, Status
from csconsole.connectors.email.large import fetch_large
from csconsole.connectors.email.locator import remote_id
from csconsole.connectors.email.settings import Settings
from csconsole.errors import ConnectorError, RateLimitedError, UnreachableError

PAGE_MAILS = 200
PAGE_BYTES = 8 * 1024 * 1024
PLAN = 1_000
"""Summaries fetched at a time while going through history."""

NEWS_SECONDS = 5.0
"""While history is read, news are looked for this often: a history page says that there are none."""

COUNT_SECONDS = 60.0
"""How old the number of mails in an open folder may be."""

TURN = 4
"""History pages of one folder before another has its turn."""


class FolderMark(msgspec.Struct, frozen=True):
    """How far a folder was read."""

    uidvalidity: int
    high: int
    low: int


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """All folders' marks; ``turn`` counts history pages."""

    folders: dict[str, FolderMark] = {}
    turn: int = 0

    @classmethod
    def read(cls, text: str) -> Cursor:
        """The cursor in ``text``; an unreadable one starts from the beginning (duplicates are recognised)."""
        try:
            return msgspec.json.decode(text, type=cls) if text else cls()
        except msgspec.DecodeError:
            return cls()

    def write(self) -> str:
        """Its text form."""
        return msgspec.json.encode(self).decode()

    def with_mark(self, folder: str, mark: FolderMark, turn: int | None = None) -> Cursor:
        """The same with one folder's mark replaced."""
        return Cursor({**self.folders, folder: mark}, self.turn if turn is None else turn)


class Puller:
    """Makes pages out of a session; blocking, for a single lane.

    Args:
        settings: the account's.
        connect: opens a session.
        clock: for the age limit of history.
    """

    def __init__(self, settings: Settings, connect: Callable[[], ImapSession], clock: Clock) -> None:
        self._settings = settings
        self._connect = connect
        self._clock = clock
        self.session: ImapSession | None = None
        self.closed = False
        self._names: list[str] = []
        self.sent = ""
        self._statuses: dict[str, Status] = {}
        self._looked_at: float | None = None
        self._counted_at = 0.0
        self._below: dict[str, list[int]] = {}
        self._plans: dict[str, list[Summary]] = {}

    def page(self, text: str) -> Page:
        """The next page after the cursor ``text``.

        A connection that died since the last pull is replaced once.

        Raises:
            ConnectorError: nothing was read.
        """
        reused = self.session is not None
        try:
            return self._page(text)
        except UnreachableError:
            self.drop()
            if not reused or self.closed:
                raise
        try:
            return self._page(text)
        except UnreachableError:
            self.drop()
            raise

    def drop(self) -> None:
        """Forgets the connection and everything known through it."""
        session, self.session = self.session, None
        self._names, self._statuses, self._below, self._plans = [], {}, {}, {}
        self._looked_at = None
        if session is not None:
            session.abort()
            session.close()

    def _page(self, text: str) -> Page:
        session = self._ready()
        cursor = Cursor.read(text)
        self._look(session)
        cursor = self._start(cursor)
        for name in self._names:
            mark = cursor.folders[name]
            if self._statuses[name].uidnext - 1 <= mark.high:
                continue
            items, high = self._news(session, name, mark)
            cursor = cursor.with_mark(name, msgspec.structs.replace(mark, high=max(high, mark.high)))
            if items:
                return self._finish(items, cursor, PageKind.LIVE)
        name = self._history_turn(cursor)
        if not name:
            if session.selected != self._names[0]:
                session.examine(self._names[0])
            return self._finish([], cursor, PageKind.LIVE)
        mark = cursor.folders[name]
        items, low = self._history(session, name, mark)
        cursor = cursor.with_mark(name, msgspec.structs.replace(mark, low=low), cursor.turn + 1)
        return self._finish(items, cursor, PageKind.HISTORY)

    def _look(self, session: ImapSession) -> None:
        """Asks for the folders' state, unless that was done a moment ago and there is more to read anyway.

        STATUS of a large folder makes the server open it; between pulls the first folder therefore stays open, and
        a NOOP tells whether anything changed there.
        """
        now = self._clock.monotonic()
        if self._looked_at is not None and now - self._looked_at < NEWS_SECONDS:
            return
        self._looked_at = now
        open_folder = session.selected
        if open_folder in self._statuses and now - self._counted_at < COUNT_SECONDS:
            known = self._statuses[open_folder]
            if session.is_quiet() and not session.uids_after(known.uidnext - 1):
                others = {name: session.status(name) for name in self._names if name != open_folder}
                self._statuses = {**others, open_folder: known}
                return
        self._counted_at = now
        self._statuses = {name: session.status(name) for name in self._names}

    def _ready(self) -> ImapSession:
        if self.session is None:
            self.session = self._connect()
        if not self._names:
            self.sent = self._settings.sent_folder or self.session.sent_folder()
            names = [*self._settings.folders, self.sent]
            self._names = [name for name in dict.fromkeys(names) if name]
        return self.session

    def _start(self, cursor: Cursor) -> Cursor:
        """Gives new and renumbered folders a fresh mark and drops those no longer read."""
        marks: dict[str, FolderMark] = {}
        for name in self._names:
            status = self._statuses[name]
            mark = cursor.folders.get(name)
            if mark is None or mark.uidvalidity != status.uidvalidity:
                self._below.pop(name, None)
                self._plans.pop(name, None)
                mark = FolderMark(status.uidvalidity, max(0, status.uidnext - 1), max(1, status.uidnext))
            if status.messages == 0 and mark.low != 1:
                mark = msgspec.structs.replace(mark, low=1)
            marks[name] = mark
        return Cursor(marks, cursor.turn)

    def _finish(self, items: list[RawItem], cursor: Cursor, kind: PageKind) -> Page:
        waiting = any(
            mark.low > 1 or self._statuses[name].uidnext - 1 > mark.high for name, mark in cursor.folders.items()
        )
        if not waiting:
            self._looked_at = None
            cursor = Cursor(cursor.folders)
        total = None
        if not self._settings.history_days:
            total = sum(status.messages for status in self._statuses.values())
        return Page(
            items=tuple(items), next=cursor.write(), kind=kind, more=waiting, total=total, left=self._left(cursor)
        )

    def _left(self, cursor: Cursor) -> int:
        """About how many mails of history are still to come: counted where the folder was listed, else all it holds."""
        left = 0
        for name, mark in cursor.folders.items():
            if mark.low > 1:
                below = self._below.get(name)
                left += bisect_left(below, mark.low) if below is not None else self._statuses[name].messages
        return left

    def _news(self, session: ImapSession, name: str, mark: FolderMark) -> tuple[list[RawItem], int]:
        """The oldest unseen mails of a folder and the mark after them."""
        session.examine(name)
        uids = session.uids_after(mark.high)
        chosen = _fitting(session.summaries(uids[:PAGE_MAILS])) if uids else []
        items = self._fetch(session, name, mark.uidvalidity, chosen)
        if chosen and chosen[-1].uid < uids[-1]:
            return items, chosen[-1].uid
        return items, max([self._statuses[name].uidnext - 1, *uids])

    def _history_turn(self, cursor: Cursor) -> str:
        pending = [name for name in self._names if cursor.folders[name].low > 1]
        return pending[cursor.turn // TURN % len(pending)] if pending else ""

    def _history(self, session: ImapSession, name: str, mark: FolderMark) -> tuple[list[RawItem], int]:
        """The newest mails below the mark, in ascending order, and the mark below them (1: nothing is left)."""
        if session.selected != name or name not in self._below:
            exists = session.examine(name)
            if name not in self._below:
                self._below[name] = session.uids(exists, self._since())
        uids = self._below[name]
        end = bisect_left(uids, mark.low)
        if not end:
            return [], 1
        plan = [one for one in self._plans.get(name, []) if one.uid < mark.low]
        if not plan or plan[-1].uid != uids[end - 1]:
            plan = session.summaries(uids[max(0, end - PLAN) : end])
        self._plans[name] = plan
        chosen = _fitting(plan[: -PAGE_MAILS - 1 : -1])[::-1]
        # Nothing to choose: all mails of this stretch were deleted meanwhile.
        low = chosen[0].uid if chosen else uids[max(0, end - PLAN)]
        items = self._fetch(session, name, mark.uidvalidity, chosen)
        return items, low if uids[0] < low else 1

    def _since(self) -> date | None:
        if not self._settings.history_days:
            return None
        return (to_datetime(self._clock.now()) - timedelta(days=self._settings.history_days)).date()

    def _fetch(self, session: ImapSession, folder: str, uidvalidity: int, chosen: list[Summary]) -> list[RawItem]:
        """The items of ``chosen``, in its order; what is gone is left out, what cannot be read says so."""
        small = [one.uid for one in chosen if one.size <= self._settings.max_bytes]
        bodies = _bodies(session, small)
        items = []
        for one in chosen:
            meta: dict[str, Any] = {"folder": folder, "uid": one.uid}
            if folder == self.sent:
                meta["sent"] = True
            raw: bytes | str | None
            if one.size > self._settings.max_bytes:
                raw, left_out = fetch_large(session, one.uid)
                meta |= {"partial": True, "size": one.size, "left_out": left_out}
            else:
                raw = bodies.get(one.uid)
            if raw is None:
                continue
            if isinstance(raw, str):
                meta["error"], raw = raw, b""
            items.append(
                RawItem(
                    remote_id=remote_id(folder, uidvalidity, one.uid),
                    kind="rfc822",
                    raw=raw,
                    received_at=one.received_at,
                    meta=meta,
                )
            )
        return items


def _fitting(summaries: list[Summary]) -> list[Summary]:
    """The first of ``summaries`` that fit a page; at least one."""
    total = 0
    for index, one in enumerate(summaries[:PAGE_MAILS]):
        total += one.size
        if total > PAGE_BYTES and index:
            return summaries[:index]
    return summaries[:PAGE_MAILS]


def _bodies(session: ImapSession, uids: list[int]) -> dict[int, bytes | str]:
    """Bodies by UID in one command; where the server refuses it, one by one, so that a damaged mail costs only
    itself: its place is taken by the server's words."""
    if not uids:
        return {}
    try:
        return dict(session.bodies(uids))
    except (UnreachableError, RateLimitedError):
        raise
    except ConnectorError:
        found: dict[int, bytes | str] = {}
        for uid in uids:
            try:
                found.update(session.bodies([uid]))
            except (UnreachableError, RateLimitedError):
                raise
            except ConnectorError as error:
                found[uid] = error.message
        return found
