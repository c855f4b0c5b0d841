"""HTML mail to text, for the parsing process only: it loads nh3 and inscriptis when first used.

Nothing is ever fetched. Order: size cut, nh3 (an allow-list; scripts, styles and unknown schemes go), link
targets written beside link texts, inscriptis (layout; drops ``display:none``). Where inscriptis would be slow or
gives nothing, all tags are dropped instead, so that a text is never lost.
"""

from __future__ import annotations

import re
from html import escape, unescape
from typing import NamedTuple
from urllib.parse import urlsplit

MAX_HTML = 1_000_000
MAX_TAGS = 15_000
MAX_LINK = 300

_TAGS = frozenset(
    re.findall(
        r"\w+",
        "a abbr address b bdi big blockquote br caption center cite code col colgroup dd del div dl dt em font "
        "h1 h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre q s small span strike strong sub sup table tbody td "
        "tfoot th thead tr tt u ul var",
    )
)
_GONE = {"script", "style", "title", "noscript", "template"}
_ATTRIBUTES = {"*": {"style"}, "a": {"href", "style"}, "img": {"alt", "src", "style"}}
_SCHEMES = {"http", "https", "mailto", "tel"}
_LINK = re.compile(r'<a (?:[^>]*? )?href="([^"]*)"[^>]*>|<a[ >]|</a>')
_TAG = re.compile(r"<[^>]*>")
_BLOCK = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6]|/blockquote|/pre|hr|/table|/dd|/dt)[^>]{0,200}>", re.IGNORECASE)
_REMOTE = re.compile(r'<img [^>]*src="https?:', re.IGNORECASE)
_HIDDEN = re.compile(r'style="[^"]*(?:display:\s*none|visibility:\s*hidden)', re.IGNORECASE)
_HOSTLIKE = re.compile(r"(?:https?://)?([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+)(?:[/:?#].*)?", re.IGNORECASE)


class HtmlText(NamedTuple):
    """What an HTML body says.

    Attributes:
        text: the text, not yet sanitised for the terminal (entities may have become control characters).
        html: the cleaned markup.
        remote_images: pictures that would be fetched from outside.
        hidden: elements the sender hid from view.
        cut: the source was longer than :data:`MAX_HTML`.
    """

    text: str
    html: str
    remote_images: int
    hidden: int
    cut: bool


def html_to_text(source: str) -> HtmlText:
    """The readable text of an HTML body.

    Args:
        source: the body, decoded; anything goes.
    """
    import nh3

    cut = len(source) > MAX_HTML
    source = source[:MAX_HTML].encode("utf-8", "replace").decode("utf-8")
    clean = nh3.clean(
        source,
        tags=set(_TAGS),
        clean_content_tags=_GONE,
        attributes={name: set(values) for name, values in _ATTRIBUTES.items()},
        url_schemes=_SCHEMES,
        filter_style_properties={"display", "visibility"},
        link_rel=None,
    )
    text = _layout(_with_targets(_without_relative(clean))) if clean.count("<") <= MAX_TAGS else ""
    if not text.strip():
        text = unescape(nh3.clean(_BLOCK.sub("\n", clean), tags=set()))
    return HtmlText(_tidy(text), clean, len(_REMOTE.findall(clean)), len(_HIDDEN.findall(clean)), cut)


def _layout(clean: str) -> str:
    from inscriptis import get_text

    try:
        return str(get_text(clean))
    except Exception:  # lxml and inscriptis on hostile markup: the caller falls back
        return ""


def _without_relative(clean: str) -> str:
    """Links without a scheme lead nowhere from a mail; their text stays."""
    return re.sub(r'(<a (?:[^>]*? )?)href="(?![a-z]+:)[^"]*"', r"\1", clean)


def _with_targets(clean: str) -> str:
    """Writes where a link leads behind its text, unless the text says just that.

    Works on nh3's output, which is well formed.
    """
    out: list[str] = []
    open_links: list[tuple[str, int]] = []
    at = 0
    for match in _LINK.finditer(clean):
        out.append(clean[at : match.end() if match[0] != "</a>" else match.start()])
        at = match.end()
        if match[0] != "</a>":
            open_links.append((unescape(match[1] or ""), len(out)))
            continue
        if open_links:
            target, start = open_links.pop()
            label = " ".join(unescape(_TAG.sub("", "".join(out[start:]))).split())
            out.append(escape(_remark(label, target)))
        out.append(match[0])
    out.append(clean[at:])
    return "".join(out)


def _remark(label: str, target: str) -> str:
    """What to add behind a link's text: nothing, its target, or a warning when the text names another host."""
    bare = target.removeprefix("mailto:").removeprefix("tel:")
    if not target or not label or bare.rstrip("/") == label.rstrip("/"):
        return ""
    try:
        host = urlsplit(target).hostname or ""
    except ValueError:
        host = ""
    if target.startswith("mailto:"):
        return f" <{bare.partition('?')[0][:MAX_LINK]}>"
    shown = _HOSTLIKE.fullmatch(label)
    if shown and host and shown[1].lower().removeprefix("www.") != host.removeprefix("www."):
        return f" [-> {host}] <{bare[:MAX_LINK]}>"
    if shown and label.removeprefix("https://").rstrip("/") == bare.removeprefix("https://").rstrip("/"):
        return ""
    return f" <{bare[:MAX_LINK]}>"


def _tidy(text: str) -> str:
    lines = [line.rstrip() for line in text.replace("\xa0", " ").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
