"""Reading real mailboxes: order, duplicates, renumbering, damage, broken lines."""

from __future__ import annotations

import asyncio
import imaplib
from base64 import b64encode
from pathlib import Path

import pytest

from csconsole.clock import FixedClock
from csconsole.connectors.base import PageKind, RawItem
from csconsole.connectors.email import pull as pulling
from csconsole.errors import AuthError, ConnectorError, RejectedError, UnreachableError
from tests.beds.mail import MailBed, MailUser
from tests.beds.proxy import FaultProxy
from tests.servers.email_account import account, connected, plain_imap, pull_all, raw_mail, read, until


def uids(pages: list[object]) -> list[list[int]]:
    return [[item.meta["uid"] for item in page.items] for page in pages]  # type: ignore[attr-defined]


async def test_history_comes_newest_page_first_each_in_order(
    mail_bed: MailBed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "PAGE_MAILS", 10)
    monkeypatch.setattr(pulling, "PLAN", 20)
    user = mail_bed.user("history")
    mail_bed.seed(user, "INBOX", [raw_mail(n) for n in range(1, 35)])
    context = account(mail_bed, user, tmp_path)
    async with connected(context) as connector:
        pages, cursor = await pull_all(connector)
        assert uids([p for p in pages if p.items]) == [
            list(range(25, 35)),
            list(range(15, 25)),
            list(range(5, 15)),
            list(range(1, 5)),
        ]
        assert {page.kind for page in pages if page.items} == {PageKind.HISTORY}
        assert pages[-1].total == 34
        assert [page.more for page in pages] == [True, True, True, False]
        again = await connector.pull(cursor)
        assert (again.items, again.next, again.more) == ((), cursor, False)
    times = [item.received_at for item in pages[0].items]
    assert times == sorted(times)
    assert times[0] == (1_700_000_000 + 24 * 60) * 1000


async def test_news_goes_before_the_rest_of_history(
    mail_bed: MailBed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "PAGE_MAILS", 5)
    user = mail_bed.user("precedence")
    mail_bed.seed(user, "INBOX", [raw_mail(n) for n in range(1, 31)])
    async with connected(account(mail_bed, user, tmp_path)) as connector:
        first = await connector.pull("")
        assert first.kind == PageKind.HISTORY
        mail_bed.deliver(raw_mail(99, "new"), user)
        assert isinstance(connector.clock, FixedClock)
        connector.clock.advance(10_000)
        pages, cursor = await pull_all(connector, first.next)
        live = [index for index, page in enumerate(pages) if page.kind == PageKind.LIVE and page.items]
        assert live == [0]
        assert uids([pages[0]]) == [[31]]
        assert sum(len(page.items) for page in [first, *pages]) == 31
        mail_bed.deliver(raw_mail(100, "new"), user)
        page = await connector.pull(cursor)
        assert (page.kind, uids([page])) == (PageKind.LIVE, [[32]])


async def test_the_same_cursor_gives_the_same_page_again(
    mail_bed: MailBed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "PAGE_MAILS", 4)
    user = mail_bed.user("again")
    mail_bed.seed(user, "INBOX", [raw_mail(n) for n in range(1, 14)])
    async with connected(account(mail_bed, user, tmp_path)) as connector:
        pages, _ = await pull_all(connector)
        assert (await connector.pull(pages[0].next)).items == pages[1].items
        assert (await connector.pull(pages[1].next)).items == pages[2].items
        assert (await connector.pull("")).items == pages[0].items


async def test_the_last_mail_is_not_read_again_though_the_server_names_it(mail_bed: MailBed, tmp_path: Path) -> None:
    user = mail_bed.user("star")
    mail_bed.deliver(raw_mail(1), user)
    async with connected(account(mail_bed, user, tmp_path)) as connector:
        _, cursor = await pull_all(connector)
        session = connector._puller.session
        assert session is not None

        def ask() -> tuple[list[int], list[int]]:
            session.examine("INBOX")
            return sorted(session._client.search(["UID", "2:*"])), session.uids_after(1)

        assert await connector._pull_lane.run(ask) == ([1], [])
        assert (await connector.pull(cursor)).items == ()


async def test_renumbered_mailbox_comes_again_as_history_with_the_same_keys(mail_bed: MailBed, tmp_path: Path) -> None:
    user = mail_bed.user("renumbered")
    mail_bed.seed(user, "INBOX", [raw_mail(n) for n in range(1, 6)])
    context = account(mail_bed, user, tmp_path)
    async with connected(context) as connector:
        before, cursor = await pull_all(connector)
    for path in user.maildir.folder().glob("dovecot*"):
        path.unlink()
    (user.maildir.folder() / "dovecot-uidlist").write_text("3 V1800000000 N6 G0123456789abcdef0123456789abcdef\n")
    async with connected(context) as connector:
        after, _ = await pull_all(connector, cursor)
    old, new = read(before, context), read(after, context)
    assert {page.kind for page in after if page.items} == {PageKind.HISTORY}
    assert {event.dedup_key for event in old} == {event.dedup_key for event in new}
    assert len(new) == 5
    assert not {event.remote_id for event in old} & {event.remote_id for event in new}


async def test_a_page_holds_no_more_bytes_than_allowed(
    mail_bed: MailBed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "PAGE_BYTES", 50_000)
    user = mail_bed.user("bytes")
    mail_bed.seed(user, "INBOX", [raw_mail(n, body="x" * 20_000) for n in range(1, 6)])
    async with connected(account(mail_bed, user, tmp_path)) as connector:
        pages, _ = await pull_all(connector)
    assert uids(pages) == [[4, 5], [2, 3], [1]]


async def test_reading_marks_nothing_as_read(mail_bed: MailBed, tmp_path: Path) -> None:
    user = mail_bed.user("unseen")
    mail_bed.deliver(raw_mail(1), user)
    async with connected(account(mail_bed, user, tmp_path)) as connector:
        await pull_all(connector)
    client = imaplib.IMAP4_SSL("127.0.0.1", mail_bed.imaps_port, ssl_context=mail_bed.client_tls())
    client.login(user.address, user.password)
    client.select("INBOX", readonly=True)
    assert client.search(None, "UNSEEN")[1] == [b"1"]
    client.logout()


async def test_thai_folder_and_sent_are_read_and_sent_is_ours(mail_bed: MailBed, tmp_path: Path) -> None:
    user = mail_bed.user("folders")
    mail_bed.seed(user, "ร้องเรียน", [raw_mail(1, "complaint")])
    reply = raw_mail(2, "answer", to="somchai@customer.test").replace(b"somchai@customer.test>", b"nok@other.test>", 1)
    mail_bed.seed(user, "Sent", [reply])
    context = account(mail_bed, user, tmp_path, folders=("INBOX", "ร้องเรียน"))
    async with connected(context) as connector:
        pages, _ = await pull_all(connector)
    by_folder = {event.extra["folder"]: event for event in read(pages, context)}
    assert by_folder["ร้องเรียน"].direction == "in"
    assert by_folder["ร้องเรียน"].remote_id.startswith("ร้องเรียน;")
    sent = by_folder["Sent"]
    assert (sent.direction, sent.author_kind) == ("out", "external")
    assert sent.customer is not None
    assert sent.customer.value == "somchai@customer.test"


async def test_a_missing_folder_is_named_with_those_there_are(mail_bed: MailBed, tmp_path: Path) -> None:
    user = mail_bed.user("missing")
    mail_bed.seed(user, "งาน", [])
    async with connected(account(mail_bed, user, tmp_path, folders=("INBOX", "Typo"))) as connector:
        with pytest.raises(ConnectorError, match=r'no folder "Typo".*งาน') as caught:
            await connector.pull("")
        assert not caught.value.retryable


async def test_a_large_mail_comes_without_attachments_which_are_fetched_on_demand(
    mail_bed: MailBed, tmp_path: Path
) -> None:
    user = mail_bed.user("large")
    content = bytes(range(256)) * 800
    encoded = b64encode(content)
    lines = b"\r\n".join(encoded[i : i + 76] for i in range(0, len(encoded), 76))
    raw = (
        b"From: a@customer.test\r\nSubject: big\r\nMessage-ID: <big@customer.test>\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed;\r\n boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain; charset=windows-874\r\n\r\n"
        + "ราคาเท่าไร".encode("cp874")
        + b"\r\n--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment; filename*=utf-8''%E0%B9%83%E0%B8%9A.pdf\r\n\r\n" + lines + b"\r\n--b--\r\n"
    )
    mail_bed.deliver(raw, user)
    context = account(mail_bed, user, tmp_path, max_bytes=100_000)
    async with connected(context) as connector:
        pages, _ = await pull_all(connector)
        (item,) = pages[0].items
        assert len(item.raw) < 2_000
        (event,) = read(pages, context)
        assert (event.subject, event.body_text) == ("big", "ราคาเท่าไร")
        (info,) = event.attachments
        assert (info.name, info.mime) == ("ใบ.pdf", "application/pdf")
        assert abs(info.bytes - len(content)) < len(content) // 20
        assert connector.extract(item, info.locator) is None
        part = await connector.fetch_attachment(item, info.locator)
        assert isinstance(part, RawItem)
        assert connector.extract(part, info.locator) == content
        with pytest.raises(RejectedError):
            await connector.fetch_attachment(None, info.locator.replace(";1#", ";77#"))


async def test_a_connection_that_died_between_pulls_is_replaced(
    mail_bed: MailBed, tmp_path: Path, fault_proxy: FaultProxy
) -> None:
    user = mail_bed.user("reconnect")
    proxy = fault_proxy.forward(mail_bed.imap_port)
    async with connected(account(mail_bed, user, tmp_path, imap=plain_imap(proxy.port))) as connector:
        _, cursor = await pull_all(connector)
        proxy.break_now()
        mail_bed.deliver(raw_mail(1), user)
        assert len((await connector.pull(cursor)).items) == 1
        assert len(proxy.connections) == 2


async def test_a_line_cut_inside_a_mail_loses_nothing(
    mail_bed: MailBed, tmp_path: Path, fault_proxy: FaultProxy
) -> None:
    user = mail_bed.user("cutline")
    mail_bed.seed(user, "INBOX", [raw_mail(n, body="ก" * 3_000) for n in range(1, 21)])
    proxy = fault_proxy.forward(mail_bed.imap_port)
    proxy.cut("to_client", after_bytes=60_000)
    async with connected(account(mail_bed, user, tmp_path, imap=plain_imap(proxy.port))) as connector:
        with pytest.raises(UnreachableError) as caught:
            await connector.pull("")
        assert caught.value.retryable
        pages, _ = await pull_all(connector)
        assert sum(len(page.items) for page in pages) == 20


async def test_closing_ends_a_pull_that_waits_for_a_dead_server(
    mail_bed: MailBed, tmp_path: Path, fault_proxy: FaultProxy
) -> None:
    user = mail_bed.user("stalled")
    proxy = fault_proxy.forward(mail_bed.imap_port)
    proxy.stall("to_client", after=rb"Logged in", connections=1)
    async with connected(account(mail_bed, user, tmp_path, imap=plain_imap(proxy.port))) as connector:
        pull = asyncio.create_task(connector.pull(""))
        await until(lambda: bool(proxy._broken()), "the line to stall")
        await connector.close()
        with pytest.raises(UnreachableError):
            await asyncio.wait_for(pull, 5)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"port": 1}, UnreachableError, "refuses connections"),
        ({"host": "no-such-host.invalid"}, UnreachableError, "not known"),
        ({"ca_file": ""}, UnreachableError, "not trusted by the system's authorities"),
        ({"ca_file": "/nowhere/ca.pem"}, AuthError, "ca_file"),
    ],
)
async def test_failures_to_connect_say_what_to_do(
    mail_bed: MailBed, tmp_path: Path, changes: dict[str, str], error: type[ConnectorError], words: str
) -> None:
    user = mail_bed.user("failures")
    own = {} if "ca_file" not in changes else {"ca_file": changes["ca_file"]}
    imap = {key: value for key, value in changes.items() if key != "ca_file"}
    async with connected(account(mail_bed, user, tmp_path, imap=imap, **own)) as connector:
        with pytest.raises(error, match=words):
            await connector.pull("")


async def test_a_wrong_password_is_an_auth_error(mail_bed: MailBed, tmp_path: Path) -> None:
    user = mail_bed.user("wrongpass", "right")
    wrong = MailUser(user.address, "ผิด", user.maildir)
    async with connected(account(mail_bed, wrong, tmp_path)) as connector:
        with pytest.raises(AuthError, match=r"imap\.password"):
            await connector.pull("")


async def test_starttls_and_a_password_in_thai(mail_bed: MailBed, tmp_path: Path) -> None:
    user = mail_bed.user("thaipass", "รหัสผ่าน-1")
    context = account(mail_bed, user, tmp_path, imap={"port": mail_bed.imap_port, "tls": "starttls"})
    async with connected(context) as connector:
        assert (await connector.pull("")).items == ()
        sock = connector._puller.session
        assert sock is not None
        assert sock._client.socket().version().startswith("TLS")


async def test_history_can_be_limited_in_days(mail_bed: MailBed, tmp_path: Path) -> None:
    user = mail_bed.user("recent")
    mail_bed.seed(user, "INBOX", [raw_mail(1)], received_at=1_700_000_000)
    mail_bed.seed(user, "INBOX", [raw_mail(2)], received_at=1_789_900_000)
    context = account(mail_bed, user, tmp_path, history_days=30)
    async with connected(context) as connector:
        pages, _ = await pull_all(connector)
    assert [event.subject for event in read(pages, context)] == ["สอบถาม 2"]
    assert pages[-1].total is None
