"""Maildir folders read and written directly: the oracle of the mail bed, and its fast way to fill a mailbox."""

from __future__ import annotations

import base64
import itertools
import os
import re
from collections.abc import Iterable
from pathlib import Path

_serial = itertools.count(1)
_BASE64_RUN = re.compile(r"[^\x20-\x7e]+|&")


def modified_utf7(name: str) -> str:
    """Returns ``name`` as IMAP mailbox names are stored (RFC 3501 section 5.1.3)."""

    def encode(match: re.Match[str]) -> str:
        text = match.group()
        if text == "&":
            return "&-"
        packed = base64.b64encode(text.encode("utf-16-be")).decode("ascii").rstrip("=").replace("/", ",")
        return f"&{packed}-"

    return _BASE64_RUN.sub(encode, name)


class Maildir:
    """One user's mail in Maildir++ layout as Dovecot keeps it.

    Args:
        root: the INBOX; other folders are its ``.Name`` subdirectories.
        owner: (uid, gid) that new files get, or None to leave them to this process.
    """

    def __init__(self, root: Path, owner: tuple[int, int] | None) -> None:
        self.root = root
        self._owner = owner

    def folder(self, name: str = "INBOX") -> Path:
        """Returns the directory of a folder, which need not exist."""
        if name.upper() == "INBOX":
            return self.root
        return self.root / ("." + modified_utf7(name).replace("/", "."))

    def create(self, name: str = "INBOX") -> Path:
        """Makes a folder unless it exists."""
        folder = self.folder(name)
        for directory in (folder, *(folder / part for part in ("cur", "new", "tmp"))):
            directory.mkdir(parents=True, exist_ok=True)
            self._own(directory)
        if folder != self.root:
            marker = folder / "maildirfolder"
            marker.touch()
            self._own(marker)
        return folder

    def files(self, name: str = "INBOX") -> list[Path]:
        """Returns the files of the messages in a folder, oldest delivery first."""
        folder = self.folder(name)
        found = [path for part in ("cur", "new") for path in folder.glob(f"{part}/*") if path.is_file()]

        def arrival(path: Path) -> tuple[int, ...]:
            return tuple(int(digits) for digits in re.findall(r"\d+", path.name.split(",")[0])[:2])

        return sorted(found, key=arrival)

    def messages(self, name: str = "INBOX") -> list[bytes]:
        """Returns the raw messages of a folder, oldest delivery first, with the line ends they are stored with."""
        return [path.read_bytes() for path in self.files(name)]

    def add(
        self,
        name: str,
        messages: Iterable[bytes],
        *,
        received_at: int = 1_700_000_000,
        step: int = 60,
        flags: str = "",
    ) -> int:
        """Writes messages into a folder without any server, in one go.

        Args:
            name: the folder, made when missing.
            messages: raw mails, oldest first.
            received_at: INTERNALDATE of the first, Unix seconds; each next one is ``step`` later.
            step: seconds between two messages.
            flags: Maildir flag letters, for example ``S`` for seen.

        Returns:
            How many were written.
        """
        folder = self.create(name)
        count = 0
        for raw in messages:
            at = received_at + count * step
            path = folder / "cur" / f"{at}.M{next(_serial)}P{os.getpid()}.bed,S={len(raw)}:2,{flags}"
            path.write_bytes(raw)
            os.utime(path, (at, at))
            self._own(path)
            count += 1
        return count

    def _own(self, path: Path) -> None:
        if self._owner is not None:
            os.chown(path, *self._owner)
