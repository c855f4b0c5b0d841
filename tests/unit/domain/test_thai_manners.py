"""Warnings about particles on 26,737 messages as Thai people write them: some, and every one of them right."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from csconsole.domain.canned_check import check
from csconsole.domain.message_length import TextLimit

RIGHT = {
    "นะค่ะ": "นะคะ",
    "นะค้ะ": "นะคะ",
    "นะค๊ะ": "นะคะ",
    "ไหมค่ะ": "ไหมคะ",
    "มั้ยค่ะ": "มั้ยคะ",
    "มั๊ยค่ะ": "มั๊ยคะ",
    "หรอค่ะ": "หรอคะ",
    "เหรอค่ะ": "เหรอคะ",
    "หรือยังค่ะ": "หรือยังคะ",
    "หรือเปล่าค่ะ": "หรือเปล่าคะ",
    "รึเปล่าค่ะ": "รึเปล่าคะ",
    "ขอบคุณคะ": "ขอบคุณค่ะ",
    "สวัสดีคะ": "สวัสดีค่ะ",
}


@pytest.fixture(scope="module")
def lines() -> list[str]:
    beside = Path(__file__).resolve().parents[4] / "shared"
    folder = Path(os.environ.get("CSCONSOLE_SHARED", beside)) / "data" / "thai"
    if not folder.exists():
        reason = f"no test data at {folder}: set CSCONSOLE_SHARED"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return [
        line for file in sorted(folder.glob("*.txt")) for line in file.read_text("utf-8").splitlines() if line.strip()
    ]


def test_warnings_are_few_and_right(lines: list[str]) -> None:
    seen: Counter[str] = Counter()
    for line in lines:
        for finding in check(line, "line", TextLimit(), {}, None, 0):
            if finding.code == "particle":
                wrong = line[slice(*finding.span)]
                assert RIGHT[wrong] == finding.fix, line
                seen[wrong] += 1
    assert 150 < seen.total() < 300
    assert seen["นะค่ะ"] >= 60
    assert seen["ไหมค่ะ"] >= 60
