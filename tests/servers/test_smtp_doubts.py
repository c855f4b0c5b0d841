"""Answers handed to a submission server that fails in every way: delivered once, or ``uncertain`` in words that say
what to do. The ledger of the scripted server is the oracle; the mailbox is a real Dovecot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from csconsole.clock import FixedClock, SystemClock
from csconsole.config.model import AccountConfig, AgentConfig, Config
from csconsole.domain.letter import Letter
from csconsole.errors import RefusedError
from csconsole.paths import DataDir
from csconsole.services import letters, outbox_acts, replies
from csconsole.services.desk import Desk
from csconsole.store import outbox
from csconsole.store.database import Store
from csconsole.store.outbox import OutboxRow
from csconsole.sync.engine import Engine
from csconsole.sync.waiting import Waiting
from tests.beds.mail import MailBed, MailUser
from tests.beds.scripted_smtp import CUT, Script, ScriptedSmtp, scripted_smtp
from tests.servers.email_account import raw_mail, until


class Hurried(Waiting):
    """Waits no longer than it takes to move the clock on."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock

    async def until(self, event: Any, seconds: float) -> bool:
        self.clock.advance(round(seconds * 1000))
        return bool(event.is_set())


class Desktop:
    """A mailbox with one question in it, answered through the scripted server."""

    def __init__(self, bed: MailBed, user: MailUser, smtp: ScriptedSmtp, root: Path, **settings: Any) -> None:
        self.smtp, self.user = smtp, user
        secret = root / "secret"
        secret.touch(0o600)
        secret.write_text(user.password, "utf-8")
        imap = {
            "host": "localhost",
            "port": bed.imaps_port,
            "user": user.address,
            "password": {"file": str(secret)},
            "ca_file": str(bed.ca_file),
        }
        account = AccountConfig(
            name="mail",
            connector="email",
            settings={
                "address": user.address,
                "imap": imap,
                "smtp": {"host": "127.0.0.1", "port": smtp.port, "tls": "none"},
                **settings,
            },
        )
        self.config = Config(agent=AgentConfig(name="nok"), accounts=[account])
        self.data = DataDir(root / "data").ensure()
        self.clock = FixedClock(SystemClock().now())
        self.store = Store(self.data.root)

    @property
    def desk(self) -> Desk:
        return Desk.open(self.store, self.config, self.clock)

    async def once(self) -> None:
        engine = Engine(self.config, self.data, self.clock, store=self.store, waiting=Hurried(self.clock))
        try:
            await engine.open()
            await engine.run_once()
        finally:
            await engine.close()

    async def asked(self) -> int:
        await self.once()
        (row,) = self.store.read("select id from conversation")
        return int(row[0])

    async def until_settled(self, rounds: int = 12) -> OutboxRow:
        """Goes on, minutes passing, until the answer has an end."""
        for _ in range(rounds):
            await self.once()
            row = self.row()
            if row.state in {"sent", "failed", "uncertain"}:
                return row
            self.clock.advance(120_000)
        return self.row()

    def row(self) -> OutboxRow:
        return outbox.listing(self.store)[0]


@pytest.fixture
def smtp() -> Iterator[ScriptedSmtp]:
    with scripted_smtp() as bed:
        yield bed


@pytest.fixture
def user(mail_bed: MailBed, request: pytest.FixtureRequest) -> MailUser:
    made = mail_bed.user(f"doubt{abs(hash(request.node.name)) % 100_000}")
    mail_bed.seed(made, "INBOX", [raw_mail(1, to=made.address)], received_at=SystemClock().now() // 1000 - 60)
    return made


ONCE: dict[str, list[Script]] = {
    "4xx greeting of the mail": [Script({"MAIL": "451 4.3.0 try later"})],
    "4xx of the recipient": [Script({"RCPT": "450 4.2.1 greylisted"})] * 2,
    "421 in between": [Script({"RCPT": "421 4.3.2 shutting down"})],
    "4xx of DATA": [Script({"DATA": "451 4.3.0 no"})],
    "4xx after the dot": [Script({".": "452 4.3.1 no space"})],
    "cut at MAIL": [Script({"MAIL": CUT})],
    "cut at RCPT": [Script({"RCPT": CUT})] * 2,
}


@pytest.mark.parametrize("name", list(ONCE))
async def test_what_was_certainly_not_taken_goes_again_and_arrives_once(
    mail_bed: MailBed, user: MailUser, smtp: ScriptedSmtp, tmp_path: Path, name: str
) -> None:
    desktop = Desktop(mail_bed, user, smtp, tmp_path)
    conversation = await desktop.asked()
    smtp.scripts = list(ONCE[name])
    replies.send_reply(desktop.desk, conversation, "คำตอบค่ะ", now=True)
    row = await desktop.until_settled()
    assert row.state == "sent", row.reason
    assert [one.message_id for one in smtp.ledger] == [row.key]
    assert row.attempts == len(ONCE[name]) + 1
    assert len(mail_bed.mailbox(user, "Sent")) == 1


REFUSED = {
    "recipient": (Script({"RCPT": "550 5.1.1 no such user"}), "no such user"),
    "sender": (Script({"MAIL": "553 5.7.1 not yours"}), "not yours"),
    "content": (Script({".": "554 5.7.1 spam"}), "spam"),
    "basic login is over": (Script({"MAIL": "550 5.7.30 Basic authentication is not supported"}), "5.7.30"),
}


@pytest.mark.parametrize("name", list(REFUSED))
async def test_what_is_refused_for_good_fails_with_the_servers_words(
    mail_bed: MailBed, user: MailUser, smtp: ScriptedSmtp, tmp_path: Path, name: str
) -> None:
    desktop = Desktop(mail_bed, user, smtp, tmp_path)
    conversation = await desktop.asked()
    script, words = REFUSED[name]
    smtp.scripts = [script]
    replies.send_reply(desktop.desk, conversation, "คำตอบค่ะ", now=True)
    row = await desktop.until_settled()
    assert (row.state, smtp.ledger) == ("failed", [])
    assert words in row.reason and "127.0.0.1" in row.reason
    assert mail_bed.mailbox(user, "Sent") == []


async def test_one_recipient_refused_sends_to_nobody_and_names_them(
    mail_bed: MailBed, user: MailUser, smtp: ScriptedSmtp, tmp_path: Path
) -> None:
    desktop = Desktop(mail_bed, user, smtp, tmp_path)
    conversation = await desktop.asked()
    smtp.scripts = [Script({"RCPT gone@": "550 5.1.1 unknown"})]
    letter = Letter(cc=("Boss <boss@customer.test>", "gone@customer.test"))
    replies.send_reply(desktop.desk, conversation, "คำตอบค่ะ", now=True, letter=letter)
    row = await desktop.until_settled()
    assert row.state == "failed" and "gone@customer.test" in row.reason
    assert smtp.ledger == []
    outbox_acts.cancel(desktop.desk, row.uid)
    replies.send_reply(desktop.desk, conversation, "อีกครั้ง", now=True, letter=Letter(cc=("boss@customer.test",)))
    assert (await desktop.until_settled()).state == "sent"
    assert smtp.ledger[0].recipients == ["somchai@customer.test", "boss@customer.test"]


LOST = {
    "taken, then cut": Script({".": CUT}, keeps=True),
    "not taken, cut after the dot": Script({".": CUT}),
    "cut in the middle": Script(cut_inside=40),
    "an answer that is none": Script({".": "999 what"}, keeps=True),
}


@pytest.mark.parametrize("name", list(LOST))
async def test_a_lost_answer_is_never_sent_again_by_itself(
    mail_bed: MailBed, user: MailUser, smtp: ScriptedSmtp, tmp_path: Path, name: str
) -> None:
    desktop = Desktop(mail_bed, user, smtp, tmp_path)
    conversation = await desktop.asked()
    smtp.scripts = [LOST[name]]
    replies.send_reply(desktop.desk, conversation, "คำตอบค่ะ", now=True)
    row = await desktop.until_settled()
    assert row.state == "uncertain"
    assert "look whether it arrived" in row.reason
    assert len(smtp.ledger) == int(LOST[name].keeps)
    desktop.clock.advance(3_600_000)
    await desktop.once()
    assert len(smtp.ledger) == int(LOST[name].keeps)
    outbox_acts.settle(desktop.desk, row.uid, LOST[name].keeps)
    if not LOST[name].keeps:
        outbox_acts.retry(desktop.desk, row.uid)
    assert (await desktop.until_settled()).state == "sent"
    assert [one.message_id for one in smtp.ledger] == [row.key]
    await desktop.once()
    assert len(mail_bed.mailbox(user, "Sent")) == 1


@pytest.mark.parametrize("name", list(LOST))
async def test_where_the_server_keeps_sent_a_lost_answer_is_looked_up(
    mail_bed: MailBed, user: MailUser, smtp: ScriptedSmtp, tmp_path: Path, name: str
) -> None:
    """The scripted server files its copies as Gmail does: what it accepted lies in Sent."""
    desktop = Desktop(mail_bed, user, smtp, tmp_path, sent_copy="server")
    conversation = await desktop.asked()
    mail_bed.seed(user, "Sent", [])
    smtp.on_accept = lambda one: user.maildir.add("Sent", [one.raw], received_at=SystemClock().now() // 1000)
    smtp.scripts = [LOST[name]]
    replies.send_reply(desktop.desk, conversation, "คำตอบค่ะ", now=True)
    row = await desktop.until_settled()
    assert row.state == "sent", row.reason
    assert [one.message_id for one in smtp.ledger] == [row.key]


async def test_the_size_limit_is_known_before_anything_is_sent(
    mail_bed: MailBed, user: MailUser, smtp: ScriptedSmtp, tmp_path: Path
) -> None:
    desktop = Desktop(mail_bed, user, smtp, tmp_path)
    engine = Engine(desktop.config, desktop.data, desktop.clock, store=desktop.store)
    await engine.open()
    account = engine.accounts["mail"]
    await account.puller.pull()
    hints = account.connector.watch()
    await anext(hints)
    await until(lambda: account.connector.capabilities.size_limit == 1_000_000, "the limit to be asked for")
    await account.round()
    await engine.close()
    await hints.aclose()  # type: ignore[attr-defined]  # it is a generator
    (conversation,) = desktop.store.read_one("select id from conversation") or (0,)
    big = tmp_path / "รูปใหญ่.bin"
    big.write_bytes(bytes(900_000))
    files = letters.attach(desktop.desk, [big])
    with pytest.raises(RefusedError, match=r"1\.2 MB.*1\.0 MB"):
        replies.send_reply(desktop.desk, conversation, "แนบรูปค่ะ", now=True, letter=Letter(files=files))
    assert outbox.listing(desktop.store) == [] and smtp.ledger == []


async def test_delivery_reports_are_asked_for_only_where_they_are_offered(
    mail_bed: MailBed, user: MailUser, smtp: ScriptedSmtp, tmp_path: Path
) -> None:
    desktop = Desktop(mail_bed, user, smtp, tmp_path)
    conversation = await desktop.asked()
    replies.send_reply(desktop.desk, conversation, "หนึ่ง", now=True)
    await desktop.until_settled()
    assert any("RET=HDRS" in one for one in smtp.commands) and any("NOTIFY=FAILURE" in one for one in smtp.commands)
    smtp.commands.clear()
    smtp.offers = ["8BITMIME"]
    replies.send_reply(desktop.desk, conversation, "สอง", now=True)
    await desktop.until_settled()
    assert len(smtp.ledger) == 2
    assert not any(word in one for one in smtp.commands for word in ("RET=", "NOTIFY=", "SIZE="))


async def test_a_copy_that_could_not_be_filed_comes_later_and_once(
    mail_bed: MailBed, user: MailUser, smtp: ScriptedSmtp, tmp_path: Path
) -> None:
    desktop = Desktop(mail_bed, user, smtp, tmp_path, sent_folder="Archive/ส่งแล้ว")
    mail_bed.seed(user, "Archive/ส่งแล้ว", [])
    conversation = await desktop.asked()
    replies.send_reply(desktop.desk, conversation, "คำตอบค่ะ", now=True)
    await desktop.once()
    row = desktop.row()
    assert row.state == "sent"
    assert len(mail_bed.mailbox(user, "Archive/ส่งแล้ว")) == 1
    with desktop.store.transaction(desktop.clock.now()) as tx:  # as if the program had died before it could note it
        tx.execute("update outbox set follow_up_at = ?", (desktop.clock.now(),))
    await desktop.once()
    assert len(mail_bed.mailbox(user, "Archive/ส่งแล้ว")) == 1
    assert desktop.store.read("select 1 from outbox where follow_up_at is not null") == []
