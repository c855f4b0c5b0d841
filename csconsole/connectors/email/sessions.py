"""The IMAP connections of one account: making them, borrowing one, breaking them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from weakref import WeakSet

from csconsole.connectors.email.imap import ImapSession
from csconsole.connectors.email.lane import Lane
from csconsole.connectors.email.settings import Settings
from csconsole.connectors.email.trouble import reveal
from csconsole.errors import ConnectorError, UnreachableError

T = TypeVar("T")


class Sessions:
    """Opens sessions and remembers them, so that closing reaches a call that waits for a dead server.

    Args:
        account: the account's name, for its secrets and messages.
        settings: the account's.
    """

    def __init__(self, account: str, settings: Settings) -> None:
        self._account = account
        self._settings = settings
        self._open: WeakSet[ImapSession] = WeakSet()
        self._lane = Lane("imap-side")
        self.closed = False

    def connect(self) -> ImapSession:
        """A new session; blocking.

        Raises:
            ConnectorError: see :meth:`ImapSession.open`.
        """
        endpoint = self._settings.imap
        password = reveal(endpoint, self._account, "imap")
        session = ImapSession(endpoint, password, self._settings.ca(endpoint))
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
        """Runs ``work`` in a session that lives only for it, beside the one that pulls.

        Raises:
            ConnectorError: no session, or what ``work`` met.
        """

        def job() -> T:
            session = self.connect()
            try:
                return work(session)
            finally:
                session.close()

        return await self._lane.run(job)

    def close(self) -> None:
        """Breaks every connection at once; calls that wait end with an error in their own threads."""
        self.closed = True
        for session in list(self._open):
            session.abort()
        self._lane.stop()


class SentCopy:
    """Files copies of answers into Sent.

    The session is opened while the mail is being handed over, so that the copy follows the acceptance at once:
    in between, a crash would leave an answer nobody can look up.

    Args:
        sessions: where to connect.
        folder: the Sent folder's name, "" to find it.
    """

    def __init__(self, sessions: Sessions, folder: str) -> None:
        self._sessions = sessions
        self._folder = folder
        self._lane = Lane("imap-copy")
        self._session: ImapSession | None = None

    async def prepare(self) -> str:
        """Connects; returns what went wrong, "" for nothing."""
        try:
            await self._lane.run(self._prepare)
        except ConnectorError as error:
            return error.message
        return "" if self._folder else "the mailbox has no such folder, name it in sent_folder"

    def _prepare(self) -> None:
        self._session = session = self._sessions.connect()
        self._folder = self._folder or session.sent_folder()

    async def file(self, raw: bytes) -> str:
        """Files the copy; returns what went wrong, "" for nothing."""
        session = self._session
        if session is None:
            return "no connection"
        try:
            await self._lane.run(session.append, self._folder, raw)
        except ConnectorError as error:
            return error.message
        return ""

    async def close(self) -> None:
        """Ends the session."""
        await self._lane.run(lambda: self._session.close() if self._session else None)
        self._lane.stop()
