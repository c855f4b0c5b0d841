"""Reading: list, show and search."""

from __future__ import annotations

import pytest

from csconsole.text.graphemes import width
from tests.cli.program import Program

LIST_FIELDS = [
    "id", "number", "status", "channel", "account", "customer", "subject", "preview", "assignee", "team", "tags",
    "priority", "unread", "created_at", "last_in_at", "next_due_at", "sla",
]  # fmt: skip


def test_list_without_a_query_has_every_status(shop: Program) -> None:
    rows = shop.json("list", "--limit", "0")
    assert len(rows) == 84
    assert {"open", "resolved"} <= {row["status"] for row in rows}


def test_list_has_the_published_fields_in_their_order(shop: Program) -> None:
    for row in shop.json("list"):
        assert list(row) == LIST_FIELDS
        assert list(row["customer"]) == ["id", "name"]
        assert row["created_at"].endswith("Z") and isinstance(row["unread"], int)
        assert row["assignee"] != "" and row["team"] != ""


def test_list_is_utf8_without_escapes(shop: Program) -> None:
    assert "แอน" in shop.ok("list", "number:20410", "--json").out


def test_list_narrows_by_query_and_view(shop: Program) -> None:
    everything = shop.json("list")
    mine = shop.json("list", "--view", "ของฉัน")
    assert mine and {(row["assignee"], row["status"]) for row in mine} == {("nok", "open")}
    assert len(mine) == sum(row["assignee"] == "nok" and row["status"] == "open" for row in everything)
    line = shop.json("list", "channel:line", "--view", "i")
    assert {row["number"] for row in line} == {row["number"] for row in mine if row["channel"] == "line"}
    assert shop.json("list", "status:open", "-channel:line") == shop.json("list", "status:open -channel:line")


def test_the_limit_cuts_and_says_so(shop: Program) -> None:
    done = shop.ok("list", "--limit", "3", "--json")
    assert len(done.json) == 3 and "--limit 0" in done.err
    assert shop.ok("list", "--json").err == ""


@pytest.mark.parametrize("query", ["status:nothing", "(status:open", "waiting>soon"])
def test_a_query_nobody_can_read_is_usage(shop: Program, query: str) -> None:
    done = shop("list", query)
    assert done.code == 2 and done.err.startswith("csconsole: ")


def test_an_unknown_view_is_not_found(shop: Program) -> None:
    done = shop("list", "--view", "nothing")
    assert done.code == 5 and "VIP" in done.err


@pytest.mark.parametrize("columns", [60, 80, 132])
def test_columns_line_up_in_cells_with_thai(shop: Program, columns: int) -> None:
    lines = shop.ok("list", env={"COLUMNS": str(columns)}).out.splitlines()
    rows = {f"{row['account']}#{row['number']}": row for row in shop.json("list")}
    assert len(lines) == len(rows) + 1
    start = lines[0].index("STATUS")
    for line in lines[1:]:
        name = line.split()[0]
        assert width(line) <= columns
        assert line[: line.index(rows[name]["status"])].rstrip() == name
        assert width(line[: line.index(f" {rows[name]['status']}") + 1]) == start
    place = width(lines[0][: lines[0].index("SUBJECT")])
    agents = [line for line in lines[1:] if rows[line.split()[0]]["subject"]]
    assert any(rows[line.split()[0]]["subject"][:4] in line for line in agents)
    for line in agents:
        subject = rows[line.split()[0]]["subject"][:3]
        if subject in line:
            assert place in {width(line[:i]) for i in range(len(line)) if line.startswith(subject, i)}


def test_plain_output_has_no_colour_where_nobody_looks(shop: Program) -> None:
    assert "\x1b" not in shop.ok("list").out + shop.ok("show", "line-siam#20410").out


def test_show_has_the_published_fields_in_their_order(shop: Program) -> None:
    found = shop.show("line-siam#20410")
    assert list(found) == [*LIST_FIELDS, "messages"]
    assert list(found["customer"]) == ["id", "name", "identities", "tags", "notes", "conversations"]
    assert [m["seq"] for m in found["messages"]] == sorted(m["seq"] for m in found["messages"])
    for message in found["messages"]:
        assert list(message) == [
            "id", "seq", "direction", "visibility", "author", "body", "attachments", "created_at", "delivery",
            "remote_id",
        ]  # fmt: skip
        assert list(message["author"]) == ["kind", "name"]
    files = [file for message in found["messages"] for file in message["attachments"]]
    assert files and list(files[0]) == ["name", "mime", "bytes"]
    notes = [m for m in found["messages"] if m["visibility"] == "internal"]
    assert notes and all(m["delivery"] is None for m in notes)


def test_show_takes_id_account_number_or_unique_number(shop: Program) -> None:
    uid = shop.show("20410")["id"]
    assert shop.show(uid)["number"] == shop.show("line-siam#20410")["number"] == 20410


@pytest.mark.parametrize("name", ["99", "line-siam#1", "no-such#20410", "nonsense", "", "#", "-", "1" * 40, "ก"])
def test_unknown_and_malformed_ids_are_not_found(shop: Program, name: str) -> None:
    done = shop("show", "--", name)
    assert done.code == 5, done.err


def test_show_prints_the_conversation(shop: Program) -> None:
    out = shop.ok("show", "line-siam#20410", env={"COLUMNS": "60"}).out
    assert "line-siam#20410" in out and "NOTE " in out and "KJ69110342" in out
    assert max(width(line) for line in out.splitlines()) <= 80


def test_search_finds_thai_within_words(shop: Program) -> None:
    hits = shop.json("search", "กลิ่นไหม้")
    assert hits and [list(hit) for hit in hits] == [
        ["conversation_id", "number", "message_id", "created_at", "snippet"]
    ] * len(hits)
    assert 20410 in {hit["number"] for hit in hits}
    message = next(hit["message_id"] for hit in hits if hit["number"] == 20410)
    assert message in {m["id"] for m in shop.show("20410")["messages"]}
    assert len(shop.json("search", "ค่ะ", "--limit", "2")) == 2
    assert shop.json("search", "ไม่มีคำนี้แน่นอน") == []
    assert "line-siam#20410" in shop.ok("search", "กลิ่นไหม้").out
