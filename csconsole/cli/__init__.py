"""The command line: every command as a small function over the services.

Names of commands, JSON fields and exit codes are a public interface (design section 8).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from csconsole.cli.program import build, run

if TYPE_CHECKING:
    import typer

    app: typer.Typer

__all__ = ["app", "build", "run"]


def __getattr__(name: str) -> object:
    """``app``: the program with every command, made when first asked for."""
    if name == "app":
        return build()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
