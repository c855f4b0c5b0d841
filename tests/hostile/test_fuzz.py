"""Every reader of foreign text, fed with what it was not made for: it answers or refuses, and soon.

The short form runs with all tests; ``make fuzz`` takes fifty times as many inputs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from csconsole.clock import SystemClock
from csconsole.config.loader import load
from csconsole.connectors.base import AccountContext, RawItem
from csconsole.connectors.demo.normalise import normalise
from csconsole.connectors.email.html import html_to_text
from csconsole.connectors.email.normalise import normalise_mail
from csconsole.domain.canned import CannedReply, Wording
from csconsole.domain.canned_file import load_toml
from csconsole.domain.canned_render import MAX_BODY, render, variables
from csconsole.domain.events import Event, MessageEvent
from csconsole.domain.query import parse
from csconsole.errors import ConfigError, PayloadError, UsageError
from csconsole.services.desk import Desk
from csconsole.services.finding import search_messages
from csconsole.services.views import QueueReader
from csconsole.store.database import Store
from csconsole.text.sanitize import is_safe
from tests.hostile import corpus, grammar, shop
from tests.hostile.commands import on_terminal
from tests.hostile.conftest import Filled
from tests.hostile.limits import affordable, fuzz

ANY_TEXT = st.text(st.characters(codec=None), max_size=40)
ATTACKS = st.sampled_from([e.payload for e in corpus.variants(60)])


def joined(*pieces: str, most: int = 30) -> st.SearchStrategy[str]:
    """Texts of the pieces of a language in any order, with anything between."""
    return st.lists(st.one_of(st.sampled_from(pieces), ANY_TEXT, ATTACKS), max_size=most).map("".join)


def texts_of(value: Any) -> Iterator[str]:
    """Every text inside plain data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from texts_of(key)
            yield from texts_of(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from texts_of(part)


def proven_safe(events: list[Event]) -> None:
    """What leaves a connector goes through the pipe to the worker, and can be drawn as it is."""
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(events), type=list[Event]) == events
    for event in events:
        if isinstance(event, MessageEvent):
            drawn = [event.body_text, event.subject, event.customer_name, event.author_name, event.customer_call]
            drawn += [file.name for file in event.attachments] + [file.mime for file in event.attachments]
            drawn += [*texts_of(event.extra), *texts_of(event.customer_attributes), *event.customer_tags]
            assert all(map(is_safe, drawn)), [text for text in drawn if not is_safe(text)]


# -- mail ------------------------------------------------------------------------------------------------------

ACCOUNT = AccountContext(name="mail", connector="email", channel="email")

MAIL = joined(
    *("From: ", "To: ", "Subject: ", "Date: ", "Received: ", "Content-Type: ", "Content-Disposition: attachment; "),
    *("Content-Transfer-Encoding: base64", "Content-Transfer-Encoding: quoted-printable", "References: <a@b>"),
    *("Message-ID: <a@[1.2.3.4", "multipart/mixed; boundary=b", "multipart/report; report-type=delivery-status"),
    *("message/rfc822", "message/delivery-status", "text/html", "text/plain; charset=windows-874", "charset=utf-7"),
    *("charset=idna", "charset=undefined", "filename*0*=utf-8''%1b", "filename*1=x", "; ", "=?utf-8?b?G10wO3g=?="),
    *("=?x?q?=1B=9b?=", "=?utf-8?q?", "\r\n", "\n", "\r", "\r\n\r\n", "--b\r\n", "--b--\r\n", "\t", " ", "=1B[2J"),
    *("=?tis-620?q?=A1=D1?=", "(", ")", "<", ">", "@", ",", "Ã ", "<a@b.example>", "27 Nov 2026 10:00:00 +0700", "²"),
    *("Auto-Submitted: auto-replied", "X-Csc-Outbox-Id: <x@y>", "Final-Recipient: rfc822; x", "Action: failed"),
)


@fuzz(150)
@given(MAIL, st.binary(max_size=40))
def test_mail(text: str, tail: bytes) -> None:
    for raw in (text.encode("utf-8", "surrogatepass") + tail, text.encode("latin-1", "replace") + tail):
        item = RawItem(remote_id="x", kind="rfc822", raw=raw, received_at=1)
        with affordable(raw):
            try:
                events = normalise_mail(item, ACCOUNT)
            except PayloadError:
                continue
        proven_safe(events)


def test_every_mail_of_the_corpus() -> None:
    for entry in corpus.aimed_at("mime message", "header"):
        raw = entry.payload.encode("utf-8", "surrogatepass")
        with affordable(entry.id):
            events = normalise_mail(RawItem(remote_id="x", kind="rfc822", raw=raw, received_at=1), ACCOUNT)
        proven_safe(events)
        assert not any("victim@x.test" in str(e.extra.get("bcc")) for e in events if isinstance(e, MessageEvent))


# -- HTML ------------------------------------------------------------------------------------------------------

HTML = joined(
    *(
        "<a href='",
        "<a href=https://evil.test>",
        "</a>",
        "<div>",
        "</div>",
        "<table><tr><td>",
        "<!--",
        "-->",
        "<style>",
    ),
    *("</style>", "<script>", "</script>", "<svg/onload=x>", "<img src=http://127.0.0.1:9/>", "&#27;", "&#x9b;", "&"),
    *("<p style='display:none'>", "<base href=//x>", "<meta http-equiv=refresh>", "<![CDATA[", "]]>", "<?xml", "\x00"),
    *("<template>", "<noscript>", "<math><mi>", "<plaintext>", "<title>", "'>", '">', "<", ">", "/", "=", "&amp;lt;"),
)


@fuzz(120)
@given(HTML)
def test_html(source: str) -> None:
    with affordable(source):
        found = html_to_text(source)
    assert "<script" not in found.html
    assert "javascript:" not in found.text


@pytest.mark.parametrize("tag", ["div", "table", "td", "b", "span", "blockquote", "ul", "li", "a href=x", "font", "x"])
def test_deep_html_is_read_in_time(tag: str) -> None:
    source = f"<{tag}>" * 60_000 + "the words"
    with affordable(tag):
        found = html_to_text(source)
    assert "the words" in found.text


@pytest.mark.parametrize(
    "piece", ['<a href="', "<!--", "<", "<a<a", "</", "&#", "<td>a</td>", "<img src=x>", "a <b>", "<br>"]
)
def test_long_html_is_read_in_time(piece: str) -> None:
    with affordable(piece):
        html_to_text("the words <p>" + piece * (900_000 // len(piece)))


# -- payloads of a channel ---------------------------------------------------------------------------------------

JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([2**63, -(2**63), 2**70, 10**400, -1]),
        ANY_TEXT,
        ATTACKS,
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(ANY_TEXT, inner, max_size=3)),
    max_leaves=8,
)
_NAMES = (
    *("id", "thread", "at", "text", "author", "customer", "attachments", "extra", "message", "delivery", "kind"),
    *("status", "number", "tags", "attributes", "direction", "visibility", "message_ids", "reply_to", "subject"),
)
FIELDS = st.sampled_from(_NAMES)
KINDS = st.sampled_from(["message", "state", "receipt", "edit", "unsend", "other"])


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    """A payload of the demo's channels with some fields as the source never sends them."""
    made: dict[str, Any] = {"type": draw(KINDS), "id": "1", "thread": "t", "at": 1, "message": "m", "text": "x"}
    made |= {"delivery": "read", "author": {"kind": "customer", "name": draw(ATTACKS)}}
    made |= draw(st.dictionaries(FIELDS, JSON, max_size=3))
    return json.dumps(made, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


@fuzz(200)
@given(st.one_of(payloads(), st.binary(max_size=60)))
@example(b"[" * 100_000)
@example(b'{"type":"message","id":"1","thread":"t","at":NaN}')
def test_payloads(raw: bytes) -> None:
    with affordable(raw):
        try:
            events = normalise(RawItem(remote_id="x", kind="message", raw=raw, received_at=1))
        except PayloadError:
            return
    assert events
    # The parsing child answers what does not go through the pipe with a reason for quarantine.
    with suppress(OverflowError, UnicodeEncodeError):
        proven_safe(events)


def test_strange_payloads_are_stored_or_held_back_and_can_be_shown(tmp_path: Path) -> None:
    """Instants, numbers and lists beyond all bounds: nothing stops the engine, nothing breaks a list."""
    from tests.cli.program import Program

    place = shop.place_for(tmp_path / "data")
    base: dict[str, Any] = {"type": "message", "text": "x", "author": {"kind": "customer", "name": "n"}}
    strange: list[dict[str, Any]] = [{"at": at} for at in (0, -1, -(2**62), 2**62, 2**63 - 1, 253_402_300_800_000)]
    strange += [
        {"at": 1, "text": "x" * 2_000_000},
        {"at": 1, "text": "a\n" * 100_000},
        {"at": 1, "text": "ก" * 350_000},
    ]
    strange += [{"at": 1, "attachments": [{"name": "a", "bytes": size}]} for size in (-1, 2**62, 2**63 - 1)]
    strange += [{"at": 1, "attachments": [{"name": f"{n}.txt"} for n in range(2_000)]}]
    strange += [{"at": 1, "extra": {"a": [[[[[[[[[[["deep"]]]]]]]]]]]}}]
    strange += [{"at": 1, "customer": {"name": "c", "tags": [f"t{n}" for n in range(2_000)]}}]
    strange += [{"at": 1, "thread": "x" * 100_000}, {"at": 1, "id": "i" * 100_000}, {"at": 1, "id": ""}]
    strange += [{"type": "state", "at": 1, "number": n} for n in (-1, 0, 2**62, 2**63 - 1)]
    strange += [{"type": "state", "at": 1, "status": "gone"}, {"type": "state", "at": 1, "assignee": "\x1b[2J"}]
    feed = [base | {"id": f"i{n}", "thread": f"t{n}"} | one for n, one in enumerate(strange)]
    (summary,) = shop.sync(place, [json.dumps(one).encode() for one in feed])
    assert summary.error == ""
    assert summary.new + summary.quarantined + summary.duplicates >= len(feed) - 6, summary
    rows = Program(place.root).json("list", "--limit", "0")
    commands = [["list"], ["quarantine"], *(["show", row["id"]] for row in rows)]
    output, codes = on_terminal(place.root, commands, tmp_path / "commands.json")
    assert set(codes) == {0}
    assert not grammar.foreign(output, grammar.PLAIN)


# -- queries -----------------------------------------------------------------------------------------------------

QUERY = joined(
    *("status:", "tag:", "assignee:", "-", "(", ")", " OR ", " AND ", " NOT ", '"', ",", ":", "<", ">", "<=", "*", "^"),
    *("waiting>30m", "created<2026-99-99", "created>9999999999d", "due<0x1h", "attr.x:", "is:unread", "has:draft"),
    *("customer.tag:", "สถานะ:", "NEAR(", "%", "_", "\\", "'", ";--", "{", "}", "$", "number:", "9" * 400, " "),
)


@pytest.fixture(scope="module")
def desk(hostile_data: Filled) -> Iterator[Desk]:
    store = Store(hostile_data.data)
    yield Desk.open(store, load(hostile_data.data / "config.toml"), SystemClock())
    store.close()


def test_queries(desk: Desk) -> None:
    reader = QueueReader(desk)

    @fuzz(200)
    @given(st.one_of(QUERY, ATTACKS, ANY_TEXT))
    @example("(" * 2_000)
    @example("-" * 2_000)
    @example("a OR " * 390)
    @example("\x00")
    @example("\udcff")
    def asked(query: str) -> None:
        with affordable(query):
            try:
                parse(query)
                reader.page(query, limit=5)
                reader.count(query)
            except UsageError as error:
                assert error.message
            try:
                search_messages(desk, query, limit=5)
            except UsageError as error:
                assert error.message

    asked()


def test_every_query_of_the_corpus(desk: Desk) -> None:
    """Searched as words: an answer or a sentence, never an error of the database; the tables are all there."""
    for entry in corpus.aimed_at("search query"):
        with affordable(entry.id):
            try:
                search_messages(desk, entry.payload, limit=5)
            except UsageError as error:
                assert error.message
    assert search_messages(desk, "zN000", limit=5)


# -- templates ---------------------------------------------------------------------------------------------------

LIQUID = joined(
    *(
        "{{ customer.call }}",
        "{{ agent.name | upcase }}",
        "{{",
        "}}",
        "{%",
        "%}",
        "{% if a %}",
        "{% endif %}",
        "{% else %}",
    ),
    *(
        "{% for i in (1..999999999) %}",
        "{% for i in (1..999) %}",
        "{% endfor %}",
        "{% break %}",
        "{% assign x = ",
        "reversed",
    ),
    *("(1..99999999999)", " | join: ','", " | times: x", " | append: x", " | divided_by: 0", " | round: 9999999999"),
    *(
        "{% capture x %}",
        "{% endcapture %}",
        "{{ x }}",
        "{% case x %}",
        "{% when 1 %}",
        "{% endcase %}",
        "limit:9",
        "[0]",
    ),
    *("{% include 'x' %}", "{% render 'x' %}", "{% raw %}", "{% comment %}", "{% endcomment %}", ".__class__", "x.y.z"),
    *(
        " | baht",
        " | thai_date",
        " | default: '",
        "9" * 5_000,
        "1e999",
        "'",
        '"',
        "(",
        "{{-",
        "-}}",
        "\x00" + "0" + "\x00",
    ),
)
CONTEXT: dict[str, dict[str, object]] = {
    "customer": {"call": "{{ agent.name }}{% for i in (1..9) %}\x001\x00", "call_en": "x"},
    "agent": {"name": "nok"},
    "conversation": {"number": 1},
}


@fuzz(200)
@given(LIQUID)
@example("{{ (1..300000000) | join: ',' }}")
@example("{% for i in (1..300000000) reversed %}{% break %}{% endfor %}")
@example("{% assign x = 10 %}{% for i in (1..60) %}{% assign x = x | times: x %}{% endfor %}{{ x }}")
@example("{% if " + "(" * 9_000 + "1" + ")" * 9_000 + " %}x{% endif %}")
@example("{% capture a %}xxxxxxxxx{% endcapture %}{% for i in (1..999) %}{% capture a %}{{ a }}{{ a }}{% endcapture %}")
@example("{{ " * 6_000)
@example("{% if 1 %}" * 1_500)
def test_templates(source: str) -> None:
    reply = CannedReply(name="a", body=Wording(en=source))
    with affordable(source):
        try:
            variables(reply)
            made = render(reply, "en", CONTEXT, {}, now_ms=0)
        except ConfigError as error:
            assert "canned reply a" in error.message
            return
    assert len(made.text) <= 8 * MAX_BODY
    assert "\x00" not in made.text


def test_what_a_customer_is_called_is_never_a_template() -> None:
    reply = CannedReply(name="a", body=Wording(en="Dear {{ customer.call }}"))
    made = render(reply, "en", CONTEXT, {}, now_ms=0)
    assert made.text == "Dear {{ agent.name }}{% for i in (1..9) %}1"
    assert not made.missing


# -- files -------------------------------------------------------------------------------------------------------

TOML = joined(
    *(
        "[[canned]]\n",
        "name = 'a'\n",
        "body.en = 'x'\n",
        "[",
        "]",
        "{",
        "}",
        "=",
        '"""',
        "'''",
        "\n",
        "#",
        ".",
        ",",
        "1e9",
    ),
    *(
        "ask = [{ name = 'z' }]\n",
        "expires = 'D+1'\n",
        "hide_when = '(('\n",
        "\\u001b",
        "9" * 5_000,
        "2026-99-99",
        "inf",
    ),
    *(
        "[[accounts]]\n",
        "connector = 'email'\n",
        "imap = { host = 'x' }\n",
        "[ui]\n",
        "[keys]\n",
        "[tags.hot]\n",
        "a.b = 1\n",
    ),
)


@fuzz(150)
@given(TOML)
@example("a=" + "[" * 50_000)
@example("a=" + "{a=" * 50_000)
@example("a=" + "9" * 5_000)
@example(".".join(["a"] * 20_000) + "=1")
@example("x={" + ".".join(["a"] * 20_000) + "=1}")
def test_canned_files(text: str) -> None:
    with affordable(text):
        try:
            load_toml(text, "x.toml", now_ms=0)
        except ConfigError as error:
            assert error.message.startswith("x.toml")


def test_configurations(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"

    @fuzz(120)
    @given(st.one_of(TOML.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=200)))
    @example(b"[[accounts]]\n" * 15_000)
    @example(b"".join(b"[a%d.b.c]\n" % n for n in range(15_000)))
    @example(b"#" * 3_000_000)
    @example(b"a=" + b"[" * 50_000)
    @example(b"a=" + b"9" * 5_000)
    @example(b'[agent]\nname = "a"\ntimezone = "../../../etc/passwd"')
    @example(b'[agent]\nname = "a"\ntimezone = "a\\u0000b"')
    def loaded(data: bytes) -> None:
        path.write_bytes(data)
        path.chmod(0o600)
        with affordable(data):
            try:
                load(path)
            except ConfigError as error:
                assert str(path) in error.message

    loaded()


def test_import_of_files_that_are_no_mail(tmp_path: Path) -> None:
    """Mutations of a mail and of an mbox in one run: what can be read is there, the rest is held back by name."""
    import random

    chance = random.Random(7)
    place = shop.place_for(tmp_path / "data")
    whole = shop.mails(corpus.drawn()[:6])
    mails = [b"", b"\n", b"\x00" * 10, b"From \n", b"From x 1 2026\n", b"Date: " + b"9" * 900, b"\r" * 5_000, *whole]
    for _ in range(60):
        raw = bytearray(chance.choice(whole))
        for _ in range(chance.randint(1, 30)):
            at = chance.randrange(len(raw))
            raw[at : at + chance.randrange(4)] = chance.randbytes(chance.randrange(5))
        mails.append(bytes(raw))
    for year in ("0000", "9999", "99999999999999999999", "-1", "²²²²"):
        mails.append(f"From: a@b.example\nDate: Fri, 27 Nov {year} 10:00:00 +0700\n\n{year}\n".encode())
    answer = shop.import_mails(place, mails, tmp_path / "mails")
    assert answer["new"] + answer["duplicates"] + answer["quarantined"] >= len(whole)
    from tests.cli.program import Program

    program = Program(place.root)
    for row in program.json("list", "--limit", "0"):
        assert row["created_at"] < "2100"
    program.ok("quarantine")
