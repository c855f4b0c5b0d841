"""The same themes for Textual's own style sheets (backgrounds, borders, scrollbars, the composer's text)."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.theme import Theme

from csconsole.themes.palette import PALETTES, Palette


def textual_theme(palette: Palette) -> Theme:
    """A Textual theme with the palette's colours."""
    return Theme(
        name=palette.name,
        primary=palette.accent,
        secondary=palette.tag,
        accent=palette.accent,
        warning=palette.warning,
        error=palette.urgent,
        success=palette.good,
        foreground=palette.text,
        background=palette.background,
        surface=palette.background,
        panel=palette.panel,
        boost=palette.panel,
        dark=palette.dark,
        variables={
            "border": palette.muted,
            "border-blurred": palette.muted,
            "scrollbar": palette.muted,
            "scrollbar-hover": palette.muted,
            "scrollbar-active": palette.accent,
            "scrollbar-background": palette.background,
            "scrollbar-background-hover": palette.background,
            "scrollbar-background-active": palette.background,
            "scrollbar-corner-color": palette.background,
            "input-cursor-text-style": "reverse",
            "input-cursor-foreground": palette.text,
            "input-cursor-background": palette.background,
            "note": palette.note,
            "public": palette.public,
            "muted": palette.muted,
        },
    )


def register(app: App[Any]) -> None:
    """Makes all themes known to an application; set ``app.theme`` to one of their names after it."""
    for palette in PALETTES.values():
        app.register_theme(textual_theme(palette))
