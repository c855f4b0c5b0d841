"""What an act was, in the interface's words: the store keeps it in a few fixed ones."""

from __future__ import annotations

from csconsole.i18n import Catalog
from csconsole.screens.naming import Names

_NAMES = {
    "tag": "hint.tag",
    "priority": "hint.priority",
    "kind": "pick.kind",
    "reason": "pick.reason",
    "team": "term.team",
    "customer": "hint.customer_tag",
}


def act_text(label: str, words: Catalog, names: Names) -> str:
    """A label of :mod:`csconsole.services.acts` (``status resolved``, ``tag +vip``) as people read it."""
    kind, _, rest = label.partition(" ")
    if kind == "status":
        return words.t(f"status.{rest}")
    if kind == "assign":
        name = words.t(f"assign.{rest}") if rest in ("me", "none") else names.agent(rest)
        return words.t("done.assigned", agent=name)
    key = _NAMES.get(kind)
    if key is None:
        return label
    if kind == "customer":
        return words.t(key)
    value = words.t(f"{kind}.{rest}") if words.has(f"{kind}.{rest}") else rest
    return f"{words.t(key)} {value}"
