"""HTML mail to text, for the parsing process only: it loads nh3 when first used.

Nothing is ever fetched. Order: size cut, nh3 (an allow-list; scripts, styles and unknown schemes go), layout. Where
there are more tags than a letter needs, or nothing would be left, all tags are dropped instead, so that a text is
never lost.
"""

from __future__ import annotations

import re
from html import unescape
from typing import NamedTuple

from csconsole.connectors.email.flatten import flattened, with_whole_references
from csconsole.connectors.email.layout import lay_out
from csconsole.connectors.email.marks import unmarked

MAX_HTML = 1_000_000
MAX_TAGS = 60_000

_TAGS = frozenset(
    re.findall(
        r"\w+",
        "a abbr address b bdi big blockquote br caption center cite code col colgroup dd del div dl dt em font "
        "h1 h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre q s small span strike strong sub sup table tbody td "
        "tfoot th thead tr tt u ul var",
    )
)
_GONE = {"script", "style", "title", "noscript", "template"}
_ATTRIBUTES = {
    "*": {"style", "class", "id"},
    "a": {"href"},
    "img": {"alt", "src", "width", "height"},
    "ol": {"start"},
    "hr": {"tabindex"},
}
_STYLES = {
    "display", "visibility", "font-size", "max-height", "opacity", "mso-hide", "margin", "margin-bottom", "white-space",
    "border", "border-top",
}  # fmt: skip
_SCHEMES = {"http", "https", "mailto", "tel", "cid"}
_UNREAD = re.compile(r"<(?:(style|script|title)\b|!--)", re.IGNORECASE)
_UNREAD_ENDS = {
    name: re.compile(rf"</{name}\s{{0,9}}>" if name else "-->", re.IGNORECASE)
    for name in ("style", "script", "title", "")
}
_ANY_TAG = re.compile(r"</?[a-zA-Z!][^<>]{0,10000}>")
_BLOCK = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6]|/blockquote|/pre|hr|/table|/dd|/dt)[^>]{0,200}>", re.IGNORECASE)


class HtmlText(NamedTuple):
    """What an HTML body says.

    Attributes:
        text: the text, not yet sanitised for the terminal (entities may have become control characters), with the
            marks of :mod:`csconsole.connectors.email.marks`.
        html: the cleaned markup.
        remote_images: pictures that would be fetched from outside.
        hidden: elements the sender hid from view.
        lies: words of a link that name one host, and the host it leads to.
        cut: the source was longer than :data:`MAX_HTML`.
    """

    text: str
    html: str
    remote_images: int
    hidden: int
    lies: tuple[tuple[str, str], ...]
    cut: bool


def html_to_text(source: str) -> HtmlText:
    """The readable text of an HTML body.

    Args:
        source: the body, decoded; anything goes.
    """
    import nh3

    cut = len(source) > MAX_HTML
    source = source[:MAX_HTML].encode("utf-8", "replace").decode("utf-8")
    source = with_whole_references(source)
    flat = flattened(source)
    if flat != source:
        return HtmlText(_without_tags(flat), "", 0, 0, (), cut)
    clean = nh3.clean(
        source,
        tags=set(_TAGS),
        clean_content_tags=_GONE,
        attributes={name: set(values) for name, values in _ATTRIBUTES.items()},
        url_schemes=_SCHEMES,
        filter_style_properties=_STYLES,
        link_rel=None,
    )
    if clean.count("<") > MAX_TAGS:
        return HtmlText(_without_tags(clean), clean, 0, 0, (), cut)
    done = lay_out(clean)
    text = done.finish()
    return HtmlText(text or _without_tags(clean), clean, done.remote, done.hidden_count, tuple(done.lies), cut)


def _without_unread(markup: str) -> str:
    """Markup without styles, scripts and comments; one that never ends takes the rest with it."""
    kept: list[str] = []
    at = 0
    while found := _UNREAD.search(markup, at):
        kept.append(markup[at : found.start()])
        end = _UNREAD_ENDS[(found[1] or "").lower()].search(markup, found.end())
        if end is None:
            return "".join(kept)
        at = end.end()
    return "".join([*kept, markup[at:]])


def _without_tags(markup: str) -> str:
    """The words alone, by patterns: what comes of it is text and is never read as markup again."""
    text = _ANY_TAG.sub("", _BLOCK.sub("\n", _without_unread(markup)))
    text = unmarked(unescape(text).replace("\xa0", " "))
    lines = [line.rstrip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
