"""Reads TOML that somebody else may have written: bounded in size and depth, with one kind of error.

``tomllib`` raises RecursionError for deep nesting and a bare ValueError for long integers, and takes time that grows
with the square of the parts of a dotted key.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

MAX_LENGTH = 2_000_000
"""Code points; a team's canned replies of ten years are a tenth of it."""
MAX_PARTS = 16
"""Parts of a dotted key or table name."""

_PART = r"(?:[\w-]{1,200}|\"[^\"\n]{0,200}\"|'[^'\n]{0,200}')[ \t]{0,20}\.[ \t]{0,20}"
_DOTTED = re.compile(rf"(?m)(?:^|[{{,\[])[ \t]{{0,20}}(?:{_PART}){{{MAX_PARTS}}}")
_LINE = re.compile(r"(.*?) \(at (?:line (\d+), column \d+|end of document)\)", re.DOTALL)


class TomlError(ValueError):
    """A text that is no TOML, or more of it than is read.

    Attributes:
        what: what is wrong, without its place.
        line: where, from 1; 0 when unknown.
    """

    def __init__(self, what: str, line: int = 0) -> None:
        super().__init__(what)
        self.what = what
        self.line = line


def loads(text: str) -> dict[str, Any]:
    """The tables of a TOML text.

    Raises:
        TomlError: it is no TOML, too long or nested too deep.
    """
    if len(text) > MAX_LENGTH:
        raise TomlError(f"longer than {MAX_LENGTH:,} characters; that is not such a file")
    deep = _DOTTED.search(text)
    if deep:
        raise TomlError(f"a key has more than {MAX_PARTS} parts", text.count("\n", 0, deep.start()) + 1)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _LINE.fullmatch(str(error))
        if match is None:
            raise TomlError(f"not TOML: {error}") from None
        what = match[1] + ("; text stands in quotes" if match[1].startswith("Invalid value") else "")
        line = int(match[2]) if match[2] else text.count("\n") + 1
        raise TomlError(f"not TOML: {what[:1].lower()}{what[1:]}", line) from None
    except RecursionError:
        raise TomlError("lists or tables are nested too deep") from None
    except ValueError:
        # Python refuses integers of thousands of digits (sys.set_int_max_str_digits).
        raise TomlError("not TOML: a number has too many digits") from None
