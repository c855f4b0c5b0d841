"""Writes a text in the agent's own editor: the console steps aside, the editor has the terminal, the text comes back.

The file is readable by its owner alone and gone afterwards, whatever happens.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from csconsole.errors import RefusedError, UsageError

MAX_BYTES = 1 << 20
"""The most that is read back: a message is text, not a book."""


class Suspendable(Protocol):
    """An application that can give the terminal away for a while."""

    def suspend(self) -> AbstractContextManager[None]:
        """A context in which the terminal is somebody else's."""
        ...


def editor_command(environment: Mapping[str, str]) -> list[str]:
    """The editor's command and arguments: ``VISUAL``, ``EDITOR``, else the first of nano, vim and vi there is.

    Raises:
        UsageError: no editor is set and none is installed, or the setting cannot be read.
    """
    for name in ("VISUAL", "EDITOR"):
        value = environment.get(name, "").strip()
        if value:
            try:
                return shlex.split(value)
            except ValueError as error:
                raise UsageError(f"{name} cannot be read ({error}); set it to a command such as vim.") from None
    for name in ("nano", "vim", "vi"):
        if shutil.which(name, path=environment.get("PATH")):
            return [name]
    raise UsageError("No editor found; set EDITOR to the command of yours.")


def edit(app: Suspendable, text: str, directory: Path, environment: Mapping[str, str], suffix: str = ".txt") -> str:
    """Lets the agent edit a text; blocks until the editor ends.

    Args:
        app: gives the terminal away meanwhile.
        text: what the editor begins with.
        directory: where the temporary file may lie (our own state directory, not a shared one).
        environment: names the editor, and is all the editor sees of ours.
        suffix: ending of the file's name, by which editors choose a mode.

    Returns:
        The text as saved, without the newline editors add at the end.

    Raises:
        UsageError: there is no editor, or it cannot be started.
        RefusedError: the editor ended with an error or the file is too long; the text before stays good.
    """
    command = editor_command(environment)
    handle, name = tempfile.mkstemp(prefix="reply-", suffix=suffix, dir=directory)
    path = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        try:
            with app.suspend():
                status = subprocess.run([*command, str(path)], check=False, env=dict(environment)).returncode
        except OSError as error:
            raise UsageError(f"{command[0]} could not be started ({error.strerror}); set EDITOR.") from None
        if status != 0:
            raise RefusedError(f"{command[0]} ended with status {status}; the text was left as it was.")
        if path.stat().st_size > MAX_BYTES:
            raise RefusedError("The text is longer than a megabyte; the text was left as it was.")
        return path.read_text("utf-8", errors="replace").removesuffix("\n")
    finally:
        # Editors that save by renaming leave another file under the same name.
        path.unlink(missing_ok=True)
