"""Mails that begin a conversation: a new one to anybody, and one forwarded to somebody else.

What is forwarded gets a conversation of its own: the other person's answer never mixes with the customer's, and an
answer to the customer never goes to the other person.
"""

from __future__ import annotations

import msgspec

from csconsole.clock import to_datetime
from csconsole.domain.conversation import Status
from csconsole.domain.customer import Identity, IdentityKind
from csconsole.domain.letter import PLAIN, Letter
from csconsole.domain.message import Attachment, Message, Visibility
from csconsole.domain.sending import OutgoingAttachment
from csconsole.errors import NotFoundError, RefusedError, UsageError
from csconsole.services import letters
from csconsole.services.changes import change_assignee
from csconsole.services.desk import Desk
from csconsole.services.replies import Sending, account_of, enqueue, hold_ms
from csconsole.store import accounts, attachments, conversations, customers, draft_letters, events, messages
from csconsole.store.accounts import AccountRow
from csconsole.store.conversations import ConversationState
from csconsole.store.database import Tx
from csconsole.sync.identity import customer_of
from csconsole.text.sanitize import safe_line, safe_text

_WORDS = {
    "en": ("---------- Forwarded message ----------", "From", "Date", "Subject", "To"),
    "th": ("---------- ข้อความที่ส่งต่อ ----------", "จาก", "วันที่", "เรื่อง", "ถึง"),
}


class Begun(msgspec.Struct, frozen=True):
    """A mail on its way that began a conversation."""

    conversation_id: int
    sending: Sending


def write(
    desk: Desk,
    account: str,
    to: str,
    subject: str,
    text: str,
    *,
    letter: Letter = PLAIN,
    now: bool = False,
) -> Begun:
    """Writes to somebody who has not written: begins a conversation, assigned to who wrote.

    Args:
        desk: who writes.
        account: name of the mail account it leaves by.
        to: the recipient, with or without a name; further ones in ``letter``.
        subject: its subject.
        text: its text.
        letter: copies and files.
        now: no hold.

    Raises:
        NotFoundError: no such account, or it has never been synced.
        UsageError: no text, no subject, or the recipient is no address.
        RefusedError: the account cannot send it.
    """
    row = mail_account(desk, account)
    body, title = safe_text(text).strip("\n"), safe_line(subject).strip()
    if not body.strip():
        raise UsageError("The mail is empty.")
    if not title:
        raise UsageError("The mail needs a subject.")
    return _begin(desk, row, to, body, msgspec.structs.replace(letter, subject=title), now=now)


def forward(
    desk: Desk,
    conversation_id: int,
    to: str,
    text: str = "",
    *,
    message: str = "",
    letter: Letter = PLAIN,
    now: bool = False,
) -> Begun:
    """Forwards a message of a conversation to somebody else, with its files.

    Files that were fetched go along as they are; where some were not, the whole original goes along as ``.eml``.

    Args:
        desk: who forwards.
        conversation_id: key of the conversation.
        to: the recipient.
        text: words above it, "" for none.
        message: id of the message; "": the customer's last one.
        letter: copies and further files.
        now: no hold.

    Raises:
        NotFoundError: no such conversation or message.
        RefusedError: the conversation is no mail.
        UsageError: the recipient is no address.
    """
    account, original, whole = _forwarded(desk, conversation_id, message, letter, text)
    language = "th" if letters.is_thai(text or original.body) else "en"
    body = safe_text(text).strip("\n") or {"th": "ส่งต่อข้อความด้านล่าง", "en": "Please see the message below."}[language]
    begun = _begin(desk, account, to, body, whole, now=now)
    _note_forwarded(desk, conversation_id, original, to, begun.conversation_id)
    return begun


def draft(desk: Desk, account: AccountRow, to: str, letter: Letter) -> int:
    """Begins a conversation with somebody who has not written, and keeps ``letter`` for its first mail, whose text is
    still to come; returns its key.

    Raises:
        UsageError: the recipient is no address.
        RefusedError: the account cannot send it.
    """
    first, letter = _addressed(account, to, letter)
    with desk.transaction() as tx:
        state = _conversation(tx, desk, account, first, letter.subject)
        change_assignee(tx, state, desk.actor.id, actor=desk.actor.name)
        draft_letters.save(tx, desk.actor.id, state.id, letter.write())
    return state.id


def draft_forward(desk: Desk, conversation_id: int, to: str, *, message: str = "") -> int:
    """The same for a message forwarded from a conversation.

    Raises:
        NotFoundError: no such conversation or message.
        RefusedError: the conversation is no mail.
        UsageError: the recipient is no address.
    """
    account, original, whole = _forwarded(desk, conversation_id, message, PLAIN, "")
    begun = draft(desk, account, to, whole)
    _note_forwarded(desk, conversation_id, original, to, begun)
    return begun


def _forwarded(
    desk: Desk, conversation_id: int, message: str, letter: Letter, text: str
) -> tuple[AccountRow, Message, Letter]:
    """The account, the original, and the letter that carries it."""
    state = conversations.state(desk.store, conversation_id)
    if state is None:
        raise NotFoundError("This conversation is gone.")
    account = account_of(desk, state.account_id)
    if not letters.is_mail(account):
        raise RefusedError("Only mail can be forwarded.")
    original = _original(desk, conversation_id, message)
    facts = messages.facts(desk.store, original.n)
    language = "th" if letters.is_thai(text or original.body) else "en"
    whole = msgspec.structs.replace(
        letter,
        subject=f"Fwd: {facts.subject or state.subject}".strip(),
        forwarded=_in_words(desk, original, facts, language),
        files=(*letter.files, *_files(desk, original, facts.subject)),
    )
    return account, original, whole


def _note_forwarded(desk: Desk, conversation_id: int, original: Message, to: str, begun: int) -> None:
    with desk.transaction() as tx:
        data = {"to": to, "conversation": _uid(tx, begun)}
        events.record(tx, conversation_id, "message.forwarded", actor=desk.actor.name, message_n=original.n, data=data)
        state = conversations.state(tx, conversation_id)
        events.audit(tx, desk.actor.name, "message.forward", "conversation", state.uid if state else None, {})


def mail_account(desk: Desk, name: str) -> AccountRow:
    """A mail account by name.

    Raises:
        NotFoundError: there is none, or it has never been synced.
        RefusedError: it is no mail account.
    """
    row = accounts.account_by_name(desk.store, name)
    if row is None:
        raise NotFoundError(f'There is no account "{safe_line(name)}" here; run csconsole sync --once first.')
    if not letters.is_mail(row):
        raise RefusedError(f'"{safe_line(name)}" is no mail account.')
    return row


def _begin(desk: Desk, account: AccountRow, to: str, body: str, letter: Letter, *, now: bool) -> Begun:
    first, letter = _addressed(account, to, letter)
    hold = 0 if now else hold_ms(desk, account)
    with desk.transaction() as tx:
        state = _conversation(tx, desk, account, first, letter.subject)
        sending = enqueue(tx, desk, state, account, body, letter, state.message_seq, hold)
        created = conversations.state(tx, state.id)
        if created is not None:
            change_assignee(tx, created, desk.actor.id, actor=desk.actor.name)
    return Begun(state.id, sending)


def _addressed(account: AccountRow, to: str, letter: Letter) -> tuple[str, Letter]:
    """The first recipient, who is the customer, and the letter with the others."""
    first, *others = letters.addresses([to]) or ("",)
    if not first:
        raise UsageError("Name a recipient.")
    letter = msgspec.structs.replace(letter, to=(*others, *letter.to))
    letters.check(account, letter)
    return first, letter


def _conversation(tx: Tx, desk: Desk, account: AccountRow, recipient: str, subject: str) -> ConversationState:
    address = letters.bare(recipient)
    customer_id = customer_of(tx, Identity(IdentityKind.EMAIL, "global", address, display=address), at=tx.now)
    name = safe_line(recipient.rpartition("<")[0]).strip(' "')
    if name and customers.name_of(tx, customer_id) in ("", address):
        customers.update(tx, customer_id, name=name)
    conversation_id = conversations.create(
        tx,
        account.id,
        account.channel,
        customer_id,
        created_at=tx.now,
        status=Status.OPEN,
        subject=subject,
        branch=account.branch,
        address=address,
    )
    events.record(tx, conversation_id, "conversation.created", actor=desk.actor.name)
    state = conversations.state(tx, conversation_id)
    assert state is not None, "it was created in this transaction"
    return state


# -- the original ----------------------------------------------------------------------------------------


def _original(desk: Desk, conversation_id: int, uid: str) -> Message:
    if uid:
        found = messages.by_uid(desk.store, uid)
        if found is None or found.conversation_id != conversation_id:
            raise NotFoundError(f'There is no message "{safe_line(uid)}" in this conversation.')
        return found
    page = [one for one in messages.page(desk.store, conversation_id) if one.visibility == Visibility.PUBLIC]
    incoming = [one for one in page if one.direction == "in"] or page
    if not incoming:
        raise NotFoundError("This conversation has no message to forward.")
    return incoming[-1]


def _in_words(desk: Desk, original: Message, facts: messages.Facts, language: str) -> str:
    separator, author, date, subject, to = _WORDS[language]
    moment = to_datetime(original.at).astimezone(letters.zone(desk)).strftime("%Y-%m-%d %H:%M")
    head = [
        separator,
        f"{author}: {', '.join(facts.extra.get('from', ())) or original.author_name}",
        f"{date}: {moment}",
        f"{subject}: {facts.subject}",
        f"{to}: {', '.join(facts.extra.get('to', ()))}",
    ]
    return "\n".join([*head, "", letters.clip(original.body)])


def _files(desk: Desk, original: Message, subject: str) -> tuple[OutgoingAttachment, ...]:
    found: list[OutgoingAttachment] = []
    missing: list[Attachment] = []
    for one in original.attachments:
        row = attachments.attachment(desk.store, one.uid)
        if row is not None and row[4]:
            found.append(OutgoingAttachment(row[4], row[1], row[2], one.bytes))
        else:
            missing.append(one)
    raw, _ = messages.source(desk.store, original.n)
    if missing and raw:
        found.append(letters.store_file(desk, f"{subject[:60] or 'mail'}.eml", raw))
    return tuple(found)


def _uid(tx: Tx, conversation_id: int) -> str:
    from csconsole.store.ids import uid_text

    state = conversations.state(tx, conversation_id)
    return uid_text(state.uid) if state is not None else ""
