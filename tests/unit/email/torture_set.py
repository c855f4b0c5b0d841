"""The torture set: mails as strangers send them, each with what must be read of it, as TOML beside this file.

A mail is written as text with marks for what a text file cannot hold:

- ``{{b64:CHARSET:TEXT}}`` and ``{{qp:CHARSET:TEXT}}``: the text in that charset and transfer encoding;
- ``{{raw:CHARSET:TEXT}}``: its bytes as they are; ``{{hex:0D0A}}``: any bytes;
- ``{{times:N:TEXT}}``: the text N times (``\\n`` in it is a line end);
- ``{{b64lines:N}}``: base64 of N bytes of a pattern, in lines of 76.

Line ends become CRLF unless ``eol`` says ``lf`` or ``cr``. What is not stated of a mail is not looked at.
"""

from __future__ import annotations

import quopri
import re
import tomllib
from base64 import b64encode
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("torture")
_MARK = re.compile(r"\{\{(b64|qp|raw|hex|times|b64lines):(.*?)\}\}", re.DOTALL)
_EOL = {"crlf": b"\r\n", "lf": b"\n", "cr": b"\r"}


def pattern(count: int) -> bytes:
    """Bytes of every value, for files."""
    return bytes(range(256)) * (count // 256) + bytes(range(count % 256))


def _filled(match: re.Match[str]) -> bytes:
    kind, rest = match[1], match[2]
    if kind == "hex":
        return bytes.fromhex(rest)
    if kind == "b64lines":
        text = b64encode(pattern(int(rest)))
        return b"\n".join(text[at : at + 76] for at in range(0, len(text), 76))
    first, _, text = rest.partition(":")
    if kind == "times":
        return text.replace("\\n", "\n").encode() * int(first)
    data = text.encode(first)
    if kind == "b64":
        return b64encode(data)
    return quopri.encodestring(data).rstrip(b"\n") if kind == "qp" else data


def build(case: dict[str, Any]) -> bytes:
    """The bytes of a mail of the set."""
    text: str = case["raw"].lstrip("\n") if case.get("strip", True) else case["raw"]
    pieces: list[bytes] = []
    at = 0
    for match in _MARK.finditer(text):
        pieces.append(text[at : match.start()].encode(case.get("charset", "utf-8")).replace(b"\n", b"\0EOL\0"))
        filled = _filled(match)
        pieces.append(filled if match[1] in ("hex", "raw") else filled.replace(b"\n", b"\0EOL\0"))
        at = match.end()
    pieces.append(text[at:].encode(case.get("charset", "utf-8")).replace(b"\n", b"\0EOL\0"))
    return b"".join(pieces).replace(b"\0EOL\0", _EOL[case.get("eol", "crlf")])


def load() -> list[dict[str, Any]]:
    """Every mail of the set; names are unique."""
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        for case in tomllib.loads(path.read_text("utf-8"))["mail"]:
            found.append({**case, "name": f"{path.stem}/{case['name']}"})
    return found
