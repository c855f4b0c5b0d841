"""Copies to the clipboard of the terminal in front of the agent, also through SSH and tmux (OSC 52).

A terminal does not say whether it took the text, so a message says "copied (OSC 52)" and what is too long for it is
refused rather than cut.
"""

from __future__ import annotations

from base64 import b64encode

from csconsole.errors import RefusedError
from csconsole.terminal.capabilities import Capabilities
from csconsole.text.sanitize import Safe

MAX_BASE64 = 74_994
"""Characters of base64 that every common terminal takes in one OSC 52."""

_SCREEN_CHUNK = 76
"""GNU screen cuts a longer string of its pass-through."""


def osc52(text: Safe, terminal: Capabilities) -> str:
    """The characters to write to the terminal so that it copies ``text``.

    Inside tmux the plain form goes to tmux itself (``set-clipboard on``) and the wrapped one to the terminal around
    it (``allow-passthrough on``); whichever is switched off ignores its own.

    Args:
        text: what to copy; safe text, since it will be pasted somewhere.
        terminal: what lies between.

    Raises:
        RefusedError: longer than :data:`MAX_BASE64`; save it to a file instead.
    """
    payload = b64encode(text.encode("utf-8", "replace")).decode("ascii")
    if len(payload) > MAX_BASE64:
        raise RefusedError(f"{len(text):,} characters are too long for the clipboard; save them to a file instead.")
    plain = f"\x1b]52;c;{payload}\x07"
    if terminal.in_tmux:
        return f"{plain}\x1bPtmux;{plain.replace(chr(27), chr(27) * 2)}\x1b\\"
    if terminal.in_screen:
        pieces = (plain[start : start + _SCREEN_CHUNK] for start in range(0, len(plain), _SCREEN_CHUNK))
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return plain
