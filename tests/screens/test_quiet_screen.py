"""What is sent when the focus moves and a picker opens; each test first shows that Textual's own way sends all."""

from __future__ import annotations

from typing import Any

import pytest
from textual._compositor import Compositor
from textual.app import App, ComposeResult
from textual.screen import Screen

from csconsole.i18n import Catalog
from csconsole.widgets.picker import Picker, PickerItem
from csconsole.widgets.queue_list import QueueList
from csconsole.widgets.quiet_screen import QuietScreen
from tests.screens import shop


class TwoLists(App[None]):
    CSS = "QueueList { height: 1fr; }"

    def __init__(self, screen: type[Screen[Any]]) -> None:
        super().__init__()
        self.kind = screen

    def get_default_screen(self) -> Screen[Any]:
        return self.kind(id="_default")

    def compose(self) -> ComposeResult:
        yield QueueList(shop.Rows(50), shop.setting(), Catalog("th"), id="one")
        yield QueueList(shop.Rows(50), shop.setting(), Catalog("th"), id="two")


@pytest.fixture
def cells(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Cells of every region that is painted from now on."""
    painted: list[int] = []
    original = Compositor.render_update

    def render_update(self: Compositor, *args: Any, **options: Any) -> Any:
        painted.extend(region.area for region in self._dirty_regions)
        return original(self, *args, **options)

    monkeypatch.setattr(Compositor, "render_update", render_update)
    return painted


@pytest.mark.parametrize(("screen", "least", "most"), [(Screen, 2000, 9999), (QuietScreen, 1, 20)])
async def test_moving_the_focus_sends_the_markers(
    screen: type[Screen[Any]], least: int, most: int, cells: list[int]
) -> None:
    app = TwoLists(screen)
    async with app.run_test(size=(80, 30)) as pilot:
        app.query_one("#one").focus()
        await pilot.pause(0.1)
        cells.clear()
        app.query_one("#two").focus()
        await pilot.pause(0.1)
        assert least <= sum(cells) <= most


async def test_a_picker_sends_its_own_cells_and_leaves_the_layout_alone(cells: list[int]) -> None:
    app = TwoLists(QuietScreen)
    async with app.run_test(size=(80, 30)) as pilot:
        await pilot.pause(0.1)
        below = app.query_one("#two").region
        cells.clear()
        picker = Picker(Catalog("th"), "คำตอบ", lambda text: [PickerItem("a", "ก")])
        assert isinstance(app.screen, QuietScreen)
        await app.screen.overlay(picker)
        await pilot.pause(0.1)
        assert app.query_one("#two").region == below
        assert picker.region.bottom == 30
        assert sum(cells) <= 12 * 80 + 10
        await picker.remove()
        await pilot.pause(0.1)
        assert app.query_one("#two").render_line(0).text.strip()
