"""``init``: the first configuration, asked for in a few questions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from csconsole.cli.session import Session, bind
from csconsole.errors import RefusedError, UsageError


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("init")(bind(init))


def _asked(option: str, metavar: str, help: str) -> typer.models.OptionInfo:
    found: typer.models.OptionInfo = typer.Option(option, metavar=metavar, help=help, show_default=False)
    return found


def init(
    session: Session,
    name: Annotated[str | None, _asked("--name", "NAME", "your short name")] = None,
    address: Annotated[str | None, _asked("--address", "ADDRESS", "the mail address customers write to")] = None,
    imap_host: Annotated[str | None, _asked("--imap-host", "HOST", "where mail is read")] = None,
    smtp_host: Annotated[str | None, _asked("--smtp-host", "HOST", "where answers go out")] = None,
    user: Annotated[str | None, _asked("--user", "LOGIN", "login of the mailbox; default: the address")] = None,
    password_env: Annotated[
        str, typer.Option("--password-env", metavar="NAME", help="variable that holds the password")
    ] = "CSCONSOLE_MAIL_PASSWORD",
    no_test: Annotated[bool, typer.Option("--no-test", help="do not try the mailbox")] = False,
) -> None:
    """Writes a first configuration. It has one e-mail account, which is tried at once."""
    from csconsole.config.first import Answers, first_config
    from csconsole.config.loader import load
    from csconsole.connectors.registry import settings_type

    file = _target(session)
    if file.exists():
        raise RefusedError(f"{file} exists already; change it, then run csconsole config check.")
    given = {
        "name": name or _ask("Your short name (Latin letters)", "me"),
        "address": address or _ask("Mail address customers write to"),
    }
    host = given["address"].rpartition("@")[2]
    answers = Answers(
        **given,
        imap_host=imap_host or _ask("IMAP server", f"imap.{host}"),
        smtp_host=smtp_host or _ask("SMTP server", f"smtp.{host}"),
        user=user or _ask("Login", given["address"]),
        password_env=password_env,
    )
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(first_config(answers), encoding="utf-8")
    file.chmod(0o600)
    try:
        config = load(file, settings_type)
    except Exception:
        file.unlink()
        raise
    lines = [f"{file} is written."]
    works: bool | None = None
    if not no_test:
        from csconsole.services.doctor import account_findings

        session.log()
        found = account_findings(config, session.place.ensure(), session.clock)
        works = all(one.level == "ok" for one in found)
        lines += [f"{one.level}  {one.what} {one.cure}".rstrip() for one in found]
    lines.append(f"Put the password into {password_env} (or another place, see config example), then run: csconsole")
    session.answer({"config": str(file), "works": works}, "\n".join(lines))
    if works is False:
        raise typer.Exit(3)


def _target(session: Session) -> Path:
    """Where the file is to stand: the flag, the variable, the named data directory, else the user's folder."""
    import os

    from csconsole.config.loader import CONFIG_VARIABLE
    from csconsole.paths import DATA_DIR_VARIABLE, config_home

    named = session.config_flag or os.environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    if session.data_flag or os.environ.get(DATA_DIR_VARIABLE):
        return session.place.ensure().config
    return config_home(os.environ) / "config.toml"


def _ask(question: str, default: str = "") -> str:
    """An answer from the terminal.

    Raises:
        UsageError: nobody is there to ask, or no answer was given.
    """
    if not sys.stdin.isatty():
        if default:
            return default
        raise UsageError(f"{question}? Nobody is there to ask; give it as an option, see csconsole init --help.")
    sys.stderr.write(f"{question}{f' [{default}]' if default else ''}: ")
    sys.stderr.flush()
    answer = sys.stdin.readline().strip() or default
    if not answer:
        raise UsageError(f"{question}? It is needed; run csconsole init again.")
    return answer
