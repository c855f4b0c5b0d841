"""The data of the demo shop, and the little language its times are written in."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from csconsole.clock import HOUR, MINUTE, SECOND, from_datetime, to_datetime

ZONE = ZoneInfo("Asia/Bangkok")
"""The shop's time zone."""

Table = dict[str, Any]
"""A JSON object of the shop file."""

_RELATIVE = re.compile(r"T([+-])(\d+):(\d\d):(\d\d)")
_DAY = re.compile(r"D([+-]\d+)(?: (\d\d):(\d\d)(?::(\d\d))?)?")
_NOON = time(12, 0)


@cache
def shop() -> Table:
    """The whole shop file; read once, never changed."""
    data: Table = msgspec.json.decode(files(__package__).joinpath("shop.json").read_bytes())
    return data


@cache
def by_id(part: str, key: str = "id") -> dict[str, Table]:
    """A list of the shop file as a table by one of its fields.

    Args:
        part: name of the list, such as ``customers`` or ``agents``.
        key: the field that identifies an entry.
    """
    return {entry[key]: entry for entry in shop()[part]}


@cache
def orders_of(customer: str) -> tuple[Table, ...]:
    """The orders of a customer of the shop file."""
    return tuple(order for order in shop()["orders"] if order["customer"] == customer)


def is_when(text: str) -> bool:
    """Whether ``text`` is an instant in the shop file's language."""
    return bool(_RELATIVE.fullmatch(text) or _DAY.fullmatch(text))


def when(text: str, start: int) -> int:
    """The instant of ``T-hh:mm:ss``, ``T+hh:mm:ss``, ``D-n hh:mm[:ss]`` or ``D-n`` (noon of that day).

    Args:
        text: the instant as the shop file writes it.
        start: the demo's time zero in ms UTC.

    Returns:
        Milliseconds UTC.

    Raises:
        ValueError: not an instant of this language.
    """
    if match := _RELATIVE.fullmatch(text):
        sign, hours, minutes, seconds = match.groups()
        span = int(hours) * HOUR + int(minutes) * MINUTE + int(seconds) * SECOND
        return start + span if sign == "+" else start - span
    if match := _DAY.fullmatch(text):
        days, hour, minute, second = match.groups()
        clock = _NOON if hour is None else time(int(hour), int(minute), int(second or 0))
        date = to_datetime(start).astimezone(ZONE).date() + timedelta(days=int(days))
        return from_datetime(datetime.combine(date, clock, ZONE))
    raise ValueError(f'"{text}" is not a time of the demo shop')


def duration(text: str) -> int:
    """Milliseconds of ``hh:mm:ss``."""
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    return hours * HOUR + minutes * MINUTE + seconds * SECOND


def settle_times(value: Any, start: int) -> Any:
    """A copy of ``value`` in which every instant of the shop file's language is ms UTC."""
    if isinstance(value, str):
        return when(value, start) if is_when(value) else value
    if isinstance(value, dict):
        return {key: settle_times(entry, start) for key, entry in value.items()}
    if isinstance(value, list):
        return [settle_times(entry, start) for entry in value]
    return value
