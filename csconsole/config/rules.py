"""Rules that no single field can state: uniqueness, references, secrets written out, habits of keyboards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from csconsole.config.model import Config
from csconsole.config.problem import Key

DEFAULT_TIMEZONE = "Asia/Bangkok"
_SECRET_ENDINGS = ("password", "passphrase", "secret", "token", "api_key", "private_key")


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule: where, what, whether it stops the loading, and a known key that may have been meant."""

    key: Key
    what: str
    fatal: bool = True
    nearest: str = ""


def check(config: Config) -> list[Finding]:
    """Every broken rule of a configuration whose fields are right one by one."""
    return [*_accounts(config), *_views(config), *_values(config)]


def _accounts(config: Config) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, account in enumerate(config.accounts):
        if account.name.casefold() in seen:
            yield Finding(("accounts", index, "name"), f'a second account called "{account.name}"; names are unique')
        seen.add(account.name.casefold())
        for way in literal_secrets(account.settings):
            yield Finding(("accounts", index, *way), WRITTEN_OUT)


WRITTEN_OUT = (
    "a secret must not stand in this file; say where it lies: "
    '{ env = "NAME" }, { file = "~/..." }, { command = "..." } or { keyring = "..." }'
)


def is_secret_key(name: str) -> bool:
    """Whether a key of this name holds a secret, whichever connector it belongs to."""
    return name.lower().endswith(_SECRET_ENDINGS)


def literal_secrets(settings: dict[str, Any]) -> Iterator[Key]:
    """The ways to all values that look like secrets written out in plain text."""
    for name, value in settings.items():
        if isinstance(value, str) and value and is_secret_key(name):
            yield (name,)
        elif isinstance(value, dict):
            for way in literal_secrets(value):
                yield (name, *way)


def _views(config: Config) -> Iterator[Finding]:
    keys: dict[str, str] = {}
    names: set[str] = set()
    for index, view in enumerate(config.views):
        if view.name in names:
            yield Finding(("views", index, "name"), f'a second view called "{view.name}"; give it another name')
        names.add(view.name)
        if view.key and view.key in keys:
            yield Finding(
                ("views", index, "key"),
                f'"{view.key}" already opens the view "{keys[view.key]}"; choose another key',
            )
        if view.key:
            keys.setdefault(view.key, view.name)


def _values(config: Config) -> Iterator[Finding]:
    if config.sync.interval.total_seconds() < 5:
        yield Finding(("sync", "interval"), 'too often; at least "5s"')
    if config.agent.timezone != DEFAULT_TIMEZONE and not _timezone_exists(config.agent.timezone):
        yield Finding(("agent", "timezone"), 'no such time zone; write an IANA name such as "Asia/Bangkok"')


def _timezone_exists(name: str) -> bool:
    """Asks zoneinfo, which is imported only here: the default zone needs no proof."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
