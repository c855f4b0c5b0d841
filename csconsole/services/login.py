"""Logging an account in where that needs a person."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from csconsole.clock import Clock
from csconsole.config.model import Config
from csconsole.connectors.base import Health
from csconsole.connectors.registry import connector_class
from csconsole.errors import NotFoundError
from csconsole.paths import DataDir
from csconsole.sync.account import context_of
from csconsole.text.sanitize import safe_line


def log_in(
    config: Config, place: DataDir, clock: Clock, name: str, *, say: Callable[[str], None], ask: Callable[[], str]
) -> Health:
    """Logs an account in and tries it; returns what works.

    Args:
        config: loaded with the connectors' keys.
        place: the data directory.
        clock: for the end of what is given.
        name: the account.
        say: shows a line.
        ask: reads a line; blocks.

    Raises:
        NotFoundError: no such account.
        ConnectorError: the login did not work.
    """
    account = config.account(name)
    if account is None:
        known = ", ".join(one.name for one in config.accounts) or "none"
        raise NotFoundError(f'There is no account "{safe_line(name)}" in the configuration; it has: {known}.')
    kind = connector_class(account.connector)
    connector = kind(context_of(account, config, kind, str(place.root)), clock)

    async def work() -> Health:
        try:
            await connector.log_in(say, ask)
            return await connector.check()
        finally:
            await connector.close()

    return asyncio.run(work())
