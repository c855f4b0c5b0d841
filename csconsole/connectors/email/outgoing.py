"""Sending an answer, filing its copy, and finding out later whether it went."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from csconsole.clock import Clock
from csconsole.connectors.base import AccountContext, Phase
from csconsole.connectors.email.compose import File, Letter, compose
from csconsole.connectors.email.headers import split
from csconsole.connectors.email.imap import ImapSession
from csconsole.connectors.email.locator import remote_id
from csconsole.connectors.email.sessions import SentCopy, Sessions
from csconsole.connectors.email.settings import Settings
from csconsole.connectors.email.smtp import Submission
from csconsole.connectors.email.trouble import reveal
from csconsole.domain.sending import OutboundItem, OutgoingAttachment, Receipt, Settled
from csconsole.errors import CsconsoleError, RejectedError, UnsupportedError

COPY_SECONDS = 10.0


class Outgoing:
    """The way out of one account.

    Args:
        account: its context.
        sessions: its IMAP connections, for Sent.
        clock: stamps receipts.
        read_blob: an outgoing file's content by its SHA-256.
    """

    def __init__(
        self, account: AccountContext, sessions: Sessions, clock: Clock, read_blob: Callable[[str], bytes]
    ) -> None:
        self._name = account.name
        self._settings: Settings = account.settings
        self._sessions = sessions
        self._clock = clock
        self._read_blob = read_blob

    async def submission(self) -> Submission:
        """The submission server, not yet connected.

        Raises:
            AuthError: the password or the certificate authority cannot be had.
        """
        endpoint = self._settings.smtp
        password = await asyncio.to_thread(reveal, endpoint, self._name, "smtp")
        return Submission(endpoint, password, self._settings.ca(endpoint))

    async def send(self, item: OutboundItem, phase: Phase) -> Receipt:
        """Sends once; see :meth:`EmailConnector.send`."""
        if item.kind != "reply":
            raise UnsupportedError("e-mail has no notes; they stay in the console")
        if not item.created_at:
            item = msgspec.structs.replace(item, created_at=self._clock.now())
        files = [await self._file(attachment) for attachment in item.attachments]
        letter = await asyncio.to_thread(compose, item, self._settings, files)
        if not self._settings.appends_sent:
            words = await self._submit(item, letter, phase)
            return self._receipt(letter, words)
        copy = SentCopy(self._sessions, self._settings.sent_folder)
        ready = asyncio.create_task(copy.prepare())
        try:
            words = await self._submit(item, letter, phase)
            problem = await _in_time(_file_copy(ready, copy, letter.data))
        finally:
            _keep(asyncio.create_task(copy.close()))
        return self._receipt(letter, f"{words}; no copy in Sent: {problem}" if problem else words)

    async def _submit(self, item: OutboundItem, letter: Letter, phase: Phase) -> str:
        recipients = list(letter.recipients)
        if self._settings.echo_to_self and self._settings.address not in recipients:
            recipients.append(self._settings.address)
        async with await self.submission() as submission:
            words = await submission.send(letter.sender, recipients, letter.data, item.uid, lambda: phase("data"))
            # Committed before the copy is filed: from here on a crash leaves no doubt.
            await phase("accepted")
        return words

    def _receipt(self, letter: Letter, detail: str) -> Receipt:
        return Receipt(message_ids=(letter.message_id,), at=self._clock.now(), detail=detail)

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


async def _file_copy(ready: asyncio.Task[str], copy: SentCopy, raw: bytes) -> str:
    return await ready or await copy.file(raw)


async def _in_time(filing: Coroutine[Any, Any, str]) -> str:
    """What went wrong with the copy; a mailbox that does not answer keeps the receipt only so long."""
    task = asyncio.create_task(filing)
    _keep(task)
    try:
        return await asyncio.wait_for(asyncio.shield(task), COPY_SECONDS)
    except TimeoutError:
        return "the mailbox did not answer in time"


_running: set[asyncio.Task[Any]] = set()


def _keep(task: asyncio.Task[Any]) -> None:
    """Holds a task until it is done; the loop itself holds tasks only weakly."""
    _running.add(task)
    task.add_done_callback(_running.discard)
