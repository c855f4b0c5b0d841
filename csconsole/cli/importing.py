"""``import``: mail from files, with a line that shows how far it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csconsole.cli.plain import terminal_width
from csconsole.cli.session import Session, bind, warn
from csconsole.errors import UsageError
from csconsole.services.desk import Desk

if TYPE_CHECKING:
    from csconsole.clock import Clock
    from csconsole.services.importing import Progress

BETWEEN = 0.2
"""Seconds between two drawings of the progress line."""


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("import")(bind(import_mail))


def import_mail(
    session: Session,
    path: Annotated[Path, typer.Argument(metavar="PATH", show_default=False)],
    account: Annotated[str, typer.Option("--account", metavar="NAME", help="the account the mail belongs to")],
) -> None:
    """Imports mail as history. PATH is an .eml file, a directory of mail, an mbox or a Maildir; twice does no harm."""
    from csconsole.services import importing, mail_files

    config = session.full_config
    session.log()
    desk = Desk.open(session.store(create=True), config, session.clock)
    where = path.expanduser()
    line = Line(account, session.clock, mail_files.measure(where)) if sys.stderr.isatty() else None
    try:
        done = importing.import_mail(desk, where, account, told=line.show if line else lambda _: None)
    except KeyboardInterrupt:
        if line:
            line.clear()
        warn("Stopped. What was read is stored; the same command goes on from there.")
        raise
    finally:
        if line:
            line.clear()
    session.answer(_as_json(account, done), _in_words(account, done))
    for problem in done.unreadable:
        warn(problem)
    if done.unreadable_count:
        raise UsageError(
            f"{done.unreadable_count} files could not be read; make them readable and import again, "
            "what is here already is passed over."
        )


def _as_json(account: str, done: Progress) -> dict[str, object]:
    return {
        "account": account,
        "read": done.read,
        "new": done.new,
        "duplicates": done.duplicates,
        "quarantined": done.quarantined,
        "drafts": done.drafts,
        "unreadable": done.unreadable_count,
    }


def _in_words(account: str, done: Progress) -> str:
    words = [
        f"{done.read:,} read",
        f"{done.new:,} new",
        f"{done.duplicates:,} known",
        f"{done.quarantined:,} in quarantine",
    ]
    if done.drafts:
        words.append(f"{done.drafts:,} drafts passed over")
    hint = "\nSee what could not be understood: csconsole quarantine" if done.quarantined else ""
    return f"{account}: {', '.join(words)}.{hint}"


class Line:
    """The progress line on standard error.

    Args:
        account: shown in front.
        clock: for rate and time left.
        total: bytes to go through.
    """

    def __init__(self, account: str, clock: Clock, total: int) -> None:
        self._account = account
        self._clock = clock
        self._total = total
        self._begun = clock.monotonic()
        self._drawn = 0.0

    def show(self, progress: Progress) -> None:
        """Draws how far the import is."""
        now = self._clock.monotonic()
        if now - self._drawn < BETWEEN:
            return
        self._drawn = now
        text = self.text(progress, now - self._begun)
        sys.stderr.write(f"\r{text[: terminal_width() - 1]}\x1b[K")
        sys.stderr.flush()

    def text(self, progress: Progress, seconds: float) -> str:
        """The line's words after some seconds of work."""
        share = min(1.0, progress.consumed / self._total) if self._total else 1.0
        rate = progress.read / seconds if seconds > 0 else 0.0
        filled = round(share * 20)
        left = seconds * (1 - share) / share if share else 0.0
        bar = "#" * filled + "-" * (20 - filled)
        return (
            f"{self._account}: [{bar}] {share:4.0%}  {progress.read:,} mails, {rate:,.0f}/s, "
            f"{left // 60:.0f}:{left % 60:02.0f} left, {progress.duplicates:,} known, "
            f"{progress.quarantined:,} quarantined"
        )

    def clear(self) -> None:
        """Takes the line away."""
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
