"""The text inside a signed S/MIME shell (RFC 5652, RFC 8551): the signature around it is not checked."""

from __future__ import annotations

MAX_DEPTH = 12
MAX_PIECES = 200_000
_SEQUENCE, _SET, _OCTETS, _OCTETS_BUILT, _EXPLICIT = 0x30, 0x31, 0x04, 0x24, 0xA0
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")


def signed_content(data: bytes) -> bytes | None:
    """The MIME entity in a SignedData, None when there is none or it cannot be found."""
    try:
        return _content(data)
    except (IndexError, ValueError, RecursionError):
        return None


def _content(data: bytes) -> bytes | None:
    """ContentInfo ::= { contentType, [0] SignedData { version, digestAlgorithms, { eContentType, [0] eContent } } }."""
    info = _children(data, *_value(data, 0)[1:3])
    if data[info[0][1] : info[0][2]] != _SIGNED_DATA:
        return None
    signed = _children(data, *_children(data, *info[1][1:3])[0][1:3])
    encapsulated = _children(data, *signed[2][1:3])
    if len(encapsulated) < 2 or encapsulated[1][0] != _EXPLICIT:
        return None
    octets = _children(data, *encapsulated[1][1:3])[0]
    pieces: list[bytes] = []
    _gather(data, octets, pieces, 0)
    return b"".join(pieces)


def _gather(data: bytes, value: tuple[int, int, int, int], pieces: list[bytes], depth: int) -> None:
    """The bytes of an OCTET STRING, in one piece or in many."""
    tag, start, end, _ = value
    if tag == _OCTETS:
        pieces.append(data[start:end])
    elif tag == _OCTETS_BUILT and depth < MAX_DEPTH:
        for child in _children(data, start, end):
            _gather(data, child, pieces, depth + 1)


def _children(data: bytes, start: int, end: int) -> list[tuple[int, int, int, int]]:
    found: list[tuple[int, int, int, int]] = []
    while start < end and data[start : start + 2] != b"\0\0" and len(found) < MAX_PIECES:
        value = _value(data, start)
        found.append(value)
        start = value[3]
    return found


def _value(data: bytes, at: int, depth: int = 0) -> tuple[int, int, int, int]:
    """Tag, start and end of the content, and where the next value begins (X.690 section 8.1).

    Raises:
        IndexError: the data end in the middle.
        ValueError: a form that does not occur in a SignedData.
    """
    tag, length = data[at], data[at + 1]
    if tag & 0x1F == 0x1F or depth > MAX_DEPTH:
        raise ValueError
    start = at + 2
    if length == 0x80:  # indefinite: up to two zero bytes
        end, pieces = start, 0
        while data[end : end + 2] != b"\0\0":
            end = _value(data, end, depth + 1)[3]
            pieces += 1
            if pieces > MAX_PIECES:
                raise ValueError
        return tag, start, end, end + 2
    if length > 0x80:
        count = length - 0x80
        if count > 4:
            raise ValueError
        length = int.from_bytes(data[start : start + count], "big")
        start += count
    if start + length > len(data):
        raise IndexError
    return tag, start, start + length, start + length
