from __future__ import annotations

from collections.abc import Sequence

import pytest
from textual.app import App, ComposeResult

from csconsole.i18n import Catalog
from csconsole.text.graphemes import width
from csconsole.widgets.picker import Picker, PickerItem
from tests.screens.typing import type_text

ITEMS = (
    PickerItem("pickup", "ไปรับที่บ้าน", "/ไปรับที่บ้าน", "วันนี้ 12"),
    PickerItem("refund", "คืนเงิน", "/คืนเงิน", "วันนี้ 9"),
    PickerItem("approved", "อนุมัติคืนเงิน", "", "", "รออนุมัติ"),
    PickerItem("tax", "ใบกำกับภาษี"),
)


class PickApp(App[None]):
    def __init__(self, **options: object) -> None:
        super().__init__()
        self.options = options
        self.on = {"tax": False}
        self.heard: list[object] = []

    def find(self, text: str) -> Sequence[PickerItem]:
        items = ITEMS
        if self.options.get("creates"):
            items = tuple(PickerItem(i.id, i.label, on=self.on.get(i.id, True)) for i in ITEMS)
        return [item for item in items if text in item.label]

    def compose(self) -> ComposeResult:
        yield Picker(Catalog("th"), "คำตอบ", self.find, **self.options)  # type: ignore[arg-type]

    def on_mount(self) -> None:
        self.picker.focus()

    @property
    def picker(self) -> Picker:
        return self.query_one(Picker)

    def lines(self) -> list[str]:
        return [self.picker.render_line(y).text for y in range(self.picker.size.height)]

    def on_picker_chosen(self, event: Picker.Chosen) -> None:
        self.heard.append((event.ids, event.send))

    def on_picker_toggled(self, event: Picker.Toggled) -> None:
        self.heard.append((event.id, event.on))
        self.on[event.id] = event.on
        self.picker.find_again()

    def on_picker_created(self, event: Picker.Created) -> None:
        self.heard.append(event.text)

    def on_picker_refused(self, event: Picker.Refused) -> None:
        self.heard.append(event.reason)

    def on_picker_closed(self) -> None:
        self.heard.append("closed")


async def test_it_searches_and_chooses() -> None:
    app = PickApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await type_text(pilot, "คืน")
        assert [item.id for item in app.picker.items] == ["refund", "approved"]
        await pilot.press("enter")
        await pilot.press("down", "enter", "escape")
        assert app.heard == [(("refund",), False), "รออนุมัติ", "closed"]


async def test_what_was_typed_in_the_other_layout_is_found() -> None:
    app = PickApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await type_text(pilot, "8nog'bo")
        assert [item.id for item in app.picker.items] == ["refund", "approved"]
        assert "คืนเงิน: 2" in app.lines()[1]


@pytest.mark.parametrize("key", ["2", "๒", "/"])
async def test_rows_have_numbers_in_either_layout(key: str) -> None:
    app = PickApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await type_text(pilot, key)
        assert app.heard == [(("refund",), False)]


async def test_a_letter_that_can_begin_a_word_is_text_where_text_is_searched() -> None:
    app = PickApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await type_text(pilot, "ภ")
        assert app.heard == []
        assert [item.id for item in app.picker.items] == ["tax"]
    app = PickApp(searchable=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await type_text(pilot, "ภ")
        assert app.heard == [(("tax",), False)]


async def test_several_rows_are_chosen_with_tab() -> None:
    app = PickApp(several=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("tab", "down", "tab")
        await pilot.press("up", "up", "tab", "ctrl+s")
        assert app.heard[-1] == (("pickup", "refund"), True)
        assert "รออนุมัติ" in app.heard


async def test_rows_are_toggled_and_new_ones_made() -> None:
    app = PickApp(creates=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await type_text(pilot, "ภาษี")
        await pilot.press("enter")
        await pilot.press("enter")
        assert app.heard == [("tax", True), ("tax", False)]
        await type_text(pilot, "ใหม่")
        assert any("สร้างใหม่: ภาษีใหม่" in line for line in app.lines())
        await pilot.press("enter")
        assert app.heard[-1] == "ภาษีใหม่"


@pytest.mark.parametrize("cells", range(30, 121, 9))
async def test_the_box_is_exact(cells: int) -> None:
    app = PickApp(several=True, note="เรียงตามข้อความล่าสุดของลูกค้า", preview=lambda ids: ["ได้ค่ะ " * 30])
    async with app.run_test(size=(cells, 24)) as pilot:
        await pilot.pause()
        for line in app.lines():
            assert width(line) == cells
            assert line[0] in "┌│├└"
            assert line[-1] in "┐│┤┘"


async def test_it_scrolls_and_keeps_numbers_to_what_is_seen() -> None:
    many = [PickerItem(str(n), f"แถว {n}") for n in range(40)]
    app = PickApp()
    async with app.run_test(size=(60, 24)) as pilot:
        app.picker._find = lambda text: many
        app.picker.find_again()
        await pilot.press("pagedown", "pagedown")
        first = next(line for line in app.lines() if "1 แถว" in line)
        await type_text(pilot, "1")
        assert app.heard == [((first.split()[-2],), False)]


async def test_space_lets_a_text_begin_with_a_digit() -> None:
    app = PickApp()
    async with app.run_test(size=(80, 24)) as pilot:
        assert "│>1 " in app.lines()[2]
        await pilot.press("space", "2")
        assert app.heard == []
        assert app.picker.buffer.text == "2"
        await pilot.press("backspace", "backspace", "2")
        assert app.heard == [(("refund",), False)]


async def test_rows_show_numbers_only_while_a_digit_chooses_one() -> None:
    app = PickApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await type_text(pilot, "ค")
        assert all("│>1 " not in line and "│ 2 " not in line for line in app.lines())
