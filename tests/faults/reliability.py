"""Writes ``docs/dev/reliability.md`` from the lines of a run."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.faults.lines import EVERY, LONG

_HEAD = """# What was tried to lose or repeat a message

Made by `make faults`; do not edit. The tests are in `tests/faults`; `make test` runs their short form, which takes a
sample of the same cases with the same seeds. `make faults CSCONSOLE_FAULTS_EVERY=5` takes every fifth case of the
long form, `CSCONSOLE_FAULTS_MINUTES=60` lets two consoles and a worker go on for an hour.

- **cases**: faults that were injected: kills, power cuts, errors, broken lines.
- **lost**: what was acknowledged and is gone, or a message that never came to an end. Must be 0.
- **twice**: messages that were accepted by a channel, or stored, more than once. Must be 0.
- **uncertain**: messages about which a person is asked, because the channel offers nothing to find out. Only what was
  under way at the fault may be.
- **mutant**: the program with a fault built in, to prove that the test sees it: here lost or twice must *not* be 0.

The judge is never our own database: it is what Postfix logged, what lies in the customers' mailboxes, and the ledger
in which the simulated shop notes what it accepted.
"""


def write(path: Path, root: Path, lines: Mapping[str, Sequence[str]], outcome: str) -> None:
    """Writes the page.

    Args:
        path: of the page.
        root: of the repository.
        lines: what each test file found, by its path below the root.
        outcome: one sentence about the run as a whole.
    """
    from csconsole.store import driver

    version = ".".join(map(str, driver.VERSION))
    share = "every case" if EVERY == 1 else f"every case in {EVERY}"
    form = f"long form, {share}" if LONG else "short form"
    parts = [_HEAD, f"\nThis run: {form}. {outcome} SQLite {version}.\n"]
    for name in sorted(lines):
        title, text = _subject(root / name)
        parts.append(f"\n## {title}\n\n`{name}`. {text}\n\n```\n" + "\n".join(lines[name]) + "\n```\n")
    path.write_text("".join(parts), "utf-8")


def _subject(path: Path) -> tuple[str, str]:
    """A title and what a test file says of itself."""
    doc = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    doc = re.sub(r":\w+:`([^`]+)`", r"`\1`", doc)
    return path.stem.removeprefix("test_").replace("_", " ").capitalize(), doc
