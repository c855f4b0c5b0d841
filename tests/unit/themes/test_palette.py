from dataclasses import fields

import pytest
from rich.color import Color
from rich.style import Style
from textual.app import App

from csconsole.themes import PALETTES, Look, Palette, look
from csconsole.themes.textual_themes import register

INKS = ("text", "muted", "accent", "urgent", "warning", "good", "note", "public", "tag", "customer_tag")


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [c / 255 for c in Color.parse(colour).get_truecolor()]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda p: p.name)
@pytest.mark.parametrize("ink", INKS)
def test_every_ink_can_be_read(palette: Palette, ink: str) -> None:
    least = 7.0 if palette.name in ("high-contrast", "mono") else 4.5
    assert contrast(getattr(palette, ink), palette.background) >= least
    assert contrast(getattr(palette, ink), palette.panel) >= least - 0.6


@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda p: p.name)
def test_every_style_carries_its_background(palette: Palette) -> None:
    styles = {name: value for name, value in vars(Look(palette)).items() if isinstance(value, Style)}
    assert len(styles) > 20
    assert all(style.bgcolor is not None and style.color is not None for style in styles.values())


def test_a_hit_shows_without_colour() -> None:
    assert look("mono").hit.reverse
    assert look("mono").urgent.bold


def test_an_unknown_theme_is_dark() -> None:
    assert look("no such").palette is PALETTES["dark"]


async def test_textual_knows_all_of_them() -> None:
    app: App[object] = App()
    register(app)
    async with app.run_test(size=(20, 5)):
        for name in PALETTES:
            app.theme = name
            assert app.current_theme.background == PALETTES[name].background


def test_palettes_are_complete_colours() -> None:
    for palette in PALETTES.values():
        for each in fields(palette):
            if each.name not in ("name", "dark"):
                assert len(getattr(palette, each.name)) == 7
