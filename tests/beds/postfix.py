"""A private Postfix on free loopback ports that hands all mail to the bed's Dovecot and can send nothing outside."""

from __future__ import annotations

import os
import pwd
import re
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.beds.certs import Certificates
from tests.beds.needs import SYSTEM_PATH, missing, program
from tests.beds.waiting import free_ports, wait_for_greeting, wait_until

MAIN = """
compatibility_level = 3.6
config_directory = {base}/etc
queue_directory = {base}/spool
data_directory = {base}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = /usr/lib/postfix
meta_directory = /etc/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = {base}/log/mail.log
maillog_file_prefixes = {base}
myhostname = mail.shop.test
mydomain = shop.test
myorigin = shop.test
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
enable_long_queue_ids = yes
smtputf8_enable = yes
smtputf8_autodetect_classes = sendmail
message_size_limit = 26214400
recipient_delimiter = +
virtual_mailbox_domains = {domains}
virtual_mailbox_maps = static:ok
virtual_transport = lmtp:inet:127.0.0.1:{lmtp_port}
default_transport = error:5.7.1 this server sends nothing outside
relay_transport = error:5.7.1 this server sends nothing outside
local_transport = error:5.7.1 this server has no local users
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions =
  check_recipient_access inline:{{
    {{ {refused} = 550 5.1.1 no such mailbox }},
    {{ {deferred} = 450 4.2.0 try again later }}
  }}
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{auth_port}
smtpd_sasl_auth_enable = yes
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
in_flow_delay = 0
alias_maps =
alias_database =
local_recipient_maps =
"""

MASTER = """
127.0.0.1:{smtp_port} inet n - n - - smtpd
127.0.0.1:{submission_port} inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_tls_auth_only=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
127.0.0.1:{smtps_port} inet n - n - - smtpd
  -o syslog_name=postfix/smtps
  -o smtpd_tls_wrappermode=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
showq unix n - n - - showq
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

_LINE = re.compile(r" postfix(?:/\w+)?/(\w+)\[\d+\]: ([0-9A-Za-z]{6,}): (.*)$")
_FIELD = re.compile(r"(?:^|, )([a-z-]+)=<([^>]*)>")


@dataclass
class Accepted:
    """One message Postfix answered 250 for and put into its queue.

    Attributes:
        queue_id: Postfix's long queue id, never used twice.
        message_id: the Message-ID header with its angle brackets, empty when it had none.
        sender: the envelope sender.
        recipients: delivery status by envelope recipient, the last one logged: sent, deferred or bounced.
    """

    queue_id: str
    message_id: str = ""
    sender: str = ""
    recipients: dict[str, str] = field(default_factory=dict)


class Postfix:
    """The server and its files; needs root, as Postfix does.

    Args:
        directory: an existing directory of its own that other users may enter; short, since it holds sockets.
        certificates: what TLS answers with.
        domains: mail domains that go to Dovecot; every other one is refused or bounces.
        lmtp_port: Dovecot's LMTP.
        auth_port: Dovecot's authentication service.
    """

    refused_address = "nobody-here@customer.test"
    """A recipient answered with 550 at RCPT."""
    deferred_address = "greylisted@customer.test"
    """A recipient answered with 450 at RCPT."""

    def __init__(
        self,
        directory: Path,
        certificates: Certificates,
        domains: tuple[str, ...],
        lmtp_port: int,
        auth_port: int,
    ) -> None:
        self._program = program("postfix", "postfix")
        if os.geteuid() != 0:
            missing("Postfix runs only as root: run these tests as root")
        self.directory = directory
        self.log = directory / "log" / "mail.log"
        self.smtp_port, self.submission_port, self.smtps_port = free_ports(3)
        for name in ("etc", "spool", "data", "log"):
            (directory / name).mkdir()
        os.chown(directory / "data", pwd.getpwnam("postfix").pw_uid, -1)
        (directory / "etc" / "main.cf").write_text(
            MAIN.format(
                base=directory,
                domains=", ".join(domains),
                lmtp_port=lmtp_port,
                auth_port=auth_port,
                cert=certificates.cert,
                key=certificates.key,
                refused=self.refused_address,
                deferred=self.deferred_address,
            )
        )
        (directory / "etc" / "master.cf").write_text(
            MASTER.format(smtp_port=self.smtp_port, submission_port=self.submission_port, smtps_port=self.smtps_port)
        )
        self._running = False

    def _control(self, action: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [self._program, "-c", str(self.directory / "etc"), action],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            env={"PATH": SYSTEM_PATH, "LANG": "C"},
        )

    def start(self) -> None:
        """Starts it and waits for its SMTP greeting; does nothing when it runs."""
        if self._running:
            return
        done = self._control("start")
        if done.returncode != 0:
            raise RuntimeError(f"Postfix did not start: {done.stderr.decode(errors='replace')}\n{self.trouble()}")
        self._running = True
        try:
            wait_for_greeting(self.smtp_port, b"220 ", "Postfix's greeting")
            wait_for_greeting(self.submission_port, b"220 ", "Postfix's greeting for submission")
        except TimeoutError as error:
            raise RuntimeError(f"Postfix did not answer ({error})\n{self.trouble()}") from error

    def stop(self) -> None:
        """Stops it and all its connections; does nothing when it does not run."""
        if self._running:
            self._control("stop")
            # A process that served a connection holds the listening socket until it, too, has ended.
            for port in (self.smtp_port, self.submission_port, self.smtps_port):
                wait_until(lambda port=port: not _listens(port), f"port {port} to close")  # type: ignore[misc]
            self._running = False

    def trouble(self) -> str:
        """Returns the end of the mail log, for a failure message."""
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""

    def accepted(self) -> list[Accepted]:
        """Returns every message it took responsibility for, in order, bounces of its own among them.

        A message that was cut off inside DATA has lines in the log too; only the queue manager's ``queue
        active`` says that the 250 was given.
        """
        seen: dict[str, Accepted] = {}
        queued: dict[str, None] = {}
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        for line in text.splitlines():
            match = _LINE.search(line)
            if match is None:
                continue
            daemon, queue_id, rest = match.groups()
            fields = dict(_FIELD.findall(rest))
            message = seen.setdefault(queue_id, Accepted(queue_id))
            if daemon == "cleanup" and "message-id" in fields:
                message.message_id = f"<{fields['message-id']}>"
            elif daemon == "qmgr" and rest.endswith("(queue active)"):
                message.sender = fields.get("from", "")
                queued[queue_id] = None
            elif "to" in fields and (status := re.search(r"status=(\w+)", rest)):
                message.recipients[fields["to"]] = status.group(1)
        return [seen[queue_id] for queue_id in queued]


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True
