"""The real program, run as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPT = Path(sys.executable).with_name("csconsole")


@dataclass(frozen=True)
class Done:
    """A run that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Program:
    """The program on one data directory."""

    data: Path

    def __call__(self, *arguments: str, input: str = "", env: dict[str, str] | None = None) -> Done:
        """Runs it with ``--data-dir`` in front; the environment is empty but for a home of its own."""
        return run("--data-dir", str(self.data), *arguments, input=input, env=env, home=self.data.parent)

    def ok(self, *arguments: str, **options: Any) -> Done:
        done = self(*arguments, **options)
        assert done.code == 0, done.err
        return done

    def json(self, *arguments: str, **options: Any) -> Any:
        return self.ok(*arguments, "--json", **options).json

    def show(self, conversation: str) -> Any:
        return self.json("show", conversation)


def run(
    *arguments: str, input: str = "", env: dict[str, str] | None = None, home: Path | None = None, stdout: Any = None
) -> Done:
    """Runs the installed console script."""
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(home or os.environ["HOME"]), "LANG": "C.UTF-8"}
    done = subprocess.run(
        [str(SCRIPT), *arguments],
        input=input.encode(),
        stdout=stdout if stdout is not None else subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment | (env or {}),
        timeout=120,
        check=False,
    )
    return Done(done.returncode, (done.stdout or b"").decode(), done.stderr.decode())


def config_of(*accounts: str, more: str = "") -> str:
    """A configuration with demo accounts given as ``name`` or ``name: further TOML lines``."""
    blocks = [f'[agent]\nname = "nok"\nlanguage = "en"\n{more}\n']
    for account in accounts:
        name, _, rest = account.partition(":")
        blocks.append(f'[[accounts]]\nname = "{name}"\nconnector = "demo"\nstill = true\n{rest}\n')
    return "\n".join(blocks)


MAIL = """
[agent]
name = "nok"
language = "en"

[[accounts]]
name = "mail"
connector = "email"
address = "care@shop.example"
imap = { host = "127.0.0.1", port = 1, tls = "none" }
smtp = { host = "127.0.0.1", port = 1, tls = "none" }
"""
"""A configuration with a mailbox nobody serves: for everything that needs no network."""


def eml(number: int, subject: str, body: str, *, sender: str = "Ann <ann@example.com>") -> bytes:
    """A mail as bytes, in UTF-8 without encoding words (RFC 6532)."""
    return (
        f"From: {sender}\r\nTo: care@shop.example\r\nSubject: {subject}\r\nMessage-ID: <m{number}@example.com>\r\n"
        f"Date: Mon, 02 Nov 2026 10:{number % 60:02d}:00 +0700\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: 8bit\r\n\r\n{body}\r\n"
    ).encode()
