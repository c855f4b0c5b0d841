import base64

import pytest

from csconsole.errors import RefusedError
from csconsole.terminal.capabilities import TRUECOLOR, detect, forget_developer_tools
from csconsole.terminal.clipboard import osc52
from csconsole.text.sanitize import Safe

LOCAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


def test_a_local_terminal_has_mouse_and_colours() -> None:
    found = detect(LOCAL)
    assert (found.over_ssh, found.mouse(), found.colors, found.theme("light")) == (False, True, TRUECOLOR, "light")


def test_over_ssh_what_costs_bytes_is_off_unless_asked_for() -> None:
    found = detect(LOCAL | {"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"})
    assert not found.mouse()
    assert found.mouse("on")
    assert found.textual_environment()["TEXTUAL_SMOOTH_SCROLL"] == "0"
    assert "TEXTUAL_FPS" not in detect(LOCAL).textual_environment()


@pytest.mark.parametrize(
    "env", [{"NO_COLOR": "1"}, {"TERM": "vt100", "COLORTERM": ""}, {"TERM": "dumb", "COLORTERM": ""}]
)
def test_without_colour_the_theme_is_mono(env: dict[str, str]) -> None:
    assert detect(LOCAL | env).theme("dark") == "mono"


def test_an_empty_no_color_means_nothing() -> None:
    assert detect(LOCAL | {"NO_COLOR": ""}).theme("dark") == "dark"


def decoded(sequence: str) -> str:
    return base64.b64decode(sequence.split(";c;")[1].split("\x07")[0]).decode()


def test_the_clipboard_gets_the_text_through_tmux_too() -> None:
    text = Safe("คืนเงิน 2,490 บาท")
    assert decoded(osc52(text, detect(LOCAL))) == text
    wrapped = osc52(text, detect(LOCAL | {"TMUX": "/x,1,0"}))
    assert decoded(wrapped) == text
    assert "\x1bPtmux;\x1b\x1b]52;c;" in wrapped
    assert wrapped.endswith("\x07\x1b\\")


def test_screen_gets_short_pieces() -> None:
    sequence = osc52(Safe("x" * 500), detect(LOCAL | {"STY": "1.pts"}))
    pieces = sequence.split("\x1b\\")[:-1]
    assert all(piece.startswith("\x1bP") and len(piece) <= 78 for piece in pieces)
    assert decoded("".join(piece[2:] for piece in pieces)) == "x" * 500


def test_what_is_too_long_is_refused_not_cut() -> None:
    with pytest.raises(RefusedError, match="save"):
        osc52(Safe("ก" * 20_000), detect(LOCAL))


def test_tools_for_developers_are_forgotten() -> None:
    environment = {
        "TEXTUAL": "devtools,debug",
        "TEXTUAL_LOG": "/tmp/x",
        "TEXTUAL_SCREENSHOT": "1",
        "TEXTUAL_SCREENSHOT_LOCATION": "/tmp",
        "TEXTUAL_DEVTOOLS_HOST": "evil.test",
        "TEXTUAL_PRESS": "q",
        "TEXTUAL_FPS": "30",
        "PATH": "/bin",
    }
    forget_developer_tools(environment)
    assert environment == {"TEXTUAL_FPS": "30", "PATH": "/bin"}
