"""Replies: into the hold, pulled back, sent now, stopped when stale. The text is never lost on the way."""

from __future__ import annotations

from typing import Any

import msgspec

from csconsole.domain.events import AttachmentInfo
from csconsole.domain.letter import Letter, answered, of_item
from csconsole.domain.letter import read as read_letter
from csconsole.domain.message import AuthorKind, Delivery, Direction, Visibility
from csconsole.domain.sending import Bubble, OutboundItem, OutgoingAttachment
from csconsole.errors import NotFoundError, RefusedError, StaleError, UsageError
from csconsole.services import letters
from csconsole.services.desk import Desk
from csconsole.services.holding import pull_back as pull_back
from csconsole.services.holding import send_now as send_now
from csconsole.services.holding import text_of
from csconsole.services.outbox_acts import cancel as cancel
from csconsole.services.outbox_acts import outbox_row as outbox_row
from csconsole.services.outbox_acts import retry as retry
from csconsole.services.outbox_acts import settle as settle
from csconsole.store import accounts, conversations, draft_letters, drafts, events, messages, outbox
from csconsole.store.accounts import AccountRow
from csconsole.store.conversations import ConversationState
from csconsole.store.database import Tx
from csconsole.store.ids import new_uid, uid_text
from csconsole.store.messages import NewMessage
from csconsole.store.outbox import OutboxRow
from csconsole.sync import fold
from csconsole.sync.fence import news_since, stale_reason
from csconsole.text.sanitize import safe_text

MAX_HELD_BUBBLES = 5
"""Texts that may gather in one hold (LINE counts one push for up to five)."""


class Sending(msgspec.Struct, frozen=True):
    """A reply on its way.

    Attributes:
        outbox_uid: id of the outbox row.
        leaves_at: end of the hold, ms UTC.
        bubbles: how many texts leave together.
        customer_wrote: messages of the customer the author had not seen; a warning only.
    """

    outbox_uid: str
    leaves_at: int
    bubbles: int
    customer_wrote: int


def send_reply(
    desk: Desk,
    conversation_id: int,
    text: str,
    *,
    base_seq: int | None = None,
    base_assignee: int | None = None,
    now: bool = False,
    resolve: bool = False,
    anyway: bool = False,
    letter: Letter | None = None,
) -> Sending:
    """Puts a public reply into the outbox.

    Args:
        desk: who writes.
        conversation_id: key of the conversation.
        text: what the customer gets.
        base_seq: newest message the author had on screen; None: everything there is.
        base_assignee: whom the conversation belonged to on the author's screen.
        now: no hold; the outbox's rules stay.
        resolve: resolve the conversation once the reply is sent.
        anyway: the author has seen what is new and sends over it.
        letter: recipients and files beside it; None: those kept with the draft.

    Raises:
        StaleError: somebody answered or took the conversation since; the text is kept as a draft.
        RefusedError: the channel cannot be answered, or not like this.
        UsageError: an empty text.
        NotFoundError: the conversation is gone.
    """
    body = safe_text(text).strip("\n")
    if not body.strip():
        raise UsageError("The reply is empty.")
    state = conversations.state(desk.store, conversation_id)
    if state is None:
        raise NotFoundError("This conversation is gone.")
    account = account_of(desk, state.account_id)
    _refuse_unanswerable(account)
    if letter is None:
        letter = read_letter(draft_letters.load(desk.store, desk.actor.id, conversation_id))
    letters.check(account, letter)
    seen = state.message_seq if base_seq is None else base_seq
    hold = 0 if now else hold_ms(desk, account)
    with desk.transaction() as tx:
        # Asked inside the transaction: between a look and the write another agent's answer could slip in.
        stale = (
            ""
            if anyway
            else stale_reason(
                tx,
                conversation_id,
                seen,
                agent_id=desk.actor.id,
                expected_assignee=base_assignee,
                check_assignee=base_assignee is not None,
            )
        )
        if stale:
            drafts.give_back(tx, desk.actor.id, conversation_id, "reply", body, seen)
            draft_letters.save(tx, desk.actor.id, conversation_id, letter.write())
        else:
            news = news_since(tx, conversation_id, seen, agent_id=desk.actor.id)
            sending = _send(tx, desk, conversation_id, account, body, letter, base_seq, hold, resolve, anyway)
            returned = [text_of(row) for row in outbox.stopped(tx, conversation_id, desk.actor.id)]
            drafts.sent(tx, desk.actor.id, conversation_id, body, returned)
            draft_letters.save(tx, desk.actor.id, conversation_id, "")
    if stale:
        raise StaleError(stale)
    return msgspec.structs.replace(sending, customer_wrote=news.customer_messages)


def _send(
    tx: Tx,
    desk: Desk,
    conversation_id: int,
    account: AccountRow,
    body: str,
    letter: Letter,
    base_seq: int | None,
    hold: int,
    resolve: bool,
    anyway: bool,
) -> Sending:
    """Joins the message this agent holds here, or begins a new one."""
    state = conversations.state(tx, conversation_id)
    if state is None:
        raise NotFoundError("This conversation is gone.")
    base = state.message_seq if base_seq is None or anyway else base_seq
    row = outbox.held(tx, conversation_id, desk.actor.id)
    if row is not None and len(row.item.bubbles) < MAX_HELD_BUBBLES and row.kind == "reply":
        return _join(tx, desk, state, account, row, body, letter, max(base, row.base_seq), hold, resolve)
    return enqueue(tx, desk, state, account, body, letter, base, hold, resolve)


def account_of(desk: Desk, account_id: int) -> AccountRow:
    """The account of a conversation.

    Raises:
        NotFoundError: it is gone.
    """
    for account in accounts.all_accounts(desk.store):
        if account.id == account_id:
            return account
    raise NotFoundError("The account of this conversation is gone.")


def hold_ms(desk: Desk, account: AccountRow) -> int:
    """How long a reply waits before it leaves, in ms: the channel's, else chat or mail as configured."""
    stated = account.capabilities.get("hold")
    if isinstance(stated, int | float):
        return round(stated * 1000)
    is_chat = bool(account.capabilities.get("is_chat", True))
    ui = desk.config.ui
    return ui.chat_hold.ms if is_chat else ui.send_hold.ms


def _refuse_unanswerable(account: AccountRow) -> None:
    classes = account.capabilities.get("send_class")
    if isinstance(classes, dict) and account.capabilities and "reply" not in classes:
        raise RefusedError(f"{account.label or account.name} cannot be answered from here; write a note instead.")


def enqueue(
    tx: Tx,
    desk: Desk,
    state: ConversationState,
    account: AccountRow,
    body: str,
    letter: Letter,
    base_seq: int,
    hold: int,
    resolve: bool = False,
) -> Sending:
    """A new message of its own in the outbox."""
    item = _item(tx, desk, state, account, body, letter)
    row_id, uid = outbox.add(
        tx,
        account.id,
        state.id,
        "reply",
        item,
        state="held" if hold else "queued",
        agent_id=desk.actor.id,
        base_seq=base_seq,
        not_before=tx.now + hold,
        resolve_after=resolve,
    )
    _bubble(tx, desk, state, row_id, body, letter.files, "held" if hold else "queued")
    events.audit(tx, desk.actor.name, "conversation.reply", "conversation", state.uid, {"outbox": uid})
    return Sending(uid, tx.now + hold, 1, 0)


def _join(
    tx: Tx,
    desk: Desk,
    state: ConversationState,
    account: AccountRow,
    row: OutboxRow,
    body: str,
    letter: Letter,
    base_seq: int,
    hold: int,
    resolve: bool,
) -> Sending:
    """Adds a bubble to the message that is still held; what its author has seen by now, it has seen too."""
    uid = uid_text(new_uid())
    together = of_item(row.item).joined(letter)
    letters.check(account, together)
    item = msgspec.structs.replace(
        row.item,
        to=(*row.item.to[: answered(row.item)], *together.to),
        cc=together.cc,
        bcc=together.bcc,
        attachments=together.files,
        bubbles=(*row.item.bubbles, Bubble(uid, body)),
        extra=row.item.extra | {"base_assignee": state.assignee_id},
    )
    outbox.replace_item(tx, row.id, item, not_before=tx.now + hold)
    outbox.rebase(tx, row.id, base_seq)
    if resolve and not row.resolve_after:
        outbox.set_resolve_after(tx, row.id)
    _bubble(tx, desk, state, row.id, body, letter.files, "held")
    return Sending(row.uid, tx.now + hold, len(item.bubbles), 0)


def _bubble(
    tx: Tx,
    desk: Desk,
    state: ConversationState,
    row_id: int,
    body: str,
    files: tuple[OutgoingAttachment, ...],
    delivery: str,
) -> None:
    new = NewMessage(
        conversation_id=state.id,
        at=max(tx.now, state.last_at),
        direction=Direction.OUT,
        visibility=Visibility.PUBLIC,
        author_kind=AuthorKind.AGENT,
        author_name=desk.actor.display_name,
        agent_id=desk.actor.id,
        body_text=body,
        outbox_id=row_id,
        delivery=Delivery(delivery),
        attachments=tuple(
            AttachmentInfo(name=one.name, mime=one.mime, bytes=one.bytes, sha256=one.sha256) for one in files
        ),
    )
    n, seq = messages.insert(tx, desk.store.root, new)
    fold.fold_live(tx, state, new, seq)
    events.record(tx, state.id, "message.out", actor=desk.actor.name, message_n=n, data={"author_kind": "agent"})


def _item(tx: Tx, desk: Desk, state: ConversationState, account: AccountRow, body: str, letter: Letter) -> OutboundItem:
    """Freezes whom and what: nothing that changes later can redirect it."""
    uid = uid_text(new_uid())
    last = messages.last_incoming(tx, state.id)
    facts = last.extra if last is not None else {}
    extra: dict[str, Any] = {
        "base_assignee": state.assignee_id,
        **letters.extra_of(tx, desk, account, letter, body, last),
    }
    wanted = letters.answer_to(desk, account, state.address, facts)
    if len(wanted) > 1:
        extra["answered"] = len(wanted)
    domain = account.capabilities.get("key_domain")
    return OutboundItem(
        uid="",
        attempt=0,
        key=f"<csc.{uid}@{domain}>" if domain else uid,
        thread=state.remote_id,
        to=(*wanted, *letter.to),
        cc=letter.cc,
        bcc=letter.bcc,
        subject=letter.subject or (last.subject if last is not None else "") or state.subject,
        bubbles=(Bubble(uid, body),),
        attachments=letter.files,
        reply_to=(*facts.get("references", ()), *facts.get("message_ids", ())),
        author=desk.actor.name,
        extra=extra,
        created_at=tx.now,
    )
