"""The Liquid dialect of canned replies and macros: a small, bounded part of python-liquid.

Importing this module imports python-liquid, which no start-up may pay for; :mod:`csconsole.domain.canned_render`
does it on first use.

What differs from the stock environment, and why:

- Nothing that is missing or empty renders as nothing. It leaves a mark that the caller turns into a visible
  placeholder, whether it was to be printed, compared, counted or filtered. Only asking whether it exists
  (``{% if order.eta %}``) and ``default`` are answered silently.
- Loops, output and local variables are bounded (stock python-liquid bounds none of them), and only tags and
  filters that cannot grow text beyond those bounds exist: no ``include``, ``render`` or ``replace``.
- Text that comes in as a value is never read as a template.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache, wraps
from typing import Any, cast

from liquid import BoundTemplate, Environment, RenderContext
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.exceptions import LoopIterationLimitError, OutputStreamLimitError
from liquid.filter import with_context
from liquid.token import Token
from liquid.undefined import UNDEFINED, StrictDefaultUndefined, Undefined

from csconsole.domain import dates

MARK = "\x00"
"""Surrounds the number of a missing variable in output; values cannot contain it."""
REPORT = "\x00report"
"""Name, which no template can write, under which the :class:`Report` of a rendering lies among its values."""
MAY_BE_EMPTY = frozenset({"agent.polite", "agent.polite_ask", "agent.polite_na"})
"""Variables whose empty text is meant: an agent who uses no particles."""

_TAGS = frozenset(
    {"#", "assign", "break", "capture", "case", "comment", "continue", "echo", "for", "if", "unless"}
    | {"content", "output", "illegal"}
)
_FILTERS = frozenset(
    {"abs", "append", "at_least", "at_most", "capitalize", "ceil", "default", "divided_by", "downcase", "first"}
    | {"floor", "join", "last", "lstrip", "minus", "modulo", "plus", "prepend", "remove", "round", "rstrip"}
    | {"size", "strip", "strip_newlines", "times", "truncate", "upcase"}
)


class Report:
    """What a rendering needs to know and found out.

    Args:
        zone: IANA zone in which instants are shown.
        today: the day there, so that times of other days say so; None when unknown.

    Attributes:
        missing: paths of variables that were needed and not there, in the order met.
    """

    def __init__(self, zone: str, today: date | None) -> None:
        self.zone = zone
        self.today = today
        self.missing: list[str] = []

    def miss(self, path: str) -> str:
        """Notes a missing variable and gives the mark that stands for it."""
        if path not in self.missing:
            self.missing.append(path)
        return f"{MARK}{self.missing.index(path)}{MARK}"


class Probe(float):
    """What a missing variable is in a comparison or a condition: false, unequal, and noted when compared.

    It is a number only because the template language refuses to compare anything else with one.
    """

    def __new__(cls, path: str, report: Report) -> Probe:
        """A probe for a variable."""
        probe = super().__new__(cls, 0.0)
        probe._path, probe._report = path, report
        return probe

    _path: str
    _report: Report

    def _compared(self, other: object) -> bool:
        """Any comparison: noted, and false."""
        self._report.miss(self._path)
        return False

    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = _compared
    __hash__ = float.__hash__


Undefined.register(Probe)


class Absent:
    """A missing variable as a value.

    Attributes:
        path: where it was looked for, such as ``order.eta``.
    """

    force_liquid_default = True

    def __init__(self, path: str, report: Report) -> None:
        self.path = path
        self._report = report

    def __str__(self) -> str:
        """The mark that shows where it is missing."""
        return self._report.miss(self.path)

    def __liquid__(self) -> Probe:
        """What conditions and comparisons look at."""
        return Probe(self.path, self._report)


class Context(RenderContext):
    """Looks variables up so that missing and empty ones are never silent."""

    @property
    def report(self) -> Report:
        """The report of this rendering."""
        return cast("Report", self.globals[REPORT])

    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        """The value at a path, or an :class:`Absent`."""
        parts = [part.path if isinstance(part, Absent) else part for part in path]
        value = super().get(parts, token=token, default=None)
        is_local = parts[0] in self.locals
        name = ".".join(str(part) for part in parts)
        if value is None or (value == "" and not is_local and name not in MAY_BE_EMPTY):
            return Absent(name, self.report) if default is UNDEFINED else default
        return value.replace(MARK, "") if isinstance(value, str) and not is_local else value


class Template(BoundTemplate):
    """A template that uses :class:`Context`."""

    context_class = Context


class Dialect(Environment):
    """The environment, with its limits. Sizes are in bytes."""

    template_class = Template
    loop_iteration_limit = 1_000
    output_stream_limit = 20_000
    local_namespace_limit = 20_000

    def __init__(self) -> None:
        super().__init__(undefined=StrictDefaultUndefined)
        self.tags = {name: tag for name, tag in self.tags.items() if name in _TAGS}
        own = {name: _shown(show) for name, show in _SHOWN.items()}
        kept = {name: function for name, function in self.filters.items() if name in _FILTERS}
        self.filters = {name: _careful(name, function) for name, function in (kept | own).items()}


def _careful(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that passes a missing variable on instead of making something of it, and keeps text in bounds."""
    if name == "default":
        return function

    @wraps(function)
    def careful(value: object, *arguments: object, **named: object) -> object:
        absent = next((item for item in (value, *arguments) if isinstance(item, Absent)), None)
        if absent is not None:
            return absent
        made = function(value, *arguments, **named)
        if isinstance(made, str) and len(made) > Dialect.output_stream_limit:
            raise OutputStreamLimitError(f"{name}: text limit reached", token=None)
        return made

    return careful


def _shown(show: Callable[[dates.Moment, Report], str]) -> Callable[..., str]:
    """A filter out of a function that shows a value to a reader."""

    @with_context
    def filtered(value: dates.Moment, *, context: Context) -> str:
        return show(value, context.report)

    return filtered


_SHOWN: Mapping[str, Callable[[Any, Report], str]] = {
    "baht": lambda value, _: dates.baht(value),
    "baht_en": lambda value, _: dates.baht_en(value),
    "thai_date": lambda value, report: dates.thai_date(value, report.zone),
    "thai_day": lambda value, report: dates.thai_day(value, report.zone),
    "thai_time": lambda value, report: dates.thai_time(value, report.zone, today=report.today),
    "en_date": lambda value, report: dates.en_date(value, report.zone),
    "en_day": lambda value, report: dates.en_day(value, report.zone),
    "en_time": lambda value, report: dates.en_time(value, report.zone, today=report.today),
}


_stock_range = RangeLiteral._make_range


def _bounded_range(self: RangeLiteral, start: Any, stop: Any) -> range:
    """A range no longer than loops may be.

    Raises:
        LoopIterationLimitError: it is longer.
    """
    made = _stock_range(self, start, stop)
    if made.stop - made.start > Dialect.loop_iteration_limit:
        raise LoopIterationLimitError("a range is too long", token=None)
    return made


# python-liquid counts the turns of a loop, but joins, reverses and slices a range of any length before; it has no hook
# for that, and templates are its only use here.
RangeLiteral._make_range = _bounded_range  # type: ignore[method-assign]


@cache
def dialect() -> Dialect:
    """The one environment."""
    return Dialect()
