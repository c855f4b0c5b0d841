"""A data directory filled the way strangers fill it: hostile payloads of a channel through the engine and its
parsing child, and hostile mail through ``csconsole import``. Nothing is written past a door that would clean it."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from csconsole.clock import MINUTE, SystemClock
from csconsole.config.loader import load
from csconsole.connectors.base import Connector, Page, RawItem
from csconsole.connectors.demo.connector import DemoConnector
from csconsole.connectors.registry import settings_type
from csconsole.paths import DataDir
from csconsole.store.database import Store
from csconsole.sync.engine import Engine
from tests.hostile.corpus import Entry

PROGRAM = Path(sys.executable).with_name("csconsole")
GROUP = 8
"""Texts in one conversation."""
_FAR = "." * 44
"""Keeps the mark behind a text out of the list's one line, so that it is seen only where the text is read."""

CONFIG = """
[agent]
name = "nok"
language = "{language}"

[[accounts]]
name = "chat"
connector = "demo"
channel = "line"
still = true

[[accounts]]
name = "mail"
connector = "email"
enabled = false
address = "care@shop.example"
imap = {{ host = "127.0.0.1", port = 1, tls = "none" }}
smtp = {{ host = "127.0.0.1", port = 1, tls = "none" }}
"""


class HostileChannel(DemoConnector):
    """The demo's channel, whose feed was written by an attacker."""

    feed: Sequence[bytes] = ()
    trouble: str = ""

    async def pull(self, cursor: str) -> Page:
        """The whole feed at once, then nothing more."""
        if self.trouble:
            from csconsole.errors import UnreachableError

            raise UnreachableError(self.trouble, provably_not_accepted=True)
        items = () if cursor else tuple(self.feed)
        now = self.clock.now()
        return Page(
            items=tuple(
                RawItem(remote_id=f"h{number}", kind="message", raw=raw, received_at=now - (len(items) - number))
                for number, raw in enumerate(items)
            ),
            next="read",
        )


def place_for(root: Path, language: str = "en") -> DataDir:
    """An empty data directory with its configuration."""
    place = DataDir(root).ensure()
    place.config.write_text(CONFIG.format(language=language), "utf-8")
    place.config.chmod(0o600)
    return place


def sync(place: DataDir, feed: Sequence[bytes], trouble: str = "") -> Any:
    """One round of the engine over a hostile feed; the parsing child is the real one.

    Returns:
        The round's summary.
    """
    kind = type("HostileChannel", (HostileChannel,), {"feed": feed, "trouble": trouble, "__module__": __name__})
    # The child loads the connector by its name: what it runs is the plain class of this module.
    kind.__qualname__ = "HostileChannel"

    def registry(name: str) -> type[Connector]:
        return kind

    async def run() -> Any:
        store = Store(place.root)
        config = load(place.config, settings_type)
        engine = Engine(config, place, SystemClock(), store=store, registry=registry)
        try:
            await engine.open()
            return await engine.round(["chat"])
        finally:
            await engine.close()
            store.close()

    return asyncio.run(run())


def import_mails(place: DataDir, mails: Sequence[bytes], folder: Path) -> dict[str, Any]:
    """Hostile mail through the command line; returns its answer."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, raw in enumerate(mails):
        (folder / f"{number:04}.eml").write_bytes(raw)
    done = subprocess.run(
        [PROGRAM, "--data-dir", place.root, "import", folder, "--account", "mail", "--json"],
        capture_output=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-2000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


# -- what strangers send -------------------------------------------------------------------------------------


def chats(texts: Sequence[Entry], now: int) -> list[bytes]:
    """Messages of a channel that carry every text in every place, with a mark beside each to know it by.

    ``zN<nn>`` stands in the preview of the conversation whose customer is called by text nn; ``zB<nn>`` in the line
    above text nn as a body, in groups of :data:`GROUP` to a conversation.
    """
    feed: list[dict[str, Any]] = []
    for number, entry in enumerate(texts):
        feed.append(_message(f"n{number}", f"zN{number:03}", entry.payload, now - MINUTE, tags=[entry.payload]))
    for first in range(0, len(texts), GROUP):
        group = texts[first : first + GROUP]
        for offset, entry in enumerate(group):
            number = first + offset
            message = _message(
                f"b{first}",
                f"zB{number:03}\n{entry.payload}\n{_FAR} zE{number:03}",
                f"Reader {first:03}",
                now - MINUTE // 2,
                attributes={one.payload: one.payload for one in group},
                message=f"m{number}",
            )
            message["attachments"] = [{"name": entry.payload, "mime": entry.payload, "bytes": number}]
            message["extra"] = {entry.payload: entry.payload}
            feed.append(message)
    return [json.dumps(message, ensure_ascii=True).encode() for message in feed]


def _message(
    thread: str,
    text: str,
    name: str,
    at: int,
    *,
    tags: Sequence[str] = (),
    attributes: dict[str, str] | None = None,
    message: str = "1",
) -> dict[str, Any]:
    return {
        "type": "message",
        "id": f"{thread}:{message}",
        "thread": thread,
        "at": at,
        "author": {"kind": "customer", "name": name},
        "text": text,
        "customer": {
            "name": name,
            "call": name,
            "language": "th",
            "tags": list(tags),
            "attributes": attributes or {},
            "identities": [
                {"kind": "line_uid", "realm": "chat", "value": f"U{thread}", "display": name, "verified": True}
            ],
        },
    }


def mails(texts: Sequence[Entry]) -> list[bytes]:
    """One mail for each text: it is the subject, the sender's name, the body and the name of a file."""
    return [_mail(number, entry.payload) for number, entry in enumerate(texts)]


def _mail(number: int, text: str) -> bytes:
    name = _word(f"zS{number:03} {text}")
    body = base64.encodebytes(f"zM{number:03}\n{text}\n{_FAR} zT{number:03}\n".encode("utf-8", "replace")).decode()
    file = quote(text.encode("utf-8", "replace"), safe="")
    return (
        f"From: {name} <h{number}@evil.test>\r\nTo: care@shop.example\r\nSubject: {_word(text)}\r\n"
        f"Message-ID: <h{number}@evil.test>\r\nDate: Fri, 27 Nov 2026 10:{number % 60:02}:00 +0700\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=zz\r\n\r\n"
        f"--zz\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}\r\n"
        "--zz\r\nContent-Type: application/pdf\r\n"
        f"Content-Disposition: attachment; filename*=utf-8''{file}\r\n\r\nx\r\n--zz--\r\n"
    ).encode("ascii")


def _word(text: str) -> str:
    """A header as encoded words (RFC 2047), so that any text survives the way."""
    encoded = base64.b64encode(text.encode("utf-8", "replace")).decode()
    return f"=?utf-8?b?{encoded}?=" if text else ""


__all__ = ["chats", "import_mails", "mails", "place_for", "sync"]
