"""Mail: answering everybody, copies, files, forwarding, and writing to somebody who has not written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from csconsole.domain.letter import Letter
from csconsole.domain.message import Visibility
from csconsole.errors import CsconsoleError
from csconsole.screens.handling import handles
from csconsole.services import draft_mail, letters, outbound
from csconsole.services.finding import OpenConversation
from csconsole.store import accounts
from csconsole.store.accounts import AccountRow
from csconsole.widgets.composer_frame import Surface
from csconsole.widgets.picker import PickerItem

if TYPE_CHECKING:
    from csconsole.screens.main import MainScreen


@handles("reply.all")
def reply_all(screen: MainScreen) -> None:
    """Opens the box for an answer to all who got the customer's last mail."""

    def begin(opened: OpenConversation) -> None:
        key = opened.conversation.row.id
        if screen.attempt(lambda: draft_mail.to_everybody(screen.desk, key)):
            screen.composing.start(opened, Surface.PUBLIC)

    screen.cases.with_opened(begin)


@handles("composer.attach")
def attach(screen: MainScreen) -> None:
    """Asks for a file to go along."""
    key = screen.composing.conversation_id
    if key is None:
        return

    def typed(path: str) -> bool:
        if not path.strip():
            return True
        done = screen.attempt(lambda: draft_mail.attach(screen.desk, key, path))
        screen.composing.changed()
        return done

    screen.picking.prompt(screen.words.t("mail.attach"), typed, initial="~/")


@handles("composer.detach")
def detach(screen: MainScreen) -> None:
    """Takes the files away again."""
    key = screen.composing.conversation_id
    if key is not None and screen.attempt(lambda: draft_mail.detach(screen.desk, key), done="mail.detached"):
        screen.composing.changed()


@handles("composer.copies")
def copies(screen: MainScreen) -> None:
    """Asks who gets a copy."""
    key = screen.composing.conversation_id
    if key is None:
        return

    def typed(text: str) -> bool:
        done = screen.attempt(lambda: draft_mail.set_copies(screen.desk, key, text))
        screen.composing.changed()
        return done

    now = ", ".join(draft_mail.letter(screen.desk, key).cc)
    screen.picking.prompt(screen.words.t("mail.copies"), typed, initial=now)


@handles("conversation.forward")
def forward(screen: MainScreen) -> None:
    """Forwards the message under the cursor, or the customer's last, in a conversation of its own."""

    def begin(opened: OpenConversation) -> None:
        key = opened.conversation.row.id
        selected = screen.transcript.selected
        message = selected.uid if selected is not None and selected.visibility == Visibility.PUBLIC else ""

        def typed(to: str) -> bool:
            if not to.strip():
                return True
            return _write(screen, lambda: outbound.draft_forward(screen.desk, key, to, message=message))

        screen.picking.prompt(screen.words.t("mail.forward"), typed)

    screen.cases.with_opened(begin)


@handles("mail.write")
def write(screen: MainScreen) -> None:
    """Writes to somebody who has not written: asks from which account, to whom, and about what."""
    found = [one for one in accounts.all_accounts(screen.desk.store) if letters.is_mail(one)]
    if not found:
        screen.say(screen.words.t("mail.no_account"), urgent=True)
        return
    if len(found) == 1:
        _ask_recipient(screen, found[0])
        return
    by_name = {one.name: one for one in found}
    screen.picking.choose(
        screen.words.t("mail.account"),
        lambda text: [PickerItem(one.name, one.label or one.name) for one in found if text.lower() in one.name.lower()],
        lambda names, _: _ask_recipient(screen, by_name[names[0]]),
    )


def _ask_recipient(screen: MainScreen, account: AccountRow) -> None:
    def typed(to: str) -> bool:
        try:
            given = letters.addresses([to])
        except CsconsoleError as error:
            screen.say(error.message, urgent=True)
            return False
        if given:
            screen.call_later(_ask_subject, screen, account, to)
        return True

    screen.picking.prompt(screen.words.t("mail.to"), typed)


def _ask_subject(screen: MainScreen, account: AccountRow, to: str) -> None:
    def typed(subject: str) -> bool:
        if not subject.strip():
            return False
        return _write(screen, lambda: outbound.draft(screen.desk, account, to, Letter(subject=subject.strip())))

    screen.picking.prompt(screen.words.t("mail.subject"), typed)


def _write(screen: MainScreen, begin: Callable[[], int]) -> bool:
    """Begins a conversation and opens the box in it; the field that asked stays when that was refused."""
    made: list[int] = []
    if not screen.attempt(lambda: made.append(begin())):
        return False
    screen.call_later(_open_box, screen, made[0])
    return True


def _open_box(screen: MainScreen, conversation_id: int) -> None:
    screen.cases.open(conversation_id)
    screen.after_act()
    if screen.opened is not None and screen.opened.conversation.row.id == conversation_id:
        screen.composing.start(screen.opened, Surface.PUBLIC)
