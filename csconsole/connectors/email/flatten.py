"""Takes depth out of HTML before it is parsed: a tree thousands of levels deep costs the parser the square of them.

No letter nests deeper than tables in tables in tables; a source that does was made to stop its reader. The tags
beyond the limit become end tags of an element that was never opened, which parsers pass over: their words stay, in
one level.
"""

from __future__ import annotations

import re
from collections import Counter

MAX_DEPTH = 1_000
"""Elements open inside each other that are still kept; browsers stop at 512."""

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})")
_NOT_COUNTED = frozenset(
    (
        # Empty elements.
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"),
        # Those whose end tag may be left out (HTML, section 13.1.2.4).
        *("p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "colgroup", "option", "optgroup"),
        *("rt", "rp", "caption", "html", "head", "body"),
        # Those that hold no other of their kind.
        *("a", "script", "style", "title", "noscript", "template", "textarea"),
    )
)
MAX_BROKEN = 50_000
"""Ampersands that are left to the parser: beyond, what it needs grows with their square."""

_BROKEN = re.compile(r"&(?!#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};)")


def with_whole_references(source: str) -> str:
    """The source with wide signs for the ampersands that begin no character reference, where there are too many."""
    if source.count("&") <= MAX_BROKEN:
        return source
    return _BROKEN.sub("\uff06", source)


def flattened(source: str) -> str:
    """The source with nothing deeper than :data:`MAX_DEPTH`.

    Args:
        source: HTML as it came. It need not be well formed; time is linear in its length.
    """
    if source.count("<") <= MAX_DEPTH:
        return source
    opened: Counter[str] = Counter()
    depth = 0

    def level(match: re.Match[str]) -> str:
        nonlocal depth
        name = match[2].lower()
        if name in _NOT_COUNTED:
            return match[0]
        if not match[1]:
            opened[name] += 1
            depth += 1
            return match[0] if depth <= MAX_DEPTH else "</wbr"
        if not opened[name]:
            return match[0]
        opened[name] -= 1
        depth -= 1
        return match[0] if depth < MAX_DEPTH else "</wbr"

    return _TAG.sub(level, source)
