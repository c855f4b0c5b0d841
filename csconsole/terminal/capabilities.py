"""What the terminal can do, read from the environment before anything is drawn.

Over SSH every byte counts and the mouse reports of the far terminal travel upstream, so what costs bytes is off there
unless asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Literal

Switch = Literal["auto", "on", "off"]
"""A setting that the program decides unless the agent does."""

TRUECOLOR = 1 << 24
"""Colours of a terminal that takes red, green and blue."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Findings about one terminal.

    Attributes:
        over_ssh: whether the screen is at the other end of an SSH connection.
        in_tmux: whether tmux lies between.
        in_screen: whether GNU screen lies between.
        no_color: whether the agent wants no colour (https://no-color.org: set and not empty).
        colors: how many colours there are: 0, 8, 16, 256 or :data:`TRUECOLOR`.
        is_dumb: whether the terminal cannot place the cursor, so that only the command line is of use.
        program: what calls itself the terminal (``TERM_PROGRAM``), or empty.
    """

    over_ssh: bool
    in_tmux: bool
    in_screen: bool
    no_color: bool
    colors: int
    is_dumb: bool
    program: str

    def mouse(self, setting: Switch = "auto") -> bool:
        """Whether to ask for mouse reports."""
        return not self.over_ssh if setting == "auto" else setting == "on"

    def theme(self, wanted: str) -> str:
        """The theme to draw with: ``mono`` where colour is not wanted or not there, else the one wanted."""
        return "mono" if self.no_color or self.colors == 0 else wanted

    def textual_environment(self, kitty_keys: Switch = "auto") -> dict[str, str]:
        """Variables to set before Textual is imported: no animation, and fewer frames and reports over SSH."""
        values = {"TEXTUAL_ANIMATIONS": "none"}
        if self.over_ssh:
            values["TEXTUAL_FPS"] = "20"
            values["TEXTUAL_SMOOTH_SCROLL"] = "0"
        if kitty_keys == "off":
            values["TEXTUAL_DISABLE_KITTY_KEY"] = "1"
        return values


_DEVELOPER = frozenset({"TEXTUAL", "TEXTUAL_DEBUG", "TEXTUAL_DRIVER", "TEXTUAL_LOG", "TEXTUAL_PRESS"})


def forget_developer_tools(environment: MutableMapping[str, str]) -> None:
    """Removes the variables by which Textual's tools for developers write the screen to files and sockets.

    ``TEXTUAL=devtools`` sends what is drawn to a port, ``TEXTUAL_LOG`` and ``TEXTUAL_SCREENSHOT`` write it to files
    that others may read, ``TEXTUAL_PRESS`` presses keys: none of that belongs where customers' words are shown.

    Args:
        environment: usually ``os.environ``, before Textual is imported.
    """
    for name in list(environment):
        if name in _DEVELOPER or name.startswith(("TEXTUAL_SCREENSHOT", "TEXTUAL_DEVTOOLS")):
            del environment[name]


def detect(environment: Mapping[str, str]) -> Capabilities:
    """Reads the variables terminals, multiplexers and SSH set.

    Args:
        environment: usually ``os.environ``.
    """
    term = environment.get("TERM", "")
    is_dumb = term in ("", "dumb", "unknown")
    return Capabilities(
        over_ssh=bool(environment.get("SSH_CONNECTION") or environment.get("SSH_TTY")),
        in_tmux=bool(environment.get("TMUX")),
        in_screen=bool(environment.get("STY")) and not environment.get("TMUX"),
        no_color=bool(environment.get("NO_COLOR")),
        colors=0 if is_dumb else _colors(term, environment.get("COLORTERM", "")),
        is_dumb=is_dumb,
        program=environment.get("TERM_PROGRAM", ""),
    )


def _colors(term: str, colorterm: str) -> int:
    if colorterm.lower() in ("truecolor", "24bit") or term.endswith("-direct"):
        return TRUECOLOR
    if "256" in term or term.startswith(("xterm-kitty", "alacritty", "foot")):
        return 256
    if term.endswith(("-mono", "-m")) or term in ("vt100", "vt102", "vt220"):
        return 0
    return 8 if term in ("linux", "ansi", "screen", "tmux") else 16
