"""The HTML form of an answer: what was typed, its signature and the quoted original, and nothing else.

No style sheet, no picture, nothing fetched: it reads the same in every program and gives nobody away.
"""

from __future__ import annotations

import re
from html import escape

_URL = re.compile(r"https?://[^\s<>\"'\u0e00-\u0e7f]{1,2000}[^\s<>\"'.,;:!?)\]\u0e00-\u0e7f]")
_QUOTE_STYLE = "margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex"


def to_html(text: str, signature: str = "", introduction: str = "", quoted: str = "") -> str:
    """A mail's text as HTML.

    Args:
        text: what was typed; lines that begin with ``>`` become a quotation.
        signature: below it.
        introduction: the line above the quoted original.
        quoted: the original, without marks.
    """
    parts = [_blocks(text)]
    if signature:
        parts.append(f"<div>-- <br>\n{_lines(signature)}</div>")
    if quoted or introduction:
        parts.append(
            f"<div>{_lines(introduction)}</div>\n"
            f'<blockquote type="cite" style="{_QUOTE_STYLE}">{_blocks(quoted)}</blockquote>'
        )
    body = "\n".join(parts)
    return (
        '<!DOCTYPE html>\n<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head>\n'
        f'<body dir="auto">\n{body}\n</body></html>\n'
    )


def _blocks(text: str) -> str:
    """Paragraphs and, nested as deep as they are marked, quotations."""
    out: list[str] = []
    depth = 0
    held: list[str] = []

    def flush() -> None:
        if held:
            paragraphs = re.split(r"\n[ \t]*\n", "\n".join(held).strip("\n"))
            out.extend(f"<p>{_lines(one)}</p>" for one in paragraphs if one.strip())
            held.clear()

    for line in text.split("\n"):
        marks = re.match(r"(?:> ?)*", line)
        level = min(marks[0].count(">") if marks else 0, 10)
        if level != depth:
            flush()
            out.append(f'<blockquote type="cite" style="{_QUOTE_STYLE}">' * (level - depth))
            out.append("</blockquote>" * (depth - level))
            depth = level
        held.append(line[marks.end() :] if marks else line)
    flush()
    out.append("</blockquote>" * depth)
    return "\n".join(one for one in out if one)


def _lines(text: str) -> str:
    return "<br>\n".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    out: list[str] = []
    at = 0
    for match in _URL.finditer(line):
        out.append(_spaced(line[at : match.start()]))
        out.append(f'<a href="{escape(match[0])}">{escape(match[0])}</a>')
        at = match.end()
    out.append(_spaced(line[at:]))
    return "".join(out)


def _spaced(text: str) -> str:
    """Escaped, runs of spaces kept: the columns of a typed table stay apart."""
    return re.sub(r" (?= )|^ ", "&nbsp;", escape(text))
