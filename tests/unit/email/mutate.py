"""Damage that transports, gateways and attackers do to mails: cuts, swaps, repeats, other bytes, other line ends."""

from __future__ import annotations

import random
from collections.abc import Callable

_NASTY = (
    b"\x00", b"\x1b[2J", b"\xff\xfe", b"\xe0\xb8", b"=?utf-8?B?", b"?=", b"=?", b"(" * 50, b'"', b"<", b">", b"\\",
    b"\r", b"\n", b"\r\n\r\n", b"\n\n", b"--b", b"--b--", b"--", b"; boundary=", b"Content-Type: multipart/mixed\n",
    b"Content-Transfer-Encoding: base64\n", b"=", b"%00", b"<div>" * 60, b"<table><tr><td>", b"</", b"<!--", b"&#27;",
    b"begin 644 x\n", b"BEGIN:VEVENT\n", b"> " * 40, b"On Mon wrote:\n", b"-- \n", b"\xa1" * 40,
    b"\xc2\x9b", b"[#99999999999]",
)  # fmt: skip


def mutate(raw: bytes, chance: random.Random) -> bytes:
    """The mail with one to four kinds of damage."""
    for _ in range(chance.randint(1, 4)):
        raw = chance.choice(_KINDS)(raw, chance)
    return raw[:200_000]


def _cut(raw: bytes, chance: random.Random) -> bytes:
    return raw[: chance.randint(0, len(raw))]


def _drop(raw: bytes, chance: random.Random) -> bytes:
    start = chance.randint(0, len(raw))
    return raw[:start] + raw[start + chance.randint(1, 80) :]


def _double(raw: bytes, chance: random.Random) -> bytes:
    start = chance.randint(0, len(raw))
    piece = raw[start : start + chance.randint(1, 200)]
    return raw[:start] + piece * chance.choice((2, 2, 3, 40)) + raw[start:]


def _insert(raw: bytes, chance: random.Random) -> bytes:
    start = chance.randint(0, len(raw))
    return raw[:start] + chance.choice(_NASTY) + raw[start:]


def _flip(raw: bytes, chance: random.Random) -> bytes:
    data = bytearray(raw)
    for _ in range(chance.randint(1, 30)):
        if data:
            data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def _shuffle_lines(raw: bytes, chance: random.Random) -> bytes:
    lines = raw.split(b"\n")
    first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    return b"\n".join(lines)


def _drop_line(raw: bytes, chance: random.Random) -> bytes:
    lines = raw.split(b"\n")
    del lines[chance.randrange(len(lines))]
    return b"\n".join(lines)


def _line_ends(raw: bytes, chance: random.Random) -> bytes:
    return raw.replace(b"\r\n", chance.choice((b"\n", b"\r", b"\r\r\n", b"\n\r")))


_KINDS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _cut, _drop, _double, _insert, _insert, _flip, _shuffle_lines, _drop_line, _line_ends,
)  # fmt: skip
