"""The outbox: every effect on the outside is a row first. States are design section 5.3's.

A row holds one or several bubbles; each is a message row that carries the row's state. Claim and undo are
compare-and-set on ``held, queued``: one of them wins.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import msgspec

from csconsole.domain.message import Delivery
from csconsole.domain.sending import OutboundItem
from csconsole.store.database import Store, Tx
from csconsole.store.ids import new_uid, uid_bytes, uid_text

WAITING = ("held", "queued")
BLOCKING = ("held", "queued", "sending", "settling")
"""States in which a row keeps later rows of its conversation waiting (first in, first out)."""


class OutboxRow(msgspec.Struct, frozen=True):
    """One send. Instants in ms UTC."""

    id: int
    uid: str
    account_id: int
    account: str
    conversation_id: int
    conversation_uid: str
    number: int
    kind: str
    state: str
    phase: str
    attempts: int
    key: str
    item: OutboundItem
    agent_id: int | None
    base_seq: int
    resolve_after: bool
    not_before: int
    created_at: int
    claimed_at: int | None
    settle_tries: int
    reason: str
    follow_up_tries: int


_SELECT = (
    "select o.id, o.uid, o.account_id, a.name, o.conversation_id, c.uid, c.number, o.kind, o.state, o.phase,"
    " o.attempts, o.key, o.payload, o.agent_id, o.base_seq, o.resolve_after, o.not_before, o.created_at,"
    " o.claimed_at, o.settle_tries, o.reason, o.follow_up_tries from outbox o join account a on a.id = o.account_id"
    " join conversation c on c.id = o.conversation_id"
)


def _row(v: tuple[object, ...]) -> OutboxRow:
    item = msgspec.json.decode(str(v[12]), type=OutboundItem)
    values = list(v)
    values[1] = uid_text(v[1])  # type: ignore[arg-type]  # driver rows are untyped
    values[5] = uid_text(v[5])  # type: ignore[arg-type]  # driver rows are untyped
    values[12] = item
    values[15] = bool(v[15])
    return OutboxRow(*values)  # type: ignore[arg-type]  # columns in the struct's order


def _fetch(source: Store | Tx, where: str, args: tuple[object, ...]) -> list[OutboxRow]:
    return [_row(v) for v in source.read(f"{_SELECT} {where}", args)]


def add(
    tx: Tx,
    account_id: int,
    conversation_id: int,
    kind: str,
    item: OutboundItem,
    *,
    state: str,
    agent_id: int | None,
    base_seq: int,
    not_before: int,
    resolve_after: bool = False,
) -> tuple[int, str]:
    """A new row with its frozen payload; returns its key and id. ``item.uid`` is filled in."""
    uid = new_uid()
    frozen = msgspec.structs.replace(item, uid=uid_text(uid))
    row_id = int(
        tx.execute(
            "insert into outbox (uid, account_id, conversation_id, kind, state, key, payload, agent_id, base_seq,"
            " resolve_after, not_before, created_at, rev) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " returning id",
            (
                uid,
                account_id,
                conversation_id,
                kind,
                state,
                item.key,
                msgspec.json.encode(frozen).decode(),
                agent_id,
                base_seq,
                int(resolve_after),
                not_before,
                tx.now,
                tx.rev,
            ),
        ).fetchone()[0]
    )
    _mark(tx, row_id, state, "")
    return row_id, uid_text(uid)


def replace_item(tx: Tx, row_id: int, item: OutboundItem, *, not_before: int) -> None:
    """Writes the payload anew while the row is still held (a further bubble joined it)."""
    tx.execute(
        "update outbox set payload = ?, not_before = ?, rev = ? where id = ? and state = 'held'",
        (msgspec.json.encode(item).decode(), not_before, tx.rev, row_id),
    )
    _mark(tx, row_id, "held", "")


def held(source: Store | Tx, conversation_id: int, agent_id: int | None) -> OutboxRow | None:
    """The message this agent holds in a conversation, the newest."""
    found = _fetch(
        source,
        "where o.conversation_id = ? and o.agent_id is ? and o.state = 'held' order by o.id desc limit 1",
        (conversation_id, agent_id),
    )
    return found[0] if found else None


def held_by(store: Store, agent_id: int | None) -> list[OutboxRow]:
    """Everything an agent holds, soonest to leave first."""
    return _fetch(store, "where o.agent_id is ? and o.state = 'held' order by o.not_before, o.id", (agent_id,))


def get(source: Store | Tx, row_id: int) -> OutboxRow | None:
    """One row by key."""
    found = _fetch(source, "where o.id = ?", (row_id,))
    return found[0] if found else None


def by_uid(source: Store | Tx, uid: str) -> OutboxRow | None:
    """One row by id, None when unknown or malformed."""
    raw = uid_bytes(uid)
    found = _fetch(source, "where o.uid = ?", (raw,)) if raw else []
    return found[0] if found else None


def listing(store: Store, *, states: tuple[str, ...] = (), limit: int = 500) -> list[OutboxRow]:
    """Rows newest first; all states when none is named."""
    if states:
        marks = ", ".join("?" * len(states))
        return _fetch(store, f"where o.state in ({marks}) order by o.id desc limit ?", (*states, limit))
    return _fetch(store, "order by o.id desc limit ?", (limit,))


def states(store: Store, row_ids: Iterable[int]) -> dict[int, str]:
    """The state of each row of a set."""
    marks = json.dumps(sorted(row_ids))
    return dict(store.read("select id, state from outbox where id in (select value from json_each(?))", (marks,)))


def pending_count(store: Store) -> int:
    """How many sends have not reached an end."""
    row = store.read_one(
        "select count(*) from outbox where state in ('review', 'held', 'queued', 'sending', 'settling')"
    )
    return int(row[0]) if row else 0


def due(source: Store | Tx, now: int, *, account_id: int | None = None, limit: int = 50) -> list[OutboxRow]:
    """Rows whose time has come, first of their conversation; of one account when it is named.

    A clock that was set back counts as due: the row, or its last attempt, lies in what is the future by now.
    """
    return _fetch(
        source,
        "where o.state in ('held', 'queued') and (o.not_before <= ?"
        " or ? < max(o.created_at, coalesce(o.claimed_at, 0)))"
        " and o.account_id = coalesce(?, o.account_id) and not exists ("
        " select 1 from outbox p where p.conversation_id = o.conversation_id and p.id < o.id"
        " and p.state in ('held', 'queued', 'sending', 'settling')) order by o.not_before, o.id limit ?",
        (now, now, account_id, limit),
    )


def accounts_due(store: Store, now: int) -> set[int]:
    """Accounts with a row whose time has come."""
    rows = store.read(
        "select distinct account_id from outbox where state in ('held', 'queued')"
        " and (not_before <= ? or ? < max(created_at, coalesce(claimed_at, 0)))",
        (now, now),
    )
    return {account_id for (account_id,) in rows}


def unfinished(store: Store, account_ids: set[int], *, before: int) -> bool:
    """Whether a row of these accounts is under way, or waits and is due before an instant (ms UTC)."""
    row = store.read_one(
        "select 1 from outbox where (state in ('sending', 'settling') or (state in ('held', 'queued')"
        " and not_before <= :before) or (follow_up_at is not null and follow_up_at <= :before))"
        " and account_id in (select value from json_each(:ids)) limit 1",
        {"before": before, "ids": json.dumps(sorted(account_ids))},
    )
    return row is not None


def next_due_at(store: Store) -> int | None:
    """When the next waiting row's time comes, None when nothing waits."""
    row = store.read_one("select min(not_before) from outbox where state in ('held', 'queued')")
    return row[0] if row else None


def unsettled(source: Store | Tx, account_id: int, *, looks: int = 1 << 30) -> list[OutboxRow]:
    """Rows of an account whose outcome is not known, oldest first; not those looked at ``looks`` times."""
    return _fetch(
        source,
        "where o.state in ('settling', 'uncertain') and o.account_id = ? and o.settle_tries < ? order by o.id",
        (account_id, looks),
    )


def next_look_at(store: Store, *, looks: int) -> int | None:
    """When the next row of unknown outcome is to be looked up, None when there is none."""
    row = store.read_one(
        "select min(not_before) from outbox where state in ('settling', 'uncertain') and settle_tries < ?", (looks,)
    )
    return row[0] if row else None


def resolved(tx: Tx, row_id: int) -> None:
    """Notes that the wish to resolve after sending has been dealt with."""
    tx.execute("update outbox set resolve_after = 0, rev = ? where id = ?", (tx.rev, row_id))


def stopped(tx: Tx, conversation_id: int, agent_id: int | None) -> list[OutboxRow]:
    """Replies of an agent in a conversation that were stopped and not dealt with, newest first."""
    where = "where o.conversation_id = ? and o.agent_id is ? and o.state = 'stopped' order by o.id desc"
    return _fetch(tx, where, (conversation_id, agent_id))


def in_state(source: Store | Tx, *states: str) -> list[OutboxRow]:
    """Rows in some states, oldest first."""
    marks = ", ".join("?" * len(states))
    return _fetch(source, f"where o.state in ({marks}) order by o.id", tuple(states))


def claim(tx: Tx, row_id: int) -> OutboxRow | None:
    """Takes a waiting row for sending: the attempt is counted before its first byte leaves.

    Returns:
        The row with its attempt, or None when an undo or another worker was first.
    """
    taken = tx.execute(
        "update outbox set state = 'sending', phase = '', attempts = attempts + 1, claimed_at = ?,"
        " reason = '', settle_tries = 0, rev = ? where id = ? and state in ('held', 'queued')"
        " and (not_before <= ? or ? < max(created_at, coalesce(claimed_at, 0))) returning attempts",
        (tx.now, tx.rev, row_id, tx.now, tx.now),
    ).fetchone()
    if taken is None:
        return None
    tx.execute(
        "insert into outbox_attempt (outbox_id, attempt, started_at) values (?, ?, ?)", (row_id, taken[0], tx.now)
    )
    _mark(tx, row_id, "sending", "")
    return get(tx, row_id)


def set_phase(tx: Tx, row_id: int, attempt: int, phase: str) -> bool:
    """Commits how far an attempt has come; False when the row is no longer this attempt's."""
    return bool(
        tx.execute(
            "update outbox set phase = ?, rev = ? where id = ? and attempts = ? and state = 'sending'",
            (phase, tx.rev, row_id, attempt),
        ).rowcount
    )


def finish(
    tx: Tx,
    row_id: int,
    state: str,
    *,
    reason: str = "",
    not_before: int | None = None,
    remote_id: str = "",
    outcome: str = "",
) -> None:
    """Writes the state an attempt ended in: sent, queued (again), settling, failed, stopped, uncertain."""
    ended = state in {"sent", "failed", "stopped", "uncertain", "cancelled"}
    if state == "sent":
        _plan_follow_up(tx, row_id)
    tx.execute(
        "update outbox set state = ?, reason = ?, not_before = coalesce(?, not_before), remote_id = ?,"
        " finished_at = ?, rev = ? where id = ?",
        (state, reason, not_before, remote_id, tx.now if ended else None, tx.rev, row_id),
    )
    tx.execute(
        "update outbox_attempt set finished_at = ?, outcome = ?, detail = ? where outbox_id = ? and attempt ="
        " (select attempts from outbox where id = ?)",
        (tx.now, outcome or state, reason, row_id, row_id),
    )
    _mark(tx, row_id, state, reason)


def _plan_follow_up(tx: Tx, row_id: int) -> None:
    """Puts what is left of ours on record, where the channel leaves something; once."""
    tx.execute(
        "update outbox set follow_up_at = ? where id = ? and state <> 'sent' and coalesce((select"
        " json_extract(a.capabilities, '$.follows_up') from account a where a.id = outbox.account_id), 0)",
        (tx.now, row_id),
    )


def follow_ups_due(store: Store, account_id: int, now: int, limit: int = 50) -> list[OutboxRow]:
    """Accepted sends of an account with something left to do, oldest first."""
    return _fetch(
        store,
        "where o.follow_up_at is not null and o.follow_up_at <= ? and o.account_id = ? order by o.id limit ?",
        (now, account_id, limit),
    )


def next_follow_up_at(store: Store) -> int | None:
    """When the next follow-up is due, None when nothing is left."""
    row = store.read_one("select min(follow_up_at) from outbox where follow_up_at is not null")
    return row[0] if row else None


def follow_up_later(tx: Tx, row_id: int, at: int) -> None:
    """Counts a follow-up that did not work, and when it is tried again (ms UTC)."""
    tx.execute(
        "update outbox set follow_up_tries = follow_up_tries + 1, follow_up_at = ?, rev = ? where id = ?",
        (at, tx.rev, row_id),
    )


def followed_up(tx: Tx, row_id: int, note: str = "") -> None:
    """Nothing is left to do; ``note`` says what could not be done."""
    tx.execute(
        "update outbox set follow_up_at = null, reason = case when ? = '' then reason else ? end, rev = ? where id = ?",
        (note, note, tx.rev, row_id),
    )


def has_bounced(tx: Tx, row_id: int) -> bool:
    """Whether the last attempt was accepted and came back."""
    found = tx.read_one(
        "select 1 from outbox_attempt t join outbox o on o.id = t.outbox_id and o.attempts = t.attempt"
        " where o.id = ? and t.outcome = 'bounced'",
        (row_id,),
    )
    return found is not None


def count_settle(tx: Tx, row_id: int, not_before: int) -> None:
    """Counts a look-up that could not tell, and when the next is due."""
    tx.execute(
        "update outbox set settle_tries = settle_tries + 1, not_before = ?, rev = ? where id = ?",
        (not_before, tx.rev, row_id),
    )


def look_now(tx: Tx) -> None:
    """Makes look-ups due that were planned by a clock which was set back since."""
    planned = "state in ('settling', 'uncertain') and max(created_at, coalesce(claimed_at, 0)) > ?"
    if tx.read_one(f"select 1 from outbox where {planned} limit 1", (tx.now,)):
        tx.execute(f"update outbox set not_before = ?, rev = ? where {planned}", (tx.now, tx.rev, tx.now))


def cancel(tx: Tx, row_id: int) -> bool:
    """Pulls a waiting row back; False when it is already on its way."""
    done = tx.execute(
        "update outbox set state = 'cancelled', finished_at = ?, rev = ? where id = ? and state in ('held', 'queued')",
        (tx.now, tx.rev, row_id),
    ).rowcount
    if done:
        _mark(tx, row_id, "cancelled", "")
    return bool(done)


def release(tx: Tx, row_id: int) -> bool:
    """Ends the hold now; False when it is no longer held."""
    done = tx.execute(
        "update outbox set state = 'queued', not_before = ?, rev = ? where id = ? and state = 'held'",
        (tx.now, tx.rev, row_id),
    ).rowcount
    if done:
        _mark(tx, row_id, "queued", "")
    return bool(done)


def bubbles(source: Store | Tx, row_id: int) -> list[tuple[int, str]]:
    """``(n, text)`` of the messages a row sends, in order."""
    return [
        (n, text)
        for n, text in source.read("select n, body_text from message where outbox_id = ? order by seq", (row_id,))
    ]


def _mark(tx: Tx, row_id: int, state: str, reason: str) -> None:
    """Carries a row's state to its messages and to the queue's sign; a receipt that overtook ``sent`` stays."""
    delivery = Delivery(state)
    tx.execute(
        "update message set delivery = ?, delivery_reason = ?, rev = ? where outbox_id = ?"
        " and (visibility = 'public' or delivery is not null)"
        " and not (? = 'sent' and coalesce(delivery, '') in ('delivered', 'read'))",
        (delivery, reason, tx.rev, row_id, delivery),
    )
    tx.execute(
        "update conversation set rev = ?, outgoing = coalesce((select o.state from outbox o where"
        " o.conversation_id = conversation.id and o.state in ('uncertain', 'failed', 'stopped', 'settling',"
        " 'sending', 'queued', 'held') order by case o.state when 'uncertain' then 0 when 'failed' then 1 when"
        " 'stopped' then 2 when 'settling' then 3 when 'sending' then 4 when 'queued' then 5 else 6 end limit 1), '')"
        " where id = (select conversation_id from outbox where id = ?)",
        (tx.rev, row_id),
    )


def dismiss(tx: Tx, row_id: int) -> None:
    """A person has dealt with a failed or stopped send: it leaves the lists, its history stays."""
    finish(tx, row_id, "cancelled", outcome="dismissed")


def set_resolve_after(tx: Tx, row_id: int) -> None:
    """The conversation is to be resolved once the row is sent."""
    tx.execute("update outbox set resolve_after = 1 where id = ?", (row_id,))


def rebase(tx: Tx, row_id: int, base_seq: int) -> None:
    """The author has seen everything up to ``base_seq`` and still wants it sent."""
    tx.execute("update outbox set base_seq = ? where id = ?", (base_seq, row_id))
