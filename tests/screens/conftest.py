from pathlib import Path

import pytest

from csconsole.paths import DataDir
from csconsole.services import demo
from csconsole.terminal import patches
from tests.screens.console import copied


@pytest.fixture(autouse=True, scope="session")
def patched() -> None:
    """Widgets are drawn by a mended Rich, as in the console."""
    patches.install()


def _shop(root: Path, language: str, conversations: int = 0) -> Path:
    place = DataDir(root).ensure()
    demo.prepare(place, root / "config.toml", still=True, language=language)  # type: ignore[arg-type]
    demo.build(place, root / "config.toml", conversations=conversations)
    return root


@pytest.fixture(scope="session")
def thai_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The still demo in Thai; nobody may change it."""
    return _shop(tmp_path_factory.mktemp("thai") / "data", "th")


@pytest.fixture(scope="session")
def english_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The still demo in English; nobody may change it."""
    return _shop(tmp_path_factory.mktemp("english") / "data", "en")


@pytest.fixture(scope="session")
def large_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The still demo in English with 20,000 further conversations."""
    return _shop(tmp_path_factory.mktemp("large") / "data", "en", 20_000)


@pytest.fixture
def thai(thai_shop: Path, tmp_path: Path) -> Path:
    """A copy of the Thai demo to work on."""
    return copied(thai_shop, tmp_path / "data")


@pytest.fixture
def english(english_shop: Path, tmp_path: Path) -> Path:
    """A copy of the English demo to work on."""
    return copied(english_shop, tmp_path / "data")
