"""The generated example and guide are fresh, complete and true."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from csconsole.config import model
from csconsole.config.describe import fields
from csconsole.config.example import EXAMPLE_FILE, example, main, stale
from csconsole.config.guide import guide
from csconsole.config.loader import check, load
from csconsole.connectors.registry import settings_type
from csconsole.domain.settings import Endpoint, Secret

ROOT = Path(__file__).parents[3]

TABLES = (
    model.AgentConfig,
    model.ShopConfig,
    model.AccountConfig,
    model.ViewConfig,
    model.UiConfig,
    model.SyncConfig,
    Endpoint,
    Secret,
)


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def understood(path: Path) -> tuple[model.Config, list[msgspec.Struct | None]]:
    """A configuration, and what the connectors make of their own keys, which it holds as they were written."""
    config = load(path, settings_type)
    kinds = [settings_type(account.connector) for account in config.accounts]
    own = [account.read(kind) if kind else None for account, kind in zip(config.accounts, kinds, strict=True)]
    bare = [msgspec.structs.replace(account, settings={}) for account in config.accounts]
    return msgspec.structs.replace(config, accounts=bare), own


def test_the_generated_files_are_fresh() -> None:
    assert stale(ROOT) == [], "run: python -m csconsole.config.example --write"


def test_the_example_loads_without_a_warning(tmp_path: Path) -> None:
    path = written(tmp_path, example())
    assert check(path, settings_type) == []
    config = load(path, settings_type)
    assert [account.name for account in config.accounts] == ["mail", "demo"]
    assert config.views
    assert config.tags.hot
    assert config.keys


def test_the_commented_keys_are_the_defaults(tmp_path: Path) -> None:
    """Taking the # away changes nothing, so what the comments say about defaults is true."""
    text = re.sub(r"(?m)^#(?=\w+ = )", "", example())
    assert text.count("\n") == example().count("\n")
    assert text != example()
    assert understood(written(tmp_path, text)) == understood(written(tmp_path, example()))


def test_the_keys_given_for_example_are_right(tmp_path: Path) -> None:
    text = re.sub(r"(?m)^# (?=\w+ = )", "", example())
    assert "\naliases = " in text
    assert check(written(tmp_path, text), settings_type) == []


def test_every_key_is_documented() -> None:
    for table in TABLES:
        for field in fields(table):
            assert field.description, f"{table.__name__}.{field.name} has no description"
            if field.name != "settings":
                assert f"| `{field.name}` |" in guide()
                assert re.search(rf"(?m)^#?{field.name} = |[{{ ]{field.name} = ", example()) or table in (
                    Secret,
                    Endpoint,
                )


def test_every_table_of_the_schema_stands_in_both() -> None:
    for name in model.Config.__struct_fields__:
        pattern = rf"\[\[?{name}(\.hot)?\]"
        assert re.search(rf"(?m)^{pattern}", example())
        assert re.search(pattern, guide())


def test_stale_files_are_found_and_written(tmp_path: Path) -> None:
    root = ["--root", str(tmp_path)]
    assert main(["--check", *root]) == 1
    assert main(["--write", *root]) == 0
    assert main(["--check", *root]) == 0
    (tmp_path / EXAMPLE_FILE).write_text("old", encoding="utf-8")
    assert main(["--check", *root]) == 1
