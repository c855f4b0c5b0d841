"""The directions of imports that .importlinter cannot state, read from the source without running it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import grimp
import pytest

Imports = Mapping[str, frozenset[str]]

SCREEN_PACKAGES = ("screens", "widgets", "themes", "terminal", "app")
SQL_DRIVERS = {"sqlite3", "pysqlite3", "apsw", "psycopg"}
CONNECTOR_MAY_SEE = (
    "csconsole.domain",
    "csconsole.text",
    "csconsole.errors",
    "csconsole.clock",
    "csconsole.connectors.base",
    "csconsole.connectors.http",
)


@pytest.fixture(scope="module")
def imports() -> Imports:
    graph = grimp.build_graph("csconsole", include_external_packages=True, cache_dir=None)
    ours = [module for module in graph.modules if module.split(".")[0] == "csconsole"]
    return {module: frozenset(graph.find_modules_directly_imported_by(module)) for module in ours}


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def outside_drivers(imports: Imports) -> list[str]:
    """Modules other than the store's driver that import a SQL library."""
    return [
        f"{module} imports {name}"
        for module, names in sorted(imports.items())
        for name in sorted(names)
        if name.split(".")[0] in SQL_DRIVERS
        and module != "csconsole.store.driver"
        and not within(module, "csconsole.store.postgres")
    ]


def textual_outside_screens(imports: Imports) -> list[str]:
    """Modules that import Textual and are no part of the screen."""
    allowed = tuple(f"csconsole.{package}" for package in SCREEN_PACKAGES)
    return [
        module
        for module, names in sorted(imports.items())
        if any(within(name, "textual") for name in names) and not any(within(module, part) for part in allowed)
    ]


def connectors_that_see_too_much(imports: Imports) -> list[str]:
    """Imports by which a connector could not be written and tested by somebody who has the contract only."""
    packages = {".".join(module.split(".")[:3]) for module in imports if module.count(".") >= 3}
    connectors = [package for package in packages if package.startswith("csconsole.connectors.")]
    return [
        f"{module} imports {name}"
        for module, names in sorted(imports.items())
        for connector in connectors
        if within(module, connector)
        for name in sorted(names)
        if within(name, "csconsole")
        and name != "csconsole"  # the version
        and not within(name, connector)
        and not any(within(name, part) for part in CONNECTOR_MAY_SEE)
    ]


def test_only_the_driver_imports_sql(imports: Imports) -> None:
    assert outside_drivers(imports) == []


def test_only_the_screen_imports_textual(imports: Imports) -> None:
    assert textual_outside_screens(imports) == []


def test_a_connector_sees_the_contract_only(imports: Imports) -> None:
    assert connectors_that_see_too_much(imports) == []


def test_each_rule_catches_a_breach() -> None:
    seeded = {
        "csconsole.store.driver": frozenset({"sqlite3"}),
        "csconsole.store.queue": frozenset({"sqlite3"}),
        "csconsole.services.reply": frozenset({"textual.widget"}),
        "csconsole.widgets.list": frozenset({"textual.widget"}),
        "csconsole.connectors.mail": frozenset({"csconsole.connectors.base"}),
        "csconsole.connectors.mail.pull": frozenset({"csconsole.connectors.mail", "csconsole.store.refs"}),
        "csconsole.connectors.line.pull": frozenset({"csconsole.connectors.mail", "csconsole.domain.message"}),
    }
    assert outside_drivers(seeded) == ["csconsole.store.queue imports sqlite3"]
    assert textual_outside_screens(seeded) == ["csconsole.services.reply"]
    assert connectors_that_see_too_much(seeded) == [
        "csconsole.connectors.line.pull imports csconsole.connectors.mail",
        "csconsole.connectors.mail.pull imports csconsole.store.refs",
    ]


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config", root / ".importlinter"],
        cwd=root,
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )


def test_the_layers_are_kept(repository: Path) -> None:
    done = lint(repository)
    assert done.returncode == 0, done.stdout


def test_an_import_against_the_layers_breaks_the_contract(repository: Path, tmp_path: Path) -> None:
    (tmp_path / ".importlinter").write_bytes((repository / ".importlinter").read_bytes())
    for source in (repository / "csconsole").rglob("*.py"):
        copy = tmp_path / source.relative_to(repository)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(source.read_bytes())
    (tmp_path / "csconsole" / "domain" / "wrong.py").write_text("import csconsole.store\n")
    done = lint(tmp_path)
    assert done.returncode == 1
    assert "csconsole.domain.wrong -> csconsole.store" in done.stdout
