"""Which function runs a command: one table, filled by the handler modules, one entry per command id."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from csconsole.screens.main import MainScreen

Handler = Callable[["MainScreen"], None]

HANDLERS: dict[str, Handler] = {}


def handles(*command_ids: str) -> Callable[[Handler], Handler]:
    """Makes a function the handler of commands."""

    def register(handler: Handler) -> Handler:
        for command_id in command_ids:
            if command_id in HANDLERS:
                raise ValueError(f"two handlers for {command_id}")
            HANDLERS[command_id] = handler
        return handler

    return register
