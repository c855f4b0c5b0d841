"""The composer: the one boxed thing on screen, whose frame says where the text will go.

A double frame is an answer the customer will read, a heavy one a note for staff, a thin one a message that is held and
may still be pulled back. The words say the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.strip import Strip
from textual.widgets import TextArea

from csconsole.commands.context import ComposerState
from csconsole.i18n import Catalog
from csconsole.text.keyboard import second_reading
from csconsole.widgets.composer_frame import Finding, Level, State, Surface, Target, foot_lines, frame, head_lines
from csconsole.widgets.painted import Painted
from csconsole.widgets.strips import Line
from csconsole.widgets.text_editor import TextEditor

_SHORTCUT = re.compile(r"(?:^|(?<=\s))/(\S{0,40})$")


class _Head(Painted):
    """Upper frame with the title, and the held bubbles below it."""

    def __init__(self, composer: Composer) -> None:
        super().__init__(id="composer-head")
        self.composer = composer

    def lines_of(self, cells: int, rows: int) -> list[Strip]:
        composer = self.composer
        return head_lines(composer.shown, composer.words, self.look, cells, is_empty=not composer.text)


class _Side(Painted):
    """Left or right frame of the text."""

    def __init__(self, composer: Composer) -> None:
        super().__init__(classes="side")
        self.composer = composer

    def lines_of(self, cells: int, rows: int) -> list[Strip]:
        signs, style = frame(self.composer.shown, self.look, is_empty=not self.composer.text)
        return [Line(cells, self.look.text).put(signs[3], style).strip()] * rows


class _Foot(Painted):
    """Findings, counters and the lower frame with the keys."""

    def __init__(self, composer: Composer) -> None:
        super().__init__(id="composer-foot")
        self.composer = composer

    def lines_of(self, cells: int, rows: int) -> list[Strip]:
        composer = self.composer
        return foot_lines(composer.shown, self.look, cells, is_empty=not composer.text)


class Composer(Vertical):
    """Writes an answer or a note.

    Args:
        words: the interface's words.
        id: of the widget.
    """

    DEFAULT_CSS = """
    Composer { height: auto; background: $background; }
    Composer #composer-head, Composer #composer-foot { height: 1; }
    Composer #composer-middle { height: 3; }
    Composer .side { width: 1; height: 1fr; }
    """

    class _Event(Message):
        def __init__(self, composer: Composer) -> None:
            super().__init__()
            self.composer = composer

        @property
        def control(self) -> Composer:
            """The composer."""
            return self.composer

    class Send(_Event):
        """The agent wants the text to leave; :attr:`Composer.text` and :attr:`Composer.surface` say what."""

    class Cancel(_Event):
        """The agent leaves; the text stays as a draft."""

    class PullBack(_Event):
        """Backspace in the empty box: the held message is to come back."""

    class SendNow(_Event):
        """Enter in the empty box: the held message is to leave at once."""

    class SwitchAsked(_Event):
        """Reply and note shall change places but the box is not empty: ask, then :meth:`Composer.set_surface`."""

    class Changed(_Event):
        """The text is another."""

    class Notice(_Event):
        """A sentence for the message line."""

        def __init__(self, composer: Composer, text: str) -> None:
            super().__init__(composer)
            self.text = text

    class InsertCanned(_Event):
        """A word after ``/`` stands before the caret: a canned reply may be meant.

        Attributes:
            shortcut: the word without the stroke, maybe empty.
            start: index of the stroke in the text.
            end: index behind the word; replace ``start`` to ``end`` with the reply.
        """

        def __init__(self, composer: Composer, shortcut: str, start: int, end: int) -> None:
            super().__init__(composer)
            self.shortcut = shortcut
            self.start = start
            self.end = end

    def __init__(self, words: Catalog, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.words = words
        self._state = State()
        self.editor = TextEditor(id="composer-text")
        self.editor.intercept = self._take_key
        self._mended: tuple[int, str, str] | None = None

    def compose(self) -> ComposeResult:
        """Frame, text, frame."""
        yield _Head(self)
        with Horizontal(id="composer-middle"):
            yield _Side(self)
            yield self.editor
            yield _Side(self)
        yield _Foot(self)

    # -- what the screen tells ----------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What is written."""
        return self.editor.text

    @property
    def surface(self) -> Surface:
        """Who will read it."""
        return self._state.surface

    @property
    def is_blocked(self) -> bool:
        """Whether a finding stops the send."""
        return self._state.is_blocked

    @property
    def shown(self) -> State:
        """What the frame says."""
        return self._state

    @property
    def state(self) -> ComposerState:
        """Where it stands, for commands."""
        if self.text:
            return ComposerState.BLOCKED if self.is_blocked else ComposerState.WRITTEN
        return ComposerState.HELD if self._state.bubbles else ComposerState.EMPTY

    def open(self, target: Target, surface: Surface, text: str = "") -> None:
        """Begins a text for a conversation; what can be undone belongs to it alone."""
        self.editor.load_text(text)
        self.editor.move_cursor(self.editor.document.end)
        self._set(replace(State(), target=target, surface=surface, hints=self._state.hints))

    def set_surface(self, surface: Surface) -> None:
        """Makes it an answer or a note; the text stays."""
        self._set(replace(self._state, surface=surface))

    def set_counters(self, left: str, right: str = "") -> None:
        """The line under the text: length in the channel's unit, and cost or quota."""
        self._set(replace(self._state, left=left, right=right))

    def set_findings(self, findings: Sequence[Finding]) -> None:
        """What is to be said about the text, blocking ones first; at most three are shown."""
        order = list(Level)
        ranked = sorted(findings, key=lambda finding: order.index(finding.level))
        self._set(replace(self._state, findings=tuple(ranked)))

    def set_hints(self, hints: Sequence[tuple[str, str]]) -> None:
        """Keys and words of the lower frame."""
        self._set(replace(self._state, hints=tuple(hints)))

    def set_held(self, bubbles: Sequence[str], seconds: int) -> None:
        """The message that waits out its undo window; no bubbles when none does."""
        self._set(replace(self._state, bubbles=tuple(bubbles), seconds=seconds))

    # -- what keys do -------------------------------------------------------------------------------------------------

    def send(self) -> None:
        """Asks for the send unless a finding stops it or nothing is written."""
        if not self.text.strip():
            self.post_message(self.Notice(self, self.words.t("composer.error.empty")))
        elif self.is_blocked:
            self.post_message(
                self.Notice(self, self.words.t("composer.error.blocked", reason=self._state.findings[0].text))
            )
        else:
            self.post_message(self.Send(self))

    def leave(self) -> None:
        """Leaves; the text stays."""
        self.post_message(self.Cancel(self))

    def switch_note(self) -> None:
        """Changes answer and note when the box is empty, else asks."""
        if self.text:
            self.post_message(self.SwitchAsked(self))
        else:
            self.set_surface(Surface.NOTE if self.surface is Surface.PUBLIC else Surface.PUBLIC)

    def mend_layout(self) -> None:
        """Reads the word before the caret through the other keyboard layout; once more gives it back."""
        end = self.editor.index
        if self._mended is not None:
            start, mended, original = self._mended
            if self.text[start:end] == mended:
                self._mended = (start, original, mended)
                self.editor.replace_range(start, end, original)
                return
        row, column = self.editor.cursor_location
        line = self.editor.document[row][:column]
        word = line[_run_before(line) :]
        reading = second_reading(word)
        if reading is None:
            self.post_message(self.Notice(self, self.words.t("composer.mend.nothing")))
            return
        self._mended = (end - len(word), reading, word)
        self.editor.replace_range(end - len(word), end, reading)
        self.post_message(self.Notice(self, self.words.t("composer.mended", text=reading)))

    def insert(self, text: str) -> None:
        """Puts text in at the caret, undoable."""
        self.editor.replace_range(self.editor.index, self.editor.index, text)

    def _take_key(self, key: str) -> bool:
        """In the empty box over a held message Backspace pulls it back and Enter sends it now."""
        if self.text or not self._state.bubbles or key not in ("backspace", "enter"):
            return False
        self.post_message(self.PullBack(self) if key == "backspace" else self.SendNow(self))
        return True

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Tells of the change, and of a shortcut before the caret."""
        event.stop()
        self.post_message(self.Changed(self))
        found = self.shortcut()
        if found is not None:
            self.post_message(self.InsertCanned(self, *found))

    def shortcut(self) -> tuple[str, int, int] | None:
        """The word after ``/`` before the caret with its place in the text, stroke included; or None."""
        row, column = self.editor.cursor_location
        found = _SHORTCUT.search(self.editor.document[row][:column])
        end = self.editor.index
        return (found[1], end - len(found[0]), end) if found is not None else None

    def _set(self, state: State) -> None:
        if state == self._state:
            return
        self._state = state
        if self.is_mounted:
            self._draw()

    def _draw(self) -> None:
        head, foot = self.query_one(_Head), self.query_one(_Foot)
        rows, below = self._state.rows_above, self._state.rows_below
        if head.styles.height is None or head.styles.height.value != rows:
            head.styles.height = rows
        if foot.styles.height is None or foot.styles.height.value != below:
            foot.styles.height = below
        for part in self.query(Painted):
            part.repaint()

    def set_rows(self, rows: int) -> None:
        """Lines of text shown at once."""
        self.query_one("#composer-middle").styles.height = rows


def _run_before(line: str) -> int:
    """Where the run of one script that ends the line begins, spaces never in it."""
    index = len(line)
    while index and not line[index - 1].isspace() and line[index - 1].isascii() == line[-1].isascii():
        index -= 1
    return index
