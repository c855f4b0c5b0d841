"""The IMAP connections of one account: making them, borrowing one, breaking them all."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakSet

from csconsole.connectors.email.imap import ImapSession
from csconsole.connectors.email.lane import Lane
from csconsole.connectors.email.logins import Logins
from csconsole.connectors.email.settings import Settings
from csconsole.errors import UnreachableError

T = TypeVar("T")

KEPT_SECONDS = 240.0
"""How long an unused session stays; servers end one after 30 minutes, NATs after about five (RFC 3501 section 5.4)."""


class Sessions:
    """Opens sessions and remembers them, so that closing reaches a call that waits for a dead server.

    Args:
        settings: the account's.
        logins: how it logs in.
    """

    def __init__(self, settings: Settings, logins: Logins) -> None:
        self._settings = settings
        self._logins = logins
        self._open: WeakSet[ImapSession] = WeakSet()
        self._lane = Lane("imap-side")
        self._side: ImapSession | None = None
        self._side_used = 0.0
        self.closed = False

    def connect(self) -> ImapSession:
        """A new session; blocking.

        Raises:
            ConnectorError: see :meth:`ImapSession.open`.
        """
        endpoint = self._settings.imap
        session = ImapSession(endpoint, self._logins.to(endpoint, "imap"), self._settings.ca(endpoint))
        self._open.add(session)
        try:
            if self.closed:
                raise UnreachableError("the account is closed", provably_not_accepted=True)
            session.open()
        except BaseException:
            session.close()
            raise
        return session

    async def borrow(self, work: Callable[[ImapSession], T]) -> T:
        """Runs ``work`` in the session beside the one that pulls; it stays open for a while for the next one.

        A session that died meanwhile is replaced once. ``work`` may then begin twice, so it only reads, or looks
        before it writes.

        Raises:
            ConnectorError: no session, or what ``work`` met.
        """
        return await self._lane.run(self._with_side, work)

    def _with_side(self, work: Callable[[ImapSession], T]) -> T:
        session, self._side = self._side, None
        if session is not None and time.monotonic() - self._side_used < KEPT_SECONDS:
            try:
                return self._keep(session, work)
            except UnreachableError:
                if self.closed:
                    raise
        elif session is not None:
            session.close()
        return self._keep(self.connect(), work)

    def _keep(self, session: ImapSession, work: Callable[[ImapSession], T]) -> T:
        """Runs ``work``; the session is kept, unless it failed under it."""
        try:
            result = work(session)
        except BaseException:
            session.close()
            raise
        self._side, self._side_used = session, time.monotonic()
        return result

    def close(self) -> None:
        """Breaks every connection at once; calls that wait end with an error in their own threads."""
        self.closed = True
        for session in list(self._open):
            session.abort()
        self._lane.stop()
