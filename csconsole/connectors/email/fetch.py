"""Reading the answers of the two big FETCH commands.

IMAPClient's general parser looks at every character of every answer in Python; for sizes, dates and bodies of
thousands of mails that costs more than the transfer. What ``imaplib`` collected is read here with three patterns;
whatever else a server adds (flags of other mails, in any order) is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple

from csconsole.clock import from_datetime

_UID = re.compile(rb"[ (]UID ([0-9]+)", re.IGNORECASE)
_SIZE = re.compile(rb"[ (]RFC822\.SIZE ([0-9]+)", re.IGNORECASE)
_DATE = re.compile(
    rb'[ (]INTERNALDATE "([ 0-9][0-9])-([A-Za-z]{3})-([0-9]{4}) '
    rb'([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})"',
    re.IGNORECASE,
)
_MONTHS = {name: number for number, name in enumerate(b"jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}


class Summary(NamedTuple):
    """A mail before it is fetched: ``received_at`` is INTERNALDATE in ms UTC, 0 when unreadable."""

    uid: int
    size: int
    received_at: int


def read_summaries(records: Iterable[Any]) -> dict[int, Summary]:
    """Sizes and receive times by UID out of the untagged FETCH records of ``imaplib``."""
    found: dict[int, Summary] = {}
    for record in records:
        if not isinstance(record, bytes):
            continue
        uid, size = _UID.search(record), _SIZE.search(record)
        if uid and size:
            number = int(uid[1])
            found[number] = Summary(number, int(size[1]), _instant(_DATE.search(record)))
    return found


def read_bodies(records: Iterable[Any], section: str) -> dict[int, bytes]:
    """Literals of ``BODY[section]`` by UID.

    ``imaplib`` gives a literal as ``(text before it, literal)`` and the rest of the line as the next record; the
    UID may stand in either. An empty body may come as a quoted string and is passed over.
    """
    wanted = f"BODY[{section}]".upper().encode()
    found: dict[int, bytes] = {}
    waiting: bytes | None = None
    for record in records:
        if isinstance(record, tuple):
            before, literal = record[0], record[1]
            uid = _UID.search(before)
            if wanted not in before.upper():
                waiting = None
            elif uid:
                found[int(uid[1])], waiting = literal, None
            else:
                waiting = literal
        elif isinstance(record, bytes):
            uid = _UID.search(record)
            if waiting is not None and uid:
                found[int(uid[1])] = waiting
            waiting = None
    return found


def _instant(match: re.Match[bytes] | None) -> int:
    if match is None:
        return 0
    try:
        offset = timedelta(hours=int(match[8]), minutes=int(match[9]))
        zone = timezone(-offset if match[7] == b"-" else offset) if offset else UTC
        year, month, day = int(match[3]), _MONTHS[match[2].lower()], int(match[1])
        return from_datetime(datetime(year, month, day, int(match[4]), int(match[5]), int(match[6]), tzinfo=zone))
    except (ValueError, KeyError):
        return 0
