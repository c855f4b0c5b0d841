"""``quarantine``: messages that could not be understood, with their bytes."""

from __future__ import annotations

from typing import Annotated

import typer

from csconsole.cli.plain import Column, age, table
from csconsole.cli.session import Session, bind
from csconsole.errors import NotFoundError
from csconsole.store.quarantine import QuarantineRow

Id = Annotated[str, typer.Argument(metavar="ID", show_default=False)]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(rich_markup_mode=None)
    group.callback(invoke_without_command=True)(bind(quarantine))
    group.command("list")(bind(quarantine))
    group.command("show")(bind(show))
    group.command("retry")(bind(retry))
    app.add_typer(group, name="quarantine")


def quarantine(session: Session) -> None:
    """Shows what was not understood. Nothing else waits for these messages."""
    from csconsole.cli import views
    from csconsole.store.quarantine import listing

    desk = session.desk
    rows = listing(desk.store)

    def plain() -> str:
        if not rows:
            return "Nothing is in quarantine."
        columns = (Column("ID", 9, right=True), Column("ACCOUNT", 20), Column("AGE", 4, right=True), Column("REASON"))
        now = desk.clock.now()
        return table(columns, [(str(r.id), r.account, age(r.quarantined_at, now), r.reason) for r in rows])

    session.answer([views.quarantined(row) for row in rows], plain)


def show(session: Session, item: Id) -> None:
    """Shows the bytes of a message in quarantine, made harmless."""
    from csconsole.cli import views
    from csconsole.store.quarantine import raw
    from csconsole.text.sanitize import safe_text

    row = _find(session, item)
    text = safe_text(raw(session.desk.store, row.id).decode("utf-8", "replace"))
    session.answer({**views.quarantined(row), "raw": text}, text)


def retry(session: Session, item: Id) -> None:
    """Tries to understand a message of the quarantine again."""
    from csconsole.services.importing import retry as again

    row = _find(session, item)
    session.log()
    counts = again(session.desk, row)
    session.answer(
        {"id": row.uid, "new": counts.new, "duplicates": counts.duplicates},
        "It is understood now." if counts.new else "It is understood now; its message was known.",
    )


def _find(session: Session, item: str) -> QuarantineRow:
    from csconsole.store.quarantine import find

    row = find(session.desk.store, item)
    if row is None:
        raise NotFoundError(f'There is no message "{item}" in quarantine; see csconsole quarantine.')
    return row
