"""Finds the line of a key in a TOML file that parses.

``tomllib`` tells lines only of syntax errors. This walk over the text knows table headers, arrays of tables,
dotted and quoted keys, and skips strings of several lines; keys inside inline tables are found at the line of
their outermost key. It runs only when there is something to report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from csconsole.config.problem import Key

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_PATH = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_HEADER = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_PATH})[ \t]*\]\]?")
_ENTRY = re.compile(rf"[ \t]*({_PATH})[ \t]*=")
# Strings before comments: a # inside a string starts none.
_TOKEN = re.compile(r'"""[\s\S]*?(?<!\\)"""|\'\'\'[\s\S]*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}\n]')


class Lines:
    """Lines of all keys of one file.

    Args:
        text: the file, valid TOML.
    """

    def __init__(self, text: str) -> None:
        self._lines: dict[Key, int] = {}
        self._counts: dict[Key, int] = {}
        table: Key = ()
        for line, statement in _statements(text):
            header = _HEADER.match(statement)
            if header:
                table = self._open(_parts(header[2]), repeated=header[1] == "[[")
                self._lines.setdefault(table, line)
                continue
            entry = _ENTRY.match(statement)
            if entry:
                for end in range(1, len(_parts(entry[1])) + 1):
                    self._lines.setdefault((*table, *_parts(entry[1])[:end]), line)

    def of(self, key: Key) -> int:
        """The line of ``key``, or of the innermost table around it that has one; 0 when none has."""
        for end in range(len(key), 0, -1):
            if key[:end] in self._lines:
                return self._lines[key[:end]]
        return 0

    def _open(self, names: list[str], *, repeated: bool) -> Key:
        """The way to the table a header opens; inside an array of tables it is the array's last one."""
        way: Key = ()
        for place, name in enumerate(names):
            way = (*way, name)
            last = place == len(names) - 1
            if repeated and last:
                self._counts[way] = self._counts.get(way, 0) + 1
            if way in self._counts:
                way = (*way, self._counts[way] - 1)
        return way


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Statements with the line each starts on; one may go over several lines in brackets or strings."""
    depth = start = 0
    line = first = 1
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in ("[", "{"):
            depth += 1
        elif mark in ("]", "}"):
            depth -= 1
        elif mark == "\n":
            line += 1
            if depth == 0:
                yield first, text[start : token.start()]
                start, first = token.end(), line
        else:
            line += mark.count("\n")
    yield first, text[start:]


def _parts(path: str) -> list[str]:
    """The names of a dotted key, quotes taken off."""
    import tomllib

    parts = []
    for part in re.findall(_PART, path):
        quoted = part[0] in "\"'"
        parts.append(str(tomllib.loads(f"x = {part}")["x"]) if quoted else part)
    return parts
