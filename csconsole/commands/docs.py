"""The page of keys for the manual, made from the registry so that it cannot lag behind the program."""

from __future__ import annotations

from csconsole.commands.context import Pane
from csconsole.commands.defaults import PRESETS, default_registry
from csconsole.commands.keymap import Keymap
from csconsole.commands.notation import show
from csconsole.commands.registry import Command
from csconsole.i18n import Catalog

_INTRODUCTION = """\
# Keys

Every command of the console with its keys. `?` shows those that work where you are, `Ctrl+P` all of them; the `:`
line runs a command by its name. `[keys]` in the configuration gives a command other keys by its name, and
`[ui] keymap` starts from another preset.

`^S` means Ctrl and S. All keys work with the Thai layout on, without switching: the key counts, not the letter on it.
After `g` and `t` the digits of either layout count. `g` and the key of a view, as the line of views shows it, goes to
that view; `t` and a digit sets or removes the tag `[tags.hot]` gives it.
"""

_PANES = {
    Pane.QUEUE: "queue",
    Pane.TRANSCRIPT: "conversation",
    Pane.PROFILE: "customer",
    Pane.LIST: "lists",
    Pane.COMPOSER: "writing",
}
_HEAD = "| keys | command | | works in | name |\n|---|---|---|---|---|\n"
_SERIES = {"live.": "9", "tag.hot_": "0"}
"""Commands in a row, of which the first is shown, with the last digit."""


def keys_page() -> str:
    """The page in Markdown: a table for each heading of the help, then what the presets change."""
    registry = default_registry()
    keymap = Keymap(registry)
    english, thai = Catalog("en"), Catalog("th")
    parts = [_INTRODUCTION]
    for category, commands in registry.by_category().items():
        parts.append(f"\n## {english.t(f'category.{category}')}\n\n{_HEAD}")
        for command in commands:
            if _is_further(command):
                continue
            keys = " ".join(f"`{show(sequence)}`" for sequence in keymap.keys_of(command.id))
            for series, last in _SERIES.items():
                if command.id.startswith(series):
                    keys += f" to `{show(keymap.keys_of(command.id)[0])[:-1]}{last}`"
            row = (
                keys,
                english.t(command.title_key),
                thai.t(command.title_key),
                _where(command),
                f"`{command.id}`",
            )
            parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n")
    parts.append("\n## Presets\n")
    for name, changes in PRESETS.items():
        rows = [(command, keys) for command, keys in changes.items() if command in registry]
        if rows:
            parts.append(f"\n`{name}` differs from the default in:\n\n| name | keys |\n|---|---|\n")
            parts += [f"| `{command}` | {_own(keys)} |\n" for command, keys in rows]
    return "".join(parts)


def _own(keys: str) -> str:
    return " ".join(f"`{key}`" for key in keys.split()) or "none"


def _is_further(command: Command) -> bool:
    """Whether a command is one more of a series whose first is shown."""
    return command.id.startswith(tuple(_SERIES)) and not command.id.endswith("1")


def _where(command: Command) -> str:
    panes = [word for pane, word in _PANES.items() if pane in command.panes]
    return "everywhere" if len(panes) == len(_PANES) else ", ".join(panes)
