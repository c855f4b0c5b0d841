"""Search over every message: the index gives candidates, the text decides, newest first.

The form measured best: an FTS5 index of unordered grams without positions (``csconsole.text.search``). A query
asks for its rarest grams, streams candidates by falling ``n`` and keeps those whose folded text really
contains the words. Where the words are so common that most rows match, the newest rows are read first
without the index. Rows not indexed yet are read directly, so a message is found the moment it is stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Set
from contextlib import closing
from itertools import islice
from typing import Any

import msgspec

from csconsole.store import driver
from csconsole.store.database import Store, Tx
from csconsole.store.ids import uid_text
from csconsole.store.query_sql import TEXT_CAP
from csconsole.text.search import Needle, fold, fts_expression, index_terms, parse_query

SAMPLE = 20_000
"""Messages whose grams are counted to know which are rare."""
COMMON = 0.25
"""Share of messages above which reading the newest rows beats the index."""
NEWEST = 500
"""How many of the newest rows are read first for such words."""
SLACK = 50
"""Hits fetched beyond those asked for: candidates come by ``n``, hits are shown by their instant."""
_BATCH = 100

Keep = Callable[[Collection[int]], set[int]]
"""Of some conversations those that may be shown."""


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


def search(
    store: Store,
    text: str,
    *,
    limit: int = 50,
    conversations: list[int] | None = None,
    among: Set[int] | None = None,
    keep: Keep | None = None,
) -> list[Hit]:
    """The newest messages that contain every word of ``text``, by their instant.

    Args:
        store: the database.
        text: what a person typed; every string is a valid query, quotes keep a phrase together.
        limit: most hits.
        conversations: read all messages of these, None for all; right when they are few.
        among: look at no message of other conversations; right when they are some.
        keep: says which conversations may be shown; right when they are many.
    """
    needle = parse_query(text)
    if not needle or limit < 1:
        return []
    wanted = limit + SLACK if limit > 1 else 1
    found: list[tuple[Any, ...]] = []
    matches = _matches(store, needle, conversations, among)
    while len(found) < wanted and (batch := list(islice(matches, min(_BATCH, wanted)))):
        allowed = keep({c for _, c, _ in batch}) if keep is not None else None
        found += _shown(store, [n for n, c, _ in batch if allowed is None or c in allowed])
    found.sort(key=lambda row: (row[8], row[0]), reverse=True)
    return [_hit(row, needle) for row in found[:limit]]


def conversations_with(store: Store, text: str, *, limit: int = TEXT_CAP) -> list[int]:
    """Conversations in which a message, the subject or the customer's name holds every word of ``text``."""
    needle = parse_query(text)
    if not needle:
        return []
    found: dict[int, None] = {}
    for _, conversation_id, _ in _matches(store, needle, None):
        found[conversation_id] = None
        if len(found) >= limit:
            return list(found)
    customers = json.dumps(customers_with(store, text))
    for (conversation_id,) in store.read(
        "select c.id from json_each(?) j cross join conversation c on c.customer_id = j.value where c.hidden = 0",
        (customers,),
    ):
        found[conversation_id] = None
    return list(found)[:limit]


def customers_with(store: Store, text: str, *, limit: int = 5_000) -> list[int]:
    """Customers whose name, call name or identity holds every word of ``text``, the newest first."""
    needle = parse_query(text)
    if not needle:
        return []
    terms = needle.candidate_terms({})
    source = "customer k where k.deleted_at is null order by k.id desc"
    args: tuple[Any, ...] = ()
    if terms:
        source = (
            "customer_fts cross join customer k on k.id = customer_fts.rowid"
            " where customer_fts match ? and k.deleted_at is null order by customer_fts.rowid desc"
        )
        args = (fts_expression(terms),)
    sql = (
        "select k.id, k.name || char(10) || k.call_name || coalesce((select group_concat(char(10) || i.value ||"
        f" char(10) || i.display, '') from identity i where i.customer_id = k.id), '') from {source}"
    )
    found = (key for key, names in _rows(store, sql, args) if needle.matches(fold(names)))
    return list(islice(found, limit))


_Match = tuple[int, int, str]


def _matches(
    store: Store, needle: Needle, conversations: list[int] | None, among: Set[int] | None = None
) -> Iterator[_Match]:
    """``(n, conversation, folded text)`` of matching messages, roughly newest first, each once."""
    seen: set[int] = set()
    for n, conversation, subject, body in _candidates(store, needle, conversations):
        # In this order: to fold a text costs more than all the rest.
        if (among is not None and conversation not in among) or n in seen:
            continue
        text = fold(f"{subject}\n{body}")
        if needle.matches(text):
            seen.add(n)
            yield n, conversation, text


_COLUMNS = "m.n, m.conversation_id, m.subject, m.body_text"
_SHOWN = "m.redacted_at is null and m.delivery is not 'cancelled'"


_Candidate = tuple[int, int, str, str]


def _candidates(store: Store, needle: Needle, conversations: list[int] | None) -> Iterator[_Candidate]:
    if conversations is not None:
        yield from _rows(
            store,
            f"select {_COLUMNS} from json_each(?) j cross join message m on m.conversation_id = j.value"
            f" where {_SHOWN} order by m.n desc",
            (json.dumps(conversations),),
        )
        return
    terms = needle.candidate_terms(_Frequencies(store))
    yield from _rows(
        store,
        f"select {_COLUMNS} from to_index w cross join message m on m.n = w.n where {_SHOWN} order by w.n desc",
        (),
    )
    if not terms:
        yield from _rows(store, f"select {_COLUMNS} from message m where {_SHOWN} order by m.n desc", ())
        return
    below = 1 << 62
    if _is_common(store, terms):
        newest = f"select {_COLUMNS} from message m where {_SHOWN} order by m.n desc limit {NEWEST}"
        for row in _rows(store, newest, ()):
            below = row[0]
            yield row
    yield from _rows(
        store,
        f"select {_COLUMNS} from message_fts cross join message m on m.n = message_fts.rowid"
        f" where message_fts match ? and message_fts.rowid < ? and {_SHOWN} order by message_fts.rowid desc",
        (fts_expression(terms), below),
    )


def _rows(store: Store, sql: str, args: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Rows one by one; the cursor is closed as soon as nobody wants more."""
    try:
        with store.reader.use() as connection, closing(connection.execute(sql, args)) as cursor:
            yield from cursor
    except driver.DatabaseError as error:
        raise driver.translate(error, str(store.path)) from error


def _is_common(store: Store, terms: tuple[str, ...]) -> bool:
    frequencies = _Frequencies(store)
    row = store.read_one("select value from meta where key = 'gram_sample'")
    sample = int(row[0]) if row else 0
    return sample > 0 and min(frequencies.get(term.rstrip("*"), 0) for term in terms) / sample >= COMMON


def _shown(store: Store, found: list[int]) -> list[tuple[Any, ...]]:
    """The columns of a hit, for messages of conversations that are still there."""
    return store.read(
        "select m.n, m.uid, c.id, c.uid, c.number, a.name, u.call_name, u.name, m.at, m.body_text, m.subject"
        " from json_each(?) j join message m on m.n = j.value join conversation c on c.id = m.conversation_id"
        " join account a on a.id = c.account_id join customer u on u.id = c.customer_id"
        " where c.deleted_at is null",
        (json.dumps(found),),
    )


def _hit(row: tuple[Any, ...], needle: Needle) -> Hit:
    body, subject = row[9], row[10]
    whole = body if not subject or needle.matches(fold(body)) else f"{subject}\n{body}"
    return Hit(
        n=row[0],
        message_uid=uid_text(row[1]),
        conversation_id=row[2],
        conversation_uid=uid_text(row[3]),
        number=row[4],
        account=row[5],
        customer=row[6] or row[7],
        at=row[8],
        snippet=snippet(whole, needle),
    )


def snippet(text: str, needle: Needle, *, around: int = 40) -> str:
    """One line of the text around the first word found, for a list of hits."""
    from csconsole.text.graphemes import previous_stop, truncate  # loads Rich's width tables
    from csconsole.text.highlight import spans

    line = " ".join(text.split())
    folded = fold(line)
    # Folding that keeps the length moves signs inside a letter at most; only else is every letter traced.
    found = needle.places(folded) if len(folded) == len(line) else spans(needle, line)
    start = max(0, found[0][0] - around) if found else 0
    if 0 < start < len(line):
        start = previous_stop(line, start)
    return truncate(("…" if start else "") + line[start : start + 6 * around], 3 * around)
