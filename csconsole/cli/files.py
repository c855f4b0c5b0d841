"""``backup`` and ``restore``: the database from and to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csconsole.cli.session import Session, bind
from csconsole.clock import SystemClock
from csconsole.errors import ConfigError


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("backup")(bind(backup))
    app.command("restore")(bind(restore))


File = Annotated[Path, typer.Argument(metavar="FILE", show_default=False)]


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
