"""The account's settings, the cursor, and what the connector says it can do."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from csconsole.clock import FixedClock
from csconsole.connectors.email.connector import EmailConnector
from csconsole.connectors.email.fetch import read_bodies, read_summaries
from csconsole.connectors.email.large import read_structure
from csconsole.connectors.email.locator import locator, read_locator, read_remote_id, remote_id
from csconsole.connectors.email.pull import Cursor, FolderMark
from csconsole.connectors.email.settings import Settings
from csconsole.domain.sending import SendClass
from csconsole.domain.settings import decode
from tests.unit.email.build import ACCOUNT

TOML = """
address = "support@shop.example"
folders = ["INBOX"]
imap = { host = "imap.shop.example", port = 993, tls = "implicit", user = "support", password = { env = "P" } }
smtp = { host = "smtp.shop.example", port = 587, tls = "starttls", user = "support", password = { file = "~/p" } }
"""


def settings(extra: str = "") -> Settings:
    return decode(tomllib.loads(TOML + extra), Settings)


def test_the_documented_account_is_valid() -> None:
    made = settings('poll = "2m"\naliases = ["Sales@shop.example"]\necho_to_self = true')
    assert made.folders == ("INBOX",)
    assert made.poll.ms == 120_000
    assert made.own == {"support@shop.example", "sales@shop.example"}


@pytest.mark.parametrize(
    "extra", ["typo = 1", 'aliases = ["nobody"]', 'sent_copy = "sometimes"', "history_days = -1", 'poll = "soon"']
)
def test_mistakes_are_refused(extra: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        settings(extra)


def test_message_ids_are_made_in_ascii() -> None:
    assert msgspec.structs.replace(settings(), address="a@ร้าน.test").domain == "xn--q3ct9b5e.test"


@pytest.mark.parametrize(
    ("host", "sent_copy", "appends"),
    [
        ("smtp.gmail.com", "auto", False),
        ("smtp.office365.com", "auto", False),
        ("smtp.shop.example", "auto", True),
        ("notgmail.com", "auto", True),
        ("smtp.gmail.com", "append", True),
        ("smtp.shop.example", "server", False),
        ("smtp.shop.example", "none", False),
    ],
)
def test_who_keeps_the_copy(host: str, sent_copy: Any, appends: bool) -> None:
    made = settings(f'sent_copy = "{sent_copy}"')
    smtp = msgspec.structs.replace(made.smtp, host=host)
    assert msgspec.structs.replace(made, smtp=smtp).appends_sent is appends


@pytest.mark.parametrize(
    ("extra", "send_class"),
    [
        ("", SendClass.NONE),
        ("echo_to_self = true", SendClass.ECHO),
        ('sent_copy = "server"\necho_to_self = true', SendClass.LOOKUP),
        ('sent_copy = "append"', SendClass.NONE),
    ],
)
async def test_the_send_class_promises_only_what_can_be_known(extra: str, send_class: SendClass) -> None:
    context = msgspec.structs.replace(ACCOUNT, settings=settings(extra))
    capabilities = EmailConnector(context, FixedClock(0)).capabilities
    assert capabilities.send_class == {"reply": send_class}
    assert (capabilities.key_domain, capabilities.inbound, capabilities.is_chat) == ("shop.example", "idle", False)


def test_cursor_survives_its_text_form_and_nonsense() -> None:
    cursor = Cursor({"งาน;1": FolderMark(7, 42, 1)}, 3)
    assert Cursor.read(cursor.write()) == cursor
    assert Cursor.read("") == Cursor.read("{nonsense") == Cursor.read('{"folders": 3}') == Cursor()


def test_names_of_mails_and_parts() -> None:
    name = remote_id("a;b", 7, 42)
    assert read_remote_id(name) == ("a;b", 7, 42)
    assert read_remote_id("INBOX;x;1") is None
    assert read_locator(locator(name, "2.1")) == (name, "2.1", True)
    assert read_locator(locator(name, "2", stored=False)) == (name, "2", False)


def test_fetch_answers_in_any_order_with_strangers_between() -> None:
    records = [
        b'1 (UID 5 RFC822.SIZE 10 INTERNALDATE "01-Nov-2026 10:00:00 +0700")',
        b"2 (FLAGS (\\Seen))",
        b'3 (INTERNALDATE "99-Foo-2026 10:00:00 +0700" RFC822.SIZE 7 UID 9)',
    ]
    assert read_summaries(records) == {5: (5, 10, 1_793_502_000_000), 9: (9, 7, 0)}
    bodies = [(b"1 (UID 5 BODY[] {3}", b"abc"), b")", (b"2 (BODY[] {2}", b"de"), b" UID 6)", b"9 (UID 7 FLAGS ())"]
    assert read_bodies(bodies, "") == {5: b"abc", 6: b"de"}


def test_structures_damaged_or_deep_give_what_can_be_read() -> None:
    leaf = (b"TEXT", b"PLAIN", (b"CHARSET", b"utf-8"), None, None, b"8BIT", 12, 1, None, None, None)
    file = (b"APPLICATION", b"PDF", (b"NAME", b"a.pdf"), None, None, b"BASE64", 400, None, (b"ATTACHMENT", None), None)
    assert [tuple(one) for one in read_structure(([leaf, file], b"MIXED"))] == [
        ("1", "text/plain", "", 12, False),
        ("2", "application/pdf", "a.pdf", 300, True),
    ]
    nested: Any = leaf
    for _ in range(100):
        nested = ([nested], b"MIXED")
    assert read_structure(nested) == []
    assert read_structure(None) == read_structure((b"x",)) == []


def test_the_user_page_names_every_setting(repository: Path) -> None:
    page = (repository / "docs/user/mail.md").read_text("utf-8")
    missing = [name for name in Settings.__struct_fields__ if f"`{name}`" not in page]
    assert missing == []
