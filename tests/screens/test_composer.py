from __future__ import annotations

import unicodedata

import pytest
from textual.app import App, ComposeResult
from textual.strip import Strip

from csconsole.commands.context import ComposerState
from csconsole.i18n import Catalog
from csconsole.text.graphemes import width
from csconsole.themes import look
from csconsole.widgets.composer import Composer
from csconsole.widgets.composer_frame import Finding, Level, Surface, Target, foot_lines, head_lines
from tests.screens.typing import paste, type_text

TARGET = Target(20410, "LINE", "สยาม", "คุณแอน")


def frame_lines(box: Composer, cells: int) -> list[Strip]:
    """The frame above and below the text."""
    styles, is_empty = look(box.app.theme), not box.text
    above = head_lines(box.shown, box.words, styles, cells, is_empty=is_empty)
    return [*above, *foot_lines(box.shown, styles, cells, is_empty=is_empty)]


class WriteApp(App[None]):
    def __init__(self, language: str = "th") -> None:
        super().__init__()
        self.language = language
        self.heard: list[str] = []
        self.shortcuts: list[tuple[str, int, int]] = []

    def compose(self) -> ComposeResult:
        yield Composer(Catalog(self.language))

    def on_mount(self) -> None:
        self.box.open(TARGET, Surface.PUBLIC)
        self.box.editor.focus()

    @property
    def box(self) -> Composer:
        return self.query_one(Composer)

    def frame_text(self, cells: int = 60) -> str:
        return "\n".join(s.text for s in frame_lines(self.box, cells))

    def on_composer_send(self) -> None:
        self.heard.append("send")

    def on_composer_pull_back(self) -> None:
        self.heard.append("pull back")

    def on_composer_send_now(self) -> None:
        self.heard.append("send now")

    def on_composer_switch_asked(self) -> None:
        self.heard.append("switch asked")

    def on_composer_notice(self, event: Composer.Notice) -> None:
        self.heard.append(event.text)

    def on_composer_insert_canned(self, event: Composer.InsertCanned) -> None:
        self.shortcuts.append((event.shortcut, event.start, event.end))


async def test_thai_is_typed_walked_and_deleted_by_cluster() -> None:
    app = WriteApp()
    async with app.run_test(size=(60, 12)) as pilot:
        await type_text(pilot, "ที่นี่กำลัง")
        assert app.box.text == "ที่นี่กำลัง"
        stops = [app.box.editor.index]
        while app.box.editor.index:
            await pilot.press("left")
            stops.append(app.box.editor.index)
        assert stops == [11, 10, 8, 7, 6, 3, 0]
        await pilot.press("delete")
        assert app.box.text == "นี่กำลัง", "Delete takes the base with its marks"
        await pilot.press("end", "backspace", "backspace")
        assert app.box.text == "นี่กำล", "Backspace takes one code point"
        await pilot.press("ctrl+z")
        assert app.box.text.startswith("นี่กำล")


async def test_words_are_walked_and_deleted_by_thai_borders() -> None:
    app = WriteApp()
    async with app.run_test(size=(60, 12)) as pilot:
        await type_text(pilot, "ตรวจสอบสินค้า")
        await pilot.press("ctrl+w")
        assert app.box.text in ("ตรวจสอบ", "ตรวจ"), "a whole word went, not a vowel"
        await pilot.press("home", "shift+right")
        assert app.box.editor.selected_text == "ต"


@pytest.mark.parametrize(("typed", "mended"), [("l;ylfu8jt", "สวัสดีค่ะ"), ("ได้ค่ะ rylf6", "ได้ค่ะ พัสดุ"), ("พำดีืก", "refund")])
async def test_a_word_in_the_wrong_layout_is_mended_and_given_back(typed: str, mended: str) -> None:
    app = WriteApp()
    async with app.run_test(size=(60, 12)) as pilot:
        await type_text(pilot, typed)
        app.box.mend_layout()
        await pilot.pause()
        assert app.box.text == mended
        app.box.mend_layout()
        assert app.box.text == typed
        app.box.editor.undo()
        assert app.box.text == mended


async def test_nothing_to_mend_says_so() -> None:
    app = WriteApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.box.mend_layout()
        await pilot.pause()
        assert app.heard == [Catalog("th").t("composer.mend.nothing")]


async def test_the_frame_says_who_reads_it() -> None:
    app = WriteApp()
    async with app.run_test(size=(60, 12)) as pilot:
        assert app.frame_text().startswith("╔ สาธารณะ → LINE @สยาม: คุณแอน ═")
        app.box.switch_note()
        await pilot.pause()
        assert "┏" in app.frame_text()
        assert "ลูกค้าไม่เห็น" in app.frame_text()
        assert "═" not in app.frame_text()
        await type_text(pilot, "x")
        app.box.switch_note()
        await pilot.pause()
        assert app.box.surface is Surface.NOTE, "a box with text is asked about"
        assert app.heard == ["switch asked"]


async def test_a_block_stops_the_send_and_a_warning_does_not() -> None:
    app = WriteApp()
    async with app.run_test(size=(60, 14)) as pilot:
        app.box.send()
        await pilot.pause()
        assert app.heard == [Catalog("th").t("composer.error.empty")]
        await type_text(pilot, "ค่ะ")
        app.box.set_findings([Finding(Level.WARN, "เตือน", "^G แก้"), Finding(Level.BLOCK, "ยังขาดวันที่")])
        app.box.send()
        await pilot.pause()
        assert app.box.state is ComposerState.BLOCKED
        assert "ยังขาดวันที่" in app.heard[-1]
        lines = app.frame_text().splitlines()
        assert lines[1].startswith("║ x ยังขาดวันที่"), "what blocks comes first"
        assert lines[2].startswith("║ ~ เตือน")
        app.box.set_findings([Finding(Level.WARN, "เตือน")])
        app.box.send()
        await pilot.pause()
        assert app.heard[-1] == "send"


async def test_a_held_message_is_pulled_back_or_sent_from_the_empty_box() -> None:
    app = WriteApp()
    async with app.run_test(size=(60, 14)) as pilot:
        app.box.set_held(["ได้ค่ะ", "ขอบคุณค่ะ"], 2)
        await pilot.pause()
        assert app.box.state is ComposerState.HELD
        text = app.frame_text()
        assert text.startswith("┌")
        assert "1 ได้ค่ะ" in text
        assert "2 บับเบิล" in text
        await pilot.press("backspace", "enter")
        assert app.heard == ["pull back", "send now"]
        assert app.box.text == ""
        await type_text(pilot, "ก")
        await pilot.press("backspace")
        assert app.heard == ["pull back", "send now"], "with text in it the keys edit"


async def test_a_shortcut_before_the_caret_is_told() -> None:
    app = WriteApp()
    async with app.run_test(size=(60, 12)) as pilot:
        await type_text(pilot, "ค่ะ /คืน")
        assert app.shortcuts[-1] == ("คืน", 4, 8)
        app.box.editor.replace_range(4, 8, "เงินคืนแล้วค่ะ")
        assert app.box.text == "ค่ะ เงินคืนแล้วค่ะ"
        seen = len(app.shortcuts)
        await type_text(pilot, " 1/2")
        assert len(app.shortcuts) == seen, "a stroke inside a word is none"


async def test_pasted_text_cannot_act_and_is_kept_in_lines() -> None:
    app = WriteApp()
    async with app.run_test(size=(60, 12)) as pilot:
        await paste(pilot, "a\x1b]0;x\x07\u202eb\nc")
        assert app.box.text.count("\n") == 1
        assert not any(unicodedata.category(c) in ("Cc", "Cf") for c in app.box.text if c != "\n")


@pytest.mark.parametrize("cells", range(30, 121, 7))
async def test_frames_are_exact(cells: int) -> None:
    app = WriteApp()
    async with app.run_test(size=(cells, 20)) as pilot:
        app.box.set_counters("1 บับเบิล 139/5000", "พุช 1 (เดือนนี้ 24,120/35,000)")
        app.box.set_findings([Finding(Level.NEWS, "แพรตอบไปเมื่อ 20 วิก่อน: 'รถไปรับวันอาทิตย์ได้ไหมคะ'", "^R ดู")])
        app.box.set_hints([("^S", "ส่ง"), ("^T", "คำตอบ"), ("Esc", "พัก")] * 4)
        app.box.set_held(["ได้ค่ะ " * 30], 2)
        await pilot.pause()
        for strip in frame_lines(app.box, cells):
            assert width(strip.text) == strip.cell_length == cells
            assert strip.text[-1] in "╗║╝┐│┘"


async def test_a_key_sends_one_line_and_the_mark_stays_with_its_base() -> None:
    app = WriteApp()
    async with app.run_test(size=(60, 12)) as pilot:
        await type_text(pilot, "ที่นี่")
        editor = app.box.editor
        editor._repaint_regions.clear()
        await pilot.press("left")
        strip = editor.render_line(0)
        assert all(not s.text or unicodedata.category(s.text[0]) != "Mn" for s in strip)
        editor._repaint_regions.add(editor.size.region)
        assert list(editor._exchange_repaint_regions()) == [], "nothing changed since the last paint"


async def test_what_is_written_wraps_at_thai_words() -> None:
    app = WriteApp()
    async with app.run_test(size=(24, 14)) as pilot:
        await type_text(pilot, "ไปรับสินค้าที่บ้านวันเสาร์หลังเที่ยง")
        lines = [app.box.editor.render_line(y).text.rstrip() for y in range(3)]
        assert "".join(lines) == app.box.text
        assert all(line[:1] not in "ะาำ" for line in lines if line)
