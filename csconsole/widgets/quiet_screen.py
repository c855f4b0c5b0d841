"""A screen that does not repaint itself when the focus moves."""

from __future__ import annotations

from typing import Any

from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget


class QuietScreen(Screen[Any]):
    """The base of the console's screens.

    Textual repaints the whole screen at each change of focus (28 kB at 120x40). Here each widget shows its own focus,
    so that only what changed is sent. Pickers lie on a layer of their own and leave the layout under them alone.
    """

    DEFAULT_CSS = """
    QuietScreen { background: $background; layers: base overlay; overflow: hidden; }
    """

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
