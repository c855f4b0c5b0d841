"""Writes a configuration back as TOML; secrets appear as the references they are."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from typing import Any

import msgspec

from csconsole.config.model import AccountConfig, Config
from csconsole.config.rules import is_secret_key
from csconsole.domain.settings import Duration, Secret

_HIDDEN = "(hidden)"


def render(config: Config) -> str:
    """The configuration in force, defaults included, as TOML that loads to the same configuration.

    Args:
        config: what :func:`csconsole.config.loader.load` gave.
    """
    blocks = [_table("agent", _fields(config.agent)), _table("shop", _fields(config.shop))]
    blocks += [_table("accounts", _account(account), array=True) for account in config.accounts]
    blocks += [_table("views", _fields(view), array=True) for view in config.views]
    blocks += [
        _table("tags.hot", config.tags.hot),
        _table("keys", config.keys),
        _table("contact_reasons", config.contact_reasons),
        _table("ui", _fields(config.ui)),
        _table("sync", _fields(config.sync)),
    ]
    return "\n".join(blocks)


def value(item: Any) -> str:
    """One value in TOML, on one line.

    Raises:
        TypeError: a value TOML cannot say, such as None.
    """
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, (int, float)):
        return repr(item)
    if isinstance(item, Duration):
        return _string(str(item))
    if isinstance(item, str):
        return _string(item)
    if isinstance(item, (datetime, date, time)):
        return item.isoformat()
    if isinstance(item, list):
        return f"[{', '.join(value(part) for part in item)}]"
    if isinstance(item, msgspec.Struct):
        return value(_fields(item))
    if isinstance(item, dict):
        pairs = (f"{key(name)} = {value(part)}" for name, part in item.items())
        return f"{{ {', '.join(pairs)} }}" if item else "{}"
    raise TypeError(f"TOML has no {type(item).__name__}")


def key(name: str) -> str:
    """A key in TOML, quoted where it must be."""
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else _string(name)


def _string(text: str) -> str:
    """A basic TOML string. JSON's escapes are a subset of TOML's but for the DEL sign."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _table(name: str, entries: dict[str, Any], *, array: bool = False) -> str:
    lines = [f"[[{name}]]" if array else f"[{name}]"]
    lines += [f"{key(entry)} = {value(item)}" for entry, item in entries.items()]
    return "\n".join(lines) + "\n"


def _fields(struct: msgspec.Struct) -> dict[str, Any]:
    """Fields that say something: those without a value are left out, and so are a secret's empty sources."""
    if isinstance(struct, Secret):
        return {name: item for name, item in _pairs(struct) if item}
    return {name: item for name, item in _pairs(struct) if item is not None}


def _pairs(struct: msgspec.Struct) -> list[tuple[str, Any]]:
    return [(name, getattr(struct, name)) for name in struct.__struct_fields__]


def _account(account: AccountConfig) -> dict[str, Any]:
    common = _fields(account)
    settings = common.pop("settings")
    return {**common, **_masked(settings)}


def _masked(settings: dict[str, Any]) -> dict[str, Any]:
    """The connector's own keys; a secret written out, which loading refuses, would still not be shown."""
    shown: dict[str, Any] = {}
    for name, item in settings.items():
        if isinstance(item, dict):
            shown[name] = _masked(item)
        else:
            shown[name] = _HIDDEN if isinstance(item, str) and is_secret_key(name) else item
    return shown
