"""Which parts of a mail are its text, which are files, and which are something to be named."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from csconsole.connectors.email.calendar import read_invitation
from csconsole.connectors.email.cms import signed_content
from csconsole.connectors.email.headers import split
from csconsole.connectors.email.marks import closed, unmarked
from csconsole.connectors.email.parse import Mail, Part, parse_mail
from csconsole.connectors.email.transfer import BASE64, find_uuencoded

MAX_TEXT = 200_000
"""Characters of body text kept; the whole text is then listed as a file as well."""
_WORTH_LISTING = 10_000
"""Bytes from which a text part of a cut mail is listed as a file."""
_SHELLS = 5
_SHOWN_INSIDE = 3
"""How deep a mail inside a mail is read when the outer one says nothing itself."""

_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_SMIME_SIGNATURE = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature"})
_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_PGP_MARKS = {"-----BEGIN PGP MESSAGE-----": "encrypted.pgp", "-----BEGIN PGP SIGNED MESSAGE-----": "signed.pgp"}

_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_STUB = re.compile(
    r"(?:n[o']t support|requires?|enable|unable to (?:view|display)|view).{0,60}html", re.IGNORECASE | re.DOTALL
)
_STUB_LENGTH = 400

Remark = tuple[str, ...]
"""What a reader should know of a mail: a code of the interface's wording and the values for it."""


@dataclass(slots=True)
class Body:
    """The readable side of a mail.

    Attributes:
        text: all texts in order, not yet sanitised, with the marks of :mod:`csconsole.connectors.email.marks`.
        html: the cleaned markup, where the text came from HTML.
        attachments: parts that are files.
        flags: ``encrypted``, ``signed``, ``cut``, ``html`` (the text was made from HTML).
        remarks: parts that are shown as what they are rather than by their content.
        lies: words of a link that name one host, and the host it leads to.
        remote_images: pictures that would be fetched.
        hidden: elements hidden by the sender.
        html_read: characters of HTML read so far; past a limit further parts are only listed.
    """

    text: str = ""
    html: str = ""
    attachments: list[Part] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    remarks: list[Remark] = field(default_factory=list)
    lies: list[tuple[str, str]] = field(default_factory=list)
    remote_images: int = 0
    hidden: int = 0
    html_read: int = 0


def read_body(mail: Mail, *, depth: int = 0) -> Body:
    """Chooses texts and attachments.

    In ``multipart/alternative`` plain text wins unless it is empty; each HTML part is read for itself, parts
    are never joined into one document (EFAIL); encrypted parts are listed, not opened.

    Args:
        mail: the parsed mail.
        depth: how many mails it lies in.
    """
    body = Body()
    texts: list[str] = []
    _collect(mail.root, body, texts)
    text = "\n\n".join(part for part in (one.strip("\n") for one in texts) if part.strip())
    if not text and depth < _SHOWN_INSIDE and mail.root.mime != "multipart/report":
        text = _inner_text(body, depth)
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT]
        body.flags.add("cut")
        longest = [part for part in mail.parts() if part.mime in ("text/plain", "text/html")]
        known = {id(part) for part in body.attachments}
        body.attachments += [part for part in longest if id(part) not in known and part.size > _WORTH_LISTING]
    if mail.root.mime == "multipart/report":
        body.remarks = [remark for remark in body.remarks if remark[0] != "mail"]
    for mark, code in _PGP_MARKS.items():
        if mark in text:
            _name_shell(body, code)
    body.text = text
    return body


def _inner_text(body: Body, depth: int) -> str:
    """What the only mail in a mail without words says: people forward so, without a word."""
    inside = [part for part in body.attachments if part.mime == "message/rfc822"]
    if len(inside) != 1:
        return ""
    mail = parse_mail(inside[0].content())
    inner = read_body(mail, depth=depth + 1)
    body.flags |= inner.flags & {"html", "cut"}
    body.remarks += [remark for remark in inner.remarks if remark not in body.remarks]
    names = ("From", "To", "Date", "Subject")
    head = [f"{name}: {mail.headers.text(name.lower())}" for name in names if name.lower() in mail.headers]
    body.lies += inner.lies
    return unmarked("\n".join(head)) + "\n\n" + inner.text


def _collect(part: Part, body: Body, texts: list[str]) -> None:
    if not part.children:
        _collect_leaf(part, body, texts)
    elif part.mime == "multipart/encrypted":
        _name_shell(body, "encrypted.pgp")
        body.attachments.extend(_leaves(part))
    elif part.mime == "multipart/alternative":
        _collect_alternative(part, body, texts)
    elif part.mime == "multipart/related":
        _collect(part.children[0], body, texts)
        for other in part.children[1:]:
            body.attachments.extend(_leaves(other))
    else:
        if part.mime == "multipart/signed":
            smime = any(child.mime in _SMIME_SIGNATURE for child in part.children)
            _name_shell(body, "signed.smime" if smime else "signed.pgp")
        for child in part.children:
            _collect(child, body, texts)


def _name_shell(body: Body, code: str) -> None:
    body.flags.add(code.partition(".")[0])
    if (code,) not in body.remarks:
        body.remarks.append((code,))


def _collect_leaf(part: Part, body: Body, texts: list[str]) -> None:
    is_text = part.mime in ("text/plain", "text/html", "text/enriched")
    if is_text and part.disposition != "attachment" and not part.filename and not _is_binary(part):
        if part.mime == "text/html":
            _collect_html(part, body, texts)
        else:
            text = _without_uuencoded(part, body)
            texts.append(unmarked(_plain(text) if part.mime == "text/enriched" else text))
        return
    body.attachments.append(part)
    if part.mime in ("text/calendar", "application/ics") or part.filename.lower().endswith(".ics"):
        _name_invitation(part, body, texts)
    elif part.mime in _SMIME:
        _open_shell(part, body, texts)
    elif part.mime in _TNEF or part.filename.lower() == "winmail.dat":
        _name_once(body, "tnef")
    elif part.mime == "message/rfc822" and len(body.remarks) < 20:
        inner = split(part.content()[:200_000])[0]
        body.remarks.append(("mail", inner.text("subject"), inner.text("from")))


def _open_shell(part: Part, body: Body, texts: list[str]) -> None:
    """A signed shell is read; an encrypted one is named."""
    kind = part.params.get("smime-type", "").lower()
    inner = signed_content(part.content()) if kind in ("", "signed-data") and len(body.remarks) < _SHELLS else None
    _name_shell(body, "signed.smime" if inner is not None or kind == "signed-data" else "encrypted.smime")
    if inner is not None:
        found = read_body(parse_mail(inner), depth=_SHOWN_INSIDE)
        texts.append(found.text)
        body.remarks += [remark for remark in found.remarks if remark not in body.remarks]
        body.flags |= found.flags
        body.lies += found.lies


def _plain(enriched: str) -> str:
    """The words of a text/enriched part (RFC 1896): lone line ends are spaces, ``<<`` is a bracket."""
    text = re.sub(r"<param>[^<]{0,500}</param>", "", enriched, flags=re.IGNORECASE)
    text = re.sub(r"<</?[A-Za-z]|</?[A-Za-z-]{1,60}>", lambda match: match[0] if match[0][1] == "<" else "", text)
    text = re.sub(r"\n(\n*)", lambda match: match[1] or " ", text)
    return text.replace("<<", "<")


def _is_binary(part: Part) -> bool:
    """Whether what calls itself a text is none: one sign in ten is a control character."""
    if part.params.get("charset", "").lower().startswith(("utf-16", "utf-32", "ucs")):
        return False
    start = (part.content() if part.encoding in BASE64 else part.body)[:4000]
    return not start.startswith((b"\xff\xfe", b"\xfe\xff")) and len(_CONTROLS.findall(start)) * 10 > len(start)


def _name_once(body: Body, code: str) -> None:
    if (code,) not in body.remarks:
        body.remarks.append((code,))


def _name_invitation(part: Part, body: Body, texts: list[str]) -> None:
    found = read_invitation(part.text(), part.params.get("method", ""))
    if found is None or any(remark[0].startswith("calendar.") for remark in body.remarks):
        return
    code = f"calendar.{found.method if found.method in ('request', 'cancel', 'reply') else 'publish'}"
    body.remarks.append((code, found.title, found.when, found.where, found.organizer, found.answer))
    if not any(text.strip() for text in texts):
        texts.append(unmarked("\n".join(found.lines())))


def _without_uuencoded(part: Part, body: Body) -> str:
    """The text with files that were pasted into it listed as files."""
    text = part.text()
    if "\nbegin " not in f"\n{text}":
        return text
    kept: list[str] = []
    at = 0
    for number, (start, end, name) in enumerate(find_uuencoded(text), 1):
        kept.append(text[at:start])
        block = text[start:end].encode("ascii", "replace")
        body.attachments.append(
            Part(
                f"{part.section}u{number}",
                _guessed_type(name),
                {},
                part.headers,
                block,
                filename=name,
                disposition="attachment",
                encoding="x-uuencode",
            )
        )
        at = end
    return "".join(kept) + text[at:]


def _guessed_type(name: str) -> str:
    from mimetypes import guess_type

    return guess_type(name)[0] or "application/octet-stream"


def _collect_html(part: Part, body: Body, texts: list[str]) -> None:
    from csconsole.connectors.email.html import MAX_HTML, html_to_text

    source = part.text()
    if body.html_read > MAX_HTML:
        body.flags.add("cut")
        body.attachments.append(part)
        return
    body.html_read += len(source)
    done = html_to_text(source)
    texts.append(closed(done.text))
    body.lies += done.lies
    body.html = body.html or done.html
    body.flags.add("html")
    body.remote_images += done.remote_images
    body.hidden += done.hidden
    if done.cut:
        body.flags.add("cut")
        body.attachments.append(part)


def _collect_alternative(part: Part, body: Body, texts: list[str]) -> None:
    """Tries the alternatives, plain text first, until one says something."""
    order = sorted(part.children, key=_preference)
    for index, child in enumerate(order):
        before = len(texts)
        _collect(child, body, texts)
        said = "\n".join(texts[before:]).strip()
        if said and index + 1 < len(order) and len(said) < _STUB_LENGTH and _STUB.search(said):
            texts[before:] = []  # the plain part only says that there is another
            continue
        if said:
            for rest in order[index + 1 :]:
                for leaf in _leaves(rest):
                    if _is_file(leaf):
                        _collect_leaf(leaf, body, texts)
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


def find_file(mail: Mail, section: str) -> Part | None:
    """The part or the file in a text that a locator's section names, None when there is none."""
    number, mark, _ = section.partition("u")
    part = mail.find(number)
    if not mark or part is None:
        return part
    inside = Body()
    _without_uuencoded(part, inside)
    return next((one for one in inside.attachments if one.section == section), None)
