"""The strip of my live chats: one number each, so that five chats at once are one key apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.strip import Strip

from csconsole.i18n import Catalog
from csconsole.text.graphemes import width
from csconsole.text.sanitize import safe_line
from csconsole.widgets.painted import Painted
from csconsole.widgets.strips import Line


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


class LiveStrip(Painted):
    """``คุยอยู่  1 ฟ้า 52 น.  2 น้ำ 25 น.  >3 แอน 6 น.``"""

    def __init__(self, words: Catalog, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.words = words
        self._chats: Sequence[LiveChat] = ()

    def show(self, chats: Sequence[LiveChat]) -> None:
        """Shows other chats."""
        self._chats = chats
        self.repaint()

    def lines_of(self, cells: int, rows: int) -> list[Strip]:
        """The strip."""
        look = self.look
        line = Line(cells, look.text).gap().put(self.words.t("live.title"), look.muted)
        if not self._chats:
            return [line.gap(2).put(self.words.t("live.none"), look.muted).strip()]
        for number, chat in enumerate(self._chats, 1):
            name = safe_line(chat.name, 14)
            text = f"{number} {name}{f' {chat.wait}' if chat.wait else ''}"
            if line.room < width(text) + 4:
                break
            line.gap(2).put(">" if chat.is_open else " ", look.marker if chat.is_open else look.text)
            line.put(f"{number} ", look.active)
            line.put(name, look.strong if chat.unread else look.text)
            if chat.wait:
                line.gap().put(chat.wait, look.warning if chat.unread else look.muted)
        return [line.strip()]
