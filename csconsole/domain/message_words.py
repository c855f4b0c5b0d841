"""What stands for a folded quotation or signature, and the remarks above a message."""

from __future__ import annotations

from collections.abc import Sequence

from csconsole.domain.message import Message
from csconsole.i18n import Catalog
from csconsole.text.sanitize import safe_line


def shown_text(message: Message, words: Catalog, hits: Sequence[str], *, unfolded: bool) -> tuple[str, frozenset[str]]:
    """The text as shown, and the lines in it that stand for something folded.

    A fold that holds a word searched for stays open.
    """
    body = message.body
    if unfolded or not message.folds:
        return body, frozenset()
    pieces: list[str] = []
    markers: set[str] = set()
    at = 0
    for fold in message.folds:
        hidden = body[fold.start : fold.end]
        folded = hidden.casefold()
        if fold.start < at or any(hit and hit in folded for hit in hits):
            continue
        marker = words.t(f"transcript.{fold.kind}", n=hidden.strip("\n").count("\n") + 1)
        pieces += [own] if (own := body[at : fold.start].strip("\n").rstrip()) else []
        pieces.append(marker)
        markers.add(marker)
        at = fold.end
    rest = body[at:].strip("\n") if at else body
    pieces += [rest] if rest.strip() else []
    return "\n".join(pieces), frozenset(markers)


def remark_texts(message: Message, words: Catalog) -> list[tuple[str, bool]]:
    """Lines above a message's text, each with whether it is a warning."""
    found: list[tuple[str, bool]] = []
    for code, *values in message.remarks:
        if code.startswith("calendar."):
            values = [" · ".join(value for value in values if value)]
        given = dict(zip("abcdef", (safe_line(value) for value in values), strict=False))
        found.append((words.t(f"remark.{code}", **given), code.startswith("warn.")))
    return found
