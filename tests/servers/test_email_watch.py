"""Hints by IDLE from a real Dovecot, and what becomes of them when it goes away."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from csconsole.connectors.email import idle
from csconsole.connectors.email.connector import EmailConnector
from csconsole.errors import ConnectorError, UnreachableError
from tests.beds.mail import MailBed
from tests.beds.proxy import FaultProxy
from tests.servers.email_account import account, connected, plain_imap, raw_mail, until


def listen(connector: EmailConnector) -> tuple[list[None], asyncio.Task[None]]:
    hints: list[None] = []

    async def run() -> None:
        async for hint in connector.watch():
            hints.append(hint)

    return hints, asyncio.create_task(run())


async def test_a_new_mail_is_hinted_and_closing_is_immediate(mail_bed: MailBed, tmp_path: Path) -> None:
    user = mail_bed.user("idle")
    async with connected(account(mail_bed, user, tmp_path)) as connector:
        hints, task = listen(connector)
        await until(lambda: len(hints) == 1, "IDLE to start")
        mail_bed.deliver(raw_mail(1), user)
        await until(lambda: len(hints) >= 2, "the hint")
        await connector.close()
        await asyncio.wait_for(task, 2)
        assert connector.capabilities.inbound == "idle"


async def test_cancelling_the_watcher_is_immediate(mail_bed: MailBed, tmp_path: Path) -> None:
    user = mail_bed.user("cancel")
    async with connected(account(mail_bed, user, tmp_path)) as connector:
        hints, task = listen(connector)
        await until(lambda: len(hints) == 1, "IDLE to start")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 2)


async def test_a_broken_line_is_told_and_can_be_watched_again(
    mail_bed: MailBed, tmp_path: Path, fault_proxy: FaultProxy
) -> None:
    user = mail_bed.user("reidle")
    proxy = fault_proxy.forward(mail_bed.imap_port)
    async with connected(account(mail_bed, user, tmp_path, imap=plain_imap(proxy.port))) as connector:
        hints, task = listen(connector)
        await until(lambda: len(hints) == 1, "IDLE to start")
        proxy.break_now()
        with pytest.raises(UnreachableError):
            await asyncio.wait_for(task, 10)
        hints, task = listen(connector)
        await until(lambda: len(hints) == 1, "IDLE to start again")
        mail_bed.deliver(raw_mail(1), user)
        await until(lambda: len(hints) > 1, "the hint")
        assert not task.done()


async def test_idle_is_renewed_in_time(
    mail_bed: MailBed, tmp_path: Path, fault_proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle, "RENEW_SECONDS", 0.1)
    user = mail_bed.user("renew")
    proxy = fault_proxy.forward(mail_bed.imap_port)
    async with connected(account(mail_bed, user, tmp_path, imap=plain_imap(proxy.port))) as connector:
        _, task = listen(connector)
        await until(lambda: bool(proxy.connections), "a connection")
        await until(lambda: proxy.connections[0].to_server.count(b" IDLE\r\n") >= 3, "IDLE to be renewed")
        assert proxy.connections[0].to_server.count(b"DONE\r\n") >= 2
        assert not task.done()


class PoorServer:
    """An IMAP server without IDLE, which Dovecot cannot be made into for one account."""

    logins = 0

    async def __aenter__(self) -> PoorServer:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_details: object) -> None:
        self._server.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK [CAPABILITY IMAP4rev1] hello\r\n")
        while line := await reader.readline():
            tag, _, command = line.strip().partition(b" ")
            self.logins += command.upper().startswith(b"LOGIN")
            if command.upper().startswith(b"CAPABILITY"):
                writer.write(b"* CAPABILITY IMAP4rev1\r\n")
            writer.write(tag + b" OK done\r\n")
        writer.close()


async def test_a_server_without_idle_is_polled(mail_bed: MailBed, tmp_path: Path) -> None:
    user = mail_bed.user("poor")
    async with PoorServer() as server:
        context = account(mail_bed, user, tmp_path, imap=plain_imap(server.port))
        async with connected(context) as connector:
            hints, task = listen(connector)
            await asyncio.wait_for(task, 10)
            assert hints == []
            assert connector.capabilities.inbound == "poll"
            _, again = listen(connector)
            await asyncio.wait_for(again, 10)
            assert server.logins == 1


async def test_a_missing_folder_ends_the_watch_and_the_pull_says_why(mail_bed: MailBed, tmp_path: Path) -> None:
    user = mail_bed.user("nofolder")
    async with connected(account(mail_bed, user, tmp_path, folders=("Typo",))) as connector:
        _, task = listen(connector)
        with pytest.raises(ConnectorError):
            await asyncio.wait_for(task, 10)
        with pytest.raises(ConnectorError, match="Typo"):
            await connector.pull("")
