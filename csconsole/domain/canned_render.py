"""Filling canned replies in: values from the case and answers of the agent into a template.

What is missing stays visible as ``[label?]`` and is reported; it never becomes silence. The result is text:
it is never rendered again, so what a customer calls himself can do nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from csconsole.domain.canned import CannedReply
from csconsole.domain.dates import day_start, local
from csconsole.errors import ConfigError, UsageError
from csconsole.i18n import Catalog

if TYPE_CHECKING:
    from liquid import BoundTemplate

MAX_BODY = 20_000
"""Longest template accepted, in code points."""

MAX_TAG = 2_000
"""Longest tag accepted, in code points: reading one takes time that grows with the square of its length."""

_TAG = re.compile(r"\{[{%](?:[^{}%]|[{}%](?![{}%]))*")
_LATIN_NAME = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ '.\-]*")
_MARK = re.compile("\x00(\\d+)\x00")
_POLITE = {
    "ka": ("ค่ะ", "คะ", "นะคะ"),
    "krub": ("ครับ", "ครับ", "นะครับ"),
    "none": ("", "", ""),
}
_NO_PRONOUN = "แอดมิน"
_NO_NAME = "คุณลูกค้า"
_NO_NAME_EN = "there"


@dataclass(frozen=True, slots=True)
class Missing:
    """A variable that was needed and not there.

    Attributes:
        variable: its path, such as ``ask.day``.
        label: what to call it to the agent.
    """

    variable: str
    label: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A reply filled in.

    Attributes:
        text: what the composer shows; whatever is missing stands in it as ``[label?]``, at the end when only a
            condition asked for it, for then the text may be the wrong one.
        missing: what is missing, each once, in the order met.
        spans: where the placeholders stand, as (start, end) in code points.
    """

    text: str
    missing: tuple[Missing, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


def call_name(customer: Mapping[str, object]) -> str:
    """How a customer is addressed in Thai: คุณ and the call name, never the display name of a channel."""
    name = str(customer.get("call_name") or "").strip()
    if not name:
        return _NO_NAME
    return name if name.startswith("คุณ") else f"คุณ{name}"


def call_name_en(customer: Mapping[str, object]) -> str:
    """How a customer is addressed in English: the first name in Latin letters, else ``there``.

    A name with digits or signs (``xX_sun99_Xx``) is a display name that slipped in, and is not used.
    """
    for key in ("first_name", "call_name"):
        name = str(customer.get(key) or "").strip()
        if _LATIN_NAME.fullmatch(name):
            return name
    return _NO_NAME_EN


def context(
    *,
    agent: Mapping[str, object],
    customer: Mapping[str, object],
    conversation: Mapping[str, object],
    branch: Mapping[str, object] | None = None,
    order: Mapping[str, object] | None = None,
    product: Mapping[str, object] | None = None,
    shop: Mapping[str, object] | None = None,
    refund: Mapping[str, object] | None = None,
) -> dict[str, dict[str, object]]:
    """The values a reply may use.

    Args:
        agent: ``name``, ``display_name`` (text or ``{th, en}``), ``polite`` (``ka | krub | none``), ``pronoun``.
        customer: ``call_name``, ``first_name``; names of channels are not used.
        conversation: ``number`` and whatever else replies use.
        branch: as ``conversation``; a value ``{th, en}`` becomes ``name`` and ``name_en``.
        order: the order at hand.
        product: the product at hand.
        shop: the shop.
        refund: the refund of the order.

    Returns:
        One table per argument. What is empty is left out, so that templates see it as missing.
    """
    values: dict[str, dict[str, object]] = {
        "agent": _agent(agent),
        "customer": {"call": call_name(customer), "call_en": call_name_en(customer)},
        "conversation": _section(conversation),
        "branch": _section(branch or {}),
        "order": _section(order or {}),
        "product": _section(product or {}),
        "shop": _section(shop or {}),
        "refund": _section(refund or {}),
    }
    return {name: section for name, section in values.items() if section}


def _agent(agent: Mapping[str, object]) -> dict[str, object]:
    """How an agent speaks: name, pronoun and polite particles."""
    said, asked, softened = _POLITE.get(str(agent.get("polite") or "none"), _POLITE["none"])
    shown = _section({"name": agent.get("display_name") or agent.get("name")})
    login = str(agent.get("name") or "").strip()
    if "name_en" not in shown and login.isascii() and login:
        shown["name_en"] = login[:1].upper() + login[1:]
    pronoun = str(agent.get("pronoun") or "").strip() or _NO_PRONOUN
    return {**shown, "me": pronoun, "polite": said, "polite_ask": asked, "polite_na": softened}


def _section(source: Mapping[str, object]) -> dict[str, object]:
    """A table without its empty values; ``{th, en}`` gives ``x`` and ``x_en``."""
    found: dict[str, object] = {}
    for key, value in source.items():
        if isinstance(value, Mapping) and value and set(value) <= {"th", "en"}:
            found[key], found[f"{key}_en"] = value.get("th"), value.get("en")
        elif isinstance(value, Mapping):
            found[key] = _section(dict(value))
        elif isinstance(value, Decimal):
            found[key] = int(value) if value == value.to_integral_value() else float(value)
        else:
            found[key] = value.strip() if isinstance(value, str) else value
    return {key: value for key, value in found.items() if value not in (None, "", [], {}, ())}


def render(
    reply: CannedReply,
    language: str,
    context: Mapping[str, Mapping[str, object]],
    answers: Mapping[str, object],
    *,
    zone: str = "Asia/Bangkok",
    now_ms: int | None = None,
) -> Rendered:
    """A reply filled in.

    Args:
        reply: the reply.
        language: ``th`` or ``en``; the body in the other one stands in for a missing one.
        context: values as :func:`context` gives them.
        answers: answers to ``reply.ask`` by name, as :func:`csconsole.domain.canned_fill.fill` gives them; a
            default stands in for one that is missing or empty.
        zone: IANA zone in which instants are shown.
        now_ms: the present; when given, a time of another day says which day.

    Raises:
        ConfigError: the template is wrong, or goes beyond its limits.
    """
    return _filled(reply, reply.body.get(language), language, context, answers, zone, now_ms)


def promise_at(
    reply: CannedReply,
    context: Mapping[str, Mapping[str, object]],
    answers: Mapping[str, object],
    *,
    zone: str,
    now_ms: int,
) -> int | None:
    """The instant by which the customer is promised an answer; None for no promise or one not filled in yet.

    A span counts from now, a day lasts to its end.

    Raises:
        ConfigError: the promise's template is wrong.
    """
    if not reply.promise:
        return None
    from csconsole.domain.spans import parse_duration
    from csconsole.domain.when import parse_when

    found = _filled(reply, reply.promise, "en", context, answers, zone, now_ms)
    text = found.text.strip()
    if found.missing or not text:
        return None
    span = parse_duration(text)
    if span is not None:
        return now_ms + span
    try:
        return day_start(date.fromisoformat(text), zone, after_days=1) - 1
    except ValueError:
        pass
    try:
        return parse_when(text[:16], now_ms, zone, "en")
    except UsageError:
        return None


def variables(reply: CannedReply) -> tuple[str, ...]:
    """Paths of all variables of a reply in both languages and its promise, sorted: ``ask.day``, ``order.total`` ...

    Raises:
        ConfigError: a template is wrong.
    """
    from liquid.exceptions import LiquidError

    found: set[str] = set()
    for source in (reply.body.th, reply.body.en, reply.promise):
        try:
            found.update(_template(source).global_variable_paths())
        except LiquidError as error:
            raise _wrong(reply, error) from None
    return tuple(sorted(found))


def _filled(
    reply: CannedReply,
    source: str,
    language: str,
    context: Mapping[str, Mapping[str, object]],
    answers: Mapping[str, object],
    zone: str,
    now_ms: int | None,
) -> Rendered:
    """A template of a reply filled in."""
    from liquid.exceptions import LiquidError

    from csconsole.domain.canned_liquid import REPORT, Report

    report = Report(zone, None if now_ms is None else local(now_ms, zone).date())
    given: dict[str, object] = {ask.name: ask.default for ask in reply.ask if ask.default is not None}
    given.update({name: value for name, value in answers.items() if value is not None and value != ""})
    own = {"name": reply.name, "expires": reply.expires}
    values: dict[str, object] = {**context, "ask": given, "canned": own, REPORT: report}
    try:
        raw = _template(source).render(values)
    except LiquidError as error:
        raise _wrong(reply, error) from None
    except (ArithmeticError, RecursionError, TypeError, ValueError) as error:
        raise _wrong(reply, error) from None
    missing = tuple(Missing(path, _label(reply, path, language)) for path in report.missing)
    return _placed(raw, missing)


def _wrong(reply: CannedReply, error: Exception) -> ConfigError:
    """The error of a template that cannot be used."""
    what = " ".join(str(getattr(error, "message", None) or error).split())
    return ConfigError(f"canned reply {reply.name}: {what}; mend its text with csconsole canned edit {reply.name}")


@lru_cache(maxsize=256)
def _template(source: str) -> BoundTemplate:
    """A template ready to render, kept so that a picker can preview while one types."""
    from liquid.exceptions import LiquidSyntaxError

    from csconsole.domain.canned_liquid import MARK, dialect

    if len(source) > MAX_BODY:
        raise LiquidSyntaxError(f"the text is longer than {MAX_BODY} characters", token=None)
    if any(len(tag) > MAX_TAG for tag in _TAG.findall(source)):
        raise LiquidSyntaxError(f"a tag is longer than {MAX_TAG} characters", token=None)
    return dialect().from_string(source.replace(MARK, ""))


def _label(reply: CannedReply, path: str, language: str) -> str:
    """What to call a variable to the agent."""
    root, _, name = path.partition(".")
    ask = reply.asked(name) if root == "ask" else None
    if ask is not None:
        return ask.label.get(language) or ask.name
    catalog = Catalog(language)
    return catalog.t(f"var.{path}") if catalog.has(f"var.{path}") else path


def _placed(raw: str, missing: tuple[Missing, ...]) -> Rendered:
    """The text with its marks as placeholders, and where those are."""
    shown = {int(number) for number in _MARK.findall(raw)}
    raw += "".join(f" \x00{number}\x00" for number in range(len(missing)) if number not in shown)
    parts: list[str] = []
    spans: list[tuple[int, int]] = []
    length = at = 0
    for match in _MARK.finditer(raw):
        before = raw[at : match.start()].replace("\x00", "")
        placeholder = f"[{missing[int(match[1])].label}?]"
        start = length + len(before)
        length = start + len(placeholder)
        spans.append((start, length))
        parts += (before, placeholder)
        at = match.end()
    parts.append(raw[at:].replace("\x00", ""))
    return Rendered("".join(parts), missing, tuple(spans))
