"""Runs many commands in one process, for the terminal of a test: ``python -m tests.hostile.commands FILE``.

The file holds JSON: a list of command lines. Each goes the way of the installed program, errors and exit codes
included; a line ``code N`` follows each. Python need not start hundreds of times.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from csconsole.__main__ import main


def run(commands: list[list[str]]) -> None:
    """Runs them one after the other."""
    for arguments in commands:
        code = main(arguments)
        sys.stdout.write(f"code {code}\n")
        sys.stdout.flush()


def on_terminal(data: Path, commands: list[list[str]], at: Path) -> tuple[bytes, list[int]]:
    """What commands write to a terminal, and how each ended."""
    at.write_text(json.dumps([["--data-dir", str(data), *command] for command in commands]), "utf-8")
    from tests.pty.rawpty import RawPty

    repository = Path(__file__).resolve().parent.parent.parent
    program = [sys.executable, "-m", "tests.hostile.commands", at]
    with RawPty(program, size=(100, 40), cwd=repository) as pty:
        assert pty.wait(240) == 0, pty.output[-2000:]
        output = pty.output
    codes = [int(code) for code in re.findall(rb"(?m)^code ([0-9]+)\r?$", output)]
    assert len(codes) == len(commands), output[-2000:]
    return output, codes


if __name__ == "__main__":
    run(json.loads(Path(sys.argv[1]).read_text("utf-8")))
