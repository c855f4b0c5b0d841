from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from csconsole.i18n import Catalog
from csconsole.text.graphemes import next_stop, width
from csconsole.widgets.line_buffer import LineBuffer
from csconsole.widgets.line_input import LineInput, read
from tests.screens.typing import paste, type_text

KNOWN = {"คืนเงิน": 41, "status:open": 7}


class FieldApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, str]] = []

    def compose(self) -> ComposeResult:
        yield LineInput(Catalog("th"), "/", history=("เก่า", "ใหม่"), count=lambda text: KNOWN.get(text, 0))

    def on_mount(self) -> None:
        self.field.focus()

    @property
    def field(self) -> LineInput:
        return self.query_one(LineInput)

    def on_line_input_submitted(self, event: LineInput.Submitted) -> None:
        self.heard.append(("submitted", event.value))

    def on_line_input_cancelled(self, event: LineInput.Cancelled) -> None:
        self.heard.append(("cancelled", event.value))


@pytest.mark.parametrize(("typed", "meant"), [("8nog'bo", "คืนเงิน"), ("หะฟะีหซนยำื", "status:open")])
async def test_what_finds_nothing_is_read_again_and_said(typed: str, meant: str) -> None:
    app = FieldApp()
    async with app.run_test(size=(80, 3)) as pilot:
        await type_text(pilot, typed)
        assert app.field.meant == meant
        assert app.field.typed == typed, "what was typed stays"
        assert f"{meant}: {KNOWN[meant]}" in app.field.render_line(0).text
        await pilot.press("enter")
        assert app.heard == [("submitted", meant)]


async def test_a_literal_hit_is_never_reread() -> None:
    app = FieldApp()
    async with app.run_test(size=(80, 3)) as pilot:
        await type_text(pilot, "คืนเงิน")
        assert app.field.reading is None
        assert "41" in app.field.render_line(0).text
        await type_text(pilot, "x")
        assert Catalog("th").t("line.none") in app.field.render_line(0).text


async def test_history_and_leaving() -> None:
    app = FieldApp()
    async with app.run_test(size=(80, 3)) as pilot:
        await type_text(pilot, "กำ")
        await pilot.press("up", "up", "up")
        assert app.field.typed == "เก่า"
        await pilot.press("down", "down")
        assert app.field.typed == "กำ"
        await pilot.press("escape")
        assert app.heard == [("cancelled", "กำ")]


async def test_a_pasted_text_is_one_safe_line() -> None:
    app = FieldApp()
    async with app.run_test(size=(80, 3)) as pilot:
        await paste(pilot, "a\nb\x1b[31m")
        assert "\n" not in app.field.typed
        assert "\x1b" not in app.field.typed


def test_what_is_counted_by_nobody_is_not_reread() -> None:
    assert read("8nog'bo", None) == (None, None)
    assert read("8nog'bo", lambda text: None) == (None, None)


def test_backspace_takes_a_mark_delete_takes_the_cluster() -> None:
    buffer = LineBuffer()
    for char in "ที่นี่":
        assert buffer.key("x", char)
    assert buffer.text == "ที่นี่"
    buffer.key("backspace")
    assert buffer.text == "ที่นี"
    buffer.key("home")
    buffer.key("delete")
    assert buffer.text == "นี"
    buffer.key("delete")
    buffer.key("delete")
    assert buffer.text == ""


@given(
    st.text("กขที่ำเแ a😀漢", max_size=30),
    st.integers(2, 20),
    st.lists(st.sampled_from(["left", "ctrl+left", "home"]), max_size=9),
)
def test_the_caret_is_always_in_the_window(text: str, cells: int, keys: list[str]) -> None:
    buffer = LineBuffer(text)
    for key in keys:
        buffer.key(key)
    shown, column = buffer.window(cells)
    assert 0 <= column < cells
    assert width(shown) <= cells
    assert buffer.caret in (0, len(buffer.text)) or next_stop(buffer.text, buffer.caret - 1) == buffer.caret
