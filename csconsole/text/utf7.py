"""Modified UTF-7, in which IMAP servers and Maildir++ write folder names outside ASCII (RFC 3501 section 5.1.3)."""

from __future__ import annotations

import re
from base64 import b64decode

_RUN = re.compile(r"&([A-Za-z0-9+,]*)-")


def decode_folder(name: str) -> str:
    """A folder's name in words; what is no modified UTF-7 stays as it is."""

    def words(match: re.Match[str]) -> str:
        packed = match[1].replace(",", "/")
        if not packed:
            return "&"
        try:
            return b64decode(packed + "=" * (-len(packed) % 4), validate=True).decode("utf-16-be")
        except (ValueError, UnicodeDecodeError):
            return match[0]

    return _RUN.sub(words, name)
