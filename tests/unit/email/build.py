"""Small helpers to write mails down and read the events made of them."""

from __future__ import annotations

from csconsole.connectors.base import AccountContext, RawItem
from csconsole.connectors.email.connector import EmailConnector
from csconsole.connectors.email.settings import Settings
from csconsole.domain.events import MessageEvent
from csconsole.domain.settings import Endpoint

AT = 1_790_000_000_000
SETTINGS = Settings(
    address="support@shop.test",
    aliases=("sales@shop.test",),
    from_name="ร้านค้า",
    imap=Endpoint(host="localhost", port=993),
    smtp=Endpoint(host="localhost", port=587, tls="starttls"),
)
ACCOUNT = AccountContext(name="mail", connector="email", settings=SETTINGS)


def mail(head: str, body: bytes | str = "", charset: str = "utf-8") -> bytes:
    """A mail of header lines and a body, with CRLF line ends in the head."""
    lines = "\r\n".join(line for line in head.strip("\n").split("\n"))
    return lines.encode(charset) + b"\r\n\r\n" + (body.encode(charset) if isinstance(body, str) else body)


def item(raw: bytes, **meta: object) -> RawItem:
    return RawItem(remote_id="INBOX;7;42", kind="rfc822", raw=raw, received_at=AT, meta=meta)


def events(raw: bytes, **meta: object) -> list[object]:
    return list(EmailConnector.normalise(item(raw, **meta), ACCOUNT))


def message(raw: bytes, **meta: object) -> MessageEvent:
    """The one message of a mail."""
    found = [one for one in events(raw, **meta) if isinstance(one, MessageEvent)]
    assert len(found) == 1
    return found[0]
