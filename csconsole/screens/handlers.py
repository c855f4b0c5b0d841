"""Imports every handler module, so that the table is complete."""

from csconsole.screens import on_case, on_find, on_move, on_system, on_write

__all__ = ["on_case", "on_find", "on_move", "on_system", "on_write"]
