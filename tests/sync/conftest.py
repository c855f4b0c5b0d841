from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sync.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A data directory; time jumps over every wait."""
    made = Rig(tmp_path / "data")
    yield made
    made.close()


@pytest.fixture
def slow_rig(tmp_path: Path) -> Iterator[Rig]:
    """A data directory whose time passes only when told."""
    made = Rig(tmp_path / "data", jumping=False)
    yield made
    made.close()
