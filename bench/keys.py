"""W1 to W3, K1 and the idle half of K2: what a key costs, in bytes and until the last byte of its paint."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import mean, median

from bench.pty import KeyCost, Marker, press, settle, wait_painted
from bench.results import Result, interleaved, percentile
from bench.subjects import Subject, console, neomutt
from tests.pty.rawpty import RawPty

MOVES = 40
"""Cursor moves of one round: on a screen of 40 rows some of them go past the edge."""
PAGES = 12
LETTERS = 30
TURNS = 8

Costs = dict[str, list[KeyCost]]
Script = Callable[[RawPty], Costs]


@dataclass(frozen=True)
class Player:
    """A program and the keys that are pressed in it."""

    subject: Subject
    script: Script = field(compare=False)


def play(player: Player) -> Costs:
    """Starts a program, plays its keys and ends it."""
    with RawPty(player.subject.argv, env=player.subject.env) as pty:
        wait_painted(pty, player.subject.marker)
        settle(pty, 1.0)
        return player.script(pty)


def in_console(pty: RawPty) -> Costs:
    """Moves, pages, opens, goes on, types and picks as an agent does."""
    pty.write(b"ga")  # all open conversations: more than the keys come past
    settle(pty, 0.5)
    costs: Costs = {"move": press(pty, b"j", MOVES), "page": press(pty, b"\x04", PAGES)}
    press(pty, b"\x15", PAGES)
    costs["open"] = _turns(pty, TURNS, b"\r", b"\x1b[27u", b"j")
    press(pty, b"\r", 1)
    costs["next"] = press(pty, b"J", TURNS)
    costs["focus"] = press(pty, b"\t", TURNS)
    costs["picker"] = _turns(pty, TURNS, b";", b"\x1b[27u")
    costs["help"] = _turns(pty, TURNS, b"?", b"\x1b[27u")
    press(pty, b"r", 1)
    costs["type"] = press(pty, b"a", LETTERS)
    costs["type Thai"] = press(pty, "ก".encode(), LETTERS)
    return costs


def in_neomutt(pty: RawPty) -> Costs:
    """The same in neomutt, as far as it has it."""
    costs: Costs = {"move": press(pty, b"j", MOVES), "page": press(pty, b"z", PAGES)}
    press(pty, b"Z", PAGES)
    costs["open"] = _turns(pty, TURNS, b"\r", b"i", b"j")
    press(pty, b"\r", 1)
    costs["next"] = press(pty, b"J", TURNS)
    return costs


def in_vim(pty: RawPty) -> Costs:
    """Typing in vim's insert mode."""
    press(pty, b"i", 1)
    return {"type": press(pty, b"a", LETTERS)}


def _turns(pty: RawPty, count: int, key: bytes, *back: bytes) -> list[KeyCost]:
    """Presses a key ``count`` times; what leads back each time is not counted."""
    costs = []
    for _ in range(count):
        costs += press(pty, key, 1)
        for other in back:
            press(pty, other, 1)
    return costs


def vim() -> Subject | None:
    """Vim with an empty text, or None when it is not installed."""
    program = shutil.which("vim")
    if program is None:
        return None
    return Subject("vim", (program, "-u", "NONE", "-i", "NONE", "-n"), Marker.of("~"))


def measure(rounds: int, conversations: int) -> list[Result]:
    """All keys, beside neomutt and vim in the same rounds."""
    ours = Player(console(conversations), in_console)
    mail, editor = neomutt(conversations), vim()
    players = [ours]
    players += [Player(mail, in_neomutt)] if mail is not None else []
    players += [Player(editor, in_vim)] if editor is not None else []
    runs = dict(zip((p.subject.name for p in players), interleaved(rounds, play, players), strict=True))
    mine = _joined(runs[ours.subject.name])
    _check(mine)
    peer = _joined(runs[mail.name]) if mail is not None else {}
    typed = _joined(runs[editor.name]) if editor is not None else {}
    return [*_bytes(mine, peer, typed), *_times(mine, peer)]


def _joined(rounds: list[Costs]) -> Costs:
    joined: Costs = {}
    for costs in rounds:
        for name, values in costs.items():
            joined.setdefault(name, []).extend(values)
    return joined


def _check(costs: Costs) -> None:
    """A key that draws nothing was not measured: the figures would be too good."""
    for name, values in costs.items():
        silent = sum(cost.bytes == 0 for cost in values)
        if silent > len(values) // 4:
            raise RuntimeError(f"{silent} of {len(values)} keys of '{name}' painted nothing")


def _sizes(costs: Costs, name: str) -> list[int]:
    return [cost.bytes for cost in costs[name]]


def _bytes(mine: Costs, peer: Costs, typed: Costs) -> list[Result]:
    results = []
    if "move" in peer:
        size, theirs = _sizes(mine, "move"), _sizes(peer, "move")
        results += [
            Result("W1", "bytes per cursor move, median / neomutt", median(size), "B", 0.6, median(theirs)),
            Result("W1", "bytes per cursor move, mean / neomutt", mean(size), "B", 1.2, mean(theirs)),
        ]
    if "type" in typed:
        theirs = _sizes(typed, "type")
        for name in ("type", "type Thai"):
            what = f"bytes per character, {name}, median / vim"
            results.append(Result("W2", what, median(_sizes(mine, name)), "B", 5.0, median(theirs)))
    results.append(Result("W3", "bytes per change of focus, median", median(_sizes(mine, "focus")), "B", 2000))
    for name in ("picker", "help"):
        results.append(
            Result("W3", f"bytes per open of a picker ({name}), median", median(_sizes(mine, name)), "B", 6000)
        )
    return results


def _times(mine: Costs, peer: Costs) -> list[Result]:
    results = []
    for name, costs in mine.items():
        last = [cost.last for cost in costs if cost.bytes]
        theirs = [cost.last for cost in peer.get(name, []) if cost.bytes]
        budget = 3.0 if name == "move" and theirs else None
        what = f"key to last byte, {name}, median" + (" / neomutt" if theirs else "")
        results.append(Result("K1", what, median(last), "ms", budget, median(theirs) if theirs else None,
                              samples=len(last)))  # fmt: skip
    everything = [cost.last for costs in mine.values() for cost in costs if cost.bytes]
    moves = [cost.last for cost in mine["move"] if cost.bytes]
    results += [
        Result("K2", "key to last byte, move, p99, idle", percentile(moves, 99), "ms", 16.0, samples=len(moves)),
        Result("K2", "key to last byte, every key, p99, idle", percentile(everything, 99), "ms", None,
               samples=len(everything)),
    ]  # fmt: skip
    return results
