"""``outbox``: what waits to be sent, what went wrong, and what a person decides about it."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from csconsole.cli.plain import Column, age, moment, table
from csconsole.cli.session import Session, bind
from csconsole.store.outbox import OutboxRow

SHORT = 12
"""Last characters of an id shown in lists; they are random, and enough to name it again."""

Id = Annotated[str, typer.Argument(metavar="ID", show_default=False)]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(rich_markup_mode=None)
    group.callback(invoke_without_command=True)(bind(outbox))
    group.command("list")(bind(outbox))
    group.command("retry")(bind(retry))
    group.command("cancel")(bind(cancel))
    group.command("settle")(bind(settle))
    app.add_typer(group, name="outbox")


def outbox(session: Session) -> None:
    """Shows what waits to be sent. Newest first; retry, cancel or settle one of them."""
    from csconsole.cli import views
    from csconsole.store.outbox import listing

    desk = session.desk
    rows = listing(desk.store)
    session.answer([views.outbox(row) for row in rows], lambda: _listing(session, rows))


def _listing(session: Session, rows: list[OutboxRow]) -> str:
    if not rows:
        return "The outbox is empty."
    now, zone = session.clock.now(), session.config.agent.timezone
    columns = (
        Column("ID", SHORT),
        Column("STATE", 9),
        Column("AGE", 4, right=True),
        Column("TO", 24, least=12),
        Column("REASON OR TEXT"),
    )
    return table(
        columns,
        [
            (row.uid[-SHORT:], row.state, age(row.created_at, now), f"{row.account}#{row.number}", _note(row, zone))
            for row in rows
        ],
    )


def _note(row: OutboxRow, zone: str) -> str:
    if row.reason:
        return row.reason
    text = " / ".join(bubble.text for bubble in row.item.bubbles)
    return f"leaves {moment(row.not_before, zone)}: {text}" if row.state == "held" else text


def retry(session: Session, item: Id) -> None:
    """Sends a failed or stopped message again."""
    from csconsole.services import replies

    replies.retry(session.desk, item)
    _tell(session, item, "It is sent again.")


def cancel(session: Session, item: Id) -> None:
    """Pulls a waiting message back, or puts a failed one aside; its text goes back to the draft."""
    from csconsole.services import replies

    row = replies.outbox_row(session.desk, item)
    replies.cancel(session.desk, row.uid)
    _tell(session, row.uid, "It was pulled back; the text is in the draft.")


def settle(
    session: Session,
    item: Id,
    outcome: Annotated[Literal["sent", "unsent"], typer.Argument(metavar="sent|unsent", show_default=False)],
) -> None:
    """Says whether an uncertain message arrived, after looking where the customer would see it."""
    from csconsole.services import replies

    replies.settle(session.desk, item, outcome == "sent")
    _tell(session, item, f"It counts as {outcome}.")


def _tell(session: Session, item: str, plain: str) -> None:
    from csconsole.cli import views
    from csconsole.services import replies

    session.answer(views.outbox(replies.outbox_row(session.desk, item)), plain)
