"""Canned replies: prepared answers with fill-ins, one text per language.

The model only. Files: :mod:`csconsole.domain.canned_file`; filling in: :mod:`csconsole.domain.canned_render`;
checks before sending: :mod:`csconsole.domain.canned_check`; finding one: :mod:`csconsole.domain.canned_rank`.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from csconsole.clock import from_datetime
from csconsole.domain.dates import day_start, local

AskType = Literal["text", "number", "money", "date", "time", "choice"]

_RELATIVE_DAY = re.compile(r"D\+(\d{1,4})")


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One text in both languages; either may be missing."""

    th: str = ""
    en: str = ""

    def get(self, language: str) -> str:
        """The text in a language, or in the other one when it has none."""
        return (self.en or self.th) if language == "en" else (self.th or self.en)


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A question put to the agent when the reply is inserted; ``{{ ask.<name> }}`` is its answer.

    Attributes:
        name: used in the body.
        label: what the prompt says.
        type: how an answer is read, see :func:`csconsole.domain.canned_fill.fill`.
        options: the choices of type ``choice``.
        default: answer offered, and used when none is given.
    """

    name: str
    label: Wording = Wording()
    type: AskType = "text"
    options: tuple[str, ...] = ()
    default: str | int | float | None = None


class CannedReply(msgspec.Struct, frozen=True, kw_only=True):
    """A prepared answer.

    Attributes:
        name: unique, such as ``refund.approved``; what commands take.
        shortcuts: words that find it at once after ``/``.
        title: what the picker shows.
        body: Liquid templates.
        ask: what must be answered before it can go out.
        channels: channels it is for; empty for all.
        languages: languages it is meant for; empty for those it has a body in.
        tags: words to find it by.
        needs: parts of the context it cannot do without, such as ``order``.
        hide_when: query on known facts; where it holds the reply is not offered at all.
        promise: template of the moment by which the customer is promised an answer.
        expires: last moment it may be used: an RFC 3339 instant, or a date for the end of that day.
        notice: the team notice it belongs to.
        knowledge: the article it is taken from.
        emoji: whether emoji suit it; false for complaints.
        auto: whether the program may send it by itself.
        attach: ``required`` when the text promises an attachment.
        cost: how it may be sent where sending costs, such as ``reply-token``.
        max_segments: most SMS parts it may take, 0 for any.
        extra: keys this version does not know, kept for the next export.
    """

    name: str
    shortcuts: tuple[str, ...] = ()
    title: Wording = Wording()
    body: Wording = Wording()
    ask: tuple[Ask, ...] = ()
    channels: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    hide_when: str = ""
    promise: str = ""
    expires: str = ""
    notice: str = ""
    knowledge: str = ""
    emoji: bool = True
    auto: bool = False
    attach: Literal["", "optional", "required"] = ""
    cost: str = ""
    max_segments: int = 0
    extra: dict[str, object] = {}

    def asked(self, name: str) -> Ask | None:
        """The question of a name."""
        return next((ask for ask in self.ask if ask.name == name), None)

    def label(self, language: str) -> str:
        """Its title, or its name when it has none."""
        return self.title.get(language) or self.name


def expires_at(reply: CannedReply, zone: str) -> int | None:
    """The instant (milliseconds UTC) after which a reply must not be used; None for never.

    Args:
        reply: the reply.
        zone: IANA zone in which a date without a time ends and a time without an offset is meant.

    Raises:
        ValueError: ``expires`` is no moment.
    """
    if not reply.expires:
        return None
    if len(reply.expires) == len("2026-11-28"):
        return day_start(date.fromisoformat(reply.expires), zone, after_days=1) - 1
    value = datetime.fromisoformat(reply.expires)
    return from_datetime(value if value.tzinfo is not None else value.replace(tzinfo=ZoneInfo(zone)))


def absolute_day(text: str, now_ms: int, zone: str) -> str:
    """A date for ``D+n`` (n days after today in the zone); any other text as it is."""
    match = _RELATIVE_DAY.fullmatch(text.strip())
    if match is None:
        return text
    return (local(now_ms, zone).date() + timedelta(days=int(match[1]))).isoformat()
