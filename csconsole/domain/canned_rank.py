"""Finding the canned reply that is wanted: by what the customer wrote last, or by what is typed.

No model and no index: pairs of letters shared with the title, shortcuts and body, rare pairs counting more, and
what this team used before. A few hundred replies are ranked in a few milliseconds.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from csconsole.domain.canned import CannedReply, expires_at
from csconsole.domain.query import parse
from csconsole.domain.query_eval import holds

Blocked = Literal["", "expired", "channel", "needs"]

_OUT = ("expired", "channel")
"""Obstacles nobody can remove here and now; such replies stand last."""

_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_THAI_RUN = re.compile(r"[\u0e00-\u0e7f]+|[a-z0-9]+")
_LONGEST_TEXT = 500
_SHORTEST_WHY = 4
_SHORTEST_THAI = 6
_NEAR = 75.0
"""Likeness from which a misspelt text counts, in per cent."""

_WEIGHT_TITLE = 3.0
_WEIGHT_BODY = 1.0
_WEIGHT_USE = 0.15
_WEIGHT_PHRASE = 0.5


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of the conversation, for leaving out and marking replies.

    Attributes:
        channel: channel the answer goes to; empty for any.
        has: parts of the context that are there, such as ``order``.
        facts: facts for ``hide_when``, by field of the query language; ``has`` and ``channel`` are added to them.
        now_ms: the present; None leaves expiry aside.
        zone: IANA zone in which dates end.
    """

    channel: str = ""
    has: Collection[str] = ()
    facts: Mapping[str, Collection[str]] = field(default_factory=dict)
    now_ms: int | None = None
    zone: str = "Asia/Bangkok"


@dataclass(frozen=True, slots=True)
class Ranked:
    """A reply in a list.

    Attributes:
        reply: the reply.
        score: higher is better; comparable within one list only.
        why: the words that matched, to be shown; may be empty.
        blocked: why it cannot be chosen now: ``expired``, ``channel``, ``needs``; empty when it can.
        detail: what to say with it: the missing part, or the channel.
    """

    reply: CannedReply
    score: float
    why: str = ""
    blocked: Blocked = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The outcome of a search.

    Attributes:
        ranked: best first, as :func:`rank` orders them.
        read_as: the text as it reads on the other keyboard layout, when that is what was found; else None.
    """

    ranked: tuple[Ranked, ...]
    read_as: str | None = None


def rank(
    replies: Sequence[CannedReply],
    last_customer_text: str,
    usage: Mapping[str, int],
    language: str,
    situation: Situation | None = None,
) -> list[Ranked]:
    """All replies, those first that suit what the customer wrote last.

    Args:
        replies: the replies there are.
        last_customer_text: the customer's last words; several bubbles joined by line breaks.
        usage: how often each was used lately, by name.
        language: language of the interface, for titles.
        situation: what is known of the conversation; replies its ``hide_when`` excludes are left out.

    Returns:
        Best first. Those that cannot be chosen say why; the expired and those of other channels come last.
    """
    known = situation or Situation()
    offered = [reply for reply in replies if not _hidden(reply, known)]
    wanted = _pairs(_plain(last_customer_text[-_LONGEST_TEXT:]))
    frequency: Counter[str] = Counter()
    for reply in offered:
        frequency.update(_reply_pairs(reply))
    rarity = {pair: math.log((1 + len(offered)) / (1 + frequency[pair])) + 0.1 for pair in wanted}
    found = [_ranked(reply, last_customer_text, rarity, usage, language, known) for reply in offered]
    return sorted(found, key=lambda one: (one.blocked in _OUT, -one.score))


def search(
    replies: Sequence[CannedReply],
    text: str,
    language: str = "th",
    situation: Situation | None = None,
    usage: Mapping[str, int] | None = None,
) -> Found:
    """Replies that a typed text means: by shortcut, name, title, tag or words of the body, misspelt or not.

    Args:
        replies: the replies there are.
        text: what was typed; nothing lists all.
        language: language of the interface.
        situation: see :func:`rank`.
        usage: how often each was used lately, which decides between equals.

    Returns:
        What was found; when the text gives nothing as typed it is read on the other keyboard layout.
    """
    known = situation or Situation()
    offered = [reply for reply in replies if not _hidden(reply, known)]
    impossible = _is_mark(text.strip()[:1])
    found = () if impossible else _search(offered, text, known, usage or {}, language)
    if found or not text.strip():
        return Found(found)
    from csconsole.text.keyboard import second_reading

    other = second_reading(text)
    again = _search(offered, other, known, usage or {}, language) if other else ()
    return Found(again, other if again else None)


def by_shortcut(replies: Iterable[CannedReply], word: str) -> CannedReply | None:
    """The reply of a name or shortcut typed in full (``/คืนเงิน`` in the composer, ``--canned`` on the line)."""
    typed = word.strip().removeprefix("/").casefold()
    matches = (r for r in replies if typed in (r.name.casefold(), *(one.casefold() for one in r.shortcuts)))
    return next(matches, None)


def _hidden(reply: CannedReply, known: Situation) -> bool:
    """Whether the reply's own condition says it is of no use here."""
    if not reply.hide_when:
        return False
    facts = {**known.facts, "has": {*known.facts.get("has", ()), *known.has}, "channel": {known.channel}}
    return holds(parse(reply.hide_when), facts)


def _obstacle(reply: CannedReply, known: Situation) -> tuple[Blocked, str]:
    """Why a reply cannot be chosen now, and what to say with it."""
    ends = expires_at(reply, known.zone) if known.now_ms is not None else None
    if ends is not None and known.now_ms is not None and ends < known.now_ms:
        return "expired", reply.expires
    if known.channel and reply.channels and known.channel not in reply.channels:
        return "channel", known.channel
    missing = [need for need in reply.needs if need not in known.has]
    return ("needs", missing[0]) if missing else ("", "")


def _ranked(
    reply: CannedReply,
    text: str,
    rarity: Mapping[str, float],
    usage: Mapping[str, int],
    language: str,
    known: Situation,
) -> Ranked:
    """One reply with its score for the customer's words."""
    titles, body = _title_pairs(reply), _reply_pairs(reply)
    heard = sum(weight for pair, weight in rarity.items() if pair in titles) * _WEIGHT_TITLE / _size(titles)
    heard += sum(weight for pair, weight in rarity.items() if pair in body) * _WEIGHT_BODY / _size(body)
    why = _shared(reply, text)
    if why:
        heard += _WEIGHT_PHRASE * len(why)
    blocked, detail = _obstacle(reply, known)
    return Ranked(reply, heard + _WEIGHT_USE * math.log1p(usage.get(reply.name, 0)), why, blocked, detail)


def _size(pairs: Collection[str]) -> float:
    """What to divide a sum by, so that long texts do not win by their length."""
    return math.sqrt(len(pairs)) or 1.0


def _shared(reply: CannedReply, text: str) -> str:
    """The longest run of letters that a title or shortcut shares with the text, when it is long enough to tell."""
    plain = _plain(text[-_LONGEST_TEXT:])
    best = ""
    for phrase in (*reply.shortcuts, reply.title.th, reply.title.en):
        known = _plain(phrase)
        run = _longest_common(known, plain)
        if len(run) > len(best) and _telling(run, known, plain):
            best = run
    return best


def _telling(run: str, phrase: str, text: str) -> bool:
    """Whether a shared run is a word or more, not a chance of spelling."""
    if run.isascii():
        return len(run) >= _SHORTEST_WHY and re.search(rf"(?<![a-z0-9]){re.escape(run)}(?![a-z0-9])", text) is not None
    return run == phrase or len(run) >= _SHORTEST_THAI


def _longest_common(short: str, text: str) -> str:
    """The longest substring of both."""
    for size in range(len(short), _SHORTEST_WHY - 1, -1):
        for start in range(len(short) - size + 1):
            run = short[start : start + size]
            if run in text and not _is_mark(run[0]) and not _is_mark(short[start + size : start + size + 1]):
                return run.strip()
    return ""


def _is_mark(sign: str) -> bool:
    """Whether a Thai sign belongs to the letter before it, so that no word begins with it."""
    return sign != "" and ("\u0e30" <= sign <= "\u0e3a" or "\u0e45" <= sign <= "\u0e4e")


def _plain(text: str) -> str:
    """Lower case, and one space for whatever is neither letter, mark nor digit."""
    return " ".join(_THAI_RUN.findall(text.lower()))


def _pairs(plain: str) -> frozenset[str]:
    """Pairs of neighbouring letters, none across a space."""
    return frozenset(plain[at : at + 2] for at in range(len(plain) - 1) if " " not in plain[at : at + 2])


@lru_cache(maxsize=4_096)
def _text_pairs(text: str) -> frozenset[str]:
    """Pairs of a text, template tags left out; kept, for replies do not change while one types."""
    return _pairs(_plain(_TEMPLATE.sub(" ", text)))


def _title_pairs(reply: CannedReply) -> frozenset[str]:
    return _text_pairs(" ".join((*reply.shortcuts, reply.title.th, reply.title.en, *reply.tags)))


def _reply_pairs(reply: CannedReply) -> frozenset[str]:
    return _text_pairs(f"{reply.body.th} {reply.body.en}")


def _search(
    replies: Sequence[CannedReply], text: str, known: Situation, usage: Mapping[str, int], language: str
) -> tuple[Ranked, ...]:
    """Replies that match a text as it is written."""
    typed = _squeezed(text)
    found: list[Ranked] = []
    for reply in replies:
        score, why = _likeness(reply, typed)
        if score > 0:
            blocked, detail = _obstacle(reply, known)
            found.append(Ranked(reply, score + math.log1p(usage.get(reply.name, 0)), why, blocked, detail))
    return tuple(sorted(found, key=lambda one: (one.blocked in _OUT, -one.score, one.reply.label(language))))


def _squeezed(text: str) -> str:
    """Lower case without spaces and signs, as Thai is typed."""
    return "".join(_THAI_RUN.findall(text.lower()))


def _find(typed: str, word: str) -> int:
    """Where a typed text stands in a word or phrase, or -1; Latin text must begin a word there."""
    if not typed.isascii():
        return _squeezed(word).find(typed)
    match = re.search(rf"(?<![a-z0-9]){' ?'.join(typed)}", " ".join(_THAI_RUN.findall(word.lower())))
    return -1 if match is None else match.start()


def _likeness(reply: CannedReply, typed: str) -> tuple[float, str]:
    """How well a typed text fits a reply (0 to 110), and the words it fits."""
    if not typed:
        return 100.0, ""
    handles = (reply.name, *reply.shortcuts)
    titles = (reply.title.th, reply.title.en, *reply.tags)
    exact = next((word for word in handles if _squeezed(word) == typed), None)
    if exact is not None:
        return 110.0, exact
    for score, words in ((100.0, handles), (95.0, titles)):
        for word in words:
            at = _find(typed, word)
            if at >= 0:
                return score - min(at, 20) * 0.1, word
    if len(typed) > 1 and any(_find(typed, _TEMPLATE.sub(" ", body)) >= 0 for body in (reply.body.th, reply.body.en)):
        return 80.0, ""
    return _misspelt(typed, (*handles, *titles))


def _misspelt(typed: str, words: Iterable[str]) -> tuple[float, str]:
    """How near a typed text is to one of the words; nothing for short texts, which are near to anything."""
    if len(typed) < _SHORTEST_WHY:
        return 0.0, ""
    from rapidfuzz import fuzz

    ratio, word = max((fuzz.ratio(typed, _squeezed(word)), word) for word in words if word)
    return (ratio - 10, word) if ratio >= _NEAR else (0.0, "")
