"""How a conversation looks in the queue: in two lines on a wide screen, in one on a narrow one.

The row under the cursor has a marker in the first cell of its lines and looks the same otherwise: moving sends a few
cells, not two rows. State is a sign or a word before it is a colour. Columns stand in the same cell in every row,
whatever the script of the names in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from csconsole.clock import MINUTE
from csconsole.domain.conversation import ENDED, Priority, QueueRow, Status
from csconsole.domain.dates import age, clock_time, countdown, local, relative_day
from csconsole.text.graphemes import truncate, width
from csconsole.themes import Look
from csconsole.widgets.text_line import TextLine, steady

if TYPE_CHECKING:
    from rich.style import Style

CHANNEL_CODES: Final = {
    "line": "LN",
    "messenger": "FB",
    "facebook": "FB",
    "instagram": "IG",
    "tiktok": "TT",
    "x": "X",
    "email": "EM",
    "phone": "PH",
    "desk": "DK",
    "sms": "SM",
    "webchat": "WB",
    "livechat": "WB",
    "whatsapp": "WA",
    "telegram": "TG",
    "matrix": "MX",
    "slack": "SL",
    "discord": "DC",
}
"""Two letters per channel for columns."""

OUTGOING_SIGNS: Final = {
    "review": "()",
    "held": "||",
    "queued": ">>",
    "sending": ">>",
    "settling": "??",
    "uncertain": "??",
    "failed": "xx",
    "stopped": "[]",
}
"""Signs of an answer that is not out yet or went wrong."""

DRAFT_SIGN: Final = ".."

AT_RISK: Final = 15 * MINUTE
"""Milliseconds before the due moment from which a conversation counts as at risk."""

_AGE_CELLS = 7
_BRANCH_CELLS = 7
_BRANCH_FROM = 34
_ASSIGNEE_ROOM = 5


@dataclass(frozen=True, slots=True)
class QueueSetting:
    """What rows are drawn with besides themselves.

    Attributes:
        now: the present in milliseconds UTC; rows show it in whole minutes.
        zone: IANA zone of times.
        language: ``th`` or ``en``.
        agent: our own name, whose conversations carry no name.
        agents: display names by agent name.
        labels: short names of accounts or branches, by branch, else by account.
    """

    now: int
    zone: str
    language: str
    agent: str
    agents: dict[str, str]
    labels: dict[str, str]


def channel_code(channel: str) -> str:
    """Two letters for a channel, those of its name when it has none of its own."""
    return CHANNEL_CODES.get(channel, channel[:2].upper())


def urgency(row: QueueRow, now: int) -> str:
    """Sign of at most two cells: late ``!!``, at risk ``!``, urgent ``^``, snoozed ``z``, ended ``-``."""
    if row.status is Status.SNOOZED:
        return "z"
    if row.status in ENDED:
        return "-"
    if row.next_due_at is not None:
        left = row.next_due_at - now
        if left < 0:
            return "!!"
        if left <= AT_RISK:
            return "!"
    return "^" if row.priority in (Priority.URGENT, Priority.HIGH) else ""


def wait_text(row: QueueRow, setting: QueueSetting) -> str:
    """How long is left, late or waited, or until when it sleeps; at most seven cells."""
    if row.status is Status.SNOOZED and row.snoozed_until is not None:
        return _until(row.snoozed_until, setting)
    if row.status in ENDED:
        return age(max(0, setting.now - row.last_at), setting.language)
    if row.next_due_at is not None:
        return countdown(row.next_due_at - setting.now, setting.language)
    since = row.waiting_since if row.waiting_since is not None else row.last_at
    return age(max(0, setting.now - since), setting.language)


def _until(at: int, setting: QueueSetting) -> str:
    day, today = local(at, setting.zone).date(), local(setting.now, setting.zone).date()
    if day == today:
        return clock_time(at, setting.zone)
    if 0 < (day - today).days < 7:
        from csconsole.domain.dates import EN_DAYS, THAI_DAYS

        name = (THAI_DAYS if setting.language == "th" else EN_DAYS)[day.weekday()]
        text = f"{name}{clock_time(at, setting.zone)}"
        return text if width(text) <= _AGE_CELLS else name
    return relative_day(day, today, setting.language) or f"{day.day}/{day.month}"


def _urgency_style(sign: str, look: Look) -> Style:
    return look.urgent if sign == "!!" else look.warning if sign in ("!", "^") else look.muted


def _head(line: TextLine, row: QueueRow, setting: QueueSetting, look: Look, *, selected: bool, marked: bool) -> None:
    """Marker, urgency, mark and channel: nine cells with the space behind them."""
    sign = urgency(row, setting.now)
    line.put(*((">", look.marker) if selected else (" ", look.text)))
    line.put(sign, _urgency_style(sign, look), 2)
    line.put("*" if marked else " ", look.mark)
    line.put(channel_code(row.channel), look.muted, 2).gap()


def _name(line: TextLine, row: QueueRow, setting: QueueSetting, look: Look, cells: int) -> None:
    """The customer, and who has the conversation when it is somebody else, in exactly so many cells."""
    stop = line.used + cells
    owner = ""
    if row.assignee and row.assignee != setting.agent:
        owner = f" @{setting.agents.get(row.assignee, row.assignee)}"
    room = cells - width(owner)
    if owner and room < _ASSIGNEE_ROOM:
        owner = truncate(owner, max(0, cells - _ASSIGNEE_ROOM))
        owner = owner if width(owner) > 2 else ""
        room = cells - width(owner)
    line.put(truncate(steady(row.customer_name), room), look.text).put(owner, look.muted).gap_to(stop)


def _tail(line: TextLine, row: QueueRow, setting: QueueSetting, look: Look) -> None:
    """Unread and waiting time at the right end."""
    sign = urgency(row, setting.now)
    unread = "" if not row.unread else str(row.unread) if row.unread < 100 else "99+"
    line.put(unread, look.unread, _unread_cells(row), right=True)
    line.put(wait_text(row, setting), _urgency_style(sign, look), min(_AGE_CELLS + 1, line.room), right=True)


def _tail_cells(row: QueueRow) -> int:
    return _unread_cells(row) + _AGE_CELLS + 1


def _unread_cells(row: QueueRow) -> int:
    return 4 if row.unread >= 100 else 3


def _label(row: QueueRow, setting: QueueSetting) -> str:
    return setting.labels.get(row.branch) or setting.labels.get(row.account) or row.branch or row.account


def _state_sign(row: QueueRow, look: Look) -> tuple[str, Style]:
    sign = OUTGOING_SIGNS.get(row.outgoing, "")
    if sign:
        return sign, look.urgent if row.outgoing in ("failed", "stopped", "uncertain") else look.accent
    return (DRAFT_SIGN, look.warning) if row.has_draft else ("", look.text)


def _said(row: QueueRow) -> str:
    return steady(row.preview or row.subject)


def _tags(row: QueueRow, look: Look, room: int) -> list[tuple[str, Style]]:
    """As many tags as fit: the customer's ``+vip`` first, the case's ``#refund`` after."""
    pieces: list[tuple[str, Style]] = []
    named = [(f" +{tag}", look.customer_tag) for tag in row.customer_tags] + [
        (f" #{tag}", look.tag) for tag in row.tags
    ]
    for text, style in named:
        if width(text) > room:
            break
        pieces.append((text, style))
        room -= width(text)
    return pieces


def two_lines(
    row: QueueRow, cells: int, setting: QueueSetting, look: Look, *, selected: bool, marked: bool
) -> list[TextLine]:
    """A row in two lines: who and how late above, what was said and the tags below; the marker in the first alone,
    since each cell it takes is sent at each key."""
    above = TextLine(cells, look.text)
    _head(above, row, setting, look, selected=selected, marked=marked)
    tail = _tail_cells(row)
    if cells >= _BRANCH_FROM:
        above.put(_label(row, setting), look.muted, min(_BRANCH_CELLS + (cells - _BRANCH_FROM) // 8, 14)).gap()
    _name(above, row, setting, look, max(0, above.room - tail))
    _tail(above, row, setting, look)
    below = TextLine(cells, look.text)
    sign, sign_style = _state_sign(row, look)
    below.gap(4).put(sign, sign_style, 2).gap()
    said = _said(row)
    tags = _tags(row, look, min(below.room // 2, below.room - 12)) if cells >= 30 else []
    tag_cells = sum(width(text) for text, _ in tags)
    below.put(said, look.text if row.unread else look.muted, max(0, below.room - tag_cells))
    below.end(*tags)
    return [above, below]


def one_line(
    row: QueueRow, cells: int, setting: QueueSetting, look: Look, *, selected: bool, marked: bool
) -> list[TextLine]:
    """A row in one line, for a screen of 80 columns."""
    line = TextLine(cells, look.text)
    _head(line, row, setting, look, selected=selected, marked=marked)
    tail = _tail_cells(row)
    if cells >= _BRANCH_FROM + 10:
        line.put(_label(row, setting), look.muted, _BRANCH_CELLS).gap()
    room = max(0, line.room - tail)
    name = room if room < 24 else max(14, min(22, room * 2 // 5))
    _name(line, row, setting, look, name)
    if room > name:
        sign, sign_style = _state_sign(row, look)
        stop = line.used + room - name
        line.gap()
        if sign:
            line.put(sign, sign_style).gap()
        line.put(_said(row), look.text if row.unread else look.muted, max(0, stop - line.used))
    _tail(line, row, setting, look)
    return [line]
