"""Conversations: making, changing and finding them. Every change restamps ``rev`` and ``queue_key``."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from csconsole.domain.conversation import ENDED, Status
from csconsole.domain.rules import queue_key
from csconsole.store.database import Source, Tx
from csconsole.store.ids import new_uid, uid_bytes


class ConversationState(msgspec.Struct):
    """The fields a rule needs before it changes a conversation. Instants in ms UTC."""

    id: int
    uid: bytes
    account_id: int
    number: int
    channel: str
    customer_id: int
    remote_id: str
    address: str
    subject: str
    status: str
    raw_status: str
    assignee_id: int | None
    team: str
    priority: str
    kind: str
    reason: str
    snoozed_until: int | None
    created_at: int
    last_at: int
    last_in_at: int | None
    last_out_at: int | None
    waiting_since: int | None
    next_due_at: int | None
    first_response_at: int | None
    resolved_at: int | None
    message_seq: int
    in_count: int
    agent_seq: int
    ended_seq: int
    assigned_seq: int
    reopens: int
    outgoing: str


_STATE = tuple(ConversationState.__struct_fields__)
_KEYED = frozenset({"status", "next_due_at", "waiting_since", "snoozed_until", "last_at"})
_WRITABLE = frozenset(_STATE) - {"id", "uid", "account_id"} | {
    "attributes",
    "preview",
    "preview_by",
    "reopens",
    "branch",
    "merged_into",
    "deleted_at",
    "hidden",
}


def state(source: Source, conversation_id: int) -> ConversationState | None:
    """The conversation's fields, or None."""
    row = source.read_one(f"select {', '.join(_STATE)} from conversation where id = ?", (conversation_id,))
    return ConversationState(*row) if row else None


def create(
    tx: Tx,
    account_id: int,
    channel: str,
    customer_id: int,
    *,
    created_at: int,
    status: str = Status.OPEN,
    subject: str = "",
    number: int | None = None,
    branch: str = "",
    remote_id: str = "",
    address: str = "",
) -> int:
    """A new conversation; ``number`` is the authority's, or the account's next when that is not free."""
    if number is None or number_taken(tx, account_id, number):
        number = _next_number(tx, account_id)
    else:
        tx.execute("update account set next_number = max(next_number, ?) where id = ?", (number + 1, account_id))
    key = queue_key(status, next_due_at=None, waiting_since=None, snoozed_until=None, last_at=created_at)
    return int(
        tx.execute(
            "insert into conversation (uid, account_id, number, channel, customer_id, subject, status,"
            " created_at, last_at, queue_key, branch, remote_id, address, rev)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " returning id",
            (
                new_uid(),
                account_id,
                number,
                channel,
                customer_id,
                subject,
                status,
                created_at,
                created_at,
                key,
                branch,
                remote_id,
                address,
                tx.rev,
            ),
        ).fetchone()[0]
    )


def number_taken(tx: Tx, account_id: int, number: int, *, but: int = 0) -> bool:
    """Whether another conversation than ``but`` has a number of an account."""
    row = tx.read_one("select id from conversation where account_id = ? and number = ?", (account_id, number))
    return row is not None and row[0] != but


def _next_number(tx: Tx, account_id: int) -> int:
    """The account's next free number; the authority's own numbers are stepped over."""
    row = tx.read_one("select next_number from account where id = ?", (account_id,))
    number = int(row[0]) if row else 1
    while number_taken(tx, account_id, number):
        number += 1
    tx.execute("update account set next_number = ? where id = ?", (number + 1, account_id))
    return number


def update(tx: Tx, conversation_id: int, now: ConversationState | None = None, /, **fields: Any) -> None:
    """Writes some fields; the queue position follows when it depends on one of them.

    An ending conversation has nobody waiting: ``waiting_since`` is cleared and ``ended_seq`` set to its newest
    message, unless they are given.

    Args:
        tx: the transaction.
        conversation_id: key of the conversation.
        now: its fields as this transaction has just read them, to spare reading them again.
        fields: what to write.

    Raises:
        KeyError: a field that is not one.
    """
    unknown = fields.keys() - _WRITABLE
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))
    if _KEYED & fields.keys():
        now = now or state(tx, conversation_id)
        if now is None:
            return
        if fields.get("status") in ENDED:
            if now.status not in ENDED:
                fields.setdefault("ended_seq", now.message_seq)
            fields.setdefault("waiting_since", None)
        merged = {name: fields.get(name, getattr(now, name)) for name in _KEYED}
        fields["queue_key"] = queue_key(
            merged["status"],
            next_due_at=merged["next_due_at"],
            waiting_since=merged["waiting_since"],
            snoozed_until=merged["snoozed_until"],
            last_at=merged["last_at"],
        )
    names = ", ".join(f"{name} = ?" for name in fields)
    tx.execute(
        f"update conversation set {names}, rev = ? where id = ?",
        (*fields.values(), tx.rev, conversation_id),
    )


def count_reopen(tx: Tx, conversation_id: int) -> None:
    """Counts one more time that the conversation was opened again."""
    tx.execute("update conversation set reopens = reopens + 1 where id = ?", (conversation_id,))


def set_unread(tx: Tx, conversation_id: int, in_count: int) -> None:
    """Sets the counter of customer messages; marks of agents who read further are drawn down with it, or
    later messages would be taken for read."""
    update(tx, conversation_id, in_count=in_count)
    tx.execute(
        "update read_mark set in_count = ? where conversation_id = ? and in_count > ?",
        (in_count, conversation_id, in_count),
    )


def touch(tx: Tx, conversation_id: int) -> None:
    """Stamps a conversation, so that open screens read it again."""
    tx.execute("update conversation set rev = ? where id = ?", (tx.rev, conversation_id))


def set_address(tx: Tx, conversation_id: int, address: str) -> None:
    """Where the customer last wrote from: an answer goes there."""
    tx.execute("update conversation set address = ? where id = ? and address <> ?", (address, conversation_id, address))


def set_attributes(tx: Tx, conversation_id: int, attributes: dict[str, Any]) -> None:
    """Merges custom attributes into the conversation's."""
    row = tx.execute("select attributes from conversation where id = ?", (conversation_id,)).fetchone()
    merged = {**json.loads(row[0]), **attributes}
    update(tx, conversation_id, attributes=json.dumps(merged, ensure_ascii=False))


def latest_of_customer(tx: Tx, account_id: int, customer_id: int) -> int | None:
    """The newest conversation of a customer on an account: where a chat's next message goes."""
    row = tx.execute(
        "select id from conversation where customer_id = ? and account_id = ? and hidden = 0"
        " order by last_at desc, id desc limit 1",
        (customer_id, account_id),
    ).fetchone()
    return int(row[0]) if row else None


def target(tx: Tx, conversation_id: int) -> int | None:
    """The conversation in which news of this one belong: the one it was merged into; None when deleted."""
    for _ in range(20):
        row = tx.read_one("select merged_into, deleted_at from conversation where id = ?", (conversation_id,))
        if row is None or row[1] is not None:
            return None
        if row[0] is None:
            return conversation_id
        conversation_id = int(row[0])
    return None


def by_number(tx: Tx, account_id: int, number: int, customer_id: int) -> int | None:
    """A customer's conversation by the account's number: a number is believed only from the same customer."""
    row = tx.read_one(
        "select id from conversation where account_id = ? and number = ? and customer_id = ?",
        (account_id, number, customer_id),
    )
    return int(row[0]) if row else None


def by_uid(source: Source, text: str) -> int | None:
    """Key of a conversation by its id alone (an id cannot be guessed, a number can)."""
    uid = uid_bytes(text)
    row = source.read_one("select id from conversation where uid = ?", (uid,)) if uid else None
    return int(row[0]) if row else None


def find(source: Source, text: str) -> list[int]:
    """Keys of the conversations meant by an id, ``account#number`` or a number; hidden ones too.

    Several keys: the number is not unique. None: unknown or malformed.
    """
    text = text.strip()
    account, hash_sign, number = text.rpartition("#")
    if hash_sign and account:
        if not _is_number(number):
            return []
        rows = source.read(
            "select c.id from conversation c join account a on a.id = c.account_id where a.name = ? and c.number = ?",
            (account, int(number)),
        )
    elif _is_number(text.removeprefix("#")):
        rows = source.read("select id from conversation where number = ? limit 20", (int(text.removeprefix("#")),))
    else:
        found = by_uid(source, text)
        return [] if found is None else [found]
    return [int(r[0]) for r in rows]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18


def ended_at(conversation: ConversationState) -> int | None:
    """When an ended conversation ended; its last activity where no resolution was seen."""
    if conversation.status not in ENDED:
        return None
    return conversation.resolved_at if conversation.resolved_at is not None else conversation.last_at
