"""The page of keys names every command once, in both languages."""

from __future__ import annotations

from pathlib import Path

from csconsole.commands.defaults import PLANNED, default_registry
from csconsole.commands.docs import keys_page
from csconsole.i18n import Catalog


def test_every_command_that_runs_is_on_the_page_and_no_other() -> None:
    page = keys_page()
    thai = Catalog("th")
    for command in default_registry():
        if command.id.startswith(("live.", "tag.hot_")) and not command.id.endswith("1"):
            continue
        assert f"| `{command.id}` |" in page
        assert thai.t(command.title_key).replace("|", "\\|") in page
    tables = page.partition("## Presets")[0]
    assert [command for command in PLANNED if f"`{command}`" in tables] == []


def test_the_page_in_the_repository_is_fresh(repository: Path) -> None:
    assert (repository / "docs" / "user" / "keys.md").read_text("utf-8") == keys_page()
