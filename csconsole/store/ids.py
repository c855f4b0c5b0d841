"""Ids: UUIDv7 as 16 bytes in the store, as text everywhere else (RFC 9562)."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def _maker() -> Any:
    """The generator, loaded with the first id that is made: the console's first paint makes none."""
    import uuid_utils

    return uuid_utils.uuid7


def new_uid() -> bytes:
    """A fresh UUIDv7."""
    made: bytes = _maker()().bytes
    return made


def uid_text(uid: bytes) -> str:
    """The canonical text of an id."""
    h = uid.hex()
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def uid_bytes(text: str) -> bytes | None:
    """The 16 bytes of an id's text, or None when it is not one."""
    h = text.replace("-", "")
    if len(h) != 32:
        return None
    try:
        return bytes.fromhex(h)
    except ValueError:
        return None
