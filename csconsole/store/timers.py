"""Timers (things that happen at an instant) and jobs (the only way one process asks another)."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from csconsole.store.database import Store, Tx


class Timer(msgspec.Struct, frozen=True):
    """Something due: ``kind`` (snooze, ...) on row ``ref`` at ``due_at`` (ms UTC)."""

    id: int
    due_at: int
    kind: str
    ref: int
    data: dict[str, Any]


class Job(msgspec.Struct, frozen=True):
    """A request to the worker."""

    id: int
    kind: str
    account_id: int | None
    args: dict[str, Any]
    state: str
    result: str


def set_timer(tx: Tx, kind: str, ref: int, due_at: int, data: dict[str, Any] | None = None) -> None:
    """Sets the timer of a kind on a row, replacing the one there."""
    tx.execute(
        "insert into timer (due_at, kind, ref, data) values (?, ?, ?, ?) on conflict (kind, ref) do update set"
        " due_at = excluded.due_at, data = excluded.data",
        (due_at, kind, ref, json.dumps(data or {})),
    )


def clear_timer(tx: Tx, kind: str, ref: int) -> None:
    """Takes a timer away."""
    tx.execute("delete from timer where kind = ? and ref = ?", (kind, ref))


def due_timers(store: Store, now: int, *, kinds: tuple[str, ...], limit: int = 100) -> list[Timer]:
    """Timers of some kinds whose time has come, soonest first."""
    return [
        Timer(i, at, kind, ref, json.loads(data))
        for i, at, kind, ref, data in store.read(
            "select id, due_at, kind, ref, data from timer indexed by timer_due where due_at <= ?"
            " and kind in (select value from json_each(?)) order by due_at limit ?",
            (now, json.dumps(kinds), limit),
        )
    ]


def take(tx: Tx, timer: Timer) -> bool:
    """Takes a due timer away; False when it was cleared or moved meanwhile."""
    return bool(tx.execute("delete from timer where id = ? and due_at = ?", (timer.id, timer.due_at)).rowcount)


def next_timer_at(store: Store, *, kinds: tuple[str, ...]) -> int | None:
    """When the next timer of some kinds is due, None when there is none."""
    row = store.read_one(
        "select due_at from timer indexed by timer_due where kind in (select value from json_each(?))"
        " order by due_at limit 1",
        (json.dumps(kinds),),
    )
    return row[0] if row else None


def add_job(tx: Tx, kind: str, account_id: int | None = None, args: dict[str, Any] | None = None) -> int:
    """Asks the worker for something (``sync``, ``fetch_attachment``, ``retry_quarantine`` ...)."""
    return int(
        tx.execute(
            "insert into job (kind, account_id, args, created_at) values (?, ?, ?, ?) returning id",
            (kind, account_id, json.dumps(args or {}), tx.now),
        ).fetchone()[0]
    )


def queued_jobs(store: Store) -> list[Job]:
    """Requests nobody has taken, oldest first."""
    return [
        Job(i, kind, account, json.loads(args), state, result)
        for i, kind, account, args, state, result in store.read(
            "select id, kind, account_id, args, state, result from job where state = 'queued' order by id"
        )
    ]


def job(store: Store, job_id: int) -> Job | None:
    """One request with its result."""
    row = store.read_one("select id, kind, account_id, args, state, result from job where id = ?", (job_id,))
    return Job(row[0], row[1], row[2], json.loads(row[3]), row[4], row[5]) if row else None


def finish_job(tx: Tx, job_id: int, state: str, result: str = "") -> None:
    """Ends a request: ``done`` or ``failed`` with what to tell its maker; old ones are swept."""
    tx.execute("update job set state = ?, result = ?, finished_at = ? where id = ?", (state, result, tx.now, job_id))
    tx.execute("delete from job where finished_at < ?", (tx.now - 86_400_000,))
