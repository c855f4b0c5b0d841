"""The Thai corpus and the hostile strings, found by CSCONSOLE_SHARED or in ``shared`` beside the repository."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest


def _shared(part: str) -> Path:
    beside = Path(__file__).resolve().parents[4] / "shared"
    path = Path(os.environ.get("CSCONSOLE_SHARED", beside)) / part
    if not path.exists():
        reason = f"no test data at {path}: set CSCONSOLE_SHARED"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.fixture(scope="session")
def thai_lines() -> list[str]:
    """26,737 Thai messages."""
    files = sorted(_shared("data/thai").glob("*.txt"))
    return [line for file in files for line in file.read_text(encoding="utf-8").split("\n") if line]


@pytest.fixture(scope="session")
def hostile() -> list[dict[str, Any]]:
    """The hostile corpus with generated payloads made; ``payload`` is always the string."""
    rows = []
    for line in _shared("reference/hostile.jsonl").read_text(encoding="utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        made = row.get("gen") or {}
        if "repeat" in made:
            row["payload"] = made["prefix"] + made["repeat"] * made["times"] + made["suffix"]
        rows.append(row)
    return rows
