"""The whole way of mail, from outside: a real Dovecot and Postfix, the program's own commands and worker, and a
customer with a mail program of his own."""

from __future__ import annotations

import imaplib
import json
import signal
import subprocess
import time
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any

from csconsole.clock import DAY, SystemClock
from csconsole.domain.conversation import QueueRow
from csconsole.services import replies
from csconsole.services.views import QueueReader
from csconsole.store import drafts
from tests.beds.certs import make_certificates
from tests.beds.mail import MailBed, MailUser
from tests.beds.waiting import wait_until
from tests.faults import mails, mutants, oracle
from tests.faults.shop import Shop, end

OPEN_DAYS = 14


def now() -> int:
    """Seconds since 1970."""
    return SystemClock().now() // 1000


def answers(done: subprocess.CompletedProcess[str], code: int = 0) -> Any:
    """The JSON a command printed."""
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout)


def test_two_thousand_mixed_mails_come_once(mail_bed: MailBed, tmp_path: Path) -> None:
    count, days = 2_000, 40
    first, step = now() - days * 86_400, days * 86_400 // count
    with Shop(mail_bed, tmp_path, "support-full") as shop:
        ours = shop.user.address
        made = list(mails.mixed(count, ours, first_at=first, step=step))
        mail_bed.seed(shop.user, "INBOX", [])
        shop.user.maildir.add("INBOX", [raw for _, raw in made], received_at=first, step=step)
        answered = {
            number: mails.answer_to(raw, ours, "เรียบร้อยแล้วค่ะ", number)
            for number, (kind, raw) in enumerate(made)
            if kind == "alternative" and number > count * 0.8
        }
        shop.user.maildir.add("Sent", answered.values(), received_at=now() - 600, step=1)
        total = count + len(answered)

        begun = time.monotonic()
        (summary,) = answers(shop.run("sync", "--once", "--json"))
        took = time.monotonic() - begun
        print(f"FIRST-SYNC mails={total} seconds={took:.1f} per_second={total / took:.0f} {summary}")
        assert summary["error"] is None
        assert (summary["pulled"], summary["new"]) == (total, total)
        assert (summary["duplicates"], summary["quarantined"]) == (0, 0)
        (again,) = answers(shop.run("sync", "--once", "--json"))
        assert (again["pulled"], again["new"], again["error"]) == (0, 0, None)

        stored = _stored(shop)
        wanted = {mails.message_id(n) for n in range(count)} | {mails.message_id(n, "answer") for n in answered}
        assert set(stored) == wanted
        for number, (kind, _) in enumerate(made):
            subject, body = stored[mails.message_id(number)]
            assert str(number) in body, f"{kind} {number} lost its text: {body!r}"
            if kind in ("tis-620", "windows-874", "iso-8859-11"):
                assert subject == f"{mails.THAI[0]} {number}"
                assert any(words in body for words in mails.THAI)
        _only_the_young_wait(shop.queue(), shop)


def _stored(shop: Shop) -> dict[str, tuple[str, str]]:
    """Subject and text by Message-ID; fails when one is there twice."""
    rows = shop.desk.store.read("select json_extract(extra, '$.message_ids[0]'), subject, body_text from message")
    found = {key: (subject, body) for key, subject, body in rows}
    assert len(found) == len(rows), "a mail was stored twice"
    return found


def _only_the_young_wait(queue: list[QueueRow], shop: Shop) -> None:
    """Old mail opens nothing and is not news; what is open was last written in by a customer, lately."""
    horizon = SystemClock().now() - OPEN_DAYS * DAY
    states = {"open": 0, "resolved": 0}
    for row in queue:
        last = shop.transcript(row.id)[-1]
        waits = last.direction == "in" and last.at > horizon
        assert row.status == ("open" if waits else "resolved"), f"{row.number}: {row.status}, last {last.at}"
        assert waits or row.unread == 0
        states[row.status] += 1
    print(f"FIRST-SYNC open={states['open']} resolved={states['resolved']}")
    assert min(states.values()) > 100


def test_an_answer_and_what_comes_back(mail_bed: MailBed, tmp_path: Path) -> None:
    customer = mail_bed.customer("nadech")
    with Shop(mail_bed, tmp_path, "support-answer", from_name="ร้านผ้าไหม") as shop:
        ours = shop.user.address
        first = mails.customer_mail(1, customer.address, ours, at=now(), subject="สอบถามผ้าไหม", tag="silk")
        mail_bed.deliver(first, shop.user, sender=customer.address)
        assert answers(shop.run("sync", "--once", "--json"))[0]["new"] == 1
        (listed,) = answers(shop.run("list", "status:open", "--json"))
        assert (listed["subject"], listed["status"]) == ("สอบถามผ้าไหม", "open")

        text = "สวัสดีค่ะ ผ้าไหมมีสีแดงกับสีเขียวนะคะ\nราคา 1,200 บาท"
        sent = answers(shop.run("reply", listed["id"], "--now", "--json", "--text", text))
        assert sent["state"] == "queued"
        (summary,) = answers(shop.run("sync", "--once", "--json"))
        assert (summary["sent"], summary["error"]) == (1, None)
        (received,) = mail_bed.wait_for_mail(customer)
        mail = mails.read_mail(received)
        assert (mail["In-Reply-To"], mail["References"]) == (mails.message_id(1, "silk"), mails.message_id(1, "silk"))
        assert str(mail["Subject"]) == "Re: สอบถามผ้าไหม"
        assert parseaddr(str(mail["From"])) == ("ร้านผ้าไหม", ours)
        assert parseaddr(str(mail["To"]))[1] == customer.address
        assert mail.get_content_charset() == "utf-8"
        assert mail.get_content().strip().replace("\r\n", "\n") == text
        key = str(mail["Message-ID"])
        assert [one.recipients for one in mail_bed.accepted(key)] == [{customer.address: "sent"}]
        assert oracle.held_by(mail_bed, [shop.user], "Sent") == {key: 1}

        mail_bed.send_from_outside(
            mails.answer_to(received, customer.address, "เอาสีแดงค่ะ", 1), shop.user, sender=customer.address
        )
        mail_bed.wait_for_mail(shop.user, 2)
        assert answers(shop.run("sync", "--once", "--json"))[0]["new"] == 1
        shown = answers(shop.run("show", listed["id"], "--json"))
        assert [one["direction"] for one in shown["messages"]] == ["in", "out", "in"]
        assert shown["messages"][1]["delivery"] == "sent"
        assert "เอาสีแดงค่ะ" in shown["messages"][2]["body"]
        assert len(shop.queue()) == 1

        _answer_elsewhere(mail_bed, shop.user, customer, mails.message_id(1, "answer"))
        assert answers(shop.run("sync", "--once", "--json"))[0]["new"] == 1
        shown = answers(shop.run("show", listed["id"], "--json"))
        assert [(one["direction"], one["author"]["kind"]) for one in shown["messages"]][-1] == ("out", "external")
        seen = shown["messages"][2]["seq"]
        late = shop.run("reply", listed["id"], "--now", "--base-seq", str(seen), "--text", "สีแดงหมดแล้วค่ะ")
        assert late.returncode == 6, late.stderr
        assert "Traceback" not in late.stderr
        assert shop.run("sync", "--once").returncode == 0
        assert len(mail_bed.mailbox(customer)) == 1


def test_an_answer_to_a_mail_that_nobody_knows_to_be_sent_finds_its_conversation(
    mail_bed: MailBed, tmp_path: Path
) -> None:
    customer = mail_bed.customer("doubt")
    with Shop(mail_bed, tmp_path, "support-doubt") as shop:
        raw = mails.customer_mail(1, customer.address, shop.user.address, at=now(), tag="doubt")
        mail_bed.deliver(raw, shop.user, sender=customer.address)
        shop.once()
        (row,) = shop.queue()
        shop.reply(row.id, "มีค่ะ")
        assert shop.run_worker(crash_at="accepted") == -signal.SIGKILL
        (received,) = mail_bed.wait_for_mail(customer)
        answer = mails.read_mail(mails.answer_to(received, customer.address, "ขอบคุณค่ะ", 2))
        del answer["References"]  # as some programs do
        mail_bed.deliver(answer.as_bytes(), shop.user, sender=customer.address)
        shop.once()
        assert [out.state for out in shop.rows()] == ["uncertain"]
        assert [row.number for row in shop.queue()] == [row.number], "the answer began another conversation"
        assert [one.direction for one in shop.transcript(row.id)] == ["in", "out", "in"]


def test_a_bounce_shows_on_the_answer_it_is_about(mail_bed: MailBed, tmp_path: Path) -> None:
    with Shop(mail_bed, tmp_path, "support-bounce") as shop:
        raw = mails.customer_mail(1, "gone@customer.test", shop.user.address, at=now(), tag="bounce")
        mail_bed.deliver(raw, shop.user, sender="gone@customer.test")
        shop.once()
        (row,) = shop.queue()
        shop.reply(row.id, "สวัสดีค่ะ")
        wait_until(lambda: shop.once() and shop.rows()[0].state in oracle.ENDED, "the answer to leave")
        assert len(mail_bed.accepted(shop.rows()[0].key)) == 1
        mail_bed.wait_for_mail(shop.user, 2)
        shop.once()
        shown = shop.transcript(row.id)
        assert [(one.direction, one.author_kind) for one in shown][:2] == [("in", "customer"), ("out", "agent")]
        assert (shown[1].delivery, bool(shown[1].delivery_reason)) == ("failed", True), shown[1]
        (row,) = shop.queue()
        assert row.waiting_since is not None, "the customer got nothing and still waits"


def _answer_elsewhere(bed: MailBed, user: MailUser, customer: MailUser, original: str) -> None:
    """A colleague answers in another program, which files its copy into Sent."""
    message = EmailMessage(SMTP)
    message["From"], message["To"] = user.address, customer.address
    message["Subject"] = "Re: สอบถามผ้าไหม"
    message["Message-ID"] = f"<elsewhere.{original.strip('<>')}>"
    message["In-Reply-To"] = original
    message["Date"] = format_datetime(datetime.fromtimestamp(now(), UTC))
    message.set_content("จัดส่งพรุ่งนี้ค่ะ")
    with imaplib.IMAP4_SSL("localhost", bed.imaps_port, ssl_context=bed.client_tls()) as imap:
        imap.login(user.address, user.password)
        answer, _ = imap.append("Sent", r"(\Seen)", None, message.as_bytes())
        assert answer == "OK"


def test_an_answer_given_elsewhere_stops_ours_at_the_last_moment(mail_bed: MailBed, tmp_path: Path) -> None:
    customer = mail_bed.customer("mali")
    with Shop(mail_bed, tmp_path, "support-stale") as shop:
        mail_bed.deliver(mails.customer_mail(1, customer.address, shop.user.address, at=now(), tag="stale"), shop.user)
        shop.once()
        (row,) = shop.queue()
        shop.reply(row.id, "ของหมดแล้วค่ะ")
        _answer_elsewhere(mail_bed, shop.user, customer, mails.message_id(1, "stale"))
        shop.once()
        (out,) = shop.rows()
        assert (out.state, bool(out.reason)) == ("stopped", True)
        draft = drafts.load(shop.desk.store, shop.desk.actor.id, row.id, "reply")
        assert draft is not None and draft.body == "ของหมดแล้วค่ะ"
        assert mail_bed.accepted(out.key, 0) == []

        replies.retry(shop.desk, out.uid)
        shop.once()
        (out,) = shop.rows()
        assert out.state == "sent"
        assert len(mail_bed.accepted(out.key)) == 1


def test_an_answer_given_elsewhere_stops_ours_though_only_the_inbox_is_watched(
    mail_bed: MailBed, tmp_path: Path
) -> None:
    customer = mail_bed.customer("kanya")
    with Shop(mail_bed, tmp_path, "support-watched") as shop, shop.console():
        mail_bed.deliver(mails.customer_mail(1, customer.address, shop.user.address, at=now(), tag="watch"), shop.user)
        shop.once()
        (row,) = shop.queue()
        worker = shop.start_worker(program=mutants.program("stale-soon"))
        try:
            wait_until(lambda: shop.status().live, "the push connection")
            pulled = shop.status().last_pull_at or 0
            wait_until(lambda: SystemClock().now() > pulled + 1_500, "the last pull to be old")
            _answer_elsewhere(mail_bed, shop.user, customer, mails.message_id(1, "watch"))
            shop.reply(row.id, "ของหมดแล้วค่ะ")
            wait_until(lambda: shop.rows()[0].state in oracle.ENDED, "the answer to end")
            assert shop.rows()[0].state == "stopped"
        finally:
            end(worker)


def test_an_answer_given_elsewhere_is_shown_soon(mail_bed: MailBed, tmp_path: Path) -> None:
    customer = mail_bed.customer("arisa")
    with Shop(mail_bed, tmp_path, "support-shown") as shop, shop.console():
        shop.write_config("[sync]", 'interval = "5s"')
        mail_bed.deliver(mails.customer_mail(1, customer.address, shop.user.address, at=now(), tag="shown"), shop.user)
        shop.once()
        (row,) = shop.queue()
        worker = shop.start_worker()
        try:
            wait_until(lambda: shop.status().live, "the push connection")
            _answer_elsewhere(mail_bed, shop.user, customer, mails.message_id(1, "shown"))
            wait_until(lambda: len(shop.transcript(row.id)) == 2, "the colleague's answer")
            assert shop.transcript(row.id)[1].author_kind == "external"
        finally:
            end(worker)


def test_news_are_here_in_two_seconds_and_after_a_restart_of_the_server(mail_bed: MailBed, tmp_path: Path) -> None:
    customer = mail_bed.customer("somchai")
    sender = customer.address
    with Shop(mail_bed, tmp_path, "support-idle") as shop, shop.console():
        shop.once()
        worker = shop.start_worker()
        try:
            wait_until(lambda: shop.status().live, "the push connection")
            reader = QueueReader(shop.desk)
            waits = []
            for number in range(1, 7):
                raw = mails.customer_mail(number, sender, shop.user.address, at=now(), tag="idle")
                begun = time.monotonic()
                if number % 2:
                    mail_bed.deliver(raw, shop.user, sender=sender)
                else:
                    mail_bed.send_from_outside(raw, shop.user, sender=sender)
                wait_until(lambda n=number: reader.count("status:open") == n, f"mail {number}")  # type: ignore[misc]  # mypy cannot infer a lambda's default
                waits.append(time.monotonic() - begun)
            print(f"IDLE mails={len(waits)} slowest={max(waits):.2f}s median={sorted(waits)[len(waits) // 2]:.2f}s")
            assert max(waits) < 2.0

            (summary,) = answers(shop.run("sync", "--once", "--json"))
            assert (summary["account"], summary["error"]) == ("mail", None)
            sending = shop.reply(reader.page("status:open")[0].id, "ได้รับแล้วค่ะ")
            begun = time.monotonic()
            wait_until(lambda: customer.maildir.files(), "the answer")
            print(f"REPLY in the customer's mailbox after {time.monotonic() - begun:.2f}s")
            wait_until(lambda: [(r.uid, r.state) for r in shop.rows()] == [(sending.outbox_uid, "sent")], "the end")

            mail_bed.stop_dovecot()
            try:
                wait_until(lambda: shop.status().state == "unreachable", "the account to say that it is offline")
                assert shop.status().error
                assert (shop.status().next_try_at or 0) > 0
            finally:
                mail_bed.start_dovecot()
            mail_bed.deliver(
                mails.customer_mail(7, sender, shop.user.address, at=now(), tag="idle"), shop.user, sender=sender
            )
            begun = time.monotonic()
            wait_until(lambda: reader.count("status:open") == 7, "the mail after the restart", timeout=40)
            print(f"IDLE after a restart of the server: {time.monotonic() - begun:.1f}s")
            wait_until(lambda: shop.status().live and shop.status().state == "ok", "the push connection", timeout=40)
        except BaseException:
            print(shop.log()[-3000:], shop.status())
            raise
        finally:
            end(worker)


def test_a_renumbered_mailbox_brings_nothing_twice(mail_bed: MailBed, tmp_path: Path) -> None:
    customer = mail_bed.customer("renumbered")
    with Shop(mail_bed, tmp_path, "support-renumbered") as shop:
        made = [raw for _, raw in mails.mixed(300, shop.user.address, first_at=now() - 30_000, step=60)]
        mail_bed.seed(shop.user, "INBOX", made, received_at=now() - 30_000)
        raw = mails.customer_mail(1, customer.address, shop.user.address, at=now(), tag="renumbered")
        mail_bed.deliver(raw, shop.user, sender=customer.address)
        shop.once()
        conversation = next(row.id for row in shop.queue() if row.customer_name == "สมชาย ใจดี")
        shop.reply(conversation, "ได้ค่ะ")
        wait_until(lambda: shop.once() and shop.rows()[0].state == "sent", "the answer to leave")
        before = [(row.id, row.status, row.message_seq, row.unread) for row in shop.queue()]

        mail_bed.stop_dovecot()
        for folder in (shop.user.maildir.folder(), shop.user.maildir.folder("Sent")):
            for path in folder.glob("dovecot*"):
                path.unlink()
        for path in shop.user.maildir.files()[:50]:
            path.unlink()
        mail_bed.start_dovecot()
        summary = shop.once()["mail"]
        print(f"RENUMBERED {summary}")
        assert (summary.new, summary.quarantined, summary.error) == (0, 0, "")
        assert summary.pulled == summary.duplicates == 252
        assert [(row.id, row.status, row.message_seq, row.unread) for row in shop.queue()] == before
        assert shop.once()["mail"].pulled == 0


def test_one_broken_account_keeps_no_other_from_its_mail(mail_bed: MailBed, tmp_path: Path) -> None:
    with Shop(mail_bed, tmp_path, "support-good") as shop:
        foreign = tmp_path / "foreign.pem"
        foreign.write_bytes(make_certificates(tmp_path / "other").ca.read_bytes())
        others = {name: mail_bed.user(f"support-{name}") for name in ("locked", "dead", "foreign")}
        shop.accounts["locked"] = shop.account(others["locked"], password="wrong")
        shop.accounts["dead"] = shop.account(others["dead"], imap={"port": 1})
        shop.accounts["foreign"] = shop.account(others["foreign"], ca_file=str(foreign))
        shop.write_config()
        for user in (shop.user, *others.values()):
            mail_bed.deliver(mails.customer_mail(1, "x@customer.test", user.address, at=now(), tag=user.address), user)
        found = {one["account"]: one for one in answers(shop.run("sync", "--once", "--json"), 3)}
        assert (found["mail"]["new"], found["mail"]["error"]) == (1, None)
        for name, word in (("locked", "password"), ("dead", "refuses connections"), ("foreign", "ca_file")):
            assert word in found[name]["error"], found[name]
            row = shop.status(name)
            assert row.error == found[name]["error"]
            assert row.next_try_at is not None and row.next_try_at > SystemClock().now() - 5_000
        assert {name: shop.status(name).state for name in others} == {
            "locked": "auth",
            "dead": "unreachable",
            "foreign": "unreachable",
        }
        shop.accounts["locked"] = shop.account(others["locked"])
        shop.write_config()
        shop.once()
        assert (shop.status("locked").state, shop.status("locked").error) == ("ok", "")
