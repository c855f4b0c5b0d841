"""What the program reaches for: no address that stood in a message, no program a message named."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import grimp

NETWORK = {"httpx", "requests", "urllib3", "aiohttp", "http.client", "urllib.request", "ftplib", "webbrowser", "xmlrpc"}
SPREADSHEETS = {"csv", "openpyxl", "xlsxwriter", "xlwt"}
STARTING = {"subprocess", "asyncio.create_subprocess_exec", "multiprocessing", "pty"}

MAY_FETCH = {
    "csconsole.connectors.http": "the client factory of connectors",
    "csconsole.connectors.email.oauth": "the token address that the configuration names",
}

MAY_START = {
    "csconsole.domain.secret": "the command the configuration names for a password",
    "csconsole.terminal.editor": "the agent's own editor",
    "csconsole.sync.spawn": "the sync worker",
    "csconsole.screens.session": "holds the worker's process",
    "csconsole.sync.parsing": "the parsing child",
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    root = Path(__file__).resolve().parent.parent.parent / "csconsole"
    for path in sorted(root.rglob("*.py")):
        name = ".".join(path.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__")
        yield name, ast.parse(path.read_text("utf-8"))


def test_only_connectors_speak_to_a_network_and_none_fetches_by_url() -> None:
    """An address in a message is text. What fetches by URL must refuse private addresses, and be allowed here."""
    graph = grimp.build_graph("csconsole", include_external_packages=True, cache_dir=None)
    found = [
        f"{module} imports {name}"
        for module in graph.modules
        if module.startswith("csconsole")
        for name in graph.find_modules_directly_imported_by(module)
        if (name in NETWORK or name.split(".")[0] in NETWORK) and module not in MAY_FETCH
    ]
    assert not found


def test_nothing_writes_a_spreadsheet() -> None:
    """A cell that begins with = is a formula (CWE-1236): an export needs its own guard before it may exist."""
    graph = grimp.build_graph("csconsole", include_external_packages=True, cache_dir=None)
    users = {u for name in SPREADSHEETS if name in graph.modules for u in graph.find_modules_that_directly_import(name)}
    assert not users


def test_programs_are_started_in_known_places_and_never_by_a_shell() -> None:
    starters, shells = set(), []
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                imported = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                starters |= {name for one in imported if one.split(".")[0] in STARTING}
            if isinstance(node, ast.Attribute) and node.attr in {"create_subprocess_exec", "create_subprocess_shell"}:
                starters.add(name)
            if isinstance(node, ast.Attribute) and node.attr in {
                "system",
                "popen",
                "create_subprocess_shell",
                "startfile",
            }:
                shells.append(f"{name}:{node.lineno} {node.attr}")
            if isinstance(node, ast.keyword) and node.arg == "shell":
                shells.append(f"{name}:{node.lineno} shell=")
    assert starters <= set(MAY_START), starters - set(MAY_START)
    assert not shells


def test_no_text_becomes_markup() -> None:
    """Rich and Textual read ``[...]`` in a plain string as markup: the screen draws strips and Text objects only."""
    forbidden = {
        "Static",
        "Label",
        "notify",
        "from_markup",
        "from_ansi",
        "Markdown",
        "DataTable",
        "OptionList",
        "RichLog",
    }
    found = []
    for name, tree in modules():
        if name.startswith(("csconsole.widgets", "csconsole.screens", "csconsole.app", "csconsole.terminal")):
            for node in ast.walk(tree):
                called = node.func if isinstance(node, ast.Call) else None
                word = getattr(called, "attr", getattr(called, "id", ""))
                if word in forbidden:
                    found.append(f"{name}:{called.lineno if called else 0} {word}")
    assert not found
