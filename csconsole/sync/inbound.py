"""What each canonical event does to the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from csconsole.connectors.base import RawItem
from csconsole.domain.conversation import ACTIVE, ENDED, Status
from csconsole.domain.events import (
    ConversationEvent,
    EditEvent,
    Event,
    MessageEvent,
    ReceiptEvent,
    RedactEvent,
    ThreadRef,
)
from csconsole.domain.message import DELIVERY_RANK, AuthorKind, Delivery, Direction
from csconsole.domain.rules import Arrival, clamp_live, on_customer_message
from csconsole.store import accounts, conversations, customers, events, messages, outbox, refs, tags, timers
from csconsole.store.messages import NewMessage
from csconsole.sync import closing, fold
from csconsole.sync.identity import customer_for
from csconsole.text.sanitize import safe_line, safe_text

if TYPE_CHECKING:
    from csconsole.sync.ingest import Intake

Known = dict[tuple[str, str], int]


def apply(intake: Intake, item: RawItem, event: Event, known: Known) -> None:
    """Writes one event, once."""
    if isinstance(event, MessageEvent):
        _message(intake, item, event, known)
    elif isinstance(event, ConversationEvent):
        if _first_time(intake, event.event_id):
            _conversation(intake, event)
    elif _first_time(intake, event.event_id):
        n = refs.find(intake.tx, intake.account.id, "message", event.message_id)
        if n is None:
            return
        if isinstance(event, EditEvent):
            messages.edit(intake.tx, n, safe_text(event.body_text), event.at)
            _touch(intake, n)
        elif isinstance(event, RedactEvent):
            messages.redact(intake.tx, n, event.at)
            _touch(intake, n)
        else:
            _receipt(intake, n, event)


def _first_time(intake: Intake, event_id: str) -> bool:
    if not event_id:
        return True
    return refs.claim(intake.tx, intake.account.id, "event", event_id, 0)


def _touch(intake: Intake, n: int) -> None:
    row = intake.tx.execute("select conversation_id from message where n = ?", (n,)).fetchone()
    if row:
        intake.touched.add(int(row[0]))


# -- messages --------------------------------------------------------------------------------------------


def _message(intake: Intake, item: RawItem, event: MessageEvent, known: Known) -> None:
    tx, account = intake.tx, intake.account
    if ("message", event.remote_id) in known or refs.is_erased(tx, account.name, event.remote_id):
        intake.counts.duplicates += 1
        return
    if event.marker and _is_echo(intake, event):
        known["message", event.remote_id] = 0
        return
    if event.dedup_key:
        twin = refs.find(tx, refs.SHARED, "rfc822", event.dedup_key)
        if twin is not None:
            refs.claim(tx, account.id, "message", event.remote_id, twin)
            known["message", event.remote_id] = twin
            intake.counts.duplicates += 1
            return
    conversation_id = _conversation_for(intake, event)
    n = _store_message(intake, item, event, conversation_id)
    known["message", event.remote_id] = n
    intake.counts.new += 1


def _is_echo(intake: Intake, event: MessageEvent) -> bool:
    """Whether the message is one we sent: it then settles the send instead of appearing twice."""
    tx, account = intake.tx, intake.account
    row_id = refs.find(tx, account.id, "marker", event.marker)
    row = outbox.get(tx, row_id) if row_id is not None else None
    if row is None:
        return False
    bind_sent(tx, account.id, row.id, event.remote_id, event.message_ids)
    if row.state in {"sending", "settling", "uncertain", "queued", "failed"} and row.attempts:
        outbox.finish(tx, row.id, "sent", remote_id=event.remote_id, outcome="echo")
        closing.after_sent(tx, row.id)
    if event.dedup_key:
        first = outbox.bubbles(tx, row.id)
        if first:
            refs.claim(tx, refs.SHARED, "rfc822", event.dedup_key, first[0][0])
    return True


def bind_sent(tx: Any, account_id: int, row_id: int, remote_id: str, message_ids: tuple[str, ...]) -> None:
    """Binds the source's ids of a sent message to our row, so that receipts and answers find it."""
    sent = outbox.bubbles(tx, row_id)
    if not sent:
        return
    first = sent[0][0]
    if remote_id:
        refs.claim(tx, account_id, "message", remote_id, first)
        tx.execute("update message set remote_id = ? where n = ?", (remote_id, first))
    for message_id in message_ids:
        refs.claim(tx, refs.SHARED, "message_id", message_id, first)


def _conversation_for(intake: Intake, event: MessageEvent) -> int:
    """Finds, reopens or starts the conversation of a message."""
    tx, account = intake.tx, intake.account
    customer_id = customer_for(tx, event)
    found = find_thread(intake, event.thread, customer_id)
    if found is None:
        return _start(intake, event, customer_id)
    if event.direction != Direction.IN or intake.history:
        return found
    state = conversations.state(tx, found)
    if state is None:
        return _start(intake, event, customer_id)
    arrival = on_customer_message(
        state.status,
        ended_at=conversations.ended_at(state),
        at=event.at,
        reopen_window=intake.reopen_window,
        threaded=account.authority == "remote",
        automatic=event.automatic,
    )
    if arrival == Arrival.START_NEW:
        return _start(intake, event, customer_id)
    if arrival == Arrival.REOPEN:
        conversations.update(tx, found, status=Status.OPEN, resolved_at=None, reopens=_reopens(tx, found) + 1)
        _status_event(intake, found, state.status, Status.OPEN, event.at, "reopened")
    elif arrival == Arrival.WAKE:
        timers.clear_timer(tx, "snooze", found)
        conversations.update(tx, found, status=Status.OPEN, snoozed_until=None)
        _status_event(intake, found, state.status, Status.OPEN, event.at, "woken")
    return found


def _reopens(tx: Any, conversation_id: int) -> int:
    return int(tx.execute("select reopens from conversation where id = ?", (conversation_id,)).fetchone()[0])


def find_thread(intake: Intake, thread: ThreadRef, customer_id: int | None) -> int | None:
    """The conversation a thread reference means: ids first, then our token, then a number with the same
    customer; a chat goes on where the customer was last. Never by subject alone."""
    tx, account = intake.tx, intake.account
    if thread.remote_id:
        found = refs.find(tx, account.id, "conversation", thread.remote_id)
        if found is not None:
            return _not_hidden(tx, found)
    for message_id in thread.reply_to:
        n = refs.find(tx, refs.SHARED, "message_id", message_id)
        if n is not None:
            row = tx.execute("select conversation_id from message where n = ?", (n,)).fetchone()
            if row:
                return _not_hidden(tx, int(row[0]))
    if thread.token:
        keys = conversations.find(tx, thread.token)
        if len(keys) == 1:
            return _not_hidden(tx, keys[0])
    if thread.number is not None and customer_id is not None:
        row = tx.execute(
            "select id from conversation where account_id = ? and number = ? and customer_id = ?",
            (account.id, thread.number, customer_id),
        ).fetchone()
        if row:
            return _not_hidden(tx, int(row[0]))
    is_chat = bool(account.capabilities.get("is_chat", True))
    if is_chat and not thread.remote_id and customer_id is not None:
        return conversations.latest_of_customer(tx, account.id, customer_id)
    return None


def _not_hidden(tx: Any, conversation_id: int) -> int | None:
    """Follows a merge; a deleted conversation is none."""
    for _ in range(20):
        row = tx.execute("select merged_into, deleted_at from conversation where id = ?", (conversation_id,)).fetchone()
        if row is None or row[1] is not None:
            return None
        if row[0] is None:
            return conversation_id
        conversation_id = int(row[0])
    return None


def _start(intake: Intake, event: MessageEvent | ConversationEvent, customer_id: int) -> int:
    tx, account = intake.tx, intake.account
    at = min(event.at, tx.now)
    number = event.number if isinstance(event, ConversationEvent) else None
    quiet = intake.history or (isinstance(event, MessageEvent) and event.automatic)
    conversation_id = conversations.create(
        tx,
        account.id,
        account.channel,
        customer_id,
        created_at=at,
        status=Status.RESOLVED if quiet else Status.OPEN,
        subject=safe_line(event.subject or ""),
        number=number,
        branch=account.branch,
        remote_id=event.thread.remote_id,
        address=event.customer.value if event.customer else "",
    )
    if event.thread.remote_id:
        refs.rebind(tx, account.id, "conversation", event.thread.remote_id, conversation_id)
    events.record(tx, conversation_id, "conversation.created", at=at, history=intake.history)
    return conversation_id


def _store_message(intake: Intake, item: RawItem, event: MessageEvent, conversation_id: int) -> int:
    tx, account = intake.tx, intake.account
    received = item.received_at or event.at or tx.now
    at = min(event.at or received, tx.now) if intake.history else clamp_live(event.at or received, max(received, 1))
    new = NewMessage(
        conversation_id=conversation_id,
        at=min(at, tx.now) if not intake.history else at,
        direction=event.direction,
        visibility=event.visibility,
        author_kind=event.author_kind,
        author_name=safe_line(event.author_name),
        agent_id=_agent(intake, event.author_name) if event.author_kind == AuthorKind.AGENT else None,
        kind=safe_line(event.kind),
        surface=safe_line(event.surface),
        subject=safe_line(event.subject),
        body_text=safe_text(event.body_text),
        body_html=event.body_html,
        remote_id=event.remote_id,
        delivery=event.delivery or (Delivery.SENT if _is_reply(event) else None),
        automatic=event.automatic,
        history=intake.history,
        extra=_extra(event),
        attachments=event.attachments,
        raw=item.raw if item.kind == "rfc822" else None,
        n=_next_place(intake),
    )
    n, seq = messages.insert(tx, intake.root, new)
    refs.claim(tx, account.id, "message", event.remote_id, n)
    if event.dedup_key:
        refs.claim(tx, refs.SHARED, "rfc822", event.dedup_key, n)
    for message_id in event.message_ids:
        refs.claim(tx, refs.SHARED, "message_id", message_id, n)
    kind = (
        ("message.in" if event.direction == Direction.IN else "message.out")
        if event.visibility == "public"
        else ("note.added")
    )
    events.record(
        tx,
        conversation_id,
        kind,
        at=new.at,
        actor=new.author_name,
        message_n=n,
        history=intake.history,
        data={"author_kind": event.author_kind},
    )
    if event.direction == Direction.IN and event.customer is not None and not event.automatic:
        conversations.set_address(tx, conversation_id, event.customer.value)
    if intake.history:
        intake.touched.add(conversation_id)
    else:
        state = conversations.state(tx, conversation_id)
        if state is not None:
            fold.fold_live(tx, state, new, seq)
    return n


def _extra(event: MessageEvent) -> dict[str, Any]:
    """The facts kept with a message; for threading also its ids and those it answered, oldest first."""
    extra = dict(event.extra)
    if event.message_ids:
        extra["message_ids"] = list(event.message_ids)
        extra["references"] = list(reversed(dict.fromkeys(event.thread.reply_to)))
    return extra


def _is_reply(event: MessageEvent) -> bool:
    return event.direction == Direction.OUT and event.visibility == "public"


def _next_place(intake: Intake) -> int | None:
    if intake.next_n is None:
        return None
    place = intake.next_n
    intake.next_n += 1
    return place


def _agent(intake: Intake, name: str) -> int | None:
    """The agent behind a name at the source: by its login there, else by our own short name."""
    if not name:
        return None
    row = intake.tx.execute(
        "select agent_id from agent_ref where account_id = ? and remote_id = ?", (intake.account.id, name)
    ).fetchone()
    return int(row[0]) if row else accounts.agent_id(intake.tx, name)


# -- receipts and fields ---------------------------------------------------------------------------------


def _receipt(intake: Intake, n: int, event: ReceiptEvent) -> None:
    tx = intake.tx
    row = tx.execute("select delivery, outbox_id, conversation_id from message where n = ?", (n,)).fetchone()
    if row is None or event.delivery not in {"delivered", "read", "failed"}:
        return
    new = Delivery(event.delivery)
    old = Delivery(row[0]) if row[0] else None
    rises = DELIVERY_RANK.get(new, 0) > (DELIVERY_RANK.get(old, -1) if old else -1)
    if new != Delivery.FAILED and not rises:
        return
    reason = safe_line(event.reason)
    if row[1] is not None and new == Delivery.FAILED:
        outbox.finish(tx, row[1], "failed", reason=reason, outcome="bounced")
    elif row[1] is not None:
        tx.execute("update message set delivery = ?, rev = ? where outbox_id = ?", (new, tx.rev, row[1]))
        conversations.touch(tx, row[2])
    else:
        messages.set_delivery(tx, n, new, reason)
    events.record(
        tx, row[2], "message.receipt", at=event.at, message_n=n, data={"delivery": new}, history=intake.history
    )


def _conversation(intake: Intake, event: ConversationEvent) -> None:
    tx, account = intake.tx, intake.account
    customer_id = customers.by_identity(tx, event.customer) if event.customer else None
    found = find_thread(intake, event.thread, customer_id)
    if found is None:
        if customer_id is None and event.customer is not None:
            customer_id = customers.create(tx, safe_line(event.customer.display or event.customer.value))
            customers.add_identity(tx, customer_id, event.customer)
        if customer_id is None:
            return
        found = _start(intake, event, customer_id)
    before = conversations.state(tx, found)
    if before is None:
        return
    fields = _fields(intake, event)
    if event.number is not None and event.number != before.number:
        taken = tx.execute(
            "select 1 from conversation where account_id = ? and number = ? and id <> ?",
            (account.id, event.number, found),
        ).fetchone()
        if not taken:
            fields["number"] = event.number
    if not intake.history and fields.get("assignee_id", before.assignee_id) != before.assignee_id:
        fields["assigned_seq"] = before.message_seq
    if fields:
        conversations.update(tx, found, **fields)
    if event.status is not None:
        intake.explicit.add(found)
        _apply_status(intake, found, before.status, event)
    if "assignee_id" in fields and fields["assignee_id"] != before.assignee_id:
        events.record(
            tx,
            found,
            "assignee.changed",
            at=event.at,
            actor=event.actor,
            data={"to": event.assignee or ""},
            history=intake.history,
        )
    _apply_tags(intake, found, event)
    if event.attributes:
        conversations.set_attributes(tx, found, event.attributes)


def _fields(intake: Intake, event: ConversationEvent) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in ("subject", "raw_status", "team", "priority", "kind", "reason"):
        value = getattr(event, name)
        if value is not None:
            fields[name] = safe_line(value)
    if event.assignee is not None:
        name = safe_line(event.assignee)
        fields["assignee_id"] = (_agent(intake, name) or accounts.ensure_agent(intake.tx, name)) if name else None
    return fields


def _apply_status(intake: Intake, conversation_id: int, before: str, event: ConversationEvent) -> None:
    tx = intake.tx
    status = Status(event.status) if event.status in set(Status) else Status.OPEN
    fields: dict[str, Any] = {"status": status, "snoozed_until": None}
    until = (event.attributes or {}).get("snoozed_until")
    if status == Status.SNOOZED and isinstance(until, int):
        fields["snoozed_until"] = until
        timers.set_timer(tx, "snooze", conversation_id, until)
    if status in ENDED:
        fields |= {"resolved_at": event.at, "waiting_since": None}
    elif before in ENDED and status in ACTIVE:
        fields["resolved_at"] = None
    conversations.update(tx, conversation_id, **fields)
    if status != before:
        _status_event(intake, conversation_id, before, status, event.at, event.actor)


def _apply_tags(intake: Intake, conversation_id: int, event: ConversationEvent) -> None:
    if event.tags is not None:
        wanted = [safe_line(t) for t in event.tags]
        current = tags.names_of(intake.tx, tags.CONVERSATION, conversation_id)
        tags.change(
            intake.tx,
            tags.CONVERSATION,
            conversation_id,
            add=wanted,
            remove=[t for t in current if t not in wanted],
            by=event.actor,
        )
    if event.add_tags:
        tags.change(
            intake.tx, tags.CONVERSATION, conversation_id, add=[safe_line(t) for t in event.add_tags], by=event.actor
        )


def _status_event(intake: Intake, conversation_id: int, old: str, new: str, at: int, actor: str) -> None:
    events.record(
        intake.tx,
        conversation_id,
        "status.changed",
        at=at,
        actor=actor,
        data={"from": old, "to": new},
        history=intake.history,
    )
