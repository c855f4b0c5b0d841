"""The contract between csconsole and a channel, help desk or hub.

A connector sees ``domain``, ``text``, this module and ``connectors.http``, nothing else, so that a third
party can write and test one alone. It is asynchronous; a blocking library runs in ``asyncio.to_thread``.
It raises only the errors of :mod:`csconsole.errors`; policy reads ``retryable`` and
``provably_not_accepted``, never a status code.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from enum import StrEnum
from typing import Any

import msgspec

from csconsole.clock import Clock
from csconsole.domain.events import Event
from csconsole.domain.sending import OutboundItem, Receipt, SendClass, Settled
from csconsole.errors import UnsupportedError


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel can do, as data: policy and screens read it, no code asks for a connector by name.

    Attributes:
        inbound: how news arrives: poll | idle | webhook | feed.
        authority: ``local`` (status, assignee and tags are ours) or ``remote`` (theirs; ours are a view).
        send_class: class per send kind, e.g. ``{"reply": SendClass.LOOKUP}``; a kind missing here cannot
            be sent.
        text_limit: longest text of one bubble in ``text_unit`` (chars | utf16 | bytes | sms), 0 for none.
        max_bubbles: texts one call can carry (LINE: 5).
        reply_window: seconds after the customer's last message in which a reply is allowed, 0 for always.
        sees_outside_replies: False where colleagues can answer in the vendor's own app unseen by us; the
            stale-reply stop must then say that it cannot know.
        hints_tell_replies: hints of ``watch`` tell of answers given elsewhere too. False for IDLE, which watches the
            folder of incoming mail only: such an account is pulled before a send although the connection stands.
        write_back: fields we may change at the source: status, assignee, tags, priority, note.
        hold: seconds a message is held before it leaves, None for the configured default of its kind.
        is_chat: chat (short hold, Enter may send) or mail.
        history: the source can list messages from before we first connected.
        attachments_out: files can be sent.
        size_limit: largest message in bytes on the wire, 0 while it is not known.
        follows_up: work of ours is left after a send was accepted (:meth:`Connector.follow_up`).
        poll_every: seconds between two looks as the account's own settings want it, 0 for the configured interval.
        key_domain: where idempotency keys are RFC 5322 Message-IDs, the domain they are made in.
    """

    inbound: str = "poll"
    authority: str = "local"
    send_class: dict[str, SendClass] = {}
    text_limit: int = 0
    text_unit: str = "chars"
    max_bubbles: int = 1
    reply_window: int = 0
    edits: bool = False
    receipts: bool = False
    typing: bool = False
    sees_outside_replies: bool = True
    hints_tell_replies: bool = True
    write_back: tuple[str, ...] = ()
    hold: float | None = None
    is_chat: bool = True
    history: bool = False
    attachments_out: bool = False
    size_limit: int = 0
    follows_up: bool = False
    key_domain: str = ""
    min_interval: float = 0.0
    poll_every: float = 0.0


class RawItem(msgspec.Struct, frozen=True, kw_only=True):
    """One remote item before it is understood; kept as evidence.

    Attributes:
        remote_id: unique within the account.
        kind: the connector's own word (``rfc822``, ``message``, ``ticket``).
        raw: the bytes as received.
        received_at: the source's receive time in ms UTC (INTERNALDATE), 0 when it states none.
        meta: small plain facts that are not in the bytes (folder, uid, flags).
    """

    remote_id: str
    kind: str
    raw: bytes
    received_at: int
    meta: dict[str, Any] = {}


class PageKind(StrEnum):
    """Live news, or history: history opens, notifies, starts and trips nothing."""

    LIVE = "live"
    HISTORY = "history"


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page of remote changes; it commits together with ``next``.

    Attributes:
        items: in the source's order.
        next: the cursor after this page (opaque to everybody else).
        kind: live or history.
        more: another page can be pulled at once.
        total: how many items the source says there are in all, for reconciliation; None when unknown.
        left: about how many items of history are still to come; None when unknown.
    """

    items: tuple[RawItem, ...]
    next: str
    kind: PageKind = PageKind.LIVE
    more: bool = False
    total: int | None = None
    left: int | None = None


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of ``check``: what works, in one sentence, and facts for ``doctor``."""

    ok: bool
    detail: str
    facts: dict[str, str] = {}


class Accepted(msgspec.Struct, frozen=True):
    """A change was accepted; ``marker`` tells when the feed has passed it."""

    marker: str


class Refused(msgspec.Struct, frozen=True):
    """A change was refused, with the reason for a person."""

    reason: str


class Unknown(msgspec.Struct, frozen=True):
    """Whether a change was accepted is not known."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A field change for a source with remote authority."""

    uid: str
    thread: str
    field: str
    value: Any


class AccountContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a connector knows about the account it serves.

    ``settings`` is the connector's own validated struct (its ``Settings``). ``data_dir`` is where a
    connector may keep a file of its own (the demo's ledger).
    """

    name: str
    connector: str
    channel: str = ""
    branch: str = ""
    me: str = ""
    agent: str = ""
    settings: Any = None
    data_dir: str = ""


Phase = Callable[[str], Awaitable[None]]
"""Called by ``send`` to commit how far it has come (``data`` before the first byte of the body leaves,
``accepted`` once the channel has it and only work of ours is left);
what was not committed provably did not happen."""


class Connector(ABC):
    """One account's connection. Made by the worker, closed by it, never shared between threads."""

    Settings: type[msgspec.Struct] | None = None
    """The connector's own account settings; unknown keys are reported with file and line."""

    imports: tuple[str, ...] = ()
    """Kinds of items that ``normalise`` takes from files too (``rfc822``)."""

    def __init__(self, account: AccountContext, clock: Clock) -> None:
        self.account = account
        self.clock = clock

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What this account can do."""

    @abstractmethod
    async def pull(self, cursor: str) -> Page:
        """The next page after ``cursor`` ("" at the very first).

        Raises:
            ConnectorError: nothing was read; the same cursor will be tried again.
        """

    @staticmethod
    @abstractmethod
    def normalise(item: RawItem, account: AccountContext) -> list[Event]:
        """Pure: the canonical events of one item. Runs in the parsing child, with limits.

        Raises:
            PayloadError: the item cannot be understood; it goes to quarantine with its bytes.
        """

    async def watch(self) -> AsyncIterator[None]:
        """Yields whenever the source hints at news. A hint is never trusted, only followed by a pull.

        The default never yields: the account is polled.
        """
        hints: tuple[None, ...] = ()
        for hint in hints:
            yield hint

    async def send(self, item: OutboundItem, phase: Phase) -> Receipt:
        """Sends once.

        Raises:
            ConnectorError: with ``provably_not_accepted`` when it certainly did not go out; any other
                error leaves the outcome unknown.
        """
        raise NotImplementedError

    async def follow_up(self, item: OutboundItem) -> str:
        """Does what is left of ours after an accepted send (mail: the copy in Sent). Done again after a crash, so it
        looks first whether it was done.

        Returns:
            A note when it can never be done, "" when it is done.

        Raises:
            ConnectorError: it is tried again later.
        """
        return ""

    async def settle(self, item: OutboundItem) -> tuple[Settled, Receipt | None]:
        """Looks up whether a send whose answer was lost went out."""
        return Settled.UNKNOWN, None

    async def apply(self, change: Change) -> Accepted | Refused | Unknown:
        """Writes a field at a source with remote authority."""
        return Refused("this channel keeps no such field")

    def covers(self, cursor: str, marker: str) -> bool:
        """Whether a feed at ``cursor`` has passed ``marker``."""
        return False

    @staticmethod
    def extract(item: RawItem, locator: str) -> bytes | None:
        """Pure: the decoded content of an attachment that lies in an item's own bytes, None where it does not.

        Runs in the parsing child, with limits: what strangers packed is unpacked nowhere else.
        """
        return None

    async def fetch_attachment(self, raw: RawItem | None, locator: str) -> bytes | RawItem:
        """The content of an attachment from its source, or an item out of which :meth:`extract` takes it.

        Args:
            raw: the stored item, None when it was not kept.
            locator: as ``normalise`` gave it.
        """
        raise NotImplementedError

    async def log_in(self, say: Callable[[str], None], ask: Callable[[], str]) -> None:
        """Logs the agent in where that needs a person (OAuth); what it gives is kept by the connector.

        Args:
            say: shows a line.
            ask: reads a line; blocks, "" when nobody can type.

        Raises:
            ConnectorError: it did not work, or this account needs no such login.
        """
        raise UnsupportedError(f"{self.account.name} needs no login of this kind")

    async def check(self) -> Health:
        """Tries the connection and says in one sentence what works."""
        raise NotImplementedError

    async def close(self) -> None:  # noqa: B027 - a connector without connections has nothing to close
        """Lets go of every connection."""
