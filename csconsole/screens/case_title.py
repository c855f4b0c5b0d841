"""The two lines above a transcript: which case, on which account, with whom, and how it stands."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from textual.strip import Strip

from csconsole.domain.conversation import QueueRow
from csconsole.domain.dates import age, moment_text
from csconsole.i18n import Catalog
from csconsole.text.graphemes import truncate, width
from csconsole.text.sanitize import safe_line
from csconsole.text.wrap import wrap
from csconsole.widgets.painted import Painted
from csconsole.widgets.strips import Line

_NAME_CELLS = 14


class CaseTitle(Painted):
    """Title and context line of the open conversation.

    Args:
        words: the interface's words.
        zone: IANA zone of times.
        id: of the widget.
    """

    def __init__(self, words: Catalog, zone: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.words = words
        self.zone = zone
        self._row: QueueRow | None = None
        self._who = ""
        self._where = ""
        self._assignee = ""
        self._facts: Sequence[str] = ()
        self._now = 0
        self._is_active = False

    def set_active(self, is_active: bool) -> None:
        """Shows whether the keys go to the transcript below."""
        if is_active != self._is_active:
            self._is_active = is_active
            self.repaint()

    def show(
        self, row: QueueRow | None, *, who: str, where: str, assignee: str, context: Sequence[str], now: int
    ) -> None:
        """Shows a conversation.

        Args:
            row: its row, None for nothing open.
            who: how the customer is called.
            where: channel and account as people name them.
            assignee: who has it, "" for nobody.
            context: facts for the second line, most important first.
            now: present instant, ms UTC.
        """
        self._row, self._who, self._where, self._assignee = row, who, where, assignee
        self._facts, self._now = context, now
        self.repaint()

    def lines_of(self, cells: int, rows: int) -> list[Strip]:
        """The lines."""
        look, row = self.look, self._row
        if row is None:
            text = self.words.t("empty.conversation")
            return [Line(cells, look.muted).gap().put(part).strip() for part in wrap(text, max(1, cells - 2))]
        line = Line(cells, look.text).put(*((">", look.marker) if self._is_active else (" ", look.text)))
        line.put(f"#{row.number} ", look.accent)
        end = self._standing(row)
        end_cells = sum(width(text) for text, _ in end) + 1
        where = safe_line(f"{self._where} · ")
        facts = list(self._facts)
        if line.room - end_cells - width(where) > min(width(safe_line(self._who)), _NAME_CELLS):
            line.put(where, look.muted)
        else:
            facts.insert(0, self._where)
        line.put(truncate(safe_line(self._who), max(4, line.room - end_cells - 2)), look.strong)
        first = line.end(*end, (" ", look.text)).strip()
        second = Line(cells, look.text).gap()
        for place, fact in enumerate(facts):
            text = safe_line(fact)
            if second.room < width(text) + 4:
                break
            if place:
                second.put("  ", look.muted)
            second.put(text, look.muted)
        return [first, second.strip()]

    def _standing(self, row: QueueRow) -> list[tuple[str, Style]]:
        look, words = self.look, self.words
        pieces: list[tuple[str, Style]] = [(words.t(f"status.{row.status}"), look.text)]
        if row.snoozed_until is not None:
            pieces.append((f" {moment_text(row.snoozed_until, self._now, self.zone, words.language)}", look.warning))
        if row.priority in ("urgent", "high"):
            pieces.append((f" · {words.t(f'priority.{row.priority}')}", look.urgent))
        pieces.append((f" · {self._assignee or words.t('assign.none')}", look.muted))
        if row.waiting_since is not None:
            waited = age(self._now - row.waiting_since, words.language)
            pieces.append((f" · {words.t('case.waiting', age=waited)}", look.warning))
        return pieces
