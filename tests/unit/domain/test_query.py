"""The query language: meaning, equality of the two parsers, and totality."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from csconsole.domain.query import (
    EVERYTHING,
    FIELDS,
    MAX_LENGTH,
    And,
    Field,
    Not,
    Or,
    Query,
    QueryError,
    Word,
    _parse_full,
    _parse_simple,
    _Reader,
    parse,
    to_text,
)
from csconsole.domain.query_eval import Bound, bounds, holds
from csconsole.errors import UsageError

ZONE = "Asia/Bangkok"
NOW = round(datetime(2026, 11, 27, 5, 0, tzinfo=UTC).timestamp() * 1000)
MINUTE = 60_000


def field(name: str, *values: str, op: str = ":") -> Field:
    return Field(name, op, values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", EVERYTHING),
        ("   ", EVERYTHING),
        ("status:open", field("status", "open")),
        ("status:open,pending", field("status", "open", "pending")),
        ("Status:ON-HOLD", field("status", "on_hold")),
        ("assignee:me", field("assignee", "me")),
        ("account:line-siam", field("account", "line-siam")),
        ("-tag:spam", Not(field("tag", "spam"))),
        ('tag:"two words",vip', field("tag", "two words", "vip")),
        ("tag:คืนเงิน", field("tag", "คืนเงิน")),
        ("แท็ก:ด่วน", field("tag", "ด่วน")),
        ("reason:delivery.*", field("reason", "delivery.*")),
        ("waiting>30m", field("waiting", "30m", op=">")),
        ("waiting>=2ชม.", field("waiting", "2ชม.", op=">=")),
        ("due<30m", field("due", "30m", op="<")),
        ("created>2026-11-01", field("created", "2026-11-01", op=">")),
        ("created:1/11/2569", field("created", "1/11/2569")),
        ("last:in has:order is:unread", And((field("last", "in"), field("has", "order"), field("is", "unread")))),
        ("customer.tag:vip attr.tier:gold", And((field("customer.tag", "vip"), field("attr.tier", "gold")))),
        ("พัสดุ ไม่ถึง", And((Word("พัสดุ"), Word("ไม่ถึง")))),
        ('"ไม่ได้  รับของ"', Word("ไม่ได้ รับของ")),
        ('"status:open"', Word("status:open")),
        ("ราคา:100", Word("ราคา:100")),
        ("https://shop.example/a?b=1", Word("https://shop.example/a?b=1")),
        ("a-b - --x", And((Word("a-b"), Word("-"), Word("--x")))),
        ("a OR b c", Or((Word("a"), And((Word("b"), Word("c")))))),
        ("a AND b", And((Word("a"), Word("b")))),
        ("a or b", And((Word("a"), Word("or"), Word("b")))),
        ("a OR (b OR c)", Or((Word("a"), Word("b"), Word("c")))),
        ("(a b) c", And((Word("a"), Word("b"), Word("c")))),
        ("-(a OR tag:b)", Not(Or((Word("a"), field("tag", "b"))))),
        ("ORANGE", Word("ORANGE")),
    ],
)
def test_what_is_meant(text: str, tree: Query) -> None:
    assert parse(text) == tree


def test_views_and_service_levels_of_a_real_team() -> None:
    assert parse("branch:chiangmai (channel:line OR channel:desk) -status:resolved") == And(
        (
            field("branch", "chiangmai"),
            Or((field("channel", "line"), field("channel", "desk"))),
            Not(field("status", "resolved")),
        )
    )
    for text in (
        "assignee:me status:open last:in",
        "status:open due<15m -status:snoozed",
        "promise<1d -status:resolved",
        "channel:x,tiktok,instagram visibility:public -status:resolved priority:high,urgent",
        "status:resolved resolved>24h -has:csat",
        "tag:safety OR tag:scam-report OR reason:safety.*",
        "channel:line,messenger -tag:spam,spam-suspect",
    ):
        assert parse(to_text(parse(text))) == parse(text)


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("statuz:open", 0, "did you mean status"),
        ("status:open asignee:me", 12, "did you mean assignee"),
        ("status:", 7, "status:VALUE"),
        ("status:,", 8, "status:VALUE"),
        ("status:opn", 0, "choose from open, pending"),
        ("tag>5", 0, "tag:VALUE"),
        ("waiting:30m", 0, "waiting>30m"),
        ("waiting>soon", 0, "soon"),
        ("waiting>2026-11-01", 0, "2026-11-01"),
        ("waiting>1h,2h", 0, "one value"),
        ("(a", 2, "too early"),
        ("a OR", 4, "too early"),
        ("a )", 2, ") cannot stand here"),
        ("()", 1, ") cannot stand here"),
        ('say "hello', 4, "not closed"),
        ('a ""', 2, "between the quotes"),
        ("x" * (MAX_LENGTH + 1), MAX_LENGTH, "shorten"),
        ("(" * 31 + "a" + ")" * 31, 30, "use fewer"),
    ],
)
def test_mistakes_are_named_with_their_place(text: str, position: int, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert isinstance(caught.value, QueryError)
    assert caught.value.position == position
    assert says in caught.value.message
    assert f"character {position + 1}" in caught.value.message or "characters" in caught.value.message


def test_mistakes_in_thai() -> None:
    with pytest.raises(UsageError, match="หมายถึง status ไหม"):
        parse("statuz:open", "th")


NAMES = st.sampled_from([*FIELDS, "Status", "แท็ก", "รอ", "statuz", "attr.x", "attr.", "ราคา"])
OPS = st.sampled_from([":", "<", ">", "<=", ">=", "://", "::"])
VALUES = st.lists(
    st.one_of(
        st.sampled_from(["open", "me", "none", "30m", "2ชม.", "2026-11-01", "เสาร์", "delivery.*", "", "-x", "OR"]),
        st.text(alphabet=st.characters(exclude_characters='"()', exclude_categories=["Cs"]), max_size=6),
    ),
    min_size=1,
    max_size=3,
).map(",".join)
SIMPLE_TOKENS = st.one_of(
    st.tuples(st.sampled_from(["", "-", "--"]), NAMES, OPS, VALUES).map("".join),
    st.text(alphabet=st.characters(exclude_characters='"()', exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(["OR", "AND", "-", "-OR", "ORx", "พัสดุ", "-พัสดุ", ":x", "<3", "a:b"]),
)
SIMPLE = st.lists(SIMPLE_TOKENS, max_size=6).map(" ".join)
ANY_TOKENS = st.one_of(SIMPLE_TOKENS, st.sampled_from(["(", ")", '"', '"a b"', "-(", "OR", '""', 'tag:"a b"']))


def outcome(call: object, *arguments: object) -> object:
    try:
        return call(*arguments)  # type: ignore[operator]
    except QueryError as error:
        return (error.message, error.position)


@settings(max_examples=400, deadline=None)
@given(SIMPLE)
@example("status:open -tag:spam waiting>30m พัสดุ")
@example("a\x1cb tag:x\u2003y")
def test_the_fast_way_gives_what_the_grammar_gives(text: str) -> None:
    reader = _Reader("en")
    fast = outcome(_parse_simple, text, reader)
    if fast is not None:
        assert fast == outcome(_parse_full, text, reader)


def test_the_fast_way_takes_the_queries_of_the_main_views() -> None:
    for text in ("assignee:me status:open last:in", "assignee:none status:open -tag:spam", "status:open due<15m", ""):
        assert _parse_simple(text, _Reader("en")) is not None


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(ANY_TOKENS, max_size=10).map(" ".join)))
@example("-")
@example("-(")
@example("(" * 40)
@example('"' * 7)
def test_any_text_parses_or_is_a_usage_error(text: str) -> None:
    try:
        tree = parse(text)
    except UsageError:
        return
    assert parse(to_text(tree)) == tree


def test_the_fast_way_does_not_import_lark() -> None:
    code = (
        "import sys; from csconsole.domain.query import parse; "
        "parse('assignee:me status:open,pending -tag:spam waiting>30m พัสดุ'); "
        "assert not {'lark', 'csconsole.domain.when_read', 'difflib'} & set(sys.modules); "
        "parse('(a)'); assert 'lark' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def one(text: str) -> Field:
    tree = parse(text)
    assert isinstance(tree, Field)
    return tree


def ms(*parts: int) -> int:
    """Milliseconds of a local time in Bangkok (UTC+7, no summer time)."""
    return round(datetime(*parts, tzinfo=UTC).timestamp() * 1000) - 7 * 3_600_000  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("waiting>30m", (Bound("<", NOW - 30 * MINUTE),)),
        ("waiting<=2h", (Bound(">=", NOW - 120 * MINUTE),)),
        ("due<30m", (Bound("<", NOW + 30 * MINUTE),)),
        ("promise<1d", (Bound("<", NOW + 1440 * MINUTE),)),
        ("created>7d", (Bound("<", NOW - 7 * 1440 * MINUTE),)),
        ("created>2026-11-01", (Bound(">=", ms(2026, 11, 2)),)),
        ("created>=2569-11-01", (Bound(">=", ms(2026, 11, 1)),)),
        ("created<2026-11-01", (Bound("<", ms(2026, 11, 1)),)),
        ("created<=2026-11-01", (Bound("<", ms(2026, 11, 2)),)),
        ("created:1/11/2569", (Bound(">=", ms(2026, 11, 1)), Bound("<", ms(2026, 11, 2)))),
    ],
)
def test_time_terms_as_comparisons(text: str, wanted: tuple[Bound, ...]) -> None:
    assert bounds(one(text), NOW, ZONE) == wanted


def test_only_time_terms_have_bounds() -> None:
    with pytest.raises(ValueError, match="tag"):
        bounds(one("tag:vip"), NOW, ZONE)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("has:order", True),
        ("has:order -tag:refund", False),
        ("channel:tiktok,x,instagram", True),
        ("customer.tag:vip OR channel:x", True),
        ("reason:delivery.*", True),
        ("reason:refund.*", False),
        ("", True),
        ("word", False),
        ("waiting>5m", False),
    ],
)
def test_conditions_on_known_facts(text: str, wanted: bool) -> None:
    facts = {"has": {"order"}, "tag": {"Refund"}, "channel": {"x"}, "reason": {"delivery.late"}}
    assert holds(parse(text), facts) is wanted
