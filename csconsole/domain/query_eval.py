"""What a query asks in numbers, and whether it holds for facts already known.

The store turns time terms into comparisons of columns with :func:`bounds`; conditions of canned replies and
macros (``hide_when = "has:order"``) are answered with :func:`holds`, without a store.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from csconsole.domain.dates import day_start
from csconsole.domain.query import FIELDS, And, Field, Not, Or, Query, Word
from csconsole.domain.spans import parse_calendar_date, parse_duration


class Bound(msgspec.Struct, frozen=True):
    """A time term as a comparison of a stored instant.

    Attributes:
        op: ``<``, ``<=``, ``>`` or ``>=``, to stand between the stored instant and ``at``.
        at: milliseconds UTC.
    """

    op: Literal["<", "<=", ">", ">="]
    at: int


_FLIPPED: dict[str, Literal["<", "<=", ">", ">="]] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def bounds(field: Field, now_ms: int, zone: str) -> tuple[Bound, ...]:
    """What a time term asks of the stored instant (``waiting_since``, ``next_due_at``, ``created_at`` ...).

    ``waiting>30m`` asks ``waiting_since < now - 30 min``; ``due<30m`` asks ``next_due_at < now + 30 min``;
    ``created>2026-11-01`` asks for the days after that day in ``zone``; ``created:2026-11-01`` for that day.

    Args:
        field: a term of kind ``ahead``, ``since`` or ``moment`` as made by :func:`parse`.
        now_ms: the present instant.
        zone: IANA name of the zone in which dates are days.

    Returns:
        One comparison, or two for a whole day.

    Raises:
        ValueError: the field is not one of time.
    """
    spec = FIELDS.get(field.name)
    if spec is None or spec.kind in ("text", "choice"):
        raise ValueError(f"{field.name} is not a field of time")
    value = field.values[0]
    span = parse_duration(value)
    if span is not None and field.op != ":":
        if spec.kind == "ahead":
            return (Bound(field.op, now_ms + span),)
        return (Bound(_FLIPPED[field.op], now_ms - span),)
    day = parse_calendar_date(value)
    if day is None:
        raise ValueError(f"{value!r} is no date")
    start = day_start(day, zone)
    end = day_start(day, zone, after_days=1)
    if field.op == ":":
        return (Bound(">=", start), Bound("<", end))
    if field.op == ">":
        return (Bound(">=", end),)
    if field.op == "<=":
        return (Bound("<", end),)
    return (Bound(field.op, start),)


def holds(query: Query, facts: Mapping[str, Collection[str]]) -> bool:
    """Whether a query holds for known facts, as conditions of canned replies and macros need it.

    Args:
        query: the condition.
        facts: for each field the values that are true, for example ``{"has": {"order"}, "tag": {"vip"}}``.
            Values in a query may use ``*``. Time terms and free text never hold here.
    """
    if isinstance(query, And):
        return all(holds(term, facts) for term in query.terms)
    if isinstance(query, Or):
        return any(holds(term, facts) for term in query.terms)
    if isinstance(query, Not):
        return not holds(query.term, facts)
    if isinstance(query, Word) or query.op != ":":
        return False
    known = [fact.lower() for fact in facts.get(query.name, ())]
    return any(fnmatchcase(fact, value.lower()) for value in query.values for fact in known)
