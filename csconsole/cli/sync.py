"""``sync``: one round over the accounts, or the worker as a service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from csconsole.cli.plain import style
from csconsole.cli.session import Session, bind
from csconsole.errors import ConfigError, NotFoundError, RefusedError, UsageError
from csconsole.text.sanitize import safe_line

if TYPE_CHECKING:
    from csconsole.sync.summary import Summary

_COUNTS = ("pulled", "new", "duplicates", "quarantined", "sent", "failed", "uncertain")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("sync")(bind(sync))


def sync(
    session: Session,
    once: Annotated[bool, typer.Option("--once", help="one round: pull, send, pull; then end")] = False,
    account: Annotated[str | None, typer.Option("--account", metavar="NAME", help="only this account")] = None,
    service: Annotated[bool, typer.Option("--service", help="run until stopped (the default without --once)")] = False,
) -> None:
    """Fetches and sends. One round with --once, else for as long as the program runs."""
    from csconsole.sync import worker

    if once and service:
        raise UsageError("--once ends after a round and --service does not; give one of them.")
    if account is not None and not once:
        raise UsageError("--account belongs to --once; the service serves every enabled account.")
    config = session.full_config
    if not config.accounts:
        raise ConfigError("No account is configured; run csconsole init.")
    known = config.account(account) if account is not None else None
    if account is not None and known is None:
        names = ", ".join(one.name for one in config.accounts)
        raise NotFoundError(f'There is no account "{account}"; the configuration has: {names}.')
    place = session.place.ensure()
    session.log()
    if not once:
        if not worker.main(config, place, service=True, clock=session.clock):
            raise RefusedError(f"Another csconsole already syncs {place.root}.")
        return
    results = worker.once(config, place, names=[account] if account is not None else None, clock=session.clock)
    session.answer([summary(one) for one in results], lambda: "".join(f"{_line(one)}\n" for one in results))
    if any(one.error for one in results):
        raise typer.Exit(3)


def summary(one: Summary) -> dict[str, Any]:
    """One element of ``sync --once --json``."""
    return {"account": one.account, **{name: getattr(one, name) for name in _COUNTS}, "error": one.error or None}


def _line(one: Summary) -> str:
    counts = ", ".join(f"{getattr(one, name)} {name}" for name in _COUNTS if getattr(one, name) or name == "new")
    if one.error:
        return f"{one.account}: {style('failed', 'fail')}: {safe_line(one.error)} ({counts})"
    return f"{one.account}: {counts}"
