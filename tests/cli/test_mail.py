"""Mail as the command line shows it."""

from __future__ import annotations

from pathlib import Path

from tests.cli.program import Program

FRAUD = """\
From: "director@shop.example" <boss@evil.example>
To: support@shop.example
Date: Fri, 27 Nov 2026 10:00:00 +0700
Subject: Pay now
Content-Type: text/html; charset=utf-8

<p>Pay <a href="https://evil.example/x">https://www.bank.example/pay</a></p>
"""


def test_warnings_stand_above_the_text(mailbox: Program, tmp_path: Path) -> None:
    (tmp_path / "mails").mkdir()
    (tmp_path / "mails" / "1.eml").write_text(FRAUD)
    mailbox.ok("import", str(tmp_path / "mails"), "--account", "mail")
    (row,) = mailbox.json("list")
    lines = mailbox.ok("show", row["id"]).out.splitlines()
    text = next(number for number, line in enumerate(lines) if "https://evil.example/x" in line)
    above = " ".join(line.removeprefix("! ") for line in lines[text - 8 : text])
    assert "the name says director@shop.example, the address is boss@evil.example" in above
    assert "a link says https://www.bank.example/pay but leads to evil.example" in above
