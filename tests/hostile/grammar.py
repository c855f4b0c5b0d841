"""What the program may write to a terminal, as grammars: everything else in its byte stream is somebody else's.

They are written down from what Textual's driver and the program's own plain output use, by ECMA-48 and xterm's
control sequences, and are as narrow as those: positions are absolute, colours are 24 bits, modes change only where
the console begins and ends. A payload that clears the screen or leaves the alternate screen is foreign even though
terminals know it. Between sequences stands text, and text must be what :mod:`csconsole.text.sanitize` lets through.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from csconsole.text.sanitize import is_safe

_COLOUR = rb"2;[0-9]{1,3};[0-9]{1,3};[0-9]{1,3}"
_INTRODUCED = re.compile(rb"[\x00-\x1f\x7f]")
_EDGE = 700
"""Bytes where the console takes the terminal (for its first frame, then for Textual) and gives it back."""
_DRIVER_BEGINS = b"\x1b[0m\x1b[?1000h\x1b[?1003h\x1b[?1015h\x1b[?1006h"


@dataclass(frozen=True)
class Grammar:
    """Sequences allowed anywhere, and those allowed only at the two ends of a stream."""

    anywhere: re.Pattern[bytes]
    ends: re.Pattern[bytes]


CONSOLE = Grammar(
    re.compile(
        rb"\x1b\[0m"
        rb"|\x1b\[(?:[0123479];){0,5}38;" + _COLOUR + rb"(?:;48;" + _COLOUR + rb")?m"
        rb"|\x1b\[(?:[0123479];){0,5}48;" + _COLOUR + rb"m"
        rb"|\x1b\[[0-9]{1,4};[0-9]{1,4}H"
        rb"|\x1b\[\?(?:25|2026)[hl]"
        rb"|\x1b\]22;[a-z-]{1,20}\x07"
        rb"|\r\n"
    ),
    re.compile(
        rb"\x1b\[\?(?:7|25|1000|1002|1003|1004|1006|1015|1016|1049|2004|2026|2031|2048)[hl]"
        rb"|\x1b\[\?(?:2026|2048)\$p"
        rb"|\x1b\[2J"
        rb"|\x1b\[>[0-9]{1,2}u|\x1b\[<u"
        rb"|\r?\n"
    ),
)
"""The full-screen console."""

PLAIN = Grammar(re.compile(rb"\x1b\[(?:0|1|2|31|32|33)m|\r?\n|\r\x1b\[K"), re.compile(rb"(?!)"))
"""A command's plain output; a line of progress wipes itself."""

DOCTOR = Grammar(re.compile(PLAIN.anywhere.pattern + rb"|\r|\x1b\[6n|\x1b\[K"), PLAIN.ends)
"""``doctor`` on a terminal: it asks how far the cursor went and wipes its own line."""


@dataclass(frozen=True)
class Foreign:
    """Something in the stream that the program does not write."""

    at: int
    what: bytes

    def __str__(self) -> str:
        return f"at byte {self.at}: {self.what!r}"


def foreign(stream: bytes, grammar: Grammar = CONSOLE, also: Sequence[bytes] = ()) -> list[Foreign]:
    """Everything in a stream that a grammar does not have.

    Args:
        stream: what the program wrote, from its first byte; a sequence cut off at the very end is let pass.
        grammar: what it may write.
        also: further patterns, such as the clipboard sequence of a test that copies.
    """
    begun = max(0, stream.find(_DRIVER_BEGINS))
    edges = (range(_EDGE), range(begun, begun + _EDGE), range(len(stream) - _EDGE, len(stream)))
    extra = re.compile(b"|".join(also)) if also else None
    found: list[Foreign] = []
    at = 0
    for introduced in _INTRODUCED.finditer(stream):
        start = introduced.start()
        if start < at:
            continue
        found += _bad_text(stream, at, start)
        allowed = grammar.anywhere.match(stream, start) or (extra and extra.match(stream, start))
        if not allowed and any(start in edge for edge in edges):
            allowed = grammar.ends.match(stream, start)
        if not allowed:
            if len(stream) - start > 32 or b"\x1b" not in stream[start:]:
                found.append(Foreign(start, stream[max(0, start - 20) : start + 40]))
            at = start + 1
            continue
        at = allowed.end()
    return found + _bad_text(stream, at, len(stream))


def _bad_text(stream: bytes, start: int, end: int) -> list[Foreign]:
    """Text between two sequences: UTF-8 without anything that sanitising takes away."""
    try:
        text = stream[start:end].decode("utf-8")
    except UnicodeDecodeError as error:
        cut_off = end == len(stream) and end - start - error.start < 4
        return [] if cut_off else [Foreign(start + error.start, stream[start:end][error.start - 8 : error.start + 8])]
    # A run may begin with a mark whose base was drawn before, so a leading mark proves nothing.
    return [] if is_safe("x" + text) else [Foreign(start, stream[start:end][:80])]
