"""My live chats: which they are, and the line that shows them. Without Textual: the first paint draws it too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from csconsole.domain.conversation import QueueRow
from csconsole.domain.dates import age
from csconsole.i18n import Catalog
from csconsole.screens.naming import Names
from csconsole.services.views import QueueReader
from csconsole.text.graphemes import width
from csconsole.text.sanitize import safe_line
from csconsole.themes import Look
from csconsole.widgets.text_line import TextLine

LIVE_CHATS = 9
_LIVE_QUERY = "assignee:me status:open"


@dataclass(frozen=True, slots=True)
class LiveChat:
    """One chat of the strip.

    Attributes:
        conversation_id: what its key opens.
        name: how the customer is called.
        wait: how long they wait, "" when they do not.
        unread: messages not read.
        is_open: whether it is the one on screen.
    """

    conversation_id: int
    name: str
    wait: str
    unread: int
    is_open: bool


def live_rows(reader: QueueReader, names: Names) -> list[QueueRow]:
    """My open chats, oldest first: a chat keeps its number while it is open."""

    def is_chat(row: QueueRow) -> bool:
        account = names.accounts.get(row.account)
        return account is not None and bool(account.capabilities.get("is_chat", True))

    chats = [row for row in reader.page(_LIVE_QUERY, limit=40) if is_chat(row)]
    return sorted(chats, key=lambda row: (row.created_at, row.id))[:LIVE_CHATS]


def live_chats(rows: Sequence[QueueRow], now: int, language: str, opened_id: int | None = None) -> list[LiveChat]:
    """Chats as the strip shows them; ``now`` in ms UTC."""
    return [
        LiveChat(
            row.id,
            row.customer_name,
            age(now - row.waiting_since, language) if row.waiting_since is not None else "",
            row.unread,
            row.id == opened_id,
        )
        for row in rows
    ]


def live_line(cells: int, look: Look, words: Catalog, chats: Sequence[LiveChat]) -> TextLine:
    """The strip."""
    line = TextLine(cells, look.text).gap().put(words.t("live.title"), look.muted)
    if not chats:
        return line.gap(2).put(words.t("live.none"), look.muted)
    for number, chat in enumerate(chats, 1):
        name = safe_line(chat.name, 14)
        text = f"{number} {name}{f' {chat.wait}' if chat.wait else ''}"
        if line.room < width(text) + 4:
            break
        line.gap(2).put(">" if chat.is_open else " ", look.marker if chat.is_open else look.text)
        line.put(f"{number} ", look.active)
        line.put(name, look.strong if chat.unread else look.text)
        if chat.wait:
            line.gap().put(chat.wait, look.warning if chat.unread else look.muted)
    return line
