import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style
from textual.app import App, ComposeResult
from textual.strip import Strip

from csconsole.i18n import Catalog
from csconsole.text.graphemes import width
from csconsole.themes import look
from csconsole.widgets.line_list import LineList
from csconsole.widgets.queue_list import QueueList
from csconsole.widgets.queue_rows import one_line, two_lines
from csconsole.widgets.strips import Line, changed_cells, highlighted, strip_of
from tests.screens import shop

STYLE, OTHER = Style(color="#ffffff", bgcolor="#000000"), Style(color="#ff0000", bgcolor="#000000")


class QueueApp(App[None]):
    def __init__(self, rows: shop.Rows, height: int = 2) -> None:
        super().__init__()
        self.rows = rows
        self.height = height
        self.moved: list[object] = []
        self.opened: list[int] = []

    def compose(self) -> ComposeResult:
        yield QueueList(self.rows, shop.setting(), Catalog("th"), self.height)

    @property
    def queue(self) -> QueueList:
        return self.query_one(QueueList)

    def lines(self) -> list[str]:
        return [self.queue.render_line(y).text for y in range(self.queue.size.height)]

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        self.moved.append(event.row_id)

    def on_line_list_opened(self, event: LineList.Opened) -> None:
        self.opened.append(event.index)


def marker_line(app: QueueApp) -> int:
    return next(y for y, line in enumerate(app.lines()) if line.startswith(">"))


@pytest.mark.parametrize("cells", range(20, 121))
@pytest.mark.parametrize("drawn", [one_line, two_lines])
def test_rows_are_exact_and_columns_stand_still(cells: int, drawn: object) -> None:
    ends = set()
    for index in range(len(shop.PEOPLE)):
        row = shop.queue_row(index)
        for selected in (False, True):
            lines = drawn(row, cells, shop.setting(), look("dark"), selected=selected, marked=index % 2 == 0)  # type: ignore[operator]
            strips = [strip_of(line) for line in lines]
            for line, strip in enumerate(strips):
                assert width(strip.text) == strip.cell_length == cells
                assert all(not s.text or unicodedata.category(s.text[0]) != "Mn" for s in strip)
                assert strip.text.startswith(">" if selected and line == 0 else " ")
        first = strips[0].text
        ends.add(width(first.rstrip()))
        assert first[4:6].isupper()
    assert ends == {cells}, "waiting time ends in the last column of every row"


async def test_the_cursor_keeps_its_row_by_id_and_its_line_when_rows_come_above() -> None:
    app = QueueApp(shop.Rows(1000))
    async with app.run_test(size=(50, 20)) as pilot:
        app.queue.move_to(30)
        await pilot.pause()
        name, line = app.queue.current.customer_name, marker_line(app)  # type: ignore[union-attr]
        app.rows.total, app.rows.shift = 1003, 3
        app.queue.rows_changed()
        await pilot.pause()
        assert app.queue.cursor == 33
        assert app.queue.current.customer_name == name  # type: ignore[union-attr]
        assert marker_line(app) == line


async def test_new_rows_are_announced_in_the_last_line() -> None:
    app = QueueApp(shop.Rows(100))
    async with app.run_test(size=(50, 11)) as pilot:
        app.queue.announce(3)
        await pilot.pause()
        assert "+3" in app.lines()[-1]
        assert "Ctrl+R" in app.lines()[-1]
        app.queue.last()
        await pilot.pause()
        assert marker_line(app) == 8, "the last row is not under the announcement"
        app.queue.announce(0)
        await pilot.pause()
        assert "Ctrl+R" not in app.lines()[-1]


async def test_it_scrolls_by_half_a_page_at_the_edge() -> None:
    app = QueueApp(shop.Rows(1000), height=1)
    async with app.run_test(size=(60, 20)) as pilot:
        tops = []
        for _ in range(60):
            app.queue.move(1)
            await pilot.pause()
            tops.append(app.queue.top_row)
        assert sorted(set(tops)) == [0, 10, 20, 30, 40, 50]
        for _ in range(60):
            app.queue.move(-1)
        await pilot.pause()
        assert app.queue.top_row == 0


async def test_a_million_rows() -> None:
    app = QueueApp(shop.Rows(1_000_000))
    async with app.run_test(size=(50, 20)) as pilot:
        app.queue.last()
        await pilot.pause()
        assert app.queue.cursor == 999_999
        assert marker_line(app) == 18
        assert len(app.queue._strips) <= 1024
        assert all(last - first < 100 for first, last in app.rows.asked)
        app.queue.first()
        await pilot.pause()
        assert marker_line(app) == 0


async def test_rows_still_read_are_shown_as_such_and_asked_for() -> None:
    rows = shop.Rows(100)
    rows.missing = set(range(100))
    app = QueueApp(rows)
    async with app.run_test(size=(50, 10)) as pilot:
        assert app.lines()[0].strip() == ">…"
        assert app.queue.cursor_id is None
        assert rows.asked
        rows.missing.clear()
        app.queue.rows_arrived(0, 99)
        await pilot.pause()
        assert "ฟ้า" in app.lines()[0]
        assert app.queue.cursor_id == 1
        assert app.moved == [1]


async def test_marks_single_and_range() -> None:
    app = QueueApp(shop.Rows(50), height=1)
    async with app.run_test(size=(80, 20)) as pilot:
        app.queue.toggle_mark()
        app.queue.move(2)
        app.queue.marks.toggle_range()
        app.queue.move(3)
        await pilot.pause()
        assert app.queue.marks.ids == {1, 4, 5, 6, 7}
        app.queue.move(-1)
        assert app.queue.marks.ids == {1, 4, 5, 6}, "a range shrinks again"
        app.queue.marks.toggle_range()
        app.queue.move(5)
        assert app.queue.marks.ids == {1, 4, 5, 6}
        assert [line[3] for line in app.lines()[:7]] == ["*", " ", " ", "*", "*", "*", " "]
        assert app.queue.marks.clear()
        assert not app.queue.marks.clear()


async def test_a_click_selects_and_a_second_opens() -> None:
    app = QueueApp(shop.Rows(50))
    async with app.run_test(size=(50, 20)) as pilot:
        await pilot.click(QueueList, offset=(5, 7))
        assert app.queue.cursor == 3
        await pilot.click(QueueList, offset=(5, 6))
        assert app.opened == [3]


async def test_only_the_marker_cells_are_sent_when_the_cursor_moves() -> None:
    app = QueueApp(shop.Rows(50))
    async with app.run_test(size=(50, 20)) as pilot:
        await pilot.pause()
        app.queue.move(1)
        app.queue._exchange_repaint_regions()  # the first after a change of size is whole
        app.queue.move(1)
        sent = [(region.width, region.height) for region in app.queue._exchange_repaint_regions()]
        assert sent == [(1, 1)] * 2


async def test_an_empty_list_says_what_to_do() -> None:
    app = QueueApp(shop.Rows(0))
    async with app.run_test(size=(60, 6)) as pilot:
        await pilot.pause()
        app.queue.move(1)
        assert app.queue.current is None
        assert app.lines()[0].strip() == Catalog("th").t("empty.queue")


async def test_a_minute_passing_sends_only_lines_that_changed() -> None:
    app = QueueApp(shop.Rows(12))
    async with app.run_test(size=(50, 24)) as pilot:
        await pilot.pause()
        before = app.lines()
        app.queue.minute_passed(shop.NOW + 60_000)
        await pilot.pause()
        after = app.lines()
        assert "-48:00" in after[0]
        assert [a == b for a, b in zip(before, after, strict=True)][1::2] == [True] * 12


@given(st.lists(st.tuples(st.text("กขน้ำที่เ ab😀漢", max_size=12), st.booleans()), max_size=6), st.integers(1, 40))
@settings(max_examples=200)
def test_a_built_line_is_exact(pieces: list[tuple[str, bool]], cells: int) -> None:
    line = Line(cells, STYLE)
    for text, other in pieces:
        line.put(text, OTHER if other else None)
    strip = line.strip()
    assert width(strip.text) == strip.cell_length == cells


LINES = st.builds(
    lambda parts: Strip(Line(24, STYLE).put(parts[0], OTHER).put(parts[1]).strip()),
    st.tuples(st.text("กน้ำที่ ab", max_size=12), st.text("กน้ำที่ ab漢", max_size=12)),
)


@given(LINES, LINES)
def test_cells_right_of_the_change_are_the_same(old: Strip, new: Strip) -> None:
    cells = changed_cells(old, new)
    assert old.crop(cells, 24).text == new.crop(cells, 24).text or cells == 24
    assert (cells == 0) == (list(old.simplify()) == list(new.simplify()))


def test_hits_are_found_and_clusters_kept() -> None:
    pieces = highlighted("ขอคืนเงินค่ะ คืน", ("คืน",), STYLE, OTHER)
    assert [text for text, style in pieces if style is OTHER] == ["คืน", "คืน"]
    assert "".join(text for text, _ in pieces) == "ขอคืนเงินค่ะ คืน"
    torn = highlighted("ที่นี่", ("ท",), STYLE, OTHER)
    assert [text for text, style in torn if style is OTHER] == ["ที่"]


def test_hostile_text_is_made_safe_once_more() -> None:
    strip = Line(30, STYLE).put("a\x1b]52;c;x\x07b\u202ec\nd").strip()
    assert not any(unicodedata.category(char) in ("Cc", "Cf") for char in strip.text)


async def test_rows_that_changed_are_read_on_from() -> None:
    """A page lost on its way is asked for again, though the cursor stands still on the last row."""
    rows = shop.Rows(50)
    app = QueueApp(rows)
    async with app.run_test(size=(80, 24)) as pilot:
        asked: list[int] = []
        rows.prefetch = lambda first, last: asked.append(last)  # type: ignore[method-assign]
        app.queue.last()
        await pilot.pause()
        asked.clear()
        app.queue.rows_changed()
        assert asked == [49]
