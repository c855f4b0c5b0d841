"""What a test needs from the machine. Missing: skipped with the reason, but failed where CI=true."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]
SYSTEM_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


def under_ci() -> bool:
    """Whether this run is the one that decides, where nothing may be skipped for want of a program."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def missing(reason: str) -> NoReturn:
    """Skips the test with ``reason``, or fails it under CI."""
    if under_ci():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def program(name: str, package: str) -> str:
    """Returns the full path of ``name``, found in the system directories too.

    Args:
        name: the program.
        package: the Debian package that has it, for the message.
    """
    found = shutil.which(name, path=SYSTEM_PATH)
    if found is None:
        missing(f"{name} is not installed: apt-get install {package} (tools/install-test-servers.sh does it)")
    return found


def shared(*parts: str) -> Path:
    """Returns a path under the shared reference data: ``CSCONSOLE_SHARED`` or ``../shared`` beside the repository."""
    base = Path(os.environ.get("CSCONSOLE_SHARED") or ROOT.parent / "shared")
    path = base.joinpath(*parts)
    if not path.exists():
        missing(f"needs shared data {'/'.join(parts)}: set CSCONSOLE_SHARED to the directory that has it")
    return path
