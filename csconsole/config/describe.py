"""Reads the structs as documentation: each field with its description, its kind of value and its default."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from csconsole.domain.settings import Duration, Endpoint, Secret


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a table.

    Attributes:
        name: the key.
        kind: what may stand there, in words.
        description: what it means.
        required: whether it must be given.
        default: its default, None when it has none or is required.
    """

    name: str
    kind: str
    description: str
    required: bool
    default: Any


def fields(struct: type[msgspec.Struct]) -> list[Field]:
    """The keys of a table in their order; works for a connector's ``Settings`` too.

    Args:
        struct: the struct that describes the table.
    """
    return [
        Field(
            name=field.encode_name,
            kind=_kind(field.type),
            description=_description(field.type),
            required=field.required,
            default=_default(field),
        )
        for field in msgspec.structs.fields(struct)
    ]


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return None if field.default is msgspec.NODEFAULT else field.default


def _description(kind: Any) -> str:
    """The description nearest to the field: the outermost annotation that has one."""
    if get_origin(kind) is not Annotated:
        return ""
    notes = [note for note in kind.__metadata__ if isinstance(note, msgspec.Meta) and note.description]
    return str(notes[-1].description) if notes else _description(get_args(kind)[0])


def _kind(kind: Any) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _kind(inner[0])
    if origin is Literal:
        return " or ".join(f'"{option}"' if isinstance(option, str) else str(option) for option in inner)
    if origin in (Union, UnionType):
        return " or ".join(_kind(option) for option in inner if option is not type(None))
    if origin in (list, tuple):
        return f"list of {_kind(inner[0])}"
    if origin is dict:
        return f"table of {_kind(inner[1])}"
    words: dict[Any, str] = {
        str: "text",
        int: "number",
        float: "number",
        bool: "true or false",
        Duration: "duration",
        datetime.timedelta: "duration",
        Secret: "secret",
        Endpoint: "server",
    }
    return words.get(kind, "table")
