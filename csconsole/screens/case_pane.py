"""The conversation's side of the screen: what is open, its transcript and its customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from csconsole.domain.customer import Customer
from csconsole.domain.dates import baht, baht_en, short_date
from csconsole.domain.message import AuthorKind, Delivery, Direction, Message
from csconsole.errors import CsconsoleError
from csconsole.screens.background import Background
from csconsole.services import finding
from csconsole.services.finding import OpenConversation
from csconsole.store import messages
from csconsole.widgets.profile import CaseFacts, Profile
from csconsole.widgets.transcript import Transcript
from csconsole.widgets.transcript_lines import TranscriptSetting

if TYPE_CHECKING:
    from csconsole.screens.main import MainScreen

PAGE = 200
"""Messages read at first and with each older page."""


class CasePane:
    """The open conversation.

    Args:
        screen: the screen.
        background: the reader thread.
    """

    def __init__(self, screen: MainScreen, background: Background) -> None:
        self._screen = screen
        self._background = background
        self.opened: OpenConversation | None = None
        self._rev = 0
        self.transcript = Transcript(self._setting(""), id="transcript")
        self.profile = Profile(screen.words, screen.desk.config.agent.timezone, id="profile")
        self._nothing_open()

    def _nothing_open(self) -> None:
        self.transcript.empty_key = self.profile.empty_key = ""

    def _setting(self, customer: str) -> TranscriptSetting:
        screen = self._screen
        return TranscriptSetting(
            screen.desk.clock.now(), screen.desk.config.agent.timezone, screen.words, customer, screen.hit_words()
        )

    # -- opening ---------------------------------------------------------------------------------------------------

    def open(self, conversation_id: int) -> bool:
        """Shows a conversation and marks it read; False when it is gone."""
        screen = self._screen
        try:
            opened = finding.open_conversation(screen.desk, conversation_id, limit=PAGE)
        except CsconsoleError as error:
            screen.say(error.message, urgent=True)
            return False
        self.opened = opened
        self.transcript.empty_key, self.profile.empty_key = "empty.messages", "empty.customer"
        self._rev = max((m.rev for m in opened.messages), default=0)
        self.transcript.set_setting(self._setting(screen.names.customer(opened.conversation.row)))
        self.transcript.show(
            self._named(opened.messages), read_seq=_read_up_to(opened), has_older=len(opened.messages) == PAGE
        )
        self.show_profile()
        screen.attempt(lambda: finding.mark_read(screen.desk, conversation_id))
        return True

    def close(self) -> None:
        """Shows no conversation."""
        self.opened = None
        self._nothing_open()
        self.transcript.show(())
        self.profile.show(None, CaseFacts(), self._screen.desk.clock.now())

    def _named(self, found: list[Message]) -> list[Message]:
        """Messages with the display names of our agents instead of their short ones."""
        names = self._screen.names.agents
        call = self.opened.customer.call_name if self.opened is not None else ""

        def named(message: Message) -> Message:
            name = names.get(message.author_name, message.author_name)
            if call and message.author_kind == AuthorKind.CUSTOMER:
                name = call
            return message if name == message.author_name else msgspec.structs.replace(message, author_name=name)

        return [named(message) for message in found if message.delivery != Delivery.CANCELLED]

    def older(self) -> None:
        """Reads the page before the oldest message shown."""
        opened = self.opened
        shown = self.transcript.messages
        if opened is None or not shown:
            return
        key, store = opened.conversation.row.id, self._screen.desk.store
        before = (shown[0].at, shown[0].seq)
        self._background.run(
            "older",
            lambda: messages.page(store, key, before=before, limit=PAGE),
            lambda found: self._prepend(key, found),
        )

    def add_older(self, found: list[Message], has_older: bool) -> None:
        """Adds older messages than those at hand, oldest first."""
        self.transcript.prepend(self._named(found), has_older=has_older)

    def _prepend(self, key: int, found: list[Message]) -> None:
        if self.opened is not None and self.opened.conversation.row.id == key:
            self.transcript.prepend(self._named(found), has_older=len(found) == PAGE)

    # -- news ------------------------------------------------------------------------------------------------------

    def reread(self) -> None:
        """Brings what is open up to date, at once."""
        opened = self.opened
        if opened is None:
            return
        try:
            fresh = finding.open_conversation(self._screen.desk, opened.conversation.row.id, limit=1)
        except CsconsoleError:
            self.close()
            return
        changed = messages.changed(self._screen.desk.store, opened.conversation.row.id, self._rev)
        self._apply(fresh, changed)

    def store_changed(self) -> None:
        """Somebody wrote: what is open is read again in the background."""
        opened = self.opened
        if opened is None:
            return
        key, desk, rev = opened.conversation.row.id, self._screen.desk, self._rev
        self._background.run(
            "conversation",
            lambda: (
                finding.open_conversation(desk, key, limit=1),
                messages.changed(desk.store, key, rev),
            ),
            lambda result: self._apply(*result),
        )

    def _apply(self, fresh: OpenConversation, changed: list[Message]) -> None:
        opened, screen = self.opened, self._screen
        if opened is None or opened.conversation.row.id != fresh.conversation.row.id:
            return
        known = {m.uid for m in self.transcript.messages}
        new = [m for m in changed if m.uid not in known and m.direction == Direction.IN]
        merged = {m.uid: m for m in opened.messages} | {m.uid: m for m in changed}
        self.opened = OpenConversation(
            conversation=fresh.conversation,
            messages=sorted(merged.values(), key=lambda m: (m.at, m.seq)),
            customer=fresh.customer,
            tags=fresh.tags,
            read_seq=opened.read_seq,
        )
        if changed:
            self._rev = max(self._rev, *(m.rev for m in changed))
            if any(m.delivery == Delivery.CANCELLED for m in changed):
                older = self.transcript.has_older
                self.transcript.show(
                    self._named(self.opened.messages), read_seq=_read_up_to(self.opened), has_older=older
                )
            else:
                self.transcript.put(self._named(changed))
        self.show_profile()
        screen.title_changed()
        if new:
            screen.composing.customer_wrote(len(new))
            if screen.panes.shows_case:
                screen.attempt(lambda: finding.mark_read(screen.desk, fresh.conversation.row.id))
        screen.composing.hold.refresh()

    # -- the customer ----------------------------------------------------------------------------------------------

    def show_profile(self) -> None:
        """Draws the customer pane from what is open."""
        opened, screen = self.opened, self._screen
        if opened is None:
            return
        conversation = opened.conversation
        reasons = bool(screen.desk.config.contact_reasons)
        facts = CaseFacts(
            tags=opened.tags,
            kind=conversation.kind,
            reason=conversation.reason,
            needs_reason=reasons and not conversation.reason,
            orders=order_lines(
                opened.customer, conversation.attributes, screen.words.language, screen.desk.config.agent.timezone
            ),
        )
        shown = {k: v for k, v in opened.customer.attributes.items() if k != "orders"}
        others = tuple(c for c in opened.customer.conversations if c.id != conversation.row.id)
        customer = msgspec.structs.replace(opened.customer, attributes=shown, conversations=others)
        self.profile.show(customer, facts, screen.desk.clock.now())


def _read_up_to(opened: OpenConversation) -> int:
    """Newest message counted as read: the agent's mark, or, before the first look, our last public answer."""
    if opened.read_seq:
        return opened.read_seq
    ours = [m.seq for m in opened.messages if m.direction == Direction.OUT and m.visibility == "public"]
    return max(ours, default=0)


def order_lines(customer: Customer, attributes: dict[str, object], language: str, zone: str) -> list[list[str]]:
    """Orders of the case and the customer, each a heading and what is in it."""
    found: list[dict[str, object]] = []
    if isinstance(order := attributes.get("order"), dict):
        found.append(order)
    orders = customer.attributes.get("orders")
    if isinstance(orders, list):
        found += [o for o in orders if isinstance(o, dict) and o not in found]
    lines = []
    for one in found[:3]:
        number = str(one.get("order_no") or one.get("number") or "")
        total = one.get("total")
        head = [" ".join(part for part in (number, str(one.get("status") or "")) if part)]
        at = one.get("at")
        when = short_date(at, zone, language) if isinstance(at, int) else ""
        price = (baht if language == "th" else baht_en)(total) if isinstance(total, int | float) else ""
        if when or price:
            head.append("  ".join(part for part in (when, price, str(one.get("payment") or "")) if part))
        items = one.get("items")
        for item in items if isinstance(items, list) else []:
            if isinstance(item, dict):
                name = item.get("name")
                shown = name.get(language) or name.get("th") if isinstance(name, dict) else name
                head.append(f"{shown or item.get('sku') or ''} x{item.get('count', 1)}")
        lines.append(head)
    return lines
