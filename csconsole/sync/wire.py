"""What passes between the worker and its parsing children: msgpack frames behind a four-byte length.

The worker writes batches and reads one answer per item, in order. A child is not trusted: answers are decoded
into the event types and nothing else, and a frame has a longest length.
"""

from __future__ import annotations

import struct
from typing import Any

import msgspec

from csconsole.connectors.base import RawItem
from csconsole.domain.events import Event

HEADER = struct.Struct(">I")

LONGEST = 128 * 1024 * 1024
"""Bytes of a frame; a mail of 50 MB with its parts fits, a runaway answer does not."""


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """How the items of one account are understood: all that ``normalise`` needs, without a secret's value.

    Attributes:
        target: the connector class as ``module:name``.
        settings: the account's own settings as they stand in the configuration.
    """

    target: str
    name: str
    connector: str
    channel: str = ""
    branch: str = ""
    me: str = ""
    agent: str = ""
    settings: dict[str, Any] = {}


class Batch(msgspec.Struct, frozen=True):
    """Items of one account; ``recipe`` is encoded, so that a child decodes it once per account.

    With a ``locator`` the answer is the content of that attachment of each item instead of its events.
    """

    recipe: bytes
    items: list[RawItem]
    locator: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What became of one item: its events, or why there are none; of an attachment its content, None where the item
    holds none.

    ``unusable``: the child cannot serve this account at all; no item is to blame.
    """

    events: list[Event] | None = None
    error: str = ""
    unusable: bool = False
    content: bytes | None = None


def frame(body: bytes) -> bytes:
    """A frame around ``body``."""
    return HEADER.pack(len(body)) + body
