"""The parsing children: what hostile items can and cannot do."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from csconsole.connectors.base import RawItem
from csconsole.domain.events import MessageEvent
from csconsole.errors import ConnectorError, PayloadError
from csconsole.sync import parsing
from csconsole.sync.ingest import Parsed
from csconsole.sync.parsing import BATCH_BYTES, BATCH_ITEMS, Parser, batches
from csconsole.sync.wire import Recipe
from tests.sync.simulator import item

RECIPE = Recipe(target="tests.sync.simulator:SimConnector", name="shop", connector="sim", settings={"sim": "x"})


@pytest.fixture
async def parser() -> AsyncIterator[Parser]:
    made = Parser(1)
    yield made
    await made.close()


def texts(found: list[Parsed]) -> list[str]:
    """The text of each item understood, the reason in brackets of each that was not."""
    return [
        "".join(e.body_text for e in one.events if isinstance(e, MessageEvent))
        if one.events is not None
        else f"[{one.error}]"
        for one in found
    ]


async def test_items_come_back_in_order(parser: Parser) -> None:
    items = [item(n, f"ข้อความ {n}") for n in range(3 * BATCH_ITEMS + 7)]
    found = await parser.parse(RECIPE, items)
    assert texts(found) == [f"ข้อความ {n}" for n in range(3 * BATCH_ITEMS + 7)]
    assert [one.item.remote_id for one in found] == [one.remote_id for one in items]


async def test_nothing_to_do_starts_no_child(parser: Parser) -> None:
    assert await parser.parse(RECIPE, []) == []
    assert not parser._children


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("malformed", "the message has no sender␛[2J"),
        ("bug", "It could not be understood (ValueError)."),
        ("deep", "It could not be understood (RecursionError)."),
        ("memory", "It needs more memory to read than is allowed."),
        ("die", "Its reader died (9)."),
        ("crash", f"Its reader died ({signal.SIGSEGV.value})."),
    ],
)
async def test_one_bad_item_costs_itself_only(parser: Parser, trouble: str, reason: str) -> None:
    found = await parser.parse(RECIPE, [item(1, "a"), item(2, trouble), item(3, "b"), item(4, trouble), item(5, "c")])
    assert texts(found) == ["a", f"[{reason}]", "b", f"[{reason}]", "c"]


async def test_endless_computing_is_stopped(parser: Parser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing._Child.receive, "__defaults__", (200.0,))  # a busy machine computes 5 s for long
    found = await parser.parse(RECIPE, [item(1, "a"), item(2, "spin"), item(3, "b")])
    assert texts(found) == ["a", "[It took more than 5 seconds of computing to read.]", "b"]


async def test_silence_is_stopped(parser: Parser, monkeypatch: pytest.MonkeyPatch) -> None:
    await parser.parse(RECIPE, [item(1, "a")])
    (child,) = parser._children
    monkeypatch.setattr(parsing._Child.receive, "__defaults__", (0.2,))
    os.kill(child.process.pid, signal.SIGSTOP)
    found = await asyncio.wait_for(parser.parse(RECIPE, [item(2, "b")]), 20)
    assert texts(found)[0].startswith("[It took longer than")


async def test_what_a_library_prints_does_not_break_the_answers(parser: Parser) -> None:
    assert texts(await parser.parse(RECIPE, [item(1, "print"), item(2, "a")])) == ["print", "a"]


async def test_a_child_knows_no_secret(parser: Parser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "hunter2")
    assert texts(await parser.parse(RECIPE, [item(1, "secret:SHOP_PASSWORD")])) == ["[no such variable]"]


async def test_a_child_inherits_no_open_file(parser: Parser) -> None:
    fd = os.open(os.devnull, os.O_RDONLY)
    try:
        await parser.parse(RECIPE, [item(1)])
        (child,) = parser._children
        targets = {str(entry.readlink()) for entry in Path(f"/proc/{child.process.pid}/fd").iterdir()}
        assert all(t.startswith("pipe:") or t == os.devnull for t in targets), targets
    finally:
        os.close(fd)


async def test_a_dead_child_is_replaced(parser: Parser) -> None:
    await parser.parse(RECIPE, [item(1)])
    (child,) = parser._children
    child.process.kill()
    await child.process.wait()
    assert texts(await parser.parse(RECIPE, [item(2, "b"), item(3, "c")])) == ["b", "c"]


async def test_a_connector_that_cannot_be_loaded_blames_no_item(parser: Parser) -> None:
    with pytest.raises(ConnectorError, match="cannot load the connector"):
        await parser.parse(msgspec.structs.replace(RECIPE, target="tests.sync.no_such:Thing"), [item(1)])
    assert texts(await parser.parse(RECIPE, [item(1, "a")])) == ["a"]


async def test_an_abandoned_page_leaves_no_stale_answers(parser: Parser) -> None:
    await parser.parse(RECIPE, [item(0)])
    task = asyncio.create_task(parser.parse(RECIPE, [item(n, f"old {n}") for n in range(200)]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert texts(await parser.parse(RECIPE, [item(1, "new")])) == ["new"]


async def test_closing_ends_every_child() -> None:
    parser = Parser(2)
    await parser.parse(RECIPE, [item(n) for n in range(3 * BATCH_ITEMS)])
    pids = [child.process.pid for child in parser._children]
    await parser.close()
    assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_batches_end_by_count_and_by_size() -> None:
    small = [item(n) for n in range(BATCH_ITEMS + 1)]
    assert [len(b) for b in batches(small)] == [BATCH_ITEMS, 1]
    big = RawItem(remote_id="big", kind="message", raw=b"x" * BATCH_BYTES, received_at=0)
    assert [len(b) for b in batches([item(1), big, item(2), big, big])] == [2, 2, 1]
    assert batches([]) == []


async def test_an_attachment_is_taken_out_in_a_child(parser: Parser) -> None:
    held = await parser.extract(RECIPE, item(1, "x"), "packed")
    assert held is not None
    assert held.startswith(b"packed in process ") and not held.endswith(str(os.getpid()).encode())
    assert await parser.extract(RECIPE, item(1, "x"), "elsewhere") is None


@pytest.mark.parametrize("trouble", ["memory", "malformed", "bug"])
async def test_a_file_that_harms_its_reader_is_refused_with_a_sentence(parser: Parser, trouble: str) -> None:
    with pytest.raises(PayloadError):
        await parser.extract(RECIPE, item(1, "x"), f"!{trouble}")
    assert await parser.extract(RECIPE, item(1, "x"), "packed") is not None
