"""What goes wrong ends with its code and one sentence: configuration, store, disk, accounts."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from csconsole.store import driver
from csconsole.text.sanitize import is_safe
from tests.cli.program import Program, config_of, eml


def test_a_broken_configuration_is_named_with_its_line(desk: Program) -> None:
    config = desk.data / "config.toml"
    config.write_text('[agent]\nname = "nok"\nlanguag = "th"\n\n[ui]\ntheme = "pink"\n')
    for command in (
        ("list",),
        ("show", "20410"),
        ("reply", "20410", "--text", "x"),
        ("sync", "--once"),
        ("config", "check"),
    ):
        done = desk(*command)
        assert done.code == 2, command
        assert f"{config}:3: languag" in done.err.replace("agent.", "") and f"{config}:6" in done.err
        assert all(line.startswith("csconsole: ") for line in done.err.splitlines())


def test_a_missing_configuration_file_is_said(desk: Program) -> None:
    done = desk("list", "--config", str(desk.data / "none.toml"))
    assert done.code == 2 and "none.toml" in done.err


@pytest.mark.parametrize("command", [("list",), ("show", "1"), ("search", "x"), ("outbox",), ("backup", "x.db")])
def test_no_data_is_a_store_error_and_makes_none(tmp_path: Path, command: tuple[str, ...]) -> None:
    empty = Program(tmp_path / "data")
    done = empty(*command)
    assert done.code == 4 and "csconsole init" in done.err
    assert not empty.data.exists()


@pytest.mark.parametrize("damage", ["head", "middle", "empty page"])
def test_a_damaged_database_is_a_store_error(desk: Program, damage: str) -> None:
    database = desk.data / "csconsole.db"
    data = bytearray(database.read_bytes())
    if damage == "head":
        data[:100] = b"\xff" * 100
    else:
        start = 4096 if damage == "empty page" else 8192
        data[start:] = (b"\0" if damage == "empty page" else b"\xa5") * (len(data) - start)
    database.write_bytes(data)
    done = desk("list")
    assert done.code == 4, (done.out, done.err)
    assert "restore" in done.err and "Traceback" not in done.err


def test_a_directory_that_others_may_write_is_refused(desk: Program) -> None:
    desk.data.chmod(0o777)
    done = desk("list")
    assert done.code == 2 and "chmod 700" in done.err


def test_an_account_that_fails_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    shop = Program(tmp_path / "data")
    shop.data.mkdir(mode=0o700)
    (shop.data / "config.toml").write_text(config_of("line-siam", "fb-page:faults = { down = true }", "web-th"))
    done = shop("sync", "--once", "--json")
    assert done.code == 3
    assert [list(row) for row in done.json] == [
        ["account", "pulled", "new", "duplicates", "quarantined", "sent", "failed", "uncertain", "error"]
    ] * 3
    by_name = {row["account"]: row for row in done.json}
    assert by_name["fb-page"]["error"] and by_name["line-siam"]["error"] is None
    assert by_name["line-siam"]["new"] > 0 and by_name["web-th"]["new"] > 0
    plain = shop("sync", "--once")
    assert plain.code == 3 and len(plain.out.splitlines()) == 3
    assert shop("sync", "--once", "--account", "line-siam").code == 0
    assert shop("sync", "--once", "--account", "no-such").code == 5
    assert shop("sync", "--account", "line-siam").code == 2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own that is soon full."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", str(place)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this machine may not mount: " + mounted.stderr.decode())
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_a_store_error_and_nothing_is_lost(small_disk: Path) -> None:
    shop = Program(small_disk / "data")
    shop.data.mkdir(mode=0o700)
    (shop.data / "config.toml").write_text(config_of("line-siam"))
    shop.ok("sync", "--once")
    before = shop.show("20410")
    ballast = os.open(small_disk / "ballast", os.O_WRONLY | os.O_CREAT)
    with contextlib.suppress(OSError):
        while True:
            os.write(ballast, b"\0" * 4096)
    os.close(ballast)
    done = shop("note", "20410", "--text", "-", input="x" * 2_000_000)
    assert done.code == 4 and "disk is full" in done.err, done.err
    (small_disk / "ballast").unlink()
    assert shop.show("20410") == before
    shop.ok("note", "20410", "--text", "again")


def test_hostile_texts_are_harmless_in_plain_output(mailbox: Program, tmp_path: Path) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\x9b31m\x00\u202e\u2066rm\x7f\x08[bold red]{x}\u200b"
    folder = tmp_path / "evil"
    folder.mkdir()
    (folder / "1.eml").write_bytes(
        eml(1, evil.replace("\x00", ""), f"body {evil}", sender=f'"{evil}" <ann@example.com>')
    )
    (folder / "2.eml").write_bytes(evil.encode() * 50)
    mailbox("import", str(folder), "--account", "mail")
    rows = mailbox.json("list")
    assert rows
    outputs = [mailbox.ok("list").out, mailbox("search", "body").out, mailbox("search", evil.replace("\x00", "")).err]
    outputs += [mailbox.ok("show", row["id"]).out for row in rows]
    outputs += [mailbox("quarantine").out, mailbox("show", evil.replace("\x00", "")).err]
    outputs += [mailbox("quarantine", "show", row["id"]).out for row in mailbox.json("quarantine")]
    connection = driver.connect(str(mailbox.data / "csconsole.db"))
    connection.execute("update message set body_text = ?1, author_name = ?1", (evil,))
    connection.execute("update customer set name = ?1, call_name = ?1", (evil,))
    connection.execute("update conversation set subject = ?1, preview = ?1", (evil,))
    connection.close()
    outputs += [mailbox.ok("list").out, *(mailbox.ok("show", row["id"]).out for row in rows)]
    for text in outputs:
        assert all(is_safe(line) for line in text.split("\n")), text
        assert not any((ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0 for c in text), text
