"""The contract, kept by e-mail against a real Dovecot and Postfix; customers' mailboxes are the judge."""

from __future__ import annotations

import email
import email.policy
import itertools
from pathlib import Path
from typing import Any

import pytest

from csconsole.clock import FixedClock, SystemClock
from csconsole.config.model import AccountConfig
from tests.beds.mail import MailBed
from tests.beds.proxy import FaultProxy
from tests.beds.waiting import wait_until
from tests.connectors.contract import ConnectorContract, ContractBed

_names = itertools.count(1)

CUSTOMERS = 3


class EmailBed(ContractBed):
    """A mailbox of its own, customers of its own, and a proxy before the submission server."""

    faults = frozenset({"lost", "refuse", "unreachable", "duplicate"})

    def __init__(self, bed: MailBed, proxy: FaultProxy, root: Path, settings: dict[str, Any]) -> None:
        self.bed = bed
        self.proxy = proxy.forward(bed.smtp_port)
        self.root = root
        self.settings = settings
        # The servers stamp mail with the machine's time.
        self.clock = FixedClock(SystemClock().now())
        self.number = next(_names)
        self.shop = bed.user(f"contract{self.number}")
        self.people = [bed.customer(f"contract{self.number}-{n}") for n in range(CUSTOMERS)]
        self.fault = ""

    def account(self, fault: str = "") -> AccountConfig:
        self.fault = fault
        if fault == "lost":
            self.proxy.cut("to_client", after=rb"^250 2\.0\.0 Ok: queued", swallow=True)
        if fault == "unreachable":
            self.proxy.cut("to_server", after=rb"^MAIL", swallow=True)
        secret = self.root / f"{self.shop.address}.secret"
        secret.touch(0o600)
        secret.write_text(self.shop.password)
        settings = {
            "address": self.shop.address,
            "ca_file": str(self.bed.ca_file),
            "imap": {
                "host": "localhost",
                "port": self.bed.imaps_port,
                "user": self.shop.address,
                "password": {"file": str(secret)},
            },
            "smtp": {"host": "127.0.0.1", "port": self.proxy.port, "tls": "none"},
            **self.settings,
        }
        return AccountConfig(name="mail", connector="email", settings=settings)

    def customers_write(self) -> None:
        for n, person in enumerate(self.people):
            sender = self.bed.postfix.refused_address if self.fault == "refuse" else person.address
            raw = (
                f"From: Customer {n} <{sender}>\r\nTo: {self.shop.address}\r\nSubject: question {n}\r\n"
                f"Message-ID: <c{self.number}.{n}@customer.test>\r\nDate: Fri, 20 Nov 2026 10:00:0{n} +0700\r\n"
                f"Content-Type: text/plain; charset=utf-8\r\n\r\nสอบถามค่ะ {n}\r\n"
            ).encode()
            for _ in range(2 if self.fault == "duplicate" else 1):
                self.bed.deliver(raw, self.shop, sender=sender)

    def received(self, text: str, expected: int) -> int:
        def count() -> int:
            mails = [raw for person in self.people for raw in self.bed.mailbox(person)]
            return sum(text in _body(raw) for raw in mails)

        if expected:
            wait_until(lambda: count() >= expected, f"{expected} mails with {text}")
        return count()


def _body(raw: bytes) -> str:
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    part = mail.get_body(("plain",))
    return str(part.get_content()) if part is not None else ""


@pytest.mark.servers
@pytest.mark.parametrize("bed", [{}, {"echo_to_self": True}], ids=["plain", "echo"], indirect=True)
class TestEmail(ConnectorContract):
    @pytest.fixture
    def bed(
        self, request: pytest.FixtureRequest, mail_bed: MailBed, fault_proxy: FaultProxy, tmp_path: Path
    ) -> EmailBed:
        return EmailBed(mail_bed, fault_proxy, tmp_path, request.param)
