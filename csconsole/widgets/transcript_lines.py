"""How a message looks in the transcript: time, author, wrapped text, files, and what became of an answer.

Notes stand behind a bar and carry their own word; a public comment says that everybody can read it; the delivery state
is a word at the right end. All of it can be told apart without colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.style import Style
from textual.strip import Strip

from csconsole.domain.dates import clock_time, day_break, local
from csconsole.domain.message import Attachment, AuthorKind, Delivery, Direction, Message, Visibility
from csconsole.domain.message_words import remark_texts, shown_text
from csconsole.i18n import Catalog
from csconsole.text.graphemes import truncate, width
from csconsole.text.sanitize import safe_line, safe_text
from csconsole.text.wrap import wrap
from csconsole.themes import Look
from csconsole.widgets.queue_rows import OUTGOING_SIGNS
from csconsole.widgets.strips import Line, highlighted, steady

CLIP_LINES: Final = 24
"""Lines of a body shown until the agent asks for all of it."""

CLIP_CHARS: Final = 6_000
"""Code points of a body wrapped until the agent asks for all of it."""

MORE_CHARS: Final = 20_000
"""Code points an agent sees more of with each key: wrapping more at once would hold up the keys."""

BAR: Final = "┃"
_TIME_END = 7
_BAD = frozenset({Delivery.FAILED, Delivery.STOPPED})
_OPEN = frozenset({Delivery.UNCERTAIN, Delivery.SETTLING, Delivery.REVIEW})


@dataclass(frozen=True, slots=True)
class TranscriptSetting:
    """What messages are drawn with besides themselves.

    Attributes:
        now: the present in milliseconds UTC; decides which day is today.
        zone: IANA zone of times.
        words: the interface's words.
        customer: how the customer is called.
        hits: words searched for, case-folded.
    """

    now: int
    zone: str
    words: Catalog
    customer: str
    hits: tuple[str, ...] = ()


def author_cells(cells: int) -> int:
    """Width of the author column in a pane of so many cells."""
    return 5 if cells < 60 else 8 if cells < 90 else 12


def day_line(message: Message, cells: int, setting: TranscriptSetting, look: Look) -> Strip:
    """The line before the first message of a day."""
    text = day_break(message.at, setting.now, setting.zone, setting.words.language)
    return Line(cells, look.text).gap().put(text, look.muted).strip()


def new_line(count: int, cells: int, setting: TranscriptSetting, look: Look) -> Strip:
    """The line before the first message the agent has not read."""
    label = f" {setting.words.t('transcript.new', n=count)} ──"
    line = Line(cells, look.text).gap()
    return line.put("─" * max(0, line.room - width(label) - 1), look.rule).put(label, look.active).strip()


def is_new_day(message: Message, before: Message | None, zone: str) -> bool:
    """Whether a message is the first of its day."""
    return before is None or local(message.at, zone).date() != local(before.at, zone).date()


def size_text(count: int) -> str:
    """A file's size: ``812 B``, ``402 KB``, ``1.4 MB`` (units of 1,024)."""
    if count < 1024:
        return f"{count} B"
    if count < 1024 * 1024:
        return f"{count // 1024} KB"
    return f"{count / (1024 * 1024):.1f} MB"


def attachment_text(number: int, attachment: Attachment, words: Catalog) -> str:
    """``[รูป 1: IMG_2291.jpg 402 KB]``."""
    family = attachment.mime.partition("/")[0]
    kind = family if family in ("image", "audio", "video") else "file"
    size = f" {size_text(attachment.bytes)}" if attachment.bytes else ""
    state = "" if attachment.fetch_state != "failed" else f" {words.t('attachment.failed')}"
    return f"[{words.t(f'attachment.{kind}')} {number}: {safe_line(attachment.name)}{size}{state}]"


def author_name(message: Message, setting: TranscriptSetting) -> str:
    """Who wrote, as the column shows it."""
    if message.author_kind is AuthorKind.CUSTOMER:
        return message.author_name or setting.customer
    if message.author_name:
        return message.author_name
    return setting.words.t(f"author.{message.author_kind}")


def delivery_text(message: Message, words: Catalog) -> str:
    """State of an answer: a sign where something is open or wrong, and the word; empty where there is none."""
    if message.delivery is None:
        return ""
    sign = OUTGOING_SIGNS.get(message.delivery, "")
    word = words.t(f"delivery.{message.delivery}")
    reason = f": {safe_line(message.delivery_reason)}" if message.delivery_reason and message.delivery in _BAD else ""
    return f"{sign} {word}{reason}".strip()


def message_lines(
    message: Message,
    cells: int,
    setting: TranscriptSetting,
    look: Look,
    *,
    expanded: int = 0,
    unfolded: bool = False,
) -> list[Strip]:
    """The lines of one message, each exactly ``cells`` wide; its first cell is left for the marker.

    Args:
        message: what was written.
        cells: width of the pane.
        setting: what it is drawn with.
        look: styles.
        expanded: how many portions of :data:`MORE_CHARS` of a long body are shown; none: it is clipped.
        unfolded: whether quotations and signatures are shown.
    """
    is_note = message.visibility is Visibility.INTERNAL
    column = _TIME_END if is_note else _TIME_END + author_cells(cells) + 1
    if cells - column < 12:
        column = 2
    text, markers = shown_text(message, setting.words, setting.hits, unfolded=unfolded)
    label, body = _label_and_body(message, text, setting, is_note=is_note)
    lead = 1 if is_note else 0
    wrapped, hidden = _wrapped(label + body, cells - column - lead - 1, expanded=expanded)
    label_left = len(label)
    lines = _remarks(message, cells, column, setting, look) if message.redacted_at is None else []
    for text in wrapped:
        line = Line(cells, look.text)
        if not lines:
            _open(line, message, setting, look, column, is_note=is_note)
        line.gap_to(column)
        if is_note:
            line.put(BAR, look.note)
        is_muted = message.redacted_at is not None or text in markers
        style = look.note if is_note else look.muted if is_muted else look.text
        _put_body(line, text, label_left, style, look.note_strong if is_note else look.warning, setting, look)
        label_left = max(0, label_left - len(text) - 1)
        lines.append(line)
    _add_files(lines, message, cells, column, setting, look, is_note=is_note)
    if hidden:
        more = setting.words.t("transcript.more", n=hidden)
        lines.append(Line(cells, look.text).gap_to(column + lead).put(more, look.accent))
    _end(lines, message, cells, setting, look)
    return [line.strip() for line in lines]


def _remarks(message: Message, cells: int, column: int, setting: TranscriptSetting, look: Look) -> list[Line]:
    """The lines that warn of a message or name what its text does not show, above it."""
    lines: list[Line] = []
    for text, is_warning in remark_texts(message, setting.words):
        for piece in wrap(text, cells - column - 1)[:3]:
            line = Line(cells, look.text)
            if not lines:
                _open(line, message, setting, look, column, is_note=False)
            lines.append(line.gap_to(column).put(piece, look.warning if is_warning else look.muted))
    return lines


def _label_and_body(message: Message, text: str, setting: TranscriptSetting, *, is_note: bool) -> tuple[str, str]:
    words = setting.words
    if message.redacted_at is not None:
        body = f"[{words.t('transcript.redacted')}]"
    else:
        body = steady(safe_text(text))
        if message.edit_rev:
            body += f" ({words.t('transcript.edited')})"
    if is_note:
        return f"{words.t('transcript.note')}·{author_name(message, setting)}  ", body
    if message.surface == "public":
        return f"[{words.t('transcript.public')}] ", body
    return "", body


def _wrapped(text: str, cells: int, *, expanded: int) -> tuple[list[str], int]:
    """Lines of the body and how many more there are."""
    if not text:
        return [], 0
    if expanded:
        lines, at = [], 0
        for _ in range(expanded):
            end = _portion_end(text, at)
            lines += wrap(text[at:end].removesuffix("\n"), cells)
            at = end
            if at == len(text):
                break
        return lines, _lines_left(text, at, cells)
    lines = wrap(text[:CLIP_CHARS], cells)
    hidden = max(0, len(lines) - CLIP_LINES)
    hidden += _lines_left(text, CLIP_CHARS, cells)
    return (lines[:CLIP_LINES], hidden) if hidden else (lines, 0)


def _portion_end(text: str, start: int) -> int:
    """Where a portion ends: behind a line where there is one near."""
    end = start + MORE_CHARS
    if end >= len(text):
        return len(text)
    line = text.rfind("\n", start, end)
    return line + 1 if line > start else end


def _lines_left(text: str, at: int, cells: int) -> int:
    """About how many lines the text behind a place takes."""
    left = len(text) - at
    return max(1, left // max(1, cells)) if left > 0 else 0


def _open(line: Line, message: Message, setting: TranscriptSetting, look: Look, column: int, *, is_note: bool) -> None:
    line.gap()
    if column <= 2:
        return
    line.put(clock_time(message.at, setting.zone), look.muted, 5).gap()
    if not is_note:
        ours = message.direction is Direction.OUT
        line.put(truncate(author_name(message, setting), column - line.used - 1), look.accent if ours else look.strong)


def _put_body(
    line: Line, text: str, label_left: int, style: Style, label_style: Style, setting: TranscriptSetting, look: Look
) -> None:
    label, rest = text[:label_left], text[label_left:]
    if label:
        line.put(label, label_style)
    for piece, piece_style in highlighted(rest, setting.hits, style, look.hit):
        line.put(piece, piece_style)


def _add_files(
    lines: list[Line],
    message: Message,
    cells: int,
    column: int,
    setting: TranscriptSetting,
    look: Look,
    *,
    is_note: bool,
) -> None:
    for number, attachment in enumerate(message.attachments, 1):
        line = Line(cells, look.text)
        if not lines:
            _open(line, message, setting, look, column, is_note=is_note)
        line.gap_to(column)
        if is_note:
            line.put(BAR, look.note)
        lines.append(line.put(attachment_text(number, attachment, setting.words), look.accent))
    if not lines:
        line = Line(cells, look.text)
        _open(line, message, setting, look, column, is_note=is_note)
        lines.append(line.gap_to(column).put(f"[{safe_line(message.kind)}]", look.muted))


def _end(lines: list[Line], message: Message, cells: int, setting: TranscriptSetting, look: Look) -> None:
    """Puts the delivery state at the right end of the last line, or on a line of its own."""
    text = delivery_text(message, setting.words)
    if not text:
        return
    style = look.urgent if message.delivery in _BAD else look.warning if message.delivery in _OPEN else look.muted
    if message.delivery is Delivery.HELD:
        style = look.accent
    last = lines[-1]
    if last.room < width(text) + 3:
        last = Line(cells, look.text)
        lines.append(last)
    last.end((truncate(text, cells - 2), style), (" ", look.text))


def conversation_text(messages: Sequence[Message], setting: TranscriptSetting) -> str:
    """Messages as plain text for copying: ``11:53 แอน: ...``, one after another."""
    return "\n".join(
        f"{clock_time(message.at, setting.zone)} {author_name(message, setting)}: {safe_text(message.body)}"
        for message in messages
    )
