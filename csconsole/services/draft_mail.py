"""What gathers around a draft by mail before it is sent: copies and files. It is kept with the draft and survives
whatever ends the console."""

from __future__ import annotations

from pathlib import Path

import msgspec

from csconsole.domain.letter import PLAIN, Letter, read
from csconsole.errors import NotFoundError
from csconsole.services import letters
from csconsole.services.desk import Desk
from csconsole.services.replies import account_of
from csconsole.store import conversations, draft_letters
from csconsole.text.sanitize import safe_line


def letter(desk: Desk, conversation_id: int) -> Letter:
    """What is kept with this agent's draft in a conversation."""
    return read(draft_letters.load(desk.store, desk.actor.id, conversation_id))


def to_everybody(desk: Desk, conversation_id: int) -> Letter:
    """Adds copies to all who got the customer's last mail.

    Raises:
        RefusedError: it is no mail.
        NotFoundError: the conversation is gone.
    """
    return _keep(desk, conversation_id, letters.to_everybody(desk, conversation_id, letter(desk, conversation_id)))


def attach(desk: Desk, conversation_id: int, path: str) -> Letter:
    """Adds a file as it is now.

    Raises:
        UsageError: it cannot be read.
        RefusedError: the channel takes no files, or not so much.
    """
    files = letters.attach(desk, [Path(path.strip())])
    return _keep(desk, conversation_id, letter(desk, conversation_id).joined(Letter(files=files)))


def detach(desk: Desk, conversation_id: int) -> Letter:
    """Takes all files away from the draft; the files themselves stay where they are."""
    return _keep(desk, conversation_id, msgspec.structs.replace(letter(desk, conversation_id), files=()))


def set_copies(desk: Desk, conversation_id: int, text: str) -> Letter:
    """Replaces the recipients of copies by those typed.

    Raises:
        UsageError: one is no address.
        RefusedError: it is no mail.
    """
    copies = letters.addresses([text]) if text.strip() else ()
    return _keep(desk, conversation_id, msgspec.structs.replace(letter(desk, conversation_id), cc=copies))


def described(kept: Letter) -> list[str]:
    """What is kept in a few words each: recipients, then files with their sizes; nothing for a plain answer."""
    if kept == PLAIN:
        return []
    people = [f"To: {', '.join(kept.to)}"] if kept.to else []
    people += [f"Cc: {', '.join(kept.cc)}"] if kept.cc else []
    people += [f"Bcc: {', '.join(kept.bcc)}"] if kept.bcc else []
    files = [f"{one.name} ({_size(one.bytes)})" for one in kept.files]
    return [safe_line(one) for one in (*people, *files)]


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{max(1, round(count / 1e3))} kB"


def _keep(desk: Desk, conversation_id: int, kept: Letter) -> Letter:
    state = conversations.state(desk.store, conversation_id)
    if state is None:
        raise NotFoundError("This conversation is gone.")
    letters.check(account_of(desk, state.account_id), kept)
    with desk.transaction() as tx:
        draft_letters.save(tx, desk.actor.id, conversation_id, kept.write())
    return kept
