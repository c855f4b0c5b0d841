"""Makes text from outside safe to draw: the two types :data:`Raw` and :data:`Safe` and the way between them.

Textual and Rich pass ESC, C1 and OSC from any string to the terminal, so every field a customer, a channel or
a model has written goes through :func:`safe_line` or :func:`safe_text` when it is stored and once more when
it is drawn. Both work code point by code point and never look for escape *sequences*: nothing can be left
half open and nothing can join across two fields.

What happens to a code point:

- C0 controls and DEL become their control pictures (U+2400 block), C1 controls become U+FFFD.
- Bidirectional controls (Trojan Source, CVE-2021-42574), default-ignorable code points (Unicode
  DerivedCoreProperties) and the tags block vanish. Three of them survive where they carry meaning: ZWJ
  between two pictographs, a skin tone after one, one U+FE0E or U+FE0F after a pictograph or keycap base,
  and one U+200B in a row inside a line, since it is a break opportunity in Thai.
- Surrogates, noncharacters and private-use code points become U+FFFD.
- A base carries at most :data:`MAX_MARKS` combining marks; a mark with no base stands on U+25CC.
- Letters and digits of every script, right-to-left ones included, are kept as they are.

Both functions are idempotent and return the very same object when there is nothing to do.
"""

from __future__ import annotations

import re
from typing import Final, NewType
from unicodedata import category

Raw = NewType("Raw", str)
"""Text as it came from outside: kept as evidence, searched, parsed, never drawn."""

Safe = NewType("Safe", str)
"""Text that may be drawn. Only this module makes it."""

MAX_MARKS: Final = 4
"""Combining marks one base may carry. Thai needs two; terminals have been crashed with hundreds."""

MAX_LINE: Final = 200
"""Graphemes of a single-line field unless the caller says otherwise."""

MAX_FILENAME_BYTES: Final = 120
"""UTF-8 bytes of a file name: with a counter and a suffix it fits every file system's 255."""

MAX_JOINERS: Final = 8
"""Joiners in one emoji; the longest in use has three."""

TAB_CELLS: Final = 8
"""Cells from one tab stop to the next."""

# Code points of the longest grapheme that can be left: each joined sign with a skin tone or selector, and
# its marks.
_MAX_GRAPHEME = (MAX_JOINERS + 1) * 4 + MAX_MARKS

_REPLACEMENT = "\ufffd"
_DOTTED_CIRCLE = "\u25cc"
_RETURN_SIGN = "\u23ce"
_ELLIPSIS = "\u2026"
_ZWJ = "\u200d"
_ZWSP = "\u200b"
_SELECTORS = "\ufe0e\ufe0f"

# Everything that may need a decision. Its complement is the text of nearly every message: printable ASCII, Latin,
# Greek, Cyrillic, Thai and Lao, general punctuation, symbols and plain emoji. Other scripts take the long way, since
# large ranges would make the class slow to compile at every start.
_UNUSUAL = re.compile(
    "[^\n -~\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0482\u048a-\u052f\u0e01-\u0edf\u1e00-\u200a\u2010-\u2027\u202f-\u205f"
    "\u2070-\u20cf\u2100-\u2bff\U0001f000-\U0001f3fa\U0001f400-\U0001faff]"
)
_MARK = "[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece]"
_LEADING_MARK = re.compile(_MARK)
_DANGLING = re.compile(f"\n{_MARK}")
_FLOOD = re.compile(_MARK * (MAX_MARKS + 1))

_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
_PICTOGRAPH = re.compile(
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_SKIN_TONE = re.compile("[\U0001f3fb-\U0001f3ff]")
# Without cells of their own and not known as marks to Python 3.11: the inner Hangul letters and marks of
# Unicode 15 on.
_CELL_LESS = re.compile(
    "[\u0897\u0cf3\u0ece\u1161-\u11ff\u1acf-\u1aeb\ud7b0-\ud7ff\U00010d69-\U00010d6d\U00010efa-\U00010eff"
    "\U00011241\U000113b8-\U000113e2\U00011b60-\U00011b67\U00011f00-\U00011f03\U00011f34-\U00011f5a"
    "\U0001611e-\U0001612f\U0001e08f\U0001e4ec-\U0001e4ef\U0001e5ee\U0001e5ef\U0001e6e3-\U0001e6f5]"
)
_SELECTABLE = re.compile(f"[0-9#*]|{_PICTOGRAPH.pattern}")

# What becomes of a code point wherever it stands; the kinds below depend on their neighbours.
_IS_MARK = "mark"
_IS_CONTEXTUAL = "contextual"


class _Verdicts(dict[str, str]):
    """What becomes of each code point: its replacement, or one of the two kinds that need their neighbours.

    Filled as code points turn up: at most one entry per code point there is.
    """

    def __missing__(self, char: str) -> str:
        verdict = self[char] = _verdict(char)
        return verdict


def _verdict(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0x80 <= code < 0xA0:
        return _REPLACEMENT
    if char in _SELECTORS or char in (_ZWJ, _ZWSP) or _SKIN_TONE.match(char):
        return _IS_CONTEXTUAL
    if _IGNORABLE.match(char):
        return ""
    kind = category(char)
    if kind in ("Cs", "Co", "Zl", "Zp") or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
        return _REPLACEMENT
    return _IS_MARK if kind in ("Mn", "Mc", "Me") or _CELL_LESS.match(char) else char


_VERDICTS = _Verdicts({"\n": "\n"})


def safe_text(text: str) -> Safe:
    """Makes text of many lines safe to draw (message bodies, notes, model output).

    ``\\r\\n``, a bare ``\\r``, U+2028 and U+2029 become ``\\n``; tabs become spaces up to the next multiple
    of eight cells. For the rest see the module.

    Args:
        text: any string, lone surrogates included.

    Returns:
        The same string object when it is clean already.
    """
    if _is_clean(text):
        return Safe(text)
    if "\r" in text or "\u2028" in text or "\u2029" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    if "\t" not in text:
        return Safe(_clean(text))
    return Safe("\n".join(_expand(line) for line in text.split("\n")))


def safe_line(text: str, limit: int = MAX_LINE) -> Safe:
    """Makes a single-line field safe to draw (names, subjects, tags, error messages).

    Line ends become U+23CE and tabs a space. For the rest see the module.

    Args:
        text: any string, lone surrogates included.
        limit: graphemes the result may have; a longer one ends in an ellipsis, which is counted.

    Returns:
        The same string object when it is clean and short enough already.
    """
    if not _is_clean(text) or "\n" in text:
        text = _one_line(text)
    if len(text) > limit:
        from csconsole.text.graphemes import clusters  # loads Rich's width tables

        spans = clusters(text[: (limit + 1) * _MAX_GRAPHEME])
        if len(spans) > limit:
            text = text[: spans[limit - 1][0]] + _ELLIPSIS if limit > 0 else ""
    return Safe(text)


def is_safe(text: str) -> bool:
    """Whether :func:`safe_text` would leave this string as it is."""
    return _is_clean(text) or safe_text(text) == text


def safe_filename(name: str) -> str:
    """Makes a new file name for an attachment out of the one its sender gave.

    The result is one path component: no separators, controls or invisible characters, no leading dot, dash or
    space, no trailing dot or space, none of the names Windows reserves, at most
    :data:`MAX_FILENAME_BYTES` bytes of UTF-8 cut at a grapheme with its extension kept, and never empty
    (``_``).
    """
    name = re.split(r"[/\\]", name)[-1]
    name = "".join("_" if ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 else char for char in name)
    name = _clean(name).replace(_ZWSP, "").replace(_REPLACEMENT, "_")
    name = re.sub(r"\s", " ", re.sub(r'[:*?"<>|]', "_", name))
    name = _clean(name.lstrip(".- ").rstrip(". "))
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > 16:
        stem, dot, extension = name, "", ""
    if re.fullmatch(r"(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])", stem.split(".")[0]):
        stem = "_" + stem
    room = MAX_FILENAME_BYTES - len((dot + extension).encode())
    if len(stem.encode()) > room:
        stem = _cut_bytes(stem, room)
    return (stem + dot + extension).rstrip(". ") or "_"


def _is_clean(text: str) -> bool:
    if text.isascii():
        return text.isprintable() or not _UNUSUAL.search(text)
    if _UNUSUAL.search(text) or _LEADING_MARK.match(text) or _FLOOD.search(text):
        return False
    return "\n" not in text or not _DANGLING.search(text)


def _one_line(text: str) -> str:
    for end in ("\r\n", "\n", "\r", "\u2028", "\u2029"):
        text = text.replace(end, _RETURN_SIGN)
    return _clean(text.replace("\t", " "))


def _expand(line: str) -> str:
    from csconsole.text.graphemes import width  # loads Rich's width tables

    first, *cells = line.split("\t")
    done = [_clean(first)]
    column = width(done[0])
    for cell in cells:
        gap = TAB_CELLS - column % TAB_CELLS
        # The spaces come first: a mark after a tab stands on a space and is not dangling.
        cleaned = _clean(" " + cell)[1:]
        done.append(" " * gap + cleaned)
        column = (column + gap + width(cleaned)) % TAB_CELLS
    return "".join(done)


def _clean(text: str) -> str:
    """Decides code point by code point; line ends other than ``\\n`` and tabs are the caller's."""
    out: list[str] = []
    last = "\n"
    marks = joiners = 0
    for index, char in enumerate(text):
        verdict = _VERDICTS[char]
        if verdict is _IS_MARK:
            if last == "\n":
                out.append(_DOTTED_CIRCLE)
            marks += 1
            if marks > MAX_MARKS:
                continue
            verdict = char
        elif verdict is _IS_CONTEXTUAL:
            if not _has_meaning(char, last, text[index + 1 : index + 2]):
                continue
            if char == _ZWJ:
                joiners += 1
                if joiners > MAX_JOINERS:
                    continue
            verdict = char
        elif verdict:
            marks = 0
            if last != _ZWJ:
                joiners = 0
        else:
            continue
        out.append(verdict)
        last = verdict
    return "".join(out)


def _has_meaning(char: str, last: str, following: str) -> bool:
    """Whether a joiner, selector, skin tone or zero-width space does something useful where it stands."""
    if char == _ZWSP:
        return last not in (_ZWSP, "\n", " ")
    if char == _ZWJ:
        joinable = _PICTOGRAPH.match(last) is not None or last in _SELECTORS
        return joinable and _PICTOGRAPH.match(following) is not None and not _SKIN_TONE.match(following)
    if char in _SELECTORS:
        return _SELECTABLE.match(last) is not None and not _SKIN_TONE.match(last)
    return _PICTOGRAPH.match(last) is not None and not _SKIN_TONE.match(last)


def _cut_bytes(text: str, room: int) -> str:
    from csconsole.text.graphemes import clusters  # loads Rich's width tables

    used = 0
    for start, end, _cells in clusters(text):
        used += len(text[start:end].encode())
        if used > room:
            return text[:start]
    return text
