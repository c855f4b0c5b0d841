"""Putting canned replies into the text: what they ask for is asked one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from csconsole.domain.canned import Ask, CannedReply
from csconsole.domain.canned_fill import fill
from csconsole.domain.dates import day_start, moment_text, short_date
from csconsole.errors import CsconsoleError, UsageError
from csconsole.services import canned

if TYPE_CHECKING:
    from csconsole.screens.composing import Composing
    from csconsole.screens.main import MainScreen


class CannedFilling:
    """Fills canned replies in at the caret.

    Args:
        screen: the screen.
        composing: the writing side, told of each reply that is in.
    """

    def __init__(self, screen: MainScreen, composing: Composing) -> None:
        self._screen = screen
        self._composing = composing

    def insert(self, chosen: Sequence[CannedReply], *, span: tuple[int, int] | None = None, send: bool = False) -> None:
        """Asks what the replies ask for, one after the other, and puts them in at the caret.

        Args:
            chosen: the replies in order.
            span: part of the text the first one replaces.
            send: send the text when all are in, unless something is missing.
        """
        if chosen:
            self._ask(chosen[0], list(chosen[0].ask), {}, span, lambda: self.insert(chosen[1:], send=send))
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
                canned.render(self._screen.desk, reply, self._composing.must_be_open(), {**answers, ask.name: text})
            except UsageError as error:
                self._screen.say(error.message, urgent=True)
                return False
            self._ask(reply, rest, {**answers, ask.name: text}, span, then)
            return True

        self._screen.picking.prompt(
            label,
            answered,
            changed=lambda text: self._screen.picking.tell(self._meaning(ask, text)),
            initial="" if ask.default is None else str(ask.default),
            cancelled=lambda: self._ask(reply, rest, answers, span, then),
        )

    def _meaning(self, ask: Ask, text: str) -> str:
        """What a typed answer is read as, where it does not say so: the day of ``เสาร์``, the option of ``2``."""
        desk = self._screen.desk
        agent, now = desk.config.agent, desk.clock.now()
        try:
            value = fill(ask, text, now, agent.timezone, agent.language)
        except UsageError:
            return ""
        if isinstance(value, datetime):
            return moment_text(round(value.timestamp() * 1000), now, agent.timezone, agent.language)
        if isinstance(value, date):
            return short_date(day_start(value, agent.timezone), agent.timezone, agent.language)
        return str(value) if ask.type == "choice" and str(value) != text.strip() else ""

    def _fill(self, reply: CannedReply, answers: dict[str, object], span: tuple[int, int] | None) -> None:
        screen, composer = self._screen, self._screen.composer
        try:
            rendered = canned.render(screen.desk, reply, self._composing.must_be_open(), answers)
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
        screen.set_focus(composer.editor)
        self._composing.filled(reply)
