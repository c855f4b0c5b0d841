"""Chance without chance: numbers that depend on nothing but the words they are asked for with."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


def number(*words: object) -> int:
    """A number from 0 to 2^64 - 1, the same on every machine for the same words."""
    text = "\x1f".join(map(str, words)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


def below(limit: int, *words: object) -> int:
    """A number from 0 to ``limit`` - 1."""
    return number(*words) % limit


def pick(choices: Sequence[T], *words: object) -> T:
    """One of the choices."""
    return choices[number(*words) % len(choices)]


def digits(length: int, *words: object) -> str:
    """So many decimal digits, the first one not zero."""
    return str(10 ** (length - 1) + number(*words) % (9 * 10 ** (length - 1)))


def hexadecimal(length: int, *words: object) -> str:
    """So many hexadecimal digits."""
    text = "\x1f".join(map(str, words)).encode()
    return blake2b(text, digest_size=32).hexdigest()[:length]
