"""``canned``: the canned replies, one by one and as a TOML file."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csconsole.cli.plain import Column, table
from csconsole.cli.session import Session, bind, write
from csconsole.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from csconsole.domain.canned import CannedReply
    from csconsole.services.desk import Desk

Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(rich_markup_mode=None)
    group.callback(invoke_without_command=True)(bind(canned))
    group.command("list")(bind(canned))
    group.command("add")(bind(add))
    group.command("edit")(bind(edit))
    group.command("rm")(bind(remove))
    group.command("import")(bind(import_file))
    group.command("export")(bind(export))
    app.add_typer(group, name="canned")


def canned(session: Session) -> None:
    """Shows and changes canned replies."""
    from csconsole.services.canned import list_replies

    replies = list_replies(session.desk)
    language = session.config.agent.language
    columns = (Column("NAME", 28), Column("TITLE", 28), Column("SHORTCUTS"))

    def plain() -> str:
        if not replies:
            return "There are no canned replies; see csconsole canned add --help."
        return table(columns, [(r.name, r.label(language), " ".join(r.shortcuts)) for r in replies])

    session.answer([_json(reply) for reply in replies], plain)


def _json(reply: CannedReply) -> dict[str, Any]:
    return {
        "name": reply.name,
        "title": {"th": reply.title.th or None, "en": reply.title.en or None},
        "shortcuts": list(reply.shortcuts),
        "body": {"th": reply.body.th or None, "en": reply.body.en or None},
        "ask": [ask.name for ask in reply.ask],
        "channels": list(reply.channels),
        "tags": list(reply.tags),
        "expires": reply.expires or None,
    }


def add(
    session: Session,
    name: Name,
    text: Annotated[str | None, typer.Option("--text", metavar="TEXT", help="the body, in Liquid")] = None,
    file: Annotated[str | None, typer.Option("--file", metavar="FILE", help="read the body there; - for input")] = None,
    title: Annotated[str, typer.Option("--title", metavar="TITLE", help="what the picker shows")] = "",
    language: Annotated[str, typer.Option("--language", metavar="th|en", help="language of the body")] = "th",
    shortcut: Annotated[list[str] | None, typer.Option("--shortcut", metavar="WORD", help="finds it at once")] = None,
) -> None:
    """Adds a canned reply."""
    from csconsole.cli.reply import read_text
    from csconsole.domain.canned import CannedReply, Wording
    from csconsole.domain.canned_file import dump_toml
    from csconsole.services import canned as service

    if (text is None) == (file is None):
        raise UsageError("Give the body once: --text or --file.")
    if language not in ("th", "en"):
        raise UsageError("--language is th or en.")
    body = text if text is not None else read_text(file or "-")
    desk = session.new_desk
    if any(reply.name == name for reply in service.list_replies(desk)):
        raise RefusedError(f'There is a canned reply "{name}" already; change it with csconsole canned edit {name}.')
    reply = CannedReply(
        name=name,
        title=Wording(**{language: title}),
        body=Wording(**{language: body}),
        shortcuts=tuple(shortcut or ()),
    )
    _store(desk, dump_toml([reply]), name)
    session.answer({"name": name, "added": True}, f"{name} is added.")


def _store(desk: Desk, text: str, source: str) -> tuple[int, int]:
    """Puts the replies of a TOML text into the store, all or none; returns how many were new and replaced.

    Raises:
        ConfigError: one of them is wrong, its template included.
    """
    from csconsole.domain.canned_file import load_toml
    from csconsole.domain.canned_render import variables
    from csconsole.services.canned import import_toml

    for reply in load_toml(text, source, now_ms=desk.clock.now(), zone=desk.config.agent.timezone):
        variables(reply)
    return import_toml(desk, text, source)


def edit(session: Session, name: Name) -> None:
    """Changes a canned reply in $VISUAL or $EDITOR, as TOML."""
    from csconsole.domain.canned_file import dump_toml
    from csconsole.services import canned as service

    desk = session.desk
    reply = service.get(desk, name)
    before = dump_toml([reply])
    after = _edited(session, before)
    if after == before:
        session.answer({"name": reply.name, "changed": False}, "Nothing changed.")
        return
    _store(desk, after, f"{reply.name}.toml")
    session.answer({"name": reply.name, "changed": True}, f"{reply.name} is changed.")


class _AtOnce:
    """The command line owns no screen: its terminal can be given away at once."""

    def suspend(self) -> AbstractContextManager[None]:
        """Nothing is to be done."""
        return nullcontext()


def _edited(session: Session, text: str) -> str:
    """The text after the agent's editor.

    Raises:
        UsageError: the editor cannot be started.
        RefusedError: it ended with an error; nothing was changed.
    """
    from csconsole.config.secrets import without_secrets
    from csconsole.terminal.editor import edit as edit_text

    environment = without_secrets(os.environ, session.config)
    if session.config.ui.editor:
        environment["VISUAL"] = session.config.ui.editor
    return edit_text(_AtOnce(), text, session.place.root, environment, suffix=".toml") + "\n"


def remove(session: Session, name: Name) -> None:
    """Removes a canned reply."""
    from csconsole.services import canned as service

    service.remove(session.desk, name)
    session.answer({"name": name, "removed": True}, f"{name} is removed.")


def import_file(session: Session, file: Annotated[str, typer.Argument(metavar="FILE", show_default=False)]) -> None:
    """Reads canned replies from a TOML file; those of the same name are replaced."""
    from csconsole.cli.reply import read_text

    new, replaced = _store(session.new_desk, read_text(file), file)
    session.answer({"new": new, "replaced": replaced}, f"{new} new, {replaced} replaced.")


def export(session: Session) -> None:
    """Prints all canned replies as a TOML file."""
    from csconsole.services import canned as service

    text = service.export_toml(session.desk)
    if session.as_json:
        session.answer([_json(reply) for reply in service.list_replies(session.desk)], "")
    else:
        write(text)
