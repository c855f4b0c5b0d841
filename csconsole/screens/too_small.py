"""What is shown where nothing useful fits."""

from __future__ import annotations

from textual.strip import Strip

from csconsole.i18n import Catalog
from csconsole.screens import layout
from csconsole.text.wrap import wrap
from csconsole.widgets.painted import Painted
from csconsole.widgets.strips import Line


class TooSmall(Painted):
    """What is shown when nothing fits."""

    def __init__(self, words: Catalog) -> None:
        super().__init__(id="too-small")
        self.words = words

    def lines_of(self, cells: int, rows: int) -> list[Strip]:
        """One sentence."""
        text = self.words.t("screen.too_small", columns=layout.SMALLEST[0], rows=layout.SMALLEST[1])
        return [Line(cells, self.look.text).put(part).strip() for part in wrap(text, max(1, cells))]
