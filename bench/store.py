"""Q1, Q2, F1, F2, F3: the queue's pages and counts, and search, inside one process on the demo's data."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

from bench.results import Result, percentile
from bench.subjects import demo_directory
from csconsole.screens.session import open_session
from csconsole.services.desk import Desk
from csconsole.services.finding import search_messages
from csconsole.services.views import QueueReader, all_views
from csconsole.store import search
from csconsole.text.search import fold, parse_query

SEED = 7
PIECES = 300
"""Random pieces of random messages that are searched for."""
RECALLED = 120
"""Pieces whose hits are compared with a reading of every message."""
FILTERS = ("status:open", "assignee:me", "tag:vip", "channel:line status:resolved")


@contextmanager
def desk_on(directory: Path) -> Iterator[Desk]:
    """The agent's desk on a data directory."""
    session = open_session(None, directory, starts_worker=False)
    try:
        yield session.desk
    finally:
        session.close()


def milliseconds(work: Callable[[], object]) -> float:
    """How long something takes, once."""
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) * 1000


def queue(rounds: int, conversations: int) -> list[Result]:
    """Q1 and Q2: ours and the bare select take turns, in one process on one connection."""
    with desk_on(demo_directory(conversations)) as desk:
        reader = QueueReader(desk)
        bare = (
            "select * from conversation indexed by queue_status where status = 'open' and hidden = 0"
            " order by queue_key, id limit 50"
        )
        pages: list[float] = []
        floors: list[float] = []
        for _ in range(rounds * 20 + 5):
            floors.append(milliseconds(lambda: desk.store.read(bare)))
            pages.append(milliseconds(lambda: reader.page("status:open", limit=50)))
        views = [view.query for view in all_views(desk)]
        counts = [milliseconds(lambda: [reader.count(query) for query in views]) for _ in range(rounds * 10 + 2)][2:]
        opening = [milliseconds(lambda: reader.page(views[0], limit=50)) for _ in range(rounds * 10 + 2)][2:]
    name = f"{conversations:,}"
    return [
        Result("Q1", f"page of 50 open ones, {name} conversations / bare indexed select", median(pages[5:]), "ms", 2.0,
               median(floors[5:]), samples=len(pages) - 5),
        Result("Q1", f"first page of the first view, {name} conversations", median(opening), "ms", None),
        Result("Q2", f"counts of all {len(views)} views, {name} conversations", median(counts), "ms", 2.0,
               samples=len(counts)),
    ]  # fmt: skip


def pieces(desk: Desk, count: int) -> list[str]:
    """Random pieces of random messages: Thai of 1 to 8 signs wherever they stand, words and beginnings of words."""
    chance = random.Random(SEED)
    first, last = desk.store.read("select min(n), max(n) from message")[0]
    found: list[str] = []
    while len(found) < count:
        row = desk.store.read_one(
            "select body_text from message where n >= ? order by n limit 1", (chance.randint(first, last),)
        )
        words = fold(str(row[0])).split() if row else []
        if not words:
            continue
        word = chance.choice(words)
        if word.isascii():
            piece = word[: chance.choice((2, 3, 64))]
        else:
            size = chance.randint(1, 8)
            start = chance.randrange(max(1, len(word) - size + 1))
            piece = word[start : start + size]
        if chance.random() < 0.2:
            piece += " " + chance.choice(words)
        if parse_query(piece):
            found.append(piece)
    return found


def find(rounds: int, conversations: int) -> list[Result]:
    """F1 on a small shop read whole, F2 and F3 on the large one."""
    return [*recall(), *latency(rounds, conversations), *size(conversations)]


def recall() -> list[Result]:
    """F1: every hit of random pieces against a reading of all messages."""
    true = found = right = 0
    with desk_on(demo_directory(1000)) as desk:
        shown = "m.redacted_at is null and m.delivery is not 'cancelled' and c.deleted_at is null"
        rows = desk.store.read(
            "select m.n, m.subject, m.body_text from message m join conversation c on c.id = m.conversation_id"
            f" where {shown}"
        )
        folded = [(n, fold(f"{subject}\n{body}")) for n, subject, body in rows]
        for piece in pieces(desk, RECALLED):
            needle = parse_query(piece)
            truth = {n for n, text in folded if needle.matches(text)}
            hits = {hit.n for hit in search.search(desk.store, piece, limit=len(rows) + 1)}
            true, found, right = true + len(truth), found + len(hits), right + len(truth & hits)
    return [
        Result("F1", "recall of random pieces, Thai and English", right / true, "", 1.0, at_least=True, samples=true),
        Result("F1", "precision as substring", right / found, "", 1.0, at_least=True, samples=found),
    ]


def latency(rounds: int, conversations: int) -> list[Result]:
    """F2: newest 50, the best of two calls as in the reference, and the first call of each."""
    with desk_on(demo_directory(conversations)) as desk:
        total = int(desk.store.read("select count(*) from message")[0][0])
        words = pieces(desk, PIECES if rounds > 3 else PIECES // 3)
        first = [milliseconds(partial(search.search, desk.store, text)) for text in words]
        again = [milliseconds(partial(search.search, desk.store, text)) for text in words]
        best = [min(pair) for pair in zip(first, again, strict=True)]
        texts = [f"{text} {FILTERS[place % len(FILTERS)]}" for place, text in enumerate(words)]
        narrowed = [milliseconds(partial(search_messages, desk, text)) for text in texts]
    worst = sorted(zip(best, words, strict=True), reverse=True)[:5]
    print("  slowest pieces: " + ", ".join(f"{text!r} {spent:.0f} ms" for spent, text in worst))
    name = f"{total:,} messages"
    return [
        Result("F2", f"newest 50, p95, {name}", percentile(best, 95), "ms", 25.0, samples=len(best)),
        Result("F2", f"newest 50, median, {name}", median(best), "ms"),
        Result("F2", f"newest 50, worst, {name}", max(best), "ms"),
        Result("F2", f"newest 50, first call of each, p95, {name}", percentile(first, 95), "ms"),
        Result("F2", f"newest 50 with a filter, p95, {name}", percentile(narrowed, 95), "ms", 50.0,
               samples=len(narrowed)),
    ]  # fmt: skip


def size(conversations: int) -> list[Result]:
    """F3: bytes of the index, without what SQLite's pages add, against bytes of the text it holds."""
    with desk_on(demo_directory(conversations)) as desk:
        index = sum(
            desk.store.read(f"select sum(length({column})) from message_fts_{name}")[0][0]
            for name, column in (("data", "block"), ("idx", "term"))
        )
        text = desk.store.read(
            "select sum(length(cast(subject as blob)) + length(cast(body_text as blob))) from message"
        )[0][0]
    mib = 1 << 20
    return [Result("F3", "search index / text, as built", index / mib, "MiB", 0.95, text / mib)]
