"""The Textual application: one screen, keys read before any widget, news from other processes, a clean end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any

from textual import events
from textual.app import App
from textual.driver import Driver
from textual.screen import Screen
from textual.widget import Widget

from csconsole.errors import CsconsoleError
from csconsole.screens.background import Background
from csconsole.screens.main import MainScreen
from csconsole.screens.session import DataWatch, Session
from csconsole.store import outbox
from csconsole.terminal import keyboard, patches
from csconsole.terminal.gc import KeyedCollector
from csconsole.themes.textual_themes import register

LONGEST_KEY = 0.5
"""Seconds after which a key is given up as taken: a field that was closed meanwhile answers no more."""


class ConsoleApp(App[int], inherit_bindings=False):
    """The console.

    Args:
        session: what it works on.
        driver_class: what takes over the terminal; Textual's own when None.
    """

    ENABLE_COMMAND_PALETTE = False
    TITLE = "csconsole"
    CSS_PATH = "main.tcss"  # the default screen loads none of its own

    def __init__(self, session: Session, driver_class: type[Driver] | None = None) -> None:
        patches.install()
        keyboard.install()
        super().__init__(driver_class)
        self.session = session
        self.crash = ""
        self.farewell = ""
        self.animation_level = "none"
        register(self)
        self.theme = session.capabilities.theme(session.desk.config.ui.theme)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watch: DataWatch | None = None
        self._collector: KeyedCollector | None = None
        self._early: list[events.Key] | None = []
        self.background = Background(self.on_loop, self.read_failed)

    def get_default_screen(self) -> Screen[Any]:
        """The one screen; pickers and lists are parts of it."""
        return MainScreen(self.session, self.background)

    @property
    def main(self) -> MainScreen:
        """The screen."""
        screen = self.screen_stack[0]
        assert isinstance(screen, MainScreen)
        return screen

    # -- threads -------------------------------------------------------------------------------------------------

    def on_loop(self, action: Callable[[], None]) -> None:
        """Runs something on the event loop, from any thread, without waiting for it."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(partial(self.call_later, self._while_shown, action))

    def _while_shown(self, action: Callable[[], None]) -> None:
        """Leaves out what arrives while the console ends and its screen is gone."""
        if self.is_running and self.screen_stack:
            action()

    def read_failed(self, error: Exception) -> None:
        """A background read failed: one sentence, and the screen goes on with what it has."""
        if isinstance(error, CsconsoleError):
            self.main.say(error.message, urgent=True)
        else:
            self._handle_exception(error)

    # -- starting and ending -------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Everything the first paint does not need is started after it."""
        self._loop = asyncio.get_running_loop()
        self.call_after_refresh(self._after_first_paint)

    def _after_first_paint(self) -> None:
        loop = asyncio.get_running_loop()
        self._collector = KeyedCollector(loop.call_later)
        self._collector.start()
        changed = self.main.store_changed  # the watcher's thread must not ask for a screen that may be gone
        self._watch = DataWatch(
            self.session.desk.store,
            lambda: self.on_loop(changed),
            lambda: self.on_loop(self._every_two_seconds),
        )
        self._watch.start()
        loop.call_later(0.02, self.main.load_the_rest)
        loop.call_later(0.05, self._start_worker)
        self.call_later(self._read_early)

    def _start_worker(self) -> None:
        try:
            self.session.keep_worker()
        except OSError as error:
            self.main.say(f"The sync worker could not be started ({error.strerror}); nothing is sent or received.")

    def _every_two_seconds(self) -> None:
        self._start_worker()
        self.main.minute_may_have_passed()

    def leave(self) -> None:
        """Ends the console; says what will still be sent."""
        waiting = outbox.pending_count(self.session.desk.store)
        if waiting:
            self.farewell = self.main.words.t("quit.will_send", n=waiting)
        self.exit(0)

    async def on_unmount(self) -> None:
        """Stops the threads and gives the collector back."""
        if self._watch is not None:
            self._watch.stop()
        self.background.stop()
        if self._collector is not None:
            self._collector.stop()

    def _handle_exception(self, error: Exception) -> None:
        """No traceback reaches a user: it goes to the log, the terminal is restored, one sentence is left."""
        import logging

        from csconsole.logs import setup

        setup(self.session.data)
        logging.getLogger("csconsole.console").error("the console failed", exc_info=error)
        if not self.crash:
            self.crash = (
                error.message
                if isinstance(error, CsconsoleError)
                else f"The console failed ({type(error).__name__}); nothing was lost. See {self.session.data.log_file}."
            )
        self._return_code = 1
        self.exit(1)

    # -- keys ----------------------------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Keys go to the commands first and to a text field only when none takes them."""
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
            return
        if self._early is not None:
            self._early.append(event)
        else:
            await self._read(event)

    async def _read_early(self) -> None:
        """Obeys the keys that came before the panes were there: what they open has its place only then."""
        early, self._early = self._early or [], None
        for event in early:
            await self._read(event)

    async def _read(self, event: events.Key) -> None:
        if self._collector is not None:
            self._collector.key_pressed()
        if not isinstance(event, keyboard.EscapedKey):
            await self._key(event)
        elif self.is_running and self.main.keys.is_bound(event.with_alt, self.focused):
            await self._key(event.as_alt())
        else:
            for one in event.as_two():
                await self._key(one)

    async def _key(self, event: events.Key) -> None:
        if self.is_running and self.main.keys.take(event):
            return
        field = self.focused
        await super().on_event(event)
        if field is not None:
            await self._read_by(field)

    def _when_screen_heard(self, action: Callable[[], None]) -> None:
        if not self.main.call_later(action):
            action()

    async def _read_by(self, field: Widget) -> None:
        """Waits until a field has taken the key it was given, and the screen what the field made of it.

        A field reads its keys in a queue of its own, the commands read theirs here. Over a slow line many keys come
        at once: without this a Ctrl+S would send before the last letters were in the text, and the letters behind an
        Enter would go to the field it closes.
        """
        taken = asyncio.Event()

        def told() -> None:
            """What the field told stands in its queue behind this; it is with the screen when that is over."""
            if not field.call_later(self._when_screen_heard, taken.set):
                taken.set()

        if not field.call_later(told):
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(taken.wait(), LONGEST_KEY)
