"""Secrets stay where they are kept: they reach the server they are for, and nothing that is shown, stored or listed."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from csconsole.domain.secret import hidden_forms
from tests.cli.program import SCRIPT, Program
from tests.pty.rawpty import RawPty

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


def test_a_secret_written_out_is_refused_and_not_repeated(tmp_path: Path) -> None:
    places = (
        f'[[accounts]]\nname = "m"\nconnector = "email"\nimap = {{ host = "h", password = "{SECRET}" }}\n',
        f'[[accounts]]\nname = "m"\nconnector = "email"\nchannel_secret = "{SECRET}"\n',
        f'[[accounts]]\nname = "m"\nconnector = "email"\nimap = {{ password = {{ env = "A", file = "{SECRET}" }} }}\n',
        f'[agent]\nname = "x"\npassword = "{SECRET}"\n',
        f'token = "{SECRET}"\n',
        f'[agent]\nname = "{SECRET}\n',
    )
    for place in places:
        data = tmp_path / "data"
        data.mkdir(mode=0o700, exist_ok=True)
        (data / "config.toml").write_text(place, "utf-8")
        program = Program(data)
        for command in (["config", "show"], ["config", "check"], ["config", "check", "--json"], ["doctor"], ["list"]):
            done = program(*command)
            assert done.code in (2, 4), (place, command, done)
            assert "s3cret" not in done.out + done.err


def test_the_editor_does_not_inherit_it(tmp_path: Path) -> None:
    program = configured(tmp_path, 1, '{ env = "SHOP_PASSWORD" }')
    program.ok("canned", "add", "hello", "--text", "Hello")
    editor = tmp_path / "editor"
    editor.write_text(f'#!/bin/sh\nenv > "{tmp_path}/seen"\n')
    editor.chmod(0o755)
    program.ok("canned", "edit", "hello", env={"SHOP_PASSWORD": SECRET, "EDITOR": str(editor), "LESS": "-R"})
    seen = (tmp_path / "seen").read_text("utf-8")
    assert "LESS=-R" in seen
    assert SECRET not in seen


def test_an_editor_is_no_shell(tmp_path: Path) -> None:
    program = configured(tmp_path, 1, '{ env = "SHOP_PASSWORD" }')
    program.ok("canned", "add", "hello", "--text", "Hello")
    bait = tmp_path / "bait"
    for attack in (f"true; touch {bait}", f"true $(touch {bait})", f"true & touch {bait}", f"true `touch {bait}`"):
        program("canned", "edit", "hello", env={"EDITOR": attack})
    assert not bait.exists()


@pytest.mark.pty
def test_tools_for_developers_get_no_screen(tmp_path: Path) -> None:
    """``TEXTUAL=devtools`` would send what is drawn to a port, ``TEXTUAL_LOG`` write it where others read."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    data = tmp_path / "data"
    subprocess.run([SCRIPT, "--data-dir", data, "demo", "--build-only"], check=True, capture_output=True, timeout=120)
    env = {
        "TEXTUAL": "devtools,debug",
        "TEXTUAL_LOG": str(tmp_path / "log"),
        "TEXTUAL_SCREENSHOT": "1",
        "TEXTUAL_SCREENSHOT_LOCATION": str(tmp_path / "shots"),
        "TEXTUAL_DEVTOOLS_HOST": "127.0.0.1",
        "TEXTUAL_DEVTOOLS_PORT": str(listener.getsockname()[1]),
    }
    with RawPty([SCRIPT, "--data-dir", data], env=env) as pty:
        pty.read_until(rb"[a-z]", timeout=40)
        pty.read(quiet=1.5, timeout=10)
        pty.write(b"q")
        assert pty.wait() == 0
    with pytest.raises(TimeoutError):
        listener.accept()
    listener.close()
    assert not (tmp_path / "log").exists()
    assert not (tmp_path / "shots").exists()
