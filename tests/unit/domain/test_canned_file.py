"""Canned replies as TOML: reading, mistakes with file and line, and the way back."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csconsole.domain.canned import Ask, CannedReply, Wording, expires_at
from csconsole.domain.canned_file import dump_toml, load_toml
from csconsole.errors import ConfigError

NOON = 1795755600000  # 2026-11-27T12:00+07:00

GOOD = '''
[[canned]]
name = "greet"
shortcuts = ["hi", "ทักทาย"]
title = { th = "ทักทาย", en = "Greeting" }
body.th = """สวัสดี{{ agent.polite }}"""
seasonal = { from = 2026-12-01, colours = ["red", "gold"] }

[[macros]]
name = "not ours"

[[canned]]
name = "slot"
body.en = "At {{ ask.slot }}"
ask = [{ name = "slot", label = { en = "slot" }, type = "choice", options = ["a", "b"] }]
expires = "D+1"
'''


def test_reading() -> None:
    greet, slot = load_toml(GOOD, "team.toml")
    assert greet.name == "greet"
    assert greet.shortcuts == ("hi", "ทักทาย")
    assert greet.title == Wording("ทักทาย", "Greeting")
    assert greet.body.get("en") == "สวัสดี{{ agent.polite }}"
    assert greet.extra == {"seasonal": {"from": date(2026, 12, 1), "colours": ["red", "gold"]}}
    assert slot.ask == (Ask(name="slot", label=Wording(en="slot"), type="choice", options=("a", "b")),)
    assert slot.asked("slot") == slot.ask[0]
    assert slot.asked("nothing") is None
    assert slot.label("th") == "slot"


def test_a_day_counted_from_today() -> None:
    assert load_toml(GOOD, "team.toml")[1].expires == "D+1"
    assert load_toml(GOOD, "team.toml", now_ms=NOON)[1].expires == "2026-11-28"


def test_unknown_keys_survive_an_export() -> None:
    replies = load_toml(GOOD, "team.toml")
    assert load_toml(dump_toml(replies), "again.toml") == replies


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("[[canned]]\nname = 1\n", "f.toml:2:", "Expected `str`"),
        ('[[canned]]\nname = "a"\nbody.th = "x"\nshortcut = ["x"]\n', "f.toml:4:", "did you mean shortcuts"),
        ('[[canned]]\nname = "a"\nbody.th = "x"\nask = [{ name = "z", type = "foo" }]\n', "f.toml:4:", "ask[0].type"),
        ('[[canned]]\nname = "a"\nbody.th = "x"\nask = [{ name = "z", type = "choice" }]\n', "f.toml:4:", "options"),
        ('[[canned]]\nname = "a"\nbody.th = "x"\nask = [{ name = "z", lable = {} }]\n', "f.toml:4:", "lable"),
        ('[[canned]]\nname = "a"\nbody.th = "x"\nhide_when = "haz:order"\n', "f.toml:4:", "did you mean has"),
        ('[[canned]]\nname = "a"\nbody.th = "x"\n\nexpires = "soon"\n', "f.toml:5:", "2026-11-28"),
        ('\n\n[[canned]]\nname = "a"\n', "f.toml:3:", "no text"),
        ('[[canned]]\nbody.th = """\n[[canned]]\nname = "b"\n"""\n', "f.toml:1:", "missing required field `name`"),
        ('[[canned]]\nname = "a b"\nbody.th = "x"\n', "f.toml:2:", "no spaces"),
        (
            '[[canned]]\nname = "a"\nbody.th = """\nname = "z"\n"""\n[[canned]]\nname = "a"\nbody.th = "x"\n',
            "f.toml:7:",
            "already a canned reply a",
        ),
        ("canned = 3\n", "f.toml:", "[[canned]]"),
        ("[[canned]]\nname = \n", "f.toml:2:", "not TOML"),
    ],
)
def test_mistakes_have_file_and_line(text: str, place: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_toml(text, "f.toml")
    assert caught.value.message.startswith(place)
    assert says in caught.value.message


@pytest.mark.parametrize(
    ("expires", "wanted"),
    [
        ("", None),
        ("2026-11-28", 1795885199999),
        ("2026-11-28T23:59+07:00", 1795885140000),
        ("2026-11-28T16:59:00Z", 1795885140000),
        ("2026-11-28T23:59", 1795885140000),
    ],
)
def test_when_a_reply_expires(expires: str, wanted: int | None) -> None:
    assert expires_at(CannedReply(name="x", expires=expires), "Asia/Bangkok") == wanted


TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30)
WORDING = st.builds(Wording, TEXT, TEXT)
NASTY = st.sampled_from(['"""', '"', '\\"""', "\n", "\\", "'''", "#", "\r\n", "\x00", "{{ x }}", "[[canned]]", "]"])
BODY = st.builds(
    Wording, st.lists(st.one_of(NASTY, TEXT), min_size=1, max_size=6).map(lambda p: "".join(p) + "x"), TEXT
)
NAME = st.text(alphabet="abcxyz.-ก่ข0", min_size=1, max_size=8).filter(lambda name: not name.startswith("่"))
ASK = st.builds(
    Ask,
    name=NAME,
    label=WORDING,
    type=st.sampled_from(["text", "number", "money", "date", "time"]),
    default=st.one_of(st.none(), TEXT, st.integers(-(2**40), 2**40), st.floats(allow_nan=False)),
)
VALUE = st.recursive(
    st.one_of(TEXT, st.booleans(), st.integers(-(2**60), 2**60), st.floats(allow_nan=False), st.dates()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=5,
)
REPLY = st.builds(
    CannedReply,
    name=NAME,
    shortcuts=st.lists(TEXT, max_size=2).map(tuple),
    title=WORDING,
    body=BODY,
    ask=st.lists(ASK, max_size=2).map(tuple),
    channels=st.lists(TEXT, max_size=2).map(tuple),
    tags=st.lists(TEXT, max_size=2).map(tuple),
    emoji=st.booleans(),
    attach=st.sampled_from(["", "required"]),
    max_segments=st.integers(0, 9),
    extra=st.dictionaries(st.sampled_from(["zz", "qq-1", "x y", "ก"]), VALUE, max_size=2),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(REPLY, max_size=3, unique_by=lambda reply: reply.name))
def test_what_is_written_is_read_back(replies: list[CannedReply]) -> None:
    assert load_toml(dump_toml(replies), "x.toml") == replies
