"""What search compares: the folded form of a text, the terms of its index and the needles of a query.

Thai has no spaces, so a word index cannot find a Thai word inside a sentence. The index holds, for every
message, all pairs and triples of code points of its unsegmented runs (Thai, CJK, emoji ...) and the words
of the rest, in an FTS5 table with ``content='', columnsize=0, detail=none, tokenize='ascii'``: that
tokeniser takes every non-ASCII character for a letter, so Thai marks survive. The index keeps no order and
only proposes; :meth:`Needle.matches` on the folded text decides. So recall rests on one promise, tested
over the Thai corpus: every term of :meth:`Needle.candidate_terms` is among :func:`index_terms` of every
text that matches.

Markers: U+E000 before the first letters of a word, and before a rare letter; U+E001 before the last letter
of a run and the first letter of the next. Folding removes both from outside text.

The tokens of a message must be the same when it is erased as when it was indexed: store
:data:`TOKENISER_VERSION` beside the index and rebuild it when the number changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from operator import add
from typing import Final
from unicodedata import is_normalized, normalize

TOKENISER_VERSION: Final = 1
"""Raised whenever :func:`fold` or :func:`index_terms` gives other output for any text."""

MAX_QUERY = 500
"""Code points of a query that are looked at."""

MAX_WORD = 64
"""Code points of one word that the index keeps: a word is found by its first 64."""

_START = "\ue000"
_BORDER = "\ue001"
_PREFIXES = (2, 3, 5)

# ---- folding

_DROPPED = (
    "\x00\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\ue000\ue001\U000e0000-\U000e0fff"
)
_NOT_PLAIN = re.compile(f"[{_DROPPED}๐-๙]|[^\\S ]|\\s\\s|เเ")
_DROP = re.compile(f"[{_DROPPED}]")
_SPACES = re.compile(r"\s+")
_UNCOMMON = re.compile("[^ -~\u0e01-\u0e4f\u0e5a\u0e5b]")
"""Anything but printable ASCII and Thai without its digits: most texts have none of it."""
_THAI_DIGIT = re.compile("[๐-๙]")
_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")

# The order of signs over, under and after one consonant: PHINTHU, SARA U and UU, the vowels above, tones,
# THANTHAKHAT and YAMAKKAN, NIKHAHIT, SARA AM. The first three of them are also their canonical order.
_RANKS = {
    sign: rank
    for rank, signs in enumerate(
        (
            "\u0e3a",
            "\u0e38\u0e39",
            "\u0e31\u0e34\u0e35\u0e36\u0e37\u0e47",
            "\u0e48\u0e49\u0e4a\u0e4b",
            "\u0e4c\u0e4e",
            "\u0e4d",
            "\u0e33",
        )
    )
    for sign in signs
}
_SIGNS = "\u0e31\u0e33\u0e34-\u0e3a\u0e47-\u0e4e"
_DISORDER = re.compile(
    "[\u0e48-\u0e4e\u0e33][\u0e31\u0e34-\u0e3a\u0e47]|[\u0e4c-\u0e4e\u0e33][\u0e48-\u0e4b]"
    "|[\u0e4d\u0e33][\u0e4c\u0e4e]|\u0e33\u0e4d|\u0e4d\u0e32"
)
_SIGN_AFTER_SIGN = re.compile("[\u0e33\u0e48-\u0e4e][\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]")
"""Where disorder is possible at all: one look at most texts is enough."""
_SIGN_RUN = re.compile(f"[{_SIGNS}]{{2,}}")


def fold(text: str) -> str:
    """The form in which texts and queries are compared.

    Canonical case folding (Unicode D145) and NFC; Thai signs in one order and one spelling (SARA AM from
    NIKHAHIT and SARA AA, SARA AE from two SARA E, tone after vowel); Thai digits as ASCII digits; white
    space as one space; zero-width, invisible and marker characters removed. Idempotent.
    """
    if "\n" in text:
        text = text.replace("\n", " ")
    if text.isascii():
        return _tidy(text.lower()) if "  " in text or _UNCOMMON.search(text) else text.lower()
    if _UNCOMMON.search(text):
        if _NOT_PLAIN.search(text):
            text = _tidy(text)
        text = normalize("NFC", normalize("NFD", text).casefold())
    else:
        # ASCII and Thai alone: tidying is for spaces and SARA E, and what normalising does to them is known.
        if "  " in text or "เเ" in text:
            text = _tidy(text)
        text = text.lower() if is_normalized("NFC", text) else normalize("NFC", normalize("NFD", text).casefold())
    if _SIGN_AFTER_SIGN.search(text) or "\u0e4d\u0e32" in text:
        while _DISORDER.search(text):
            text = _SIGN_RUN.sub(_in_order, text).replace("\u0e4d\u0e32", "\u0e33")
    return text


def _tidy(text: str) -> str:
    if _DROP.search(text):
        text = _DROP.sub("", text)
    text = _SPACES.sub(" ", text)
    if _THAI_DIGIT.search(text):
        text = text.translate(_THAI_DIGITS)
    return text.replace("เเ", "แ")


def _in_order(match: re.Match[str]) -> str:
    return "".join(sorted(match.group(), key=_RANKS.__getitem__))


# ---- runs and terms

# Words: Latin, Greek, Cyrillic, Armenian and Glagolitic letters with their marks. Numbers: their digits. Taken apart
# into pairs and triples: every other script from Hebrew on and all signs that are no punctuation. Large ranges make a
# character class slow to compile, so the last is told by what it is not.
_WORD = (
    "[a-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u037d\u037f-\u0386\u0388-\u0558\u0560-\u0588\u1dc0-\u1fff"
    "\u2071\u207f\u2090-\u209c\u20d0-\u20ff\u2102-\u2149\u2160-\u2188\u2c00-\u2dff\ua640-\ua6ff\ufb00-\ufb17\ufe20-\ufe2f"
    "\uff21-\uff3a\uff41-\uff5a]"
)
_NUMBER = "[0-9\uff10-\uff19]"
_GRAM = (
    "[^\x00-\u058f\u1dc0-\u218f\u2c00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\ua640-\ua6ff\ud800-\uf8ff\ufb00-\ufb1c"
    "\ufdd0-\ufdef\ufe00-\ufe6f\ufeff-\uff65\uffe0-\uffff\U000e0000-\U0010ffff]"
)
_RUN = re.compile(f"{_GRAM}+|{_WORD}+|{_NUMBER}+")
_IS_GRAM = re.compile(_GRAM)
_IS_WORD = re.compile(_WORD)
_IS_NUMBER = re.compile(_NUMBER)

_RARE = frozenset("ฃฅฆฌญฎฏฐฑฒณฤฦฬฮฯ\u0e3a\u0e4e๏\u0e4d๚๛ธภศษฉฝฟๅ") | frozenset(map(chr, range(0x1F000, 0x1FB00)))
"""Characters that have a term of their own; the others are too common for an index to help."""


def index_terms(folded: str) -> str:
    """The terms of one folded text, joined by spaces: the text of its row in the index.

    A term that occurs twice is there twice: FTS5 drops repeated terms of a row faster than Python does.

    Args:
        folded: the result of :func:`fold`.
    """
    terms: list[str] = [_START + char for char in sorted(_RARE.intersection(folded))]
    last = ""
    for run in _RUN.findall(folded):
        first = run[0]
        if last:
            terms.append(_BORDER + last + first)
        last = run[-1]
        if "\u0e00" <= first < "\u0e80" or _is_gram_run(run):
            pairs = list(map(add, run, run[1:]))
            terms += pairs
            terms += map(add, pairs, run[2:])
            if not pairs:
                terms.append(run)
        else:
            terms.append(run[:MAX_WORD])
            terms += _beginnings(run)
    return " ".join(terms)


def _is_gram_run(run: str) -> bool:
    return run[0] >= "\u0590" and _IS_GRAM.match(run) is not None


def _beginnings(run: str) -> list[str]:
    """The terms by which the beginning of a word is found."""
    return [_START + run[:size] for size in _PREFIXES if size <= len(run)]


# ---- queries


class Needle:
    """A parsed query: words that must all be in a text.

    What matches: a word is found as a substring of the folded text, quotation marks keep a phrase with its
    spaces together. A word that begins with a Latin letter (or Greek, Cyrillic) is found only where such
    letters begin, one that begins with a digit only where digits begin: ``order`` finds ``orders`` and
    ``ordering`` but not ``reorder``, ``6911`` finds ``KJ6911`` but not ``16911``. Thai, CJK and the like,
    which have no visible word starts, are found anywhere.

    Attributes:
        words: the folded words, in the order of the query, each once.
    """

    __slots__ = ("words",)

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words = words

    def __bool__(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self.words)

    def __repr__(self) -> str:
        return f"Needle({self.words!r})"

    def matches(self, folded_body: str) -> bool:
        """Whether every word is in the text. The empty needle is in every text."""
        return all(word in folded_body and next(_places(word, folded_body), -1) >= 0 for word in self.words)

    def places(self, folded_body: str) -> list[tuple[int, int]]:
        """Where the words are in the folded text, as sorted ``(start, end)``; they may overlap."""
        return sorted((start, start + len(word)) for word in self.words for start in _places(word, folded_body))

    def candidate_terms(self, frequency: Mapping[str, int]) -> tuple[str, ...]:
        """The index terms to ask for: texts that hold them all are a superset of those that match.

        Args:
            frequency: how many texts of a sample hold each term; a term not in it counts as absent from the
                sample.

        Returns:
            The rarest two terms of each word, four when there is only one word. Empty when the index cannot
            help (a single common letter, a sign, the first letter of a Latin word): look through the texts
            instead. A term that ends in ``*`` stands for all terms that begin so; :func:`fts_expression`
            knows.
        """
        chosen: dict[str, None] = {}
        count = 4 if len(self.words) == 1 else 2
        for word in self.words:
            terms = dict.fromkeys(_needed(word))
            by_rarity = sorted(terms, key=lambda term: (frequency.get(term, 0), -len(term), term))
            chosen.update(dict.fromkeys(by_rarity[:count]))
        return tuple(chosen)


def parse_query(text: str) -> Needle:
    """Reads what a person typed into a search field; every string is a valid query.

    Words are parted by spaces; ``"`` (also typographic) encloses a phrase, the last one may be left open.
    Operators do not exist: ``AND``, ``*``, ``-`` are text like any other.
    """
    words: dict[str, None] = {}
    text = re.sub("[“”„‟＂]", '"', text[:MAX_QUERY])
    for place, part in enumerate(text.split('"')):
        for word in [part] if place % 2 else part.split():
            folded = fold(word).strip()
            if folded:
                words[folded] = None
    return Needle(tuple(words))


def fts_expression(terms: tuple[str, ...]) -> str:
    """The FTS5 expression for texts that hold all terms; empty (FTS5 refuses that) for no terms."""
    return " ".join(_quoted(term) for term in terms)


def _quoted(term: str) -> str:
    prefix = term.endswith("*") and len(term) > 1
    body = (term[:-1] if prefix else term).replace('"', '""').replace("\x00", "")
    return f'"{body}"*' if prefix else f'"{body}"'


def _places(word: str, body: str) -> Iterator[int]:
    """Where a word is found under the rule of :class:`Needle`."""
    first = _kind(word[0])
    start = body.find(word)
    while start >= 0:
        if first is None or start == 0 or not first.match(body[start - 1]):
            yield start
        start = body.find(word, start + 1)


def _kind(char: str) -> re.Pattern[str] | None:
    """The class of characters that must not stand before a word that begins so."""
    if _IS_NUMBER.match(char):
        return _IS_NUMBER
    return _IS_WORD if _IS_WORD.match(char) else None


def _needed(word: str) -> Iterator[str]:
    """Every term that is in the index of each text that matches this word."""
    last = ""
    for match in _RUN.finditer(word):
        run, ended = match.group(), match.end() < len(word)
        if last:
            yield _BORDER + last + run[0]
        last = run[-1]
        if _is_gram_run(run):
            yield from map(add, run, run[1:])
            yield from (run[place : place + 3] for place in range(len(run) - 2))
            yield from (_START + char for char in _RARE.intersection(run))
            if len(run) == 1 and ended and match.start() > 0:
                yield run
        elif ended or len(run) > MAX_WORD:
            yield run[:MAX_WORD]
        else:
            yield from _beginnings(run)
            if len(run) >= 6 and _IS_NUMBER.match(run):
                yield run + "*"
