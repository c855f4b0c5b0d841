"""``note``, ``tag``, ``assign`` and ``status``: acts on one conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from csconsole.cli.session import Session, bind
from csconsole.errors import UsageError

if TYPE_CHECKING:
    from csconsole.domain.conversation import QueueRow

Conversation = Annotated[str, typer.Argument(metavar="ID", show_default=False)]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("note")(bind(note))
    app.command("tag", context_settings={"ignore_unknown_options": True})(bind(tag))
    app.command("assign")(bind(assign))
    app.command("status")(bind(status))


def note(
    session: Session,
    conversation: Conversation,
    text: Annotated[str, typer.Option("--text", metavar="TEXT", help="the note; - reads standard input")],
) -> None:
    """Adds a note for the staff. The customer never sees it."""
    from csconsole.cli.reply import read_text
    from csconsole.services import acts

    key = _key(session, conversation)
    acts.add_note(session.desk, key, read_text("-") if text == "-" else text)
    _tell(session, key, "noted.", {"noted": True})


def tag(
    session: Session,
    conversation: Conversation,
    tags: Annotated[list[str], typer.Argument(metavar="+TAG|-TAG ...", show_default=False)],
) -> None:
    """Adds tags (+vip) and removes tags (-spam)."""
    from csconsole.services import acts

    add = [one[1:] for one in tags if one.startswith("+")]
    remove = [one[1:] for one in tags if one.startswith("-")]
    if len(add) + len(remove) != len(tags) or any(not name for name in (*add, *remove)):
        raise UsageError("Write +TAG to add a tag and -TAG to remove one, such as: csconsole tag 12 +vip -spam.")
    key = _key(session, conversation)
    changed = acts.change_tags(session.desk, [key], add=add, remove=remove)
    row = _row(session, key)
    _tell(session, key, f"tags: {' '.join(row.tags) or 'none'}.", {"tags": list(row.tags), "changed": bool(changed)})


def assign(
    session: Session,
    conversation: Conversation,
    agent: Annotated[str, typer.Argument(metavar="me|AGENT|none", show_default=False)],
) -> None:
    """Assigns a conversation. To yourself, to an agent by name, or to nobody."""
    from csconsole.services import acts

    key = _key(session, conversation)
    changed = acts.assign(session.desk, [key], agent)
    row = _row(session, key)
    _tell(
        session,
        key,
        f"assignee: {row.assignee or 'none'}.",
        {"assignee": row.assignee or None, "changed": bool(changed)},
    )


def status(
    session: Session,
    conversation: Conversation,
    status: Annotated[
        str,
        typer.Argument(metavar="open|pending|on_hold|snoozed|resolved|closed|spam", show_default=False),
    ],
    until: Annotated[
        str | None, typer.Option("--until", metavar="WHEN", help="end of a snooze: 2h, tomorrow 9, พรุ่งนี้ 9.00")
    ] = None,
) -> None:
    """Changes the status of a conversation."""
    from csconsole.services import acts

    if until is not None and status != "snoozed":
        raise UsageError("--until belongs to the status snoozed.")
    key = _key(session, conversation)
    desk = session.desk
    wakes = None
    if until is not None:
        from csconsole.domain.when import parse_when

        agent = desk.config.agent
        wakes = parse_when(until, desk.clock.now(), agent.timezone, agent.language)
    changed = acts.set_status(desk, [key], status, until=wakes)
    from csconsole.cli.plain import moment
    from csconsole.cli.views import instant

    row = _row(session, key)
    suffix = f" until {moment(row.snoozed_until, desk.config.agent.timezone)}" if row.snoozed_until else ""
    _tell(
        session,
        key,
        f"status: {row.status}{suffix}.",
        {"status": str(row.status), "snoozed_until": instant(row.snoozed_until), "changed": bool(changed)},
    )


def _key(session: Session, conversation: str) -> int:
    from csconsole.services.finding import resolve_id

    return resolve_id(session.desk, conversation)


def _row(session: Session, key: int) -> QueueRow:
    from csconsole.services.finding import open_conversation

    return open_conversation(session.desk, key, limit=1).conversation.row


def _tell(session: Session, key: int, plain: str, facts: dict[str, object]) -> None:
    """Says what is so now; JSON names the conversation first."""
    from csconsole.text.sanitize import safe_line

    row = _row(session, key)
    line = safe_line(f"{row.account}#{row.number}: {plain}")
    session.answer({"id": row.uid, "number": row.number, **facts}, line)
