"""Rows of the lists beside the queue: search hits, outbox, drafts, quarantine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from csconsole.domain.dates import clock_time, local
from csconsole.store import customers, drafts, outbox, quarantine
from csconsole.store.search import Hit

if TYPE_CHECKING:
    from csconsole.screens.main import MainScreen


@dataclass(frozen=True, slots=True)
class SideRow:
    """One row.

    Attributes:
        id: unique in its list.
        conversation_id: what Enter opens, None for nothing.
        left: a short first column (time).
        name: a second column (whose).
        text: the rest.
        urgent: whether somebody must look.
        act: what else can be done: ``outbox`` or ``quarantine``, with ``ref``.
        ref: id for the act.
        message_uid: the message the row is about, "" for none.
    """

    id: str
    conversation_id: int | None
    left: str
    name: str
    text: str
    urgent: bool = False
    act: str = ""
    ref: str = ""
    message_uid: str = ""


def _when(screen: MainScreen, at: int) -> str:
    """Time of today, else day and month: what a narrow column holds."""
    zone = screen.desk.config.agent.timezone
    when = local(at, zone)
    today = local(screen.desk.clock.now(), zone).date()
    return clock_time(at, zone) if when.date() == today else f"{when.day}/{when.month}"


def of_hits(hits: list[Hit], screen: MainScreen) -> list[SideRow]:
    """Messages found."""
    return [
        SideRow(
            hit.message_uid,
            hit.conversation_id,
            _when(screen, hit.at),
            f"{hit.customer} #{hit.number}",
            hit.snippet,
            message_uid=hit.message_uid,
        )
        for hit in hits
    ]


def of_outbox(screen: MainScreen, *, states: tuple[str, ...] = ()) -> list[SideRow]:
    """Sends; without states those that have not ended well."""
    wanted = states or ("held", "queued", "sending", "settling", "failed", "stopped", "uncertain")
    return [
        SideRow(
            row.uid,
            row.conversation_id,
            _when(screen, row.created_at),
            f"{screen.words.t(f'delivery.{row.state}')} {row.account}#{row.number}",
            (f"{row.reason} " if row.reason else "") + " / ".join(bubble.text for bubble in row.item.bubbles),
            urgent=row.state in ("failed", "stopped", "uncertain"),
            act="outbox",
            ref=row.uid,
        )
        for row in outbox.listing(screen.desk.store, states=wanted)
    ]


def of_drafts(screen: MainScreen) -> list[SideRow]:
    """Texts this agent has begun."""
    rows = []
    for key, kind in drafts.listing(screen.desk.store, screen.desk.actor.id):
        draft = drafts.load(screen.desk.store, screen.desk.actor.id, key, kind)
        row = screen.targets.row(key)
        if draft is None or row is None:
            continue
        name = screen.names.customer(row)
        rows.append(SideRow(f"{key}-{kind}", key, _when(screen, draft.updated_at), name, draft.body))
    return rows


def of_customer(screen: MainScreen, customer_id: int) -> list[SideRow]:
    """A customer's conversations, newest first."""
    customer = customers.load(screen.desk.store, customer_id)
    return [
        SideRow(
            past.uid,
            past.id,
            _when(screen, past.last_at),
            f"{screen.names.channel(past.channel)} {screen.names.account(past.account)} #{past.number}",
            " · ".join(part for part in (screen.words.t(f"status.{past.status}"), past.subject) if part),
        )
        for past in (customer.conversations if customer is not None else ())
    ]


def of_quarantine(screen: MainScreen) -> list[SideRow]:
    """Items that could not be read."""
    return [
        SideRow(
            row.uid,
            None,
            _when(screen, row.quarantined_at),
            row.account,
            f"{row.reason}  ({row.kind} {row.remote_id})",
            urgent=True,
            act="quarantine",
            ref=row.uid,
        )
        for row in quarantine.listing(screen.desk.store)
    ]
