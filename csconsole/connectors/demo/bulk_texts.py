"""Words for bulk data: openings, answers and notes recombined from the shop's own lines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from random import Random

from csconsole.connectors.demo.people import CALL_NAMES, SURNAMES
from csconsole.connectors.demo.shop import shop
from csconsole.connectors.demo.team import canned_replies
from csconsole.text.sanitize import safe_text

_VARIABLE = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
_SPLIT = re.compile(r"[ \n]+")
_FLAT = 8
"""Mandelbrot's offset: without it one sentence would be a seventh of everything said."""
_COMMON = 6
"""Of sixteen customers' texts this many have a particular (order, amount, name ...) in them."""


class Texts:
    """Draws texts; cheap per call.

    Args:
        random: the stream's numbers.
    """

    def __init__(self, random: Random) -> None:
        self._bits = random.getrandbits
        self._random = random.random
        data = shop()
        lines: dict[str, list[str]] = data["volume"]["lines"]
        self._openings = {intent: self._table(random, texts) for intent, texts in lines.items()}
        weights = [1 / rank for rank in range(1, len(lines) + 1)]
        self._intents = random.choices(list(lines), weights, k=4096)
        said = [message for story in data["conversations"] for message in story["messages"]]
        self._customers = self._table(random, _sentences(m["text"] for m in said if m["direction"] == "in"))
        self._notes = self._table(random, [m["text"] for m in said if m["visibility"] == "internal"])
        canned = [_VARIABLE.sub("", body) for reply in canned_replies() for body in reply["body"].values()]
        agents = [m["text"] for m in said if m["direction"] == "out" and m["visibility"] == "public"]
        self._agents = self._table(random, [*_sentences(canned), *_sentences(agents)])
        products = [product["name"][language] for product in data["products"] for language in ("th", "en")]
        branches = [branch["name"][language] for branch in data["branches"] for language in ("th", "en")]
        self._things = self._table(random, [*products, *branches])
        self._names = [f"{call} {surname}" for call in CALL_NAMES for surname in SURNAMES]

    @staticmethod
    def _table(random: Random, words: list[str]) -> list[str]:
        weights = [1 / (rank + _FLAT) for rank in range(len(words))]
        return random.choices([safe_text(word) for word in words], weights, k=4096)

    def intent(self) -> str:
        """What a conversation is about."""
        return self._intents[self._bits(12)]

    def subject(self, intent: str) -> str:
        """A subject line."""
        return f"{self._openings[intent][self._bits(12)]} {self._order()}"

    def opening(self, intent: str) -> str:
        """A customer's first words."""
        return f"{self._openings[intent][self._bits(12)]}{self._particular()}"

    def customer(self, intent: str) -> str:
        """A customer's further words."""
        if self._bits(2) == 0:
            return f"{self._openings[intent][self._bits(12)]}{self._particular()}"
        return f"{self._customers[self._bits(12)]}{self._particular()}"

    def agent(self) -> str:
        """An agent's answer: one or two sentences of canned replies and past answers."""
        first = self._agents[self._bits(12)]
        if self._bits(1):
            return f"{first}{self._particular()}"
        return f"{first} {self._agents[self._bits(12)]}{self._particular()}"

    def note(self) -> str:
        """An internal note."""
        return f"{self._notes[self._bits(12)]}{self._particular()}"

    def _order(self) -> str:
        return f"KJ69{self._bits(20):07}"

    def _particular(self) -> str:
        """A rare word now and then, so that the vocabulary grows with the number of messages."""
        draw = self._bits(4)
        if draw >= _COMMON:
            return ""
        if draw < 2:
            return f" {self._order()}"
        if draw == 2:
            return f" {self._things[self._bits(12)]}"
        if draw == 3:
            return f" {self._bits(14):,} บาท"
        if draw == 4:
            return f" คุณ{self._names[int(self._random() * len(self._names))]}"
        return f" SWX69{self._bits(28):09}TH"


def _sentences(texts: Iterable[str]) -> list[str]:
    """Texts and their halves, shortest forms left out, each once, in order."""
    found: dict[str, None] = {}
    for text in texts:
        clean = " ".join(_SPLIT.split(text)).strip()
        words = clean.split(" ")
        half = len(words) // 2
        for part in (clean, " ".join(words[:half]), " ".join(words[half:])):
            if len(part) > 5:
                found.setdefault(part)
    return list(found)
