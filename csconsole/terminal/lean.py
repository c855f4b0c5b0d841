"""Loads Textual without what the console has no use for.

- ``ssl``: asyncio loads it and with it OpenSSL, 4 MiB; it does without when there is none. This process opens no
  connections, the worker does.
- ``textual.command``: Textual's own palette with the widgets it is made of; ours is another.

Both are hidden while Textual is loaded only: whoever imports them later gets the real ones.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

_PALETTE = "textual.command"
_NAMES = ("CommandListItem", "CommandPalette", "DiscoveryHit", "Hit", "Hits", "Provider", "SimpleProvider")
"""What Textual's application and its themes import of the palette."""


def load_textual() -> None:
    """Loads it once; a Textual that wants more than is known here is loaded whole."""
    if "textual.app" in sys.modules:
        return
    try:
        _load_hiding("ssl", _PALETTE)
    except ImportError:
        for name in [name for name in sys.modules if name.partition(".")[0] == "textual"]:
            del sys.modules[name]
        import_module("textual.app")


def _load_hiding(*names: str) -> None:
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = _stand_in() if name == _PALETTE else None  # type: ignore[assignment]
    try:
        import_module("textual.app")
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


def _stand_in() -> ModuleType:
    module = ModuleType(_PALETTE)
    for name in _NAMES:
        setattr(module, name, type(name, (), {}))
    return module
