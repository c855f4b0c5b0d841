"""Which environment variables hold secrets, so that programs the agent starts from here do not inherit them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from csconsole.config.model import Config


def without_secrets(environment: Mapping[str, str], config: Config) -> dict[str, str]:
    """A copy of an environment for an editor or another program that needs no password of ours.

    Left out are the variables that a secret of some account names (``password = { env = "NAME" }``) and the place
    of systemd's credentials.

    Args:
        environment: usually ``os.environ``.
        config: the configuration in use.
    """
    held = {name for account in config.accounts for name in _named(account.settings)}
    return {name: value for name, value in environment.items() if name not in held | {"CREDENTIALS_DIRECTORY"}}


def _named(settings: Any) -> Iterator[str]:
    """Variables named by the references to secrets in an account's own keys."""
    if isinstance(settings, dict):
        if settings.keys() == {"env"} and isinstance(settings["env"], str):
            yield settings["env"]
            return
        for value in settings.values():
            yield from _named(value)
    elif isinstance(settings, list | tuple):
        for value in settings:
            yield from _named(value)
