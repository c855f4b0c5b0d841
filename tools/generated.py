"""Writes the files that are made from the program itself, or checks that the committed ones are fresh.

usage: python tools/generated.py [--check]

Each entry of ``GENERATED`` names a file and the ``csconsole`` command whose output it is, so that what a user
prints with that command and what the repository shows are the same text by construction.
"""

from __future__ import annotations

import difflib
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

GENERATED: dict[str, tuple[str, ...]] = {
    "config.example.toml": ("config", "example"),
    "docs/user/keys.md": ("keys", "--markdown"),
}
"""Path in the repository -> arguments of ``csconsole`` that print its content."""


def produce(arguments: tuple[str, ...]) -> str:
    """Returns what ``csconsole`` prints for ``arguments``, away from any configuration of this machine.

    Raises:
        subprocess.CalledProcessError: the command failed; its message is on standard error.
    """
    with tempfile.TemporaryDirectory() as empty:
        done = subprocess.run(
            [sys.executable, "-m", "csconsole", "--data-dir", empty, *arguments],
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin", "HOME": empty, "LANG": "C.UTF-8", "COLUMNS": "110"},
        )
    return done.stdout.decode("utf-8")


def main(argv: list[str]) -> int:
    """Runs the generators; returns 1 when ``--check`` was given and a file is stale."""
    if importlib.util.find_spec("csconsole.cli") is None:
        print("generated files: the command line is not part of this tree, nothing to compare")
        return 0
    stale = 0
    for name, arguments in GENERATED.items():
        path = ROOT / name
        fresh = produce(arguments)
        committed = path.read_text(encoding="utf-8") if path.exists() else ""
        if fresh == committed:
            continue
        if "--check" in argv:
            stale = 1
            print(f"{name} is stale: run `make format` and commit it")
            print("".join(difflib.unified_diff(committed.splitlines(True), fresh.splitlines(True), name, "fresh")))
        else:
            path.write_text(fresh, encoding="utf-8")
            print(f"{name} written")
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
