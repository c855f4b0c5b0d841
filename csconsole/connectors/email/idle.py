"""Hints by IDLE (RFC 2177) on a connection of its own.

Between commands nobody waits in a thread: the event loop watches the socket, so that closing is immediate. IDLE
is renewed every nine minutes, before NATs and servers lose patience (RFC 2177 allows 29).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from csconsole.connectors.email.imap import ImapSession
from csconsole.connectors.email.lane import Lane
from csconsole.errors import ConnectorError

RENEW_SECONDS = 9 * 60.0


class Idler:
    """Watches one folder.

    Args:
        connect: opens a session; blocking.
        folder: the folder to watch.
    """

    def __init__(self, connect: Callable[[], ImapSession], folder: str) -> None:
        self._connect = connect
        self._folder = folder
        self._lane = Lane("imap-idle")
        self._session: ImapSession | None = None
        self._stop = asyncio.Event()
        self.supported = True

    async def hints(self) -> AsyncIterator[None]:
        """Yields when IDLE starts, and after each change or renewal, for what came while it was not on.

        Ends when the server has no IDLE (``supported`` is then False) and on :meth:`close`.

        Raises:
            ConnectorError: no connection, or it broke; the caller decides when to try again, and knows meanwhile
                that nothing is being watched.
        """
        try:
            if not await self._lane.run(self._begin):
                self.supported = False
                return
            yield
            while await self._changed():
                await self._lane.run(self._renew)
                yield
        except NotImplementedError:  # an event loop that cannot watch sockets (Windows' default)
            self.supported = False
        except ConnectorError:
            if not self._stop.is_set():
                raise
        finally:
            self._drop()

    def close(self) -> None:
        """Ends :meth:`hints` at once."""
        self._stop.set()
        self._drop()
        self._lane.stop()

    def _begin(self) -> bool:
        session = self._session = self._connect()
        if not session.has("IDLE"):
            return False
        session.examine(self._folder)
        session.start_idle()
        return True

    def _renew(self) -> None:
        if self._session is not None:
            self._session.renew_idle()

    async def _changed(self) -> bool:
        """Waits for the socket, the renewal or the end; False at the end."""
        session = self._session
        if session is None or self._stop.is_set():
            return False
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        number = session.fileno()
        loop.add_reader(number, readable.set)
        waits = [asyncio.ensure_future(readable.wait()), asyncio.ensure_future(self._stop.wait())]
        try:
            await asyncio.wait(waits, timeout=RENEW_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            loop.remove_reader(number)
            for wait in waits:
                wait.cancel()
        return not self._stop.is_set()

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.abort()
