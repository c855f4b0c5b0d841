import pytest

from csconsole.terminal import patches


@pytest.fixture(autouse=True, scope="session")
def patched() -> None:
    """Widgets are drawn by a mended Rich, as in the console."""
    patches.install()
