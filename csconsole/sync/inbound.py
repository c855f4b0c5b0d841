"""What each canonical event does to the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from csconsole.clock import SECOND
from csconsole.connectors.base import RawItem
from csconsole.domain.events import ConversationEvent, EditEvent, Event, MessageEvent, ReceiptEvent, RedactEvent
from csconsole.domain.message import DELIVERY_RANK, AuthorKind, Delivery, Direction, Visibility
from csconsole.domain.rules import clamp_live
from csconsole.errors import PayloadError
from csconsole.store import accounts, conversations, events, messages, outbox, refs
from csconsole.store.database import Tx
from csconsole.store.messages import NewMessage, Standing
from csconsole.sync import closing, fold
from csconsole.sync.facts import safe_facts
from csconsole.sync.stated import apply_fields
from csconsole.sync.threads import conversation_for
from csconsole.text.sanitize import safe_line, safe_text

if TYPE_CHECKING:
    from csconsole.sync.ingest import Intake

Known = dict[tuple[str, str], int]

_WORDS = (
    ("direction", frozenset(map(str, Direction))),
    ("visibility", frozenset(map(str, Visibility))),
    ("author_kind", frozenset(map(str, AuthorKind))),
)
_DELIVERIES = frozenset(map(str, Delivery))


def apply(intake: Intake, item: RawItem, event: Event, known: Known) -> None:
    """Writes one event, once.

    Raises:
        PayloadError: it says something this program has no word for.
    """
    if isinstance(event, MessageEvent):
        _message(intake, item, event, known)
        return
    tx, account_id = intake.tx, intake.account.id
    if event.event_id and refs.find(tx, account_id, "event", event.event_id) is not None:
        return
    at = _past(intake, event.at)
    done = apply_fields(intake, event, at) if isinstance(event, ConversationEvent) else _about(intake, event, at)
    if done and event.event_id:
        refs.claim(tx, account_id, "event", event.event_id, 0)


def _past(intake: Intake, at: int) -> int:
    """An instant a source stated, not ahead of ours."""
    return min(max(at, 0), intake.tx.now)


def _about(intake: Intake, event: EditEvent | RedactEvent | ReceiptEvent, at: int) -> bool:
    """An event about a message; False when we do not have it, so that it counts when it comes again."""
    tx, account_id = intake.tx, intake.account.id
    n = refs.find(tx, account_id, "message", event.message_id)
    if n is None and isinstance(event, ReceiptEvent):
        # A bounced mail is known to its report only by its Message-ID.
        n = refs.find(tx, refs.SHARED, "message_id", event.message_id)
    standing = messages.standing(tx, n) if n is not None else None
    if n is None or standing is None:
        if isinstance(event, RedactEvent):
            # What was taken back before we saw it must not appear when it comes after all.
            refs.claim(tx, account_id, "unsent", event.message_id, at)
        return False
    if isinstance(event, ReceiptEvent):
        _receipt(intake, n, standing, event, at)
    elif isinstance(event, EditEvent):
        messages.edit(tx, n, safe_text(event.body_text), at)
        intake.touched.add(standing.conversation_id)
    else:
        messages.redact(tx, n, at)
        intake.touched.add(standing.conversation_id)
    return True


# -- messages --------------------------------------------------------------------------------------------


def _message(intake: Intake, item: RawItem, event: MessageEvent, known: Known) -> None:
    tx, account = intake.tx, intake.account
    if ("message", event.remote_id) in known or refs.is_erased(tx, account.name, event.remote_id):
        intake.counts.duplicates += 1
        return
    for name, words in _WORDS:
        if getattr(event, name) not in words:
            raise PayloadError(f"Its {name} is one this program does not know.")
    if event.marker and _is_echo(intake, event):
        known["message", event.remote_id] = 0
        intake.counts.duplicates += 1
        return
    if event.dedup_key:
        twin = refs.find(tx, refs.SHARED, "rfc822", event.dedup_key)
        if twin is not None:
            refs.claim(tx, account.id, "message", event.remote_id, twin)
            known["message", event.remote_id] = twin
            intake.counts.duplicates += 1
            return
    at = _instant(intake, item, event)
    conversation_id = conversation_for(intake, event, at)
    at = _behind_its_second(intake, conversation_id, at)
    n = _store_message(intake, item, event, conversation_id, at)
    if ("unsent", event.remote_id) in known:
        messages.redact(tx, n, tx.now)
        intake.touched.add(conversation_id)
    known["message", event.remote_id] = n
    intake.counts.new += 1


def _instant(intake: Intake, item: RawItem, event: MessageEvent) -> int:
    """The instant by which a message is ordered: the source's, never ahead of ours."""
    received = max(item.received_at or event.at, 0) or intake.tx.now
    at = event.at or received
    return _past(intake, at if intake.history else clamp_live(at, received))


def _behind_its_second(intake: Intake, conversation_id: int, at: int) -> int:
    """Places live news from a source that counts whole seconds (IMAP, RFC 3501 section 2.3.3) behind what the
    conversation already holds of that second: a bounce would else stand above the answer it is about."""
    if intake.history or at % SECOND:
        return at
    state = conversations.state(intake.tx, conversation_id)
    return state.last_at if state is not None and at < state.last_at < at + SECOND else at


_SETTLED_BY_ECHO = frozenset({"sending", "settling", "uncertain", "queued", "failed", "stopped", "cancelled"})


def _is_echo(intake: Intake, event: MessageEvent) -> bool:
    """Whether the message is one we sent: it then settles the send instead of appearing twice."""
    tx, account = intake.tx, intake.account
    row_id = refs.find(tx, account.id, "marker", event.marker)
    row = outbox.get(tx, row_id) if row_id is not None else None
    if row is None:
        return False
    bind_sent(tx, account.id, row.id, event.remote_id, event.message_ids)
    if row.state in _SETTLED_BY_ECHO and row.attempts and not outbox.has_bounced(tx, row.id):
        outbox.finish(tx, row.id, "sent", remote_id=event.remote_id, outcome="echo")
        closing.after_sent(tx, row.id)
        intake.touched.add(row.conversation_id)
    if event.dedup_key:
        first = outbox.bubbles(tx, row.id)
        if first:
            refs.claim(tx, refs.SHARED, "rfc822", event.dedup_key, first[0][0])
    return True


def bind_sent(tx: Tx, account_id: int, row_id: int, remote_id: str, message_ids: tuple[str, ...]) -> None:
    """Binds the source's ids of a sent message to our row, so that receipts and answers find it."""
    sent = outbox.bubbles(tx, row_id)
    if not sent:
        return
    first = sent[0][0]
    if remote_id:
        refs.claim(tx, account_id, "message", remote_id, first)
        messages.set_remote_id(tx, first, remote_id)
    for message_id in message_ids:
        refs.claim(tx, refs.SHARED, "message_id", message_id, first)


def _store_message(intake: Intake, item: RawItem, event: MessageEvent, conversation_id: int, at: int) -> int:
    tx, account = intake.tx, intake.account
    is_agent = event.author_kind == AuthorKind.AGENT
    new = NewMessage(
        conversation_id=conversation_id,
        at=at,
        direction=event.direction,
        visibility=event.visibility,
        author_kind=event.author_kind,
        author_name=safe_line(event.author_name),
        agent_id=accounts.agent_at(tx, account.id, safe_line(event.author_name)) if is_agent else None,
        kind=safe_line(event.kind),
        surface=safe_line(event.surface),
        subject=safe_line(event.subject),
        body_text=safe_text(event.body_text),
        body_html=event.body_html,
        remote_id=event.remote_id,
        delivery=_delivery(event),
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
    events.record(
        tx,
        conversation_id,
        f"message.{event.direction}" if event.visibility == Visibility.PUBLIC else "note.added",
        at=at,
        actor=new.author_name,
        message_n=n,
        history=intake.history,
        data={"author_kind": event.author_kind},
    )
    if intake.history:
        intake.touched.add(conversation_id)
    else:
        state = conversations.state(tx, conversation_id)
        if state is not None:
            fold.fold_live(tx, state, new, seq)
    return n


def _delivery(event: MessageEvent) -> str | None:
    """What is known of a message's delivery; only what we show the customer has one."""
    if event.visibility != Visibility.PUBLIC or event.direction != Direction.OUT:
        return None
    return event.delivery if event.delivery in _DELIVERIES else Delivery.SENT


def _extra(event: MessageEvent) -> dict[str, Any]:
    """The facts kept with a message; for threading also its ids and those it answered, oldest first."""
    extra = safe_facts(event.extra)
    if event.message_ids:
        extra["message_ids"] = list(event.message_ids)
        extra["references"] = list(reversed(dict.fromkeys(event.thread.reply_to)))
    return extra


def _next_place(intake: Intake) -> int | None:
    if intake.next_n is None:
        return None
    place = intake.next_n
    intake.next_n += 1
    return place


# -- receipts --------------------------------------------------------------------------------------------


def _receipt(intake: Intake, n: int, standing: Standing, event: ReceiptEvent, at: int) -> None:
    """A delivery only rises; ``failed`` is a bounce and stays, unless the customer has read it after all."""
    tx = intake.tx
    if event.delivery not in {"delivered", "read", "failed"}:
        return
    new = Delivery(event.delivery)
    old = Delivery(standing.delivery) if standing.delivery in _DELIVERIES else None
    if new == Delivery.FAILED:
        news = old not in {Delivery.FAILED, Delivery.READ}
    elif old == Delivery.FAILED:
        news = new == Delivery.READ
    else:
        news = DELIVERY_RANK[new] > (DELIVERY_RANK.get(old, -1) if old else -1)
    if not news:
        return
    reason = safe_line(event.reason)
    if standing.outbox_id is not None:
        _settle_row(tx, standing.outbox_id, new, reason)
    if standing.outbox_id is None or new != Delivery.FAILED:
        messages.set_delivery(tx, n, new, reason)
    if Delivery.FAILED in (new, old):
        intake.touched.add(standing.conversation_id)
    events.record(
        tx,
        standing.conversation_id,
        "message.receipt",
        at=at,
        message_n=n,
        data={"delivery": new},
        history=intake.history,
    )


def _settle_row(tx: Tx, row_id: int, new: Delivery, reason: str) -> None:
    """What a receipt proves of the send behind a message: it bounced, or it has arrived."""
    row = outbox.get(tx, row_id)
    if row is None:
        return
    if new == Delivery.FAILED:
        outbox.finish(tx, row_id, "failed", reason=reason, outcome="bounced")
    elif row.state != "sent" and row.attempts:
        outbox.finish(tx, row_id, "sent", outcome="receipt")
        closing.after_sent(tx, row_id)
