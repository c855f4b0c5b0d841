"""What stands where: words and columns at three sizes in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from csconsole.text.graphemes import width
from tests.screens.console import Console, cells, column, console

SIZES = [(80, 24), (120, 40), (200, 60)]
WORDS = {
    "th": {
        "mine": "[i ของฉัน 4]",
        "open": "เปิด",
        "all": "ทั้งหมด",
        "chats": "คุยอยู่",
        "nothing": "ยังไม่ได้เปิดเคส",
    },
    "en": {
        "mine": "[i Mine 4]",
        "open": "open",
        "all": "all keys",
        "chats": "Chats",
        "nothing": "No conversation is open",
    },
}


@pytest.fixture(params=["th", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def data(language: str, request: pytest.FixtureRequest) -> Path:
    return Path(request.getfixturevalue("thai" if language == "th" else "english"))


def fits(one: Console, columns: int) -> bool:
    return all(width(line) <= columns for line in one.lines())


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_the_queue_shows_who_waits_longest_first(data: Path, language: str, size: tuple[int, int]) -> None:
    words = WORDS[language]
    async with console(data, size) as one:
        await one.sees(words["mine"])
        lines = one.lines()
        assert fits(one, size[0])
        assert lines[0].startswith((" นก", " Nok"))
        assert column(lines[1], words["mine"]) == 1
        assert lines[2].startswith(f" {words['chats']}")
        narrow = size[0] < 120
        # Queue rows: one line each on a narrow screen, two on a wide one, the one waiting longest on top.
        names = ["ฟ้า", "ลุงประเสริฐ", "ผู้เยี่ยมชม 4821", "แอน"]
        rows = [3 + place * (1 if narrow else 2) for place in range(4)]
        for row, name in zip(rows, names, strict=True):
            assert name in lines[row], one.text()
        wide = 80 if narrow else 56 if size[0] >= 160 else 38
        place = {column(lines[row], name) for row, name in zip(rows, names, strict=True)}
        assert len(place) == 1, "names stand in one column"
        assert lines[rows[0]].startswith(">^  LN ")
        age = "52 น." if language == "th" else "52m"
        assert cells(lines[rows[0]], 0, wide).rstrip().endswith(age)
        assert "2" in cells(lines[rows[0]], wide - 13, wide - 6), "unread"
        preview = rows[0] if narrow else rows[0] + 1
        assert "ได้ใบส่วนผสม" in lines[preview]
        if not narrow:
            assert "+safety" in lines[preview]
            assert column(lines[3], "│") == wide
            assert words["nothing"] in one.text()
        hints = lines[-2]
        assert hints.startswith(f" Enter {words['open']}")
        assert f"? {words['all']}" in hints
        assert hints.endswith("12:00")


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_an_open_conversation_shows_all_of_it(data: Path, language: str, size: tuple[int, int]) -> None:
    thai = language == "th"
    async with console(data, size) as one:
        await one.open("ฟ้า")
        await one.sees("ได้ใบส่วนผสมหรือยังคะ หมอนัดบ่ายสาม", "#20432")
        text, lines = one.text(), one.lines()
        assert fits(one, size[0])
        assert ("วันนี้ ศ. 27 พ.ย. 2569" if thai else "Today Fri 27 Nov 2026") in text
        assert ("┃โน้ต·นก" if thai else "┃NOTE·น") in text or "┃NOTE·Nok" in text
        assert ("อ่านแล้ว" if thai else "read") in text
        assert ("ใหม่ 2 ──" if thai else "new 2 ──") in text
        assert "hand.jpg 402 KB" in text
        title = one.line_with("#20432")
        left = 0 if size[0] < 120 else 57 if size[0] >= 160 else 39
        assert column(title, ">#20432 ") == left, "the marker says that the keys go to the transcript"
        assert ("รอมาแล้ว 52 น." if thai else "waits 52m") in title
        where = "LINE สาขาหาดใหญ่" if thai else "LINE Hat Yai"
        assert where in text
        assert [line for line in lines if line.startswith(">11:")] == [], "no message is marked by itself"
        if size[0] >= 120:
            profile = [cells(line, size[0] - (40 if size[0] >= 160 else 29), size[0]) for line in lines]
            shown = "\n".join(profile)
            assert "IG fahsai.notreal" in shown
            assert ("T แท็กลูกค้า" if thai else "T Customer tags") in shown
            assert ("t แท็กเคส" if thai else "t Case tags") in shown
            assert "consent marketing" in shown
            assert ("ติดต่อก่อนหน้า 0" if thai else "Earlier contacts 0") in shown
            assert "KJ69110219" in shown
        else:
            assert [line[:1] for line in lines[3:6]] == [">", " ", " "], "three rows of the queue stay above"


async def test_notes_and_answers_differ_without_colour(english: Path) -> None:
    async with console(english) as one:
        await one.open("ฟ้า")
        await one.sees("NOTE")
        note = one.line_with("NOTE")
        answer = one.line_with("11:03")
        assert "┃NOTE" in note
        assert "┃" not in cells(answer, 39, 91)


@pytest.mark.parametrize("size", [(100, 30), (90, 24), (89, 24), (60, 15)], ids=str)
async def test_two_panes_from_90_columns_and_one_below(english: Path, size: tuple[int, int]) -> None:
    async with console(english, size) as one:
        await one.open("ฟ้า")
        await one.sees("#20432")
        line = one.line_with("#20432")
        assert line.startswith((">#20432", " #20432")) is (size[0] < 90)
        assert fits(one, size[0])
        await one.press("i")
        await one.sees("IG fahsai.notreal")
        assert one.main.focused is one.main.profile
        await one.press("i")
        await one.misses("IG fahsai.notreal")
        assert one.main.focused is one.main.transcript


async def test_a_window_too_small_says_so_and_gives_everything_back(english: Path) -> None:
    async with console(english, (80, 24)) as one:
        await one.open("แอน")
        await one.pilot.resize_terminal(50, 12)
        await one.sees("too small", "60x15 at")
        assert fits(one, 50)
        await one.pilot.resize_terminal(120, 40)
        await one.sees("#20410", "T Customer tags")
        await one.until(lambda: one.main.focused is one.main.transcript, "the focus")
        assert "? all keys" in one.lines()[-2]


async def test_a_conversation_stays_open_through_every_size(english: Path) -> None:
    async with console(english, (120, 40)) as one:
        await one.open("แอน")
        await one.press("r")
        await one.type("Hello")
        for size in [(80, 24), (200, 60), (60, 15), (95, 30), (120, 40)]:
            await one.pilot.resize_terminal(*size)
            await one.sees("Hello", "PUBLIC → LINE @Siam: แอน")
            assert fits(one, size[0])


async def test_compact_rows_are_kept_on_a_wide_screen_when_wanted(english: Path) -> None:
    path = english / "config.toml"
    path.write_text(path.read_text("utf-8") + '\n[ui]\ndensity = "compact"\n', "utf-8")
    async with console(english) as one:
        await one.sees("[i Mine 4]")
        assert [line[:1] for line in one.lines()[3:7]] == [">", " ", " ", " "]
        assert "แอน" in one.lines()[6]


async def test_keys_that_come_before_the_panes_are_obeyed_when_they_are_there(english: Path) -> None:
    """A slow machine takes keys before the screen is composed: the box must not come to stand above the case."""
    async with console(english, early=("j", "j", "j", "enter", "r", "h", "i")) as one:
        await one.sees("╔ PUBLIC → LINE @Siam", "║hi")
        case = one.main.query_one("#case")
        assert [child.id for child in case.children] == ["case-title", "transcript", "composer"]
