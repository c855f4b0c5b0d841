import pytest

from csconsole.commands.notation import NotationError, parse_keys, show, stroke_of, untranslated


@pytest.mark.parametrize(
    ("written", "parsed"),
    [
        ("j", (("j",),)),
        ("ctrl+s, alt+enter", (("ctrl+s",), ("alt+enter",))),
        ("g i", (("g", "i"),)),
        ("gi", (("g", "i"),)),
        ("Ctrl+S", (("ctrl+s",),)),
        ("alt+ctrl+x", (("ctrl+alt+x",),)),
        ("comma", ((",",),)),
        ("ctrl+plus", (("ctrl++",),)),
        ("PgDn", (("pagedown",),)),
        ("esc", (("escape",),)),
        ("z z", (("z", "z"),)),
        ("", ()),
        ("G", (("G",),)),
    ],
)
def test_written_keys_are_read(written: str, parsed: object) -> None:
    assert parse_keys(written) == parsed


@pytest.mark.parametrize("written", ["ctrl+bogus", "hyper+x", "wiggle", "f99"])
def test_unknown_keys_are_refused(written: str) -> None:
    with pytest.raises(NotationError):
        parse_keys(written)


@pytest.mark.parametrize(
    ("sequence", "shown"),
    [(("g", "i"), "gi"), (("ctrl+s",), "^S"), (("alt+enter",), "Alt+Enter"), (("pagedown",), "PgDn"), (("f1",), "F1")],
)
def test_keys_are_shown_short(sequence: tuple[str, ...], shown: str) -> None:
    assert show(sequence) == shown


@pytest.mark.parametrize(
    ("key", "character", "stroke"),
    [
        ("upper_g", "G", "G"),
        ("space", " ", "space"),
        ("ctrl+s", "\x13", "ctrl+s"),
        ("thai_character_mai_han_akat", "ั", "ั"),
        ("semicolon", ";", ";"),
        ("alt+x", "x", "alt+x"),
        ("enter", "\r", "enter"),
    ],
)
def test_key_events_have_one_name(key: str, character: str | None, stroke: str) -> None:
    assert stroke_of(key, character) == stroke


@pytest.mark.parametrize(
    ("stroke", "latin"),
    [("พ", "r"), ("ctrl+พ", "ctrl+r"), ("ซ", ":"), ("ฤ", "A"), ("ctrl+ฤ", "ctrl+a"), ("/", "/"), ("enter", "enter")],
)
def test_thai_strokes_are_read_as_latin(stroke: str, latin: str) -> None:
    assert untranslated(stroke) == latin
