"""Contents for the files the shop file only names: small, real, and the same every time."""

from __future__ import annotations

import struct
import zlib

from csconsole.connectors.demo.chance import number

_SIDE = 96
_PDF = """%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""


def content(name: str, mime: str) -> bytes:
    """The bytes of a demo attachment.

    Args:
        name: its file name; another name is another picture.
        mime: its kind; pictures of every kind are PNG, which viewers tell by its first bytes.
    """
    if mime.startswith("image/"):
        return _picture(name)
    if mime == "application/pdf":
        return _PDF.encode()
    if mime == "application/json":
        return b'{"demo": true}\n'
    if mime.startswith("video/"):
        return struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 0, b"isom")
    return f"{name}\n".encode()


def _picture(name: str) -> bytes:
    """A PNG (W3C PNG, third edition) of soft rings in colours of its own."""
    seed = number("picture", name)
    red, green, blue, cx, cy = (seed >> shift & 0xFF for shift in (0, 8, 16, 24, 32))
    rows = bytearray()
    for y in range(_SIDE):
        rows.append(0)
        for x in range(_SIDE):
            ring = ((x - cx % _SIDE) ** 2 + (y - cy % _SIDE) ** 2) >> 5
            rows += bytes(((red + ring) & 0xFF, (green + ring // 2) & 0xFF, (blue + x) & 0xFF))
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
