"""I2 and I3: a first sync of a real mailbox beside mbsync, and looking for news beside reading all flags."""

from __future__ import annotations

import asyncio
import imaplib
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.results import Result, interleaved
from bench.subjects import CSCONSOLE
from bench.writes import scratch
from tests.beds.mail import MailBed, MailUser
from tests.servers.email_account import account, connected, plain_imap, pull_all

MAILS = 2_000
LOOKS = 30


@dataclass(frozen=True)
class Box:
    """A mailbox on a real Dovecot."""

    bed: MailBed
    user: MailUser

    @property
    def port(self) -> int:
        """Where IMAP without TLS listens."""
        return self.bed.dovecot.ports.imap


@contextmanager
def mailbox(mails: int) -> Iterator[Box]:
    """A Dovecot with so many mails in one inbox."""
    with MailBed() as bed:
        user = bed.user("support")
        user.maildir.add("INBOX", (_mail(number) for number in range(mails)))
        box = Box(bed, user)
        with _logged_in(box) as client:
            client.uid("fetch", "1:*", "(FLAGS)")  # Dovecot makes its index for everybody
        yield box


def _mail(number: int) -> bytes:
    body = "สวัสดีค่ะ สอบถามเรื่องสินค้าที่สั่งไปเมื่อวานค่ะ ยังไม่ได้รับเลยค่ะ\n" * (1 + number % 8)
    head = (
        f"From: customer{number % 997} <c{number % 997}@customer.test>\nTo: support@shop.test\n"
        f"Subject: =?utf-8?b?4Liq4Lit4Lia4LiW4Liy4Lih?= {number}\nMessage-ID: <b{number}@customer.test>\n"
        f"Date: Fri, 20 Nov 2026 {number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d} +0700\n"
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
    )
    return (head + body).replace("\n", "\r\n").encode()


@contextmanager
def _logged_in(box: Box) -> Iterator[imaplib.IMAP4]:
    client = imaplib.IMAP4("127.0.0.1", box.port)
    try:
        client.login(box.user.address, box.user.password)
        client.select("INBOX", readonly=True)
        yield client
    finally:
        client.logout()


def config_for(data: Path, box: Box) -> None:
    """Adds the mailbox to a data directory's configuration."""
    secret = data / "mail.secret"
    secret.touch(0o600)
    secret.write_text(box.user.password, "utf-8")
    config = data / "config.toml"
    before = config.read_text("utf-8") if config.exists() else '[agent]\nname = "nok"\nlanguage = "th"\n'
    config.write_text(
        f'{before}\n[[accounts]]\nname = "bench-mail"\nconnector = "email"\naddress = "{box.user.address}"\n'
        f'imap = {{ host = "127.0.0.1", port = {box.port}, tls = "none", user = "{box.user.address}",'
        f' password = {{ file = "{secret}" }} }}\nsmtp = {{ host = "127.0.0.1", port = 9, tls = "none" }}\n',
        "utf-8",
    )


def ours(box: Box) -> float:
    """Mails a second from nothing: the whole command, its start included."""
    with scratch() as place:
        config_for(place, box)
        begin = time.perf_counter()
        done = subprocess.run(
            [CSCONSOLE, "--data-dir", place, "sync", "--once", "--json"], capture_output=True, text=True, check=True
        )
        spent = time.perf_counter() - begin
    new = sum(row["new"] for row in json.loads(done.stdout))
    if new != MAILS:
        raise RuntimeError(f"{new} of {MAILS} mails came: {done.stdout} {done.stderr}")
    return MAILS / spent


def mbsync(box: Box) -> float:
    """The same by mbsync into a Maildir."""
    program = shutil.which("mbsync")
    assert program is not None
    with scratch() as place:
        (place / "mail").mkdir()
        config = place / "mbsyncrc"
        config.write_text(
            f"IMAPAccount a\nHost 127.0.0.1\nPort {box.port}\nUser {box.user.address}\nPass {box.user.password}\n"
            "SSLType None\nAuthMechs LOGIN\n\nIMAPStore far\nAccount a\n\n"
            f"MaildirStore near\nPath {place}/mail/\nInbox {place}/mail/INBOX\n\n"
            "Channel c\nFar :far:INBOX\nNear :near:INBOX\nCreate Near\nSync Pull\nSyncState *\n"
        )
        begin = time.perf_counter()
        subprocess.run([program, "-q", "-c", str(config), "c"], check=True, capture_output=True)
        spent = time.perf_counter() - begin
        came = sum(1 for _ in (place / "mail" / "INBOX").glob("[nc]*/*"))
    if came != MAILS:
        raise RuntimeError(f"mbsync fetched {came} of {MAILS} mails")
    return MAILS / spent


def measure(rounds: int) -> list[Result]:
    """I2 with both programs in turns, I3 on connections that stay open."""
    with mailbox(MAILS) as box:
        results = []
        if shutil.which("mbsync") is None:
            print("bench: I2 not measured: mbsync is not installed (apt-get install isync)")
        else:
            programs = {"ours": ours, "mbsync": mbsync}
            mine, peer = interleaved(min(rounds, 5), lambda name: programs[name](box), ["ours", "mbsync"])
            what = f"first sync of {MAILS:,} mails, mails/s / mbsync"
            results.append(Result("I2", what, median(mine), "/s", 3.0, median(peer), at_least=True))
        look, flags = asyncio.run(_looks(box))
        what = f"nothing new, open connection / all FLAGS of {MAILS:,}"
        return [*results, Result("I3", what, median(look), "ms", 0.02, median(flags), samples=len(look))]


async def _looks(box: Box) -> tuple[list[float], list[float]]:
    with scratch() as place:
        context = account(box.bed, box.user, place, imap=plain_imap(box.port))
        looks, flags = [], []
        async with connected(context) as connector:
            _, cursor = await pull_all(connector)
            with _logged_in(box) as client:
                for _ in range(LOOKS):
                    begin = time.perf_counter()
                    page = await connector.pull(cursor)
                    looks.append((time.perf_counter() - begin) * 1000)
                    if page.items:
                        raise RuntimeError("something came where nothing is new")
                    cursor = page.next
                    begin = time.perf_counter()
                    client.uid("fetch", "1:*", "(FLAGS)")
                    flags.append((time.perf_counter() - begin) * 1000)
        return looks, flags
