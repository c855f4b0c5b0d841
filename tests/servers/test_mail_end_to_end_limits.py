"""Mail at its limits: a mail that kills its reader, and a disk without space."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from csconsole.clock import SystemClock
from csconsole.errors import DiskFullError
from csconsole.store import quarantine
from tests.beds.mail import MailBed
from tests.beds.needs import missing, program
from tests.beds.waiting import wait_until
from tests.faults import mails, oracle
from tests.faults.shop import Shop, end


def test_a_mail_that_kills_its_reader_is_held_back_and_no_other(mail_bed: MailBed, tmp_path: Path) -> None:
    at = SystemClock().now() // 1000 - 3_600
    head = b"From: x@customer.test\r\nMessage-ID: <bomb@customer.test>\r\nContent-Transfer-Encoding: x-uuencode\r\n"
    bomb = head + b"\r\nbegin 644 x\r\n" + b"M\r\n" * 9_000_000
    with Shop(mail_bed, tmp_path, "support-bomb") as shop:
        good = [mails.customer_mail(n, "x@customer.test", shop.user.address, at=at, tag="good") for n in range(40)]
        mail_bed.seed(shop.user, "INBOX", [*good[:20], bomb, *good[20:]], received_at=at)
        done = shop.run("sync", "--once", "--json")
        assert done.returncode == 0, done.stderr
        (summary,) = json.loads(done.stdout)
        assert (summary["pulled"], summary["new"], summary["quarantined"]) == (41, 40, 1)
        assert len(shop.queue("status:open")) == 40
        (held,) = json.loads(shop.run("quarantine", "list", "--json").stdout)
        assert "memory" in held["reason"], held
        (row,) = quarantine.listing(shop.desk.store)
        assert quarantine.raw(shop.desk.store, row.id) == bomb
        (summary,) = json.loads(shop.run("sync", "--once", "--json").stdout)
        assert (summary["pulled"], summary["new"], summary["quarantined"]) == (0, 0, 0)
        retried = shop.run("quarantine", "retry", held["id"])
        assert retried.returncode != 0
        assert "Traceback" not in retried.stderr
        assert len(quarantine.listing(shop.desk.store)) == 1


class SmallDisk:
    """A file system of a few megabytes that can be filled to the last byte."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._filler = root / "filler"

    def fill(self, *, leave: int) -> None:
        """Fills it up to the last ``leave`` bytes."""
        with self._filler.open("ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while file.write(b"\0" * size):
                        pass
                except OSError as error:
                    assert error.errno == errno.ENOSPC
        os.truncate(self._filler, self._filler.stat().st_size - leave)

    def free(self) -> None:
        self._filler.unlink()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    root = tmp_path / "small"
    root.mkdir()
    mount, umount = program("mount", "mount"), program("umount", "mount")
    if os.geteuid() != 0:
        missing("a small file system can be mounted by root only")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=24m,mode=700", "tmpfs", root], capture_output=True, text=True
    )
    if done.returncode:
        missing(f"a small file system cannot be mounted here: {done.stderr.strip()}")
    try:
        yield SmallDisk(root)
    finally:
        subprocess.run([umount, "--lazy", root], check=True)


@pytest.mark.faults
def test_a_full_disk_promises_nothing_and_mends_without_a_restart(mail_bed: MailBed, small_disk: SmallDisk) -> None:
    customer = mail_bed.customer("full")
    at = SystemClock().now() // 1000 - 3_600
    with Shop(mail_bed, small_disk.root, "support-full-disk") as shop, shop.console():
        first = [mails.customer_mail(n, customer.address, shop.user.address, at=at, tag="first") for n in range(10)]
        mail_bed.seed(shop.user, "INBOX", first, received_at=at)
        shop.once()
        keys = [row.id for row in shop.queue("status:open")]
        assert len(keys) == 10
        worker = shop.start_worker()
        try:
            wait_until(lambda: shop.status().live, "the push connection")
            small_disk.fill(leave=600_000)
            long_text = "ยาวมาก " * 2_000
            later = [
                mails.customer_mail(n, customer.address, shop.user.address, at=at, tag="later", body=long_text)
                for n in range(60)
            ]
            for raw in later:
                mail_bed.deliver(raw, shop.user, sender=customer.address)
            promised, refused = 0, 0
            for number in range(40):
                try:
                    shop.reply(keys[number % 10], f"คำตอบ {number} {long_text}")
                except DiskFullError:
                    refused += 1
                else:
                    promised += 1
            assert refused > 0, "the disk was not full"
            said = shop.run("reply", str(shop.queue()[0].uid), "--now", "--text", f"หนึ่ง {long_text}")
            assert (said.returncode, "disk is full" in said.stderr) == (4, True), said.stderr
            assert "Traceback" not in said.stderr
            assert len(shop.rows()) == promised
            shown = sum(m.direction == "out" for key in keys for m in shop.transcript(key))
            assert shown == promised
            assert worker.poll() is None, "the worker died of the full disk"

            small_disk.free()
            shop.reply(keys[0], "ตอนนี้ได้แล้วค่ะ")
            wait_until(lambda: _count(shop) >= 70, "the mail that came meanwhile", timeout=90)
            wait_until(lambda: all(row.state == "sent" for row in shop.rows()), "the answers to leave", timeout=60)
            assert worker.poll() is None, "the worker had to be restarted"
        finally:
            end(worker)
        shop.once()
        assert _count(shop) == 70
        sent = {row.key for row in shop.rows()}
        assert len(sent) == promised + 1
        assert set(oracle.accepted(mail_bed, sent).values()) == {1}
        assert oracle.held_by(mail_bed, [customer]).keys() == sent
        assert oracle.shown_twice(shop) == []
        print(f"DISK-FULL promised={promised} refused={refused} lost=0 twice=0")


def _count(shop: Shop) -> int:
    """Messages of customers in the store."""
    row = shop.desk.store.read_one("select count(*) from message where direction = 'in'")
    return int(row[0]) if row else 0
