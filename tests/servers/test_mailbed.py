"""The mail bed itself: what the delivery and synchronisation tests build on."""

from __future__ import annotations

import imaplib
import smtplib
import socket
import ssl
from email.message import EmailMessage

import pytest

from tests.beds.mail import MailBed, MailUser
from tests.beds.proxy import FaultProxy
from tests.beds.waiting import wait_until


def mail(message_id: str, subject: str = "สอบถามเรื่องการจัดส่ง", to: str = "support@shop.test") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "สมชาย ใจดี <somchai@customer.test>"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = message_id
    message.set_content("สวัสดีค่ะ ขอสอบถามเรื่องการจัดส่งสินค้า\n")
    return message


def imap(bed: MailBed, user: MailUser) -> imaplib.IMAP4_SSL:
    client = imaplib.IMAP4_SSL("127.0.0.1", bed.imaps_port, ssl_context=bed.client_tls())
    client.login(user.address, user.password)
    return client


def subjects(bed: MailBed, user: MailUser, folder: str = "INBOX") -> int:
    client = imap(bed, user)
    try:
        status, data = client.select(folder, readonly=True)
        assert status == "OK"
        return int(data[0] or b"0")
    finally:
        client.logout()


def test_delivered_mail_is_seen_by_imap_and_on_disk(mail_bed: MailBed) -> None:
    user = mail_bed.user("seen")
    mail_bed.deliver(mail("<seen-1@customer.test>").as_bytes(), user)

    client = imap(mail_bed, user)
    client.select("INBOX")
    _, data = client.fetch("1", "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
    client.logout()

    assert b"<seen-1@customer.test>" in data[0][1]
    (stored,) = mail_bed.mailbox(user)
    assert b"Message-ID: <seen-1@customer.test>" in stored


def test_a_wrong_password_and_an_unknown_authority_are_refused(mail_bed: MailBed) -> None:
    user = mail_bed.user("careful", "right")
    client = imaplib.IMAP4_SSL("127.0.0.1", mail_bed.imaps_port, ssl_context=mail_bed.client_tls())
    with pytest.raises(imaplib.IMAP4.error):
        client.login(user.address, "wrong")
    client.shutdown()
    with pytest.raises(ssl.SSLCertVerificationError):
        imaplib.IMAP4_SSL("127.0.0.1", mail_bed.imaps_port, ssl_context=ssl.create_default_context())


def test_a_password_can_be_changed(mail_bed: MailBed) -> None:
    imap(mail_bed, mail_bed.user("rotated", "before")).logout()
    imap(mail_bed, mail_bed.user("rotated", "after")).logout()
    with pytest.raises(imaplib.IMAP4.error):
        imaplib.IMAP4("127.0.0.1", mail_bed.imap_port).login("rotated@shop.test", "before")


def test_submission_reaches_the_customer_once(mail_bed: MailBed) -> None:
    agent, customer = mail_bed.user("support"), mail_bed.customer("once")
    reply = mail("<reply-1@shop.test>", "ตอบกลับ", customer.address)
    del reply["From"]
    reply["From"] = agent.address
    with smtplib.SMTP("127.0.0.1", mail_bed.submission_port, "localhost") as smtp:
        smtp.starttls(context=mail_bed.client_tls())
        smtp.login(agent.address, agent.password)
        smtp.send_message(reply)

    (stored,) = mail_bed.wait_for_mail(customer)
    assert b"<reply-1@shop.test>" in stored
    (entry,) = mail_bed.accepted("<reply-1@shop.test>")
    assert entry.sender == agent.address
    assert entry.recipients == {customer.address: "sent"}


def test_submission_wants_tls_and_authentication(mail_bed: MailBed) -> None:
    with smtplib.SMTP("127.0.0.1", mail_bed.submission_port, "localhost") as smtp:
        smtp.ehlo()
        assert not smtp.has_extn("auth")
        assert smtp.mail("support@shop.test")[0] == 530


def test_nothing_can_leave(mail_bed: MailBed) -> None:
    agent = mail_bed.user("leaver")
    with smtplib.SMTP("127.0.0.1", mail_bed.smtp_port, "localhost") as smtp:
        smtp.ehlo()
        smtp.mail("a@shop.test")
        assert smtp.rcpt("victim@outside.invalid")[0] == 554
    with smtplib.SMTP_SSL("localhost", mail_bed.smtps_port, "localhost", context=mail_bed.client_tls()) as smtp:
        smtp.login(agent.address, agent.password)
        smtp.mail(agent.address)
        code, words = smtp.rcpt("victim@outside.invalid")
    assert code == 550
    assert b"sends nothing outside" in words


def test_an_unknown_customer_bounces_to_the_sender(mail_bed: MailBed) -> None:
    sender = mail_bed.user("bounced")
    submit(mail_bed.smtp_port, "<unknown@shop.test>", "never-made@customer.test", sender.address)
    (bounce,) = mail_bed.wait_for_mail(sender)
    assert b"Content-Type: multipart/report" in bounce
    (entry,) = mail_bed.accepted("<unknown@shop.test>")
    assert entry.recipients == {"never-made@customer.test": "bounced"}


def test_refusals_at_rcpt(mail_bed: MailBed) -> None:
    with smtplib.SMTP("127.0.0.1", mail_bed.smtp_port, "localhost") as smtp:
        smtp.ehlo()
        smtp.mail("support@shop.test")
        assert smtp.rcpt(mail_bed.refused_address)[0] == 550
        assert smtp.rcpt(mail_bed.deferred_address)[0] == 450


def test_mail_from_outside_with_utf8_headers_arrives(mail_bed: MailBed) -> None:
    user = mail_bed.user("outside")
    raw = "From: สมชาย <a@customer.test>\nSubject: ของแตก\nMessage-ID: <u8@customer.test>\n\nของแตกค่ะ\n".encode()
    mail_bed.send_from_outside(raw, user)
    (stored,) = mail_bed.wait_for_mail(user)
    assert "Subject: ของแตก".encode() in stored


def test_two_thousand_seeded_messages_are_seen(mail_bed: MailBed) -> None:
    user = mail_bed.user("bulk")
    written = mail_bed.seed(user, "INBOX", (mail(f"<bulk-{i}@customer.test>").as_bytes() for i in range(2000)))
    assert written == 2000
    assert subjects(mail_bed, user) == 2000
    assert len(mail_bed.mailbox(user)) == 2000
    assert b"<bulk-0@" in mail_bed.mailbox(user)[0]


def test_folders_with_thai_names_are_the_same_to_imap_and_to_the_oracle(mail_bed: MailBed) -> None:
    user = mail_bed.user("folders")
    mail_bed.seed(user, "ลูกค้า & VIP", [mail("<folder@customer.test>").as_bytes()])
    client = imap(mail_bed, user)
    _, listed = client.list()
    client.logout()
    assert any(b"&DiUOOQ4BDgQOSQ4y- &- VIP" in line for line in listed if isinstance(line, bytes))
    assert subjects(mail_bed, user, '"&DiUOOQ4BDgQOSQ4y- &- VIP"') == 1


def test_servers_stop_and_start_on_the_same_ports(mail_bed: MailBed) -> None:
    user = mail_bed.user("restart")
    port, smtp_port = mail_bed.imap_port, mail_bed.smtp_port
    mail_bed.stop_dovecot()
    try:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
        mail_bed.send_from_outside(mail("<late@customer.test>").as_bytes(), user)
        assert mail_bed.mailbox(user) == []
    finally:
        mail_bed.start_dovecot()
    assert mail_bed.imap_port == port
    mail_bed.wait_for_mail(user)
    mail_bed.stop_postfix()
    try:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", smtp_port), timeout=5)
    finally:
        mail_bed.start_postfix()
    assert mail_bed.smtp_port == smtp_port


def submit(port: int, message_id: str, to: str, sender: str = "support@shop.test") -> None:
    with smtplib.SMTP("127.0.0.1", port, "localhost", timeout=3) as smtp:
        smtp.sendmail(sender, [to], f"Message-ID: {message_id}\r\nSubject: x\r\n\r\nbody\r\n".encode())


def test_the_proxy_loses_the_answer_to_a_message_the_server_took(mail_bed: MailBed, fault_proxy: FaultProxy) -> None:
    customer = mail_bed.customer("lost-answer")
    fault_proxy.forward(mail_bed.smtp_port).cut("to_client", after=rb"^250 2.0.0 Ok: queued", swallow=True)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        submit(fault_proxy.port, "<lost@shop.test>", customer.address)
    assert len(mail_bed.wait_for_mail(customer)) == 1
    assert len(mail_bed.accepted("<lost@shop.test>")) == 1
    submit(fault_proxy.port, "<lost@shop.test>", customer.address)
    assert len(mail_bed.accepted("<lost@shop.test>", 2)) == 2


def test_a_message_cut_inside_data_is_not_accepted(mail_bed: MailBed, fault_proxy: FaultProxy) -> None:
    customer = mail_bed.customer("inside-data")
    fault_proxy.forward(mail_bed.smtp_port).cut("to_server", after=rb"^Subject: x")
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        submit(fault_proxy.port, "<cut@shop.test>", customer.address)
    (connection,) = fault_proxy.wait_for_break()
    assert connection.to_server.endswith(b"Subject: x")
    wait_until(lambda: "lost connection after DATA" in mail_bed.postfix.trouble(), "Postfix to notice")
    assert mail_bed.accepted("<cut@shop.test>", 0) == []
    assert mail_bed.mailbox(customer) == []


def test_the_proxy_stalls_and_refuses(mail_bed: MailBed, fault_proxy: FaultProxy) -> None:
    fault_proxy.forward(mail_bed.imap_port).stall("to_client", after_bytes=4)
    with socket.create_connection(("127.0.0.1", fault_proxy.port), timeout=0.3) as sock:
        assert sock.recv(100) == b"* OK"
        with pytest.raises(TimeoutError):
            sock.recv(100)
    fault_proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", fault_proxy.port), timeout=5)
    fault_proxy.accept()
    with socket.create_connection(("127.0.0.1", fault_proxy.port), timeout=5) as sock:
        assert sock.recv(100).startswith(b"* OK")
