"""What is measured: the console on demo data, and the floor and the peer it is compared with."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from email.header import Header
from email.utils import formatdate
from importlib.resources import files
from pathlib import Path

from bench.pty import Marker
from tests.beds.maildir import Maildir

BIN = Path(sys.executable).parent
CSCONSOLE = BIN / "csconsole"
OUT = Path(__file__).resolve().parent / "out"
PEER_LIMIT = 20_000
"""Mails in the peer's mailbox at most: what a cursor move costs does not depend on more."""


@dataclass(frozen=True)
class Subject:
    """A full-screen program.

    Attributes:
        name: in the table.
        argv: how it is started.
        marker: what shows that its rows are painted.
        leave: the key that ends it.
        env: variables it gets.
    """

    name: str
    argv: tuple[str, ...]
    marker: Marker
    leave: bytes = b"q"
    env: dict[str, str] = field(default_factory=dict)


def bare() -> Subject:
    """Returns the bare Textual application."""
    return Subject("bare Textual", (sys.executable, "-m", "bench.bare"), Marker(re.compile("READY")))


def demo_directory(conversations: int) -> Path:
    """Returns a data directory with a still demo account of that size, kept until the schema changes."""
    directory = OUT / f"data-{conversations}"
    finished = directory / ".built"
    schema = files("csconsole.store").joinpath("schema.sql").read_text("utf-8")
    if not finished.exists() or finished.read_text("utf-8") != schema:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        print(f"building {conversations:,} conversations in {directory.name} (once)", flush=True)
        command = ["demo", "--build-only", "--still", "--conversations", str(conversations)]
        subprocess.run([CSCONSOLE, "--data-dir", directory, *command], check=True, stdout=subprocess.DEVNULL)
        finished.write_text(schema, "utf-8")
    return directory


def rows(directory: Path, limit: int) -> list[dict[str, object]]:
    """Returns conversations of a data directory as ``csconsole list --json`` prints them, waiting ones first."""
    done = subprocess.run(
        [CSCONSOLE, "--data-dir", directory, "list", "status:open", "--limit", str(limit), "--json"],
        check=True,
        capture_output=True,
    )
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def customer_name(row: dict[str, object]) -> str:
    """Returns the customer's name of a listed conversation."""
    customer = row["customer"]
    assert isinstance(customer, dict)
    return str(customer["name"])


def console(conversations: int) -> Subject:
    """Returns the console on demo data; its rows are painted when three customers' names are on the screen."""
    directory = demo_directory(conversations)
    names = sorted({customer_name(row)[:6] for row in rows(directory, 500)} - {""})
    return Subject(
        f"csconsole {conversations:,}",
        (str(CSCONSOLE), "--data-dir", str(directory)),
        Marker(re.compile("|".join(map(re.escape, names))), min(3, len(names))),
    )


def neomutt(conversations: int) -> Subject | None:
    """Returns neomutt on a mailbox with the demo's own customers and subjects, or None when it is not installed."""
    program = shutil.which("neomutt")
    if program is None:
        return None
    size = min(conversations, PEER_LIMIT)
    directory = OUT / f"peer-{size}"
    finished = directory / ".built"
    if not finished.exists():
        shutil.rmtree(directory, ignore_errors=True)
        listed = rows(demo_directory(conversations), 1000)
        texts = [(customer_name(row), str(row.get("subject") or row.get("preview") or "")) for row in listed]
        Maildir(directory / "mail", None).add(
            "INBOX", (_mail(number, *texts[number % len(texts)]) for number in range(size)), flags="S"
        )
        finished.touch()
    config = directory / "muttrc"
    config.write_text(
        f'set mbox_type=Maildir\nset folder="{directory}"\nset spoolfile="{directory}/mail"\n'
        "set sort=reverse-date\nset charset=utf-8\nset quit=yes\nset read_inc=0\nset mail_check=3600\nunset help\n"
        f'set header_cache="{directory}/headers"\n'
    )
    # neomutt's index lines start with a number that is padded to the left.
    marker = Marker(re.compile(rf"Msgs:{size}\b"))
    return Subject(f"neomutt {size:,}", (program, "-n", "-F", str(config)), marker)


def _mail(number: int, name: str, subject: str) -> bytes:
    encoded = Header(name, "utf-8", maxlinelen=10_000).encode()
    title = Header(subject[:60].replace("\n", " "), "utf-8", maxlinelen=10_000).encode()
    return (
        f"From: {encoded} <c{number}@customer.test>\nTo: support@shop.test\nSubject: {title}\n"
        f"Date: {formatdate(1_700_000_000 + 60 * number)}\nMessage-ID: <m{number}@customer.test>\n\nbody\n"
    ).encode("ascii")
