"""Search over every message: the index gives candidates, the text decides, newest first.

The form measured best: an FTS5 index of unordered grams without positions (``csconsole.text.search``). A query
asks for its rarest grams, streams candidates by falling ``n`` and keeps those whose folded text really
contains the words. Where the words are so common that most rows match, the newest rows are read first
without the index. Rows not indexed yet are read directly, so a message is found the moment it is stored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from csconsole.store.database import Store, Tx
from csconsole.store.ids import uid_text
from csconsole.text.search import Needle, fold, fts_expression, index_terms, parse_query

SAMPLE = 20_000
"""Messages whose grams are counted to know which are rare."""
COMMON = 0.024
"""Share of messages above which reading the newest rows beats the index."""
NEWEST = 2_500
"""How many of the newest rows are read first for common words."""


class Hit(msgspec.Struct, frozen=True):
    """One found message. ``snippet`` holds the first place with some text around it."""

    n: int
    message_uid: str
    conversation_id: int
    conversation_uid: str
    number: int
    account: str
    customer: str
    at: int
    snippet: str


# -- indexing --------------------------------------------------------------------------------------------


def index_batch(tx: Tx, *, limit: int = 200) -> int:
    """Indexes some waiting messages in this transaction; returns how many. The worker does it when quiet."""
    waiting = [n for (n,) in tx.execute("select n from to_index order by n limit ?", (limit,)).fetchall()]
    if not waiting:
        return 0
    rows = tx.execute(
        "select n, subject, body_text from message where n in (select value from json_each(?)) order by n",
        (json.dumps(waiting),),
    ).fetchall()
    terms = [(n, index_terms(fold(f"{subject}\n{body}"))) for n, subject, body in rows]
    tx.connection.executemany("insert into message_fts (rowid, t) values (?, ?)", terms)
    tx.execute("delete from to_index where n in (select value from json_each(?))", (json.dumps(waiting),))
    count_grams(tx, [text for _, text in terms])
    return len(waiting)


def waiting_count(store: Store) -> int:
    """How many messages wait for the index."""
    row = store.read_one("select count(*) from to_index")
    return int(row[0]) if row else 0


def is_behind(store: Store) -> bool:
    """Whether a message waits for the index."""
    return store.read_one("select 1 from to_index limit 1") is not None


def merge_step(tx: Tx) -> None:
    """A small step of tidying the index, for quiet moments."""
    tx.execute("insert into message_fts (message_fts, rank) values ('merge', 16)")


def count_grams(tx: Tx, texts: list[str]) -> None:
    """Counts grams of the first messages, so that a query knows which are rare."""
    row = tx.execute("select value from meta where key = 'gram_sample'").fetchone()
    counted = int(row[0]) if row else 0
    if counted >= SAMPLE:
        return
    counts: dict[str, int] = {}
    for text in texts:
        for gram in set(text.split(" ")):
            counts[gram] = counts.get(gram, 0) + 1
    tx.connection.executemany(
        "insert into gram_frequency values (?, ?) on conflict do update set n = n + excluded.n", counts.items()
    )
    tx.execute(
        "insert into meta values ('gram_sample', ?) on conflict do update set value = excluded.value",
        (counted + len(texts),),
    )


class _Frequencies(Mapping[str, int]):
    """The sampled frequencies, read gram by gram as a query asks for them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getitem__(self, gram: str) -> int:
        row = self._store.read_one("select n from gram_frequency where gram = ?", (gram,))
        if row is None:
            raise KeyError(gram)
        return int(row[0])

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


# -- finding ---------------------------------------------------------------------------------------------


def search(store: Store, text: str, *, limit: int = 50, conversations: list[int] | None = None) -> list[Hit]:
    """The newest messages that contain every word of ``text``, by their instant.

    Args:
        store: the database.
        text: what a person typed; every string is a valid query, quotes keep a phrase together.
        limit: most hits.
        conversations: look only into these, None for all.
    """
    needle = parse_query(text)
    if not needle:
        return []
    found = list(_take(_matches(store, needle, conversations), limit + 50 if limit > 1 else 1))
    if not found:
        return []
    return sorted(_hits(store, found, needle), key=lambda hit: (hit.at, hit.n), reverse=True)[:limit]


def conversations_with(store: Store, text: str, *, limit: int = 5_000) -> list[int]:
    """Conversations in which a message, the subject or the customer's name holds every word of ``text``."""
    needle = parse_query(text)
    if not needle:
        return []
    found: dict[int, None] = {}
    for _, conversation_id, _ in _matches(store, needle, None):
        found[conversation_id] = None
        if len(found) >= limit:
            break
    for customer_id in customers_with(store, text):
        for (conversation_id,) in store.read(
            "select id from conversation where customer_id = ? and hidden = 0", (customer_id,)
        ):
            found[conversation_id] = None
    return list(found)


def customers_with(store: Store, text: str, *, limit: int = 500) -> list[int]:
    """Customers whose name, call name or identity holds every word of ``text``."""
    needle = parse_query(text)
    terms = needle.candidate_terms({})
    if terms:
        rows = store.read(
            "select rowid from customer_fts where customer_fts match ? order by rowid desc limit 5000",
            (fts_expression(terms),),
        )
        candidates = [r[0] for r in rows]
    else:
        candidates = [r[0] for r in store.read("select id from customer order by id desc limit 5000")]
    found = []
    for customer_id in candidates:
        names = store.read(
            "select name || char(10) || call_name from customer where id = ? and deleted_at is null union all"
            " select value || char(10) || display from identity where customer_id = ?",
            (customer_id, customer_id),
        )
        if needle.matches(fold("\n".join(r[0] for r in names))):
            found.append(customer_id)
            if len(found) >= limit:
                break
    return found


_Match = tuple[int, int, str]


def _matches(store: Store, needle: Needle, conversations: list[int] | None) -> Iterator[_Match]:
    """``(n, conversation, folded text)`` of matching messages, roughly newest first, each once."""
    seen: set[int] = set()
    for match in _candidates(store, needle, conversations):
        if match[0] not in seen and needle.matches(match[2]):
            seen.add(match[0])
            yield match


_FROM = " from message m where m.redacted_at is null"


def _candidates(store: Store, needle: Needle, conversations: list[int] | None) -> Iterator[_Match]:
    if conversations is not None:
        yield from _stream(
            store,
            "select m.n, m.conversation_id, m.subject, m.body_text from json_each(?) j cross join message m"
            " on m.conversation_id = j.value where m.redacted_at is null order by m.n desc",
            (json.dumps(conversations),),
        )
        return
    terms = needle.candidate_terms(_Frequencies(store))
    waiting = store.read("select n from to_index order by n desc limit 20000")
    if waiting:
        yield from _stream(
            store,
            "select m.n, m.conversation_id, m.subject, m.body_text from to_index w cross join message m"
            " on m.n = w.n where m.redacted_at is null order by w.n desc",
            (),
        )
    if not terms:
        yield from _stream(store, f"select m.n, m.conversation_id, m.subject, m.body_text{_FROM} order by m.n desc", ())
        return
    if _is_common(store, terms):
        yield from _stream(
            store,
            f"select m.n, m.conversation_id, m.subject, m.body_text{_FROM} order by m.n desc limit {NEWEST}",
            (),
        )
    yield from _stream(
        store,
        "select m.n, m.conversation_id, m.subject, m.body_text from message_fts cross join message m"
        " on m.n = message_fts.rowid where message_fts match ? and m.redacted_at is null"
        " order by message_fts.rowid desc",
        (fts_expression(terms),),
    )


def _stream(store: Store, sql: str, args: tuple[Any, ...]) -> Iterator[_Match]:
    cursor = store.reader.execute(sql, args)
    try:
        for n, conversation_id, subject, body in cursor:
            yield n, conversation_id, fold(f"{subject}\n{body}")
    finally:
        cursor.close()


def _is_common(store: Store, terms: tuple[str, ...]) -> bool:
    frequencies = _Frequencies(store)
    row = store.read_one("select value from meta where key = 'gram_sample'")
    sample = int(row[0]) if row else 0
    return sample > 0 and min(frequencies.get(term.rstrip("*"), 0) for term in terms) / sample >= COMMON


def _take(matches: Iterator[_Match], count: int) -> Iterator[_Match]:
    for _ in range(count):
        match = next(matches, None)
        if match is None:
            return
        yield match


def _hits(store: Store, found: list[_Match], needle: Needle) -> list[Hit]:
    rows = store.read(
        "select m.n, m.uid, c.id, c.uid, c.number, a.name, u.call_name, u.name, m.at, m.body_text, m.subject"
        " from json_each(?) j join message m on m.n = j.value join conversation c on c.id = m.conversation_id"
        " join account a on a.id = c.account_id join customer u on u.id = c.customer_id"
        " where c.deleted_at is null and coalesce(m.delivery, '') <> 'cancelled'",
        (json.dumps([n for n, _, _ in found]),),
    )
    return [
        Hit(
            n=r[0],
            message_uid=uid_text(r[1]),
            conversation_id=r[2],
            conversation_uid=uid_text(r[3]),
            number=r[4],
            account=r[5],
            customer=r[6] or r[7],
            at=r[8],
            snippet=snippet(r[9] if needle.matches(fold(r[9])) or not r[10] else f"{r[10]}\n{r[9]}", needle),
        )
        for r in rows
    ]


def snippet(text: str, needle: Needle, *, around: int = 40) -> str:
    """One line of the text around the first word found, for a list of hits."""
    folded = fold(text)
    places = needle.places(folded)
    start = 0
    if places and len(folded) == len(text):
        start = max(0, places[0][0] - around)
    elif places:
        start = max(0, round(places[0][0] / max(1, len(folded)) * len(text)) - around)
    line = " ".join(text[start : start + 3 * around].split())
    return ("…" if start else "") + line
