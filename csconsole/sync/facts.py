"""Facts of outside origin (attributes, a message's extra) made fit to store and to draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from csconsole.text.sanitize import safe_line, safe_text

DEPTH = 8
"""Deepest nesting that is kept; what lies deeper is dropped."""


def safe_facts(facts: Mapping[str, Any] | None) -> dict[str, Any]:
    """The same facts with every text sanitised; what JSON has no form for becomes text."""
    return {safe_line(str(name)): _safe(value, DEPTH) for name, value in (facts or {}).items()}


def _safe(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return safe_text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth == 0:
        return None
    if isinstance(value, Mapping):
        return {safe_line(str(name)): _safe(inner, depth - 1) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_safe(inner, depth - 1) for inner in value]
    return safe_line(str(value))
