"""The e-mail connector: one mailbox read over IMAP, answers handed to a submission server.

This module is imported wherever a configuration is read; the IMAP and SMTP libraries are loaded when an account
is really used.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from csconsole.clock import Clock
from csconsole.connectors.base import AccountContext, Capabilities, Connector, Health, Page, Phase, RawItem
from csconsole.connectors.email.lane import Lane
from csconsole.connectors.email.locator import PartPlace, read_locator, read_remote_id
from csconsole.connectors.email.settings import Settings
from csconsole.domain.events import Event
from csconsole.domain.sending import OutboundItem, Receipt, SendClass, Settled
from csconsole.errors import ConnectorError, RejectedError

if TYPE_CHECKING:
    from csconsole.connectors.email.idle import Idler
    from csconsole.connectors.email.imap import ImapSession


PART_KIND = "rfc822-part"
"""Kind of an item that is one part of a mail with its own header fields."""


class EmailConnector(Connector):
    """One mailbox.

    Reading has a connection of its own that stays open between pulls. IDLE has a second one; looking up, filing
    and fetching single parts use a third, made when needed. Blocking IMAP runs in one thread per connection.

    Args:
        account: with ``settings`` of :class:`Settings`; outgoing files are read from ``blobs/<sha256>`` below its
            ``data_dir``.
        clock: for ages and receipts.
    """

    Settings = Settings
    imports = ("rfc822",)

    def __init__(self, account: AccountContext, clock: Clock) -> None:
        from csconsole.connectors.email.logins import Logins
        from csconsole.connectors.email.outgoing import Outgoing
        from csconsole.connectors.email.pull import Puller
        from csconsole.connectors.email.sessions import Sessions

        super().__init__(account, clock)
        self._settings: Settings = account.settings
        logins = Logins(account, clock)
        self._sessions = Sessions(self._settings, logins)
        self._puller = Puller(self._settings, self._sessions.connect, clock)
        self._pull_lane = Lane("imap-pull")
        self._outgoing = Outgoing(account, self._sessions, logins, clock, self.read_blob)
        self._idler: Idler | None = None
        self._has_idle = True
        self._limit_asked: asyncio.Task[None] | None = None

    @property
    def capabilities(self) -> Capabilities:
        """Mail: local authority, no text limit, history, attachments; the send class follows ``sent_copy``."""
        send_class = SendClass.NONE
        if self._settings.sent_copy == "server":
            send_class = SendClass.LOOKUP
        elif self._settings.echo_to_self:
            send_class = SendClass.ECHO
        return Capabilities(
            inbound="idle" if self._has_idle else "poll",
            send_class={"reply": send_class},
            is_chat=False,
            hints_tell_replies=False,
            history=True,
            attachments_out=True,
            size_limit=self._settings.send_limit or self._outgoing.size_limit,
            follows_up=self._settings.appends_sent,
            key_domain=self._settings.domain,
            poll_every=self._settings.poll.total_seconds() if self._settings.poll else 0.0,
        )

    # In

    async def pull(self, cursor: str) -> Page:
        """The next page; see :mod:`csconsole.connectors.email.pull` for cursor and order.

        Raises:
            ConnectorError: nothing was read.
        """
        return await self._pull_lane.run(self._puller.page, cursor)

    @staticmethod
    def normalise(item: RawItem, account: AccountContext) -> list[Event]:
        """The events of one mail.

        Raises:
            PayloadError: it cannot be understood.
        """
        from csconsole.connectors.email.normalise import normalise_mail

        return normalise_mail(item, account)

    async def watch(self) -> AsyncIterator[None]:
        """Hints by IDLE on the first folder; ends at once when the server has none (then the account is polled).

        Raises:
            ConnectorError: no connection, or it broke; nothing is watched until the next call.
        """
        if self._limit_asked is None and not self._settings.send_limit:
            # Asked once by a worker that stays; a single round learns the limit when it sends.
            self._limit_asked = asyncio.create_task(self._outgoing.learn_limit())
        if not self._has_idle:
            return
        from csconsole.connectors.email.idle import Idler

        idler = self._idler = Idler(self._sessions.connect, self._settings.folders[0])
        try:
            async for hint in idler.hints():
                yield hint
        finally:
            self._has_idle = idler.supported
            idler.close()

    @staticmethod
    def extract(item: RawItem, locator: str) -> bytes | None:
        """The decoded content of a part, from a stored mail or from the part alone as the server gave it."""
        from csconsole.connectors.email.body import find_file
        from csconsole.connectors.email.parse import parse_mail

        place = read_locator(locator)
        if item.kind == PART_KIND:
            return parse_mail(item.raw).root.content()
        part = find_file(parse_mail(item.raw), place.section) if place.stored else None
        return part.content() if part is not None else None

    async def fetch_attachment(self, raw: RawItem | None, locator: str) -> bytes | RawItem:
        """A part from the server, still encoded.

        Raises:
            RejectedError: the server does not hold it (any more).
        """
        place = read_locator(locator)
        return await self._sessions.borrow(lambda session: _fetch_part(session, place))

    # Out

    async def send(self, item: OutboundItem, phase: Phase) -> Receipt:
        """Sends an answer once.

        Raises:
            ConnectorError: see :mod:`csconsole.connectors.email.smtp`.
        """
        return await self._outgoing.send(item, phase)

    async def follow_up(self, item: OutboundItem) -> str:
        """Files the copy in Sent where the server makes none, unless one with this Message-ID lies there.

        Raises:
            ConnectorError: the mailbox could not be reached.
        """
        return await self._outgoing.follow_up(item)

    async def settle(self, item: OutboundItem) -> tuple[Settled, Receipt | None]:
        """Looks for the mail in Sent (and, with an echo, where we receive) by its Message-ID, then by our mark.

        ABSENT only where the server itself keeps Sent: elsewhere the copy is ours and comes after the sending.

        Raises:
            ConnectorError: the mailbox could not be asked.
        """
        return await self._outgoing.settle(item)

    def read_blob(self, sha256: str) -> bytes:
        """The content of a stored file.

        Raises:
            OSError: there is none.
        """
        if not re.fullmatch(r"[0-9a-f]{64}", sha256) or not self.account.data_dir:
            raise FileNotFoundError(sha256)
        return (Path(self.account.data_dir) / "blobs" / sha256).read_bytes()

    # Care

    async def log_in(self, say: Callable[[str], None], ask: Callable[[], str]) -> None:
        """Logs in by OAuth: the tokens are kept in the keyring or below the data directory.

        Raises:
            ConnectorError: it did not work, or the account logs in by password.
        """
        from csconsole.connectors.email.login_flow import log_in

        await log_in(self.account, self.clock, say, ask)

    async def check(self) -> Health:
        """Tries both servers and says what works or every reason why not."""
        facts: dict[str, str] = {}
        problems: list[str] = []
        try:
            facts |= await self._sessions.borrow(self._describe)
        except ConnectorError as error:
            problems.append(error.message)
        try:
            async with await self._outgoing.submission() as submission:
                names = ("smtputf8", "dsn", "size", "8bitmime")
                facts["smtp"] = " ".join(name for name in names if submission.supports(name)) or "plain"
        except ConnectorError as error:
            problems.append(error.message)
        detail = "; ".join(problems) or f"{self._settings.address} can be read and sent from"
        return Health(ok=not problems, detail=detail, facts=facts)

    def _describe(self, session: ImapSession) -> dict[str, str]:
        counts = {name: session.status(name).messages for name in self._settings.folders}
        sent = self._settings.sent_folder or session.sent_folder()
        if sent:
            session.status(sent)
        names = ("IDLE", "UIDPLUS", "CONDSTORE", "QRESYNC", "SPECIAL-USE", "MOVE")
        self._has_idle = session.has("IDLE")
        return {
            "imap": " ".join(name for name in names if session.has(name)),
            "folders": ", ".join(f"{name}: {count}" for name, count in counts.items()),
            "sent": sent or "none",
        }

    async def close(self) -> None:
        """Breaks every connection at once; running calls end with an error in their own threads."""
        if self._idler is not None:
            self._idler.close()
        if self._limit_asked is not None:
            self._limit_asked.cancel()
        self._puller.closed = True
        self._sessions.close()
        self._pull_lane.stop()


def _fetch_part(session: ImapSession, part: PartPlace) -> RawItem:
    """A part from the server, as long as the mail still has its old number there."""
    mail = read_remote_id(part.remote_id)
    if mail is None or not re.fullmatch(r"[0-9.]{1,100}", part.section):
        raise RejectedError("this attachment cannot be found any more")
    if session.status(mail.folder).uidvalidity != mail.uidvalidity:
        raise RejectedError("the server has renumbered its mails; open the mail in the mailbox to get the file")
    session.examine(mail.folder)
    head = session.section(mail.uid, f"{part.section}.MIME")
    body = session.section(mail.uid, part.section)
    if not head and not body:
        raise RejectedError("the mail is not on the server any more; its attachment is gone")
    raw = head.rstrip() + b"\r\n\r\n" + body
    return RawItem(remote_id=part.remote_id, kind=PART_KIND, raw=raw, received_at=0)
