"""Canned replies as a TOML file that people edit and share: ``[[canned]]`` tables.

Mistakes are reported with file and line. Keys this version does not know are kept and written out again, so
that a file can travel between versions; a key that looks like a misspelt known one is refused instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from difflib import get_close_matches

import msgspec

from csconsole.domain.canned import Ask, CannedReply, Wording, absolute_day, expires_at
from csconsole.errors import ConfigError, UsageError
from csconsole.text import toml
from csconsole.text.escape import escape_toml
from csconsole.text.sanitize import safe_line

_KNOWN = tuple(name for name in CannedReply.__struct_fields__ if name != "extra")
_HEADER = re.compile(r"\s*\[\[\s*canned\s*\]\]")
_ANY_HEADER = re.compile(r"\s*\[")
_KEY = re.compile(r"""\s*["']?([A-Za-z0-9_-]+)["']?\s*[.=]""")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_NAME = re.compile(r"[^\s,\"'{}]{1,64}")
_PATH = re.compile(r"\s*-?\s*at `\$([^`]*)`")


def load_toml(text: str, source: str, *, now_ms: int | None = None, zone: str = "Asia/Bangkok") -> list[CannedReply]:
    """The canned replies of a file.

    Args:
        text: the file; tables other than ``[[canned]]`` are left alone.
        source: its name, for messages.
        now_ms: the present; when given, ``expires = "D+1"`` becomes the date it means today.
        zone: IANA zone for that date.

    Returns:
        The replies in the order of the file.

    Raises:
        ConfigError: with file, line and key: no TOML, a wrong type, a missing or doubled name, no body,
            a misspelt key, a condition that is no query, or a date that is none.
    """
    try:
        tables = toml.loads(text).get("canned", [])
    except toml.TomlError as error:
        raise ConfigError(f"{source}:{error.line}: {error.what}" if error.line else f"{source}: {error.what}") from None
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{source}: write canned replies as [[canned]] tables")
    lines = _Lines(text, source)
    replies: list[CannedReply] = []
    for index, table in enumerate(tables):
        reply = _read(table, index, lines)
        if any(other.name == reply.name for other in replies):
            raise lines.error(index, "name", f"there is already a canned reply {reply.name}; choose another name")
        if now_ms is not None:
            reply = msgspec.structs.replace(reply, expires=absolute_day(reply.expires, now_ms, zone))
        _check(reply, index, lines, relative=now_ms is None)
        replies.append(reply)
    return replies


def _read(table: Mapping[str, object], index: int, lines: _Lines) -> CannedReply:
    """One table as a reply."""
    known = {key: value for key, value in table.items() if key in _KNOWN}
    extra = {key: value for key, value in table.items() if key not in _KNOWN}
    for key in extra:
        near = get_close_matches(key, _KNOWN, n=1, cutoff=0.8)
        if near:
            raise lines.error(index, key, f"is not known; did you mean {near[0]}?")
    if isinstance(known.get("expires"), date):
        known["expires"] = _plain_moment(known["expires"])
    try:
        return msgspec.structs.replace(msgspec.convert(known, CannedReply), extra=extra)
    except msgspec.ValidationError as error:
        message = str(error)
        match = _PATH.search(message)
        path = (match[1].lstrip(".") if match else "") or "name"
        key = re.split(r"[.\[]", path)[0]
        place = "" if path == key else f" at {path}"
        raise lines.error(index, key, _PATH.sub("", message) + place) from None


def _plain_moment(value: object) -> str:
    """An unquoted TOML date or date-time as text."""
    return value.isoformat() if isinstance(value, date) else str(value)


def _check(reply: CannedReply, index: int, lines: _Lines, *, relative: bool) -> None:
    """What the types cannot say."""
    if not _NAME.fullmatch(reply.name):
        raise lines.error(index, "name", "a name has no spaces, quotes or commas and at most 64 characters")
    if safe_line(reply.name) != reply.name:
        raise lines.error(index, "name", "a name has only characters that can be seen")
    if reply.body == Wording():
        raise lines.error(index, "body", "write body.th or body.en; the reply has no text")
    for ask in reply.ask:
        if ask.type == "choice" and not ask.options:
            raise lines.error(index, "ask", f"{ask.name} is a choice without options; add options = [...]")
    if reply.hide_when:
        from csconsole.domain.query import parse

        try:
            parse(reply.hide_when)
        except UsageError as error:
            raise lines.error(index, "hide_when", error.message) from None
    unsettled = relative and absolute_day(reply.expires, 0, "UTC") != reply.expires
    if reply.expires and not unsettled:
        try:
            expires_at(reply, "UTC")
        except ValueError:
            raise lines.error(index, "expires", "write a date like 2026-11-28 or 2026-11-28T23:59+07:00") from None


class _Lines:
    """Finds the line of a key in the n-th ``[[canned]]`` table, passing over multi-line strings."""

    def __init__(self, text: str, source: str) -> None:
        self._source = source
        self._tables: list[dict[str, int]] = []
        current: dict[str, int] = {}
        quote = ""
        for number, line in enumerate(text.splitlines(), 1):
            if not quote:
                if _HEADER.match(line):
                    current = {"": number}
                    self._tables.append(current)
                elif _ANY_HEADER.match(line):
                    current = {}
                elif match := _KEY.match(line):
                    current.setdefault(match[1], number)
            quote = _open_quote(line, quote)

    def error(self, index: int, key: str, problem: str) -> ConfigError:
        """The error for a key, at its line or at that of its table."""
        table = self._tables[index] if index < len(self._tables) else {}
        line = table.get(key, table.get("", 0))
        place = f"{self._source}:{line}" if line else self._source
        return ConfigError(f"{place}: canned reply {index + 1}: {key}: {problem}")


def _open_quote(line: str, quote: str) -> str:
    """Which multi-line string is open after a line (three quotes of a kind), or the empty text."""
    for match in re.finditer(r'\\.|"""|' + r"'''|#", line):
        sign = match.group()
        if sign == "#" and not quote:
            break
        if sign in ('"""', "'''"):
            if not quote:
                quote = sign
            elif quote == sign:
                quote = ""
    return quote


def dump_toml(replies: Iterable[CannedReply]) -> str:
    """The replies as a TOML file that :func:`load_toml` reads back to the same replies."""
    return "\n".join(_table(reply) for reply in replies)


def _table(reply: CannedReply) -> str:
    """One ``[[canned]]`` table; settings at their default are left out."""
    lines = ["[[canned]]"]
    empty = CannedReply(name="")
    for key in _KNOWN:
        value = getattr(reply, key)
        if value == getattr(empty, key):
            continue
        if key == "body":
            lines.extend(f"body.{language} = {_block(text)}" for language, text in _words(value).items())
        elif key == "ask":
            lines.append(f"ask = [{', '.join(_value(_trimmed(ask)) for ask in value)}]")
        else:
            lines.append(f"{key} = {_value(_words(value) if isinstance(value, Wording) else value)}")
    lines.extend(f"{_key(key)} = {_value(value)}" for key, value in reply.extra.items())
    return "\n".join(lines) + "\n"


def _words(wording: Wording) -> dict[str, str]:
    """The languages a wording has."""
    return {key: text for key, text in (("th", wording.th), ("en", wording.en)) if text}


def _trimmed(ask: Ask) -> dict[str, object]:
    """A question without what is at its default."""
    plain = Ask(name="")
    kept = {key: getattr(ask, key) for key in ask.__struct_fields__ if getattr(ask, key) != getattr(plain, key)}
    return {key: _words(value) if isinstance(value, Wording) else value for key, value in kept.items()}


def _key(key: str) -> str:
    """A key, quoted when it must be."""
    return key if _BARE.fullmatch(key) else _string(key)


def _value(value: object) -> str:
    """A value on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(str(key))} = {_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, Iterable):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    raise TypeError(f"TOML has no {type(value).__name__}")


def _string(text: str) -> str:
    """A basic string."""
    return '"' + _escaped(text).replace('"', '\\"').replace("\n", "\\n") + '"'


def _block(text: str) -> str:
    """A multi-line string; the line break after the opening quotes is not part of it."""
    body = re.sub(r'""+|"$', lambda match: '\\"' * len(match.group()), _escaped(text))
    return '"""' + ("\n" if body.startswith("\n") else "") + body + '"""'


def _escaped(text: str) -> str:
    """The text with backslashes and whatever is not drawn escaped, line breaks and tabs kept."""
    text = escape_toml(text.replace("\\", "\\\\"))
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", lambda match: f"\\u{ord(match.group()):04x}", text)
