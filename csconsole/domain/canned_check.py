"""What to look at before a text goes to a customer: what stops it, and what only warns.

Warnings are few and sure, for an agent who is warned wrongly stops reading them. Each says where, and how to
mend it where that can be said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from csconsole.domain.canned import CannedReply, expires_at
from csconsole.domain.canned_render import call_name
from csconsole.domain.dates import moment_text
from csconsole.domain.message_length import TextLimit, measure
from csconsole.i18n import Catalog

Level = Literal["block", "warn"]

_UNFILLED = re.compile(r"\[([^\[\]\n]{1,60})\?\]")
_LEFTOVER = re.compile(r"\{\{|\}\}|\{%|%\}")
_THAI = "\u0e00-\u0e7f"

_PARTICLES: tuple[tuple[re.Pattern[str], str], ...] = (
    # The softening นะ takes the short, high particle, whatever follows.
    (re.compile(r"นะค่ะ"), "นะคะ"),
    (re.compile(r"นะค๊ะ|นะค้ะ"), "นะคะ"),
    # A question word that is nothing else at the end of a sentence.
    (
        re.compile(r"(?:(?<!ผ้า)(?<!เส้น)ไหม|มั้ย|มั๊ย|หรือยัง|รึยัง|หรือเปล่า|รึเปล่า|หรือไม่|เหรอ|(?<!ไม่)หรอ)ค่ะ"),
        "",
    ),
    # Set phrases that are statements; คะ here must end the word (คะแนน is another one).
    (re.compile(rf"(?:ขอบคุณ(?:มาก)?|สวัสดี|รับทราบ|ยินดี)คะ(?![{_THAI}])"), ""),
)
_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf\U0001f1e6-\U0001f1ff][\ufe0f\u200d\U0001f3fb-\U0001f3ff]*")
_SHORT_THAI_NAME = 6


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in a text.

    Attributes:
        level: ``block`` must not go out; ``warn`` may.
        code: short and stable, for tests and settings.
        span: where, as (start, end) in code points; (0, 0) for the whole text.
        fix: what to put there instead; None when only a person can know.
        key: key of the message.
        values: what to fill into the message.
    """

    level: Level
    code: str
    span: tuple[int, int] = (0, 0)
    fix: str | None = None
    key: str = ""
    values: Mapping[str, object] = field(default_factory=dict)

    def message(self, language: str) -> str:
        """The finding in words."""
        return Catalog(language).t(self.key, **self.values)


def check(
    text: str,
    channel: str,
    limits: TextLimit,
    customer: Mapping[str, object],
    reply_meta: CannedReply | None,
    now_ms: int,
    *,
    zone: str = "Asia/Bangkok",
    language: str = "th",
    attachments: int = 0,
) -> list[Finding]:
    """Everything worth saying about a text before it is sent.

    Args:
        text: the text as it would go out.
        channel: the channel it goes to.
        limits: what that channel takes.
        customer: ``call_name`` and ``display_names`` (names the channels show for them).
        reply_meta: the canned reply it was made from; None for none.
        now_ms: the present.
        zone: IANA zone of the agent.
        language: language in which the message is later shown; decides how a channel and a date are named.
        attachments: how many files go with it.

    Returns:
        Findings, those that block first, each kind in the order of the text.
    """
    found = [
        *_empty(text, attachments),
        *_unfilled(text),
        *_too_long(text, channel, limits, language),
        *_particles(text),
        *_display_names(text, customer),
    ]
    if reply_meta is not None:
        found += _against_reply(text, channel, reply_meta, now_ms, zone, language, attachments)
    return sorted(found, key=lambda finding: (finding.level != "block", finding.span[0]))


def blocked(findings: Iterable[Finding]) -> bool:
    """Whether any finding stops the text."""
    return any(finding.level == "block" for finding in findings)


def apply_fixes(text: str, findings: Sequence[Finding]) -> str:
    """The text with every fix that is known put in; findings must belong to this text."""
    fixes = sorted((finding for finding in findings if finding.fix is not None), key=lambda finding: finding.span)
    parts: list[str] = []
    at = 0
    for finding in fixes:
        start, end = finding.span
        if start >= at:
            parts += (text[at:start], finding.fix or "")
            at = end
    return "".join([*parts, text[at:]])


def _empty(text: str, attachments: int) -> Iterable[Finding]:
    if not text.strip() and not attachments:
        yield Finding("block", "empty", key="check.empty")


def _unfilled(text: str) -> Iterable[Finding]:
    """Placeholders left by filling in, and template signs."""
    for match in _UNFILLED.finditer(text):
        yield Finding("block", "unfilled", match.span(), key="check.unfilled", values={"label": match[1]})
    for match in _LEFTOVER.finditer(text):
        yield Finding("block", "leftover", match.span(), key="check.leftover", values={"text": match.group()})


def _too_long(text: str, channel: str, limits: TextLimit, language: str) -> Iterable[Finding]:
    used = measure(text, limits.unit)
    if limits.maximum and used > limits.maximum:
        values = {"channel": _channel(channel, language), "used": used, "limit": limits.maximum}
        yield Finding("block", "too_long", key="check.too_long", values=values)


def _channel(channel: str, language: str) -> str:
    """A channel as people name it."""
    catalog = Catalog(language)
    return catalog.t(f"channel.{channel}") if catalog.has(f"channel.{channel}") else channel


def _particles(text: str) -> Iterable[Finding]:
    """Polite particles with the wrong tone: ค่ะ closes a statement, คะ a question or a request."""
    for pattern, whole in _PARTICLES:
        for match in pattern.finditer(text):
            wrong = match.group()
            right = whole or (wrong[:-3] + "คะ" if wrong.endswith("ค่ะ") else wrong[:-2] + "ค่ะ")
            values = {"wrong": wrong, "right": right}
            yield Finding("warn", "particle", match.span(), right, "check.particle", values)


def _display_names(text: str, customer: Mapping[str, object]) -> Iterable[Finding]:
    """The name a channel shows, used where the call name belongs; คุณ before it is part of the finding."""
    called = call_name(customer)
    bare = called.removeprefix("คุณ")
    names = customer.get("display_names") or ()
    shown = {str(name).strip() for name in names} if isinstance(names, Iterable) else set()
    taken: list[tuple[int, int]] = []
    for name in sorted(shown - {bare, called}, key=len, reverse=True):
        if not _telling(name):
            continue
        for match in re.finditer(rf"(?:คุณ\s*)?(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", text):
            if all(match.end() <= start or end <= match.start() for start, end in taken):
                taken.append(match.span())
                yield Finding("warn", "display_name", match.span(), called, "check.display_name", {"right": called})


def _telling(name: str) -> bool:
    """Whether a display name is unlike any word: short Thai ones may be a word of the sentence."""
    thai = all("\u0e00" <= sign <= "\u0e7f" for sign in name)
    return len(name) >= (_SHORT_THAI_NAME if thai else 3)


def _against_reply(
    text: str, channel: str, reply: CannedReply, now_ms: int, zone: str, language: str, attachments: int
) -> Iterable[Finding]:
    """What the canned reply itself asks for."""
    ends = expires_at(reply, zone)
    if ends is not None and ends < now_ms:
        values = {"name": reply.name, "when": moment_text(ends, now_ms, zone, language)}
        yield Finding("block", "expired", key="check.expired", values=values)
    if reply.attach == "required" and not attachments:
        yield Finding("block", "attachment", key="check.attachment")
    parts = measure(text, "sms") if channel == "sms" else 0
    if reply.max_segments and parts > reply.max_segments:
        yield Finding("warn", "segments", key="check.segments", values={"n": parts, "limit": reply.max_segments})
    if not reply.emoji:
        for match in _EMOJI.finditer(text):
            yield Finding("warn", "emoji", match.span(), "", "check.emoji")
