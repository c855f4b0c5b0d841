from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from csconsole.i18n import Catalog
from csconsole.text.graphemes import width
from csconsole.themes import look
from csconsole.widgets.bars import Freshness, Health, Hint, HintBar, MessageLine, StatusHeader, Tab, Tone, ViewTabs
from csconsole.widgets.profile import CaseFacts, Profile, profile_lines
from tests.screens import shop

CHANNELS = [
    Freshness("LINE", "12:00:04", fresh=13, total=13),
    Freshness("เมล", "12:00:01"),
    Freshness("FB IG TT X", "12:00"),
    Freshness("SMS", "11:41", Health.STALE),
    Freshness("X", "", Health.DOWN),
]
TABS = [Tab(str(n), "iudva"[n % 5], f"มุมมอง {n}", n, n == 3, n == 2) for n in range(9)]


class BarsApp(App[None]):
    CSS = "Screen { overflow: hidden; } Profile { height: 1fr; }"

    def compose(self) -> ComposeResult:
        yield StatusHeader(Catalog("th"))
        yield ViewTabs()
        yield HintBar()
        yield MessageLine()
        yield Profile(Catalog("th"), shop.ZONE)

    def fill(self) -> None:
        self.query_one(StatusHeader).show("นก · กะเช้าถึง 16.00 · แชท 4/5", CHANNELS, outbox=1, uncertain=2, failed=3)
        self.query_one(ViewTabs).show(TABS, "7", "ประกาศ 1: SMS ปลอม (gn)")
        self.query_one(HintBar).show([Hint("r", "ตอบ"), Hint("^S", "ส่ง")] * 12, pending="g", right="แป้น ไทย")
        self.query_one(MessageLine).show("จบเคสแล้ว " * 20, Tone.DONE)
        self.query_one(MessageLine).set_right("ศ. 27 พ.ย. 12:00")

    def text(self, kind: type[StatusHeader | ViewTabs | HintBar | MessageLine]) -> str:
        return self.query_one(kind).render_line(0).text


@pytest.mark.parametrize("cells", [*range(20, 80, 7), 80, 120, 200])
async def test_bars_are_exact(cells: int) -> None:
    app = BarsApp()
    async with app.run_test(size=(cells, 30)) as pilot:
        app.fill()
        await pilot.pause()
        for kind in (StatusHeader, ViewTabs, HintBar, MessageLine):
            assert width(app.text(kind)) == cells, kind


async def test_what_is_in_trouble_is_shown_before_what_is_fresh() -> None:
    app = BarsApp()
    async with app.run_test(size=(80, 30)) as pilot:
        app.fill()
        await pilot.pause()
        header = app.text(StatusHeader)
        assert "!X -" in header
        assert "~SMS 11:41" in header
        assert "FB IG TT X" not in header
        assert "3 ส่งไม่สำเร็จ" in header
    async with (app := BarsApp()).run_test(size=(200, 30)) as pilot:
        app.fill()
        await pilot.pause()
        assert "LINE 13/13 12:00:04  เมล 12:00:01  FB IG TT X 12:00" in app.text(StatusHeader)


async def test_the_active_view_is_always_in_sight_and_counts_are_capped() -> None:
    app = BarsApp()
    async with app.run_test(size=(60, 30)) as pilot:
        app.fill()
        await pilot.pause()
        assert "[d มุมมอง 7 7]" in app.text(ViewTabs)
        app.query_one(ViewTabs).show(TABS, "0")
        assert app.text(ViewTabs).startswith(" [i มุมมอง 0 0]")
        assert "v มุมมอง 3 3+" in app.text(ViewTabs) or "…" in app.text(ViewTabs)


async def test_hints_show_the_half_typed_sequence() -> None:
    app = BarsApp()
    async with app.run_test(size=(60, 30)) as pilot:
        app.fill()
        await pilot.pause()
        assert app.text(HintBar).startswith(" g-  r ตอบ")
        assert app.text(HintBar).rstrip().endswith("แป้น ไทย")


async def test_a_countdown_comes_back_when_the_sentence_is_gone() -> None:
    app = BarsApp()
    async with app.run_test(size=(60, 30)) as pilot:
        line = app.query_one(MessageLine)
        line.hold("ถือไว้ → ฟ้า 2 วิ")
        line.show("ส่งไม่สำเร็จ", Tone.ERROR)
        await pilot.pause()
        assert app.text(MessageLine).startswith(" x ส่งไม่สำเร็จ")
        line.clear()
        assert app.text(MessageLine).startswith(" ถือไว้")


@pytest.mark.parametrize("cells", range(20, 60))
def test_the_customer_pane_is_exact(cells: int) -> None:
    case = CaseFacts(shop.CASE_TAGS, "complaint", "", True, [["ออเดอร์ KJ69110342", "24 พ.ย. 2,490 บัตร"]])
    lines = profile_lines(shop.customer(), case, cells, shop.NOW, shop.ZONE, Catalog("th"), look("dark"))
    assert all(width(strip.text) == cells for strip in lines)
    assert any("complaint" in strip.text and "10:52" in strip.text for strip in lines if cells > 24) or cells <= 24


def test_the_customer_pane_says_what_is_verified_and_what_is_needed() -> None:
    case = CaseFacts(shop.CASE_TAGS, "complaint", "", True)
    lines = profile_lines(shop.customer(), case, 40, shop.NOW, shop.ZONE, Catalog("th"), look("mono"))
    text = "\n".join(strip.text.rstrip() for strip in lines)
    assert "แอน · อรวรรณ สมมติสุข" in text
    assert next(line for line in text.splitlines() if "Ann" in line).endswith("ยืนยัน")
    assert next(line for line in text.splitlines() if "ann@" in line).endswith("?")
    assert "* ต้องมีก่อนจบเคส" in text
    assert "+line -sms" in text
    assert "เคสเปิดอื่น 1" in text


async def test_the_customer_pane_scrolls_and_stays_where_it_was_for_the_same_customer() -> None:
    app = BarsApp()
    async with app.run_test(size=(40, 12)) as pilot:
        pane = app.query_one(Profile)
        pane.show(shop.customer(), CaseFacts(), shop.NOW)
        pane.scroll_lines(500)
        await pilot.pause()
        last = pane.render_line(pane.size.height - 1).text
        assert "ไม่มีหัวเรื่อง" in last
        pane.show(shop.customer(), CaseFacts(), shop.NOW)
        assert pane.render_line(pane.size.height - 1).text == last
        pane.show(None, CaseFacts(), shop.NOW)
        assert Catalog("th").t("empty.customer")[:10] in pane.render_line(0).text
