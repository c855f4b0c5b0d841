"""Answering and noting: opening the box, canned replies, the hold."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from csconsole.domain.canned_rank import Ranked, by_shortcut
from csconsole.errors import CsconsoleError
from csconsole.screens.handling import handles
from csconsole.services import canned
from csconsole.text.wrap import wrap
from csconsole.widgets.composer_frame import Surface
from csconsole.widgets.picker import PickerItem

if TYPE_CHECKING:
    from csconsole.screens.main import MainScreen


@handles("reply.start")
def reply(screen: MainScreen) -> None:
    """Opens the box for an answer to the customer."""
    screen.cases.with_opened(lambda opened: screen.composing.start(opened, Surface.PUBLIC))


@handles("note.start")
def note(screen: MainScreen) -> None:
    """Opens the box for a note the customer never sees."""
    screen.cases.with_opened(lambda opened: screen.composing.start(opened, Surface.NOTE))


@handles("reply.pull_back")
def pull_back(screen: MainScreen) -> None:
    """Pulls the held message of this conversation back into the box."""
    screen.composing.hold.pull_back()


@handles("reply.send_now")
def send_now(screen: MainScreen) -> None:
    """Ends the hold of this conversation's message."""
    screen.composing.hold.send_now()


@handles("reply.send")
def send(screen: MainScreen) -> None:
    """Sends into the hold, or stores the note: at once, before a key that follows is read."""
    screen.composing.send()


@handles("composer.leave")
def leave(screen: MainScreen) -> None:
    """Leaves the box; the text stays as a draft."""
    screen.composing.leave()


@handles("composer.newline")
def newline(screen: MainScreen) -> None:
    """A new line, always."""
    screen.composer.insert("\n")


@handles("composer.switch_note")
def switch_note(screen: MainScreen) -> None:
    """Answer to note and back; asks when something is written."""
    screen.composer.switch_note()


@handles("composer.mend_layout")
def mend_layout(screen: MainScreen) -> None:
    """Reads the word before the caret as typed on the other layout."""
    screen.composer.mend_layout()


@handles("composer.proofread")
def proofread(screen: MainScreen) -> None:
    """Mends slips that have one right form."""
    screen.composing.proofread()


@handles("composer.quote")
def quote(screen: MainScreen) -> None:
    """Quotes the selected message, or the customer's last."""
    opened = screen.opened
    if opened is None:
        return
    selected = screen.transcript.selected
    body = (
        selected.body
        if selected is not None
        else next((m.body for m in reversed(opened.messages) if m.direction == "in"), "")
    )
    if body:
        screen.composer.insert("".join(f"> {line}\n" for line in wrap(body, 72)))


@handles("message.quote")
def quote_message(screen: MainScreen) -> None:
    """Answers with the selected message, or the customer's last, quoted."""
    reply(screen)
    quote(screen)


@handles("composer.editor")
def editor(screen: MainScreen) -> None:
    """Hands the text to the agent's own editor."""
    from csconsole.config.secrets import without_secrets
    from csconsole.terminal.editor import edit

    environment = without_secrets(os.environ, screen.desk.config)
    if screen.desk.config.ui.editor:
        environment["VISUAL"] = screen.desk.config.ui.editor
    before = screen.composer.text
    try:
        after = edit(screen.app, before, screen.session.data.root, environment)
    except CsconsoleError as error:
        screen.say(error.message, urgent=True)
        return
    if after != before:
        screen.composer.editor.replace_range(0, len(before), after)


@handles("composer.expand")
def expand(screen: MainScreen) -> None:
    """Puts in the canned reply whose shortcut stands before the caret; else moves on as Tab does."""
    found = screen.composer.shortcut()
    if found is None:
        return
    word, start, end = found
    match = by_shortcut(screen.composing.replies(), word) if word else None
    if match is not None:
        screen.composing.filling.insert([match], span=(start, end))
    else:
        pick_canned(screen, text=word, span=(start, end))


@handles("canned.pick", "composer.templates")
def pick(screen: MainScreen) -> None:
    """Opens the picker of canned replies, ranked by the customer's last words."""
    if screen.composing.conversation_id is None:
        screen.cases.with_opened(lambda opened: screen.composing.start(opened, Surface.PUBLIC))
    if screen.composing.conversation_id is not None:
        pick_canned(screen)


def pick_canned(screen: MainScreen, *, text: str = "", span: tuple[int, int] | None = None) -> None:
    """The picker of canned replies; what is chosen goes to the caret, or over ``span``."""
    opened = screen.opened
    if opened is None:
        return
    replies = screen.composing.replies()
    if not replies:
        screen.say(screen.words.t("canned.none"))
        return
    by_name = {reply.name: reply for reply in replies}
    today = canned.usage(screen.desk)
    ranked = canned.ranked(screen.desk, opened, replies)
    language = screen.words.language

    def row(one: Ranked) -> PickerItem:
        uses = today.get(one.reply.name, 0)
        remark = screen.words.t("canned.match", text=one.why) if one.why else ""
        used = screen.words.t("canned.uses", n=uses) if uses else ""
        return PickerItem(
            one.reply.name,
            one.reply.label(language),
            middle="  ".join([one.reply.name, *(f"/{s}" for s in one.reply.shortcuts[-1:])]),
            right=remark or used,
            disabled=_why_not(screen, one),
        )

    def find(typed: str) -> list[PickerItem]:
        wanted = typed or text
        if not wanted:
            return [row(one) for one in ranked]
        return [row(one) for one in canned.search(screen.desk, opened, replies, wanted).ranked]

    def preview(names: tuple[str, ...]) -> list[str]:
        parts = []
        for name in names:
            try:
                parts.append(canned.render(screen.desk, by_name[name], opened, {}).text)
            except CsconsoleError as error:
                parts.append(error.message)
        return wrap("\n".join(parts), max(20, screen.size.width - 6))

    def chosen(names: list[str], send_too: bool) -> None:
        screen.composing.filling.insert([by_name[name] for name in names], span=span, send=send_too)

    screen.picking.choose(
        screen.words.t("canned.title"),
        find,
        chosen,
        several=True,
        preview=preview,
        note=screen.words.t("canned.ranked"),
        rows=16,
        preview_rows=4,
    )


def _why_not(screen: MainScreen, one: Ranked) -> str:
    return (
        screen.words.t(f"canned.blocked.{one.blocked}", what=one.detail, when=one.detail, channel=one.detail)
        if one.blocked
        else ""
    )
