"""The body of a mail as it goes on the wire (RFC 2045, 2046, 2231): seven bits, short lines, CRLF.

Written here so that every attempt gives the same bytes (the boundary is made of the mail's own id), and so that file
names outside ASCII reach old programs too: ``filename*`` by RFC 2231 for those that follow it, and an encoded word in
``name`` for those that never did.
"""

from __future__ import annotations

import hashlib
import quopri
import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import quote

from csconsole.text.sanitize import safe_filename

LINE = 76
_CHARSET = "utf-8''"
_PIECE = 50
"""Characters of one piece of a long parameter (RFC 2231 section 3)."""
_MIME = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9 !#$&'()+,.=@^_`{}~-]{1,60}")


class File(NamedTuple):
    """An attachment with its content."""

    name: str
    mime: str
    content: bytes


class Part(NamedTuple):
    """A part of a mail: its fields, each folded, and its encoded content without a last line end."""

    fields: tuple[str, ...]
    content: bytes

    def write(self) -> bytes:
        """Its bytes."""
        return "\r\n".join(self.fields).encode("ascii") + b"\r\n\r\n" + self.content


def text_part(text: str, subtype: str) -> Part:
    """A text as one part, in the shortest encoding that survives every relay."""
    body = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    data = body.encode("utf-8", "replace").removesuffix(b"\n").replace(b"\n", b"\r\n") + b"\r\n"
    if data.isascii() and max(map(len, data.split(b"\r\n"))) <= LINE:
        return Part((f'Content-Type: text/{subtype}; charset="us-ascii"', "Content-Transfer-Encoding: 7bit"), data)
    quoted = quopri.encodestring(data.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    packed = _base64(data)
    kind = f'Content-Type: text/{subtype}; charset="utf-8"'
    if len(quoted) <= len(packed):
        return Part((kind, "Content-Transfer-Encoding: quoted-printable"), quoted)
    return Part((kind, "Content-Transfer-Encoding: base64"), packed)


def file_part(file: File, encoded_word: Callable[[str], str]) -> Part:
    """An attachment.

    Args:
        file: name (made safe here), kind and content.
        encoded_word: writes a text as RFC 2047 encoded words.
    """
    kind = file.mime.lower() if _MIME.fullmatch(file.mime.lower()) else "application/octet-stream"
    if kind.startswith(("message/", "multipart/")):
        kind = "application/octet-stream"  # these may not be base64 (RFC 2046 section 5.2.1)
    name = str(safe_filename(file.name))
    if _PLAIN_NAME.fullmatch(name):
        fields = (
            f'Content-Type: {kind};\r\n name="{name}"',
            "Content-Transfer-Encoding: base64",
            f'Content-Disposition: attachment;\r\n filename="{name}"',
        )
    else:
        fields = (
            f'Content-Type: {kind};\r\n name="{encoded_word(name)}"',
            "Content-Transfer-Encoding: base64",
            f"Content-Disposition: attachment;\r\n {extended('filename', name)}",
        )
    return Part(fields, _base64(file.content))


def extended(name: str, value: str) -> str:
    """A parameter by RFC 2231: percent-encoded UTF-8, in pieces when it is long."""
    encoded = quote(value, safe="")
    if len(encoded) <= _PIECE:
        return f"{name}*=utf-8''{encoded}"
    pieces: list[str] = []
    current = ""
    for match in re.finditer(r"%..|.", encoded):
        if len(current) + len(match[0]) > _PIECE:
            pieces.append(current)
            current = ""
        current += match[0]
    pieces.append(current)
    return ";\r\n ".join(f"{name}*{n}*={'' if n else _CHARSET}{p}" for n, p in enumerate(pieces))


def multipart(subtype: str, parts: Sequence[Part], seed: str) -> Part:
    """Parts in one, with a boundary that is the same for the same ``seed`` and stands in none of them."""
    written = [part.write() for part in parts]
    number = 0
    while True:
        boundary = f"=_{hashlib.sha256(f'{seed} {subtype} {number}'.encode()).hexdigest()[:32]}"
        if not any(boundary.encode() in one for one in written):
            break
        number += 1
    content = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), one) for one in written)
    fields = (f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"',)
    return Part(fields, content + b"--%s--\r\n" % boundary.encode())


def _base64(data: bytes) -> bytes:
    packed = b64encode(data)
    return b"\r\n".join(packed[at : at + LINE] for at in range(0, len(packed), LINE)) + b"\r\n"
