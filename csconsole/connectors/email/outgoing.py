"""Sending an answer, filing its copy, and finding out later whether it went."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable

import msgspec

from csconsole.clock import Clock
from csconsole.connectors.base import AccountContext, Phase
from csconsole.connectors.email.compose import File, Letter, compose
from csconsole.connectors.email.headers import split
from csconsole.connectors.email.imap import ImapSession
from csconsole.connectors.email.locator import remote_id
from csconsole.connectors.email.logins import Login, Logins
from csconsole.connectors.email.sessions import Sessions
from csconsole.connectors.email.settings import Settings
from csconsole.connectors.email.smtp import Submission
from csconsole.domain.sending import OutboundItem, OutgoingAttachment, Receipt, Settled
from csconsole.errors import ConnectorError, CsconsoleError, RejectedError, UnsupportedError


class Outgoing:
    """The way out of one account.

    Args:
        account: its context.
        sessions: its IMAP connections, for Sent.
        logins: how it logs in.
        clock: stamps receipts.
        read_blob: an outgoing file's content by its SHA-256.
    """

    def __init__(
        self,
        account: AccountContext,
        sessions: Sessions,
        logins: Logins,
        clock: Clock,
        read_blob: Callable[[str], bytes],
    ) -> None:
        self._logins = logins
        self._settings: Settings = account.settings
        self._sessions = sessions
        self._clock = clock
        self._read_blob = read_blob
        self.size_limit = 0

    async def submission(self) -> Submission:
        """The submission server, not yet connected.

        Raises:
            AuthError: the password or the certificate authority cannot be had.
        """
        endpoint = self._settings.smtp
        login = await asyncio.to_thread(self._logins.to, endpoint, "smtp")
        return Submission(endpoint, login, self._settings.ca(endpoint))

    async def learn_limit(self) -> None:
        """Asks the submission server for the largest mail it takes, without logging in; a server that does not answer
        says so when something is sent."""
        endpoint = self._settings.smtp
        with contextlib.suppress(ConnectorError):
            async with Submission(endpoint, Login(""), self._settings.ca(endpoint)) as submission:
                self.size_limit = submission.size_limit or self.size_limit

    async def send(self, item: OutboundItem, phase: Phase) -> Receipt:
        """Sends once; see :meth:`EmailConnector.send`."""
        if item.kind != "reply":
            raise UnsupportedError("e-mail has no notes; they stay in the console")
        if not item.created_at:
            item = msgspec.structs.replace(item, created_at=self._clock.now())
        words = await self._submit(item, await self._letter(item), phase)
        return Receipt(message_ids=(item.key,), at=self._clock.now(), detail=words)

    async def _letter(self, item: OutboundItem) -> Letter:
        files = [await self._file(attachment) for attachment in item.attachments]
        return await asyncio.to_thread(compose, item, self._settings, files)

    async def _submit(self, item: OutboundItem, letter: Letter, phase: Phase) -> str:
        recipients = list(letter.recipients)
        if self._settings.echo_to_self and self._settings.address not in recipients:
            recipients.append(self._settings.address)
        async with await self.submission() as submission:
            self.size_limit = submission.size_limit
            words = await submission.send(letter.sender, recipients, letter.data, item.uid, lambda: phase("data"))
            # From here on a crash leaves no doubt; the copy in Sent follows as a step of its own.
            await phase("accepted")
        return words

    async def follow_up(self, item: OutboundItem) -> str:
        """Files the copy in Sent unless it lies there; see :meth:`EmailConnector.follow_up`."""
        if not self._settings.appends_sent:
            return ""
        try:
            letter = await self._letter(item)
        except RejectedError as error:
            return f"No copy in Sent: {error.message}"
        return await self._sessions.borrow(lambda session: self._file_copy(session, item, letter.data))

    def _file_copy(self, session: ImapSession, item: OutboundItem, raw: bytes) -> str:
        folder = self._settings.sent_folder or session.sent_folder()
        if not folder:
            return "No copy in Sent: the mailbox has no such folder, name it in sent_folder."
        if folder not in session.folders():
            return f'No copy in Sent: the mailbox has no folder "{folder}", mend sent_folder.'
        session.examine(folder)
        if session.search_header("Message-ID", item.key):
            return ""
        session.release()
        session.append(folder, raw)
        return ""

    async def settle(self, item: OutboundItem) -> tuple[Settled, Receipt | None]:
        """Looks a lost answer up; see :meth:`EmailConnector.settle`."""
        receipt = await self._sessions.borrow(lambda session: self._look_up(session, item))
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
            uids = session.search_header("Message-ID", item.key)
            if not uids and item.uid:
                uids = session.search_header("X-Csc-Outbox-Id", item.uid)
            if uids:
                found = split(session.section(uids[-1], "HEADER"))[0].plain("message-id")
                return Receipt(
                    remote_id=remote_id(folder, status.uidvalidity, uids[-1]),
                    message_ids=tuple(dict.fromkeys(one for one in (found, item.key) if one)),
                    detail=f"found in {folder}",
                )
        return None

    async def _file(self, attachment: OutgoingAttachment) -> File:
        try:
            content = await asyncio.to_thread(self._read_blob, attachment.sha256)
        except (OSError, CsconsoleError):
            content = b""
        if len(content) != attachment.bytes or hashlib.sha256(content).hexdigest() != attachment.sha256:
            raise RejectedError(f"the file {attachment.name} is not in the store any more; attach it again")
        return File(attachment.name, attachment.mime, content)
