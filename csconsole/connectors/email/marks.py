"""Where markup says that a quotation or a signature begins: how mail programs write it, and the signs left in the text.

The signs are private-use characters at line starts. They live between the layout of a body and the offsets taken from
it; no text from outside keeps them (:func:`unmarked`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

QUOTE_OPEN, QUOTE_CLOSE, SIGNATURE_OPEN, SIGNATURE_CLOSE = MARKS = "\ue000\ue001\ue002\ue003"

OUTLOOK_RULE = re.compile(
    r"border(?:-top)?:\s*(?:none|solid)[^;]*;?.*border-top:\s*solid|^border:\s*none;\s*border-top:\s*solid"
    r"|border-top:\s*solid #?(?:e1e1e1|b5c4df|b5c4df|cccccc)",
    re.IGNORECASE,
)
QUOTED = re.compile(
    r"\b(?:yahoo_quoted|protonmail_quote|tutanota_quote|zmail_extra|gmail_extra_quote|x_yahoo_quoted"
    r"|ms-outlook-mobile-reference-message|outlookmessageheader|wps_quote|qq_quote|foxmail_quote)\b",
    re.IGNORECASE,
)
QUOTED_FROM = re.compile(
    r"^(?:x_)*(?:divrplyfwdmsg|appendonsend|stopspelling|mail-editor-reference-message-container|olk_src_body_section"
    r"|reply-intro|isreplycontent|quoted_header)$",
    re.IGNORECASE,
)
SIGNED = re.compile(
    r"\b(?:gmail_signature|moz-signature|ms-outlook-mobile-signature|protonmail_signature_block|yahoo-?signature"
    r"|applemailsignature|signature|x_signature|ydp[0-9a-z]+signature|outlook-?signature)\b",
    re.IGNORECASE,
)


def unmarked(text: str) -> str:
    """A text without the signs this module marks with."""
    return re.sub(f"[{MARKS}]", "\ufffd", text) if any(mark in text for mark in MARKS) else text


def closed(text: str) -> str:
    """A text whose open quotation ends with it."""
    return text + QUOTE_CLOSE if text.count(QUOTE_OPEN) > text.count(QUOTE_CLOSE) else text


def take_marks(text: str, clean: Callable[[str], str]) -> tuple[str, list[tuple[int, int, str]]]:
    """The text without marks, and what they enclose as ``(start, end, kind)``.

    Args:
        text: as the layout made it.
        clean: makes a piece fit to be shown; offsets are those of the cleaned text.
    """
    if not any(mark in text for mark in MARKS):
        return clean(text), []
    out: list[str] = []
    found: list[tuple[int, int, str]] = []
    opened: dict[str, int] = {}
    at = 0
    for piece in re.split(f"([{MARKS}])", text):
        if piece not in MARKS or not piece:
            done = clean(piece)
            out.append(done)
            at += len(done)
        elif piece in (QUOTE_OPEN, SIGNATURE_OPEN):
            opened.setdefault("quote" if piece == QUOTE_OPEN else "signature", at)
        else:
            kind = "quote" if piece == QUOTE_CLOSE else "signature"
            if kind in opened:
                found.append((opened.pop(kind), at, kind))
    found += [(start, at, kind) for kind, start in opened.items() if kind == "quote"]
    return "".join(out), found
