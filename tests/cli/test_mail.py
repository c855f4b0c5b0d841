"""Reply to all, copies, files, quoting, signatures, forwarding and new mails, by the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from csconsole.domain.sending import OutboundItem
from csconsole.store import outbox
from csconsole.store.database import Store
from tests.cli.program import Program, eml

CONFIG = """
aliases = ["sales@shop.example"]
signature = "{agent}"
signatures = { th = "ด้วยความเคารพ\\n{agent}" }
"""


@pytest.fixture
def shop(mailbox: Program, tmp_path: Path) -> Program:
    """A mailbox with a question that went to two of us and two others."""
    config = mailbox.data / "config.toml"
    config.write_text(config.read_text() + CONFIG)
    raw = eml(1, "ขอใบเสนอราคา", "ขอใบเสนอราคาค่ะ\n> เดิม").replace(
        b"To: care@shop.example",
        b"To: care@shop.example, Sales <sales+q1@shop.example>, Boss <boss@example.com>\r\n"
        b"Cc: bo@example.net, ann@example.com",
    )
    (tmp_path / "1.eml").write_bytes(raw)
    mailbox.ok("import", str(tmp_path / "1.eml"), "--account", "mail")
    return mailbox


def newest(shop: Program) -> OutboundItem:
    store = Store(shop.data)
    try:
        return outbox.listing(store)[0].item
    finally:
        store.close()


def test_a_reply_to_all_with_files_and_a_quotation(shop: Program, tmp_path: Path) -> None:
    file = tmp_path / "ใบเสนอราคา.pdf"
    file.write_bytes(b"%PDF-1.7")
    (row,) = shop.json("list")
    shop.ok(
        "reply",
        row["id"],
        "--text",
        "แนบมาแล้วค่ะ",
        "--all",
        "--attach",
        str(file),
        "--quote",
        "--bcc",
        "audit@shop.example",
    )
    file.unlink()
    item = newest(shop)
    assert item.to == ("ann@example.com",)
    assert item.cc == ("Boss <boss@example.com>", "bo@example.net")
    assert item.bcc == ("audit@shop.example",)
    assert [one.name for one in item.attachments] == ["ใบเสนอราคา.pdf"]
    assert (shop.data / "blobs" / item.attachments[0].sha256).read_bytes() == b"%PDF-1.7"
    assert item.extra["from"] == "sales@shop.example", "the alias the customer wrote to"
    assert item.extra["signature"] == "ด้วยความเคารพ\nnok"
    assert str(item.extra["quote_intro"]).endswith("Ann <ann@example.com> เขียนว่า:")
    assert item.extra["quote"] == "ขอใบเสนอราคาค่ะ\n> เดิม"
    (sent,) = [one for one in shop.show(row["id"])["messages"] if one["direction"] == "out"]
    assert sent["attachments"] == [{"name": "ใบเสนอราคา.pdf", "mime": "application/pdf", "bytes": 8}]


def test_an_english_answer_has_the_other_signature_and_no_quotation(shop: Program) -> None:
    (row,) = shop.json("list")
    shop.ok("reply", row["id"], "--text", "Here it is.", "--from", "care@shop.example")
    assert newest(shop).extra == {"base_assignee": None, "from": "care@shop.example", "signature": "nok"}


def test_what_was_pulled_back_keeps_its_copies_and_files(shop: Program, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("a")
    (row,) = shop.json("list")
    sent = shop.json("reply", row["id"], "--text", "first", "--cc", "x@example.com", "--attach", str(file))
    shop.ok("outbox", "cancel", sent["id"])
    store = Store(shop.data)
    kept = store.read_one("select letter from draft_letter")
    store.close()
    assert kept is not None and "x@example.com" in kept[0] and "a.txt" in kept[0]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--cc", "no address"), 2, "no address"),
        (("--attach", "/no/such/file"), 2, "is no file"),
        (("--from", "boss@example.com"), 6, "aliases"),
        (("--cc", "a@b.example\r\nBcc: x@y.example"), 2, "is not an e-mail address"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_it_enters_the_outbox(
    shop: Program, arguments: tuple[str, ...], code: int, words: str
) -> None:
    (row,) = shop.json("list")
    done = shop("reply", row["id"], "--text", "x", *arguments)
    assert done.code == code and words in done.err, done.err
    assert shop.json("outbox") == []


def test_a_mail_is_forwarded_in_a_conversation_of_its_own(shop: Program, tmp_path: Path) -> None:
    (row,) = shop.json("list")
    done = shop.json("forward", row["id"], "--to", "Supplier <s@supplier.example>", "--text", "Can you deliver this?")
    item = newest(shop)
    assert item.to == ("Supplier <s@supplier.example>",) or item.to == ("s@supplier.example",)
    assert item.subject == "Fwd: ขอใบเสนอราคา" and item.reply_to == ()
    forwarded = str(item.extra["forwarded"])
    assert "From: Ann <ann@example.com>" in forwarded and "ขอใบเสนอราคาค่ะ" in forwarded
    assert done["conversation_id"] != row["id"]
    other = shop.show(done["conversation_id"])
    assert other["customer"]["name"] == "Supplier" and other["assignee"] == "nok"
    assert [one["direction"] for one in shop.show(row["id"])["messages"]] == ["in"]


def test_forwarding_takes_the_original_along_when_its_files_were_not_fetched(mailbox: Program, tmp_path: Path) -> None:
    import email.message
    import email.policy

    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["From"], message["To"], message["Subject"] = "Ann <ann@example.com>", "care@shop.example", "Slip"
    message["Message-ID"], message["Date"] = "<slip@example.com>", "Mon, 02 Nov 2026 10:00:00 +0700"
    message.set_content("slip attached")
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="slip.png")
    (tmp_path / "1.eml").write_bytes(message.as_bytes())
    mailbox.ok("import", str(tmp_path / "1.eml"), "--account", "mail")
    (row,) = mailbox.json("list")
    mailbox.ok("forward", row["id"], "--to", "s@supplier.example")
    (file,) = newest(mailbox).attachments
    assert file.name == "Slip.eml"
    assert (mailbox.data / "blobs" / file.sha256).read_bytes() == message.as_bytes()


def test_a_new_mail_begins_a_conversation(shop: Program, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("เรียนคุณบี\n\nของมาแล้วค่ะ")
    done = shop.json(
        "write", "--account", "mail", "--to", "บี <bee@example.com>", "--to", "c@example.com", "--subject", "ของมาแล้ว",
        "--file", str(text),
    )  # fmt: skip
    item = newest(shop)
    assert item.to == ("bee@example.com", "c@example.com")
    assert (item.subject, item.reply_to) == ("ของมาแล้ว", ())
    shown = shop.show(done["conversation_id"])
    assert (shown["customer"]["name"], shown["subject"], shown["status"]) == ("บี", "ของมาแล้ว", "open")


@pytest.mark.parametrize(
    ("account", "extra", "code"), [("post", (), 5), ("mail", ("--to", "x"), 2), ("mail", ("--subject", " "), 2)]
)
def test_a_new_mail_that_cannot_be(shop: Program, account: str, extra: Any, code: int) -> None:
    given = ["--account", account, "--to", "a@example.com", "--subject", "S", "--text", "T", *extra]
    done = shop("write", *given)
    assert done.code == code and "Traceback" not in done.err
    assert shop.json("outbox") == []


def test_a_customers_reply_to_is_where_answers_go(mailbox: Program, tmp_path: Path) -> None:
    raw = eml(1, "Order", "Where?").replace(b"To: care", b"Reply-To: Accounts <accounts@example.com>\r\nTo: care", 1)
    (tmp_path / "1.eml").write_bytes(raw)
    mailbox.ok("import", str(tmp_path / "1.eml"), "--account", "mail")
    (row,) = mailbox.json("list")
    mailbox.ok("reply", row["id"], "--text", "Here")
    assert newest(mailbox).to == ("accounts@example.com",)
