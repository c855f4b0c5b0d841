"""The widgets with static data in the layout of the console, to be looked at in a terminal of any size.

``python -m tests.screens.gallery [--lang th|en] [--theme NAME] [--rows N]``; keys are those of the default key map.
"""

from __future__ import annotations

import argparse

from textual import events
from textual.app import App, ComposeResult

from csconsole.commands.context import Pane
from csconsole.commands.defaults import default_registry
from csconsole.commands.keymap import Keymap, KeyReader
from csconsole.commands.notation import stroke_of
from csconsole.i18n import Catalog
from csconsole.terminal import patches
from csconsole.terminal.gc import KeyedCollector
from csconsole.themes.textual_themes import register
from csconsole.widgets.queue_list import QueueList
from tests.screens import shop


class Gallery(App[None]):
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { background: $background; }
    #queue { width: 1fr; height: 1fr; }
    """

    def __init__(self, language: str = "th", theme: str = "dark", rows: int = 400) -> None:
        patches.install()
        super().__init__()
        self.words = Catalog(language)
        self.reader = KeyReader(Keymap(default_registry()))
        register(self)
        self.theme = theme
        self.rows = shop.Rows(rows)
        self.collector: KeyedCollector | None = None

    def compose(self) -> ComposeResult:
        yield QueueList(self.rows, shop.setting(self.words.language), self.words, 2, id="queue")

    def on_mount(self) -> None:
        self.query_one("#queue").focus()

    def on_key(self, event: events.Key) -> None:
        outcome = self.reader.feed(stroke_of(event.key, event.character), Pane.QUEUE)
        if outcome.command:
            event.stop()
            self.run_command(outcome.command)

    def run_command(self, command: str) -> None:
        queue = self.query_one("#queue", QueueList)
        {
            "move.down": lambda: queue.move(1),
            "move.up": lambda: queue.move(-1),
            "move.half_down": lambda: queue.half_page(1),
            "move.half_up": lambda: queue.half_page(-1),
            "move.first": queue.first,
            "move.last": queue.last,
            "select.toggle": queue.toggle_mark,
            "select.range": queue.toggle_range,
            "go.back": self.exit,
        }.get(command, lambda: None)()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lang", default="th")
    parser.add_argument("--theme", default="dark")
    parser.add_argument("--rows", type=int, default=400)
    options = parser.parse_args()
    Gallery(options.lang, options.theme, options.rows).run()


if __name__ == "__main__":
    main()
