"""What fault tests share: the lines a test tells belong to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults import lines


@pytest.fixture(autouse=True)
def _lines(request: pytest.FixtureRequest) -> Iterator[None]:
    with lines.told_of(request.node.user_properties):
        yield
