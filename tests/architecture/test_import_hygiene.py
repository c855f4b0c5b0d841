"""What a process really loads: import order is a budget (start-up) and a border (no Textual without a screen)."""

from __future__ import annotations

import importlib.util
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import csconsole

SCREEN_PACKAGES = {"screens", "widgets", "themes", "terminal", "app"}
TOP = sorted(module.name for module in pkgutil.iter_modules(csconsole.__path__))
HEADLESS = [name for name in TOP if name not in SCREEN_PACKAGES | {"__main__"}]

LATE = {
    "typer",
    "click",
    "sqlite_utils",
    "liquid",
    "keyring",
    "holidays",
    "lark",
    "budoux",
    "httpx",
    "httpx_secure",
    "imapclient",
    "aiosmtplib",
    "inscriptis",
    "lxml",
    "nh3",
    "phonenumbers",
    "mailparser_reply",
    "asyncpg",
    "psycopg",
}
"""What the first paint does not need."""

PROBE = """
import json, sys
before = set(sys.modules)
try:
    exec(sys.argv.pop(1))
except SystemExit:
    pass
sys.__stdout__.write("\\n" + json.dumps(sorted({name.split(".")[0] for name in set(sys.modules) - before})))
"""


def loaded(statement: str, *argv: str) -> set[str]:
    """Returns the top-level names of the modules a fresh interpreter loads for ``statement``."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, statement, *argv],
        capture_output=True,
        text=True,
        cwd=Path(csconsole.__path__[0]).parent,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def exists(*modules: str) -> list[str]:
    return [module for module in modules if importlib.util.find_spec(module) is not None]


def test_the_probe_sees_what_is_loaded() -> None:
    assert "textual" in loaded("import textual")
    assert "textual" not in loaded("import rich")


@pytest.mark.parametrize("name", HEADLESS)
def test_headless_modules_load_no_textual(name: str) -> None:
    everything = f"""
import importlib, pkgutil
module = importlib.import_module("csconsole.{name}")
for found in pkgutil.walk_packages(getattr(module, "__path__", []), module.__name__ + "."):
    importlib.import_module(found.name)
"""
    assert not loaded(everything) & {"textual", "pytest"}


@pytest.mark.parametrize("module", exists("csconsole.app"))
def test_the_app_loads_nothing_the_first_paint_does_not_need(module: str) -> None:
    modules = loaded(f"import {module}, csconsole.screens.console")
    assert "textual" in modules
    assert not modules & LATE


def test_a_start_sets_the_terminal_up_before_textual_is_loaded() -> None:
    assert "textual" not in loaded("import csconsole.app")


@pytest.mark.parametrize("module", exists("csconsole.__main__"))
def test_the_version_is_told_without_loading_anything(module: str) -> None:
    modules = loaded(f"import {module}; {module}.main()", "--version")
    assert not modules & (LATE | {"textual", "rich", "msgspec", "sqlite3", "pysqlite3", "asyncio", "logging"})


FIRST_FRAME = """
import json, sys
from pathlib import Path
import csconsole.__main__, csconsole.app
from csconsole.screens import first_frame, session
opened = session.open_session(None, Path(sys.argv[1]), starts_worker=False)
frame = first_frame.FirstFrame(opened, 120, 40).render()
opened.close()
assert frame.count("\\n") == 0 and len(frame) > 4800
print(json.dumps(sorted(sys.modules)))
"""
AFTER_FIRST_FRAME = LATE | {
    "textual",
    "asyncio",
    "logging",
    "rich.style",
    "rich.segment",
    "rich.console",
    "importlib.resources",
    "tempfile",
    "subprocess",
    "csconsole.commands",
    "csconsole.store.search",
    "csconsole.text.search",
    "csconsole.connectors.demo.shop",
    "csconsole.widgets.painted",
}
"""What the frame drawn before Textual does without."""


def test_the_first_frame_loads_only_what_it_draws_with(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_FRAME, tmp_path / "data"],
        capture_output=True,
        text=True,
        cwd=Path(csconsole.__path__[0]).parent,
    )
    assert done.returncode == 0, done.stderr
    modules = set(json.loads(done.stdout.splitlines()[-1]))
    assert "csconsole.screens.first_frame" in modules
    assert not modules & AFTER_FIRST_FRAME
    assert len(modules) < 250, "each module costs about a third of a millisecond"


LEAN = """
import sys
from csconsole.terminal import lean
if sys.argv[1] == "other":
    lean._NAMES = ()
lean.load_textual()
assert "textual.app" in sys.modules
if sys.argv[1] == "whole":
    hidden = {"_ssl", "_hashlib", "textual.command"}
    assert not hidden & set(sys.modules), hidden & set(sys.modules)
    import csconsole.screens.console, csconsole.screens.handlers
    assert not hidden & set(sys.modules), hidden & set(sys.modules)
import ssl, textual.command, textual.app
assert ssl.create_default_context() and textual.command.CommandPalette.__init__ is not object.__init__
print("loaded")
"""


@pytest.mark.parametrize("textual", ["whole", "other"], ids=["the pinned Textual", "one that imports more"])
def test_the_screen_loads_neither_openssl_nor_textuals_palette(textual: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEAN, textual],
        capture_output=True,
        text=True,
        cwd=Path(csconsole.__path__[0]).parent,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "loaded\n"
