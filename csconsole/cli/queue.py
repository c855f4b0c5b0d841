"""``list``, ``show`` and ``search``: the queue, one conversation, the messages with some words."""

from __future__ import annotations

from typing import Annotated

import typer

from csconsole.cli.plain import Column, age, moment, style, table, terminal_width
from csconsole.cli.session import Session, bind, warn
from csconsole.domain.conversation import QueueRow
from csconsole.domain.message import Message
from csconsole.domain.message_words import remark_texts
from csconsole.errors import UsageError
from csconsole.i18n import Catalog
from csconsole.services.finding import OpenConversation
from csconsole.text.sanitize import safe_line, safe_text

DEFAULT_LIMIT = 1_000
ALL = 1 << 40

_COLUMNS = (
    Column("ID", 40),
    Column("STATUS", 8),
    Column("WAIT", 4, right=True, drop=3),
    Column("NEW", 3, right=True, drop=1),
    Column("CUSTOMER", 20, least=8, drop=4),
    Column("AGENT", 8, least=4, drop=2),
    Column("SUBJECT"),
)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    # A term that begins with "-" is a negation and no option.
    words = {"ignore_unknown_options": True}
    app.command("list", context_settings=words)(bind(list_command))
    app.command("show")(bind(show))
    app.command("search", context_settings=words)(bind(search))


def _words(query: list[str] | None, command: str) -> str:
    """The query as typed over several words.

    Raises:
        UsageError: one of them is an option that does not exist.
    """
    for word in query or ():
        if word.startswith("--"):
            raise UsageError(f"No such option: {word}; see csconsole {command} --help.")
    return " ".join(query or ())


Limit = Annotated[int, typer.Option("--limit", min=0, metavar="N", help="most rows; 0 for all")]


def list_command(
    session: Session,
    query: Annotated[list[str] | None, typer.Argument(metavar="[QUERY]", show_default=False)] = None,
    view: Annotated[str, typer.Option("--view", metavar="NAME", help="a view by name or key")] = "",
    limit: Limit = DEFAULT_LIMIT,
) -> None:
    """Lists conversations. They come in the order of the queue; without QUERY those of every status."""
    from csconsole.cli import views
    from csconsole.services.views import QueueReader, view_named

    desk = session.desk
    wanted = _words(query, "list")
    if view:
        named = view_named(desk, view).query
        wanted = f"({named}) ({wanted})" if wanted.strip() else named
    rows = QueueReader(desk).page(wanted, limit=(limit or ALL - 1) + 1)
    if limit and len(rows) > limit:
        rows = rows[:limit]
        warn(f"The first {limit} are shown; --limit 0 shows all.")
    now = desk.clock.now()
    session.answer([views.conversation(row, now) for row in rows], lambda: _listing(rows, now))


def _listing(rows: list[QueueRow], now: int) -> str:
    if not rows:
        return "No conversation matches."
    return table(
        _COLUMNS,
        [
            (
                f"{row.account}#{row.number}",
                str(row.status),
                age(row.waiting_since, now),
                str(row.unread or ""),
                row.customer_name,
                row.assignee,
                _about(row),
            )
            for row in rows
        ],
    )


def _about(row: QueueRow) -> str:
    tags = " ".join(f"[{tag}]" for tag in (*row.tags, *row.customer_tags))
    return " ".join(part for part in (row.subject or row.preview, tags) if part)


def show(session: Session, conversation: Annotated[str, typer.Argument(metavar="ID", show_default=False)]) -> None:
    """Shows a whole conversation. ID is an id, ACCOUNT#NUMBER, or a number that is unique."""
    from csconsole.cli import views
    from csconsole.services.finding import open_conversation, resolve_id

    desk = session.desk
    found = open_conversation(desk, resolve_id(desk, conversation), limit=ALL)
    session.answer(views.opened(found, desk.clock.now()), lambda: _transcript(found, session.config.agent.timezone))


def _transcript(found: OpenConversation, zone: str) -> str:
    row, customer = found.conversation.row, found.customer
    until = f" until {moment(row.snoozed_until, zone)}" if row.snoozed_until is not None else ""
    facts = [
        ("id", row.uid),
        ("status", f"{row.status}{until}"),
        ("subject", row.subject),
        ("assignee", (row.assignee or "none") + (f"  team {row.team}" if row.team else "")),
        ("tags", " ".join(row.tags)),
        ("priority", row.priority),
        ("customer", "  ".join(f"{i.kind}:{i.display or i.value}" for i in customer.identities)),
        ("known as", " ".join(tag.name for tag in customer.tags)),
        *(("remark", f"{note.author}: {note.body}") for note in customer.notes),
    ]
    lines = [_heading(f"{row.account}#{row.number}  {row.customer_name}")]
    for name, value in facts:
        if value:
            lines += _folded(f"{name:<10}{safe_line(value)}", terminal_width(), indent=10)
    for message in found.messages:
        lines += ["", *_message(message, zone)]
    return "\n".join(lines) + "\n"


def _message(message: Message, zone: str) -> list[str]:
    who = message.author_name or str(message.author_kind)
    kind = "NOTE" if message.visibility == "internal" else ("<-" if message.direction == "in" else "->")
    delivery = f"  [{message.delivery}]" if message.delivery else ""
    reason = f" {message.delivery_reason}" if message.delivery_reason else ""
    body = message.body or ("(removed)" if message.redacted_at is not None else f"({message.kind})")
    lines = [_heading(f"{kind} {who}  {moment(message.at, zone)}{delivery}{reason}")]
    for text, is_warning in remark_texts(message, Catalog("en")):
        lines += [f"{'!' if is_warning else ' '} {line}" for line in _folded(f"[{text}]", terminal_width() - 2)]
    lines += [f"  {line}" for line in _folded(body, terminal_width() - 2)]
    lines += [f"  [{safe_line(file.name)}, {safe_line(file.mime)}, {file.bytes} bytes]" for file in message.attachments]
    return lines


def _heading(text: str) -> str:
    return style(safe_line(text), "heading")


def _folded(text: str, cells: int, indent: int = 0) -> list[str]:
    """A text made safe and broken where Thai and English may break."""
    from csconsole.text.wrap import wrap

    return wrap(safe_text(text), cells, indent)


def search(
    session: Session,
    query: Annotated[list[str], typer.Argument(metavar="QUERY", show_default=False)],
    limit: Limit = 50,
) -> None:
    """Finds messages by their words. The newest come first; terms such as status:open narrow it down."""
    from csconsole.cli import views
    from csconsole.services.finding import search_messages

    desk = session.desk
    hits = search_messages(desk, _words(query, "search"), limit=limit or 100_000)
    now = desk.clock.now()

    def plain() -> str:
        if not hits:
            return "No message holds that."
        columns = (
            Column("ID", 40),
            Column("AGE", 4, right=True),
            Column("CUSTOMER", 20, least=8, drop=1),
            Column("TEXT"),
        )
        return table(columns, [(f"{h.account}#{h.number}", age(h.at, now), h.customer, h.snippet) for h in hits])

    session.answer([views.hit(h) for h in hits], plain)
