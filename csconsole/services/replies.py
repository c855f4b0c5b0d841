"""Replies: into the hold, pulled back, sent now, stopped when stale. The text is never lost on the way."""

from __future__ import annotations

from typing import Any

import msgspec

from csconsole.domain.message import AuthorKind, Delivery, Direction, Visibility
from csconsole.domain.sending import Bubble, OutboundItem
from csconsole.errors import NotFoundError, RefusedError, StaleError, UsageError
from csconsole.services.desk import Desk
from csconsole.store import accounts, conversations, drafts, events, messages, outbox
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

    Raises:
        StaleError: somebody answered or took the conversation since; the text is kept as a draft.
        RefusedError: the channel cannot be answered.
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
    seen = state.message_seq if base_seq is None else base_seq
    stale = (
        ""
        if anyway
        else stale_reason(
            desk.store,
            conversation_id,
            seen,
            agent_id=desk.actor.id,
            expected_assignee=base_assignee,
            check_assignee=base_assignee is not None,
        )
    )
    if stale:
        with desk.transaction() as tx:
            drafts.save(tx, desk.actor.id, conversation_id, "reply", body, seen)
        raise StaleError(stale)
    news = news_since(desk.store, conversation_id, seen, agent_id=desk.actor.id)
    hold = 0 if now else hold_ms(desk, account)
    with desk.transaction() as tx:
        current = conversations.state(tx, conversation_id)
        if current is None:
            raise NotFoundError("This conversation is gone.")
        base = current.message_seq if base_seq is None or anyway else base_seq
        row = outbox.held(tx, conversation_id, desk.actor.id)
        if row is not None and len(row.item.bubbles) < MAX_HELD_BUBBLES and row.kind == "reply":
            sending = _join(tx, desk, current, row, body, hold, resolve)
        else:
            sending = _enqueue(tx, desk, current, account, body, base, hold, resolve)
        drafts.save(tx, desk.actor.id, conversation_id, "reply", "", 0)
    return msgspec.structs.replace(sending, customer_wrote=news.customer_messages)


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


def _enqueue(
    tx: Tx,
    desk: Desk,
    state: ConversationState,
    account: AccountRow,
    body: str,
    base_seq: int,
    hold: int,
    resolve: bool,
) -> Sending:
    item = _item(tx, desk, state, account, body)
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
    _bubble(tx, desk, state, row_id, body, "held" if hold else "queued")
    events.audit(tx, desk.actor.name, "conversation.reply", "conversation", state.uid, {"outbox": uid})
    return Sending(uid, tx.now + hold, 1, 0)


def _join(tx: Tx, desk: Desk, state: ConversationState, row: OutboxRow, body: str, hold: int, resolve: bool) -> Sending:
    """Adds a bubble to the message that is still held."""
    uid = uid_text(new_uid())
    item = msgspec.structs.replace(row.item, bubbles=(*row.item.bubbles, Bubble(uid, body)))
    outbox.replace_item(tx, row.id, item, not_before=tx.now + hold)
    if resolve and not row.resolve_after:
        outbox.set_resolve_after(tx, row.id)
    _bubble(tx, desk, state, row.id, body, "held")
    return Sending(row.uid, tx.now + hold, len(item.bubbles), 0)


def _bubble(tx: Tx, desk: Desk, state: ConversationState, row_id: int, body: str, delivery: str) -> None:
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
    )
    n, seq = messages.insert(tx, desk.store.root, new)
    fold.fold_live(tx, state, new, seq)
    events.record(tx, state.id, "message.out", actor=desk.actor.name, message_n=n, data={"author_kind": "agent"})


def _item(tx: Tx, desk: Desk, state: ConversationState, account: AccountRow, body: str) -> OutboundItem:
    """Freezes whom and what: nothing that changes later can redirect it."""
    uid = uid_text(new_uid())
    last = messages.last_incoming(tx, state.id)
    extra: dict[str, Any] = {"base_assignee": state.assignee_id}
    facts = last.extra if last is not None else {}
    alias = _alias(desk, account, facts)
    if alias:
        extra["from"] = alias
    domain = account.capabilities.get("key_domain")
    return OutboundItem(
        uid="",
        attempt=0,
        key=f"<csc.{uid}@{domain}>" if domain else uid,
        thread=state.remote_id,
        to=(state.address,) if state.address else (),
        subject=(last.subject if last is not None else "") or state.subject,
        bubbles=(Bubble(uid, body),),
        reply_to=(*facts.get("references", ()), *facts.get("message_ids", ())),
        author=desk.actor.name,
        extra=extra,
        created_at=tx.now,
    )


def _alias(desk: Desk, account: AccountRow, facts: dict[str, Any]) -> str:
    """The address of ours the customer wrote to, when it is an alias of the account: we answer from it."""
    config = desk.config.account(account.name)
    aliases = config.settings.get("aliases", []) if config else []
    written_to = " ".join([*facts.get("delivered_to", ()), *facts.get("to", ())]).lower()
    return next((a for a in aliases if isinstance(a, str) and a.lower() in written_to), "")


# -- holding ---------------------------------------------------------------------------------------------


def pull_back(desk: Desk, conversation_id: int) -> str:
    """Pulls the message held in a conversation back into the draft; returns its text.

    Raises:
        RefusedError: nothing is held, or it is already on its way.
    """
    row = outbox.held(desk.store, conversation_id, desk.actor.id)
    if row is None:
        raise RefusedError("Nothing is held in this conversation.")
    return _cancel(desk, row)


def _cancel(desk: Desk, row: OutboxRow) -> str:
    text = "\n\n".join(b.text for b in row.item.bubbles)
    with desk.transaction() as tx:
        if not outbox.cancel(tx, row.id):
            raise RefusedError("It is already on its way.")
        drafts.give_back(tx, row.agent_id or desk.actor.id, row.conversation_id, "reply", text, row.base_seq)
        fold.refold(tx, row.conversation_id)
        events.record(tx, row.conversation_id, "message.cancelled", actor=desk.actor.name)
    return text


def send_now(desk: Desk, conversation_id: int) -> None:
    """Ends the hold of the message held in a conversation.

    Raises:
        RefusedError: nothing is held.
    """
    row = outbox.held(desk.store, conversation_id, desk.actor.id)
    with desk.transaction() as tx:
        if row is None or not outbox.release(tx, row.id):
            raise RefusedError("Nothing is held in this conversation.")


# -- the outbox by hand ----------------------------------------------------------------------------------


def outbox_row(desk: Desk, uid: str) -> OutboxRow:
    """A row of the outbox by id, or by the start of one that is unique.

    Raises:
        NotFoundError: there is none.
    """
    row = outbox.by_uid(desk.store, uid)
    if row is None and len(uid) >= 4:
        found = [r for r in outbox.listing(desk.store) if r.uid.startswith(uid) or r.uid.endswith(uid)]
        row = found[0] if len(found) == 1 else None
    if row is None:
        raise NotFoundError(f'There is no message "{uid}" in the outbox; see csconsole outbox.')
    return row


def cancel(desk: Desk, uid: str) -> str:
    """Pulls a waiting message back, or puts a failed, stopped or uncertain one aside; returns its text.

    Raises:
        RefusedError: it is on its way or has been sent.
    """
    row = outbox_row(desk, uid)
    if row.state in outbox.WAITING:
        return _cancel(desk, row)
    if row.state not in {"failed", "stopped"}:
        raise RefusedError(_why_not(row))
    text = "\n\n".join(b.text for b in row.item.bubbles)
    with desk.transaction() as tx:
        outbox.dismiss(tx, row.id)
        drafts.give_back(tx, row.agent_id or desk.actor.id, row.conversation_id, "reply", text, row.base_seq)
        fold.refold(tx, row.conversation_id)
    return text


def retry(desk: Desk, uid: str) -> None:
    """Sends a failed or stopped message again: a person decided.

    Raises:
        RefusedError: it is not failed or stopped; an uncertain one must be settled first.
    """
    row = outbox_row(desk, uid)
    if row.state not in {"failed", "stopped"}:
        raise RefusedError(_why_not(row))
    state = conversations.state(desk.store, row.conversation_id)
    with desk.transaction() as tx:
        outbox.rebase(tx, row.id, state.message_seq if state else row.base_seq)
        outbox.finish(tx, row.id, "queued", not_before=tx.now, outcome="retry")
        fold.refold(tx, row.conversation_id)


def settle(desk: Desk, uid: str, sent: bool) -> None:
    """A person has looked and says whether an uncertain message arrived.

    Raises:
        RefusedError: it is not uncertain.
    """
    row = outbox_row(desk, uid)
    if row.state not in {"uncertain", "settling"}:
        raise RefusedError(_why_not(row))
    with desk.transaction() as tx:
        if sent:
            outbox.finish(tx, row.id, "sent", reason="", outcome="settled")
        else:
            outbox.finish(tx, row.id, "failed", reason="A person found that it did not arrive.", outcome="settled")
            fold.refold(tx, row.conversation_id)
        events.audit(tx, desk.actor.name, "outbox.settle", "outbox", None, {"outbox": row.uid, "sent": sent})


def _why_not(row: OutboxRow) -> str:
    words = {
        "sent": "It has been sent.",
        "delivered": "It has been delivered.",
        "read": "The customer has read it.",
        "sending": "It is on its way.",
        "settling": "Whether it arrived is being looked up; wait a minute.",
        "uncertain": "Whether it arrived is not known; look, then say: csconsole outbox settle ID sent|unsent.",
        "cancelled": "It was pulled back.",
        "failed": "It failed; send it again with csconsole outbox retry ID.",
        "stopped": "It was stopped; send it again with csconsole outbox retry ID.",
    }
    return words.get(row.state, f"It is {row.state}.")
