"""What the program reaches for: no address that stood in a message, no program a message named."""

from __future__ import annotations

import ast
import socket
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

from tests.cli.program import Program
from tests.hostile import shop

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


@pytest.mark.parametrize("seen", ["import", "show"])
def test_html_mail_fetches_nothing(seen: str, tmp_path: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    html = (
        f'<link rel=stylesheet href="{url}"><img src="{url}"><meta http-equiv=refresh content="0;url={url}">'
        f'<iframe src="{url}"></iframe><body background="{url}">'
        f'<style>@import "{url}";p{{background:url({url})}}</style>'
        f'<svg><image href="{url}"/></svg><video src="{url}" poster="{url}"></video><p>the words</p>'
    )
    raw = f"From: a@evil.test\r\nContent-Type: text/html\r\nDisposition-Notification-To: a@evil.test\r\n\r\n{html}\r\n"
    external = (
        f'From: b@evil.test\r\nContent-Type: message/external-body; access-type=URL; URL="{url}"\r\n\r\nx\r\n\r\n'
    )
    place = shop.place_for(tmp_path / "data")
    shop.import_mails(place, [raw.encode(), external.encode()], tmp_path / "mails")
    program = Program(place.root)
    rows = program.json("list", "--limit", "0")
    assert len(rows) == 2
    if seen == "show":
        shown = "".join(program.ok("show", row["id"]).out for row in rows)
        assert "the words" in shown
    with pytest.raises(TimeoutError):
        listener.accept()
    listener.close()


def test_the_true_host_of_a_link_is_shown(tmp_path: Path) -> None:
    """Words that name one host and a target that is another: the reader sees where it leads."""
    place = shop.place_for(tmp_path / "data")
    links = {
        '<a href="https://evil.test/a">https://www.bank.co.th</a>': "evil.test",
        '<a href="https://www.bank.co.th@evil.test/">www.bank.co.th</a>': "evil.test",
        '<a href="HTTPS://EVIL.test/b">bank.co.th</a>': "evil.test",
        '<a href=" https://evil.test/c">bank.co.th</a>': "evil.test",
    }
    mails = [
        f"From: a@b.example\r\nContent-Type: text/html\r\nMessage-ID: <{n}@x>\r\n\r\n{html}\r\n"
        for n, html in enumerate(links)
    ]
    shop.import_mails(place, [mail.encode() for mail in mails], tmp_path / "mails")
    program = Program(place.root)
    shown = [program.ok("show", row["id"]).out.lower() for row in program.json("list", "--limit", "0")]
    assert len(shown) == len(links)
    assert all("evil.test" in text for text in shown), shown
