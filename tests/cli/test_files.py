"""Mail from files, backup and restore."""

from __future__ import annotations

from pathlib import Path

import pytest

from csconsole.store import quarantine
from csconsole.store.database import Store
from tests.cli.program import Program, eml

COUNTS = ["account", "new", "duplicates", "quarantined"]


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """Three mails in Thai and English, one of them an answer, and a file that is no mail."""
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "1.eml").write_bytes(eml(1, "ขอใบกำกับภาษี", "สวัสดีค่ะ ขอใบกำกับภาษีด้วยค่ะ"))
    (folder / "2.eml").write_bytes(eml(2, "Where is it", "My parcel is late.", sender="Bo <bo@example.com>"))
    answer = eml(3, "Re: ขอใบกำกับภาษี", "ส่งที่อยู่ให้แล้วค่ะ").replace(
        b"Subject:", b"In-Reply-To: <m1@example.com>\r\nSubject:"
    )
    (folder / "3.EML").write_bytes(answer)
    (folder / "notes.txt").write_text("no mail")
    return folder


def test_a_directory_is_imported_once(mailbox: Program, letters: Path) -> None:
    first = mailbox.json("import", str(letters), "--account", "mail")
    assert list(first) == COUNTS
    assert first == {"account": "mail", "new": 3, "duplicates": 0, "quarantined": 0}
    again = mailbox.json("import", str(letters), "--account", "mail")
    assert again == {"account": "mail", "new": 0, "duplicates": 3, "quarantined": 0}
    rows = mailbox.json("list")
    assert {row["subject"] for row in rows} == {"ขอใบกำกับภาษี", "Where is it"}
    thread = mailbox.show(next(row["id"] for row in rows if row["customer"]["name"] == "Ann"))
    assert [m["body"] for m in thread["messages"]] == ["สวัสดีค่ะ ขอใบกำกับภาษีด้วยค่ะ", "ส่งที่อยู่ให้แล้วค่ะ"]
    assert thread["messages"][0]["created_at"] == "2026-11-02T03:01:00Z"
    assert mailbox.json("outbox") == []


def test_a_single_file_an_mbox_and_a_maildir(mailbox: Program, letters: Path, tmp_path: Path) -> None:
    assert mailbox.json("import", str(letters / "1.eml"), "--account", "mail")["new"] == 1
    box = tmp_path / "old.mbox"
    parts = [eml(number, f"Old {number}", f"Text\n>From here\nend {number}") for number in (11, 12)]
    box.write_bytes(
        b"".join(b"From ann@example.com Mon Nov  2 10:00:00 2026\n" + p.replace(b"\r\n", b"\n") + b"\n" for p in parts)
    )
    assert mailbox.json("import", str(box), "--account", "mail")["new"] == 2
    (hit,) = mailbox.json("search", '"end 11"')
    assert "From here\nend 11" in mailbox.show(hit["conversation_id"])["messages"][0]["body"]
    for part in ("cur", "new", "tmp", ".Sent/cur", ".Sent/new"):
        (tmp_path / "maildir" / part).mkdir(parents=True)
    (tmp_path / "maildir/cur/1:2,S").write_bytes(eml(21, "Maildir", "One"))
    (tmp_path / "maildir/new/2").write_bytes(eml(22, "Maildir", "Two"))
    sent = eml(23, "Re: Maildir", "Our answer", sender="care@shop.example").replace(
        b"To: care@shop.example", b"To: ann@example.com\r\nIn-Reply-To: <m21@example.com>"
    )
    (tmp_path / "maildir/.Sent/cur/3:2,S").write_bytes(sent)
    assert mailbox.json("import", str(tmp_path / "maildir"), "--account", "mail")["new"] == 3
    (answer,) = mailbox.json("search", '"Our answer"')
    found = {m["body"]: m["direction"] for m in mailbox.show(answer["conversation_id"])["messages"]}
    assert found == {"One": "in", "Our answer": "out"}


def test_what_cannot_be_understood_waits_in_quarantine(mailbox: Program, letters: Path) -> None:
    (letters / "empty.eml").write_bytes(b"\r\n\r\n")
    counts = mailbox.json("import", str(letters), "--account", "mail")
    assert (counts["new"], counts["quarantined"]) == (3, 1)
    (row,) = mailbox.json("quarantine")
    assert row["account"] == "mail" and row["reason"]
    assert row["reason"][:8] in mailbox.ok("quarantine", "list").out
    mailbox.ok("quarantine", "show", row["id"])
    assert mailbox("quarantine", "retry", row["id"]).code == 3
    assert mailbox("quarantine", "retry", "no-such").code == 5
    assert mailbox.json("quarantine")[0]["id"] == row["id"]


def test_what_is_understood_after_all_leaves_the_quarantine(mailbox: Program, letters: Path) -> None:
    mailbox.ok("import", str(letters / "2.eml"), "--account", "mail")
    store = Store(mailbox.data)
    with store.transaction(1_000) as tx:
        quarantine.add(
            tx, mailbox.data, 1, remote_id="INBOX:7:9", kind="rfc822", raw=eml(31, "Held back", "Now it is read."),
            received_at=1_700_000_000_000, meta={}, reason="An older reader gave up.", history=False,
        )  # fmt: skip
    store.close()
    (row,) = mailbox.json("quarantine")
    assert mailbox.json("quarantine", "retry", row["id"])["new"] == 1
    assert mailbox.json("quarantine") == []
    assert len(mailbox.json("search", '"Now it is read"')) == 1
    assert mailbox("quarantine", "retry", row["id"]).code == 6


@pytest.mark.parametrize(("path", "account", "code"), [("none", "mail", 2), ("", "mail", 2), ("", "post", 5)])
def test_importing_nothing_or_nowhere(mailbox: Program, tmp_path: Path, path: str, account: str, code: int) -> None:
    (tmp_path / "bare").mkdir()
    done = mailbox("import", str(tmp_path / "bare" / path), "--account", account)
    assert done.code == code, done.err


def test_a_backup_is_whole_and_comes_back(desk: Program, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    before = desk.json("list")
    answer = desk.json("backup", str(copy))
    assert answer["bytes"] == copy.stat().st_size and copy.stat().st_mode & 0o077 == 0
    assert desk("backup", str(copy)).code == 4
    desk.ok("status", "20410", "resolved")
    config = (desk.data / "config.toml").read_text()
    (desk.data / "config.toml").write_text("broken")
    desk.ok("restore", str(copy))
    (desk.data / "config.toml").write_text(config)
    assert desk.json("list") == before
    kept = list((desk.data / "backups").glob("before-restore-*.db"))
    assert len(kept) == 1


def test_a_restored_answer_asks_a_person_before_anything_leaves(desk: Program, tmp_path: Path) -> None:
    desk.ok("reply", "20410", "--text", "สวัสดีค่ะ", "--now")
    desk.ok("backup", str(tmp_path / "copy.db"))
    desk.ok("sync", "--once", "--account", "line-siam")
    assert desk.json("restore", str(tmp_path / "copy.db"))["uncertain"] == 1
    (row,) = desk.json("outbox")
    assert row["state"] == "uncertain" and row["reason"]
    ledger = (desk.data / "demo.ledger.jsonl").read_text()
    desk.ok("outbox", "settle", row["id"], "sent")
    desk.ok("sync", "--once", "--account", "line-siam")
    assert desk.json("outbox")[0]["state"] == "sent"
    assert (desk.data / "demo.ledger.jsonl").read_text().count('"texts"') == ledger.count('"texts"') == 1


@pytest.mark.parametrize("damage", ["missing", "text", "cut"])
def test_a_damaged_backup_replaces_nothing(desk: Program, tmp_path: Path, damage: str) -> None:
    copy = tmp_path / "copy.db"
    before = desk.json("list")
    if damage == "text":
        copy.write_text("no database at all" * 100)
    if damage == "cut":
        desk.ok("backup", str(copy))
        copy.write_bytes(copy.read_bytes()[: copy.stat().st_size // 2])
    done = desk("restore", str(copy))
    assert done.code == 4, done.err
    assert desk.json("list") == before
    assert not (desk.data / "restore").exists()
