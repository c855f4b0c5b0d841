"""Mail in the console: reply to all, copies, files, forwarding and new mails, by keys and read as text."""

from __future__ import annotations

from pathlib import Path

import pytest

from csconsole.domain.sending import OutboundItem
from csconsole.store import outbox
from tests.cli.program import MAIL, Program, eml
from tests.screens.console import Console, console


@pytest.fixture
def mailbox(tmp_path: Path) -> Path:
    """A mailbox with one question that went to us and two others; STILL_AT is after it."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "config.toml").write_text(MAIL, "utf-8")
    raw = eml(1, "ขอใบเสนอราคา", "ขอใบเสนอราคาค่ะ").replace(
        b"To: care@shop.example", b"To: care@shop.example, Boss <boss@example.com>\r\nCc: bo@example.net"
    )
    (tmp_path / "1.eml").write_bytes(raw)
    program = Program(data)
    program.ok("import", str(tmp_path / "1.eml"), "--account", "mail")
    program.ok("status", "mail#1", "open")
    return data


async def opened(one: Console) -> None:
    await one.press("g", "a")
    await one.sees("Ann")
    await one.open("Ann")


def newest(one: Console) -> OutboundItem:
    return outbox.listing(one.session.desk.store)[0].item


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_reply_to_all_with_a_file(mailbox: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    file = tmp_path / "ใบเสนอราคา.pdf"
    file.write_bytes(b"%PDF-1.7")
    async with console(mailbox, size) as one:
        await opened(one)
        await one.press("R")
        await one.sees("PUBLIC", "Cc: Boss <boss@example.com>, bo@example.net")
        await one.press("ctrl+f")
        await one.sees("Attach file:")
        await one.press("ctrl+u")
        await one.type(f"{file}\n")
        await one.sees("ใบเสนอราคา.pdf (1 kB)")
        await one.type("attached")
        await one.press("ctrl+s")
        await one.until(lambda: outbox.listing(one.session.desk.store), "the held answer")
        item = newest(one)
        assert (item.to, item.cc) == (("ann@example.com",), ("Boss <boss@example.com>", "bo@example.net"))
        assert [(one_file.name, one_file.bytes) for one_file in item.attachments] == [("ใบเสนอราคา.pdf", 8)]
        await one.misses("Cc: Boss")


async def test_a_file_that_is_none_keeps_the_field_and_copies_can_be_changed(mailbox: Path) -> None:
    async with console(mailbox) as one:
        await opened(one)
        await one.press("r", "ctrl+f")
        await one.press("ctrl+u")
        await one.type("/no/such/file\n")
        await one.sees("is no file", "Attach file:")
        await one.press("escape")
        await one.press("ctrl+y")
        await one.sees("Cc:")
        await one.type("not an address\n")
        await one.sees("is not an e-mail address")
        await one.press("ctrl+u")
        await one.type("x@example.com\n")
        await one.sees("Cc: x@example.com")


async def test_a_mail_is_forwarded_in_a_conversation_of_its_own(mailbox: Path) -> None:
    async with console(mailbox) as one:
        await opened(one)
        await one.press("f")
        await one.sees("Forward to:")
        await one.type("Supplier <s@supplier.example>\n")
        await one.until(lambda: one.main.is_writing, "the box")
        await one.type("can you deliver?")
        await one.press("ctrl+s")
        await one.until(lambda: outbox.listing(one.session.desk.store), "the held mail")
        item = newest(one)
        assert item.to[0].endswith("s@supplier.example") and item.subject == "Fwd: ขอใบเสนอราคา"
        assert "ขอใบเสนอราคาค่ะ" in str(item.extra["forwarded"])
        assert one.row("Supplier").assignee == "nok"


async def test_a_new_mail_asks_to_whom_and_about_what(mailbox: Path) -> None:
    async with console(mailbox) as one:
        await one.press("C")
        await one.sees("To:")
        await one.type("bee@example.com\n")
        await one.sees("Subject:")
        await one.type("parcel\n")
        await one.until(lambda: one.main.is_writing, "the box")
        await one.type("it is here")
        await one.press("ctrl+s")
        await one.until(lambda: outbox.listing(one.session.desk.store), "the held mail")
        item = newest(one)
        assert (item.to, item.subject, item.reply_to) == (("bee@example.com",), "parcel", ())


async def test_where_there_are_no_copies_the_key_says_so(english: Path) -> None:
    async with console(english) as one:
        await one.open("แอน")
        await one.press("R")
        await one.sees("only mail has several recipients")
        assert not one.main.is_writing
