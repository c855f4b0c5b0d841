"""Hostile inputs: the entries of the shared corpus, and others of the same classes made from a seed."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

LONG = 4_000
"""Code points from which a text is tried by itself, not beside others on one screen."""

DRAWN = frozenset(
    {"terminal-escape", "markup", "bidi", "invisible", "thai-text", "homoglyph", "html", "attachment", "ai-prompt"}
    | {"search-sql", "export", "ssrf", "ticketing", "redos-dos"}
)
"""Classes whose payloads are texts that a stranger may put into anything that is drawn."""


@dataclass(frozen=True)
class Entry:
    """One hostile input.

    Attributes:
        id: its name, for messages.
        kind: class of attack.
        where: the place it is aimed at.
        payload: the text.
        expected: what should become of it, in words.
        check: the same in a form a test can read.
    """

    id: str
    kind: str
    where: str
    payload: str
    expected: str = ""
    check: dict[str, Any] = field(default_factory=dict)


@cache
def entries() -> tuple[Entry, ...]:
    """Every entry of the shared corpus; the test is skipped where there is none, and fails in CI."""
    repository = Path(__file__).resolve().parent.parent.parent
    shared = Path(os.environ.get("CSCONSOLE_SHARED", repository.parent / "shared"))
    path = shared / "reference" / "hostile.jsonl"
    if not path.is_file():
        if os.environ.get("CI"):
            pytest.fail(f"{path} is missing")
        pytest.skip(f"{path} is missing")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return tuple(
        Entry(row["id"], row["class"], row["where"], _payload(row), row["expected"], row.get("check") or {})
        for row in rows
    )


def _payload(row: dict[str, Any]) -> str:
    made = row.get("gen")
    if not made:
        return str(row["payload"])
    if made.get("kind") == "nested-multipart":
        return nested_multipart(made["times"])
    return str(made["prefix"] + made["repeat"] * made["times"] + made["suffix"])


def nested_multipart(depth: int) -> str:
    """A mail whose parts lie in each other."""
    opened = (f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(depth))
    return "".join(opened) + "Content-Type: text/plain\r\n\r\ndeep"


def aimed_at(*places: str) -> list[Entry]:
    """The entries for some places."""
    return [entry for entry in entries() if entry.where in places]


def drawn() -> list[Entry]:
    """Texts for everything that is drawn: those of the corpus, and variants of the same classes."""
    known = [e for e in entries() if e.kind in DRAWN and len(e.payload) < LONG and e.where not in _NO_TEXT]
    return [*known, *variants()]


_NO_TEXT = frozenset({"attachment", "mime message", "webhook", "two agents", "conversation", "agent note"})

# -- variants ------------------------------------------------------------------------------------------------

_INTRODUCERS = ("\x1b[", "\x9b", "\x1b]", "\x9d", "\x1bP", "\x90", "\x1b_", "\x9f", "\x1b^", "\x9e", "\x1bX", "\x98")
_ENDS = ("", "\x07", "\x1b\\", "\x9c", "\x18", "\x1a")
_BODIES = ("2J", "?1049l", "8;;http://evil.test", "52;c;QQ==", "0;PWNED", "6n", "c", "38;5;1m", "1;1H", '$q"p', "Ga=T")
_INVISIBLE = "\u00ad\u034f\u061c\u115f\u180e\u200c\u200e\u202d\u202e\u2060\u2063\u2066\u206a\u3164\ufeff\uffa0"
_WORDS = ("สวัสดี", "Somchai", "order 12", "น้ำ", "ก็", "👩\u200d👧", "ｗｉｄｅ", "שלום", "é")


def variants(count: int = 40, seed: int = 6) -> Iterator[Entry]:
    """Texts of the corpus's classes that are not in it; the same for the same seed."""
    chance = random.Random(seed)
    makers = (_sequence, _markup, _unseen, _flood)
    for number in range(count):
        maker = makers[number % len(makers)]
        kind, text = maker(chance)
        yield Entry(f"VAR{number:02}", kind, "message body", text)


def _sequence(chance: random.Random) -> tuple[str, str]:
    start, body, end = chance.choice(_INTRODUCERS), chance.choice(_BODIES), chance.choice(_ENDS)
    before, after = chance.choice(_WORDS), chance.choice(("", *_WORDS))
    return "terminal-escape", f"{before}{start}{body}{end}{after}"


def _markup(chance: random.Random) -> tuple[str, str]:
    opened = chance.choice(("[", "[/", "[@", "[$", "[#", "\\[", "[[", "{", "{{", "{%", "<", "`", "%(", "${", "=", "@"))
    inside = chance.choice(("b", "click=app.quit", "link=file:///etc/passwd", "red on blue", "", "/", "0", "x)s"))
    closed = chance.choice(("]", "/]", "", "]]", "}", "}}", "%}", ">"))
    return "markup", f"{opened}{inside}{closed}{chance.choice(_WORDS)}"


def _unseen(chance: random.Random) -> tuple[str, str]:
    word = chance.choice(_WORDS)
    at = chance.randrange(len(word) + 1)
    hidden = "".join(chance.choice(_INVISIBLE) for _ in range(chance.randint(1, 4)))
    tail = "".join(chr(0xE0000 + chance.randrange(0x80)) for _ in range(chance.randrange(3)))
    return "invisible", word[:at] + hidden + word[at:] + tail


def _flood(chance: random.Random) -> tuple[str, str]:
    mark = chance.choice("\u0e31\u0e34\u0e47\u0e48\u0301\u0336\u20dd\U000e0101\u0489")
    return "thai-text", chance.choice(("", "ก", "a", "🙂")) + mark * chance.choice((1, 7, 60)) + chance.choice(_WORDS)
