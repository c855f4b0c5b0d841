"""The query language of views, filters and ``list QUERY``: text to a small frozen tree.

``status:open,pending -tag:spam waiting>30m (channel:line OR branch:siam) "ไม่ได้รับของ"``

Terms side by side must all hold; ``OR`` (in capitals) binds weaker; ``-`` negates a term or a group; values
after a comma are alternatives. The first paint of the queue parses a view, so queries without quotes,
parentheses, ``OR`` and ``AND`` are read by a regular expression; all others by lark, which is imported only
then. Both ways give the same tree.

The tree says what is asked, not how it is found: the store turns it into SQL and says which terms it cannot
run; :mod:`csconsole.domain.query_eval` answers it against known facts.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

import msgspec

from csconsole.domain.spans import parse_calendar_date, parse_duration
from csconsole.errors import UsageError
from csconsole.i18n import Catalog

if TYPE_CHECKING:
    from lark import Lark

MAX_LENGTH = 2_000
"""Longest query accepted, in code points; more is a mistaken paste."""
MAX_DEPTH = 30
"""Deepest nesting of parentheses accepted, so that walking a tree may recurse."""

Op: TypeAlias = Literal[":", "<", "<=", ">", ">="]
Kind: TypeAlias = Literal["text", "choice", "ahead", "since", "moment"]


class Word(msgspec.Struct, frozen=True):
    """Free text that must occur in the conversation: one word, or a phrase that stood in quotes."""

    text: str


class Field(msgspec.Struct, frozen=True):
    """A named term.

    Attributes:
        name: canonical field name, a key of :data:`FIELDS` or ``attr.<name>``.
        op: how it is compared; ``:`` means "is one of".
        values: at least one, as typed (choices in lower case). Comparisons have exactly one.
    """

    name: str
    op: Op
    values: tuple[str, ...]


class Not(msgspec.Struct, frozen=True):
    """The term must not hold."""

    term: Query


class And(msgspec.Struct, frozen=True):
    """All terms hold; with no terms it holds always."""

    terms: tuple[Query, ...]


class Or(msgspec.Struct, frozen=True):
    """At least one of two or more terms holds."""

    terms: tuple[Query, ...]


Query: TypeAlias = And | Or | Not | Field | Word

EVERYTHING = And(())
"""What the empty query means."""


class FieldSpec(msgspec.Struct, frozen=True):
    """What a field may be compared with.

    Attributes:
        kind: ``text`` any value; ``choice`` one of ``choices``; ``ahead`` time left until a moment (``due<30m``);
            ``since`` time passed (``waiting>30m``); ``moment`` a date, or an age like ``since``
            (``created>7d`` is "more than seven days ago", ``created>2026-11-01`` "after that day").
        choices: the values of a ``choice``.
    """

    kind: Kind
    choices: tuple[str, ...] = ()


FIELDS: dict[str, FieldSpec] = {
    "status": FieldSpec("choice", ("open", "pending", "on_hold", "snoozed", "resolved", "closed", "spam")),
    "assignee": FieldSpec("text"),
    "channel": FieldSpec("text"),
    "account": FieldSpec("text"),
    "tag": FieldSpec("text"),
    "customer": FieldSpec("text"),
    "customer.tag": FieldSpec("text"),
    "branch": FieldSpec("text"),
    "team": FieldSpec("text"),
    "priority": FieldSpec("choice", ("low", "normal", "high", "urgent")),
    "kind": FieldSpec("choice", ("question", "problem", "complaint", "request", "order", "praise", "suggestion")),
    "reason": FieldSpec("text"),
    "number": FieldSpec("text"),
    "subject": FieldSpec("text"),
    "visibility": FieldSpec("choice", ("public", "private")),
    "last": FieldSpec("choice", ("in", "out")),
    "has": FieldSpec("choice", ("attachment", "order", "draft", "note", "csat", "promise", "phone", "email")),
    "is": FieldSpec("choice", ("unread", "snoozed", "overdue", "failed", "uncertain")),
    "waiting": FieldSpec("since"),
    "due": FieldSpec("ahead"),
    "promise": FieldSpec("ahead"),
    "created": FieldSpec("moment"),
    "updated": FieldSpec("moment"),
    "resolved": FieldSpec("moment"),
}
"""Every field by its canonical name."""

ALIASES: dict[str, str] = {
    "state": "status",
    "label": "tag",
    "tags": "tag",
    "agent": "assignee",
    "from": "customer",
    "สถานะ": "status",
    "ผู้ดูแล": "assignee",
    "ช่องทาง": "channel",
    "แท็ก": "tag",
    "ลูกค้า": "customer",
    "สาขา": "branch",
    "ทีม": "team",
    "ความด่วน": "priority",
    "สาเหตุ": "reason",
    "รอ": "waiting",
}
"""Other names people type, English and Thai."""


class QueryError(UsageError):
    """A query that cannot be understood.

    Attributes:
        position: index of the offending character in the query, counted from 0.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


_FIELD = re.compile(
    r'(?P<name>[A-Za-z][A-Za-z0-9_.]*|[\u0e00-\u0e7f]+)(?P<op>>=|<=|:(?!//)|>|<)(?P<values>(?:"[^"]*"|[^\s()"])*)'
)
_VALUE = re.compile(r'(?:"[^"]*"|[^,"])+')
_TOKEN = re.compile(r"\S+")
_NEGATED = re.compile(r"-(?=[^\s)\-])")


def parse(text: str, language: str = "en") -> Query:
    """Reads a query.

    Args:
        text: what was typed; the empty text means everything.
        language: language of error messages, ``en`` or ``th``.

    Returns:
        The tree, with one-term conjunctions and double nesting removed.

    Raises:
        QueryError: (a UsageError) with the position and, for a misspelt field, the nearest known one.
    """
    reader = _Reader(language)
    if len(text) > MAX_LENGTH:
        raise reader.error("query.error.too_long", MAX_LENGTH, n=MAX_LENGTH)
    simple = _parse_simple(text, reader)
    return simple if simple is not None else _parse_full(text, reader)


def _parse_simple(text: str, reader: _Reader) -> Query | None:
    """The tree of a conjunction without quotes, groups and operators in words; None when it has any."""
    if any(sign in text for sign in '"()'):
        return None
    tokens = list(_TOKEN.finditer(text))
    if any(token.group().removeprefix("-") in ("OR", "AND") for token in tokens):
        return None
    terms: list[Query] = []
    for token in tokens:
        word, at = token.group(), token.start()
        negated = _NEGATED.match(word) is not None
        if negated:
            word, at = word[1:], at + 1
        term = reader.field(word, at) if _FIELD.match(word) else Word(word)
        terms.append(Not(term) if negated else term)
    return _both(terms)


def _parse_full(text: str, reader: _Reader) -> Query:
    """The tree of any query, by the grammar in ``query.lark``."""
    from lark import Token, Tree
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    _check_nesting(text, reader)
    try:
        tree = _grammar().parse(text)
    except UnexpectedToken as error:
        at = error.token.start_pos
        raise reader.unexpected(text, len(text) if at is None or error.token.type == "$END" else at) from None
    except UnexpectedCharacters as error:
        raise reader.unexpected(text, error.pos_in_stream or 0) from None

    def build(node: Tree[Token]) -> Query:
        children = cast("list[Tree[Token]]", node.children)
        if node.data == "start":
            return build(children[0]) if children else EVERYTHING
        if node.data == "either":
            parts = [build(child) for child in children]
            return parts[0] if len(parts) == 1 else Or(tuple(_spread(parts, Or)))
        if node.data == "both":
            return _both([build(child) for child in children])
        if node.data == "negated":
            return Not(build(children[0]))
        token = cast("Token", node.children[0])
        at = token.start_pos
        assert at is not None
        if node.data == "field":
            return reader.field(str(token), at)
        if node.data == "phrase":
            return reader.phrase(str(token), at)
        return Word(str(token))

    return build(tree)


@cache
def _grammar() -> Lark:
    """The LALR parser, built on first need."""
    from importlib.resources import files

    from lark import Lark

    source = files("csconsole.domain").joinpath("query.lark").read_text(encoding="utf-8")
    return Lark(source, parser="lalr", lexer="basic")


def _check_nesting(text: str, reader: _Reader) -> None:
    """Refuses nesting deeper than :data:`MAX_DEPTH` and quotes that never close."""
    depth = 0
    opened = -1
    for at, sign in enumerate(text):
        if sign == '"':
            opened = at if opened < 0 else -1
        elif opened < 0 and sign in "()":
            depth += 1 if sign == "(" else -1
            if depth > MAX_DEPTH:
                raise reader.error("query.error.too_deep", at, n=MAX_DEPTH)
    if opened >= 0:
        raise reader.error("query.error.open_quote", opened)


def _spread(terms: list[Query], kind: type[And] | type[Or]) -> list[Query]:
    """Terms with those of nested nodes of the same kind in their place."""
    flat: list[Query] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, kind) else (term,))
    return flat


def _both(terms: list[Query]) -> Query:
    """The conjunction of terms in its shortest form."""
    flat = _spread(terms, And)
    return flat[0] if len(flat) == 1 else And(tuple(flat))


class _Reader:
    """Turns tokens into terms and mistakes into errors of one language."""

    def __init__(self, language: str) -> None:
        self._catalog = Catalog(language)

    def error(self, key: str, position: int, **values: object) -> QueryError:
        """The error of a message key, with the position (from 1) in its words."""
        return QueryError(self._catalog.t(key, at=position + 1, **values), position)

    def unexpected(self, text: str, at: int) -> QueryError:
        """The error for a sign that cannot stand where it stands."""
        if at >= len(text):
            return self.error("query.error.ends", len(text))
        return self.error("query.error.unexpected", at, sign=text[at])

    def phrase(self, token: str, at: int) -> Word:
        """A phrase in quotes."""
        inside = " ".join(token[1:-1].split())
        if not inside:
            raise self.error("query.error.empty_quotes", at)
        return Word(inside)

    def field(self, token: str, at: int) -> Query:
        """A ``name op values`` token; free text when it only looks like one (Thai words with a colon)."""
        match = _FIELD.fullmatch(token)
        assert match is not None
        typed, op = match["name"], cast("Op", match["op"])
        name = self._name(typed, at)
        if name is None:
            return Word(token.replace('"', ""))
        raw = (value.replace('"', "").strip() for value in _VALUE.findall(match["values"]))
        values = tuple(value for value in raw if value)
        if not values:
            raise self.error("query.error.no_value", at + len(token), field=name)
        return Field(name, op, self._checked(name, op, values, at))

    def _name(self, typed: str, at: int) -> str | None:
        """Canonical name of a typed one; None for a Thai word that is no field."""
        name = typed.lower()
        name = ALIASES.get(name, name)
        if name in FIELDS or (name.startswith("attr.") and len(name) > len("attr.")):
            return name
        if not name.isascii():
            return None
        from difflib import get_close_matches

        near = get_close_matches(name, FIELDS, n=1, cutoff=0)
        raise self.error("query.error.unknown_field", at, field=typed, near=near[0] if near else "status")

    def _checked(self, name: str, op: Op, values: tuple[str, ...], at: int) -> tuple[str, ...]:
        """Values that fit the field, choices in lower case."""
        spec = FIELDS.get(name, FieldSpec("text"))
        timed = spec.kind in ("ahead", "since", "moment")
        if op != ":" and not timed:
            raise self.error("query.error.no_order", at, field=name)
        if op == ":" and timed and spec.kind != "moment":
            raise self.error("query.error.needs_order", at, field=name)
        if spec.kind == "choice":
            return tuple(self._choice(name, spec, value, at) for value in values)
        if timed:
            if len(values) > 1:
                raise self.error("query.error.one_value", at, field=name)
            is_span = parse_duration(values[0]) is not None and op != ":"
            if not is_span and (spec.kind != "moment" or parse_calendar_date(values[0]) is None):
                raise self.error("query.error.bad_time", at, field=name, value=values[0])
        return values

    def _choice(self, name: str, spec: FieldSpec, value: str, at: int) -> str:
        """One value of a closed set; ``on-hold`` and ``ON_HOLD`` are ``on_hold``."""
        plain = value.lower().replace("-", "_")
        if plain not in spec.choices:
            choices = ", ".join(spec.choices)
            raise self.error("query.error.bad_choice", at, field=name, value=value, choices=choices)
        return plain


def to_text(query: Query) -> str:
    """A query in words that :func:`parse` reads back to the same tree."""
    if isinstance(query, And):
        return " ".join(_inner(term) for term in query.terms)
    if isinstance(query, Or):
        return " OR ".join(f"({to_text(t)})" if isinstance(t, Or) else to_text(t) for t in query.terms)
    if isinstance(query, Not):
        grouped = isinstance(query.term, And | Or | Not)
        return f"-({to_text(query.term)})" if grouped else f"-{to_text(query.term)}"
    if isinstance(query, Word):
        return _quoted_word(query.text)
    return f"{query.name}{query.op}{','.join(_quoted(value, ',') for value in query.values)}"


def _inner(term: Query) -> str:
    """A term of a conjunction, in parentheses where they are needed."""
    return f"({to_text(term)})" if isinstance(term, And | Or) else to_text(term)


def _quoted(text: str, also: str = "") -> str:
    """The text, in quotes when it has a sign that would end it."""
    return f'"{text}"' if any(sign.isspace() or sign in '()"' + also for sign in text) else text


def _quoted_word(text: str) -> str:
    """Free text, in quotes when it would be read as an operator, a field or a negation."""
    special = text in ("OR", "AND") or text.startswith("-") or _FIELD.match(text) is not None
    return f'"{text}"' if special else _quoted(text)
