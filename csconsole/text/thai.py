"""Thai as it is written: where words end, what order names have, which digits are digits.

Thai is written without spaces between words. Word breaks come from the BudouX model (a small linear
classifier over the six code points around a place), loaded when the first Thai letter asks for it, then
filtered by what no Thai reader
accepts: a break before a mark, a following vowel or a repetition sign, or after a leading vowel. A place is
    judged from its six neighbours alone, so one place in a long text costs the same as one in a short one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Final, NamedTuple

FOLLOWING: Final = frozenset("ๆฯะาำๅ")
"""Signs that never begin a line or a word: repetition, abbreviation, vowels after their consonant."""

LEADING: Final = frozenset("เแโใไ")
"""Vowels written before their consonant: never the last sign of a line or a word."""

MARKS: Final = frozenset(
    "\u0e31\u0e34\u0e35\u0e36\u0e37\u0e38\u0e39\u0e3a\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e4d\u0e4e"
)
"""Vowels and tone marks above and below."""

TONES: Final = "\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e4d\u0e4e"
"""Marks that only decide between words spelled alike: maitaikhu, tones, thanthakhat, two rare ones."""

_NOT_BEFORE = FOLLOWING | MARKS
# MAI HAN AKAT and SARA UEE always have a letter after them in the same syllable.
_NOT_AFTER = LEADING | frozenset("\u0e31\u0e37")

_THAI = re.compile("[\u0e01-\u0e3a\u0e40-\u0e4e]")
_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_HAS_DIGIT = re.compile("[๐-๙]")
_SWAPPED = re.compile("([เแโใไ])([ก-ฮ])")
_NO_TONES = str.maketrans("", "", TONES)
_ONLY_TONES = re.compile(f"[^{TONES}]")


class _Model(NamedTuple):
    """The classifier: scores of one, two and three code points by their place around the break."""

    base: float
    single: tuple[tuple[int, Mapping[str, int]], ...]
    pairs: tuple[tuple[int, Mapping[str, int]], ...]
    triples: tuple[tuple[int, Mapping[str, int]], ...]


def has_thai(text: str) -> bool:
    """Whether the text holds a Thai letter, vowel or mark (digits and the Baht sign do not count)."""
    return not text.isascii() and _THAI.search(text) is not None


def is_thai(char: str) -> bool:
    """Whether one character is a Thai letter, vowel, sign or mark."""
    return "\u0e01" <= char <= "\u0e3a" or "\u0e40" <= char <= "\u0e4e"


def word_breaks(text: str) -> list[int]:
    """Every index, in order, at which a word or a stretch of spaces begins.

    Besides Thai words: both sides of a stretch of white space, and the border between Thai and Latin
    letters, digits or other signs. Neither 0 nor the length of the text is among them.
    """
    if text.isascii():
        return [match.end() for match in re.finditer(r"(?<=\S)(?=\s)|(?<=\s)(?=\S)", text)]
    return [
        index
        for index in range(1, len(text))
        if text[index].isspace() != text[index - 1].isspace() or is_word_break(text, index)
    ]


def is_word_break(text: str, index: int) -> bool:
    """Whether a Thai word ends or begins between ``text[index - 1]`` and ``text[index]``.

    False between two characters of other scripts, whatever they are.

    Args:
        text: the text around the place; only three code points on either side count.
        index: greater than 0 and less than the length of the text.
    """
    before, after = text[index - 1], text[index]
    if is_thai(before):
        if before in _NOT_AFTER or after in _NOT_BEFORE:
            return False
        if is_thai(after):
            return _scores(text[max(0, index - 3) : index], text[index : index + 3])
        return _is_another_word(after)
    return is_thai(after) and after not in _NOT_BEFORE and _is_another_word(before)


def normalise_digits(text: str) -> str:
    """Thai digits as ASCII digits; everything else as it is."""
    if text.isascii() or not _HAS_DIGIT.search(text):
        return text
    return text.translate(_DIGITS)


def sort_key(text: str) -> tuple[str, str, str]:
    """A key that puts names in the order of a Thai dictionary.

    A leading vowel is compared after its consonant, so that แพร stands under พ; tone marks decide only
    between words that are otherwise alike (Royal Institute Dictionary). Latin comes before Thai, without
    regard to case.
    """
    folded = normalise_digits(text).casefold()
    if folded.isascii():
        return folded, "", text
    swapped = _SWAPPED.sub(r"\2\1", folded)
    return swapped.translate(_NO_TONES), _tone_places(swapped), text


def _tone_places(text: str) -> str:
    """The tone marks with a blank for every sign between them, so that an earlier mark weighs more."""
    return _ONLY_TONES.sub(" ", text)


def _is_another_word(char: str) -> bool:
    """Whether a sign of another script stands for a word of its own beside Thai: letter, digit, emoji."""
    return char.isalnum() or ord(char) >= 0x2190


@lru_cache(maxsize=32_768)
def _scores(left: str, right: str) -> bool:
    """Whether the model sees a break between the (at most three) code points before and those after a place."""
    model = _model()
    around = left + right
    here, size = len(left), len(around)
    score = model.base
    for length, placed in enumerate((model.single, model.pairs, model.triples), 1):
        for offset, scores in placed:
            place = here + offset
            if place >= 0 and place + length <= size:
                score += scores.get(around[place : place + length], 0)
    return score > 0


@cache
def _model() -> _Model:
    import budoux  # 27 ms: only for those who have Thai before them

    weights: Mapping[str, Mapping[str, int]] = budoux.load_default_thai_parser().model

    def placed(prefix: str, offsets: range) -> tuple[tuple[int, Mapping[str, int]], ...]:
        return tuple((offset, weights.get(f"{prefix}{n}", {})) for n, offset in enumerate(offsets, 1))

    total = sum(sum(scores.values()) for scores in weights.values())
    return _Model(-total / 2, placed("UW", range(-3, 3)), placed("BW", range(-2, 1)), placed("TW", range(-3, 1)))
