"""What of a mail was quoted, and where its signature begins: offsets to fold, never text to drop.

Reads lines as people do: an attribution ("On Monday Nok wrote:"), a line that says "Original message", or a block of
header fields begins a quotation; lines behind ``>`` are one. A forwarded mail is news and stays; answers written
between quoted lines keep those lines in view; a mail that would be all folds has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from csconsole.connectors.email import quote_words as words

Fold = tuple[int, int, str]
"""Start and end offset in the text, and ``quote`` or ``signature``."""

MAX_LINES = 5_000
"""Lines looked at; what a quotation that reaches beyond them holds is folded with it."""
_PROBE = 600
_ATTRIBUTION_LINES = 5
_ATTRIBUTION_LENGTH = 420
_SIGNATURE_LINES = 14
_CLOSING_LINES = 12
_VERB_TAIL = 160
_DRAWN = frozenset("-_=–—*>")
_COLONS = (":", "：")
_COLON = re.compile("[:：]")
_DIGIT = re.compile(r"\d")
_TRAILING = " \t-–—_*"
_SIGNS = (">", " >", "  >", "   >")
_HAS_WORDS = re.compile(r"[^\W_]")


@dataclass(slots=True)
class _Line:
    """A line: where it stands, and as much of it as tells what it is (no pattern sees more)."""

    start: int
    end: int
    probe: str
    is_blank: bool
    is_quoted: bool


def find_folds(text: str, marked: list[Fold] | None = None, *, subject: str = "") -> list[Fold]:
    """What to fold of a text, in order, not overlapping.

    Args:
        text: as shown.
        marked: quotations and signatures that markup tells of; an end beyond the text means its end.
        subject: of the mail: what is forwarded stays.
    """
    lines = _lines(text)
    if len(lines) > MAX_LINES:
        lines = lines[:MAX_LINES]
    finder = _Finder(text, lines, bool(words.FORWARD_SUBJECT.match(subject)))
    finder.find(marked or [])
    return finder.folds()


def _lines(text: str) -> list[_Line]:
    lines: list[_Line] = []
    at = 0
    for line in text.split("\n"):
        probe = line.strip()[:_PROBE]
        lines.append(_Line(at, at + len(line), probe, not probe, line.startswith(_SIGNS)))
        at += len(line) + 1
    return lines


class _Finder:
    """Marks each line as own, quoted or signature."""

    def __init__(self, text: str, lines: list[_Line], is_forward: bool) -> None:
        self.text = text
        self.lines = lines
        self.is_forward = is_forward
        self.kinds = [""] * len(lines)
        self.first_offset: dict[int, int] = {}

    # -- finding --------------------------------------------------------------------------------------------------

    def find(self, marked: list[Fold]) -> None:
        """Marks every line."""
        groups: list[tuple[int, int, bool]] = []
        at = 0
        while at < len(self.lines):
            line = self.lines[at]
            if line.is_blank:
                at += 1
                continue
            if self._is_forward_line(line.probe):
                break  # what follows was written by somebody else, but is news here
            if line.is_quoted:
                end = self._quoted_end(at)
                groups.append((at, end, False))
                at = end
                continue
            head_end = self._head(at)
            if not head_end:
                at += 1
                continue
            body = self._next(head_end)
            if body < len(self.lines) and self.lines[body].is_quoted:
                end = self._quoted_end(body)
                groups.append((at, end, True))
                at = end
                continue
            if at == self._next(0):
                at = head_end  # a mail that begins with a header is that mail, not one it answers
                continue
            groups.append((at, len(self.lines), True))
            break
        self._mark_groups(groups)
        self._mark_markup(marked)
        self._mark_signatures()

    @staticmethod
    def _is_forward_line(text: str) -> bool:
        plain = text.strip()
        return (plain[0] in _DRAWN or plain.endswith(_COLONS)) and bool(words.FORWARDED.match(text))

    def _mark_groups(self, groups: list[tuple[int, int, bool]]) -> None:
        """Folds the quotation at the end, and one alone above the answer; not those answers stand between."""
        taken = {at for first, last, _ in groups for at in range(first, last)}
        own_after = [self._has_own(end, taken) for _, end, _ in groups]
        inline = sum(own_after) > 1
        for (start, end, headed), answered in zip(groups, own_after, strict=True):
            if answered and (inline or not headed):
                continue
            if not headed and sum(not self.lines[at].is_blank for at in range(start, end)) < 2:
                continue
            for at in range(self._with_rule(start) if headed else start, end):
                self.kinds[at] = "quote"

    def _has_own(self, start: int, taken: set[int]) -> bool:
        """Whether somebody writes from a line on besides quotations and a signature."""
        for at in range(start, len(self.lines)):
            line = self.lines[at]
            if at in taken or line.is_blank or line.is_quoted:
                continue
            is_end = line.probe.strip() in ("--", "—") or self._is_device(line.probe) or words.RULE.match(line.probe)
            return not is_end
        return False

    def _next(self, at: int) -> int:
        while at < len(self.lines) and self.lines[at].is_blank:
            at += 1
        return at

    def _quoted_end(self, at: int) -> int:
        """Behind the last line of a block of ``>`` lines; blank lines and broken lines between them belong to it."""
        end = at + 1
        while True:
            following = self._next(end)
            if following >= len(self.lines):
                return end
            if self.lines[following].is_quoted:
                end = following + 1
                continue
            if following == end and self._is_broken(end):
                end += 1
                continue
            return end

    def _is_broken(self, at: int) -> bool:
        """Whether a line is the rest of the quoted line above it, cut off by a mailer that wraps."""
        if at + 1 >= len(self.lines) or not self.lines[at + 1].is_quoted:
            return False
        above, here = self.lines[at - 1].probe, self.lines[at].probe.strip()
        return len(above) >= 60 or here.startswith(("(http", "http", "<http", "_nonce")) or above.count("(http") > 0

    def _with_rule(self, at: int) -> int:
        """The line a quotation begins at, a drawn rule above its header included."""
        above = at - 1
        while above >= 0 and self.lines[above].is_blank:
            above -= 1
        if above >= 0 and words.RULE.match(self.lines[above].probe) and at - above <= 2:
            return above
        return at

    # -- headers of quotations ------------------------------------------------------------------------------------

    def _head(self, at: int) -> int:
        """Behind the header of a quotation that begins here, 0 when none does."""
        line = self.lines[at].probe
        if line.lstrip()[0] in _DRAWN and words.ORIGINAL.match(line):
            return at + 1
        if "wrote:" in line and (found := self._same_line(at)):
            return found
        return self._attribution(at) or (self._fields(at) if _COLON.search(line, 0, 60) else 0)

    def _attribution(self, at: int) -> int:
        first = self.lines[at].probe
        is_last = first.rstrip(_TRAILING)[-1:] in _COLONS or first.rstrip().endswith("--")
        if not is_last and not _DIGIT.search(first):
            return 0
        introduced = bool(words.INTRO.match(first))
        begins = introduced or bool(words.DATE_FIRST.match(first))
        if not begins and not is_last:
            return 0
        joined = ""
        blanks = 0
        for number in range(at, min(at + _ATTRIBUTION_LINES, len(self.lines))):
            line = self.lines[number]
            is_open = joined.count("<") > joined.count(">")
            if (line.is_quoted and not is_open) or (line.is_blank and (blanks or not introduced)):
                break
            blanks += line.is_blank
            joined = f"{joined} {line.probe.strip()}".strip()
            if len(joined) > _ATTRIBUTION_LENGTH or (number > at and not _DIGIT.search(joined)):
                break
            if self._is_attribution(joined, number + 1, begins):
                return number + 1
            if not begins:
                break
        return 0

    def _is_attribution(self, joined: str, following: int, begins: bool) -> bool:
        ends = joined.rstrip(_TRAILING)[-1:] in _COLONS
        if not ends and not joined.endswith(">") and not words.ENDS_IN_VERB.search(joined[-24:]):
            return False
        verb = words.VERB.search(joined[-_VERB_TAIL:])
        dated = words.DATED.search(joined)
        if verb and dated and begins and (ends or joined.endswith(("-", "_")) or words.ADDRESS.search(joined)):
            return True
        quoted = self._next(following)
        is_quoted = quoted < len(self.lines) and self.lines[quoted].is_quoted
        if verb and (ends or joined.endswith("-")) and is_quoted and len(joined) < 200:
            return True
        if dated and words.ADDRESS.search(joined) and (ends or is_quoted) and words.DATE_FIRST.match(joined):
            return True
        return bool(dated and begins and ends and is_quoted)

    def _same_line(self, at: int) -> int:
        """An attribution behind words of the answer on one line."""
        line = self.lines[at]
        found = words.SAME_LINE.search(self.text[line.start : min(line.end, line.start + _PROBE)])
        quoted = self._next(at + 1)
        if not found or not found.start() or quoted >= len(self.lines) or not self.lines[quoted].is_quoted:
            return 0
        self.first_offset[at] = found.start()
        return at + 1

    def _fields(self, at: int) -> int:
        """Behind a block of header fields; it names who and when or what, and an address or all of them."""
        if self.is_forward or not (
            words.FIELDS["from"].match(self.lines[at].probe) or words.FIELDS["date"].match(self.lines[at].probe)
        ):
            return 0
        kinds: set[str] = set()
        last, number, others = at, at, 0
        while number < min(at + 14, len(self.lines)):
            line = self.lines[number].probe
            kind = next((kind for kind, pattern in words.FIELDS.items() if pattern.match(line)), "")
            if kind in kinds and kind in ("from", "date"):
                break
            if kind:
                kinds.add(kind)
                last = number
                for inner in ("subject", "to"):  # two fields on one line, as some phones write them
                    if re.search(words.FIELDS[inner].pattern.replace(r"[\s>]{0,8}", r"\s", 1), line, re.IGNORECASE):
                        kinds.add(inner)
            elif self.lines[number].is_blank:
                if number + 1 >= len(self.lines) or not any(
                    pattern.match(self.lines[number + 1].probe) for pattern in words.FIELDS.values()
                ):
                    break
            elif not words.LONG_FIELD.match(line):
                others += 1
                if others > 3:
                    break
            number += 1
        block = "\n".join(line.probe for line in self.lines[at : last + 2])
        named = bool(words.ADDRESS.search(block))
        full = {"from", "date", "subject"} <= kinds
        if len(kinds) >= 2 and kinds & {"date", "subject"} and (named or full) and ("from" in kinds or "to" in kinds):
            return last + 1
        return 0

    # -- markup ---------------------------------------------------------------------------------------------------

    def _mark_markup(self, marked: list[Fold]) -> None:
        for start, end, kind in marked:
            covered = [at for at, line in enumerate(self.lines) if line.start >= start and line.end <= end]
            opening = next((self.lines[at].probe for at in covered if not self.lines[at].is_blank), "")
            if kind == "quote" and (self.is_forward or words.FORWARDED.match(opening)):
                continue
            if kind == "signature" and len(covered) > 40:
                continue
            for at in covered:
                self.kinds[at] = self.kinds[at] or kind

    # -- signatures -----------------------------------------------------------------------------------------------

    def _mark_signatures(self) -> None:
        """The signature above a quotation at the end, or at the end."""
        end = len(self.lines)
        while end and (self.kinds[end - 1] or self.lines[end - 1].is_blank):
            end -= 1
        own = [at for at in range(end) if not self.kinds[at]]
        if not own:
            return
        start = self._signature_start(own)
        if start is not None:
            for at in own[own.index(start) :]:
                self.kinds[at] = "signature"

    def _signature_start(self, own: list[int]) -> int | None:
        tail = [at for at in own[-40:] if not self.lines[at].is_blank]
        for number, at in enumerate(tail):
            text = self.lines[at].probe
            rest = tail[number + 1 :]
            if text.rstrip() == "--" and len(rest) <= _SIGNATURE_LINES:
                return at
            if self._is_device(text) and len(rest) <= 2:
                return at
            if re.fullmatch(r"\s*_{2,}\s*", text) and len(rest) <= 8 and self._mentions(rest, words.LIST_FOOTER):
                return at
            if (
                words.DISCLAIMER_START.match(text)
                and len(rest) <= 15
                and words.DISCLAIMER.search(self._joined([at, *rest]))
            ):
                return self._contact_start(own, at)
        return self._contact_start(own, None)

    def _is_device(self, text: str) -> bool:
        """Whether a line is the advertisement of a phone or program, not a sentence that begins like one."""
        return bool(words.SENT_FROM.match(text)) and len(text.strip()) <= 100 and not words.SENTENCE.search(text)

    def _contact_start(self, own: list[int], otherwise: int | None) -> int | None:
        """Where a block of name, firm and numbers begins behind words of closing."""
        last = [at for at in own if not self.lines[at].is_blank][-_CLOSING_LINES:]
        for at in last:
            text = self.lines[at].probe
            if len(text.strip()) <= 45 and words.CLOSING.match(text):
                rest = [one for one in last if one > at]
                short = all(len(self.lines[one].probe) <= 90 for one in rest)
                if (
                    len(rest) >= 3
                    and short
                    and sum(bool(words.CONTACT.search(self.lines[one].probe)) for one in rest) >= 2
                ):
                    return at
        return otherwise

    def _mentions(self, numbers: list[int], pattern: re.Pattern[str]) -> bool:
        return any(pattern.match(self.lines[at].probe) for at in numbers)

    def _joined(self, numbers: list[int]) -> str:
        return " ".join(self.lines[at].probe for at in numbers)[:3000]

    # -- result ---------------------------------------------------------------------------------------------------

    def folds(self) -> list[Fold]:
        """Runs of marked lines as offsets; none when nothing would be left to read."""
        visible = any(
            not kind and _HAS_WORDS.search(line.probe) for kind, line in zip(self.kinds, self.lines, strict=True)
        ) or bool(self.first_offset)
        if not visible:
            return []
        found: list[Fold] = []
        at = 0
        while at < len(self.lines):
            kind = self.kinds[at]
            if not kind:
                at += 1
                continue
            end = at
            while end < len(self.lines) and (
                self.kinds[end] == kind or (self.lines[end].is_blank and self._continues(end, kind))
            ):
                end += 1
            last = end - 1
            while last > at and self.lines[last].is_blank:
                last -= 1
            start = self.lines[at].start + self.first_offset.get(at, 0)
            stop = self.lines[last].end
            if kind == "quote" and end == len(self.lines) == MAX_LINES:
                stop = len(self.text.rstrip())
            if stop > start:
                found.append((start, stop, kind))
            at = end
        return found

    def _continues(self, at: int, kind: str) -> bool:
        following = self._next(at)
        return following < len(self.lines) and self.kinds[following] == kind
