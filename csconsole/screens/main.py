"""The one screen: queue, conversation and customer, with bars above and below.

It lays out panes, reads keys into commands, and gives handlers what they work with. What the queue, the
conversation, the box and the pickers do is in modules of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.strip import Strip
from textual.widget import Widget

from csconsole.clock import MINUTE
from csconsole.commands.context import ComposerState, Context, Pane
from csconsole.commands.defaults import PRESETS, default_registry
from csconsole.commands.keymap import Keymap
from csconsole.commands.registry import Registry
from csconsole.errors import CsconsoleError
from csconsole.i18n import Catalog
from csconsole.screens import layout
from csconsole.screens.background import Background
from csconsole.screens.bars import Bars
from csconsole.screens.bulk import Bulk
from csconsole.screens.case_pane import CasePane
from csconsole.screens.key_input import KeyInput
from csconsole.screens.naming import Names
from csconsole.screens.queue_pane import QueuePane
from csconsole.screens.session import Session
from csconsole.screens.side_list import SideList
from csconsole.screens.side_pane import SidePane
from csconsole.screens.targets import Targets
from csconsole.services.views import QueueReader, View
from csconsole.store import outbox, timers
from csconsole.store import undo as undo_store
from csconsole.text.sanitize import safe_line
from csconsole.text.wrap import wrap
from csconsole.widgets.bars import MessageLine, Tone
from csconsole.widgets.painted import Painted
from csconsole.widgets.profile import Profile
from csconsole.widgets.queue_list import QueueList
from csconsole.widgets.quiet_screen import QuietScreen
from csconsole.widgets.strips import Line
from csconsole.widgets.transcript import Transcript

if TYPE_CHECKING:
    # Loaded after the first paint, or with the first key that needs them.
    from csconsole.domain.canned import CannedReply
    from csconsole.screens.composing import Composing
    from csconsole.screens.picking import Picking
    from csconsole.screens.side_rows import SideRow
    from csconsole.services.finding import OpenConversation
    from csconsole.widgets.composer import Composer
    from csconsole.widgets.line_input import LineInput
    from csconsole.widgets.picker import Picker

_SHORTCUT = re.compile(r"(?:^|(?<=\s))/(\S{0,40})$")


class TooSmall(Painted):
    """What is shown when nothing fits."""

    def __init__(self, words: Catalog) -> None:
        super().__init__(id="too-small")
        self.words = words

    def lines_of(self, cells: int, rows: int) -> list[Strip]:
        """One sentence."""
        text = self.words.t("screen.too_small", columns=layout.SMALLEST[0], rows=layout.SMALLEST[1])
        return [Line(cells, self.look.text).put(part).strip() for part in wrap(text, max(1, cells))]


class MainScreen(QuietScreen):
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
        self._replies: tuple[int, list[CannedReply]] | None = None
        self._minute = 0
        self._focused_before: Widget | None = None
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
        columns, rows = event.size
        kind = layout.kind(columns)
        for name in ("wide", "middle", "narrow"):
            self.set_class(name == kind, name)
        self.set_class(columns >= layout.WIDEST, "widest")
        self._hide_when_small(layout.is_small(columns, rows))
        self.queues.list.set_rows_height(layout.queue_row_height(columns, self.desk.config.ui.density))
        self.call_after_refresh(self.hints_changed)

    def _hide_when_small(self, is_small: bool) -> None:
        """Shows the sentence instead of the panes and back; the keys go where they went before."""
        if is_small and not self.has_class("small"):
            self._focused_before = self.focused
        was_small = self.has_class("small")
        self.set_class(is_small, "small")
        before, self._focused_before = self._focused_before, self._focused_before if is_small else None
        if was_small and not is_small and before is not None:
            self.call_after_refresh(self.set_focus, before)

    @property
    def is_narrow(self) -> bool:
        """Whether there is one pane only."""
        return self.has_class("narrow")

    def is_looking_at_case(self) -> bool:
        """Whether the open conversation is in view."""
        return self.opened is not None and not (self.is_narrow and self.has_class("list-whole"))

    @property
    def pane(self) -> Pane:
        """Where the focus is."""
        focused = self.focused
        if self.is_picking:
            return Pane.LINE if self.picking.is_line else Pane.PICKER
        if focused is None or focused is self.queues.list:
            return Pane.QUEUE
        if focused is self.side_list:
            return Pane.LIST
        if focused is self.case.transcript:
            return Pane.TRANSCRIPT
        if focused is self.case.profile:
            return Pane.PROFILE
        return Pane.COMPOSER if self.is_writing else Pane.QUEUE

    def _panes(self) -> list[Widget]:
        listing: Widget = self.side_list if self.side_list.display else self.queues.list
        panes: list[Widget] = [listing]
        if self.opened is not None:
            panes.append(self.composer.editor if self.is_writing else self.case.transcript)
        if self.case.profile.display and self.opened is not None:
            panes.append(self.case.profile)
        return panes

    def focus_pane(self, step: int) -> None:
        """Moves the focus; with one pane the queue and the conversation take turns."""
        panes = self._panes()
        focused = self.focused
        place = panes.index(focused) if focused in panes else 0
        target = panes[(place + step) % len(panes)]
        if self.is_narrow and self.opened is not None:
            self.set_class(target is panes[0], "list-whole")
        self.set_focus(target)
        self.hints_changed()

    def focus_transcript(self) -> None:
        """Focus to the open conversation."""
        if self.opened is not None:
            self.set_focus(self.case.transcript)
        else:
            self.set_focus(self.queues.list)
        self.hints_changed()

    def toggle_profile(self) -> None:
        """Shows or hides the customer."""
        if self.has_class("wide"):
            self.toggle_class("profile-closed")
            self.call_after_refresh(self.hints_changed)
        elif self.opened is not None:
            self.toggle_class("profile-open")
            self.remove_class("list-whole")
            # Where it takes the place of another pane it takes the keys too.
            self.call_after_refresh(self._focus_profile)

    def _focus_profile(self) -> None:
        self.set_focus(self.case.profile if self.has_class("profile-open") else self.case.transcript)

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

    def run_line(self, text: str) -> bool:
        """Runs the ``:`` line."""
        from csconsole.screens import command_line

        self.command_history = (*self.command_history, text)
        return command_line.run(self, text)

    def context(self) -> Context:
        """The facts commands decide by."""
        row = self.targets.current()
        message = self.case.transcript.selected
        shown = self.case.transcript.messages
        return Context(
            pane=self.pane,
            conversation=row,
            selected=len(self.queues.list.marked),
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

    def show_held(self, text: str, seconds: int) -> None:
        """The countdown of a held message in the bottom line."""
        self.message.hold(text)

    def copy(self, text: str) -> None:
        """Puts a text into the terminal's clipboard."""
        from csconsole.terminal.clipboard import osc52

        safe = safe_line(text)
        driver = self.app._driver
        if driver is not None:
            driver.write(osc52(safe, self.session.capabilities))
            self.say(self.words.t("copy.done", text=safe))

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

    # -- opening -----------------------------------------------------------------------------------------------------

    def open_current(self) -> None:
        """Opens the conversation under the cursor."""
        row = self.queues.current()
        if row is not None:
            self.open_conversation(row.id)

    def open_conversation(self, conversation_id: int) -> None:
        """Opens a conversation: what was being written to another one is kept as its draft."""
        if self.composing.conversation_id not in (None, conversation_id):
            self.composing.leave()
        if not self.case.open(conversation_id):
            return
        self.add_class("case-open")
        self.remove_class("list-whole")
        self.set_focus(self.case.transcript)
        self.title_changed()
        self.composing.refresh_held()
        self.queues.store_changed()
        self.hints_changed()

    def open_neighbour(self, step: int) -> None:
        """Moves to the next conversation of the queue and opens it when one is open."""
        if self.opened is not None and self.queues.list.cursor_id != self.opened_id:
            self.queues.list.move_to_id(self.opened_id or 0)
        before = self.queues.list.cursor
        self.queues.list.move(step)
        if self.opened is not None:
            if self.queues.list.cursor == before:
                self.say(self.words.t("queue.end"))
            else:
                self.open_current()

    def open_live(self, number: int) -> None:
        """Opens one of my live chats."""
        chats = self.bars.live_rows()
        if number <= len(chats):
            self.queues.list.move_to_id(chats[number - 1].id)
            self.open_conversation(chats[number - 1].id)

    def with_opened(self, action: Callable[[OpenConversation], None]) -> None:
        """Does something with the current conversation, opening it first."""
        row = self.targets.current()
        if row is None:
            return
        if self.opened_id != row.id:
            self.open_conversation(row.id)
        if self.opened is not None:
            action(self.opened)
            self.hints_changed()

    def go_back(self) -> None:
        """Leaves the innermost thing: marks, selection, side list, conversation, filter, program."""
        if self.queues.list.clear_marks() or self.case.transcript.unselect():
            return
        if self.side_list.display and self.focused is self.side_list:
            self.hide_side()
        elif self.has_class("profile-open") and not self.has_class("wide"):
            self.toggle_profile()
        elif self.opened is not None:
            self.close_conversation()
        elif self.filter_text:
            self.queues.filter("")
        elif self.keys.stroke == "escape":
            self.say(self.words.t("quit.how"))
        else:
            self.quit()

    def close_conversation(self) -> None:
        """Back to the queue."""
        self.case.close()
        self.remove_class("case-open", "list-whole")
        self.set_focus(self.side_list if self.side_list.display else self.queues.list)
        self.title_changed()
        self.message.hold("")
        self.hints_changed()

    def quit(self) -> None:
        """Ends the console; what waits to be sent is said, and an act under way is done to its end."""
        self.bulk.finish()
        self.app.leave()  # type: ignore[attr-defined]  # the console application

    # -- views and lists ---------------------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """The view shown."""
        return self.queues.view

    @property
    def reader(self) -> QueueReader:
        """Reads rows and counts."""
        return self.queues.reader

    @property
    def filter_text(self) -> str:
        """What narrows the view."""
        return self.queues.filter_text

    def show_view(self, view: View) -> None:
        """Shows a view."""
        self.hide_side()
        self.queues.show_view(view)
        if self.is_narrow and self.opened is not None:
            self.add_class("list-whole")
        self.set_focus(self.queues.list)
        self.hints_changed()

    def show_neighbour_view(self, step: int) -> None:
        """The view beside the one shown."""
        self.show_view(self.queues.neighbour(step))

    def show_view_by_key(self, key: str) -> None:
        """The view on ``g`` and a key."""
        view = self.queues.by_key(key)
        if view is not None:
            self.show_view(view)

    def select_all(self) -> None:
        """Marks the whole view."""
        self.say(self.words.t("queue.selected", n=self.queues.mark_all()))

    def show_side(self, heading: str, rows: Callable[[], Sequence[SideRow]], words: tuple[str, ...] = ()) -> None:
        """Shows a list in the queue's place; see :meth:`SidePane.show`."""
        self.side.show(heading, rows, words)

    def hide_side(self) -> None:
        """The queue again."""
        self.side.hide()

    @on(SideList.Picked)
    def _side_picked(self, event: SideList.Picked) -> None:
        self.attempt(lambda: self.side.choose(event.row))

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
        self.queues.list.clear_marks()
        self.queues.merge()
        if opened is None or opened not in left or self.queues.source.index_of(opened) is not None:
            self.case.reread()
        elif open_next and self.queues.source.count():
            self.open_current()
        else:
            self.close_conversation()
        self.side.store_changed()
        self.refresh_bars()
        self.hints_changed()

    def reread_conversation(self) -> None:
        """Shows what is new in the open conversation."""
        self.case.reread()

    def merge_new(self) -> None:
        """Merges what is new into the queue."""
        self.queues.merge()

    def sync_now(self) -> None:
        """Asks the worker to look at every account now."""
        with self.desk.transaction() as tx:
            timers.add_job(tx, "sync")
        self.say(self.words.t("sync.asked"))

    def rows_updated(self) -> None:
        """Rows of the queue are others."""
        self.bars.show_live()

    def cursor_moved(self) -> None:
        """The cursor is on another row."""

    def views_changed(self) -> None:
        """Another view is shown."""
        self.show_tabs()

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

    # -- pickers, prompts --------------------------------------------------------------------------------------------

    def on_picker_chosen(self, event: Picker.Chosen) -> None:
        """Rows were chosen."""
        self.attempt(lambda: self.picking.picked(event.ids, event.send))

    def on_picker_toggled(self, event: Picker.Toggled) -> None:
        """A row was switched."""
        self.picking.switched(event.picker, event.id, event.on)

    def on_picker_created(self, event: Picker.Created) -> None:
        """A new row is wanted."""
        self.picking.named(event.picker, event.text)

    def on_picker_refused(self, event: Picker.Refused) -> None:
        """The row cannot be chosen; says why."""
        self.picking.refused(event.picker, event.reason)

    def on_picker_closed(self) -> None:
        """Escape."""
        self.picking.cancelled()

    def on_line_input_submitted(self, event: LineInput.Submitted) -> None:
        """Enter in the field."""
        self.attempt(lambda: self.picking.submitted(event.value))

    def on_line_input_changed(self, event: LineInput.Changed) -> None:
        """The field's text is another."""
        self.attempt(lambda: self.picking.edited(event.value))

    def on_line_input_cancelled(self) -> None:
        """Escape in the field."""
        self.picking.cancelled()

    # -- the box -----------------------------------------------------------------------------------------------------

    def canned_replies(self) -> list[CannedReply]:
        """All canned replies, read again only when one changed."""
        from csconsole.services import canned
        from csconsole.store import canned as rows

        rev = rows.rev(self.desk.store)
        if self._replies is None or self._replies[0] != rev:
            self._replies = (rev, canned.list_replies(self.desk))
        return self._replies[1]

    def shortcut_at_caret(self) -> tuple[str, int, int] | None:
        """The word after ``/`` before the caret with its place, or None."""
        end = self.composer.editor.index
        found = _SHORTCUT.search(self.composer.text[:end])
        return (found[1], end - len(found[0]), end) if found is not None else None

    def on_composer_send(self) -> None:
        """The text is to leave."""
        self.composing.send()

    def on_composer_cancel(self) -> None:
        """The box is left."""
        self.composing.leave()

    def on_composer_changed(self) -> None:
        """The text is another."""
        self.composing.changed()

    def on_composer_pull_back(self) -> None:
        """The held message is to come back."""
        self.composing.pull_back()

    def on_composer_send_now(self) -> None:
        """The held message is to leave at once."""
        self.composing.send_now()

    def on_composer_notice(self, event: Composer.Notice) -> None:
        """A sentence from the box."""
        self.say(event.text)

    def on_composer_switch_asked(self) -> None:
        """Answer and note shall change places though something is written: asks."""
        from csconsole.widgets.composer import Surface

        surface = Surface.PUBLIC if self.composer.surface is Surface.NOTE else Surface.NOTE
        key = "composer.ask.public" if surface is Surface.PUBLIC else "composer.ask.switch"

        def answered(text: str) -> bool:
            if text.strip().lower() in ("y", "yes", "ใช่", "ั"):
                self.composing.switch(surface)
            return True

        self.picking.prompt(self.words.t(key), answered)

    def on_composer_insert_canned(self, event: Composer.InsertCanned) -> None:
        """A shortcut stands before the caret."""
        self.composing.suggest(event.shortcut)

    @on(Transcript.OlderWanted)
    def _older_wanted(self) -> None:
        self.case.older()

    @on(QueueList.Opened)
    def _queue_opened(self) -> None:
        self.open_current()

    # -- files -------------------------------------------------------------------------------------------------------

    def save_files(self) -> None:
        """Saves the files of the selected message, or of the newest that has some."""
        from csconsole.screens import files

        files.save(self)


def _known(preset: dict[str, str], registry: Registry) -> dict[str, str]:
    return {command_id: keys for command_id, keys in preset.items() if command_id in registry}
