"""Servers that behave as no good one does: played line by line, since a real one cannot be made to."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from csconsole.connectors.base import PageKind
from csconsole.connectors.email.connector import EmailConnector
from csconsole.errors import AuthError, ConnectorError, PayloadError, RateLimitedError, UnreachableError
from tests.beds.mail import MailBed
from tests.servers.email_account import Phases, account, answer, connected, plain_imap, plain_smtp, pull_all

GREETING = b"* OK [CAPABILITY IMAP4rev1 UIDPLUS] hello\r\n"


class OddImap:
    """An IMAP server that answers by table: the first entry whose key is in the command gives the lines.

    Args:
        greeting: the first line.
        answers: ``{part of a command: untagged lines and, for all but OK, the tagged answer after "TAG "}``.
    """

    def __init__(self, answers: dict[bytes, bytes], greeting: bytes = GREETING) -> None:
        self._answers = answers
        self._greeting = greeting
        self.heard: list[bytes] = []

    async def __aenter__(self) -> OddImap:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_details: object) -> None:
        self._server.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self._greeting)
        while line := await reader.readline():
            tag, _, command = line.strip().partition(b" ")
            self.heard.append(command)
            answer = next((text for key, text in self._answers.items() if key in command), b"")
            if not answer and b"CAPABILITY" in command:
                answer = b"* CAPABILITY IMAP4rev1 UIDPLUS\r\n"
            if b"TAG " in answer:
                writer.write(answer.replace(b"TAG ", tag + b" "))
            else:
                writer.write(answer + tag + b" OK done\r\n")
        writer.close()


INBOX = {
    b"LIST": b'* LIST () "/" INBOX\r\n',
    b"STATUS": b"* STATUS INBOX (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 9)\r\n",
    b"EXAMINE": b"* 3 EXISTS\r\n* OK [UIDVALIDITY 9] x\r\n",
    b"UID SEARCH": b"* SEARCH 1 2 3\r\n",
    b"RFC822.SIZE": b"".join(
        b'* %d FETCH (INTERNALDATE " 1-Nov-2026 10:00:0%d +0700" RFC822.SIZE 20 UID %d)\r\n' % (n, n, n)
        for n in (1, 2, 3)
    ),
}


async def test_a_mail_the_server_cannot_give_costs_only_itself(mail_bed: MailBed, tmp_path: Path) -> None:
    def body(n: int, after: bool) -> bytes:
        text = b"Subject: %d\r\n\r\nx" % n
        head = b"* %d FETCH (" % n + (b"" if after else b"UID %d " % n) + b"BODY[] {%d}\r\n" % len(text)
        return head + text + (b" UID %d)\r\n" % n if after else b" FLAGS (\\Seen))\r\n")

    answers = {
        **INBOX,
        b"UID FETCH 1:3 (BODY": b"TAG NO [SERVERBUG] internal error\r\n",
        b"UID FETCH 1 (BODY": body(1, True),
        b"UID FETCH 2 (BODY": b"TAG NO [SERVERBUG] this one is damaged\r\n",
        b"UID FETCH 3 (BODY": b"* 1 FETCH (FLAGS (\\Seen) UID 1)\r\n" + body(3, False),
    }
    async with OddImap(answers) as server:
        context = account(mail_bed, mail_bed.user("damaged"), tmp_path, imap=plain_imap(server.port))
        async with connected(context) as connector:
            pages, _ = await pull_all(connector)
            items = [item for page in pages for item in page.items]
            assert [item.raw[:10] for item in items] == [b"Subject: 1", b"", b"Subject: 3"]
            assert items[0].received_at == 1_793_502_001_000
            with pytest.raises(PayloadError, match="damaged"):
                EmailConnector.normalise(items[1], context)


async def test_a_server_that_keeps_uidnext_to_itself_still_has_history(mail_bed: MailBed, tmp_path: Path) -> None:
    answers = {**INBOX, b"STATUS": b"* STATUS INBOX (MESSAGES 3 UIDVALIDITY 9)\r\n"}
    async with OddImap(answers) as server:
        context = account(mail_bed, mail_bed.user("nouidnext"), tmp_path, imap=plain_imap(server.port))
        async with connected(context) as connector:
            page = await connector.pull("")
            assert page.kind == PageKind.HISTORY
            assert '"high":3' in page.next.replace(" ", "")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (b"NO [AUTHENTICATIONFAILED] no", AuthError),
        (b"NO wrong", AuthError),
        (b"NO [UNAVAILABLE] backend down", RateLimitedError),
        (b"NO [ALERT] Too many simultaneous connections", RateLimitedError),
        (b"NO [LIMIT] slow down", RateLimitedError),
    ],
)
async def test_refused_logins_are_told_apart(
    mail_bed: MailBed, tmp_path: Path, words: bytes, error: type[ConnectorError]
) -> None:
    async with OddImap({b"LOGIN": b"TAG " + words + b"\r\n"}) as server:
        context = account(mail_bed, mail_bed.user("refusedlogin"), tmp_path, imap=plain_imap(server.port))
        async with connected(context) as connector:
            with pytest.raises(error) as caught:
                await connector.pull("")
            assert "\x1b" not in caught.value.message


async def test_login_disabled_is_honoured(mail_bed: MailBed, tmp_path: Path) -> None:
    poor = b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n"
    async with OddImap({b"CAPABILITY": poor}, b"* OK hello\r\n") as server:
        user = mail_bed.user("disabled")
        async with connected(account(mail_bed, user, tmp_path, imap=plain_imap(server.port))) as connector:
            with pytest.raises(AuthError, match=r"imap\.tls"):
                await connector.pull("")
        assert not any(b"LOGIN " in command for command in server.heard)


@pytest.mark.parametrize(
    "greeting", [b"* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n", b"* OK [CAPABILITY IMAP4rev1] hi\r\n"]
)
async def test_nothing_is_said_in_the_clear_when_tls_was_asked_for(
    mail_bed: MailBed, tmp_path: Path, greeting: bytes
) -> None:
    """A PREAUTH greeting skips STARTTLS (the trick behind CVE-2020-14093); a stripped offer hides it."""
    capability = greeting[greeting.index(b"[") + 1 : greeting.index(b"]")]
    async with OddImap({b"CAPABILITY": b"* " + capability + b"\r\n"}, greeting) as server:
        imap = {"port": server.port, "tls": "starttls"}
        async with connected(account(mail_bed, mail_bed.user("strip"), tmp_path, imap=imap)) as connector:
            with pytest.raises(ConnectorError):
                await connector.pull("")
        assert {command.split()[0] for command in server.heard} <= {b"CAPABILITY", b"LOGOUT"}


async def _smtp(answers: dict[bytes, bytes]) -> asyncio.Server:
    """An SMTP server that answers by table; a command that is not in it is accepted."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answers.get(b"greeting", b"220 hi\r\n"))
        inside = False
        while line := await reader.readline():
            if inside:
                if line != b".\r\n":
                    continue
                inside = False
                word = b"dot"
            else:
                word = line.strip().split(b" ")[0].split(b":")[0].upper()
            answer = answers.get(word, b"250 ok\r\n")
            if word == b"DATA" and word not in answers:
                inside, answer = True, b"354 go\r\n"
            if not answer:
                break
            writer.write(answer)
        writer.close()

    return await asyncio.start_server(talk, "127.0.0.1", 0)


@pytest.mark.parametrize(
    ("answers", "error", "provable", "phases"),
    [
        ({b"greeting": b"421 too busy\r\n"}, RateLimitedError, True, []),
        ({b"greeting": b"554 go away\r\n"}, ConnectorError, True, []),
        ({b"MAIL": b"451 4.7.1 greylisted\r\n"}, RateLimitedError, True, []),
        ({b"MAIL": b"454 4.7.0 odd\r\n"}, RateLimitedError, True, []),
        ({b"MAIL": b"455 odd\r\n"}, UnreachableError, True, []),
        ({b"MAIL": b""}, UnreachableError, True, []),
        ({b"DATA": b"452 4.3.1 disk full\r\n"}, RateLimitedError, True, ["data"]),
        ({b"dot": b"554 5.7.1 spam\r\n"}, ConnectorError, True, ["data"]),
        ({b"dot": b"450 later\r\n"}, RateLimitedError, True, ["data"]),
        ({b"dot": b""}, UnreachableError, False, ["data"]),
        ({b"dot": b"nonsense\r\n"}, UnreachableError, False, ["data"]),
    ],
)
async def test_every_answer_of_a_submission_server(
    mail_bed: MailBed,
    tmp_path: Path,
    answers: dict[bytes, bytes],
    error: type[ConnectorError],
    provable: bool,
    phases: list[str],
) -> None:
    server = await _smtp(answers)
    async with server:
        smtp = plain_smtp(server.sockets[0].getsockname()[1])
        context = account(mail_bed, mail_bed.user("oddsmtp"), tmp_path, smtp=smtp, sent_copy="none")
        seen = Phases()
        async with connected(context) as connector:
            with pytest.raises(error) as caught:
                await connector.send(answer("<csc.odd@shop.test>", "x@customer.test"), seen)
        assert caught.value.provably_not_accepted == provable
        assert seen.seen == phases
