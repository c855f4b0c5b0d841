"""Types what Pilot cannot: Thai marks, and text pasted from a clipboard."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.app import App
from textual.keys import _character_to_key
from textual.pilot import Pilot


async def type_text(pilot: Pilot[Any], text: str) -> None:
    """Posts one key event per code point, as the terminal's driver would."""
    app: App[Any] = pilot.app
    for char in text:
        event = events.Key("enter" if char == "\n" else _character_to_key(char), char)
        event.set_sender(app)
        app.post_message(event)
        await pilot.pause()


async def paste(pilot: Pilot[Any], text: str) -> None:
    app: App[Any] = pilot.app
    app.post_message(events.Paste(text))
    await pilot.pause()
