"""Imports every handler module, so that the table is complete."""

from csconsole.screens import on_case, on_find, on_mail, on_move, on_system, on_write
from csconsole.screens.handling import HANDLERS

__all__ = ["HANDLERS", "on_case", "on_find", "on_mail", "on_move", "on_system", "on_write"]
