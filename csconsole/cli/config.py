"""``config``: show, check, locate, and an example."""

from __future__ import annotations

import typer

from csconsole.cli.session import Session, bind, write
from csconsole.errors import ConfigError
from csconsole.text.sanitize import safe_text


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
    group.callback()(bind(_group))
    group.command("show")(bind(show))
    group.command("check")(bind(check))
    group.command("path")(bind(path))
    group.command("example")(bind(example))
    app.add_typer(group, name="config")


def _group() -> None:
    """Shows and checks the configuration."""


def show(session: Session) -> None:
    """Prints the configuration file in use; secrets are only named in it, never written out."""
    from csconsole.config.loader import read_file

    config = session.full_config
    file = session.config_path
    if session.as_json:
        import msgspec

        session.answer(msgspec.to_builtins(config, enc_hook=str), "")
        return
    if file is None:
        write("# No configuration file; the defaults apply. csconsole config example shows them.\n")
        return
    write(f"# {file}\n{safe_text(read_file(file).decode('utf-8-sig'))}")


def check(session: Session) -> None:
    """Names everything that is wrong or doubtful in the configuration, with its line."""
    from csconsole.config.loader import check as problems_of
    from csconsole.connectors.registry import settings_type

    file = session.config_path
    if file is None:
        session.answer([], "There is no configuration file; the defaults apply.")
        return
    found = problems_of(file, settings_type)
    fatal = any(problem.fatal for problem in found)
    if not fatal:
        from csconsole.cli.doctor import config_findings

        advice = config_findings(session.config)
    else:
        advice = []
    data = [{"file": str(p.path), "line": p.line, "key": p.key, "what": p.what, "fatal": p.fatal} for p in found] + [
        {"file": str(file), "line": 0, "key": "", "what": f"{one.what} {one.cure}".strip(), "fatal": False}
        for one in advice
    ]
    if fatal and not session.as_json:
        raise ConfigError("\n".join(map(str, found)))
    lines = [*map(str, found), *(f"{file}: warning: {one.what} {one.cure}".rstrip() for one in advice)]
    session.answer(data, safe_text("\n".join(lines)) if lines else f"{file}: no problems.")
    if fatal:
        raise typer.Exit(2)


def path(session: Session) -> None:
    """Prints where the configuration and the data lie."""
    file, place = session.config_path, session.place
    session.answer(
        {"config": str(file) if file else None, "data_dir": str(place.root)},
        f"config  {file or 'none'}\ndata    {place.root}",
    )


def example(session: Session) -> None:
    """Prints an example with every key and its meaning."""
    from csconsole.config.example import example as text

    session.answer({"example": text()}, text())
