"""Loaded by the server that forks victims: works through a day once, so that nothing is left to import after it.

A part of the program imports what it needs when it is first used; a victim would spend its time on that.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path

from csconsole import __main__ as program
from csconsole.config.loader import load
from csconsole.connectors.registry import settings_type
from csconsole.paths import DataDir
from csconsole.sync import clocks, engine, worker
from tests.faults.inline import InlineParser

COMMANDS = (
    ("list", "--json"),
    ("note", "rehearsal#1", "--text", "x"),
    ("reply", "rehearsal#1", "--text", "x", "--now", "--json"),
    ("tag", "rehearsal#1", "+x"),
    ("assign", "rehearsal#1", "me"),
    ("status", "rehearsal#1", "pending"),
    ("restore", "nothing"),
)


def _rehearse(root: Path) -> None:
    place = DataDir(root / "data").ensure()
    place.config.write_text(
        '[agent]\nname = "nok"\n\n[[accounts]]\nname = "rehearsal"\nconnector = "demo"\n'
        'channel = "line"\nstill = true\n'
    )
    place.config.chmod(0o600)
    clocks.start_still(place.root)
    config = load(place.config, settings_type)
    parser, engine.Parser = engine.Parser, InlineParser  # type: ignore[misc]  # put back below
    try:
        worker.once(config, place, clock=clocks.clock_for(config, place.root))
    finally:
        engine.Parser = parser  # type: ignore[misc]  # as before
    for command in COMMANDS:
        program.main(["--data-dir", str(place.root), *command])


with (
    tempfile.TemporaryDirectory() as _root,
    contextlib.redirect_stdout(io.StringIO()),
    contextlib.redirect_stderr(io.StringIO()),
):
    _rehearse(Path(_root))
