"""``import``, ``backup`` and ``restore``: data from and to files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csconsole.cli.session import Session, bind
from csconsole.clock import SystemClock
from csconsole.errors import ConfigError
from csconsole.services.desk import Desk


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("import")(bind(import_mail))
    app.command("backup")(bind(backup))
    app.command("restore")(bind(restore))


File = Annotated[Path, typer.Argument(metavar="FILE", show_default=False)]


def import_mail(
    session: Session,
    path: Annotated[Path, typer.Argument(metavar="PATH", show_default=False)],
    account: Annotated[str, typer.Option("--account", metavar="NAME", help="the account the mail belongs to")],
) -> None:
    """Imports mail as history. PATH is an .eml file, a directory of them, an mbox or a Maildir; twice does no harm."""
    from csconsole.services import importing

    config = session.full_config
    session.log()
    desk = Desk.open(session.store(create=True), config, session.clock)
    counts = importing.import_mail(desk, path.expanduser(), account)
    session.answer(
        {
            "account": account,
            "new": counts.new,
            "duplicates": counts.duplicates,
            "quarantined": counts.quarantined,
        },
        f"{account}: {counts.new} new, {counts.duplicates} known, {counts.quarantined} in quarantine.",
    )


def backup(session: Session, file: File) -> None:
    """Copies the database. The copy is consistent, and others go on working meanwhile."""
    from csconsole.services import backups

    target = file.expanduser().absolute()
    size = backups.write(session.store(), target)
    session.answer({"file": str(target), "bytes": size}, f"{target}: {size:,} bytes. Attachments lie in blobs/.")


def restore(session: Session, file: File) -> None:
    """Puts a backup in place. What was waiting to be sent asks a person first, since it may have left."""
    from csconsole.services import backups

    place = session.place.ensure()
    try:
        clock = session.clock
    except ConfigError:  # data must come back even where the configuration is broken
        clock = SystemClock()
    done = backups.restore(place, file.expanduser().absolute(), clock.now())
    lines = [f"{file} is restored."]
    if done.kept is not None:
        lines.append(f"The database before is kept as {done.kept}.")
    if done.uncertain:
        lines.append(
            f"{done.uncertain} messages may have left before; look, then: csconsole outbox settle ID sent|unsent"
        )
    session.answer(
        {"file": str(file), "kept": str(done.kept) if done.kept else None, "uncertain": done.uncertain},
        "\n".join(lines),
    )
