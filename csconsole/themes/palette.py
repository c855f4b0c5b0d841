"""The colours of each theme and the styles rows are drawn with.

A state is always a sign or a word first; colour repeats it. So every theme may be as quiet as it likes, and ``mono``
loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.style import Style


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as ``#rrggbb``.

    Attributes:
        name: name of the theme.
        dark: whether text is lighter than what lies under it.
        background: under everything.
        panel: under bars and pickers.
        text: plain text.
        muted: what is read second: times, channels, rules.
        accent: the marker, the active view, keys in hints.
        urgent: late, failed, blocked.
        warning: due soon, uncertain, warnings.
        good: sent, verified, fresh.
        note: notes for staff.
        public: what reaches the customer.
        tag: case tags.
        customer_tag: customer tags.
        hit: under a search hit.
    """

    name: str
    dark: bool
    background: str
    panel: str
    text: str
    muted: str
    accent: str
    urgent: str
    warning: str
    good: str
    note: str
    public: str
    tag: str
    customer_tag: str
    hit: str


DARK = Palette(
    name="dark",
    dark=True,
    background="#16181d",
    panel="#22252c",
    text="#d8dbe2",
    muted="#8a909c",
    accent="#7fb4ff",
    urgent="#ff7b72",
    warning="#e3b341",
    good="#7ec699",
    note="#e0b870",
    public="#8ad0ff",
    tag="#a5b4d4",
    customer_tag="#c8a2e8",
    hit="#5a4a10",
)
LIGHT = Palette(
    name="light",
    dark=False,
    background="#fbfbf9",
    panel="#eceae4",
    text="#1f2328",
    muted="#6a6f76",
    accent="#0b57c2",
    urgent="#b3261e",
    warning="#8a5a00",
    good="#1d6b3a",
    note="#7a5200",
    public="#005a9c",
    tag="#3d4f7c",
    customer_tag="#6d3a91",
    hit="#ffe69a",
)
HIGH_CONTRAST = Palette(
    name="high-contrast",
    dark=True,
    background="#000000",
    panel="#000000",
    text="#ffffff",
    muted="#d0d0d0",
    accent="#00ffff",
    urgent="#ff8080",
    warning="#ffff00",
    good="#80ff80",
    note="#ffd070",
    public="#80d0ff",
    tag="#ffffff",
    customer_tag="#ffb0ff",
    hit="#604000",
)
COLOUR_BLIND = Palette(
    # Okabe and Ito's colours, told apart with any of the common kinds of colour blindness.
    name="colour-blind",
    dark=True,
    background="#16181d",
    panel="#22252c",
    text="#dcdee4",
    muted="#8f95a1",
    accent="#56b4e9",
    urgent="#e69f00",
    warning="#f0e442",
    good="#56b4e9",
    note="#f0e442",
    public="#56b4e9",
    tag="#b0b7c6",
    customer_tag="#cc79a7",
    hit="#4d3d00",
)
MONO = Palette(
    name="mono",
    dark=True,
    background="#000000",
    panel="#000000",
    text="#d0d0d0",
    muted="#d0d0d0",
    accent="#d0d0d0",
    urgent="#d0d0d0",
    warning="#d0d0d0",
    good="#d0d0d0",
    note="#d0d0d0",
    public="#d0d0d0",
    tag="#d0d0d0",
    customer_tag="#d0d0d0",
    hit="#000000",
)

PALETTES = {palette.name: palette for palette in (DARK, LIGHT, HIGH_CONTRAST, COLOUR_BLIND, MONO)}
"""All themes by the name in ``[ui] theme``."""


class Look:
    """The styles of one theme; each carries its own background, as line-API strips must.

    Args:
        palette: its colours.
        make: makes a style of ``color``, ``bgcolor``, ``bold``, ``underline`` and ``reverse``; Rich's by default,
            something lighter where Rich is not loaded yet.
    """

    def __init__(self, palette: Palette, make: Callable[..., Any] | None = None) -> None:
        if make is None:
            from rich.style import Style

            make = Style
        self.palette = palette
        self.name = palette.name
        mono = palette.name == "mono"
        ground = palette.background

        styled: Callable[..., Any] = make

        def on(color: str, *, bold: bool = False, under: str = ground, underline: bool = False) -> Style:
            style: Style = styled(color=color, bgcolor=under, bold=bold or None, underline=underline or None)
            return style

        self.text = on(palette.text)
        self.strong = on(palette.text, bold=True)
        self.muted = on(palette.muted)
        self.rule = on(palette.muted)
        self.marker: Style = styled(color=palette.accent, bgcolor=ground, bold=True, reverse=True)
        self.idle_marker = on(palette.muted)
        self.mark = on(palette.accent, bold=True)
        self.accent = on(palette.accent)
        self.active = on(palette.accent, bold=True)
        self.urgent = on(palette.urgent, bold=True)
        self.warning = on(palette.warning, bold=mono)
        self.good = on(palette.good)
        self.note = on(palette.note)
        self.note_strong = on(palette.note, bold=True)
        self.public = on(palette.public, bold=True)
        self.tag = on(palette.tag)
        self.customer_tag = on(palette.customer_tag)
        self.unread = on(palette.accent, bold=True)
        self.hit: Style = styled(
            color=palette.text, bgcolor=palette.hit, bold=True, underline=True, reverse=mono or None
        )
        self.bar = on(palette.text, under=palette.panel)
        self.bar_strong = on(palette.text, under=palette.panel, bold=True)
        self.bar_muted = on(palette.muted, under=palette.panel)
        self.bar_key = on(palette.accent, under=palette.panel, bold=True)
        self.bar_urgent = on(palette.urgent, under=palette.panel, bold=True)
        self.bar_warning = on(palette.warning, under=palette.panel, bold=mono)
        self.bar_good = on(palette.good, under=palette.panel)
        self.cursor: Style = styled(color=palette.text, bgcolor=ground, reverse=True)


_LOOKS: dict[str, Look] = {}


def look(theme: str) -> Look:
    """The styles of a theme; an unknown name reads as ``dark``."""
    found = _LOOKS.get(theme)
    if found is None:
        found = _LOOKS[theme] = Look(PALETTES.get(theme, DARK))
    return found
