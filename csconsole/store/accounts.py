"""Accounts and agents: small tables that are read whole."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from csconsole.store.database import Source, Store, Tx
from csconsole.store.ids import new_uid


class AccountRow(msgspec.Struct, frozen=True, array_like=True):
    """One account with its health. Instants in ms UTC; ``live``: a push or IDLE connection stands; ``history_left``:
    old items still to come, of about ``history_total``."""

    id: int
    name: str
    connector: str
    channel: str
    branch: str
    label: str
    authority: str
    state: str
    cursor: str
    last_pull_at: int | None
    live: bool
    error: str
    next_try_at: int | None
    failures: int
    total: int | None
    history_left: int
    history_total: int
    pulled: int
    capabilities: dict[str, Any]


_COLUMNS = (
    "id, name, connector, channel, branch, label, authority, state, cursor, last_pull_at, live, error,"
    " next_try_at, failures, total, history_left, history_total, pulled, capabilities"
)


def _row(values: tuple[Any, ...]) -> AccountRow:
    return msgspec.convert((*values[:10], bool(values[10]), *values[11:18], json.loads(values[18])), AccountRow)


def all_accounts(store: Store) -> list[AccountRow]:
    """Every account, by name."""
    return [_row(r) for r in store.read(f"select {_COLUMNS} from account order by id")]


def all_in(tx: Tx) -> list[AccountRow]:
    """Every account, as this transaction sees them."""
    return [_row(r) for r in tx.execute(f"select {_COLUMNS} from account order by id").fetchall()]


def account_by_name(store: Store, name: str) -> AccountRow | None:
    """One account, or None."""
    row = store.read_one(f"select {_COLUMNS} from account where name = ?", (name,))
    return _row(row) if row else None


def ensure_account(
    tx: Tx,
    name: str,
    connector: str,
    channel: str,
    *,
    branch: str = "",
    label: str = "",
    authority: str = "local",
    capabilities: dict[str, Any] | None = None,
) -> int:
    """The account's key; made or brought up to date from the configuration."""
    caps = json.dumps(capabilities or {}, sort_keys=True, default=str)
    row = tx.execute(
        "select id, connector, channel, branch, label, authority, capabilities from account where name = ?",
        (name,),
    ).fetchone()
    wanted = (connector, channel, branch, label, authority)
    if row is None:
        return int(
            tx.execute(
                "insert into account"
                " (uid, name, connector, channel, branch, label, authority, capabilities, rev)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
                (new_uid(), name, *wanted, caps, tx.rev),
            ).fetchone()[0]
        )
    if tuple(row[1:6]) != wanted or (capabilities is not None and row[6] != caps):
        tx.execute(
            "update account set connector = ?, channel = ?, branch = ?, label = ?, authority = ?,"
            " capabilities = ?, rev = ? where id = ?",
            (*wanted, caps if capabilities is not None else row[6], tx.rev, row[0]),
        )
    return int(row[0])


def size_limit(tx: Tx, name: str) -> int:
    """The largest message an account is known to take, in bytes; 0 while that is not known."""
    row = tx.read_one("select json_extract(capabilities, '$.size_limit') from account where name = ?", (name,))
    return int(row[0] or 0) if row else 0


def save_cursor(
    tx: Tx, account_id: int, cursor: str | None, *, total: int | None, added: int, left: int | None = None
) -> None:
    """Stores the cursor in the transaction of its page; None leaves it.

    ``left``: items of history still to come, from which the share that has come is reckoned; None leaves it too.
    """
    tx.execute(
        "update account set cursor = coalesce(?, cursor), cursor_at = ?, total = coalesce(?, total),"
        " pulled = pulled + ? where id = ?",
        (cursor, tx.now, total, added, account_id),
    )
    if left is not None:
        tx.execute(
            "update account set history_left = :left, rev = :rev,"
            " history_total = case when :left = 0 then 0 else max(history_total, :left) end"
            " where id = :id and history_left <> :left",
            {"left": left, "rev": tx.rev, "id": account_id},
        )


def pulled_well(tx: Tx, account_id: int, *, live: bool, note: str = "") -> None:
    """The source answered: freshness for the header, and the licence to send.

    ``note``: something a person should know although all went well (the source has more than we do).
    """
    tx.execute(
        "update account set state = 'ok', error = ?, failures = 0, next_try_at = null, last_pull_at = ?,"
        " live = ?, rev = ? where id = ?",
        (note, tx.now, int(live), tx.rev, account_id),
    )


def pull_failed(tx: Tx, account_id: int, *, state: str, error: str, next_try_at: int | None) -> None:
    """The source failed: why, and when it is tried again.

    ``state``: unreachable | auth | limited | broken.
    """
    tx.execute(
        "update account set state = ?, error = ?, next_try_at = ?, failures = failures + 1, live = 0,"
        " rev = ? where id = ?",
        (state, error, next_try_at, tx.rev, account_id),
    )


def set_live(tx: Tx, account_id: int, live: bool) -> None:
    """Notes whether a push connection stands."""
    tx.execute(
        "update account set live = ?, rev = ? where id = ? and live <> ?",
        (int(live), tx.rev, account_id, int(live)),
    )


def ensure_agent(tx: Tx, name: str, display_name: str = "", role: str = "agent") -> int:
    """The agent's key, made when new; a given display name replaces the old one."""
    row = tx.execute("select id, display_name from agent where name = ?", (name,)).fetchone()
    if row is None:
        return int(
            tx.execute(
                "insert into agent (uid, name, display_name, role, rev) values (?, ?, ?, ?, ?) returning id",
                (new_uid(), name, display_name or name, role, tx.rev),
            ).fetchone()[0]
        )
    if display_name and row[1] != display_name:
        tx.execute("update agent set display_name = ?, rev = ? where id = ?", (display_name, tx.rev, row[0]))
    return int(row[0])


def agents(store: Store) -> dict[int, tuple[str, str]]:
    """Every agent: key to (name, display name)."""
    return {i: (name, display) for i, name, display in store.read("select id, name, display_name from agent")}


def agent_name(tx: Tx, agent_id: int | None) -> str:
    """Short name of an agent, "" for nobody."""
    row = tx.execute("select name from agent where id = ?", (agent_id,)).fetchone()
    return str(row[0]) if row else ""


def agent_id(source: Source, name: str) -> int | None:
    """Key of an agent by name, or None."""
    row = source.read_one("select id from agent where name = ?", (name,))
    return int(row[0]) if row else None


def agent_at(tx: Tx, account_id: int, name: str) -> int | None:
    """The agent behind a name at a source: by the login there, else by our own short name."""
    if not name:
        return None
    row = tx.read_one("select agent_id from agent_ref where account_id = ? and remote_id = ?", (account_id, name))
    return int(row[0]) if row else agent_id(tx, name)
