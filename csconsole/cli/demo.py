"""``demo``: the invented shop, to look round in, to test and to measure with."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Literal

import typer

from csconsole.cli.session import Session, bind, warn
from csconsole.paths import DATA_DIR_VARIABLE, DataDir


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("demo")(bind(demo))


def demo(
    session: Session,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="another number is another stream")] = 1,
    conversations: Annotated[
        int, typer.Option("--conversations", min=0, metavar="N", help="further conversations to fill the shop with")
    ] = 0,
    messages: Annotated[
        int, typer.Option("--messages", min=0, metavar="N", help="messages these have in all; default: five each")
    ] = 0,
    still: Annotated[bool, typer.Option("--still", help="nothing new ever happens")] = False,
    build_only: Annotated[
        bool, typer.Option("--build-only", help="write a still shop into the directory and end")
    ] = False,
    language: Annotated[
        Literal["th", "en"], typer.Option("--language", metavar="th|en", help="language of the screen")
    ] = "th",
) -> None:
    """Opens an invented shop. It has 24 accounts; nothing leaves this machine."""
    from csconsole import logs
    from csconsole.services import demo as service

    place = _place(session).ensure()
    logs.setup(place)
    config_path = Path(session.config_flag).expanduser().absolute() if session.config_flag else place.config
    service.prepare(place, config_path, seed=seed, still=still or build_only, language=language)
    if build_only or conversations:
        began = time.monotonic()
        built = service.build(
            place,
            config_path,
            seed=seed,
            conversations=conversations,
            messages=messages or 5 * conversations,
            progress=warn,
        )
        session.answer(
            {
                "data_dir": str(place.root),
                "config": str(config_path),
                "conversations": built.conversations,
                "messages": built.messages,
                "canned": built.canned,
            },
            f"{place.root}: {built.conversations:,} conversations, {built.messages:,} messages, "
            f"{built.canned} canned replies in {time.monotonic() - began:.1f} s.",
        )
    if not build_only:
        from csconsole.app import run

        raise typer.Exit(run(config_path, place.root))


def _place(session: Session) -> DataDir:
    """The demo's own directory unless one is named: a demo must not mix with an agent's real data."""
    import os

    place = session.place
    if session.data_flag or os.environ.get(DATA_DIR_VARIABLE):
        return place
    return DataDir(place.root.with_name("csconsole-demo"))
