"""What a command acts on: the marked rows, the open conversation, or the row under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from csconsole.domain.conversation import QueueRow
from csconsole.domain.customer import TagMark
from csconsole.store import tags

if TYPE_CHECKING:
    from csconsole.screens.main import MainScreen


class Targets:
    """Conversations commands act on, and what is known of them.

    Args:
        screen: the screen.
    """

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen

    def current(self) -> QueueRow | None:
        """The conversation a command acts on: the open one when the focus is on it, else the list's."""
        if self._screen.focused is self._screen.side_list:
            row = self._screen.side_list.current
            key = row.conversation_id if row is not None else None
            return self.row(key) if key is not None else None
        if self._screen.opened is not None and self._screen.focused is not self._screen.queues.list:
            return self._screen.opened.conversation.row
        return self._screen.queues.current()

    def row(self, conversation_id: int) -> QueueRow | None:
        """A row as it is now."""
        return self._screen.reader.row(conversation_id)

    def ids(self) -> list[int]:
        """What a command acts on: the marked rows, else the current conversation."""
        marked = self._screen.queues.marked()
        if marked:
            return marked
        row = self.current()
        return [row.id] if row is not None else []

    def seen_seq(self, ids: Sequence[int]) -> int | None:
        """Newest message on screen of the one conversation acted on; None for others."""
        if len(ids) != 1:
            return None
        if ids[0] == self._screen.opened_id:
            return max((m.seq for m in self._screen.case.transcript.messages), default=0)
        row = self._screen.queues.current()
        return row.message_seq if row is not None and row.id == ids[0] else None

    def tags_on(self, ids: Sequence[int]) -> set[str]:
        """Tags all of the conversations have."""
        return tags.common(self._screen.desk.store, ids)

    def opened_tags(self, ids: Sequence[int]) -> tuple[TagMark, ...]:
        """Who set the tags, where the open conversation is the one acted on."""
        return (
            self._screen.opened.tags
            if self._screen.opened is not None and list(ids) == [self._screen.opened_id]
            else ()
        )

    def opened_customer_tags(self) -> tuple[TagMark, ...]:
        """Who set the open customer's tags."""
        return self._screen.opened.customer.tags if self._screen.opened is not None else ()

    def opened_customer(self) -> str:
        """How the open customer is called."""
        opened = self._screen.opened
        return self._screen.names.customer(opened.conversation.row) if opened is not None else ""
