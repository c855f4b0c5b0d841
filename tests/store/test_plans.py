"""Every statement a screen runs walks an index; a page in queue order is never sorted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from csconsole.domain.query import parse
from csconsole.services.views import BUILT_IN
from csconsole.store import customers, messages, outbox, refs, timers
from csconsole.store.database import Store
from csconsole.store.queue import Queue
from tests.store.support import NOW, load_bulk, make, scope

SMALL = {"account", "agent", "tag", "meta"}
"""Tables that are read whole: a handful of rows."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = make(tmp_path_factory.mktemp("plans"))
    load_bulk(made, 2_000, 4_000)
    yield made
    made.close()


def plan(store: Store, sql: str, args: Any = ()) -> list[str]:
    return [row[3] for row in store.read(f"explain query plan {sql}", args)]


def faults(lines: list[str], *, sorts: bool = False) -> list[str]:
    """Lines that read a big table from end to end, or sort it."""
    found = []
    for line in lines:
        scanned = re.match(r"SCAN (\w+)\b(?! VIRTUAL)", line)
        walks_queue = re.match(r"SCAN (c USING (COVERING )?INDEX queue_all|timer USING INDEX timer_due)", line)
        if scanned and not walks_queue and scanned[1] not in SMALL | {"k", "j", "json_each"} and "(sub" not in line:
            found.append(line)
        if "TEMP B-TREE" in line and not sorts:
            found.append(line)
    return found


SPLIT = ("status:open tag:refund", "status:open assignee:me channel:line", "assignee:none", "", "-status:open")
ORDERED = [view.query for view in BUILT_IN if "," not in view.query] + [
    "account:line-siam status:open",
    "channel:line status:open",
    "assignee:nok status:open",
    "assignee:none status:pending",
    "status:open -tag:refund",
    "status:open waiting>30m",
    "status:open is:unread",
    "status:open (channel:line OR tag:refund)",
    *(q for q in SPLIT if "tag:" not in q),
]


@pytest.mark.parametrize("query", ORDERED)
@pytest.mark.parametrize("where", [{}, {"after": (NOW, 5)}, {"before": (1 << 62, 5)}], ids=["top", "down", "up"])
def test_pages_come_in_order_from_an_index(store: Store, query: str, where: dict[str, Any]) -> None:
    sql, args = Queue(store, 1).statement(parse(query), scope(store), **where)
    assert faults(plan(store, sql, args)) == []


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("status:open", "queue_status"),
        ("assignee:me status:open", "queue_assignee"),
        ("assignee:none status:open", "queue_assignee"),
        ("account:line-siam status:open", "queue_account"),
        ("channel:line status:open", "queue_channel"),
        ("", "queue_all"),
    ],
)
def test_a_view_walks_the_index_that_fits_it(store: Store, query: str, index: str) -> None:
    sql, args = Queue(store, 1).statement(parse(query), scope(store))
    assert any(f"INDEX {index}" in line and " c " in line for line in plan(store, sql, args))


@pytest.mark.parametrize("query", ["status:pending,on_hold", "status:open,pending", "status:open,pending -tag:refund"])
def test_several_statuses_are_walked_one_by_one_and_only_a_page_of_each_is_sorted(store: Store, query: str) -> None:
    sql, args = Queue(store, 1).statement(parse(query), scope(store))
    lines = plan(store, sql, args)
    assert faults(lines, sorts=True) == []
    assert sum("queue_status (status=?" in line for line in lines) == 2
    assert len(re.findall(r"limit :limit\)", sql)) == 2


def test_a_common_tag_walks_the_queue_and_a_rare_one_begins_at_its_conversations(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = Queue(store, 1)
    rare, args = queue.statement(parse("tag:refund"), scope(store))
    assert not any("queue_all" in line for line in plan(store, rare, args))
    monkeypatch.setattr("csconsole.store.query_plan.RARE", 3)
    common, args = queue.statement(parse("tag:refund"), scope(store))
    lines = plan(store, common, args)
    assert faults(lines) == []
    assert any("queue_all" in line for line in lines)


@pytest.mark.parametrize("query", ["number:100007", "customer:สมชาย", "refund", "has:draft", "is:failed", "tag:refund"])
def test_selective_terms_read_only_what_they_name(store: Store, query: str) -> None:
    sql, args = Queue(store, 1).statement(parse(query), scope(store))
    assert faults(plan(store, sql, args), sorts=True) == []


@pytest.mark.parametrize(
    "query", [*(view.query for view in BUILT_IN), "account:line-siam", "assignee:me", "tag:refund"]
)
def test_counts_read_an_index(store: Store, query: str) -> None:
    queue = Queue(store, 1)
    statements = recorded(store, lambda: queue.count(parse(query), scope(store)))
    for sql, args in statements:
        assert faults(plan(store, sql, args), sorts=True) == []


def recorded(store: Store, call: Any) -> list[tuple[str, Any]]:
    """The reads a call makes, with their values."""
    seen: list[tuple[str, Any]] = []
    real = store.read

    def read(sql: str, args: Any = ()) -> Any:
        seen.append((sql, args))
        return real(sql, args)

    store.read = read  # type: ignore[method-assign]  # watches, changes nothing
    try:
        call()
    finally:
        del store.read  # type: ignore[attr-defined]  # the class's own is under it
    assert seen
    return seen


def test_the_reads_of_the_open_view_and_the_worker_walk_indexes(store: Store) -> None:
    queue = Queue(store, 1)
    calls = {
        "changed": lambda: queue.changed(5),
        "row": lambda: queue.by_id(7),
        "conversation": lambda: queue.conversation(7),
        "transcript": lambda: messages.page(store, 7),
        "transcript up": lambda: messages.page(store, 7, before=(NOW, 3)),
        "changed messages": lambda: messages.changed(store, 7, 1),
        "last words": lambda: messages.last_customer_text(store, 7),
        "customer": lambda: customers.load(store, 3),
        "outbox due": lambda: outbox.due(store, NOW, account_id=1),
        "outbox next": lambda: outbox.next_due_at(store),
        "outbox pending": lambda: outbox.pending_count(store),
        "outbox unsettled": lambda: outbox.unsettled(store, 1),
        "held": lambda: outbox.held(store, 7, 1),
        "timers": lambda: timers.due_timers(store, NOW, kinds=("snooze",)),
        "next timer": lambda: timers.next_timer_at(store, kinds=("snooze",)),
        "jobs": lambda: timers.queued_jobs(store),
        "gate": lambda: refs.known(store, 1, "message", ["a", "b"]),
    }
    bad: dict[str, list[str]] = {}
    for name, call in calls.items():
        for sql, args in recorded(store, call):
            sorts = name in {"outbox due", "outbox unsettled", "changed messages", "customer"}  # a few rows each
            found = faults(plan(store, sql, args), sorts=sorts)
            if found:
                bad[name] = found
    assert bad == {}
