"""Hostile texts in the plain output of every command, on a terminal and with ``--json``."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import Program
from tests.hostile import corpus, grammar, shop
from tests.hostile.commands import on_terminal
from tests.hostile.conftest import Filled

pytestmark = pytest.mark.pty

FORESEEN = {0, 2, 3, 4, 5, 6}
"""Exit codes of the interface; 1 is a bug."""

ARGUMENTS = (
    "\x1b]0;PWNED\x07x",
    "\x9b31m",
    "\u202eb",
    "[/]",
    "[@click=app.quit]",
    "\udcff",
    "--\x1b[2J",
    "-\x1b[2J",
    "' or 1=1 --",
    "\u200b",
    "ก" * 5_000,
)
"""What an agent may have pasted as an argument; the surrogate is how Python gives a byte that is no UTF-8."""


def inert(output: bytes, rules: grammar.Grammar = grammar.PLAIN) -> None:
    found = grammar.foreign(output, rules)
    assert not found, [str(one) for one in found[:10]]


def every_text_shown(output: bytes, texts: int, mails: int) -> None:
    shown = set(re.findall(rb"z[A-Z][0-9]{3}", output))
    wanted = {f"z{letter}{n:03}".encode() for letter in "NB" for n in range(texts)}
    wanted |= {f"z{letter}{n:03}".encode() for letter in "ST" for n in range(mails)}
    assert wanted <= shown, sorted(wanted - shown)[:20]


def test_everything_that_is_printed(hostile_data: Filled, tmp_path: Path) -> None:
    """Lists, whole conversations, searches, the outbox, doctor: plain and as JSON."""
    data = Path(shutil.copytree(hostile_data.data, tmp_path / "data"))
    rows: list[dict[str, Any]] = Program(data).json("list", "--limit", "0")
    opened = [r["id"] for r in rows if r["customer"]["name"].startswith("Reader") or r["account"] == "mail"]
    commands = [["list", "--limit", "0"], ["search", "zN0", "--limit", "0"], ["outbox"], ["quarantine"]]
    commands += [["show", one] for one in opened]
    commands += [[*command, "--json"] for command in commands]
    output, codes = on_terminal(data, commands, tmp_path / "commands.json")
    every_text_shown(output, len(hostile_data.texts), hostile_data.mails)
    assert set(codes) <= FORESEEN, output[-2000:]
    inert(output)
    about, _ = on_terminal(data, [["doctor"], ["doctor", "--json"]], tmp_path / "commands.json")
    inert(about, grammar.DOCTOR)


def test_hostile_arguments(hostile_data: Filled, tmp_path: Path) -> None:
    """Whatever stands in the place of a name, a query or a file: one sentence and a code that is foreseen."""
    data = Path(shutil.copytree(hostile_data.data, tmp_path / "data"))
    one = Program(data).json("list", "--limit", "1")[0]["id"]
    commands: list[list[str]] = []
    for text in ARGUMENTS:
        commands += [
            *(["show", text], ["list", text], ["search", text], ["list", "--view", text]),
            *(["reply", text, "--text", "x"], ["reply", one, "--canned", text], ["reply", one, "--file", text]),
            *(["reply", one, "--text", "x", "--set", text], ["reply", one, "--text", text]),
            *(["note", one, "--text", text], ["tag", one, f"+{text}"], ["assign", one, text], ["status", one, text]),
            *(["status", one, "snoozed", "--until", text], ["outbox", "retry", text], ["quarantine", "show", text]),
            *(["import", text, "--account", "mail"], ["import", str(tmp_path), "--account", text]),
            *(["canned", "add", text, "--text", "x"], ["canned", "rm", text], ["canned", "import", text]),
            *(["backup", f"{tmp_path}/none/{text}"], ["restore", text], ["--config", text, "config", "check"]),
            *(["sync", "--once", "--account", text], [text]),
        ]
    commands += [["show", one], ["show", one, "--json"], ["canned"], ["canned", "export"], ["canned", "--json"]]
    output, codes = on_terminal(data, commands, tmp_path / "commands.json")
    wrong = [(command, code) for command, code in zip(commands, codes, strict=True) if code not in FORESEEN]
    assert not wrong, wrong[:10]
    inert(output)


def test_json_escapes_what_would_act_and_keeps_the_value(hostile_data: Filled, tmp_path: Path) -> None:
    data = Path(shutil.copytree(hostile_data.data, tmp_path / "data"))
    (data / "config.toml").write_text(
        '[agent]\nname = "nok"\ndisplay_name = "a\\u009b2J\\u202eb\\u007f"\nlanguage = "en"\n', "utf-8"
    )
    done = Program(data).ok("config", "show", "--json")
    assert json.loads(done.out)["agent"]["display_name"] == "a\x9b2J\u202eb\x7f"
    inert(done.out.encode())


def test_canned_replies_travel_as_toml_that_acts_on_nothing(tmp_path: Path) -> None:
    program = Program(shop.place_for(tmp_path / "data").root)
    body = 'Hi "{{ customer.call_en }}" \x9b2J\u202e\u200b\U000e0041 \\ \ufeff'
    file = tmp_path / "replies.toml"
    file.write_text(
        f"[[canned]]\nname = 'x'\nbody.en = {json.dumps(body, ensure_ascii=False)}\nshelf_mark = '\x9f'\n", "utf-8"
    )
    program.ok("canned", "import", str(file))
    exported = program.ok("canned", "export").out
    inert(exported.encode())
    again = Program(shop.place_for(tmp_path / "again").root)
    again.ok("canned", "import", "-", input=exported)
    assert again.json("canned", "list")[0]["body"]["en"] == body
    hidden = "[[canned]]\nname = 'a\u202eb'\nbody.en = 'x'\n"
    refused = program("canned", "import", "-", input=hidden)
    assert refused.code == 2
    assert "only characters that can be seen" in refused.err


def test_the_oracle_sees_what_gets_through() -> None:
    """Each grammar refuses the raw payloads, so that its silence elsewhere means something."""
    attacks = [e for e in corpus.drawn() if e.kind == "terminal-escape" and e.id not in HARMLESS]
    assert len(attacks) > 35
    for rules in (grammar.CONSOLE, grammar.PLAIN, grammar.DOCTOR):
        row = b"\x1b[0m \x1b[0m............................................"
        frame = row * 20
        passed = [e.id for e in attacks if not grammar.foreign(frame + e.payload.encode() + frame, rules)]
        assert not passed


HARMLESS = {"ESC35", "ESC41", "ESC43", "ESC44"}
"""Text by itself: one needs its neighbour, the others their decoding."""
