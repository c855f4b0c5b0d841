"""Backup and restore."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import Program


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
