"""The one screen: queue, conversation and customer, with bars above and below.

It lays out panes, reads keys into commands, and gives handlers what they work with. What the queue, the
conversation, the box and the pickers do is in modules of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from csconsole.clock import MINUTE
from csconsole.commands.context import ComposerState, Context, Pane
from csconsole.commands.defaults import PRESETS, default_registry
from csconsole.commands.keymap import Keymap
from csconsole.commands.registry import Registry
from csconsole.errors import CsconsoleError
from csconsole.i18n import Catalog
from csconsole.screens.background import Background
from csconsole.screens.bars import Bars
from csconsole.screens.bulk import Bulk
from csconsole.screens.case_pane import CasePane
from csconsole.screens.cases import Cases
from csconsole.screens.key_input import KeyInput
from csconsole.screens.naming import Names
from csconsole.screens.panes import Panes
from csconsole.screens.queue_pane import QueuePane
from csconsole.screens.session import Session
from csconsole.screens.side_list import SideList
from csconsole.screens.side_pane import SidePane
from csconsole.screens.targets import Targets
from csconsole.screens.told import Told
from csconsole.screens.too_small import TooSmall
from csconsole.services.views import QueueReader, View
from csconsole.store import outbox
from csconsole.store import undo as undo_store
from csconsole.widgets.bars import MessageLine, Tone
from csconsole.widgets.profile import Profile
from csconsole.widgets.queue_list import QueueList
from csconsole.widgets.quiet_screen import QuietScreen
from csconsole.widgets.transcript import Transcript

if TYPE_CHECKING:
    # Loaded after the first paint, or with the first key that needs them.
    from csconsole.screens.composing import Composing
    from csconsole.screens.picking import Picking
    from csconsole.services.finding import OpenConversation
    from csconsole.widgets.composer import Composer


class MainScreen(Told, QuietScreen):
    """The console's screen.

    Args:
        session: what it works on.
        background: the reader thread.
    """

    def __init__(self, session: Session, background: Background) -> None:
        super().__init__()
        self.session = session
        self.desk = session.desk
        self.words = Catalog(self.desk.config.agent.language)
        self.names = Names(self.desk, self.words)
        self.registry = default_registry()
        ui = self.desk.config.ui
        self.keymap = Keymap(self.registry, _known(PRESETS[ui.keymap], self.registry), self.desk.config.keys)
        self.keys = KeyInput(self, self.keymap)
        self.targets = Targets(self)
        self.panes = Panes(self)
        self.cases = Cases(self)
        self.bulk = Bulk(self)
        self.searches: tuple[str, ...] = ()
        self.command_history: tuple[str, ...] = ()
        self.background = background
        self.queues = QueuePane(self, background)
        self.side_list = SideList(self.words, id="side")
        self.side = SidePane(self)
        self.case = CasePane(self, background)
        self._composing: Composing | None = None
        self._composer: Composer | None = None
        self._picking: Picking | None = None
        self.message = MessageLine()
        self.message.add_class("bar")
        self.bars = Bars(self)
        self._minute = 0
        self.queues.start()

    def compose(self) -> ComposeResult:
        """Bars, panes, bars."""
        yield self.bars.header
        yield self.bars.tabs
        yield self.bars.strip
        with Horizontal(id="body"):
            with Vertical(id="lists"):
                yield self.queues.list
                yield self.side_list
            with Vertical(id="case"):
                yield self.bars.title
                yield self.case.transcript
            yield self.case.profile
        yield self.bars.hints
        yield self.message
        yield TooSmall(self.words)

    def on_mount(self) -> None:
        """Focus on the queue; bars filled from the store."""
        self.set_focus(self.queues.list)
        self.show_tabs()
        self.title_changed()
        self.refresh_bars()
        self.hints_changed()
        self.queues.count_soon()
        problems = [p for p in self.keymap.problems if p.is_error]
        if problems:
            self.say(str(problems[0]), urgent=True)

    # -- parts that are loaded after the first paint -----------------------------------------------------------------

    def load_the_rest(self) -> None:
        """Loads what the first paint did without: the box, the pickers, the handlers of commands."""
        from csconsole.screens import handlers

        self.log.debug(handlers.__name__)
        assert self.composer is not None and self.composing is not None and self.picking is not None

    @property
    def composing(self) -> Composing:
        """The writing side."""
        if self._composing is None:
            from csconsole.screens.composing import Composing

            self._composing = Composing(self)
        return self._composing

    @property
    def composer(self) -> Composer:
        """The box."""
        if self._composer is None:
            from csconsole.widgets.composer import Composer

            self._composer = Composer(self.words, id="composer")
            self.query_one("#case").mount(self._composer)
        return self._composer

    @property
    def picking(self) -> Picking:
        """Pickers and prompts."""
        if self._picking is None:
            from csconsole.screens.picking import Picking

            self._picking = Picking(self)
        return self._picking

    @property
    def is_writing(self) -> bool:
        """Whether the box is open."""
        return self._composing is not None and self._composing.is_open

    @property
    def is_picking(self) -> bool:
        """Whether a picker or prompt has the keys."""
        return self._picking is not None and self._picking.is_open

    # -- layout ------------------------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Three panes, two, one, or a sentence."""
        self.panes.fit(*event.size)

    @property
    def pane(self) -> Pane:
        """Where the focus is."""
        return self.panes.current

    # -- keys --------------------------------------------------------------------------------------------------------

    def run_command(self, command_id: str) -> None:
        """Runs a command, or says why it cannot run."""
        command = self.registry[command_id]
        reason = command.disabled_reason(self.context())
        if reason is not None:
            name = self.words.t(command.title_key)
            self.say(self.words.t("bar.not_now", command=name, reason=self.words.t(reason)))
            return
        self.message.clear()
        from csconsole.screens import handlers

        self.attempt(lambda: handlers.HANDLERS[command_id](self))

    def context(self) -> Context:
        """The facts commands decide by."""
        row = self.targets.current()
        message = self.case.transcript.selected
        shown = self.case.transcript.messages
        return Context(
            pane=self.pane,
            conversation=row,
            selected=len(self.queues.list.marks.ids),
            composer=self.composer.state if self.is_writing else ComposerState.CLOSED,
            is_note=self.is_writing and self.composer.surface == "note",
            has_message=message is not None or bool(shown),
            has_attachment=bool(message.attachments) if message else any(m.attachments for m in shown),
            has_held=row is not None and outbox.held(self.desk.store, row.id, self.desk.actor.id) is not None,
            can_undo=undo_store.last(self.desk.store, self.desk.actor.id) is not None,
            has_new_rows=bool(self.queues.list.new_rows),
            has_list_row=self.side_list.display and self.side_list.current is not None,
            agent=self.desk.actor.name,
        )

    # -- saying ------------------------------------------------------------------------------------------------------

    def say(self, text: str, *, urgent: bool = False) -> None:
        """One sentence in the bottom line."""
        self.message.show(text, Tone.ERROR if urgent else Tone.DONE)

    def attempt(self, action: Callable[[], object], *, done: str = "", undo: bool = False, **values: object) -> bool:
        """Does something that may be refused; False when it was, with the reason said.

        Args:
            action: what to do.
            done: key of the sentence that says it was done, "" for none.
            undo: whether to add that u takes it back.
            values: for the sentence.
        """
        try:
            action()
        except CsconsoleError as error:
            self.say(error.message, urgent=True)
            return False
        if done:
            text = self.words.t(done, **values)
            self.say(self.words.t("undo.offer", what=text) if undo else text)
        return True

    # -- what is open --------------------------------------------------------------------------------------------

    @property
    def queue(self) -> QueueList:
        """The queue list."""
        return self.queues.list

    @property
    def transcript(self) -> Transcript:
        """The transcript."""
        return self.case.transcript

    @property
    def profile(self) -> Profile:
        """The customer pane."""
        return self.case.profile

    @property
    def opened(self) -> OpenConversation | None:
        """The open conversation."""
        return self.case.opened

    @property
    def opened_id(self) -> int | None:
        """Its key."""
        return self.opened.conversation.row.id if self.opened is not None else None

    def quit(self) -> None:
        """Ends the console; what waits to be sent is said, and an act under way is done to its end."""
        self.bulk.finish()
        self.app.leave()  # type: ignore[attr-defined]  # the console application

    # -- views and lists ---------------------------------------------------------------------------------------------

    @property
    def reader(self) -> QueueReader:
        """Reads rows and counts."""
        return self.queues.reader

    def show_view(self, view: View) -> None:
        """Shows a view."""
        self.side.hide()
        self.queues.show_view(view)
        if self.panes.is_narrow and self.opened is not None:
            self.add_class("list-whole")
        self.set_focus(self.queues.list)
        self.hints_changed()

    def hit_words(self) -> tuple[str, ...]:
        """Words to be lit in the transcript: of the search whose hits are shown, else of the filter."""
        return self.side.words or self.queues.hit_words()

    # -- news --------------------------------------------------------------------------------------------------------

    def store_changed(self) -> None:
        """Another process, or this one, committed."""
        self.queues.store_changed()
        self.case.store_changed()
        self.side.store_changed()
        self.refresh_bars()

    def after_act(self, left: Sequence[int] = (), *, open_next: bool = False) -> None:
        """After an act of the agent's: shows its effect at once.

        Args:
            left: conversations the act was meant to take away; an open one of them closes when it left the view.
            open_next: open the conversation that now stands where the acted one did.
        """
        opened = self.opened_id
        self.queues.list.marks.clear()
        self.queues.merge()
        if opened is None or opened not in left or self.queues.source.index_of(opened) is not None:
            self.case.reread()
        elif open_next and self.queues.source.count():
            self.cases.open_current()
        else:
            self.cases.close()
        self.side.store_changed()
        self.refresh_bars()
        self.hints_changed()

    def minute_may_have_passed(self) -> None:
        """Ages are shown in whole minutes: they are drawn anew when one passed."""
        now = self.desk.clock.now()
        if now // MINUTE != self._minute:
            self._minute = now // MINUTE
            self.queues.list.minute_passed(now)
            self.title_changed()
            self.refresh_bars()
            self.hints_changed()

    # -- bars --------------------------------------------------------------------------------------------------------

    def refresh_bars(self) -> None:
        """Header and live chats, from the store."""
        self.bars.refresh()

    def show_tabs(self) -> None:
        """The views with their counts."""
        self.bars.show_tabs()

    def title_changed(self) -> None:
        """The lines above the transcript."""
        self.bars.show_title()

    def hints_changed(self) -> None:
        """Keys for where the focus is, the half-typed sequence, and the clock."""
        if self.is_mounted:
            self.bars.show_hints(self.context())

    def on_descendant_focus(self) -> None:
        """Wherever the focus goes, the keys shown are those that work there."""
        self.hints_changed()


def _known(preset: dict[str, str], registry: Registry) -> dict[str, str]:
    return {command_id: keys for command_id, keys in preset.items() if command_id in registry}
