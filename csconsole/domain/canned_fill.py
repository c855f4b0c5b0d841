"""Reading the agent's answers to the questions of a canned reply."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from csconsole.domain.canned import Ask
from csconsole.domain.dates import local
from csconsole.domain.when import parse_day, parse_when
from csconsole.errors import UsageError
from csconsole.i18n import Catalog

Answer: TypeAlias = str | int | float | date | datetime

MAX_TEXT = 500
"""Longest answer kept of type ``text``, in code points."""


def fill(ask: Ask, text: str, now_ms: int, zone: str, language: str = "th") -> Answer:
    """An answer as a value of the question's type.

    Args:
        ask: the question.
        text: what was typed: ``เสาร์`` for a date, ``15.00`` or ``2h`` for a time, ``2`` or the words of an option
            for a choice, ``2,490`` or ``๒๔๙๐`` for a number.
        now_ms: the present, milliseconds UTC.
        zone: IANA zone of the agent.
        language: language of errors.

    Returns:
        A date for ``date``, an aware local datetime for ``time``, an int or float for ``number`` and ``money``,
        text otherwise.

    Raises:
        UsageError: empty or not understood, with what to type.
    """
    typed = text.strip()
    label = ask.label.get(language) or ask.name
    catalog = Catalog(language)
    if not typed:
        raise UsageError(catalog.t("canned.error.empty", label=label))
    if ask.type == "date":
        return parse_day(typed, now_ms, zone, language)
    if ask.type == "time":
        return local(parse_when(typed, now_ms, zone, language), zone)
    if ask.type in ("number", "money"):
        number = _number(typed)
        if number is None:
            raise UsageError(catalog.t("canned.error.number", label=label, text=typed))
        return number
    if ask.type == "choice":
        option = _choice(ask.options, typed)
        if option is None:
            raise UsageError(catalog.t("canned.error.choice", label=label, text=typed, n=len(ask.options)))
        return option
    return " ".join(typed[:MAX_TEXT].split())


def _number(typed: str) -> int | float | None:
    """A number with thousands separators, Thai digits or บาท after it; None when it is none."""
    plain = unicodedata.normalize("NFKC", typed).replace(",", "").removesuffix("บาท").strip()
    try:
        value = Decimal(plain)
    except InvalidOperation:
        return None
    if not value.is_finite() or abs(value) > 10**12:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _choice(options: tuple[str, ...], typed: str) -> str | None:
    """The option meant: by its number (also as the Thai layout sends it), its words, or words only it has."""
    if typed in options:
        return typed
    from csconsole.text.keyboard import digit_for

    digit = digit_for(typed)
    number = digit if digit is not None else int(typed) if typed.isdecimal() and len(typed) < 4 else None
    if number is not None:
        return options[number - 1] if 0 < number <= len(options) else None
    with_it = [option for option in options if typed.casefold() in option.casefold()]
    return with_it[0] if len(with_it) == 1 else None
