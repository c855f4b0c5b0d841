"""Secrets stay where they are kept: they reach the server they are for, and nothing that is shown, stored or listed."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from csconsole.domain.secret import hidden_forms
from tests.cli.program import Program

SECRET = "Zq9-s3cret/word+A"
"""Long enough to be searched for, with what URLs and base64 write differently."""


class EchoingServer:
    """An IMAP server that refuses every login and repeats what it was sent."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.heard = b""
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection, connection.makefile("rwb") as stream:
            stream.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
            stream.flush()
            for line in stream:
                self.heard += line
                tag, _, rest = line.strip().partition(b" ")
                while rest.endswith(b"}"):  # a literal (RFC 3501 section 7.5)
                    stream.write(b"+ go on\r\n")
                    stream.flush()
                    size = int(rest[rest.rindex(b"{") + 1 : -1].rstrip(b"+"))
                    literal = stream.read(size)
                    more = stream.readline()
                    self.heard += literal + more
                    rest = rest[: rest.rindex(b"{")] + literal + more.strip()
                word = rest.split(b" ")[0].upper()
                if word == b"CAPABILITY":
                    stream.write(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")
                elif word in (b"LOGIN", b"AUTHENTICATE"):
                    stream.write(tag + b" NO [AUTHENTICATIONFAILED] refused: " + rest + b"\r\n")
                else:
                    stream.write(tag + b" OK done\r\n")
                stream.flush()

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def server() -> Iterator[EchoingServer]:
    made = EchoingServer()
    yield made
    made.close()


def configured(root: Path, port: int, password: str) -> Program:
    data = root / "data"
    data.mkdir(mode=0o700)
    (data / "config.toml").write_text(
        '[agent]\nname = "nok"\nlanguage = "en"\n\n[[accounts]]\nname = "mail"\nconnector = "email"\n'
        'address = "care@shop.example"\n'
        f'imap = {{ host = "127.0.0.1", port = {port}, tls = "none", user = "care", password = {password} }}\n'
        f'smtp = {{ host = "127.0.0.1", port = {port}, tls = "none", user = "care", password = {password} }}\n',
        "utf-8",
    )
    return Program(data)


def sources(root: Path) -> dict[str, str]:
    """A reference of each kind to the secret."""
    kept = root / "kept"
    kept.write_text(SECRET + "\n", "utf-8")
    kept.chmod(0o600)
    return {
        "env": '{ env = "SHOP_PASSWORD" }',
        "file": f'{{ file = "{kept}" }}',
        "command": f'{{ command = "cat {kept}" }}',
    }


def holding(*roots: Path) -> list[str]:
    """Files that hold the secret in any form it may take."""
    forms = [form.encode("utf-8") for form in hidden_forms([SECRET])]
    return [
        str(path)
        for root in roots
        for path in root.rglob("*")
        if path.is_file()
        for f in forms
        if f in path.read_bytes()
    ]


@pytest.mark.parametrize("kind", ["env", "file", "command"])
def test_no_command_shows_or_stores_it(kind: str, server: EchoingServer, tmp_path: Path) -> None:
    """A server that repeats the password in its refusal cannot make us show it."""
    program = configured(tmp_path, server.port, sources(tmp_path)[kind])
    env = {"SHOP_PASSWORD": SECRET}
    shown = ""
    for command in (
        *(["config", "show"], ["config", "show", "--json"], ["config", "check"], ["doctor"], ["doctor", "--json"]),
        *(["sync", "--once"], ["sync", "--once", "--json"], ["list"], ["outbox"], ["config", "path"]),
    ):
        done = program(*command, env=env)
        assert done.code in (0, 3), (command, done)
        shown += done.out + done.err
    assert SECRET.encode() in server.heard or b"Zq9" in server.heard, "the server was never given it"
    assert "refused" in shown, "the refusal was never shown"
    assert "s3cret" not in shown
    assert not holding(program.data)
