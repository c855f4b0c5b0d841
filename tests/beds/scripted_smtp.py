"""An SMTP server that does what no good one does, by a script, with a ledger of what it really accepted."""

from __future__ import annotations

import re
import socketserver
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

CUT = "cut"
"""In place of an answer: the connection ends without one."""


@dataclass
class Script:
    """What one connection does instead of the usual.

    Attributes:
        answers: by command (``EHLO``, ``MAIL``, ``RCPT``, ``DATA``) or ``.`` (after the final dot): the answer, or
            :data:`CUT`; ``RCPT <part>`` is for recipients that hold a part.
        keeps: whether the mail is accepted although the answer after the dot says otherwise.
        cut_inside: ends the connection after so many bytes of the mail.
    """

    answers: dict[str, str] = field(default_factory=dict)
    keeps: bool = False
    cut_inside: int = 0


@dataclass
class Accepted:
    """A mail in the ledger."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message_id(self) -> str:
        found = re.search(rb"(?im)^Message-ID:\s*(<[^>]+>)", self.raw)
        return found[1].decode() if found else ""


class ScriptedSmtp:
    """The server. Connections take their scripts in order; those after the last are well behaved.

    Attributes:
        port: where it listens.
        ledger: what was accepted.
        commands: everything that was said to it, without the mails.
        offers: extensions of its EHLO.
        takes: says whether an OAuth token is good; None: no login.
        on_accept: called with each mail as it is accepted (a server that files copies itself).
    """

    def __init__(self) -> None:
        self.scripts: list[Script] = []
        self.ledger: list[Accepted] = []
        self.commands: list[str] = []
        self.offers = ["SIZE 1000000", "8BITMIME", "DSN", "PIPELINING"]
        self.takes: Callable[[str], bool] | None = None
        self.on_accept: Callable[[Accepted], object] = lambda _: None
        self.port = 0
        self._lock = threading.Lock()

    def take(self) -> Script:
        with self._lock:
            return self.scripts.pop(0) if self.scripts else Script()


class _Handler(socketserver.StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        bed: ScriptedSmtp = self.server.bed
        script: Script | None = None
        sender, recipients = "", list[str]()
        self._say("220 scripted ESMTP")
        while line := self.rfile.readline().decode("utf-8", "replace").rstrip("\r\n"):
            bed.commands.append(line)
            verb = line.split(" ", 1)[0].upper()
            if verb == "MAIL":
                script = bed.take()  # a look at what the server offers takes no script
            told = self._scripted(script, verb, line) if script else None
            if told == CUT:
                return
            if told is not None:
                self._say(told)
                if verb == "DATA" and not told.startswith("354"):
                    continue
                if verb != "DATA":
                    continue
            elif verb == "EHLO":
                offers = [*bed.offers, *(["AUTH XOAUTH2 OAUTHBEARER"] if bed.takes else [])]
                self._say("\r\n".join(["250-scripted", *(f"250-{one}" for one in offers), "250 HELP"]))
            elif verb == "AUTH":
                self._login(bed, line)
            elif verb == "MAIL":
                sender, recipients = _address(line), []
                self._say("250 ok")
            elif verb == "RCPT":
                recipients.append(_address(line))
                self._say("250 ok")
            elif verb == "DATA":
                self._say("354 go on")
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")
            if verb == "DATA":
                if not self._data(bed, script or Script(), sender, recipients):
                    return
                script = None

    def _login(self, bed: ScriptedSmtp, line: str) -> None:
        """XOAUTH2: an error comes as a challenge that wants an empty answer."""
        words = b64decode(line.split(" ")[2]).decode()
        token = words.partition("Bearer ")[2].rstrip("\x01")
        if bed.takes is not None and bed.takes(token):
            self._say("235 2.7.0 welcome")
            return
        self._say("334 " + b64encode(b'{"status":"401","schemes":"bearer"}').decode())
        if self.rfile.readline() == b"\r\n":
            self._say("535 5.7.8 token refused")

    def _data(self, bed: ScriptedSmtp, script: Script, sender: str, recipients: list[str]) -> bool:
        raw = b""
        while True:
            line = self.rfile.readline()
            if not line:
                return False
            if line == b".\r\n":
                break
            raw += line[1:] if line.startswith(b".") else line
            if script.cut_inside and len(raw) >= script.cut_inside:
                return False
        told = script.answers.get(".", "250 2.0.0 queued")
        if told.startswith("250") or script.keeps:
            bed.ledger.append(Accepted(sender, list(recipients), raw))
            bed.on_accept(bed.ledger[-1])
        if told == CUT:
            return False
        self._say(told)
        return True

    @staticmethod
    def _scripted(script: Script, verb: str, line: str) -> str | None:
        for key, told in script.answers.items():
            name, _, part = key.partition(" ")
            if name == verb and name != "." and (not part or part in line):
                return told
        return None

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


def _address(line: str) -> str:
    found = re.search(r"<([^>]*)>", line)
    return found[1] if found else ""


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def scripted_smtp(prepare: Callable[[ScriptedSmtp], None] = lambda _: None) -> Iterator[ScriptedSmtp]:
    """The server, for as long as the context lasts."""
    bed = ScriptedSmtp()
    prepare(bed)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.bed = bed  # type: ignore[attr-defined]  # read by the handler
    bed.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield bed
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
