"""The demo's stream: the same for everyone, complete, and true to the shop file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from csconsole.clock import DAY, HOUR, MINUTE, SECOND, FixedClock, parse_rfc3339
from csconsole.connectors.base import RawItem
from csconsole.connectors.demo.arrivals import PACE, account_of, last_before, stretch
from csconsole.connectors.demo.shop import by_id, is_when, shop, when
from csconsole.connectors.demo.still import STILL_AT
from csconsole.domain.events import ConversationEvent, MessageEvent
from csconsole.errors import PayloadError
from csconsole.text.sanitize import is_safe
from tests.unit.demo.support import ACCOUNTS, Phases, connector, events, is_history, items, pages, reply

STORIES = shop()["conversations"]


@pytest.mark.parametrize("story", STORIES, ids=[story["id"] for story in STORIES])
async def test_still_demo_shows_each_seeded_conversation(tmp_path: Path, story: dict[str, Any]) -> None:
    found, _ = await events(connector(tmp_path, story["account"], still=True))
    mine = [event for event in found if getattr(event, "thread", None) and event.thread.remote_id == story["id"]]
    messages = [e for e in mine if isinstance(e, MessageEvent) and e.author_kind != "system"]
    last = [e for e in mine if isinstance(e, ConversationEvent)][-1]
    expected = [(m["direction"], m["visibility"], m["text"], m.get("delivery", "")) for m in story["messages"]]
    shown = sorted(messages, key=lambda message: message.remote_id)
    assert [(m.direction, m.visibility, m.body_text, m.delivery) for m in shown] == expected
    assert [m.at for m in shown] == [when(m["at"], STILL_AT) for m in story["messages"]]
    assert (last.number, last.status, last.assignee, last.priority, last.team) == (
        story["number"],
        story["status"],
        story["assignee"] or "",
        story["priority"],
        story["team"],
    )
    assert (last.tags, last.reason, last.subject) == (tuple(story["tags"]), story["reason"], story["subject"])
    customer = by_id("customers")[story["customer"]]
    assert {(m.customer_name, m.customer_call) for m in messages} == {(customer["name"], customer["call_name"] or "")}
    assert len([e for e in mine if isinstance(e, MessageEvent)]) == len(story["messages"]) + len(story["events"])


async def test_what_nobody_answered_is_live_and_the_oldest_of_it_is_the_oracle_s_clock(tmp_path: Path) -> None:
    waiting: dict[str, int] = {}
    for name in ACCOUNTS:
        demo = connector(tmp_path, name, still=True)
        for page in (await pages(demo))[0]:
            for event in (e for item in page.items for e in demo.normalise(item, demo.account)):
                if isinstance(event, MessageEvent) and event.direction == "in" and not is_history(page):
                    thread = event.thread.remote_id
                    waiting[thread] = min(event.at, waiting.get(thread, event.at))
    for entry in shop()["oracle"]["response_due"]:
        begun = parse_rfc3339(entry["from"])
        assert waiting[entry["conversation"]] == begun, entry["conversation"]


async def test_a_conversation_with_history_is_open_before_its_news_arrives(tmp_path: Path) -> None:
    found, _ = await events(connector(tmp_path, "line-online", still=True))
    nat = [e for e in found if e.thread.remote_id == "cv-nat"]  # type: ignore[union-attr]
    news = next(i for i, e in enumerate(nat) if isinstance(e, MessageEvent) and e.remote_id == "cv-nat:04")
    before = nat[news - 1]
    assert isinstance(before, ConversationEvent) and before.status == "open"


@pytest.mark.parametrize(
    "text", ["2026-11-27T00:00:30+07:00", "2026-03-01T00:20:00+07:00", "2026-11-27T23:59:59+07:00"]
)
async def test_at_any_hour_the_past_lies_in_the_past_and_in_its_order(tmp_path: Path, text: str) -> None:
    start = parse_rfc3339(text)
    for name in ("fb-page", "web-th", "x", "line-ladprao"):
        found, _ = await events(connector(tmp_path, name, FixedClock(start), start=text))
        for story in (story for story in STORIES if story["account"] == name):
            mine = [e for e in found if isinstance(e, MessageEvent) and e.thread.remote_id == story["id"]]
            said = sorted((e for e in mine if e.author_kind != "system"), key=lambda e: e.remote_id)
            assert len(said) == len(story["messages"])
            assert [e.at for e in said] == sorted(e.at for e in said) and said[-1].at <= start


async def test_the_still_demo_never_moves(tmp_path: Path) -> None:
    clock = FixedClock(STILL_AT)
    demo = connector(tmp_path, clock=clock, still=True)
    _, cursor = await items(demo)
    await demo.send(reply("คืนเงินให้ค่ะ"), Phases())
    clock.advance(3 * DAY)
    assert await items(demo, cursor) == ([], (await items(demo, cursor))[1])


async def test_two_processes_see_the_same_world(tmp_path: Path) -> None:
    clock = FixedClock(STILL_AT)
    demo = connector(tmp_path, "fb-page", clock)
    await items(demo)
    await demo.send(reply("ส่งใหม่ให้วันนี้ครับ", "cv-wee"), Phases())
    clock.advance(2 * HOUR)
    here = [(item.remote_id, item.raw.decode()) for item in (await items(demo))[0]]
    script = (
        "import asyncio, json, sys\n"
        "from pathlib import Path\n"
        "from csconsole.clock import FixedClock\n"
        "from tests.unit.demo.support import connector, items\n"
        "demo = connector(Path(sys.argv[1]), 'fb-page', FixedClock(int(sys.argv[2])))\n"
        "found, _ = asyncio.run(items(demo))\n"
        "print(json.dumps([(item.remote_id, item.raw.decode()) for item in found]))\n"
    )
    root = Path(__file__).parents[3]
    there = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), str(clock.now())],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "PYTHONHASHSEED": "77"},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert [tuple(pair) for pair in json.loads(there.stdout)] == here
    assert any(name.startswith("live-") for name, _ in here)
    assert any(name.startswith("cv-wee:after-") for name, _ in here)


async def test_another_seed_is_another_stream_of_customers(tmp_path: Path) -> None:
    streams = []
    for seed in (1, 2):
        clock = FixedClock(STILL_AT)
        demo = connector(tmp_path / str(seed), "web-th", clock, seed=seed)
        (tmp_path / str(seed)).mkdir()
        await items(demo)
        clock.advance(3 * HOUR)
        streams.append([item.raw for item in (await items(demo))[0]])
    assert streams[0] != streams[1]


async def test_reading_in_steps_gives_exactly_what_reading_at_once_gives(tmp_path: Path) -> None:
    """Whatever the page size and the moments of pulling, nothing is missed and nothing comes twice."""
    clock = FixedClock(STILL_AT)
    demo = connector(tmp_path, "fb-page", clock, page_size=3)
    stepwise, cursor = await items(demo)
    for step in range(1, 240):
        clock.advance(17 * SECOND)
        if step % 40 == 0:
            await demo.send(reply(f"ตรวจสอบให้ค่ะ {step}", "cv-wee", key=f"k{step}"), Phases())
        news, cursor = await items(demo, cursor)
        stepwise += news
    at_once, _ = await items(connector(tmp_path, "fb-page", clock))
    names = [item.remote_id for item in stepwise]
    assert len(names) == len(set(names))
    assert sorted(names) == sorted(item.remote_id for item in at_once)
    assert {item.remote_id: item.raw for item in stepwise} == {item.remote_id: item.raw for item in at_once}
    assert any(":out-" in name for name in names), "no echo came"


async def test_pulling_again_with_an_old_cursor_repeats_the_same_ids(tmp_path: Path) -> None:
    demo = connector(tmp_path, "mail-care", page_size=5)
    first = await demo.pull("")
    again = await demo.pull("")
    assert first == again and first.items
    assert (await demo.pull("not a cursor of ours")).items == first.items


async def test_new_customers_come_at_the_stated_pace(tmp_path: Path) -> None:
    clock = FixedClock(STILL_AT)
    threads: set[str] = set()
    numbers: list[int] = []
    demos = [connector(tmp_path, name, clock) for name in ACCOUNTS]
    for demo in demos:
        await items(demo)
    clock.advance(HOUR)
    for demo in demos:
        for event in (await events(demo))[0]:
            if isinstance(event, MessageEvent) and event.thread.remote_id.startswith("live-"):
                threads.add(event.thread.remote_id)
            if isinstance(event, ConversationEvent) and event.thread.remote_id.startswith("live-"):
                assert event.number is not None
                numbers.append(event.number)
                assert STILL_AT < event.at <= clock.now()
    expected = HOUR // PACE
    assert len(numbers) == len(set(numbers)) == len(threads)
    assert expected - 1 <= len(threads) <= expected


def test_stretches_never_overlap_and_slow_down() -> None:
    for k in (1, 2, 100, 639, 640, 641, 700, 5000):
        assert last_before(stretch(k)) == k
        assert last_before(stretch(k) - 1) == k - 1
    week = last_before(7 * DAY)
    assert week < 1500, "a demo left alone for a week must not fill with thousands of customers"
    assert {account_of(1, k)["channel"] for k in range(1, 400)}.isdisjoint({"phone", "desk"})


@pytest.mark.parametrize("name", ACCOUNTS)
async def test_every_normalised_text_is_safe(tmp_path: Path, name: str) -> None:
    clock = FixedClock(STILL_AT)
    demo = connector(tmp_path, name, clock)
    await items(demo)
    clock.advance(5 * HOUR)
    for event in (await events(demo))[0]:
        for text in _texts(event):
            assert is_safe(text), text


async def test_hostile_items_come_out_safe(tmp_path: Path) -> None:
    demo = connector(tmp_path)
    evil = "\x1b[31m\x9b0m\u202eevil\x07"
    body = {
        "type": "message",
        "id": "m",
        "thread": "t",
        "at": 1,
        "text": evil,
        "subject": evil + "\nsecond",
        "author": {"kind": "customer", "name": evil},
        "attachments": [{"name": "../" + evil, "bytes": -1}],
        "customer": {
            "name": evil,
            "tags": [evil],
            "attributes": {evil: [evil]},
            "identities": [{"kind": "line_uid", "realm": "r", "value": "v", "display": evil}],
        },
        "extra": {"alt": {"deep": evil}},
    }
    raw = RawItem(remote_id="m", kind="message", raw=json.dumps(body).encode(), received_at=1)
    (event,) = demo.normalise(raw, demo.account)
    assert isinstance(event, MessageEvent)
    texts = list(_texts(event))
    assert len([text for text in texts if "evil" in text]) >= 9
    assert all(is_safe(text) for text in texts)
    assert "/" not in event.attachments[0].name and event.attachments[0].bytes == 0


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"type":"x"}', b'{"type":"message"}', b"\xff", b"[" * 9999])
async def test_what_cannot_be_understood_says_so(tmp_path: Path, raw: bytes) -> None:
    demo = connector(tmp_path)
    with pytest.raises(PayloadError):
        demo.normalise(RawItem(remote_id="m", kind="message", raw=raw, received_at=0), demo.account)


async def test_attachments_have_contents(tmp_path: Path) -> None:
    demo = connector(tmp_path, still=True)
    item = next(item for item in (await items(demo))[0] if item.remote_id == "cv-ann:02")
    (event,) = demo.normalise(item, demo.account)
    assert isinstance(event, MessageEvent)
    data = await demo.fetch_attachment(item, event.attachments[0].locator)
    assert data.startswith(b"\x89PNG") and data == await demo.fetch_attachment(item, "cv-ann:02#0")
    with pytest.raises(PayloadError):
        await demo.fetch_attachment(item, "cv-ann:02#7")


@pytest.mark.parametrize(
    ("text", "shift"),
    [
        ("T-01:12:00", -72 * MINUTE),
        ("T+00:00:05", 5 * SECOND),
        ("D-1 22:10", -(13 * HOUR + 50 * MINUTE)),
        ("D+2", 2 * DAY),
    ],
)
def test_times_of_the_shop_file(text: str, shift: int) -> None:
    assert when(text, STILL_AT) == STILL_AT + shift


def test_every_time_of_the_shop_file_is_understood() -> None:
    for story in STORIES:
        assert all(is_when(part["at"]) for part in [*story["messages"], *story["events"]])


def _texts(value: Any) -> Any:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield key
            yield from _texts(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _texts(entry)
    elif hasattr(value, "__struct_fields__"):
        for field in value.__struct_fields__:
            yield from _texts(getattr(value, field))
