"""A shop whose every text was written by an attacker, and the same shop with harmless texts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from csconsole.config.loader import load
from csconsole.paths import DataDir
from csconsole.services import demo
from csconsole.services.desk import Desk
from csconsole.store.database import Store

CLASSES = {"terminal-escape", "markup", "bidi", "invisible", "thai-text", "homoglyph", "html", "attachment"}


def payloads() -> list[str]:
    """The attacks on what is drawn."""
    repository = Path(__file__).resolve().parent.parent.parent
    shared = Path(os.environ.get("CSCONSOLE_SHARED", repository.parent / "shared"))
    path = shared / "reference" / "hostile.jsonl"
    if not path.is_file():
        if os.environ.get("CI"):
            pytest.fail(f"{path} is missing")
        pytest.skip(f"{path} is missing")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [row["payload"] for row in rows if row["class"] in CLASSES and len(row["payload"]) < 4_000]


def harmless(count: int) -> list[str]:
    """As many texts nobody minds."""
    return [f"text number {number}" for number in range(count)]


def build(root: Path, texts: list[str]) -> Path:
    """Writes the shop: the demo with its names, subjects, bodies, tags, files and canned titles replaced.

    The texts go into the database as they are, past every door that would clean them: what is drawn must be safe
    whatever is stored.
    """
    place = DataDir(root).ensure()
    demo.prepare(place, root / "config.toml", still=True, language="en")
    demo.build(place, root / "config.toml")
    config = load(root / "config.toml")
    store = Store(place.root)
    try:
        _poison(Desk.open(store, config, demo._first_clock(place, config)), texts)
    finally:
        store.close()
    return root


def _poison(desk: Desk, texts: list[str]) -> None:
    def text(number: int) -> str:
        return texts[number % len(texts)].replace("\x00", "").encode("utf-8", "replace").decode("utf-8")

    def json_of(number: int) -> str:
        return json.dumps([text(number), text(number + 7)], ensure_ascii=False)

    def attributes(number: int) -> str:
        return json.dumps({text(number) or "x": text(number + 3)}, ensure_ascii=False)

    with desk.transaction() as tx:
        for statement, fields in (
            ("update customer set name = ?, call_name = ?, tags = ?, attributes = ? where rowid = ?", "ttja"),
            ("update conversation set subject = ?, preview = ?, tags = ? where rowid = ?", "ttj"),
            ("update message set body_text = ?, delivery_reason = ? where rowid = ?", "tt"),
            ("update attachment set name = ? where rowid = ?", "t"),
            ("update identity set display = ? where rowid = ?", "t"),
            ("update or ignore tag set name = ? where rowid = ?", "t"),
            ("update customer_note set body = ?, author = ? where rowid = ?", "tt"),
        ):
            table = statement.replace("or ignore ", "").split()[1]
            kinds = {"t": text, "j": json_of, "a": attributes}
            for number, (key,) in enumerate(tx.execute(f"select rowid from {table}").fetchall()):
                values = [kinds[kind](number + place) for place, kind in enumerate(fields)]
                tx.execute(statement, (*values, key))
        for number, (key, data) in enumerate(tx.execute("select rowid, data from canned").fetchall()):
            canned = json.loads(data)
            canned["title"] = {"th": text(number), "en": text(number)}
            body = text(number + 1).replace("{", "(")
            canned["body"] = {"th": body, "en": body}
            tx.execute("update canned set data = ? where rowid = ?", (json.dumps(canned), key))
        tx.execute("update account set error = ?, state = 'broken' where name = 'line-siam'", (text(3),))
