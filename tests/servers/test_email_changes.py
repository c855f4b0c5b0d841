"""A mailbox that changes while it is read for the first time: mails vanish, move and come; nothing is lost or stops."""

from __future__ import annotations

import imaplib
from pathlib import Path

import pytest

from csconsole.connectors.base import PageKind
from csconsole.connectors.email import pull
from csconsole.errors import UnreachableError
from csconsole.store import accounts
from csconsole.sync.health import health
from tests.beds.mail import MailBed, MailUser
from tests.servers.email_account import account, connected, plain_imap, pull_all, raw_mail, read
from tests.servers.test_email_odd_servers import INBOX, OddImap
from tests.servers.test_email_through_the_engine import Shop


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pull, "PAGE_MAILS", 10)
    monkeypatch.setattr(pull, "PLAN", 20)


def elsewhere(bed: MailBed, user: MailUser) -> imaplib.IMAP4:
    """Another mail program at the same mailbox."""
    client = imaplib.IMAP4("127.0.0.1", bed.imap_port)
    client.login(user.address, user.password)
    client.select("INBOX")
    return client


def subjects(found: list[object]) -> list[str]:
    return sorted(str(getattr(event, "subject")) for event in found)  # noqa: B009 - events of one kind


async def test_mails_expunged_meanwhile_cost_only_themselves(mail_bed: MailBed, tmp_path: Path) -> None:
    user = mail_bed.user("expunging")
    mail_bed.seed(user, "INBOX", [raw_mail(n) for n in range(1, 61)])
    context = account(mail_bed, user, tmp_path)
    other = elsewhere(mail_bed, user)
    async with connected(context) as connector:
        first = await connector.pull("")
        assert (first.kind, len(first.items), first.left) == (PageKind.HISTORY, 10, 50)
        other.uid("STORE", "3,15,31:44", "+FLAGS", r"(\Deleted)")
        other.expunge()
        rest, _ = await pull_all(connector, first.next)
    other.logout()
    gone = {3, 15, *range(31, 45)}
    assert subjects(list(read([first, *rest], context))) == sorted(f"สอบถาม {n}" for n in range(1, 61) if n not in gone)
    lefts = [page.left for page in rest]
    assert lefts == sorted(lefts, key=lambda left: -(left or 0)) and lefts[-1] == 0


async def test_a_folder_emptied_meanwhile_ends_the_history(mail_bed: MailBed, tmp_path: Path) -> None:
    user = mail_bed.user("emptied")
    mail_bed.seed(user, "INBOX", [raw_mail(n) for n in range(1, 41)])
    other = elsewhere(mail_bed, user)
    async with connected(account(mail_bed, user, tmp_path)) as connector:
        first = await connector.pull("")
        other.uid("STORE", "1:*", "+FLAGS", r"(\Deleted)")
        other.expunge()
        mail_bed.deliver(raw_mail(99), user)
        rest, cursor = await pull_all(connector, first.next)
        news = await connector.pull(cursor)
    other.logout()
    assert [len(page.items) for page in rest] == [0] * len(rest)
    assert rest[-1].left == 0
    assert (news.kind, len(news.items)) == (PageKind.LIVE, 1)


async def test_mail_moved_between_folders_meanwhile_is_there_once(
    mail_bed: MailBed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = mail_bed.user("moving")
    mail_bed.seed(user, "INBOX", [raw_mail(n, to=user.address) for n in range(1, 41)])
    mail_bed.seed(user, "งานเก่า", [raw_mail(n, to=user.address) for n in range(41, 61)])
    shop = Shop(mail_bed, user, tmp_path)
    shop.config.accounts[0].settings["folders"] = ["INBOX", "งานเก่า"]
    other = elsewhere(mail_bed, user)
    bodies = pull.ImapSession.bodies
    moved: list[str] = []

    def move_then_read(session: pull.ImapSession, uids: list[int]) -> dict[int, bytes]:
        if not moved:
            moved.extend(map(str, range(1, 16)))
            assert other.uid("MOVE", "1:15", '"&DgcOMg4ZDkAOAQ5IDjI-"')[0] == "OK"
        return bodies(session, uids)

    monkeypatch.setattr(pull.ImapSession, "bodies", move_then_read)
    try:
        summary = await shop.once()
        assert summary.error in (None, "")
        assert (await shop.once()).error in (None, "")
        assert shop.one("select count(*) from message") == 60
        assert shop.one("select count(distinct subject) from message") == 60
        row = accounts.account_by_name(shop.store, "mail")
        assert row is not None and (row.history_left, health(row, shop.clock.now()).history) == (0, None)
    finally:
        other.logout()
        shop.store.close()


async def test_an_exists_that_lies_loses_nothing(mail_bed: MailBed, tmp_path: Path) -> None:
    bodies = b"".join(
        b"* %d FETCH (UID %d BODY[] {%d}\r\n%s)\r\n" % (n, n, 17, b"Subject: %d\r\n\r\nxxx" % n) for n in (1, 2, 3)
    )
    answers = {
        **INBOX,
        b"STATUS": b"* STATUS INBOX (MESSAGES 900 UIDNEXT 4 UIDVALIDITY 9)\r\n",
        b"EXAMINE": b"* 900 EXISTS\r\n* OK [UIDVALIDITY 9] x\r\n",
        b"BODY": bodies,
    }
    user = mail_bed.user("lying")
    async with OddImap(answers) as server:
        context = account(mail_bed, user, tmp_path, imap=plain_imap(server.port))
        async with connected(context) as connector:
            pages, cursor = await pull_all(connector)
            assert sum(len(page.items) for page in pages) == 3
            assert not (await connector.pull(cursor)).items


async def test_a_literal_cut_in_the_middle_is_no_mail(mail_bed: MailBed, tmp_path: Path) -> None:
    class Cutting(OddImap):
        async def _talk(self, reader, writer):  # type: ignore[no-untyped-def]  # as the base's
            writer.write(b"* OK [CAPABILITY IMAP4rev1] hello\r\n")
            while line := await reader.readline():
                tag, _, command = line.strip().partition(b" ")
                if b"BODY" in command:
                    writer.write(b"* 1 FETCH (UID 1 BODY[] {5000}\r\nSubject: half\r\n\r\nhal")
                    writer.close()
                    return
                answer = next((text for key, text in INBOX.items() if key in command), b"")
                if b"CAPABILITY" in command:
                    answer = b"* CAPABILITY IMAP4rev1\r\n"
                writer.write(answer + tag + b" OK done\r\n")

    user = mail_bed.user("cutting")
    async with Cutting({}) as server:
        context = account(mail_bed, user, tmp_path, imap=plain_imap(server.port))
        async with connected(context) as connector:
            with pytest.raises(UnreachableError):
                await connector.pull("")


def test_the_accounts_own_interval_is_kept(mail_bed: MailBed, tmp_path: Path) -> None:
    from datetime import timedelta

    from csconsole.clock import FixedClock
    from csconsole.connectors.email.connector import EmailConnector
    from csconsole.domain.settings import Duration

    user = mail_bed.user("interval")
    own = EmailConnector(account(mail_bed, user, tmp_path, poll=Duration.parse("2m")), FixedClock(0))
    assert timedelta(seconds=own.capabilities.poll_every) == timedelta(minutes=2)
    assert EmailConnector(account(mail_bed, user, tmp_path), FixedClock(0)).capabilities.poll_every == 0
