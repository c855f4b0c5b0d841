"""Customers and their identities."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from csconsole.domain.customer import Customer, CustomerNote, Identity, PastConversation, TagMark
from csconsole.store.database import Store, Tx
from csconsole.store.ids import new_uid, uid_text
from csconsole.text.search import fold, index_terms


def by_identity(tx: Tx, identity: Identity) -> int | None:
    """The customer behind an identity, or None; what somebody only claims to be theirs leads nowhere."""
    row = tx.read_one(
        "select customer_id from identity where kind = ? and realm = ? and value = ? and claimed = 0",
        (identity.kind, identity.realm, identity.value),
    )
    return _merged(tx, int(row[0])) if row else None


def _merged(tx: Tx, customer_id: int) -> int:
    while True:
        row = tx.execute("select merged_into from customer where id = ?", (customer_id,)).fetchone()
        if row is None or row[0] is None:
            return customer_id
        customer_id = int(row[0])


def create(
    tx: Tx,
    name: str,
    *,
    call_name: str = "",
    language: str = "",
    attributes: Mapping[str, Any] | None = None,
    created_at: int | None = None,
    identities: Iterable[tuple[Identity, bool]] = (),
) -> int:
    """A new customer; indexes the name for search.

    Args:
        tx: the transaction.
        name: display name.
        call_name: what to call them.
        language: ``th``, ``en`` ... or "".
        attributes: custom facts.
        created_at: since when they are known, ms UTC.
        identities: theirs, each with whether it is only claimed; those others have already are passed over.
    """
    customer_id = int(
        tx.execute(
            "insert into customer (uid, name, call_name, language, attributes, created_at, rev)"
            " values (?, ?, ?, ?, ?, ?, ?) returning id",
            (
                new_uid(),
                name,
                call_name,
                language,
                json.dumps(dict(attributes or {}), ensure_ascii=False),
                created_at if created_at is not None else tx.now,
                tx.rev,
            ),
        ).fetchone()[0]
    )
    for identity, claimed in identities:
        _insert_identity(tx, customer_id, identity, claimed)
    _index(tx, customer_id, _search_text(tx, customer_id))
    return customer_id


def _insert_identity(tx: Tx, customer_id: int, identity: Identity, claimed: bool) -> None:
    tx.execute(
        "insert into identity (customer_id, kind, realm, value, display, verified_at, claimed)"
        " values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
        (
            customer_id,
            identity.kind,
            identity.realm,
            identity.value,
            identity.display,
            tx.now if identity.verified else None,
            int(claimed),
        ),
    )


def add_identity(tx: Tx, customer_id: int, identity: Identity, *, claimed: bool = False) -> bool:
    """Adds an identity; one that somebody only claimed moves to whom it is proven to belong to.

    Args:
        tx: the transaction.
        customer_id: whose it is.
        identity: the identity.
        claimed: nobody vouches for it: kept to be seen, never used to find its customer.

    Returns:
        False when somebody has it already.
    """
    key = (identity.kind, identity.realm, identity.value)
    row = tx.read_one(
        "select id, customer_id, verified_at, claimed from identity where kind = ? and realm = ? and value = ?", key
    )
    verified_at = tx.now if identity.verified else None
    if row is None:
        before = _search_text(tx, customer_id)
        _insert_identity(tx, customer_id, identity, claimed)
        _reindex(tx, customer_id, before)
        return True
    identity_id, holder, known_at, was_claimed = row
    if claimed:
        return False
    if was_claimed:
        texts = {who: _search_text(tx, who) for who in {int(holder), customer_id}}
        tx.execute(
            "update identity set customer_id = ?, claimed = 0, verified_at = ? where id = ?",
            (customer_id, verified_at, identity_id),
        )
        for who, before in texts.items():
            _reindex(tx, who, before)
        return True
    if verified_at is not None and known_at is None and _merged(tx, int(holder)) == customer_id:
        tx.execute("update identity set verified_at = ? where id = ?", (verified_at, identity_id))
    return False


def update(
    tx: Tx,
    customer_id: int,
    *,
    name: str = "",
    call_name: str = "",
    language: str = "",
    attributes: Mapping[str, Any] | None = None,
) -> None:
    """Fills in what the channel knows; an empty value leaves the old one."""
    row = tx.execute(
        "select name, call_name, language, attributes from customer where id = ?", (customer_id,)
    ).fetchone()
    merged = {**json.loads(row[3]), **(attributes or {})}
    wanted = (
        name or row[0],
        call_name or row[1],
        language or row[2],
        json.dumps(merged, ensure_ascii=False),
    )
    if wanted == tuple(row):
        return
    before = _search_text(tx, customer_id)
    tx.execute(
        "update customer set name = ?, call_name = ?, language = ?, attributes = ?, rev = ? where id = ?",
        (*wanted, tx.rev, customer_id),
    )
    _reindex(tx, customer_id, before)


def name_of(tx: Tx, customer_id: int) -> str:
    """The customer's name."""
    row = tx.read_one("select name from customer where id = ?", (customer_id,))
    return str(row[0]) if row else ""


def touch_conversations(tx: Tx, customer_id: int) -> None:
    """Stamps the customer's conversations, so that open screens draw them anew."""
    tx.execute("update conversation set rev = ? where customer_id = ?", (tx.rev, customer_id))


def add_note(tx: Tx, customer_id: int, author: str, body: str) -> None:
    """Appends a remark about the customer."""
    tx.execute(
        "insert into customer_note (uid, customer_id, at, author, body) values (?, ?, ?, ?, ?)",
        (new_uid(), customer_id, tx.now, author, body),
    )
    tx.execute("update customer set rev = ? where id = ?", (tx.rev, customer_id))


def _search_text(tx: Tx, customer_id: int) -> str:
    row = tx.execute("select name, call_name from customer where id = ?", (customer_id,)).fetchone()
    parts = [row[0], row[1]]
    for value, display in tx.execute(
        "select value, display from identity where customer_id = ? order by id", (customer_id,)
    ).fetchall():
        parts += [value, display]
    return fold("\n".join(p for p in parts if p))


def _index(tx: Tx, customer_id: int, text: str) -> None:
    tx.execute("insert into customer_fts (rowid, t) values (?, ?)", (customer_id, index_terms(text)))


def _reindex(tx: Tx, customer_id: int, before: str) -> None:
    after = _search_text(tx, customer_id)
    if after != before:
        tx.execute(
            "insert into customer_fts (customer_fts, rowid, t) values ('delete', ?, ?)",
            (customer_id, index_terms(before)),
        )
        _index(tx, customer_id, after)


def load(store: Store, customer_id: int, *, history: int = 50) -> Customer | None:
    """A customer whole, with the newest ``history`` conversations."""
    row = store.read_one("select uid, name, call_name, language, attributes from customer where id = ?", (customer_id,))
    if row is None:
        return None
    identities = tuple(
        Identity(kind, realm, value, display, verified is not None)
        for kind, realm, value, display, verified in store.read(
            "select kind, realm, value, display, verified_at from identity where customer_id = ? order by id",
            (customer_id,),
        )
    )
    notes = tuple(
        CustomerNote(at, author, body)
        for at, author, body in store.read(
            "select at, author, body from customer_note where customer_id = ? order by at", (customer_id,)
        )
    )
    past = tuple(
        PastConversation(i, uid_text(uid), number, channel, account, subject or preview, status, last_at)
        for i, uid, number, channel, account, subject, preview, status, last_at in store.read(
            "select c.id, c.uid, c.number, c.channel, a.name, c.subject, c.preview, c.status, c.last_at"
            " from conversation c join account a on a.id = c.account_id"
            " where c.customer_id = ? and c.hidden = 0 order by c.last_at desc limit ?",
            (customer_id, history),
        )
    )
    return Customer(
        id=customer_id,
        uid=uid_text(row[0]),
        name=row[1],
        call_name=row[2],
        language=row[3],
        identities=identities,
        tags=tags(store, customer_id),
        attributes=json.loads(row[4]),
        notes=notes,
        conversations=past,
    )


def tags(store: Store, customer_id: int) -> tuple[TagMark, ...]:
    """The customer's tags with who set them and when."""
    return tuple(
        TagMark(name, by, at)
        for name, by, at in store.read(
            "select t.name, x.added_by, x.added_at from customer_tag x join tag t on t.id = x.tag_id"
            " where x.customer_id = ? order by t.name",
            (customer_id,),
        )
    )


def id_of(store: Store, uid: bytes) -> int | None:
    """Key of a customer by id."""
    row = store.read_one("select id from customer where uid = ?", (uid,))
    return int(row[0]) if row else None


def identities_of(tx: Tx, customer_id: int, kinds: Iterable[str]) -> list[tuple[str, str]]:
    """``(kind, value)`` of a customer's identities of some kinds, oldest first."""
    wanted = set(kinds)
    return [
        (kind, value)
        for kind, value in tx.execute(
            "select kind, value from identity where customer_id = ? order by id", (customer_id,)
        ).fetchall()
        if kind in wanted
    ]
