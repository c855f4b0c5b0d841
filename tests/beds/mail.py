"""The mail bed: a shop's mailbox and its customers' mailboxes on a real Dovecot and Postfix, read back from disk.

Two domains live here: ``shop.test`` (the desk) and ``customer.test`` (the world). A reply that Postfix
accepts lands in the customer's Maildir, which is the oracle of every delivery test; mail to any other domain
goes nowhere.
"""

from __future__ import annotations

import re
import shutil
import smtplib
import ssl
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tests.beds.certs import make_certificates
from tests.beds.dovecot import Dovecot
from tests.beds.maildir import Maildir
from tests.beds.postfix import Accepted, Postfix
from tests.beds.waiting import wait_until

SHOP = "shop.test"
CUSTOMERS = "customer.test"


@dataclass(frozen=True)
class MailUser:
    """An account of the bed: ``address`` is also the login name."""

    address: str
    password: str
    maildir: Maildir


class MailBed:
    """Real IMAP, LMTP and SMTP servers of one test session; use it as a context manager.

    Everything lies in one temporary directory and listens on free ports of 127.0.0.1, so that several beds
    can run beside each other. Without root there is Dovecot only: what needs :attr:`postfix` is skipped
    (fails under CI).

    Attributes:
        ca_file: the authority that signed the servers' certificate, valid for ``localhost`` and 127.0.0.1.
        refused_address: a recipient that SMTP answers with 550.
        deferred_address: a recipient that SMTP answers with 450.
    """

    refused_address = Postfix.refused_address
    deferred_address = Postfix.deferred_address

    def __init__(self) -> None:
        # The servers' own users must get in, which they cannot in the runner's private temporary directory.
        self._directory = Path(tempfile.mkdtemp(prefix="mailbed-"))
        self._directory.chmod(0o755)
        certificates = make_certificates(self._directory / "tls")
        self.ca_file = certificates.ca
        self._certificates = certificates
        (self._directory / "d").mkdir()
        self.dovecot = Dovecot(self._directory / "d", certificates)
        self._postfix: Postfix | None = None
        self._users: dict[str, MailUser] = {}

    def __enter__(self) -> MailBed:
        try:
            self.start_dovecot()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stops the servers and removes their files."""
        self.stop_postfix()
        self.stop_dovecot()
        shutil.rmtree(self._directory, ignore_errors=True)

    # Servers

    @property
    def postfix(self) -> Postfix:
        """The SMTP server, started when it is first asked for; needs root."""
        if self._postfix is None:
            directory = self._directory / "p"
            directory.mkdir(exist_ok=True)
            ports = self.dovecot.ports
            postfix = Postfix(directory, self._certificates, (SHOP, CUSTOMERS), ports.lmtp, ports.auth)
            postfix.start()
            self._postfix = postfix
        return self._postfix

    def start_dovecot(self) -> None:
        """Starts IMAP and LMTP, on the same ports as before."""
        self.dovecot.start()

    def stop_dovecot(self) -> None:
        """Stops IMAP and LMTP: connections break, new ones are refused."""
        self.dovecot.stop()

    def start_postfix(self) -> None:
        """Starts SMTP, on the same ports as before."""
        self.postfix.start()

    def stop_postfix(self) -> None:
        """Stops SMTP: connections break, new ones are refused; queued mail is kept."""
        if self._postfix is not None:
            self._postfix.stop()

    @property
    def imap_port(self) -> int:
        """IMAP with STARTTLS on offer; plain logins are allowed."""
        return self.dovecot.ports.imap

    @property
    def imaps_port(self) -> int:
        """IMAP over implicit TLS."""
        return self.dovecot.ports.imaps

    @property
    def lmtp_port(self) -> int:
        """Local delivery without authentication."""
        return self.dovecot.ports.lmtp

    @property
    def smtp_port(self) -> int:
        """SMTP as between servers: mail for both domains without authentication; STARTTLS and AUTH on offer."""
        return self.postfix.smtp_port

    @property
    def submission_port(self) -> int:
        """SMTP submission: STARTTLS first, then authentication, as on port 587."""
        return self.postfix.submission_port

    @property
    def smtps_port(self) -> int:
        """SMTP submission over implicit TLS, as on port 465."""
        return self.postfix.smtps_port

    def client_tls(self) -> ssl.SSLContext:
        """Returns a context that trusts exactly this bed's authority."""
        return ssl.create_default_context(cafile=str(self.ca_file))

    # Accounts and mail

    def user(self, name: str, password: str = "s3cret", *, domain: str = SHOP) -> MailUser:
        """Returns the account ``name@domain`` (or ``name`` when it holds an @), made when missing.

        An existing account keeps its mail and gets ``password``.
        """
        address = (name if "@" in name else f"{name}@{domain}").lower()
        local, _, host = address.partition("@")
        home = self.dovecot.home / host / local
        known = self._users.get(address)
        maildir = known.maildir if known else Maildir(home / "Maildir", self.dovecot.owner)
        if known is None:
            home.mkdir(parents=True)
            for directory in (home.parent, home):
                shutil.chown(directory, *self.dovecot.owner)
            maildir.create()
        user = MailUser(address, password, maildir)
        if self._users.get(address) != user:
            self.dovecot.set_password(address, password)
        self._users[address] = user
        return user

    def customer(self, name: str) -> MailUser:
        """Returns the customer ``name@customer.test``, made when missing."""
        return self.user(name, domain=CUSTOMERS)

    def deliver(self, raw: bytes, to: MailUser | str, *, sender: str = "someone@customer.test") -> None:
        """Delivers a mail by LMTP; once this returns, IMAP shows it.

        Args:
            raw: the mail as on the wire, UTF-8 headers allowed; bare line feeds become CRLF.
            to: the envelope recipient, whose account must exist.
            sender: the envelope sender.
        """
        address = to if isinstance(to, str) else to.address
        with smtplib.LMTP("127.0.0.1", self.lmtp_port, "localhost") as lmtp:
            lmtp.sendmail(sender, [address], _on_the_wire(raw))

    def send_from_outside(self, raw: bytes, to: MailUser | str, *, sender: str = "someone@customer.test") -> None:
        """Hands a mail to Postfix as another server would; it arrives a moment later."""
        address = to if isinstance(to, str) else to.address
        with smtplib.SMTP("127.0.0.1", self.smtp_port, "localhost", timeout=30) as smtp:
            smtp.sendmail(sender, [address], _on_the_wire(raw))

    def seed(
        self,
        user: MailUser,
        folder: str,
        messages: Iterable[bytes],
        *,
        received_at: int = 1_700_000_000,
        flags: str = "",
    ) -> int:
        """Fills a folder by writing files, thousands in a second; see :meth:`Maildir.add`."""
        return user.maildir.add(folder, messages, received_at=received_at, flags=flags)

    def mailbox(self, user: MailUser, folder: str = "INBOX") -> list[bytes]:
        """Returns the raw messages of a folder as they lie on disk, oldest delivery first."""
        return user.maildir.messages(folder)

    def wait_for_mail(self, user: MailUser, count: int = 1, folder: str = "INBOX") -> list[bytes]:
        """Returns the messages of a folder as soon as there are at least ``count``."""
        wait_until(
            lambda: len(user.maildir.files(folder)) >= count,
            f"{count} messages in {folder} of {user.address}",
        )
        return self.mailbox(user, folder)

    def postfix_log(self) -> list[Accepted]:
        """Returns what Postfix accepted so far, in order; empty while Postfix was never started."""
        return self._postfix.accepted() if self._postfix is not None else []

    def accepted(self, message_id: str, count: int = 1) -> list[Accepted]:
        """Returns what Postfix accepted under a Message-ID, after waiting for ``count`` and their final delivery.

        Args:
            message_id: with its angle brackets.
            count: how many there must be at least; 0 does not wait.
        """

        def found() -> list[Accepted]:
            return [entry for entry in self.postfix_log() if entry.message_id == message_id]

        def settled() -> bool:
            entries = found()
            done = all(e.recipients and "deferred" not in e.recipients.values() for e in entries)
            return len(entries) >= count and done

        if count:
            wait_until(settled, f"Postfix to accept and deliver {message_id}")
        return found()


def _on_the_wire(raw: bytes) -> bytes:
    return re.sub(rb"(?<!\r)\n", b"\r\n", raw)
