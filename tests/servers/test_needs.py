"""A missing server is told: skipped on a developer's machine, failed where the run decides."""

from __future__ import annotations

import pytest

from tests.beds.needs import program


def test_a_missing_program_skips_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-server is not installed: apt-get install its-package"):
        program("no-such-server", "its-package")


def test_a_missing_program_fails_under_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt-get install its-package"):
        program("no-such-server", "its-package")
