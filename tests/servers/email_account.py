"""An e-mail account on the mail bed, and the ways tests drive it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from csconsole.clock import FixedClock
from csconsole.connectors.base import AccountContext, Page, PageKind
from csconsole.connectors.email.connector import EmailConnector
from csconsole.connectors.email.settings import Settings
from csconsole.domain.events import MessageEvent
from csconsole.domain.sending import Bubble, OutboundItem
from csconsole.domain.settings import Endpoint, Secret
from tests.beds.mail import MailBed, MailUser

NOW = 1_790_000_000_000


def raw_mail(number: int, subject: str = "สอบถาม", to: str = "support@shop.test", body: str = "สวัสดีค่ะ") -> bytes:
    lines = [
        "From: =?utf-8?b?4Liq4Lih4LiK4Liy4Lii?= <somchai@customer.test>",
        f"To: {to}",
        f"Subject: {subject} {number}",
        f"Message-ID: <m{number}.{subject.encode().hex()[:12]}@customer.test>",
        "Date: Fri, 20 Nov 2026 10:00:00 +0700",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        body,
        "",
    ]
    return "\r\n".join(lines).encode()


def account(bed: MailBed, user: MailUser, tmp_path: Path, **changes: Any) -> AccountContext:
    """An account over TLS with the bed's authority; ``imap``, ``smtp`` and settings can be replaced."""
    secret = tmp_path / f"{user.address}.secret"
    secret.touch(0o600)
    secret.write_text(user.password, "utf-8")
    password = Secret(file=str(secret))
    ends: dict[str, Any] = {"host": "localhost", "user": user.address, "password": password}
    imap = {**ends, "port": bed.imaps_port, **changes.pop("imap", {})}
    smtp_changes = changes.pop("smtp", None)
    smtp = {**ends, "port": 1, "tls": "starttls"} if smtp_changes is None else {**ends, **smtp_changes}
    settings = Settings(
        address=user.address,
        imap=Endpoint(**imap),
        smtp=Endpoint(**smtp),
        **{"ca_file": str(bed.ca_file), **changes},
    )
    return AccountContext(name="mail", connector="email", settings=settings, data_dir=str(tmp_path))


def plain_smtp(port: int) -> dict[str, Any]:
    """Settings of an SMTP server without TLS and login, so that a proxy can read along."""
    return {"host": "127.0.0.1", "port": port, "tls": "none", "user": "", "password": None}


def plain_imap(port: int) -> dict[str, Any]:
    """Settings of an IMAP server without TLS."""
    return {"host": "127.0.0.1", "port": port, "tls": "none"}


@asynccontextmanager
async def connected(context: AccountContext) -> AsyncIterator[EmailConnector]:
    connector = EmailConnector(context, FixedClock(NOW))
    try:
        yield connector
    finally:
        await connector.close()


async def pull_all(connector: EmailConnector, cursor: str = "") -> tuple[list[Page], str]:
    """Pulls until nothing is left."""
    pages = []
    while True:
        page = await connector.pull(cursor)
        pages.append(page)
        cursor = page.next
        if not page.more:
            return pages, cursor


def read(pages: list[Page], context: AccountContext, kind: PageKind | None = None) -> list[MessageEvent]:
    return [
        event
        for page in pages
        if kind is None or page.kind == kind
        for item in page.items
        for event in EmailConnector.normalise(item, context)
        if isinstance(event, MessageEvent)
    ]


def answer(key: str, to: str, **changes: Any) -> OutboundItem:
    fields: dict[str, Any] = {
        "uid": "01JTESTOUTBOX" + key.strip("<>").partition("@")[0].upper().replace(".", "").replace("-", ""),
        "attempt": 1,
        "key": key,
        "to": (to,),
        "subject": "สอบถาม",
        "bubbles": (Bubble("b1", "สวัสดีครับ ของส่งแล้วครับ"),),
        "reply_to": ("<m1@customer.test>",),
        "created_at": NOW,
    }
    return OutboundItem(**{**fields, **changes})


class Phases:
    """Remembers the phases a send committed; can refuse one."""

    def __init__(self, refuse: str = "") -> None:
        self.seen: list[str] = []
        self._refuse = refuse

    async def __call__(self, name: str) -> None:
        if name == self._refuse:
            raise RuntimeError("the disk is full")
        self.seen.append(name)


async def until(probe: Callable[[], bool], what: str, timeout: float = 20.0) -> None:
    """Waits, giving the loop its turn, until ``probe`` is true."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    while not probe():
        if loop.time() > deadline:
            raise TimeoutError(f"gave up waiting for {what}")
        await asyncio.sleep(0.005)
