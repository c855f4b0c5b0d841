"""A shop on the mail bed: its mailbox, its data directory with a configuration, and the program run on it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from csconsole.clock import SystemClock
from csconsole.config.loader import load
from csconsole.config.model import Config
from csconsole.connectors.registry import settings_type
from csconsole.domain.conversation import QueueRow
from csconsole.domain.message import Message
from csconsole.paths import DataDir
from csconsole.services.desk import Desk
from csconsole.services.finding import open_conversation
from csconsole.services.replies import Sending, send_reply
from csconsole.services.views import QueueReader
from csconsole.store import outbox
from csconsole.store.accounts import AccountRow, account_by_name
from csconsole.store.database import Store
from csconsole.store.locks import FileLock
from csconsole.store.outbox import OutboxRow
from csconsole.sync import worker
from csconsole.sync.summary import Summary
from tests.beds.mail import MailBed, MailUser

ROOT = Path(__file__).resolve().parents[2]
EVERY = "status:open,pending,on_hold,snoozed,resolved,closed,spam"
WORKER = ("-m", "csconsole.sync.worker")
LONGEST_RUN = 90.0
"""Seconds after which a run that should have ended counts as hanging."""


class Shop:
    """One shop; use it as a context manager.

    Args:
        bed: the servers.
        root: an empty directory for secrets and data.
        name: local part of the mailbox's address.
        imap: settings of the IMAP server that differ from TLS with the bed's authority.
        smtp: the same for submission.
        settings: further keys of the account.
    """

    def __init__(
        self,
        bed: MailBed,
        root: Path,
        name: str,
        *,
        imap: Mapping[str, Any] | None = None,
        smtp: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        self.bed = bed
        self.user = bed.user(name)
        self.data = DataDir(root / "data").ensure()
        self.config_file = self.data.root / "config.toml"
        self._secrets = root
        self._stack = ExitStack()
        self._desk: Desk | None = None
        self.accounts = {"mail": self.account(self.user, imap=imap, smtp=smtp, **settings)}
        self.write_config()

    def __enter__(self) -> Shop:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    # Configuration

    def account(
        self,
        user: MailUser,
        *,
        password: str | None = None,
        imap: Mapping[str, Any] | None = None,
        smtp: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> dict[str, Any]:
        """The keys of an account that reads and sends as ``user``, its password in a file of its own."""
        secret = self._secrets / f"{user.address}.secret"
        secret.touch(0o600)
        secret.write_text((user.password if password is None else password) + "\n", "utf-8")
        login = {"host": "localhost", "user": user.address, "password": {"file": str(secret)}}
        return {
            "connector": "email",
            "address": user.address,
            "ca_file": str(self.bed.ca_file),
            "imap": {**login, "port": self.bed.imaps_port, **(imap or {})},
            "smtp": {**login, "port": self.bed.submission_port, "tls": "starttls", **(smtp or {})},
            **settings,
        }

    def write_config(self, *further: str) -> None:
        """Writes ``config.toml`` from :attr:`accounts`, with further lines before them."""
        lines = [*further, "[agent]", 'name = "nok"', 'display_name = "นก"', 'language = "en"']
        for name, keys in self.accounts.items():
            lines += ["", "[[accounts]]", f'name = "{name}"']
            lines += [f"{key} = {_toml(value)}" for key, value in keys.items()]
        self.config_file.touch(0o600)
        self.config_file.write_text("\n".join(lines) + "\n", "utf-8")

    @property
    def config(self) -> Config:
        """The configuration as the program reads it."""
        return load(self.config_file, settings_type)

    # The agent

    @property
    def desk(self) -> Desk:
        """The agent's place; opened once."""
        if self._desk is None:
            store = Store(self.data.root)
            self._stack.callback(store.close)
            self._desk = Desk.open(store, self.config, SystemClock())
        return self._desk

    def queue(self, query: str = EVERY, limit: int = 100_000) -> list[QueueRow]:
        """Conversations of a query."""
        return QueueReader(self.desk).page(query, limit=limit)

    def transcript(self, conversation_id: int) -> list[Message]:
        """The messages of a conversation, oldest first."""
        return open_conversation(self.desk, conversation_id).messages

    def reply(self, conversation_id: int, text: str, **options: Any) -> Sending:
        """Answers without a hold."""
        return send_reply(self.desk, conversation_id, text, now=True, **options)

    def rows(self) -> list[OutboxRow]:
        """The outbox, oldest first."""
        return outbox.listing(self.desk.store, limit=100_000)[::-1]

    def status(self, name: str = "mail") -> AccountRow:
        """An account as the console shows it."""
        row = account_by_name(self.desk.store, name)
        assert row is not None, f"there is no account {name}"
        return row

    # The program

    def once(self, *names: str) -> dict[str, Summary]:
        """One round in this process, or by the worker that runs."""
        return {one.account: one for one in worker.once(self.config, self.data, names=names or None)}

    def run(self, *arguments: str, input: str = "") -> subprocess.CompletedProcess[str]:
        """Runs a command of the program to its end."""
        return subprocess.run(
            [sys.executable, "-m", "csconsole", "--data-dir", str(self.data.root), *arguments],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            input=input,
            capture_output=True,
            text=True,
            timeout=LONGEST_RUN,
        )

    def start_worker(self, *, crash_at: str = "", program: Sequence[str] = WORKER) -> subprocess.Popen[bytes]:
        """Starts a sync worker as a console does; it ends by itself once nothing is due.

        Args:
            crash_at: where it shall be killed, see :mod:`csconsole.crashpoints`.
            program: what Python runs.
        """
        process = subprocess.Popen(
            [sys.executable, *program, str(self.data.root), str(self.config_file)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT), "CSCONSOLE_CRASH_AT": crash_at},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._stack.callback(end, process)
        return process

    def once_by(self, program: Sequence[str]) -> None:
        """One round by another program than ours, see :mod:`tests.faults.mutants`."""
        command = [sys.executable, *program, str(self.data.root), str(self.config_file), "once"]
        subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True, timeout=LONGEST_RUN)

    def run_worker(self, *, crash_at: str = "", program: Sequence[str] = WORKER) -> int:
        """Runs a worker to its end; returns its exit code (-9 when it was killed)."""
        process = self.start_worker(crash_at=crash_at, program=program)
        return process.wait(LONGEST_RUN)

    @contextmanager
    def console(self) -> Iterator[None]:
        """A console that is open: workers stay while it lives."""
        lock = FileLock(self.data.lock("console"))
        lock.acquire(shared=True)
        try:
            yield
        finally:
            lock.close()

    def log(self) -> str:
        """The program's log, for a failure message."""
        return self.data.log_file.read_text("utf-8", "replace") if self.data.log_file.exists() else ""


def end(process: subprocess.Popen[bytes], number: int = signal.SIGKILL) -> None:
    """Ends a process that was started here, unless it has ended, and waits for it."""
    if process.poll() is None:
        process.send_signal(number)
    process.wait(LONGEST_RUN)


def plain(port: int, *, login: bool = True) -> dict[str, Any]:
    """Settings of a server without TLS, so that a proxy can read along."""
    return {"host": "127.0.0.1", "port": port, "tls": "none", **({} if login else {"user": None, "password": None})}


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items() if one is not None) + " }"
    return json.dumps(value, ensure_ascii=False)
