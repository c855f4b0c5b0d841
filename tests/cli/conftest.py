"""Data directories made by the program itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.program import MAIL, Program


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A still demo with its stories and 60 further conversations; nobody may change it."""
    program = Program(tmp_path_factory.mktemp("shop") / "data")
    program.ok("demo", "--build-only", "--conversations", "60", "--messages", "240")
    return program


@pytest.fixture
def desk(shop: Program, tmp_path: Path) -> Program:
    """A copy of the still demo to work on."""
    shutil.copytree(shop.data, tmp_path / "data")
    return Program(tmp_path / "data")


@pytest.fixture
def mailbox(tmp_path: Path) -> Program:
    """An empty directory with a mail account nobody serves."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "config.toml").write_text(MAIL)
    return Program(data)


@pytest.fixture
def mailbox_elsewhere(tmp_path: Path) -> Program:
    """Another such directory."""
    data = tmp_path / "elsewhere"
    data.mkdir(mode=0o700)
    (data / "config.toml").write_text(MAIL)
    return Program(data)
