"""The e-mail connector: one mailbox read over IMAP, answers handed to a submission server."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar
from weakref import WeakSet

from csconsole.clock import Clock
from csconsole.connectors.base import AccountContext, Capabilities, Connector, Health, Page, Phase, RawItem
from csconsole.connectors.email.compose import File, Letter, compose
from csconsole.connectors.email.headers import split
from csconsole.connectors.email.idle import Idler
from csconsole.connectors.email.imap import ImapSession
from csconsole.connectors.email.lane import Lane
from csconsole.connectors.email.locator import PartPlace, read_locator, read_remote_id, remote_id
from csconsole.connectors.email.parse import parse_mail
from csconsole.connectors.email.pull import Puller
from csconsole.connectors.email.settings import Settings
from csconsole.connectors.email.smtp import Submission
from csconsole.connectors.email.trouble import reveal
from csconsole.domain.events import Event
from csconsole.domain.sending import OutboundItem, OutgoingAttachment, Receipt, SendClass, Settled
from csconsole.errors import ConnectorError, RejectedError, UnreachableError, UnsupportedError

T = TypeVar("T")


class EmailConnector(Connector):
    """One mailbox.

    Reading has a connection of its own that stays open between pulls; while history is being read the next page
    is fetched ahead. IDLE has a second one; looking up, filing and fetching single parts use a third, made when
    needed. Blocking IMAP runs in one thread per connection.

    Args:
        account: with ``settings`` of :class:`Settings`.
        clock: for ages and receipts.

    Attributes:
        read_blob: gives an outgoing attachment's content by its SHA-256; the default reads the blob store's
            files below ``data_dir``. The worker replaces it with the store's own reader.
    """

    Settings = Settings

    def __init__(self, account: AccountContext, clock: Clock) -> None:
        super().__init__(account, clock)
        self._settings: Settings = account.settings
        self.read_blob: Callable[[str], bytes] = self._blob_file
        self._puller = Puller(self._settings, self._connect, clock)
        self._pull_lane = Lane("imap-pull")
        self._side_lane = Lane("imap-side")
        self._ahead: tuple[str, asyncio.Task[Page]] | None = None
        self._idler: Idler | None = None
        self._has_idle = True
        self._closed = False
        self._sessions: WeakSet[ImapSession] = WeakSet()

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
            history=True,
            attachments_out=True,
            key_domain=self._settings.address.rpartition("@")[2],
        )

    # In

    async def pull(self, cursor: str) -> Page:
        """The next page; see :mod:`csconsole.connectors.email.pull` for cursor and order.

        Raises:
            ConnectorError: nothing was read.
        """
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] == cursor:
            page = await ahead[1]
        else:
            if ahead is not None:
                ahead[1].add_done_callback(_drop_result)
            page = await self._pull_lane.run(self._puller.page, cursor)
        if page.more:
            task = asyncio.create_task(self._pull_lane.run(self._puller.page, page.next))
            self._ahead = (page.next, task)
        return page

    @staticmethod
    def normalise(item: RawItem, account: AccountContext) -> list[Event]:
        """The events of one mail.

        Raises:
            PayloadError: it cannot be understood.
        """
        from csconsole.connectors.email.normalise import normalise_mail

        return normalise_mail(item, account)

    async def watch(self) -> AsyncIterator[None]:
        """Hints by IDLE on the first folder; ends at once when the server has none (then the account is polled)."""
        idler = self._idler = Idler(self._connect, self._settings.folders[0])
        try:
            async for hint in idler.hints():
                yield hint
        finally:
            self._has_idle = idler.supported
            idler.close()

    async def fetch_attachment(self, raw: RawItem | None, locator: str) -> bytes:
        """The content of an attachment, from the stored mail when it holds it, else from the server.

        Raises:
            RejectedError: neither holds it (any more).
        """
        place = read_locator(locator)
        if raw is not None and place.stored:
            part = await asyncio.to_thread(lambda: parse_mail(raw.raw).find(place.section))
            if part is not None:
                return part.content()
        return await self._side(lambda session: _fetch_part(session, place))

    # Out

    async def send(self, item: OutboundItem, phase: Phase) -> Receipt:
        """Sends an answer once, then files the copy where the server makes none; a copy that cannot be filed does
        not undo the sending, it is told in the receipt's detail.

        Raises:
            ConnectorError: see :mod:`csconsole.connectors.email.smtp`.
        """
        if item.kind != "reply":
            raise UnsupportedError("e-mail has no notes; they stay in the console")
        files = [await self._file(attachment) for attachment in item.attachments]
        letter = await asyncio.to_thread(compose, item, self._settings, files)
        settings = self._settings
        password = await asyncio.to_thread(reveal, settings.smtp, self.account.name, "smtp")
        recipients = list(letter.recipients)
        if settings.echo_to_self and settings.address not in recipients:
            recipients.append(settings.address)
        async with Submission(settings.smtp, password, settings.ca(settings.smtp)) as submission:
            words = await submission.send(letter.sender, recipients, letter.data, item.uid, lambda: phase("data"))
        detail = words
        if settings.appends_sent:
            detail = await self._append(letter, words)
        return Receipt(message_ids=(letter.message_id,), at=self.clock.now(), detail=detail)

    async def settle(self, item: OutboundItem) -> tuple[Settled, Receipt | None]:
        """Looks for the mail in Sent (and, with an echo, where we receive) by our mark, then by its Message-ID.

        ABSENT only where the server itself keeps Sent: elsewhere the copy is ours and comes after the sending.

        Raises:
            ConnectorError: the mailbox could not be asked.
        """
        receipt = await self._side(lambda session: self._look_up(session, item))
        if receipt is not None:
            return Settled.FOUND, receipt
        if self._settings.sent_copy == "server":
            return Settled.ABSENT, None
        return Settled.UNKNOWN, None

    def _look_up(self, session: ImapSession, item: OutboundItem) -> Receipt | None:
        folders = [self._settings.sent_folder or session.sent_folder()]
        if self._settings.echo_to_self:
            folders.append(self._settings.folders[0])
        for folder in filter(None, folders):
            status = session.status(folder)
            session.examine(folder)
            uids = session.search_header("X-Csc-Outbox-Id", item.uid) if item.uid else []
            uids = uids or session.search_header("Message-ID", item.key)
            if uids:
                headers = split(session.section(uids[-1], "HEADER"))[0]
                found = headers.plain("message-id")
                return Receipt(
                    remote_id=remote_id(folder, status.uidvalidity, uids[-1]),
                    message_ids=tuple(dict.fromkeys(one for one in (found, item.key) if one)),
                    detail=f"found in {folder}",
                )
        return None

    async def _append(self, letter: Letter, words: str) -> str:
        try:
            return await self._side(lambda session: self._file_copy(session, letter, words))
        except ConnectorError as error:
            return f"{words}; no copy in Sent: {error.message}"

    def _file_copy(self, session: ImapSession, letter: Letter, words: str) -> str:
        folder = self._settings.sent_folder or session.sent_folder()
        if not folder:
            return f"{words}; no copy in Sent: the mailbox has no such folder, name it in sent_folder"
        session.append(folder, letter.data)
        return words

    async def _file(self, attachment: OutgoingAttachment) -> File:
        try:
            content = await asyncio.to_thread(self.read_blob, attachment.sha256)
        except OSError:
            content = b""
        if len(content) != attachment.bytes or hashlib.sha256(content).hexdigest() != attachment.sha256:
            raise RejectedError(f"the file {attachment.name} is not in the store any more; attach it again")
        return File(attachment.name, attachment.mime, content)

    def _blob_file(self, sha256: str) -> bytes:
        if len(sha256) != 64 or not sha256.isalnum() or not self.account.data_dir:
            return b""
        return (Path(self.account.data_dir) / "blobs" / sha256).read_bytes()

    # Care

    async def check(self) -> Health:
        """Tries both servers and says what works or every reason why not."""
        facts: dict[str, str] = {}
        problems: list[str] = []
        try:
            facts |= await self._side(self._describe)
        except ConnectorError as error:
            problems.append(error.message)
        settings = self._settings
        try:
            password = await asyncio.to_thread(reveal, settings.smtp, self.account.name, "smtp")
            async with Submission(settings.smtp, password, settings.ca(settings.smtp)) as submission:
                names = ("smtputf8", "dsn", "size", "8bitmime")
                facts["smtp"] = " ".join(name for name in names if submission.supports(name)) or "plain"
        except ConnectorError as error:
            problems.append(error.message)
        detail = "; ".join(problems) or f"{settings.address} can be read and sent from"
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
        if self._ahead is not None:
            self._ahead[1].add_done_callback(_drop_result)
            self._ahead = None
        if self._idler is not None:
            self._idler.close()
        self._puller.closed = self._closed = True
        for session in list(self._sessions):
            session.abort()
        self._pull_lane.stop()
        self._side_lane.stop()

    def _connect(self) -> ImapSession:
        settings = self._settings
        password = reveal(settings.imap, self.account.name, "imap")
        session = ImapSession(settings.imap, password, settings.ca(settings.imap))
        self._sessions.add(session)
        try:
            if self._closed:
                raise UnreachableError("the account was closed", provably_not_accepted=True)
            session.open()
        except BaseException:
            session.close()
            raise
        return session

    async def _side(self, work: Callable[[ImapSession], T]) -> T:
        """Runs ``work`` with a session that lives only for it, beside the one that pulls."""

        def job() -> T:
            session = self._connect()
            try:
                return work(session)
            finally:
                session.close()

        return await self._side_lane.run(job)


def _drop_result(task: asyncio.Task[Page]) -> None:
    """Takes the error of a page nobody waits for, which would be reported as never retrieved."""
    if not task.cancelled():
        task.exception()


def _fetch_part(session: ImapSession, part: PartPlace) -> bytes:
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
    return parse_mail(head.rstrip() + b"\r\n\r\n" + body).root.content()
