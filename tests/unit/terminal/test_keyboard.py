"""What came right behind an Escape is one key that says so; upstream loses the Escape or waits."""

import pytest
from textual import events
from textual._xterm_parser import XTermParser

from csconsole.terminal.keyboard import EscapedKey, InputParser


def keys(parser: XTermParser, data: str) -> list[str]:
    """The keys of a read, those behind an Escape with a sign before them."""
    found = [event for event in parser.feed(data) if isinstance(event, events.Key)]
    return [f"<{event.key}>" if isinstance(event, EscapedKey) else event.key for event in found]


def test_textual_still_loses_the_escape_or_waits() -> None:
    """Fails once Textual gives a key behind an Escape at once: then look whether the parser is still needed."""
    assert keys(XTermParser(), "\x1bj") == []
    parser = XTermParser()
    assert keys(parser, "\x1b;") == []
    parser._timeout_time = 0.0
    assert [event.key for event in parser.tick() if isinstance(event, events.Key)] == ["semicolon"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("\x1bj", ["<j>"]),
        ("\x1bE", ["<E>"]),
        ("\x1b;j", ["<semicolon>", "j"]),
        ("\x1b\u0e48", ["<thai_character_mai_ek>"]),
        ("\x1bร", ["<ร>"]),
        ("\x1b1", ["<1>"]),
        ("\x1b\r", ["<enter>"]),
        ("\x1b\x7f", ["<backspace>"]),
        ("\x1b\t", ["<tab>"]),
        ("\x1b\x13", ["<ctrl+s>"]),
        ("\x1b ", ["<space>"]),
        ("\x1bgg", ["<g>", "g"]),
        ("\x1b\x1bj", ["escape", "<j>"]),
        ("a\x1bb" + "j" * 40, ["a", "<b>", *"j" * 40]),
        ("\x1b[A\x1bOB\x1b[1;3D", ["up", "down", "alt+left"]),
        ("\x1b[106;3u", ["alt+j"]),
    ],
)
def test_keys_of_one_read(data: str, expected: list[str]) -> None:
    assert keys(InputParser(), data) == expected


@pytest.mark.parametrize("sign", ["[", "]", "O", "P", "_", "^", "X"])
def test_a_sign_that_may_begin_a_sequence_is_a_key_when_none_follows(sign: str) -> None:
    parser = InputParser()
    assert keys(parser, f"\x1b{sign}") == []
    parser._timeout_time = 0.0
    (event,) = parser.tick()
    assert isinstance(event, EscapedKey)
    assert event.character == sign


def test_a_key_in_the_next_read_counts_as_behind_the_escape() -> None:
    parser = InputParser()
    assert keys(parser, "\x1b") == []
    assert keys(parser, "j") == ["<j>"]


def test_an_escape_alone_is_an_escape() -> None:
    parser = InputParser()
    assert keys(parser, "\x1b") == []
    parser._timeout_time = 0.0
    assert [event.key for event in parser.tick() if isinstance(event, events.Key)] == ["escape"]


def test_a_paste_is_read_as_upstream_reads_it() -> None:
    pasted = "\x1b[200~a;j b\nข้อ\x1b[201~"
    for parser in (XTermParser(), InputParser()):
        assert [event.text for event in parser.feed(pasted) if isinstance(event, events.Paste)] == ["a;j b\nข้อ"]


@pytest.mark.parametrize(
    ("data", "alt"),
    [("\x1bb", "alt+b"), ("\x1bB", "alt+shift+b"), ("\x1b;", "alt+;"), ("\x1b\r", "alt+enter"), ("\x1b ", "alt+space")],
)
def test_both_readings(data: str, alt: str) -> None:
    (event,) = InputParser().feed(data)
    assert isinstance(event, EscapedKey)
    assert event.as_alt().key == event.with_alt == alt
    escape, key = event.as_two()
    assert (escape.key, key.key, key.character) == ("escape", event.key, event.character)
