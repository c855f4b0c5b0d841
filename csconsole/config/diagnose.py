"""Names every mistake in a configuration file, each with line and nearest key.

msgspec stops at the first mismatch and knows no lines. Here the structs are walked field by field along the
parsed file, so that one look shows all there is to mend. Values are never repeated in a message: one of them
may be a password in the wrong place.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from csconsole.config import rules
from csconsole.config.lines import Lines
from csconsole.config.loader import SettingsType, shape
from csconsole.config.model import ACCOUNT_KEYS, PATTERNS, AccountConfig, Config
from csconsole.config.problem import Key, Problem, dotted
from csconsole.config.rules import Finding
from csconsole.domain.settings import Secret, decode
from csconsole.text import toml

_WORDS = {
    "str": "text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list [...]",
    "object": "a table {...}",
    "null": "nothing",
}
MOST = 100
"""Mistakes after which no further ones are looked for: it is some other file."""

_EXPECTED = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")


def problems(path: Path, data: bytes, settings_type: SettingsType | None = None) -> list[Problem]:
    """Everything wrong or doubtful in a file, by line.

    Args:
        path: the file, for the messages.
        data: its bytes.
        settings_type: gives a connector's own struct; without it those keys are not checked.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return [Problem(path, line, "", "not UTF-8 text; save the file as UTF-8")]
    try:
        raw = toml.loads(text)
    except toml.TomlError as error:
        return [Problem(path, error.line, "", error.what)]
    lines = Lines(text)
    found = []
    for mistake in _all(raw, settings_type):
        key = _hide_settings(mistake.key)
        found.append(Problem(path, lines.of(key), dotted(key), mistake.what, mistake.nearest, fatal=mistake.fatal))
    return sorted(found, key=lambda problem: problem.line)


def _all(raw: dict[str, Any], settings_type: SettingsType | None) -> list[Finding]:
    shaped = shape(raw)
    found = list(islice(_struct(shaped, Config, ()), MOST))
    accounts = shaped.get("accounts")
    for index, table in enumerate(accounts if isinstance(accounts, list) else []):
        if isinstance(table, dict) and len(found) < MOST:
            found += _account(table, ("accounts", index), settings_type)
    told = {_hide_settings(mistake.key) for mistake in found}
    return [*found, *(broken for broken in rules.check(_sound(shaped)) if broken.key not in told)]


def _sound(shaped: dict[str, Any]) -> Config:
    """A configuration out of the tables that are right by themselves, so that the rules see them too."""
    tables = {}
    for field in msgspec.structs.fields(Config):
        if field.name in shaped:
            with suppress(msgspec.ValidationError):
                tables[field.name] = decode(shaped[field.name], field.type)
    return Config(**tables)


def _account(table: dict[str, Any], way: Key, settings_type: SettingsType | None) -> Iterator[Finding]:
    """The keys an account shares with no other: the connector's own, and secrets written out."""
    settings = table["settings"]
    written_out = {(*way, "settings", *key) for key in rules.literal_secrets(settings)}
    yield from (Finding(key, rules.WRITTEN_OUT) for key in written_out)
    for name in ("name", "connector"):
        near = _nearest(name, settings) if name not in table else ""
        if near:
            yield Finding((*way, "settings", near), "unknown key", nearest=name)
    connector = table.get("connector")
    if settings_type is None or not isinstance(connector, str):
        return
    kind = settings_type(connector)
    if kind is None:
        yield Finding((*way, "connector"), "no such connector is installed; csconsole doctor lists them")
        return
    shared = _common(table, kind)
    for mistake in _struct({**settings, **shared}, kind, (*way, "settings"), also=ACCOUNT_KEYS):
        if mistake.key not in written_out and shared.keys().isdisjoint(mistake.key[3:4]):
            yield mistake


def _common(table: dict[str, Any], kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Values of common keys that a connector declares too; they are checked with the account."""
    names = [name for name in kind.__struct_fields__ if name in ACCOUNT_KEYS]
    defaults = {field.name: field.default for field in msgspec.structs.fields(AccountConfig)}
    values = {name: table.get(name, defaults[name]) for name in names}
    return {name: value for name, value in values.items() if value not in (None, msgspec.NODEFAULT)}


def _hide_settings(key: Key) -> Key:
    """The key as it stands in the file: a connector's own keys stand beside the common ones."""
    return (*key[:2], *key[3:]) if key[:1] == ("accounts",) and key[2:3] == ("settings",) else key


def _struct(raw: Any, kind: type[msgspec.Struct], way: Key, also: Iterable[str] = ()) -> Iterator[Finding]:
    """Mistakes of a table against its struct; ``also`` are further keys to suggest."""
    if not isinstance(raw, dict):
        yield Finding(way, f"expected a table, found {_kind_of(raw)}")
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    names = [name for name in fields if not (kind is AccountConfig and name == "settings")]
    clean = True
    for name in raw:
        if name not in fields:
            clean = False
            yield Finding((*way, name), "unknown key", nearest=_nearest(name, [*names, *also]))
    for name, field in fields.items():
        if name in raw:
            for mistake in _value(raw[name], field.type, (*way, name)):
                clean = False
                yield mistake
        elif field.required:
            clean = False
            yield Finding((*way, name), "missing; it must be given")
    if clean:
        yield from _convert(raw, kind, way)


def _value(raw: Any, kind: Any, way: Key) -> Iterator[Finding]:
    """Mistakes of one value against the type of its field, looking into structs, lists and tables."""
    bare = _bare(kind)
    if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
        if bare is Secret and isinstance(raw, str):
            yield Finding(way, rules.WRITTEN_OUT)
        else:
            yield from _struct(raw, bare, way)
    elif get_origin(bare) is list and isinstance(raw, list):
        for index, item in enumerate(raw):
            yield from _value(item, get_args(bare)[0], (*way, index))
    elif get_origin(bare) is dict and isinstance(raw, dict):
        key_type, value_type = get_args(bare)
        for name, item in raw.items():
            if isinstance(item, dict) and _bare(value_type) is str:
                inner = next(iter(item), "...")
                yield Finding((*way, name), f'a name with a dot stands in quotes: "{name}.{inner}" = ...')
            else:
                yield from _convert(name, key_type, (*way, name))
                yield from _value(item, value_type, (*way, name))
    else:
        yield from _convert(raw, kind, way)


def _bare(kind: Any) -> Any:
    """A type without its annotations and without ``None``."""
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        some = [option for option in get_args(kind) if option is not type(None)]
        return _bare(some[0]) if len(some) == 1 else kind
    return kind


def _convert(raw: Any, kind: Any, way: Key) -> Iterator[Finding]:
    try:
        decode(raw, kind)
    except msgspec.ValidationError as error:
        options = get_args(_bare(kind)) if get_origin(_bare(kind)) is Literal else ()
        if options:
            near = _nearest(raw, options) if isinstance(raw, str) else ""
            meant = f'; did you mean "{near}"?' if near else ""
            choices = ", ".join(f'"{option}"' for option in options)
            yield Finding(way, f"must be one of {choices}{meant}")
        else:
            yield Finding(way, _plain(str(error)))


def _plain(message: str) -> str:
    """msgspec's message in words of the file rather than of Python, its path taken off."""
    text = message.split(" - at `")[0]
    match = _EXPECTED.fullmatch(text)
    if match:
        wanted = " or ".join(_WORDS.get(part.strip(), part.strip()) for part in match[1].split("|"))
        wanted = wanted.removesuffix(" or nothing")
        return f"expected {wanted}, found {_WORDS.get(match[2], match[2])}"
    match = re.fullmatch(r"Expected `(\w+)` (.*)", text)
    if match and match[2].startswith("matching regex"):
        pattern = match[2].removeprefix("matching regex ")[1:-1]
        return f"must be {PATTERNS[pattern]}" if pattern in PATTERNS else f"must match {pattern}"
    if match:
        return f"expected {_WORDS.get(match[1], match[1])} {match[2]}"
    return text


def _kind_of(raw: Any) -> str:
    for kind, word in ((bool, "bool"), (str, "str"), (int, "int"), (float, "float"), (list, "array")):
        if isinstance(raw, kind):
            return _WORDS[word]
    return "a date"


def _nearest(name: str, known: Iterable[str]) -> str:
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)), "")
