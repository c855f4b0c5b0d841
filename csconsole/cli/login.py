"""``login``: an account logs in by the agent's browser."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from csconsole.cli.session import Session, bind
from csconsole.text.sanitize import safe_line


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("login")(bind(login))


def login(
    session: Session,
    account: Annotated[str, typer.Argument(metavar="NAME", show_default=False)],
) -> None:
    """Logs an account in by OAuth (Gmail, Microsoft 365), then tries it. Addresses and codes go to standard error."""
    from csconsole.services.login import log_in

    config = session.full_config
    place = session.place.ensure()
    session.log()
    health = log_in(config, place, session.clock, account, say=_say, ask=sys.stdin.readline)
    session.answer(
        {"account": account, "ok": health.ok, "detail": safe_line(health.detail)},
        f"{account}: logged in; {safe_line(health.detail)}.",
    )
    if not health.ok:
        raise typer.Exit(3)


def _say(line: str) -> None:
    print(safe_line(line, 4_000), file=sys.stderr, flush=True)
