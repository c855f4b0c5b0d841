"""Clean markup to lines of text: what a person reads in a terminal.

Works on the output of nh3 and on nothing else: well-formed, an allow-list of tags, attribute values in double quotes.
One pass over its tags, no recursion, so that its time is linear in the markup.

Quotations stand behind ``> ``, lists behind ``- `` or their number, rows of a table on one line, links with where they
really lead. Where markup says that a quotation or a signature begins although no sign of the text would, marks are
left in it (:data:`MARKS`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

from csconsole.connectors.email.links import link_text
from csconsole.connectors.email.marks import (
    MARKS,
    OUTLOOK_RULE,
    QUOTE_CLOSE,
    QUOTE_OPEN,
    QUOTED,
    QUOTED_FROM,
    SIGNATURE_CLOSE,
    SIGNATURE_OPEN,
    SIGNED,
    unmarked,
)

MAX_DEPTH = 200
"""Blocks in blocks whose nesting is shown; deeper ones are read without it."""
MAX_PREFIX = 20
_TOKEN = re.compile(r"<(/?)([a-z][a-z0-9]*)((?:\s[^<>]*)?)>|([^<]+|<)")
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
_STYLE = 600
"""Signs of a style, class or id that are looked at."""
_SPACE = re.compile(r"[ \t\n\r\f]+")
_HIDDEN = re.compile(
    r"display:\s*none|visibility:\s*hidden|font-size:\s*0(?![.\d]*[1-9])|max-height:\s*0(?![.\d]*[1-9])"
    r"|opacity:\s*0(?![.\d]*[1-9])|mso-hide:\s*all",
    re.IGNORECASE,
)
_NO_MARGIN = re.compile(r"margin:\s*0(?:[a-z]{2})?(?:;|$|\s+0)|margin-bottom:\s*0", re.IGNORECASE)
_PRE = re.compile(r"white-space:\s*(?:pre|break-spaces)", re.IGNORECASE)
_MARGINS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "pre", "blockquote", "table", "hr"])
_BLOCKS = _MARGINS | frozenset(["div", "li", "dt", "dd", "address", "center", "caption", "tr", "td", "th", "br"])
_CELL = " | "


@dataclass(slots=True)
class _Buffer:
    """Lines being written: of the whole, or of one cell of a table."""

    lines: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    width: int = 0
    space: bool = False
    gap: bool = False
    is_empty: bool = True


@dataclass(slots=True)
class _Table:
    rows: int = 0
    has_heads: bool = False
    cells: list[list[str]] = field(default_factory=list)


@dataclass(slots=True)
class _Open:
    """An element that is open."""

    tag: str
    close_mark: str = ""
    pops_prefix: bool = False
    hides: bool = False
    keeps_space: bool = False
    target: str = ""
    label_at: int = 0
    margin: bool = False


class Layout:
    """Turns markup into lines; use :func:`lay_out`."""

    def __init__(self) -> None:
        self.buffers = [_Buffer()]
        self.prefixes: list[list[str]] = [[]]
        self.open: list[_Open] = []
        self.tables: list[_Table] = []
        self.numbers: list[int] = []
        self.bullets: list[str] = []
        self.hidden = 0
        self.pre = 0
        self.remote = 0
        self.hidden_count = 0
        self.lies: list[tuple[str, str]] = []
        self.last_target = ""
        self.skipped = 0

    # -- writing --------------------------------------------------------------------------------------------------

    def text(self, raw: str) -> None:
        """Text between tags, entities still written out."""
        if self.hidden:
            return
        text = unescape(raw) if "&" in raw else raw
        text = unmarked(text)
        if self.pre:
            pieces = text.split("\n")
            for number, piece in enumerate(pieces):
                if number:
                    self.end_line()
                if piece:
                    self._put(piece)
            return
        buffer = self.buffers[-1]
        words = _SPACE.sub(" ", text)
        if words.startswith(" "):
            buffer.space = buffer.space or bool(buffer.line)
            words = words[1:]
        if not words:
            return
        trailing = words.endswith(" ")
        self._put(words[:-1] if trailing else words)
        buffer.space = trailing

    def _put(self, words: str) -> None:
        buffer = self.buffers[-1]
        if buffer.gap and not buffer.line:
            self._blank()
        if buffer.space and buffer.line:
            buffer.line.append(" ")
        buffer.space = False
        buffer.line.append(words.replace("\xa0", " "))
        self.last_target = self.last_target if not words.strip() else ""

    def _blank(self) -> None:
        buffer = self.buffers[-1]
        buffer.gap = False
        if buffer.lines and not buffer.is_empty:
            buffer.lines.append(_common(buffer.lines[-1], "".join(self.prefixes[-1][:MAX_PREFIX])))

    def _prefix(self, *, first: bool) -> str:
        prefix = "".join(self.prefixes[-1][:MAX_PREFIX])
        if first and self.bullets and self.bullets[-1]:
            bullet, self.bullets[-1] = self.bullets[-1], ""
            return prefix[: -len(bullet)] + bullet if len(prefix) >= len(bullet) else bullet
        return prefix

    def end_line(self) -> None:
        """Ends the line, empty or not."""
        buffer = self.buffers[-1]
        text = "".join(buffer.line).rstrip()
        buffer.line.clear()
        buffer.space = False
        if text.strip(MARKS) and buffer.gap:
            self._blank()
        line = (self._prefix(first=bool(text)) + text).rstrip()
        buffer.lines.append(line)
        buffer.is_empty = buffer.is_empty and not text

    def fresh(self, *, margin: bool = False) -> None:
        """Goes to the start of a line; with a margin, one blank line will stand before what follows."""
        buffer = self.buffers[-1]
        if "".join(buffer.line).strip():
            self.end_line()
        else:
            margin = margin or bool(buffer.line)  # hard spaces alone are how writers leave a line blank
            buffer.line.clear()
            buffer.space = False
        buffer.gap = buffer.gap or margin

    def mark(self, sign: str) -> None:
        """Leaves a mark at the start of a line."""
        if self.hidden or (len(self.buffers) > 1 and sign in (SIGNATURE_OPEN, SIGNATURE_CLOSE)):
            return
        self.fresh()
        self.buffers[-1].lines.append(sign)

    # -- tags -----------------------------------------------------------------------------------------------------

    def start(self, tag: str, attributes: str) -> None:
        """An opening tag."""
        given = dict(_ATTRIBUTE.findall(attributes)) if attributes else {}
        if tag == "br":
            if not self.hidden:
                self.end_line()
            return
        if tag == "hr":
            self._rule(given)
            return
        if tag == "img":
            self._image(given)
            return
        if len(self.open) >= MAX_DEPTH:
            self.skipped += 1
            if tag in _BLOCKS:
                self.fresh()
            return
        opened = _Open(tag)
        self.open.append(opened)
        style = given.get("style", "")[:_STYLE]
        if style and _HIDDEN.search(style):
            opened.hides = True
            self.hidden += 1
            self.hidden_count += 1
            return
        if self.hidden:
            return
        if (style and _PRE.search(style)) or tag == "pre":
            opened.keeps_space = True
            self.pre += 1
        opened.margin = tag in _MARGINS and not (
            tag == "p" and ("mso" in given.get("class", "").lower() or (style and _NO_MARGIN.search(style)))
        )
        if tag == "blockquote":
            opened.margin = False
        if tag in _BLOCKS:
            self.fresh(margin=opened.margin)
        if given:
            self._mark_quotation(opened, tag, given, style)
        self._start_kind(opened, tag, given)

    def _mark_quotation(self, opened: _Open, tag: str, given: dict[str, str], style: str) -> None:
        names = f"{given.get('class', '')[:_STYLE]} {given.get('id', '')[:_STYLE]}"
        if QUOTED.search(names):
            self.mark(QUOTE_OPEN)
            opened.close_mark = QUOTE_CLOSE
        elif QUOTED_FROM.match(given.get("id", "")[:_STYLE]) or (tag == "div" and OUTLOOK_RULE.search(style)):
            self.mark(QUOTE_OPEN)
        elif SIGNED.search(names) and tag in ("div", "table", "p", "span", "pre"):
            self.mark(SIGNATURE_OPEN)
            opened.close_mark = SIGNATURE_CLOSE

    def _start_kind(self, opened: _Open, tag: str, given: dict[str, str]) -> None:
        if tag == "a":
            opened.target = unescape(given.get("href", ""))
            opened.label_at = len(self.buffers[-1].line)
        elif tag == "blockquote":
            self.prefixes[-1].append("> ")
            opened.pops_prefix = True
        elif tag in ("ul", "ol"):
            start = given.get("start", "1")
            self.numbers.append((int(start) if start.isdecimal() and len(start) < 6 else 1) if tag == "ol" else 0)
        elif tag == "li":
            self._item(opened)
        elif tag == "dd":
            self.prefixes[-1].append("  ")
            opened.pops_prefix = True
        elif tag == "table":
            self.tables.append(_Table())
        elif tag in ("td", "th") and self.tables:
            self.tables[-1].has_heads = self.tables[-1].has_heads or tag == "th"
            self.buffers.append(_Buffer())
            self.prefixes.append([])
        elif tag == "q":
            self._put("“")

    def _item(self, opened: _Open) -> None:
        bullet = "- "
        if self.numbers and self.numbers[-1]:
            bullet = f"{self.numbers[-1]}. "
            self.numbers[-1] += 1
        self.prefixes[-1].append(" " * len(bullet))
        self.bullets.append(bullet)
        opened.pops_prefix = True

    def end(self, tag: str) -> None:
        """A closing tag; nh3 closes what it opened, in order."""
        if self.skipped and (not self.open or self.open[-1].tag != tag or len(self.open) >= MAX_DEPTH):
            self.skipped -= 1
            if tag in _BLOCKS:
                self.fresh()
            return
        if not self.open:
            return
        opened = self.open.pop()
        if opened.hides:
            self.hidden -= 1
            return
        if self.hidden:
            return
        self._end_kind(opened)
        if opened.tag in _BLOCKS and opened.tag not in ("td", "th"):
            self.fresh(margin=opened.margin)
        if opened.keeps_space:
            self.pre -= 1
        if opened.pops_prefix and self.prefixes[-1]:
            self.prefixes[-1].pop()
        if opened.tag == "li" and self.bullets:
            self.bullets.pop()
        if opened.close_mark:
            self.mark(opened.close_mark)

    def _end_kind(self, opened: _Open) -> None:
        tag = opened.tag
        if tag == "a":
            self._link(opened)
        elif tag == "q":
            self._put("”")
        elif tag in ("ul", "ol") and self.numbers:
            self.numbers.pop()
        elif tag in ("td", "th") and self.tables and len(self.buffers) > 1:
            self.fresh()
            self.prefixes.pop()
            self.tables[-1].cells.append(_trimmed(self.buffers.pop().lines))
        elif tag == "tr" and self.tables:
            self._row(self.tables[-1])
        elif tag == "table" and self.tables:
            self._row(self.tables[-1])
            self.tables.pop()

    def _row(self, table: _Table) -> None:
        """One line where every cell is one, else the cells below each other."""
        cells, table.cells = table.cells, []
        filled = [cell for cell in cells if cell]
        if not filled:
            return
        table.rows += 1
        if len(filled) > 1 and all(len(cell) == 1 and cell[0] not in MARKS for cell in filled):
            kept = cells if table.has_heads else filled
            self._lines([_CELL.join(cell[0] if cell else "" for cell in kept).rstrip()])
            return
        for number, cell in enumerate(filled):
            if number and len(cell) > 1:
                self.buffers[-1].gap = True
            self._lines(cell)

    def _lines(self, lines: list[str]) -> None:
        for line in lines:
            self.fresh()
            if line in MARKS and line:
                self.buffers[-1].lines.append(line)
                continue
            if line:
                self._put(line)
            self.end_line()

    def _rule(self, given: dict[str, str]) -> None:
        if self.hidden:
            return
        self.fresh(margin=True)
        if QUOTED_FROM.match(given.get("id", "")[:_STYLE]) or given.get("tabindex") == "-1":
            self.mark(QUOTE_OPEN)
        self._put("----------")
        self.fresh(margin=True)

    def _image(self, given: dict[str, str]) -> None:
        source = given.get("src", "")
        remote = source.lower().startswith(("http:", "https:"))
        self.remote += remote
        if self.hidden or _is_pixel(given):
            return
        alt = " ".join(unescape(given.get("alt", "")).split())
        if alt:
            self._put(alt if len(alt) <= 2 and not alt.isascii() else f"[{alt[:200]}]")

    def _link(self, opened: _Open) -> None:
        label = " ".join("".join(self.buffers[-1].line[opened.label_at :]).split())
        if not label or not opened.target or opened.target == self.last_target:
            return
        shown, lie = link_text(label, opened.target)
        if lie:
            self.lies.append((label[:100], lie))
        if shown:
            space, self.buffers[-1].space = self.buffers[-1].space, False
            self._put(shown)
            self.buffers[-1].space = space
        self.last_target = opened.target

    def finish(self) -> str:
        """The text."""
        while len(self.buffers) > 1:
            self.fresh()
            lines = _trimmed(self.buffers.pop().lines)
            self.prefixes.pop()
            self._lines(lines)
        self.fresh()
        return _tidy(self.buffers[0].lines)


def lay_out(markup: str) -> Layout:
    """Reads clean markup; ask the result for :meth:`Layout.finish` and its counts."""
    layout = Layout()
    for match in _TOKEN.finditer(markup):
        if match[4] is not None:
            layout.text(match[4])
        elif match[1]:
            layout.end(match[2])
        else:
            layout.start(match[2], match[3])
    return layout


def _common(above: str, prefix: str) -> str:
    """The quotation signs of a blank line: those that both its neighbours have."""
    depth = 0
    while above.startswith("> " * depth + ">") and prefix.startswith("> " * (depth + 1)):
        depth += 1
    return ("> " * depth).rstrip()


def _is_pixel(given: dict[str, str]) -> bool:
    sizes = [given.get(name, "").removesuffix("px") for name in ("width", "height")]
    return any(size.isdecimal() and len(size) < 3 and int(size) <= 2 for size in sizes)


def _trimmed(lines: list[str]) -> list[str]:
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return lines[start:end]


def _tidy(lines: list[str]) -> str:
    """At most one blank line in a row; marks stand before the line they belong to."""
    out: list[str] = []
    waiting = ""
    blank = False
    for line in lines:
        if line and line in MARKS:
            waiting += line
        elif not line.strip("> "):
            blank = blank or bool(out)
            if line.strip() and out:
                out.append(waiting + line)
                waiting, blank = "", False
        else:
            if blank:
                out.append("")
                blank = False
            out.append(waiting + line)
            waiting = ""
    return "\n".join(out) + waiting
