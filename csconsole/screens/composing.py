"""Writing: what happens between the first key and the send. Drafts keep themselves; the text is never lost.

One object per screen; it knows the conversation written to, what its author had on screen, and which canned
replies are in the text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from csconsole.commands.context import ComposerState
from csconsole.domain.canned import Ask, CannedReply
from csconsole.domain.canned_check import Finding as TextFinding
from csconsole.domain.canned_check import apply_fixes
from csconsole.domain.canned_rank import by_shortcut
from csconsole.domain.message_length import measure
from csconsole.errors import CsconsoleError, RefusedError, StaleError, UsageError
from csconsole.services import acts, canned, replies
from csconsole.services.finding import OpenConversation
from csconsole.store import drafts, outbox
from csconsole.widgets.composer import Composer, Finding, Level, Surface, Target

if TYPE_CHECKING:
    from textual.timer import Timer

    from csconsole.screens.main import MainScreen

SAVE_AFTER = 0.4
"""Seconds without a key after which a draft is written."""
CHECK_AFTER = 0.12
"""Seconds without a key after which the text is checked."""


class Composing:
    """The writing side of the screen.

    Args:
        screen: the screen.
    """

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._opened: OpenConversation | None = None
        self._base_seq = 0
        self._used: list[CannedReply] = []
        self._anyway = False
        self._news = 0
        self._save_timer: Timer | None = None
        self._check_timer: Timer | None = None
        self._held_timer: Timer | None = None
        self._findings: list[TextFinding] = []
        self._suggestion = ""

    @property
    def _composer(self) -> Composer:
        return self._screen.composer

    @property
    def conversation_id(self) -> int | None:
        """Key of the conversation written to, None while nothing is written."""
        return self._opened.conversation.row.id if self._opened is not None else None

    @property
    def is_open(self) -> bool:
        """Whether the box is open."""
        return self._opened is not None

    # -- opening and leaving -------------------------------------------------------------------------------------

    def start(self, opened: OpenConversation, surface: Surface, text: str | None = None) -> None:
        """Opens the box for a conversation with its draft, or with a text."""
        screen, row = self._screen, opened.conversation.row
        kind = _kind(surface)
        draft = drafts.load(screen.desk.store, screen.desk.actor.id, row.id, kind)
        self._opened = opened
        self._base_seq = draft.base_seq if draft is not None and draft.base_seq else row.message_seq
        self._used, self._anyway, self._news = [], False, 0
        body = text if text is not None else draft.body if draft is not None else ""
        self._composer.open(composer_target(screen, opened), surface, body)
        self._composer.add_class("open")
        screen.set_focus(self._composer.editor)
        # What is opened out of sight has no width to wrap to before the next layout.
        screen.call_after_refresh(self._composer.editor.rewrap)
        self.refresh_held()
        self._check()

    @property
    def enter_sends(self) -> bool:
        """Whether Enter sends the text there is: in a chat, where the agent wants it so."""
        opened, screen = self._opened, self._screen
        if opened is None or not screen.desk.config.ui.chat_enter_sends or self._composer.surface is Surface.NOTE:
            return False
        account = screen.names.accounts.get(opened.conversation.row.account)
        is_chat = account is not None and bool(account.capabilities.get("is_chat", True))
        return is_chat and bool(self._composer.text.strip())

    def _show_hints(self) -> None:
        """Keys in the frame: of the text, or, over a held message in the empty box, of the hold."""
        words, shown = self._screen.words, self._screen.keymap.shown
        if self._composer.state is ComposerState.HELD:
            held = [("Backspace", words.t("held.key.pull")), ("Enter", words.t("held.key.now"))]
            self._composer.set_hints([*held, (shown("composer.leave"), words.t("hint.composer.leave"))])
            return
        ids = ["reply.send", "composer.templates", "composer.switch_note", "composer.mend_layout", "composer.leave"]
        if self._composer.surface is Surface.NOTE:
            ids.remove("composer.templates")
        self._composer.set_hints([(shown(i), words.t(f"hint.{i}")) for i in ids])

    def leave(self) -> None:
        """Closes the box; the text stays as a draft."""
        had_text = bool(self._composer.text.strip())
        self._save()
        self._stop_timers()
        self._composer.remove_class("open")
        self._opened = None
        self._screen.focus_transcript()
        if had_text:
            self._screen.say(self._screen.words.t("composer.draft.kept"))

    def _stop_timers(self) -> None:
        for timer in (self._save_timer, self._check_timer):
            if timer is not None:
                timer.stop()
        self._save_timer = self._check_timer = None

    # -- while typing --------------------------------------------------------------------------------------------

    def changed(self) -> None:
        """The text is another: it is saved and checked in the next pause."""
        screen = self._screen
        self._anyway = False
        if screen.shortcut_at_caret() is None:
            self._suggestion = ""
        self._stop_timers()
        self._save_timer = screen.set_timer(SAVE_AFTER, self._save)
        self._check_timer = screen.set_timer(CHECK_AFTER, self._check)

    def _save(self) -> None:
        opened, screen = self._opened, self._screen
        if opened is None:
            return
        desk, row = screen.desk, opened.conversation.row
        kind, text = _kind(self._composer.surface), self._composer.text
        known = drafts.load(desk.store, desk.actor.id, row.id, kind)
        if (known.body if known is not None else "") == text:
            return

        def write() -> None:
            with desk.transaction() as tx:
                drafts.save(tx, desk.actor.id, row.id, kind, text, self._base_seq)

        screen.attempt(write)

    def _check(self) -> None:
        """Shows what is to be said about the text."""
        opened, screen = self._opened, self._screen
        if opened is None:
            return
        text = self._composer.text
        self._findings = []
        if text.strip() and self._composer.surface is Surface.PUBLIC:
            reply = self._used[-1] if self._used else None
            self._findings = canned.check(screen.desk, opened.conversation.row.id, text, reply=reply)
        language = screen.words.language
        fix = f"{screen.keymap.shown('composer.proofread')} {screen.words.t('hint.composer.proofread')}"
        shown = [
            Finding(Level.BLOCK if f.level == "block" else Level.WARN, f.message(language), fix if f.fix else "")
            for f in self._findings
        ]
        if self._suggestion:
            shown.append(Finding(Level.NEWS, self._suggestion, screen.keymap.shown("composer.expand")))
        if self._news:
            shown.append(Finding(Level.NEWS, screen.words.t("composer.waiting", n=self._news)))
        self._composer.set_findings(shown)
        self._count(text)
        self._show_hints()
        screen.hints_changed()

    def _count(self, text: str) -> None:
        opened, screen = self._opened, self._screen
        if opened is None or self._composer.surface is Surface.NOTE:
            self._composer.set_counters("")
            return
        row = opened.conversation.row
        limit = canned.limit_of(screen.desk, screen.names.account_id(row.account))
        used = measure(text, limit.unit)
        left = f"{used}/{limit.maximum}" if limit.maximum else str(used)
        account = replies.account_of(screen.desk, screen.names.account_id(row.account))
        hold = replies.hold_ms(screen.desk, account) // 1000
        right = screen.words.t("composer.hold", seconds=hold)
        if not account.capabilities.get("sees_outside_replies", True):
            right += " · " + screen.words.t("composer.blind", channel=screen.names.channel(row.channel))
        self._composer.set_counters(left, right)

    def suggest(self, word: str) -> None:
        """A word after ``/`` stands before the caret: says which canned reply it means."""
        match = by_shortcut(self._screen.canned_replies(), word) if word else None
        self._suggestion = f"/{word} → {match.label(self._screen.words.language)}" if match is not None else ""

    def customer_wrote(self, count: int) -> None:
        """The customer wrote while we write: one quiet line, never the focus."""
        if self._opened is not None and count:
            self._news += count
            self._check()

    # -- leaving the machine -------------------------------------------------------------------------------------

    def send(self) -> None:
        """Puts the answer into its hold, or stores the note."""
        opened, screen, composer = self._opened, self._screen, self._composer
        if opened is None:
            return
        self._check()
        if composer.is_blocked or not composer.text.strip():
            composer.send()  # says why not
            return
        row, text = opened.conversation.row, composer.text
        if composer.surface is Surface.NOTE:
            if screen.attempt(lambda: acts.add_note(screen.desk, row.id, text), done="done.note"):
                self._forget(row.id, "note")
                composer.open(composer_target(screen, opened), Surface.NOTE)
                screen.after_act()
                self.leave_quietly()
            return
        try:
            replies.send_reply(
                screen.desk,
                row.id,
                text,
                base_seq=self._base_seq,
                base_assignee=self._assignee(opened),
                anyway=self._anyway,
            )
        except StaleError as error:
            self._anyway = True
            screen.say(error.message, urgent=True)
            screen.reread_conversation()
            return
        except CsconsoleError as error:
            screen.say(error.message, urgent=True)
            return
        canned.used(screen.desk, [reply.name for reply in self._used])
        self._used, self._news = [], 0
        composer.open(composer_target(screen, opened), Surface.PUBLIC)
        screen.after_act()
        self._base_seq = screen.targets.seen_seq([row.id]) or self._base_seq
        self.refresh_held()

    def _assignee(self, opened: OpenConversation) -> int | None:
        name = opened.conversation.row.assignee
        return self._screen.names.agent_id(name) if name else None

    def _forget(self, conversation_id: int, kind: str) -> None:
        desk = self._screen.desk

        def write() -> None:
            with desk.transaction() as tx:
                drafts.save(tx, desk.actor.id, conversation_id, kind, "", 0)

        self._screen.attempt(write)

    def leave_quietly(self) -> None:
        """Closes the box without a word."""
        self._stop_timers()
        self._composer.remove_class("open")
        self._opened = None
        self._screen.focus_transcript()

    # -- the hold ------------------------------------------------------------------------------------------------

    def refresh_held(self) -> None:
        """Shows the message held in the open conversation and counts it down."""
        screen = self._screen
        key = screen.opened_id
        row = outbox.held(screen.desk.store, key, screen.desk.actor.id) if key is not None else None
        left = -(-(row.not_before - screen.desk.clock.now()) // 1000) if row is not None else 0
        if row is None or left <= 0:
            self._composer.set_held((), 0)
            self._show_hints()
            screen.show_held("", 0)
            if self._held_timer is not None:
                self._held_timer.stop()
                self._held_timer = None
            return
        self._composer.set_held([bubble.text for bubble in row.item.bubbles], left)
        self._show_hints()
        screen.show_held(
            screen.words.t("held.countdown", customer=screen.targets.opened_customer(), seconds=left), left
        )
        if self._held_timer is None:
            self._held_timer = screen.set_interval(1.0, self.refresh_held)

    def pull_back(self) -> None:
        """Takes the held message back into the box."""
        screen, opened = self._screen, self._screen.opened
        if opened is None:
            return
        text: list[str] = []
        if screen.attempt(lambda: text.append(replies.pull_back(screen.desk, opened.conversation.row.id))):
            screen.after_act()
            if screen.opened is not None:
                self.start(screen.opened, Surface.PUBLIC)
            screen.say(screen.words.t("held.pulled"))

    def send_now(self) -> None:
        """Ends the hold."""
        screen = self._screen
        key = screen.opened_id
        if key is not None and screen.attempt(lambda: replies.send_now(screen.desk, key)):
            screen.after_act()
            self.refresh_held()

    # -- canned replies ------------------------------------------------------------------------------------------

    def insert_canned(
        self, chosen: Sequence[CannedReply], *, span: tuple[int, int] | None = None, send: bool = False
    ) -> None:
        """Asks what the replies ask for, one after the other, and puts them in at the caret.

        Args:
            chosen: the replies in order.
            span: part of the text the first one replaces.
            send: send the text when all are in, unless something is missing.
        """
        if chosen:
            self._ask(chosen[0], list(chosen[0].ask), {}, span, lambda: self.insert_canned(chosen[1:], send=send))
        elif send:
            self._screen.run_command("reply.send")

    def _ask(
        self,
        reply: CannedReply,
        asks: list[Ask],
        answers: dict[str, object],
        span: tuple[int, int] | None,
        then: Callable[[], None],
    ) -> None:
        if not asks:
            self._fill(reply, answers, span)
            then()
            return
        ask, rest = asks[0], asks[1:]
        language = self._screen.words.language
        label = self._screen.words.t("canned.fill", label=ask.label.get(language) or ask.name)
        if ask.options:
            label += " " + "  ".join(f"{n} {option}" for n, option in enumerate(ask.options, 1))

        def answered(text: str) -> bool:
            if not text.strip():
                self._ask(reply, rest, answers, span, then)
                return True
            try:
                canned.render(self._screen.desk, reply, self._must(), {**answers, ask.name: text})
            except UsageError as error:
                self._screen.say(error.message, urgent=True)
                return False
            self._ask(reply, rest, {**answers, ask.name: text}, span, then)
            return True

        self._screen.picking.prompt(
            label,
            answered,
            initial="" if ask.default is None else str(ask.default),
            cancelled=lambda: self._ask(reply, rest, answers, span, then),
        )

    def _must(self) -> OpenConversation:
        if self._opened is None:
            raise RefusedError("No conversation is open.")
        return self._opened

    def _fill(self, reply: CannedReply, answers: dict[str, object], span: tuple[int, int] | None) -> None:
        screen, composer = self._screen, self._composer
        try:
            rendered = canned.render(screen.desk, reply, self._must(), answers)
        except CsconsoleError as error:
            screen.say(error.message, urgent=True)
            return
        if span is not None:
            composer.editor.replace_range(span[0], span[1], rendered.text)
        else:
            text = composer.text
            before = text[: composer.editor.index]
            glue = "" if not before or before.endswith((" ", "\n")) else " "
            composer.insert(glue + rendered.text)
        self._used.append(reply)
        self._screen.set_focus(composer.editor)
        self._check()

    def proofread(self) -> None:
        """Mends what can be mended without asking."""
        text = self._composer.text
        self._check()
        mended = apply_fixes(text, self._findings)
        if mended != text:
            self._composer.editor.replace_range(0, len(text), mended)
            self._check()

    def switch(self, surface: Surface) -> None:
        """Makes the text an answer or a note; the draft moves with it."""
        opened = self._opened
        if opened is None:
            return
        text = self._composer.text
        self._forget(opened.conversation.row.id, _kind(self._composer.surface))
        self.start(opened, surface, text if text.strip() else None)


def composer_target(screen: MainScreen, opened: OpenConversation) -> Target:
    """Where a text for a conversation goes, in words."""
    row = opened.conversation.row
    return Target(
        number=row.number,
        channel=screen.names.channel(row.channel),
        account=screen.names.account(row.account),
        customer=screen.names.customer(row),
    )


def _kind(surface: Surface) -> str:
    return "note" if surface is Surface.NOTE else "reply"
