"""The console: opens the store, paints the queue, then starts everything else.

Order of a start: configuration, store and first page (a few milliseconds), first paint, then Textual and the rest of
the screen, then the worker and the garbage collector's schedule. Nothing is collected until then: what a start makes
stays.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from csconsole.clock import Clock
from csconsole.errors import CsconsoleError, UsageError
from csconsole.screens import first_frame
from csconsole.screens.session import Session, open_session
from csconsole.terminal.capabilities import forget_developer_tools

if TYPE_CHECKING:
    from csconsole.screens.console import ConsoleApp
    from csconsole.terminal.early import EarlyScreen


def run(
    config_path: Path | None = None, data_path: Path | None = None, *, clock: Clock | None = None, worker: bool = True
) -> int:
    """Runs the console until the agent quits; returns the exit code.

    Args:
        config_path: ``--config``.
        data_path: ``--data-dir``.
        clock: another clock than the machine's (the still demo).
        worker: whether to start a sync worker.

    Raises:
        CsconsoleError: before the screen was taken; the terminal is untouched.
    """
    session = open_session(config_path, data_path, clock=clock, starts_worker=worker)
    early = None
    try:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise UsageError("The console needs a terminal; use csconsole list, show and reply in scripts.")
        if session.capabilities.is_dumb:
            raise UsageError("This terminal cannot place the cursor (TERM=dumb); use csconsole list and show.")
        forget_developer_tools(os.environ)
        for name, value in session.capabilities.textual_environment(session.desk.config.ui.kitty_keys).items():
            os.environ.setdefault(name, value)
        early = first_frame.paint(session)
        app = _console_app(session, early)
        app.run(mouse=session.capabilities.mouse(session.desk.config.ui.mouse))
        if app.crash:
            raise CsconsoleError(app.crash)
        if app.farewell:
            print(app.farewell)
        return app.return_code or 0
    finally:
        if early is not None:
            early.restore()
        session.close()


def _console_app(session: Session, early: EarlyScreen | None) -> ConsoleApp:
    """The Textual application; imported only now, since its environment had to be set first."""
    from csconsole.terminal.lean import load_textual

    load_textual()
    from csconsole.screens.console import ConsoleApp

    if early is None:
        return ConsoleApp(session)
    from csconsole.terminal.driver import driver_after

    return ConsoleApp(session, driver_after(early))
