"""One thing that is wrong in a configuration file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

Key = tuple[str | int, ...]
"""The way to a value: names of tables and keys, numbers for the places in an array."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake or a warning with its place.

    Attributes:
        path: the file.
        line: line in it, counted from 1; 0 when it belongs to the whole file.
        key: dotted key, empty for a mistake that belongs to no key.
        what: what is wrong and what to write instead.
        nearest: a known key or value that may have been meant, else empty.
        fatal: False for a warning with which the file still loads.
    """

    path: Path
    line: int
    key: str
    what: str
    nearest: str = ""
    fatal: bool = True

    def __str__(self) -> str:
        """The problem as ``file:line: key: what; nearest key "..."``."""
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        hint = f'; nearest key "{self.nearest}"' if self.nearest else ""
        kind = "" if self.fatal else "warning: "
        return f"{place}: {kind}{f'{self.key}: ' if self.key else ''}{self.what}{hint}"


def dotted(key: Key) -> str:
    """``("accounts", 1, "imap", "port")`` as ``accounts[1].imap.port``, quoted where TOML needs it."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            bare = part.replace("_", "").replace("-", "").isalnum() and part.isascii()
            text += ("." if text else "") + (part if bare else f'"{part}"')
    return text
