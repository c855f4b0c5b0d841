"""Sending through a real Postfix: what it accepted is the oracle, whatever broke on the way."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from csconsole.connectors.email.parse import parse_mail
from csconsole.domain.sending import Bubble, OutgoingAttachment, SendClass, Settled
from csconsole.errors import AuthError, ConnectorError, RateLimitedError, RejectedError, UnreachableError
from tests.beds.mail import MailBed, MailUser
from tests.beds.proxy import FaultProxy
from tests.servers.email_account import Phases, account, answer, connected, plain_imap, plain_smtp, pull_all, read


async def test_an_answer_reaches_the_customer_and_comes_back_marked(mail_bed: MailBed, tmp_path: Path) -> None:
    user, customer = mail_bed.user("sender"), mail_bed.customer("receiver")
    smtp = {"port": mail_bed.submission_port, "tls": "starttls"}
    context = account(mail_bed, user, tmp_path, smtp=smtp, from_name="ร้านค้า")
    item = answer("<csc.send-1@shop.test>", customer.address)
    phases = Phases()
    async with connected(context) as connector:
        _, cursor = await pull_all(connector)
        receipt = await connector.send(item, phases)
        assert phases.seen == ["data", "accepted"]
        assert receipt.message_ids == (item.key,)
        (accepted,) = mail_bed.accepted(item.key)
        assert accepted.recipients == {customer.address: "sent"}
        assert await connector.follow_up(item) == ""
        assert await connector.follow_up(item) == "", "done twice it files nothing twice"
        headers = parse_mail(mail_bed.mailbox(customer)[0]).headers
        assert headers.plain("in-reply-to") == "<m1@customer.test>"
        assert headers.text("subject") == "Re: สอบถาม"
        assert headers.text("from") == f"ร้านค้า <{user.address}>"
        pages, _ = await pull_all(connector, cursor)
        (echo,) = read(pages, context)
        assert (echo.direction, echo.marker, echo.message_ids) == ("out", item.key, (item.key,))
        assert echo.extra["folder"] == "Sent"
        state, found = await connector.settle(item)
        assert state == Settled.FOUND
        assert found is not None
        assert found.remote_id == echo.remote_id


async def test_implicit_tls(mail_bed: MailBed, tmp_path: Path) -> None:
    user, customer = mail_bed.user("smtps"), mail_bed.customer("smtps")
    context = account(mail_bed, user, tmp_path, smtp={"port": mail_bed.smtps_port, "tls": "implicit"})
    item = answer("<csc.smtps@shop.test>", customer.address)
    async with connected(context) as connector:
        await connector.send(item, Phases())
    assert len(mail_bed.accepted(item.key)) == 1


async def test_files_with_thai_names_arrive_whole(mail_bed: MailBed, tmp_path: Path) -> None:
    user, customer = mail_bed.user("filer"), mail_bed.customer("filer")
    content = bytes(range(256)) * 100
    digest = hashlib.sha256(content).hexdigest()
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / digest).write_bytes(content)
    file = OutgoingAttachment(digest, "ใบเสร็จรับเงิน.pdf", "application/pdf", len(content))
    item = answer("<csc.file@shop.test>", customer.address, attachments=(file,))
    context = account(mail_bed, user, tmp_path, smtp=plain_smtp(mail_bed.smtp_port))
    async with connected(context) as connector:
        await connector.send(item, Phases())
        mail_bed.accepted(item.key)
        (part,) = [part for part in parse_mail(mail_bed.mailbox(customer)[0]).parts() if part.filename]
        assert (part.filename, part.content()) == ("ใบเสร็จรับเงิน.pdf", content)
        missing = OutgoingAttachment("0" * 64, "gone.pdf", "application/pdf", 3)
        with pytest.raises(RejectedError, match=r"gone\.pdf") as caught:
            await connector.send(answer("<csc.gone@shop.test>", customer.address, attachments=(missing,)), Phases())
        assert caught.value.provably_not_accepted


async def test_dots_and_smuggled_commands_stay_text(mail_bed: MailBed, tmp_path: Path) -> None:
    user, customer = mail_bed.user("dots"), mail_bed.customer("dots")
    text = "one\n.\r\nMAIL FROM:<x@customer.test>\n..two\r.\rthree"
    item = answer("<csc.dots@shop.test>", customer.address, bubbles=(Bubble("b", text),))
    async with connected(account(mail_bed, user, tmp_path, smtp=plain_smtp(mail_bed.smtp_port))) as connector:
        await connector.send(item, Phases())
    mail_bed.accepted(item.key)
    (raw,) = mail_bed.mailbox(customer)
    expected = "one\n.\nMAIL FROM:<x@customer.test>\n..two\n.\nthree\n"
    assert parse_mail(raw).root.text() == expected


@pytest.mark.parametrize("kind", ["refused", "deferred"])
async def test_a_refused_recipient_means_nothing_went_out(mail_bed: MailBed, tmp_path: Path, kind: str) -> None:
    user, customer = mail_bed.user("refusing"), mail_bed.customer("bystander")
    bad = mail_bed.refused_address if kind == "refused" else mail_bed.deferred_address
    item = answer(f"<csc.{kind}@shop.test>", customer.address, cc=(bad,))
    phases = Phases()
    async with connected(account(mail_bed, user, tmp_path, smtp=plain_smtp(mail_bed.smtp_port))) as connector:
        with pytest.raises(ConnectorError, match=bad) as caught:
            await connector.send(item, phases)
    assert isinstance(caught.value, RejectedError if kind == "refused" else RateLimitedError)
    assert caught.value.provably_not_accepted
    assert caught.value.retryable == (kind == "deferred")
    assert phases.seen == []
    assert mail_bed.accepted(item.key, 0) == []


async def test_nobody_listens(mail_bed: MailBed, tmp_path: Path) -> None:
    user = mail_bed.user("nobody")
    async with connected(account(mail_bed, user, tmp_path, smtp=plain_smtp(1))) as connector:
        with pytest.raises(UnreachableError, match="refuses connections") as caught:
            await connector.send(answer("<csc.nobody@shop.test>", "x@customer.test"), Phases())
    assert caught.value.provably_not_accepted


async def test_a_wrong_password_sends_nothing(mail_bed: MailBed, tmp_path: Path) -> None:
    user = mail_bed.user("wrongsmtp", "right")
    wrong = MailUser(user.address, "wrong", user.maildir)
    context = account(mail_bed, wrong, tmp_path, smtp={"port": mail_bed.submission_port, "tls": "starttls"})
    async with connected(context) as connector:
        with pytest.raises(AuthError, match=r"smtp\.password") as caught:
            await connector.send(answer("<csc.wrong@shop.test>", "x@customer.test"), Phases())
    assert caught.value.provably_not_accepted


async def test_a_certificate_nobody_vouches_for_sends_nothing(mail_bed: MailBed, tmp_path: Path) -> None:
    user = mail_bed.user("untrusted")
    smtp = {"port": mail_bed.submission_port, "tls": "starttls"}
    async with connected(account(mail_bed, user, tmp_path, smtp=smtp, ca_file="")) as connector:
        with pytest.raises(UnreachableError, match="not trusted") as caught:
            await connector.send(answer("<csc.tls@shop.test>", "x@customer.test"), Phases())
    assert caught.value.provably_not_accepted


async def test_a_phase_that_cannot_be_committed_sends_nothing(mail_bed: MailBed, tmp_path: Path) -> None:
    user, customer = mail_bed.user("phase"), mail_bed.customer("phase")
    item = answer("<csc.phase@shop.test>", customer.address)
    async with connected(account(mail_bed, user, tmp_path, smtp=plain_smtp(mail_bed.smtp_port))) as connector:
        with pytest.raises(RuntimeError, match="disk is full"):
            await connector.send(item, Phases(refuse="data"))
    assert mail_bed.accepted(item.key, 0) == []


@pytest.mark.parametrize("place", [rb"^MAIL FROM", rb"^RCPT TO"])
async def test_a_line_lost_before_data_is_provably_nothing(
    mail_bed: MailBed, tmp_path: Path, fault_proxy: FaultProxy, place: bytes
) -> None:
    user, customer = mail_bed.user("early"), mail_bed.customer("early")
    proxy = fault_proxy.forward(mail_bed.smtp_port)
    proxy.cut("to_server", after=place)
    phases = Phases()
    async with connected(account(mail_bed, user, tmp_path, smtp=plain_smtp(proxy.port))) as connector:
        with pytest.raises(UnreachableError) as caught:
            await connector.send(answer("<csc.early@shop.test>", customer.address), phases)
    assert caught.value.provably_not_accepted
    assert phases.seen == []


async def test_a_lost_answer_is_uncertain_and_an_echo_settles_it(
    mail_bed: MailBed, tmp_path: Path, fault_proxy: FaultProxy
) -> None:
    user, customer = mail_bed.user("lost"), mail_bed.customer("lost")
    proxy = fault_proxy.forward(mail_bed.smtp_port)
    proxy.cut("to_client", after=rb"^250 2\.0\.0 Ok: queued", swallow=True)
    item = answer("<csc.lost@shop.test>", customer.address)
    context = account(mail_bed, user, tmp_path, smtp=plain_smtp(proxy.port), echo_to_self=True)
    phases = Phases()
    async with connected(context) as connector:
        assert connector.capabilities.send_class == {"reply": SendClass.ECHO}
        with pytest.raises(UnreachableError) as caught:
            await connector.send(item, phases)
        assert not caught.value.provably_not_accepted
        assert phases.seen == ["data"]
        (accepted,) = mail_bed.accepted(item.key)
        assert accepted.recipients == {customer.address: "sent", user.address: "sent"}
        state, receipt = await connector.settle(item)
        assert state == Settled.FOUND
        assert receipt is not None
        assert receipt.message_ids == (item.key,)
        pages, _ = await pull_all(connector)
        (echo,) = read(pages, context)
        assert (echo.direction, echo.marker) == ("out", item.key)


@pytest.mark.parametrize(("sent_copy", "state"), [("append", Settled.UNKNOWN), ("server", Settled.ABSENT)])
async def test_a_mail_cut_in_the_middle_is_absent_only_where_the_server_keeps_sent(
    mail_bed: MailBed, tmp_path: Path, fault_proxy: FaultProxy, sent_copy: str, state: Settled
) -> None:
    user, customer = mail_bed.user("middle"), mail_bed.customer("middle")
    proxy = fault_proxy.forward(mail_bed.smtp_port)
    proxy.cut("to_server", after=rb"^Subject:")
    item = answer(f"<csc.middle-{sent_copy}@shop.test>", customer.address)
    context = account(mail_bed, user, tmp_path, smtp=plain_smtp(proxy.port), sent_copy=sent_copy)
    async with connected(context) as connector:
        with pytest.raises(UnreachableError) as caught:
            await connector.send(item, Phases())
        assert not caught.value.provably_not_accepted
        assert await connector.settle(item) == (state, None)
    assert mail_bed.accepted(item.key, 0) == []


async def test_a_copy_that_cannot_be_filed_does_not_undo_the_sending(mail_bed: MailBed, tmp_path: Path) -> None:
    user, customer = mail_bed.user("nocopy"), mail_bed.customer("nocopy")
    item = answer("<csc.nocopy@shop.test>", customer.address)
    smtp = plain_smtp(mail_bed.smtp_port)
    context = account(mail_bed, user, tmp_path, smtp=smtp, sent_folder="ไม่มี")
    async with connected(context) as connector:
        await connector.send(item, Phases())
        assert 'has no folder "ไม่มี"' in await connector.follow_up(item)
    assert len(mail_bed.accepted(item.key)) == 1


async def test_a_mailbox_that_dies_meanwhile_is_asked_again_in_a_new_session(
    mail_bed: MailBed, tmp_path: Path, fault_proxy: FaultProxy
) -> None:
    user = mail_bed.user("again")
    mail_bed.seed(user, "Sent", [])
    proxy = fault_proxy.forward(mail_bed.imap_port)
    item = answer("<csc.again@shop.test>", "x@customer.test")
    context = account(mail_bed, user, tmp_path, smtp=plain_smtp(1), imap=plain_imap(proxy.port))
    async with connected(context) as connector:
        assert await connector.settle(item) == (Settled.UNKNOWN, None)
        assert await connector.settle(item) == (Settled.UNKNOWN, None)
        assert len(proxy.connections) == 1, "a session is used again"
        proxy.break_now()
        assert await connector.follow_up(item) == ""
        assert len(proxy.connections) == 2
    assert len(mail_bed.mailbox(user, "Sent")) == 1


async def test_check_names_what_works_and_every_failure(mail_bed: MailBed, tmp_path: Path) -> None:
    user = mail_bed.user("health")
    smtp = {"port": mail_bed.submission_port, "tls": "starttls"}
    async with connected(account(mail_bed, user, tmp_path, smtp=smtp)) as connector:
        health = await connector.check()
        assert health.ok
        assert "IDLE" in health.facts["imap"]
        assert health.facts["sent"] == "Sent"
    wrong = account(mail_bed, user, tmp_path, imap={"port": 1}, smtp=plain_smtp(1))
    async with connected(wrong) as connector:
        health = await connector.check()
        assert not health.ok
        assert "imap.host" in health.detail
        assert "smtp.host" in health.detail
