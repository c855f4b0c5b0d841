"""The customer pane: who they are, on which channels, what is known of them, and what came before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.style import Style
from textual import events
from textual.strip import Strip

from csconsole.domain.customer import Customer, Identity, IdentityKind, TagMark
from csconsole.domain.dates import clock_time, local, short_date
from csconsole.i18n import Catalog
from csconsole.text.graphemes import truncate, width
from csconsole.text.sanitize import safe_line
from csconsole.text.wrap import wrap
from csconsole.themes import Look
from csconsole.widgets.painted import Painted
from csconsole.widgets.queue_rows import channel_code
from csconsole.widgets.strips import Line

_IDENTITY_CODES = {
    IdentityKind.EMAIL: "EM",
    IdentityKind.PHONE: "TL",
    IdentityKind.LINE_UID: "LN",
    IdentityKind.PSID: "FB",
    IdentityKind.IGSID: "IG",
    IdentityKind.WA_BSUID: "WA",
    IdentityKind.X_ID: "X",
    IdentityKind.TIKTOK_ID: "TT",
    IdentityKind.TELEGRAM_ID: "TG",
    IdentityKind.WEB_VISITOR: "WB",
}
_MAX_PAST = 8
_OPEN = frozenset({"open", "pending", "on_hold", "snoozed"})


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the pane shows of the open conversation.

    Attributes:
        tags: case tags with who set them.
        kind: question, complaint and so on, or empty.
        reason: contact reason as people name it, or empty.
        needs_reason: whether it must be there before resolving.
        orders: lines about orders, the first of each a heading.
    """

    tags: Sequence[TagMark] = ()
    kind: str = ""
    reason: str = ""
    needs_reason: bool = False
    orders: Sequence[Sequence[str]] = ()


class _Pane:
    """Lines under construction."""

    def __init__(self, cells: int, look: Look) -> None:
        self.cells = cells
        self.look = look
        self.strips: list[Strip] = []

    def line(self) -> Line:
        return Line(self.cells, self.look.text).gap()

    def add(self, line: Line) -> None:
        self.strips.append(line.strip())

    def heading(self, text: str) -> None:
        if self.strips:
            self.strips.append(Line(self.cells, self.look.rule).put("─" * self.cells).strip())
        self.add(self.line().put(text, self.look.strong))

    def text(self, text: str, style: Style | None = None, indent: int = 3) -> None:
        for part in wrap(text, max(8, self.cells - indent - 1)):
            self.add(Line(self.cells, self.look.text).gap(indent).put(part, style))

    def ends(self, left: str, right: str, style: Style, right_style: Style, indent: int = 1) -> None:
        line = Line(self.cells, self.look.text).gap(indent)
        right = truncate(right, self.cells // 2)
        line.put(truncate(left, line.room - width(right) - 2), style)
        self.add(line.end((right, right_style), (" ", self.look.text)))


def identity_text(identity: Identity) -> str:
    """``LN Ann ♡``: the name where there is one, else the value, long ids shortened."""
    code = _IDENTITY_CODES.get(identity.kind, identity.kind.rpartition(":")[0][:2].upper() or "--")  # type: ignore[call-overload]
    return f"{code} {safe_line(identity.display or identity.value)}"


def value_text(value: object) -> str:
    """An attribute in a few words: lists with commas, yes and no as ``+`` and ``-`` before the name."""
    if isinstance(value, bool):
        return "+" if value else "-"
    if isinstance(value, dict):
        return " ".join(
            f"{'+' if each else '-'}{name}" if isinstance(each, bool) else f"{name} {each}"
            for name, each in value.items()
        )
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def profile_lines(
    customer: Customer, case: CaseFacts, cells: int, now: int, zone: str, words: Catalog, look: Look
) -> list[Strip]:
    """All lines of the pane, each exactly ``cells`` wide."""
    pane = _Pane(cells, look)
    name = safe_line(customer.name)
    call = safe_line(customer.call_name)
    pane.text(f"{call} · {name}" if call and call != name else name or call, look.strong, 1)
    for identity in customer.identities:
        sign = words.t("profile.verified") if identity.verified else "?"
        pane.ends(identity_text(identity), sign, look.text, look.good if identity.verified else look.warning)
    _tags(pane, f"T {words.t('profile.tags')}", customer.tags, look.customer_tag, now, zone, words)
    _tags(pane, f"t {words.t('profile.case_tags')}", case.tags, look.tag, now, zone, words)
    if case.kind or case.reason or case.needs_reason:
        pane.heading(words.t("profile.reason"))
        kind = words.t(f"kind.{case.kind}") if case.kind else ""
        text = " · ".join(part for part in (kind, safe_line(case.reason)) if part) or words.t("profile.none")
        pane.text(text + (" *" if case.needs_reason else ""))
        if case.needs_reason and not case.reason:
            pane.text(words.t("profile.reason.needed"), look.warning)
    for order in case.orders:
        if order:
            pane.heading(safe_line(order[0]))
            for row in order[1:]:
                pane.text(safe_line(row))
    if customer.attributes:
        pane.heading(words.t("profile.attributes"))
        for key, value in customer.attributes.items():
            pane.ends(safe_line(key.replace("_", " ")), safe_line(value_text(value)), look.muted, look.text, 3)
    if customer.notes:
        pane.heading(words.t("profile.notes"))
        for note in customer.notes:
            pane.ends(safe_line(note.author), short_date(note.at, zone, words.language), look.note, look.muted, 3)
            pane.text(note.body, look.note)
    _past(pane, customer, words, zone)
    return pane.strips


def _tags(pane: _Pane, title: str, tags: Sequence[TagMark], style: Style, now: int, zone: str, words: Catalog) -> None:
    pane.heading(title)
    if not tags:
        pane.text(words.t("profile.none"), pane.look.muted)
    today = local(now, zone).date()
    for tag in tags:
        day = local(tag.at, zone)
        when = clock_time(tag.at, zone) if day.date() == today else f"{day.day}/{day.month}"
        pane.ends(safe_line(tag.name), f"{safe_line(tag.by)} {when}", style, pane.look.muted, 3)


def _past(pane: _Pane, customer: Customer, words: Catalog, zone: str) -> None:
    past = customer.conversations
    is_open = sum(1 for each in past if each.status in _OPEN)
    pane.heading(words.t("profile.history", n=len(past) - is_open))
    if is_open:
        pane.text(words.t("profile.open", n=is_open), pane.look.warning, 1)
    for each in past[:_MAX_PAST]:
        day = local(each.last_at, zone)
        subject = safe_line(each.subject) or words.t("queue.no_subject")
        sign = "*" if each.status in _OPEN else " "
        pane.ends(
            f"{sign}{channel_code(each.channel)} {subject}", f"{day.day}/{day.month}", pane.look.text, pane.look.muted
        )


class Profile(Painted, can_focus=True):
    """The customer pane; it scrolls by lines when it does not fit.

    Args:
        words: the interface's words.
        zone: IANA zone of times.
        id: of the widget.
    """

    def __init__(self, words: Catalog, zone: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.words = words
        self.zone = zone
        self._customer: Customer | None = None
        self._case = CaseFacts()
        self._now = 0
        self._top = 0
        self.empty_key = "empty.customer"

    def show(self, customer: Customer | None, case: CaseFacts, now: int) -> None:
        """Shows a customer, or that nothing is known; ``now`` is in milliseconds UTC."""
        same = customer is not None and self._customer is not None and customer.id == self._customer.id
        self._customer, self._case, self._now = customer, case, now
        self._top = self._top if same else 0
        self.repaint()

    def scroll_lines(self, lines: int) -> None:
        """Moves the window by lines, down when positive."""
        self._top += lines
        self.repaint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Moves the window."""
        event.stop()
        self.scroll_lines(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Moves the window."""
        event.stop()
        self.scroll_lines(-3)

    def lines_of(self, cells: int, rows: int) -> list[Strip]:
        """The lines in the window."""
        if self._customer is None:
            pane = _Pane(cells, self.look)
            if self.empty_key:
                pane.text(self.words.t(self.empty_key), self.look.muted, 1)
            return pane.strips
        lines = profile_lines(self._customer, self._case, cells, self._now, self.zone, self.words, self.look)
        self._top = max(0, min(self._top, len(lines) - rows))
        shown = lines[self._top : self._top + rows]
        if self.has_focus and shown:
            marker = Line(1, self.look.text).put(">", self.look.marker).strip()
            shown[0] = Strip.join([marker, shown[0].crop(1)])
        return shown

    def watch_has_focus(self, has_focus: bool) -> None:
        """Shows or hides the marker."""
        super().watch_has_focus(has_focus)
        self.repaint()
