"""The queue: conversations in the order they are due."""

from __future__ import annotations

from collections.abc import Hashable

from textual.strip import Strip

from csconsole.clock import MINUTE
from csconsole.domain.conversation import QueueRow
from csconsole.i18n import Catalog
from csconsole.widgets.line_list import LineList
from csconsole.widgets.queue_rows import QueueSetting, one_line, two_lines
from csconsole.widgets.row_source import RowSource
from csconsole.widgets.strips import Line, strip_of


class QueueList(LineList[QueueRow]):
    """Conversations, each in one or two lines.

    Args:
        source: the rows of the view.
        setting: what rows are drawn with.
        words: the interface's words.
        row_height: 2 on a wide screen, 1 at 80 columns.
        id: of the widget.
    """

    def __init__(
        self,
        source: RowSource[QueueRow],
        setting: QueueSetting,
        words: Catalog,
        row_height: int = 2,
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(source, row_height, id=id)
        self.setting = setting
        self.words = words
        self.empty_key = "empty.queue"
        self.narrowed_by = ""

    def identify(self, row: QueueRow) -> Hashable:
        """The conversation's id."""
        return row.id

    def revision(self, row: QueueRow) -> Hashable:
        """Its revision."""
        return row.rev

    def draw(self, row: QueueRow, cells: int, *, selected: bool, marked: bool) -> list[Strip]:
        """The row in as many lines as the list is set to."""
        drawn = one_line if self.row_height == 1 else two_lines
        lines = drawn(row, cells, self.setting, self.look, selected=selected, marked=marked)
        return [strip_of(line) for line in lines]

    def draw_new_rows(self, cells: int) -> Strip:
        """``+3 new  Ctrl+R shows them``."""
        line = Line(cells, self.look.text).gap().put(self.words.t("queue.new", n=self.new_rows), self.look.active)
        return line.gap(2).put(self.words.t("queue.new.merge"), self.look.muted).strip()

    def draw_empty(self, cells: int, y: int) -> Strip:
        """What to do next, in the first line."""
        line = Line(cells, self.look.muted).gap()
        return line.put(self.words.t(self.empty_key, query=self.narrowed_by)).strip() if y == 0 else line.strip()

    def set_rows_height(self, row_height: int) -> None:
        """Draws rows in one or two lines from now on."""
        if row_height == self.row_height:
            return
        self.row_height = row_height
        self._strips.clear()
        self.forget_sent()
        self._resize()
        self._scroll(max(0, self.cursor - self.page_rows // 2) * row_height)
        self.refresh()

    def minute_passed(self, now: int) -> None:
        """Shows waiting times as of ``now`` (milliseconds UTC); sends only lines that changed."""
        if now // MINUTE != self.setting.now // MINUTE:
            setting = self.setting
            self.setting = QueueSetting(
                now, setting.zone, setting.language, setting.agent, setting.agents, setting.labels
            )
            self.forget_lines()
