"""Runs many commands in one process, for the terminal of a test: ``python -m tests.hostile.commands FILE``.

The file holds JSON: a list of command lines. Each goes the way of the installed program, errors and exit codes
included; a line ``code N`` follows each. Python need not start hundreds of times.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from csconsole.__main__ import main


def run(commands: list[list[str]]) -> None:
    """Runs them one after the other."""
    for arguments in commands:
        code = main(arguments)
        sys.stdout.write(f"code {code}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    run(json.loads(Path(sys.argv[1]).read_text("utf-8")))
