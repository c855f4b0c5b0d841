"""Key notation: how keys are written in the configuration, named inside, and shown on screen.

A *stroke* is one key press under one name: a printable character as itself (``j``, ``G``, ``;``), anything else by
its name (``space``, ``enter``, ``pagedown``, ``ctrl+s``). A *sequence* is one or more strokes in a row. In the
configuration ``"ctrl+s, alt+enter"`` are two alternatives and ``"g i"`` or ``"gi"`` is a sequence.
"""

from __future__ import annotations

from csconsole.text.keyboard import KEDMANEE, Layout, key_for

Sequence = tuple[str, ...]
"""Strokes pressed one after another."""

NAMED_KEYS = frozenset(
    {"space", "enter", "escape", "tab", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown"}
    | {"up", "down", "left", "right"}
    | {f"f{n}" for n in range(1, 25)}
)
"""Keys that have a name instead of a character."""

_MODIFIERS = ("ctrl", "alt", "shift", "super", "meta")
_SPELT = {
    "comma": ",",
    "plus": "+",
    "return": "enter",
    "esc": "escape",
    "del": "delete",
    "pgup": "pageup",
    "pgdn": "pagedown",
}
_SHOWN = {
    "space": "Space",
    "enter": "Enter",
    "escape": "Esc",
    "tab": "Tab",
    "backspace": "Backspace",
    "delete": "Del",
    "insert": "Ins",
    "home": "Home",
    "end": "End",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


class NotationError(ValueError):
    """A key is not written in a way the program knows; the text says how to write it."""


def parse_keys(text: str) -> tuple[Sequence, ...]:
    """Reads the alternatives of one command.

    Args:
        text: such as ``"ctrl+s, alt+enter"`` or ``"g i"``; empty for no key at all.

    Raises:
        NotationError: an unknown name or modifier.
    """
    return tuple(parse_sequence(part) for part in text.split(",") if part.strip())


def parse_sequence(text: str) -> Sequence:
    """Reads one sequence: strokes parted by spaces, or bare characters written together (``gi``).

    Raises:
        NotationError: an unknown name or modifier.
    """
    strokes: list[str] = []
    for word in text.split():
        if _is_one_key(word):
            strokes.append(parse_stroke(word))
        elif "+" in word and len(word) > 2:
            raise NotationError(f'"{word}" is not a key; write it like ctrl+s, alt+enter or f1')
        elif len(word) <= 3 and not (word[0] == "f" and word[1:].isdigit()):
            strokes.extend(word)
        else:
            raise NotationError(f'"{word}" is not a key; write names like enter, pagedown or f1, sequences like "g i"')
    return tuple(strokes)


def parse_stroke(word: str) -> str:
    """The inside name of one written key.

    Raises:
        NotationError: an unknown name or modifier.
    """
    if len(word) == 1:
        return word
    *modifiers, key = word.split("+") if word != "+" else ["+"]
    modifiers = [modifier.lower() for modifier in modifiers]
    for modifier in modifiers:
        if modifier not in _MODIFIERS:
            raise NotationError(f'"{word}" has an unknown modifier "{modifier}"; use ctrl, alt or shift')
    key = _SPELT.get(key.lower(), key.lower() if len(key) > 1 else key)
    if len(key) > 1 and key not in NAMED_KEYS:
        raise NotationError(f'"{word}" is not a key; write names like enter, pagedown or f1')
    if modifiers and len(key) == 1:
        key = key.lower()
    ordered = [modifier for modifier in _MODIFIERS if modifier in modifiers]
    return "+".join([*ordered, key])


def stroke_of(key: str, character: str | None) -> str:
    """The stroke of a key event.

    Args:
        key: the name the terminal layer gives, such as ``ctrl+s``, ``upper_g`` or ``thai_character_mai_ek``.
        character: the printable character, or None.
    """
    if character is not None and len(character) == 1 and character.isprintable():
        modified = any(key.startswith(f"{modifier}+") for modifier in ("ctrl", "alt", "super", "meta"))
        if not modified:
            return "space" if character == " " else character
    return key


def untranslated(stroke: str, layout: Layout = KEDMANEE) -> str:
    """The stroke as if the US layout were on: ``พ`` is ``r``, ``ctrl+พ`` is ``ctrl+r``.

    A stroke that is ASCII already stays: it may have come from either layout.
    """
    *modifiers, char = stroke.split("+") if len(stroke) > 1 else [stroke]
    if len(char) != 1:
        return stroke
    key = key_for(char, layout)
    if key is None:
        return stroke
    return "+".join([*modifiers, key.lower() if modifiers else key])


def show(sequence: Sequence) -> str:
    """The sequence as hints and help print it: ``^S``, ``gi``, ``PgDn``, ``Alt+Enter``."""
    shown = [_show_stroke(stroke) for stroke in sequence]
    return ("" if all(len(part) == 1 for part in shown) else " ").join(shown)


def _show_stroke(stroke: str) -> str:
    if len(stroke) == 1:
        return stroke
    *modifiers, key = stroke.split("+")
    name = _SHOWN.get(key, key.upper() if len(key) < 3 else key)
    if modifiers == ["ctrl"] and len(key) == 1:
        return f"^{key.upper()}"
    return "+".join([*(modifier.capitalize() for modifier in modifiers), name])


def _is_one_key(word: str) -> bool:
    if len(word) == 1:
        return True
    last = word.split("+")[-1].lower()
    return word.lower() in NAMED_KEYS or word.lower() in _SPELT or ("+" in word[:-1] and len(last) >= 1)
