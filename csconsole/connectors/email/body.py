"""Which parts of a mail are its text, and which are attachments."""

from __future__ import annotations

from dataclasses import dataclass, field

from csconsole.connectors.email.parse import Mail, Part

MAX_TEXT = 500_000
"""Characters of body text kept; the rest stays in the raw mail."""


@dataclass(slots=True)
class Body:
    """The readable side of a mail.

    Attributes:
        text: all texts in order, not yet sanitised.
        html: the cleaned markup, where the text came from HTML.
        attachments: parts that are files.
        flags: ``encrypted``, ``signed``, ``cut``, ``html`` (the text was made from HTML).
        remote_images: pictures that would be fetched.
        hidden: elements hidden by the sender.
        html_read: characters of HTML read so far; past a limit further parts are only listed.
    """

    text: str = ""
    html: str = ""
    attachments: list[Part] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    remote_images: int = 0
    hidden: int = 0
    html_read: int = 0


def read_body(mail: Mail) -> Body:
    """Chooses texts and attachments.

    In ``multipart/alternative`` plain text wins unless it is empty; each HTML part is read for itself, parts
    are never joined into one document (EFAIL); encrypted parts are listed, not opened.
    """
    body = Body()
    texts: list[str] = []
    _collect(mail.root, body, texts)
    text = "\n\n".join(part for part in (one.strip("\n") for one in texts) if part.strip())
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT]
        body.flags.add("cut")
    body.text = text
    return body


def _collect(part: Part, body: Body, texts: list[str]) -> None:
    if not part.children:
        _collect_leaf(part, body, texts)
    elif part.mime == "multipart/encrypted":
        body.flags.add("encrypted")
        body.attachments.extend(_leaves(part))
    elif part.mime == "multipart/alternative":
        _collect_alternative(part, body, texts)
    elif part.mime == "multipart/related":
        _collect(part.children[0], body, texts)
        for other in part.children[1:]:
            body.attachments.extend(_leaves(other))
    else:
        if part.mime == "multipart/signed":
            body.flags.add("signed")
        for child in part.children:
            _collect(child, body, texts)


def _collect_leaf(part: Part, body: Body, texts: list[str]) -> None:
    if part.mime not in ("text/plain", "text/html") or part.disposition == "attachment" or part.filename:
        body.attachments.append(part)
        return
    if part.mime == "text/plain":
        texts.append(part.text())
        return
    from csconsole.connectors.email.html import MAX_HTML, html_to_text

    source = part.text()
    if body.html_read > MAX_HTML:
        body.flags.add("cut")
        body.attachments.append(part)
        return
    body.html_read += len(source)
    done = html_to_text(source)
    texts.append(done.text)
    body.html = body.html or done.html
    body.flags.add("html")
    body.remote_images += done.remote_images
    body.hidden += done.hidden
    if done.cut:
        body.flags.add("cut")


def _collect_alternative(part: Part, body: Body, texts: list[str]) -> None:
    """Tries the alternatives, plain text first, until one says something."""
    order = sorted(part.children, key=_preference)
    for index, child in enumerate(order):
        before = len(texts)
        _collect(child, body, texts)
        if any(text.strip() for text in texts[before:]):
            for rest in order[index + 1 :]:
                body.attachments.extend(leaf for leaf in _leaves(rest) if _is_file(leaf))
            return


def _preference(part: Part) -> int:
    if part.mime == "text/plain":
        return 0
    return 1 if part.mime in ("text/html", "multipart/related", "multipart/mixed") else 2


def _is_file(part: Part) -> bool:
    return part.disposition == "attachment" or (
        part.mime not in ("text/plain", "text/html", "text/x-amp-html", "text/watch-html", "text/enriched")
    )


def _leaves(part: Part) -> list[Part]:
    if not part.children:
        return [part]
    return [leaf for child in part.children for leaf in _leaves(child)]
