"""From a real mailbox into the store and back out: the whole way in and out, parsing children included."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from csconsole.clock import SystemClock
from csconsole.config.model import AccountConfig, AgentConfig, Config
from csconsole.paths import DataDir
from csconsole.services import replies
from csconsole.services.desk import Desk
from csconsole.store.database import Store
from csconsole.sync.engine import Engine
from csconsole.sync.summary import Summary
from tests.beds.mail import MailBed, MailUser
from tests.servers.email_account import raw_mail
from tests.unit.email.test_normalise import BOUNCE, REPORT


class Shop:
    """A data directory with one real mailbox."""

    def __init__(self, bed: MailBed, user: MailUser, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.touch(0o600)
        secret.write_text(user.password, "utf-8")
        login = {"host": "localhost", "user": user.address, "password": {"file": str(secret)}}
        settings = {
            "address": user.address,
            "imap": {**login, "port": bed.imaps_port},
            "smtp": {**login, "port": bed.submission_port, "tls": "starttls"},
            "ca_file": str(bed.ca_file),
        }
        account = AccountConfig(name="mail", connector="email", settings=settings)
        self.config = Config(agent=AgentConfig(name="nok"), accounts=[account])
        self.data = DataDir(tmp_path / "data").ensure()
        self.clock = SystemClock()
        self.store = Store(self.data.root)

    async def once(self) -> Summary:
        engine = Engine(self.config, self.data, self.clock, store=self.store)
        try:
            await engine.open()
            return (await engine.run_once())[0]
        finally:
            await engine.close()

    def desk(self) -> Desk:
        return Desk.open(self.store, self.config, self.clock)

    def one(self, sql: str, *values: Any) -> Any:
        row = self.store.read_one(sql, values)
        return row[0] if row is not None and len(row) == 1 else row


@pytest.fixture
def shop_user(mail_bed: MailBed, request: pytest.FixtureRequest) -> MailUser:
    return mail_bed.user("e2e" + str(abs(hash(request.node.name)) % 10_000))


@pytest.fixture
def shop(mail_bed: MailBed, shop_user: MailUser, tmp_path: Path) -> Iterator[Shop]:
    made = Shop(mail_bed, shop_user, tmp_path)
    yield made
    made.store.close()


async def test_question_answer_and_answer_to_the_answer_are_one_conversation(
    mail_bed: MailBed, shop: Shop, shop_user: MailUser
) -> None:
    customer = mail_bed.customer("somchai")
    assert (await shop.once()).error in (None, "")
    mail_bed.deliver(raw_mail(1, to=shop_user.address), shop_user)
    summary = await shop.once()
    assert (summary.new, summary.quarantined) == (1, 0)
    conversation, status, subject = shop.one("select id, status, subject from conversation")
    assert (status, subject) == ("open", "สอบถาม 1")

    replies.send_reply(shop.desk(), conversation, "ส่งแล้วครับ", now=True)
    assert (await shop.once()).sent == 1
    key = shop.one("select r.remote_id from remote_ref r where r.kind = 'marker' and r.remote_id like '<csc.%'")
    (accepted,) = mail_bed.accepted(key)
    assert accepted.recipients == {customer.address: "sent"}

    again = raw_mail(2, "Re", to=shop_user.address).replace(
        b"MIME-Version", f"In-Reply-To: {key}\r\nMIME-Version".encode(), 1
    )
    mail_bed.deliver(again, shop_user)
    await shop.once()
    rows = shop.store.read("select direction, conversation_id from message order by seq")
    assert [tuple(row) for row in rows] == [("in", conversation), ("out", conversation), ("in", conversation)]

    bounce = BOUNCE.replace("<csc.1@shop.test>", key).format(action="failed", original="message/rfc822")
    mail_bed.deliver((REPORT + "\n\n" + bounce).encode(), shop_user)
    await shop.once()
    assert shop.one("select delivery from message where direction = 'out'") == "failed"


async def test_a_renumbered_mailbox_brings_nothing_twice(mail_bed: MailBed, shop: Shop, shop_user: MailUser) -> None:
    mail_bed.seed(shop_user, "INBOX", [raw_mail(n) for n in range(1, 8)])
    assert (await shop.once()).new == 7
    for path in shop_user.maildir.folder().glob("dovecot*"):
        path.unlink()
    (shop_user.maildir.folder() / "dovecot-uidlist").write_text("3 V1800000001 N8 G0123456789abcdef0123456789abcdef\n")
    summary = await shop.once()
    assert (summary.new, summary.duplicates, summary.quarantined) == (0, 7, 0)
    assert shop.one("select count(*) from message") == 7
