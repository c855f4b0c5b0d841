"""A private Dovecot: IMAP, IMAPS and LMTP on free loopback ports, its own users, nothing of the system touched."""

from __future__ import annotations

import contextlib
import getpass
import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.beds.certs import Certificates
from tests.beds.needs import program
from tests.beds.waiting import free_ports, wait_for_greeting, wait_until

CONFIG = """
base_dir = {run}
state_dir = {run}
log_path = {log}
protocols = imap lmtp
listen = 127.0.0.1
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
default_process_limit = 100
first_valid_uid = 1
first_valid_gid = 1
mail_uid = {uid}
mail_gid = {gid}
mail_home = {home}/%d/%n
mail_location = maildir:~/Maildir
mail_fsync = never
mail_plugins =
auth_mechanisms = plain login{mechanisms}
auth_username_format = %Lu
auth_failure_delay = 0
disable_plaintext_auth = no
recipient_delimiter = +
postmaster_address = postmaster@shop.test
mail_attachment_detection_options = add-flags
{oauth}passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {users}/%u
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/%d/%n
}}
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
service imap-login {{
  {chroot}
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
  {chroot}
}}
service stats {{
  {chroot}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
}}
service auth {{
  inet_listener {{
    address = 127.0.0.1
    port = {auth_port}
  }}
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    special_use = \\Sent
    auto = subscribe
  }}
  mailbox Archive {{
    special_use = \\Archive
    auto = subscribe
  }}
  mailbox Junk {{
    special_use = \\Junk
    auto = subscribe
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = subscribe
  }}
}}
protocol imap {{
  mail_max_userip_connections = 100
  imap_idle_notify_interval = 29 mins
}}
"""


OAUTH_PASSDB = """passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {settings}
}}
"""
OAUTH_SETTINGS = """
introspection_url = {url}?token=
introspection_mode = get
username_attribute = username
active_attribute = active
active_value = true
tokeninfo_url =
use_grant_password = no
"""


@dataclass(frozen=True)
class Ports:
    """Where it listens, all on 127.0.0.1."""

    imap: int
    imaps: int
    lmtp: int
    auth: int


class Dovecot:
    """The server and its files.

    As root it runs as Debian's Dovecot does (its own users, mail owned by ``nobody``); otherwise everything
    runs as the present user, without the login processes' chroot.

    Args:
        directory: an existing directory of its own that other users may enter; short, since it holds sockets.
        certificates: what TLS answers with.
        introspection_url: where tokens are looked up (RFC 7662); "" for logins by password only.
    """

    def __init__(self, directory: Path, certificates: Certificates, *, introspection_url: str = "") -> None:
        self._introspection_url = introspection_url
        self._program = program("dovecot", "dovecot-imapd dovecot-lmtpd")
        self._doveadm = program("doveadm", "dovecot-imapd dovecot-lmtpd")
        program("/usr/lib/dovecot/lmtp", "dovecot-lmtpd")
        self.directory = directory
        self.home = directory / "home"
        self.log = directory / "dovecot.log"
        self.users = directory / "users"
        self._config = directory / "dovecot.conf"
        self._certificates = certificates
        self._process: subprocess.Popen[bytes] | None = None
        as_root = os.geteuid() == 0
        account = pwd.getpwnam("nobody") if as_root else pwd.getpwuid(os.geteuid())
        self.owner = (account.pw_uid, account.pw_gid)
        self.home.mkdir()
        self.users.mkdir()
        if as_root:
            os.chown(self.home, *self.owner)
        self.ports = self._configure(as_root)

    def _configure(self, as_root: bool) -> Ports:
        ports = Ports(*free_ports(4))
        me = getpass.getuser()
        gid_name = "dovecot" if as_root else _group_name()
        oauth = self.directory / "oauth2.conf"
        if self._introspection_url:
            oauth.write_text(OAUTH_SETTINGS.format(url=self._introspection_url))
            oauth.chmod(0o644)
        self._config.write_text(
            CONFIG.format(
                mechanisms=" xoauth2 oauthbearer" if self._introspection_url else "",
                oauth=OAUTH_PASSDB.format(settings=oauth) if self._introspection_url else "",
                run=self.directory / "run",
                log=self.log,
                internal="dovecot" if as_root else me,
                internal_group=gid_name,
                login="dovenull" if as_root else me,
                chroot="" if as_root else "chroot =",
                uid=self.owner[0],
                gid=self.owner[1],
                home=self.home,
                users=self.users,
                cert=self._certificates.cert,
                key=self._certificates.key,
                imap_port=ports.imap,
                imaps_port=ports.imaps,
                lmtp_port=ports.lmtp,
                auth_port=ports.auth,
            )
        )
        return ports

    def start(self) -> None:
        """Starts it and waits until IMAP and LMTP greet; does nothing when it runs."""
        if self._process is not None:
            return
        self._process = subprocess.Popen(
            [self._program, "-F", "-c", str(self._config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self.directory / "dovecot.err").open("ab"),
            start_new_session=True,
        )
        try:
            wait_until(self._listening, "Dovecot to listen")
            wait_for_greeting(self.ports.imap, b"* OK", "Dovecot's IMAP greeting")
            wait_for_greeting(self.ports.lmtp, b"220 ", "Dovecot's LMTP greeting")
        except (TimeoutError, RuntimeError) as error:
            raise RuntimeError(f"Dovecot did not start ({error})\n{self.trouble()}") from error

    def _listening(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"exit status {self._process.returncode}")
        return (self.directory / "run" / "master.pid").exists()

    def set_password(self, address: str, password: str) -> None:
        """Makes a login or gives it another password; it holds from the next attempt on.

        Each login has a file of its own: Dovecot looks at most once a second for changes of a file it knows.
        """
        path = self.users / address
        changed = path.exists()
        fresh = path.with_name(path.name + ".new")
        fresh.write_text(f"{address}:{{PLAIN}}{password}\n")
        fresh.chmod(0o644)  # Dovecot reads it as a user of its own, whatever the umask
        fresh.replace(path)
        if changed and self._process is not None:
            test = [self._doveadm, "-c", str(self._config), "auth", "test", address, password]
            wait_until(
                lambda: subprocess.run(test, capture_output=True, timeout=30).returncode == 0,
                f"Dovecot to learn the new password of {address}",
            )

    def trouble(self) -> str:
        """Returns the end of the log and of standard error, for a failure message."""
        texts = [
            path.read_text(errors="replace")[-2000:]
            for path in (self.log, self.directory / "dovecot.err")
            if path.exists()
        ]
        return "\n".join(texts)

    def stop(self) -> None:
        """Stops it and all its connections; does nothing when it does not run."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=15)
        with contextlib.suppress(ProcessLookupError):  # processes that serve an open mailbox outlive their master
            os.killpg(self._process.pid, 9)
        self._process = None


def _group_name() -> str:
    import grp

    return grp.getgrgid(os.getegid()).gr_name
