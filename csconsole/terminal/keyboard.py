"""Keys as a terminal sends them, where one byte more decides what is meant.

Escape is the first byte of a key with Alt. Where both come in one read, as a fast typist's do over a slow line, nothing
in the bytes tells Alt and a key from Escape and then the key. Textual 8.2.8 takes all of them for Alt, leaves the
Escape out before a sign, a Thai letter or Enter, and waits for more before it gives any of them on. Here they are one
:class:`EscapedKey` at once, and whoever knows the bindings says which of the two it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver

_ESCAPE = "\x1b"
_OPENERS = frozenset("[O]P_^X")
"""Signs that may begin a control sequence: what follows them is waited for."""


class EscapedKey(events.Key):
    """A key that came right behind an Escape.

    ``key`` and ``character`` are those of the key alone.
    """

    @property
    def with_alt(self) -> str:
        """The stroke it is when Alt was meant: ``alt+b``, ``alt+shift+b``, ``alt+;``, ``alt+enter``."""
        character = self.character or ""
        if len(character) != 1 or not character.isprintable() or character == " ":
            return f"alt+{self.key}"
        return f"alt+shift+{character.lower()}" if character.isupper() else f"alt+{character}"

    def as_alt(self) -> events.Key:
        """The key with Alt."""
        return events.Key(self.with_alt, None)

    def as_two(self) -> tuple[events.Key, events.Key]:
        """Escape, then the key."""
        return events.Key("escape", _ESCAPE), events.Key(self.key, self.character)


class InputParser(XTermParser):
    """Textual's parser, which gives an :class:`EscapedKey` for what came right behind an Escape."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        escaped = sequence if alt else sequence[1:] if sequence.startswith(_ESCAPE) else ""
        if len(escaped) == 1 and (alt or escaped not in _OPENERS):
            for event in super()._sequence_to_key_events(escaped):
                yield EscapedKey(event.key, event.character)
        else:
            yield from super()._sequence_to_key_events(sequence, alt)


def install() -> None:
    """Lets Textual's driver read keys with :class:`InputParser`; doing so twice changes nothing."""
    driver: Any = linux_driver
    driver.XTermParser = InputParser
