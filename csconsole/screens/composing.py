"""Writing: what happens between the first key and the send. Drafts keep themselves; the text is never lost.

One object per screen; it knows the conversation written to, what its author had on screen, and which canned
replies are in the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from csconsole.commands.context import ComposerState
from csconsole.domain.canned import CannedReply
from csconsole.domain.canned_check import Finding as TextFinding
from csconsole.domain.canned_check import apply_fixes
from csconsole.domain.canned_rank import by_shortcut
from csconsole.domain.message_length import measure
from csconsole.errors import CsconsoleError, RefusedError, StaleError
from csconsole.screens.canned_filling import CannedFilling
from csconsole.screens.holding import Hold
from csconsole.services import acts, canned, draft_mail, replies
from csconsole.services.finding import OpenConversation
from csconsole.store import drafts
from csconsole.widgets.composer import Composer
from csconsole.widgets.composer_frame import Finding, Level, Surface, Target

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
        self._findings: list[TextFinding] = []
        self._suggestion = ""
        self._replies: tuple[int, list[CannedReply]] | None = None
        self.hold = Hold(screen)
        self.filling = CannedFilling(screen, self)

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
        self.hold.refresh()
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

    def show_hints(self) -> None:
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
        self._screen.panes.to_transcript()
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
        if self._composer.shortcut() is None:
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
        if self._composer.surface is Surface.PUBLIC:
            kept = draft_mail.described(draft_mail.letter(screen.desk, opened.conversation.row.id))
            shown += [Finding(Level.NEWS, part) for part in kept]
        if self._news:
            shown.append(Finding(Level.NEWS, screen.words.t("composer.waiting", n=self._news)))
        self._composer.set_findings(shown)
        self._count(text)
        self.show_hints()
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
        match = by_shortcut(self.replies(), word) if word else None
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
            screen.case.reread()
            return
        except CsconsoleError as error:
            screen.say(error.message, urgent=True)
            return
        canned.used(screen.desk, [reply.name for reply in self._used])
        self._used, self._news = [], 0
        composer.open(composer_target(screen, opened), Surface.PUBLIC)
        screen.after_act()
        self._base_seq = screen.targets.seen_seq([row.id]) or self._base_seq
        self.hold.refresh()

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
        self._screen.panes.to_transcript()

    # -- canned replies ------------------------------------------------------------------------------------------

    def replies(self) -> list[CannedReply]:
        """All canned replies, read again only when one changed."""
        from csconsole.store import canned as rows

        desk = self._screen.desk
        rev = rows.rev(desk.store)
        if self._replies is None or self._replies[0] != rev:
            self._replies = (rev, canned.list_replies(desk))
        return self._replies[1]

    def filled(self, reply: CannedReply) -> None:
        """A canned reply is in the text."""
        self._used.append(reply)
        self._check()

    def must_be_open(self) -> OpenConversation:
        """The conversation written to.

        Raises:
            RefusedError: nothing is written.
        """
        if self._opened is None:
            raise RefusedError("No conversation is open.")
        return self._opened

    # -- the whole text ------------------------------------------------------------------------------------------

    def proofread(self) -> None:
        """Mends what can be mended without asking."""
        text = self._composer.text
        self._check()
        mended = apply_fixes(text, self._findings)
        if mended != text:
            self._composer.editor.replace_range(0, len(text), mended)
            self._check()

    def ask_switch(self) -> None:
        """Asks before a text that is written becomes a note or an answer."""
        surface = Surface.PUBLIC if self._composer.surface is Surface.NOTE else Surface.NOTE
        key = "composer.ask.public" if surface is Surface.PUBLIC else "composer.ask.switch"

        def answered(text: str) -> bool:
            if text.strip().lower() in ("y", "yes", "ใช่", "\u0e31"):
                self.switch(surface)
            return True

        self._screen.picking.prompt(self._screen.words.t(key), answered)

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
