"""Acts on many conversations: some at a time, so that no key waits, and taken back as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from csconsole.errors import CsconsoleError
from csconsole.services.desk import Desk, OneUndo

if TYPE_CHECKING:
    from textual.timer import Timer

    from csconsole.screens.main import MainScreen

AT_ONCE = 12
"""Conversations changed in one transaction: some milliseconds, the commit included."""
PAUSE = 0.004
"""Seconds between two of them, in which keys are read and painted."""

Act = Callable[[Desk, Sequence[int]], object]
"""Does something to some conversations at a desk."""


class Bulk:
    """The act on a selection that is under way, if any.

    Args:
        screen: the screen.
    """

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._steps: Iterator[int] | None = None
        self._timer: Timer | None = None
        self._then: Callable[[], None] = lambda: None
        self._total = 0
        self._done = 0
        self._said = ""

    @property
    def is_running(self) -> bool:
        """Whether an act is under way."""
        return self._steps is not None

    def act(self, ids: Sequence[int], act: Act, then: Callable[[], None], *, done: str = "", **values: object) -> bool:
        """Does something to conversations: few at once, many in steps; says it, and that u takes all of it back.

        What was done before a conversation refuses stays done, and u takes it back.

        Args:
            ids: keys of the conversations.
            act: what to do to some of them.
            then: shows the effect, after the last one.
            done: key of the sentence for one conversation, "" to say nothing.
            values: for that sentence.

        Returns:
            False when nothing was begun or, of few, the act was refused; the reason is said.
        """
        screen = self._screen
        if self.is_running:
            screen.say(screen.words.t("bulk.busy", n=self._done, total=self._total), urgent=True)
            return False
        desk = screen.desk.joining(OneUndo())
        if len(ids) > 1:
            done, values = done and "done.bulk", {"n": len(ids)}
        if len(ids) <= AT_ONCE:
            if not screen.attempt(lambda: act(desk, ids), done=done, undo=True, **values):
                return False
            then()
            return True

        def ended() -> None:
            then()
            if done:
                screen.say(screen.words.t("undo.offer", what=screen.words.t(done, **values)))
            elif screen.message.text == self._said:
                screen.message.clear()

        screen.queue.marks.clear()  # the next key is for what is under the cursor
        self.run(len(ids), self._acting(desk, act, ids), ended)
        return True

    def run(self, total: int, steps: Iterator[int], then: Callable[[], None]) -> None:
        """Takes steps, with pauses between them where there is much to do.

        Args:
            total: how many things are done in all.
            steps: each one does some and gives how many.
            then: called after the last one; when one is refused the reason is said instead.
        """
        self._steps, self._then = steps, then
        self._total, self._done = total, 0
        if total <= AT_ONCE:
            self.finish()
        else:
            self._go_on()

    def stop(self) -> None:
        """Leaves the rest undone; what was done stays and can be taken back."""
        self._steps = None
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def finish(self) -> None:
        """Does the rest at once, as before the console ends."""
        while self.is_running:
            self._step()

    def _acting(self, desk: Desk, act: Act, ids: Sequence[int]) -> Iterator[int]:
        for first in range(0, len(ids), AT_ONCE):
            some = ids[first : first + AT_ONCE]
            act(desk, some)
            yield len(some)

    def _go_on(self) -> None:
        self._timer = None
        self._step()
        if self.is_running:
            self._timer = self._screen.set_timer(PAUSE, self._go_on)

    def _step(self) -> None:
        screen, steps = self._screen, self._steps
        if steps is None:
            return
        try:
            count = next(steps, None)
        except CsconsoleError as error:
            self.stop()
            screen.after_act()
            why = error.message
            if self._total > AT_ONCE:
                why = screen.words.t("bulk.stopped", n=self._done, total=self._total, why=why)
            screen.say(why, urgent=True)
            return
        if count is None:
            self.stop()
            self._then()
            return
        self._done += count
        if self._total > AT_ONCE and screen.message.text in ("", self._said):
            self._said = screen.words.t("bulk.progress", n=self._done, total=self._total)
            screen.say(self._said)
