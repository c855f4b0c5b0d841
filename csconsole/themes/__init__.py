"""Colours and styles: dark, light, high contrast, colour-blind safe and mono."""

from __future__ import annotations

from csconsole.themes.palette import PALETTES, Look, Palette, look

__all__ = ["PALETTES", "Look", "Palette", "look"]
