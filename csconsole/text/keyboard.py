"""The Thai keyboard layouts: what was meant when the other layout was on.

A terminal sends the letter of the active layout, so with Thai on, the key R arrives as พ and ``:assign`` as
``ซฟหหรเื``; with Latin on, พัสดุ arrives as ``rylf6``. The tables come from X's ``symbols/th``
(xkeyboard-config): ``basic`` is Kedmanee, what nearly every keyboard in Thailand has printed on it, ``pat``
is Pattachote.

Some Kedmanee keys give an ASCII character, so a program cannot tell which layout was on. A single key press
is therefore translated (:func:`key_for`) only when a Thai character arrived; whole strings are translated
with those keys too, since the reader is asked only after the literal reading gave nothing.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from csconsole.text.thai import normalise_digits

_PLAIN_KEYS = "`1234567890-=qwertyuiop[]asdfghjkl;'zxcvbnm,./\\"
_SHIFTED_KEYS = '~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>?|'


class Layout(NamedTuple):
    """A Thai layout against a US keyboard.

    Attributes:
        name: as people call it.
        thai: what each US character's key sends while the layout is on.
        latin: the way back; where two keys send the same, the one without Shift.
    """

    name: str
    thai: dict[str, str]
    latin: dict[str, str]


def _layout(name: str, plain: str, shifted: str) -> Layout:
    keys = _PLAIN_KEYS + _SHIFTED_KEYS
    thai = dict(zip(keys, plain + shifted, strict=True))
    latin: dict[str, str] = {}
    for key, char in thai.items():
        latin.setdefault(char, key)
    return Layout(name, thai, latin)


KEDMANEE: Final = _layout(
    "Kedmanee",
    "_ๅ/-ภถ\u0e38\u0e36คตจขชๆไ\u0e33พะ\u0e31\u0e35รนยบลฟหกดเ\u0e49\u0e48าสวงผปแอ\u0e34\u0e37ทมใฝฃ",
    '%+๑๒๓๔\u0e39฿๕๖๗๘๙๐"ฎฑธ\u0e4d\u0e4aณฯญฐ,ฤฆฏโฌ\u0e47\u0e4bษศซ.()ฉฮ\u0e3a\u0e4c?ฒฬฦฅ',
)
"""The standard layout (TIS 820), default everywhere."""

PATTACHOTE: Final = _layout(
    "Pattachote",
    "_=๒๓๔๕\u0e39๗๘๙๐๑๖\u0e47ตยอร\u0e48ดมวแใฌ\u0e49ทงก\u0e31\u0e35านเไขบปลห\u0e34คสะจพๅ",
    '฿+"/,?\u0e38_.()-%\u0e4aฤๆญษ\u0e36ฝซถฒฯฦ\u0e4bธ\u0e33ณ\u0e4c\u0e37ผชโฆฑฎฏฐภ\u0e3aศฮฟฉฬ\u0e4d',
)
"""The other layout, made for even load of the fingers; few use it, those who do use nothing else."""

_DIGIT_ROW = dict(zip("ๅ/-ภถ\u0e38\u0e36คตจ", (1, 2, 3, 4, 5, 6, 7, 8, 9, 0), strict=True))

# What a well-formed reading consists of: syllables written in full, repetition and abbreviation signs, digits, signs.
# A vowel above or below excludes one that follows; MAI HAN AKAT and SARA UEE have a letter after them.
_ABOVE = "(?:[\u0e34-\u0e36\u0e38-\u0e3a\u0e47\u0e4d]?[\u0e48-\u0e4c]?|[\u0e31\u0e37][\u0e48-\u0e4b]?(?=[ก-ฮ]))"
_SYLLABLE = f"[เแโใไ]?[ก-ฮ](?:[\u0e48-\u0e4b]?(?:าะ|[ะาำ])|{_ABOVE})[ๆฯ]?"
_WELL_FORMED = re.compile(f'(?:{_SYLLABLE}|ฤๅ|[0-9๐-๙ .,/()"%+฿_-])+')
_HAS_ASCII_WORD = re.compile("[A-Za-z0-9]")


def to_latin(text: str, layout: Layout = KEDMANEE) -> str:
    """The same keys on a US keyboard: ``-จท`` gives ``30m``.

    Characters that the layout cannot send (Latin letters, digits of the number pad) stay as they are.
    """
    return "".join(layout.latin.get(char, char) for char in text)


def to_thai(text: str, layout: Layout = KEDMANEE) -> str:
    """The same keys with the Thai layout on: ``rylf6`` gives พัสดุ; Thai characters stay as they are."""
    return "".join(layout.thai.get(char, char) for char in text)


def key_for(char: str, layout: Layout = KEDMANEE) -> str | None:
    """The US character on the key that sent one Thai character, for hot keys; None for anything else.

    An ASCII character is never translated: it may have come from either layout.
    """
    return None if char.isascii() else layout.latin.get(char)


def digit_for(char: str) -> int | None:
    """The digit meant after a prefix or in a numbered choice, or None.

    ASCII digits, Thai digits, and what the digit row sends while Kedmanee is on (``ๅ / - ภ ถ ุ ึ ค ต จ``).
    """
    if len(char) != 1:
        return None
    plain = normalise_digits(char)
    return int(plain) if plain.isascii() and plain.isdigit() else _DIGIT_ROW.get(char)


def second_reading(text: str, layout: Layout = KEDMANEE) -> str | None:
    """The text as it reads on the other layout, when that is plausible and different; else None.

    For text fields that are not messages, after the literal reading gave nothing. Text with a Thai
    character, or of nothing but the ASCII characters of the Thai layout (``/-`` is 23), is read as Latin,
    and must then be ASCII throughout; other text is read as Thai, and must then be well spelt: no mark
    without its consonant, no two vowels on one, no leading vowel at the end of a word.
    """
    stripped = text.strip()
    if not stripped:
        return None
    if not stripped.isascii() or (not _HAS_ASCII_WORD.search(stripped) and _is_ambiguous(stripped, layout)):
        latin = to_latin(text, layout)
        return latin if latin != text and latin.isascii() else None
    thai = to_thai(text, layout)
    if not any("\u0e01" <= char <= "\u0e2e" for char in thai):
        return None
    return thai if _WELL_FORMED.fullmatch(thai) else None


def _is_ambiguous(text: str, layout: Layout) -> bool:
    return all(char == " " or char in layout.latin for char in text)
