"""The strip of my live chats: one number each, so that five chats at once are one key apart."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from csconsole.i18n import Catalog
from csconsole.screens.live_chats import LiveChat, live_line
from csconsole.widgets.painted import Painted
from csconsole.widgets.strips import strip_of


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
        return [strip_of(live_line(cells, self.look, self.words, self._chats))]
