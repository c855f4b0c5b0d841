"""Which connectors exist. Ours are a table, so that start-up reads no entry points; third parties' are
looked up by entry point (group ``csconsole.connectors``) only when a name is not in the table."""

from __future__ import annotations

from importlib import import_module

import msgspec

from csconsole.connectors.base import Connector
from csconsole.errors import ConfigError

_BUILT_IN = {
    "demo": "csconsole.connectors.demo.connector:DemoConnector",
    "email": "csconsole.connectors.email.connector:EmailConnector",
}


def connector_class(name: str) -> type[Connector]:
    """The class behind a connector's name.

    Raises:
        ConfigError: no such connector is installed.
    """
    target = _BUILT_IN.get(name)
    if target is None:
        from importlib.metadata import entry_points

        found = list(entry_points(group="csconsole.connectors", name=name))
        if not found:
            known = ", ".join(sorted(_BUILT_IN))
            raise ConfigError(f'no connector is called "{name}"; known: {known}. Install it or mend the name.')
        loaded = found[0].load()
        if not (isinstance(loaded, type) and issubclass(loaded, Connector)):
            raise ConfigError(f'the connector "{name}" does not follow the contract; update its package.')
        return loaded
    module, _, attribute = target.partition(":")
    cls: type[Connector] = getattr(import_module(module), attribute)
    return cls


def settings_type(name: str) -> type[msgspec.Struct] | None:
    """The struct of a connector's own account settings, for the config loader; None when unknown."""
    try:
        return connector_class(name).Settings
    except ConfigError:
        return None
