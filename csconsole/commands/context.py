"""What the agent has before them when a key is pressed: the facts commands decide by.

A :class:`Context` is made by the screen for each key and holds plain facts only, so that a command says whether it
can run without touching a widget, and the same commands serve keys, the ``:`` line and the palette.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from csconsole.domain.conversation import QueueRow


class Pane(StrEnum):
    """A part of the screen that takes keys."""

    QUEUE = "queue"
    TRANSCRIPT = "transcript"
    PROFILE = "profile"
    COMPOSER = "composer"
    LIST = "list"
    """Any other list: outbox, quarantine, search hits, drafts."""
    PICKER = "picker"
    LINE = "line"
    """A single-line field: filter, search, the command line, a prompt."""


TEXT_PANES = frozenset({Pane.COMPOSER, Pane.LINE})
"""Panes in which a printable key is text: neither single-key commands nor the Thai layout table apply there."""


class ComposerState(StrEnum):
    """Where the composer stands."""

    CLOSED = "closed"
    EMPTY = "empty"
    WRITTEN = "written"
    BLOCKED = "blocked"
    """Something must be filled in or mended before the text may leave."""
    HELD = "held"
    """Empty, and a message of this conversation waits out its undo window."""


@dataclass(frozen=True, slots=True)
class Context:
    """The facts a command decides by.

    Attributes:
        pane: where the focus is.
        conversation: the conversation the command would act on, or None.
        selected: how many rows are marked for a common act; 0 acts on ``conversation``.
        composer: state of the composer.
        is_note: whether the composer writes a note for staff rather than an answer.
        has_message: whether a message of the transcript is selected.
        has_attachment: whether that message carries a file.
        has_held: whether a message of this conversation is still in its undo window.
        can_undo: whether there is an act to undo.
        can_repeat: whether there is an act to repeat.
        has_new_rows: whether rows wait to be merged into the queue.
        has_list_row: whether a list beside the queue has a row under the cursor.
        read_only: whether the console was started to look only.
        agent: our own name as it stands in ``assignee``.
    """

    pane: Pane = Pane.QUEUE
    conversation: QueueRow | None = None
    selected: int = 0
    composer: ComposerState = ComposerState.CLOSED
    is_note: bool = False
    has_message: bool = False
    has_attachment: bool = False
    has_held: bool = False
    can_undo: bool = False
    can_repeat: bool = False
    has_new_rows: bool = False
    has_list_row: bool = False
    read_only: bool = False
    agent: str = ""

    @property
    def has_target(self) -> bool:
        """Whether there is a conversation, or a selection of them, to act on."""
        return self.conversation is not None or self.selected > 0
