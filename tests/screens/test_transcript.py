import unicodedata

import pytest
from textual.app import App, ComposeResult

from csconsole.domain.message import Attachment, Delivery, Fold, Message, Visibility
from csconsole.i18n import Catalog
from csconsole.text.graphemes import width
from csconsole.themes import look
from csconsole.widgets.transcript import Transcript
from csconsole.widgets.transcript_lines import TranscriptSetting, message_lines, size_text
from tests.screens import shop


def setting(language: str = "th", hits: tuple[str, ...] = ()) -> TranscriptSetting:
    return TranscriptSetting(shop.NOW, shop.ZONE, Catalog(language), "คุณแอน", hits)


class TalkApp(App[None]):
    def __init__(self, language: str = "th") -> None:
        super().__init__()
        self.language = language
        self.older = 0

    def compose(self) -> ComposeResult:
        yield Transcript(setting(self.language))

    @property
    def talk(self) -> Transcript:
        return self.query_one(Transcript)

    def lines(self) -> list[str]:
        return [self.talk.render_line(y).text for y in range(self.talk.size.height)]

    def on_transcript_older_wanted(self) -> None:
        self.older += 1


def many(count: int, start: int = 1) -> list[Message]:
    return [shop.message(n, n - count, "customer", f"ข้อความที่ {n}") for n in range(start, start + count)]


@pytest.mark.parametrize("cells", range(20, 121))
def test_lines_are_exact_at_every_width(cells: int) -> None:
    for message in shop.talk():
        for strip in message_lines(message, cells, setting(), look("dark")):
            assert width(strip.text) == strip.cell_length == cells
            assert strip.text[0] == " "
            assert all(not s.text or unicodedata.category(s.text[0]) != "Mn" for s in strip)


async def test_the_talk_reads_as_drawn() -> None:
    app = TalkApp()
    async with app.run_test(size=(56, 30)) as pilot:
        app.talk.show(shop.talk(), read_seq=6)
        await pilot.pause()
        text = "\n".join(line.rstrip() for line in app.lines())
    assert "── เมื่อวาน พฤ. 26 พ.ย. 2569 ──" in text
    assert "── วันนี้ ศ. 27 พ.ย. 2569 ──" in text
    assert " ใหม่ 2 ──" in text
    assert " 11:02 ┃โน้ต·นก  อยู่ใน 7 วัน" in text
    assert "[รูป 1: IMG_2291.jpg 402 KB]" in text
    assert "อ่านแล้ว" in text
    assert "(แก้แล้ว)" in text
    assert "|| ถือไว้" in text
    lines = text.splitlines()
    new = next(i for i, line in enumerate(lines) if "ใหม่ 2" in line)
    assert "11:53 แอน" in lines[new + 1]


@pytest.mark.parametrize("delivery", list(Delivery))
@pytest.mark.parametrize("language", ["th", "en"])
def test_every_delivery_state_is_a_word(delivery: Delivery, language: str) -> None:
    message = shop.message(1, 0, "nok", "ค่ะ", delivery, delivery_reason="550 no such user")
    text = "\n".join(s.text for s in message_lines(message, 60, setting(language), look("mono")))
    assert Catalog(language).t(f"delivery.{delivery}") in text
    assert ("550 no such user" in text) == (delivery in (Delivery.FAILED, Delivery.STOPPED))


def test_what_everybody_can_read_says_so_and_a_removed_text_is_gone() -> None:
    public = shop.message(1, 0, "nok", "ทักแชทนะคะ", surface="public")
    assert "สาธารณะ" in message_lines(public, 60, setting(), look("dark"))[0].text
    removed = shop.message(2, 0, "customer", "4111 1111 1111 1111", redacted_at=shop.NOW)
    text = "".join(s.text for s in message_lines(removed, 60, setting(), look("dark")))
    assert "4111" not in text
    assert "ถูกลบ" in text


def test_a_long_body_is_clipped_until_asked_for() -> None:
    long = shop.message(1, 0, "customer", "\n".join(f"บรรทัด {n}" for n in range(100)))
    clipped = message_lines(long, 60, setting(), look("dark"))
    assert "76" in clipped[-1].text
    assert len(message_lines(long, 60, setting(), look("dark"), expanded=True)) == 100
    huge = shop.message(2, 0, "customer", "ก" * 200_000)
    assert len(message_lines(huge, 60, setting(), look("dark"))) < 30


def test_names_of_files_cannot_act() -> None:
    file = Attachment("a", "x\x1b]0;t\x07\u202egpj.exe", "image/png", 0, "failed")
    strips = message_lines(shop.message(1, 0, "customer", "", attachments=(file,)), 70, setting(), look("dark"))
    assert not any(unicodedata.category(c) in ("Cc", "Cf") for s in strips for c in s.text)
    assert "ดึงไม่ได้" in strips[0].text


def test_sizes() -> None:
    assert [size_text(n) for n in (812, 412_000, 1_500_000)] == ["812 B", "402 KB", "1.4 MB"]


async def test_the_newest_is_at_the_bottom_and_older_ones_come_without_a_jump() -> None:
    app = TalkApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.talk.show(many(30, start=31), has_older=True)
        await pilot.pause()
        assert "60" in app.lines()[-1]
        assert app.older == 0
        while app.talk.half_page(-1):
            pass
        await pilot.pause()
        assert app.older == 1
        before = app.lines()
        assert "── วันนี้" in before[0]
        app.talk.prepend(many(30), has_older=False)
        await pilot.pause()
        assert app.lines()[1:] == before[1:], "what is read stays where it is"
        app.talk.to_first()
        await pilot.pause()
        assert "ข้อความที่ 1 " in app.lines()[1] + " "
        assert app.older == 1


async def test_a_new_message_moves_the_window_only_at_the_bottom() -> None:
    app = TalkApp()
    async with app.run_test(size=(60, 10)) as pilot:
        app.talk.show(many(40))
        await pilot.pause()
        app.talk.put([shop.message(41, 1, "customer", "ใหม่จริง")])
        assert "ใหม่จริง" in app.lines()[-1]
        app.talk.half_page(-1)
        before = app.lines()
        app.talk.put([shop.message(42, 2, "customer", "ใหม่กว่า")])
        assert app.lines() == before
        app.talk.to_last()
        assert "ใหม่กว่า" in app.lines()[-1]


async def test_a_message_that_changes_is_replaced_in_place() -> None:
    app = TalkApp()
    async with app.run_test(size=(60, 10)) as pilot:
        app.talk.show([shop.message(1, 0, "nok", "ค่ะ", Delivery.HELD)])
        await pilot.pause()
        app.talk.put([shop.message(1, 0, "nok", "ค่ะ", Delivery.SENT, rev=2)])
        assert "ส่งแล้ว" in app.lines()[-1]
        assert len(app.talk.messages) == 1


async def test_unread_longer_than_the_window_begins_at_its_first() -> None:
    app = TalkApp()
    async with app.run_test(size=(60, 10)) as pilot:
        app.talk.show(many(40), read_seq=10)
        await pilot.pause()
        assert "ใหม่ 30" in app.lines()[0]
        assert app.talk.read_on()
        while app.talk.read_on():
            pass
        assert app.talk.is_at_bottom


async def test_messages_are_selected_expanded_and_searched() -> None:
    app = TalkApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.talk.show(many(20))
        await pilot.pause()
        app.talk.select(-1)
        assert app.lines()[-1].startswith(">")
        for _ in range(15):
            app.talk.select(-1)
        assert app.talk.selected is not None
        assert app.talk.selected.seq == 5
        assert [line[0] for line in app.lines()].count(">") == 1
        app.talk.set_setting(setting(hits=("ที่ 12",)))
        assert app.talk.next_hit(1)
        assert app.talk.selected.seq == 12
        assert not app.talk.next_hit(1)
        assert app.talk.unselect()


async def test_a_message_higher_than_the_window_shows_its_beginning_when_selected() -> None:
    app = TalkApp()
    async with app.run_test(size=(60, 8)) as pilot:
        long = shop.message(1, 0, "customer", "\n".join(f"บรรทัด {n}" for n in range(60)))
        app.talk.show([long, shop.message(2, 1, "customer", "จบ")])
        await pilot.pause()
        app.talk.select(-1)
        app.talk.select(-1)
        app.talk.toggle_expanded()
        app.talk.select(-1)
        assert "วันนี้" in app.lines()[0]
        assert "บรรทัด 6" in app.lines()[-1]


async def test_an_empty_talk_and_a_resize() -> None:
    app = TalkApp()
    async with app.run_test(size=(60, 8)) as pilot:
        app.talk.show([])
        await pilot.pause()
        assert app.lines()[0].strip() == Catalog("th").t("empty.messages")
        app.talk.show(many(30))
        app.talk.half_page(-1)
        newest = app.lines()[-1].split()[-1]
        await pilot.resize_terminal(40, 8)
        await pilot.pause()
        assert app.lines()[-1].split()[-1] == newest
        assert all(width(line) == 40 for line in app.lines())


def test_a_note_never_looks_like_an_answer() -> None:
    note = shop.message(1, 0, "nok", "ลูกค้ารายนี้ระวัง", visibility=Visibility.INTERNAL)
    for theme in ("dark", "mono"):
        lines = message_lines(note, 40, setting(), look(theme))
        assert all("┃" in strip.text for strip in lines)
        assert "โน้ต·นก" in lines[0].text


BODY = "ได้ค่ะ\n\nOn Monday Shop wrote:\n> พรุ่งนี้ไหมคะ\n> นก\n\n-- \nแอน"


def quoting(**changes: object) -> Message:
    """An answer with a quotation and a signature."""
    quote, signature = BODY.index("On Monday"), BODY.index("-- ")
    folds = (Fold(quote, signature - 2, "quote"), Fold(signature, len(BODY), "signature"))
    return shop.message(1, 0, "customer", BODY, **({"folds": folds} | changes))  # type: ignore[arg-type]


def drawn(message: Message, cells: int = 60, *, hits: tuple[str, ...] = (), unfolded: bool = False) -> str:
    strips = message_lines(message, cells, setting("en", hits), look("dark"), unfolded=unfolded)
    assert all(strip.cell_length == cells for strip in strips)
    return "\n".join(strip.text.rstrip() for strip in strips)


def test_quotations_and_signatures_are_one_line_each() -> None:
    text = drawn(quoting())
    assert "ได้ค่ะ" in text
    assert "⋯ quoted text, 3 lines (Q shows it)" in text
    assert "⋯ signature, 2 lines (Q shows it)" in text
    assert "Monday" not in text and "แอน\n" not in text


@pytest.mark.parametrize("cells", range(20, 121, 7))
def test_folds_are_exact_at_every_width(cells: int) -> None:
    drawn(quoting(), cells)
    drawn(quoting(remarks=(("warn.name", "a@b.test", "c@d.test"), ("images", "3"))), cells, unfolded=True)


def test_unfolded_the_whole_text_is_there() -> None:
    text = drawn(quoting(), unfolded=True)
    assert all(line.strip() in text for line in BODY.splitlines())
    assert "⋯" not in text


def test_a_word_searched_for_is_never_hidden() -> None:
    text = drawn(quoting(), hits=("พรุ่งนี้",))
    assert "> พรุ่งนี้ไหมคะ" in text
    assert "⋯ signature" in text


def test_warnings_and_parts_stand_above_the_text() -> None:
    lines = drawn(quoting(remarks=(("warn.name", "boss@shop.test", "x@evil.test"), ("tnef",)))).splitlines()
    assert "Warning: the name says boss@shop.test, the" in lines[0]
    assert "12:00" in lines[0]
    assert any("winmail.dat" in line for line in lines[:4])
    assert next(i for i, line in enumerate(lines) if "winmail" in line) < next(
        i for i, line in enumerate(lines) if "ได้ค่ะ" in line
    )


def test_every_remark_of_the_reader_has_words() -> None:
    codes = [
        *(f"warn.{code}" for code in ("auth", "name", "domain", "link", "file", "spam")),
        *(f"calendar.{code}" for code in ("request", "cancel", "reply", "publish")),
        *(f"{kind}.{how}" for kind in ("signed", "encrypted") for how in ("smime", "pgp")),
        *("automatic", "tnef", "mail", "deep", "parts", "cut", "images"),
    ]
    for language in ("en", "th"):
        for code in codes:
            assert Catalog(language).t(f"remark.{code}", a="x", b="y") != f"remark.{code}"


async def test_one_key_shows_and_folds_the_selected_message_or_all() -> None:
    app = TalkApp("en")
    async with app.run_test(size=(60, 20)) as pilot:
        app.talk.show([quoting(uid="a"), quoting(uid="b", at=shop.NOW + 60_000)])
        await pilot.pause()
        assert "\n".join(app.lines()).count("⋯ quoted") == 2
        app.talk.select(1)
        app.talk.toggle_folds()
        assert "\n".join(app.lines()).count("⋯ quoted") == 1
        app.talk.toggle_folds()
        app.talk.unselect()
        app.talk.toggle_folds()
        assert "⋯" not in "\n".join(app.lines())
        app.talk.toggle_folds()
        assert "\n".join(app.lines()).count("⋯ quoted") == 2


async def test_a_very_long_message_is_shown_portion_by_portion() -> None:
    app = TalkApp("en")
    body = "\n".join(f"line {number} of a long log" for number in range(3000))
    async with app.run_test(size=(60, 20)) as pilot:
        app.talk.show([shop.message(1, 0, "customer", body)])
        await pilot.pause()
        app.talk.select(1)
        shown = []
        for _ in range(5):
            app.talk.to_last()
            shown.append([line.strip() for line in app.lines() if line.strip()][-1])
            app.talk.toggle_expanded()
        # 74,000 code points, 20,000 at a time, after the first look at the beginning.
        assert ["more lines" in line for line in shown] == [True, True, True, True, False]
        assert shown[-1].endswith("  line 2999 of a long log")
        app.talk.to_last()
        assert "more lines" in [line for line in app.lines() if line.strip()][-1]


def test_portions_join_without_losing_a_line() -> None:
    body = "\n".join(f"line {number}" for number in range(9000))
    message = shop.message(1, 0, "customer", body)
    strips = message_lines(message, 60, setting("en"), look("dark"), expanded=99)
    assert [strip.text[16:].strip() for strip in strips] == body.splitlines()
