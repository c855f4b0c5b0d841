"""Mail from files: every form, twice, stopped in the middle, unreadable, damaged."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from csconsole.services import mail_files
from csconsole.store import quarantine
from csconsole.store.database import Store
from tests.cli.program import SCRIPT, Program, eml
from tests.faults import mails


def counted(**given: int) -> dict[str, object]:
    """The answer of an import, everything 0 that is not given."""
    names = ("read", "new", "duplicates", "quarantined", "drafts", "unreadable")
    return {"account": "mail", **{name: given.get(name, 0) for name in names}}


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
    assert first == counted(read=3, new=3)
    again = mailbox.json("import", str(letters), "--account", "mail")
    assert again == counted(read=3, duplicates=3)
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


def mbox_of(*parts: bytes, line: bytes = b"From ann@example.com Mon Nov  2 10:00:00 2026") -> bytes:
    return b"".join(line + b"\n" + part.replace(b"\r\n", b"\n") + b"\n" for part in parts)


@pytest.mark.parametrize(
    "line",
    [
        b"From - Mon Nov  2 10:00:00 2026",
        b"From 1790000000000000000@xxx Mon Nov 02 10:00:00 +0000 2026",
        b"From ann@example.com Mon Nov  2 10:00:00 2026 +0700",
        b"From Ann Example Mon Nov  2 10:00 ICT 2026",
    ],
)
def test_from_lines_of_many_programs(mailbox: Program, tmp_path: Path, line: bytes) -> None:
    box = tmp_path / "Inbox"
    body = "One\n\nFrom here on it is text, 10:30\n\n>From the quoted\nend"
    box.write_bytes(mbox_of(eml(1, "First", body), eml(2, "Second", "Two"), line=line))
    assert mailbox.json("import", str(box), "--account", "mail") == counted(read=2, new=2)
    (row,) = [row for row in mailbox.json("list") if row["subject"] == "First"]
    text = mailbox.show(row["id"])["messages"][0]["body"]
    assert "From here on it is text" in text and "\nFrom the quoted\nend" in text


def test_an_mbox_with_content_lengths_keeps_what_looks_like_a_beginning(mailbox: Program, tmp_path: Path) -> None:
    body = b"One\n\nFrom ann@example.com Mon Nov  2 10:00:00 2026\nSubject: no mail\n\nend\n"
    first = eml(1, "First", "").replace(b"\r\n", b"\n").split(b"\n\n")[0]
    whole = first + b"\nContent-Length: %d\n\n" % len(body) + body
    wrong = eml(3, "Third", "Three").replace(b"\r\n\r\n", b"\r\nContent-Length: 7777\r\n\r\n", 1)
    box = tmp_path / "box.mbox"
    box.write_bytes(mbox_of(whole, eml(2, "Second", "Two"), wrong, eml(4, "Fourth", "Four")))
    assert mailbox.json("import", str(box), "--account", "mail") == counted(read=4, new=4)
    assert {row["subject"] for row in mailbox.json("list")} == {"First", "Second", "Third", "Fourth"}


def test_a_whole_profile_with_nested_folders_drafts_and_thai_names(mailbox: Program, tmp_path: Path) -> None:
    root = tmp_path / "profile"
    for part in (
        "Inbox/cur",
        "Inbox/new",
        "Work/Sent Items/cur",
        "Work/cur",
        ".&DioOSA4nDkE-.&DioOSA4HDkEOJQ5JDic-/cur",
    ):
        (root / part).mkdir(parents=True)
    sent = eml(5, "Re: A", "Ours", sender="other@shop.example").replace(
        b"To: care@shop.example", b"To: ann@example.com"
    )
    (root / "Inbox/cur/1:2,S").write_bytes(eml(1, "A", "One"))
    (root / "Inbox/cur/2:2,DS").write_bytes(eml(2, "Never sent", "Two", sender="care@shop.example"))
    (root / "Inbox/new/.hidden").write_bytes(b"index")
    (root / "Work/cur/3:2,").write_bytes(eml(3, "B", "Three"))
    (root / "Work/Sent Items/cur/5:2,S").write_bytes(sent)
    (root / "old").write_bytes(mbox_of(eml(6, "C", "Six")))
    (root / "old.msf").write_bytes(b"// <!-- an index")
    assert mailbox.json("import", str(root), "--account", "mail") == counted(read=5, new=4, drafts=1)
    assert mailbox.json("search", '"Never sent"') == []
    (hit,) = mailbox.json("search", "Ours")
    assert mailbox.show(hit["conversation_id"])["messages"][0]["direction"] == "out"


def test_one_file_nobody_may_read_costs_only_itself(mailbox: Program, letters: Path) -> None:
    if os.geteuid() == 0:
        (letters / "2.eml").unlink()
        (letters / "2.eml").symlink_to("/proc/self/mem")  # root may read everything but this
    else:
        (letters / "2.eml").chmod(0)
    done = mailbox("import", str(letters), "--account", "mail", "--json")
    assert done.code == 2 and "2.eml" in done.err and "Traceback" not in done.err
    assert done.json == counted(read=2, new=2, unreadable=1)


def test_a_mail_beyond_the_limit_is_named_in_quarantine(
    mailbox: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_files, "LARGEST", 5_000)
    box = tmp_path / "box.mbox"
    box.write_bytes(mbox_of(eml(1, "Small", "One"), eml(2, "Big", "x" * 9_000), eml(3, "Small too", "Three")))
    found = [one.item for one in mail_files.mails(box)]
    assert [bool(item and item.raw) for item in found] == [True, False, True]
    assert found[1] is not None and "box.mbox" in str(found[1].meta["error"])


def test_mail_belongs_to_a_mailbox(mailbox: Program, letters: Path) -> None:
    config = mailbox.data / "config.toml"
    config.write_text(config.read_text() + '\n[[accounts]]\nname = "chat"\nconnector = "demo"\n')
    done = mailbox("import", str(letters), "--account", "chat")
    assert done.code == 2 and "no mailbox" in done.err


@pytest.mark.faults
@pytest.mark.parametrize("form", ["maildir", "mbox"])
def test_an_import_killed_anywhere_goes_on_and_loses_nothing(mailbox: Program, tmp_path: Path, form: str) -> None:
    rng = random.Random(20_263)
    made = [raw for _, raw in mails.mixed(500, "care@shop.example", first_at=1_790_000_000, step=60)]
    source = tmp_path / form
    if form == "maildir":
        for part in ("cur", "new", "tmp"):
            (source / part).mkdir(parents=True)
        for number, raw in enumerate(made):
            (source / "cur" / f"{number:06d}:2,S").write_bytes(raw)
    else:
        source.write_bytes(mbox_of(*made))
    points = ("mid-page", "mid-transaction", "page-stored")
    passes = {"mid-page": 2, "mid-transaction": 100, "page-stored": 1}
    for case in range(3):
        point = points[case % 3]
        crash = {"CSCONSOLE_CRASH_AT": f"{point}:{rng.randint(1, passes[point])}"}
        done = mailbox("import", str(source), "--account", "mail", env=crash)
        assert done.code == -signal.SIGKILL, (point, done)
    last = mailbox.json("import", str(source), "--account", "mail")
    assert last["read"] == 500 and last["new"] + last["duplicates"] + last["quarantined"] == 500
    store = Store(mailbox.data)
    ids = Counter(key for (key,) in store.read("select json_extract(extra, '$.message_ids[0]') from message"))
    store.close()
    held = len(mailbox.json("quarantine"))
    assert len(ids) + held == 500 and max(ids.values()) == 1
    assert mailbox.json("import", str(source), "--account", "mail") == counted(
        read=500, duplicates=500 - held, quarantined=0
    ) | ({"duplicates": 500} if held else {})


def test_stopping_an_import_by_ctrl_c_says_how_it_goes_on(mailbox: Program, tmp_path: Path) -> None:
    fifo_like = tmp_path / "many.mbox"
    fifo_like.write_bytes(mbox_of(*(eml(n, f"Mail {n}", "text " * 50) for n in range(6_000))))
    command = [str(SCRIPT), "--data-dir", str(mailbox.data), "import", str(fifo_like), "--account", "mail"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        from tests.beds.waiting import wait_until

        def begun() -> bool:
            try:
                store = Store(mailbox.data)
            except Exception:
                return False
            try:
                return bool(store.read("select 1 from message limit 1"))
            finally:
                store.close()

        wait_until(begun, "the first page to be stored")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130 and b"goes on from there" in errors and b"Traceback" not in errors
