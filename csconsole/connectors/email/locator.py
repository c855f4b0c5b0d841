"""Names of mails and of their parts: ``folder;uidvalidity;uid`` and ``folder;uidvalidity;uid#section``."""

from __future__ import annotations

from typing import NamedTuple

ON_SERVER = "!"
"""Stands before the section of a part that only the server holds: the stored mail is a stand-in without it."""


class Place(NamedTuple):
    """Where the server keeps a mail."""

    folder: str
    uidvalidity: int
    uid: int


class PartPlace(NamedTuple):
    """A part of a mail: IMAP section number, and whether the stored bytes hold it."""

    remote_id: str
    section: str
    stored: bool


def remote_id(folder: str, uidvalidity: int, uid: int) -> str:
    """A mail's id, unique within the account for all time (RFC 3501 section 2.3.1.1)."""
    return f"{folder};{uidvalidity};{uid}"


def read_remote_id(text: str) -> Place | None:
    """The place behind an id, None when it is none of ours. Folder names may hold semicolons."""
    words = text.rsplit(";", 2)
    if len(words) != 3 or not words[1].isdecimal() or not words[2].isdecimal():
        return None
    return Place(words[0], int(words[1]), int(words[2]))


def locator(mail_id: str, section: str, *, stored: bool = True) -> str:
    """What finds a part again."""
    return f"{mail_id}#{'' if stored else ON_SERVER}{section}"


def read_locator(text: str) -> PartPlace:
    """The parts of a locator."""
    mail_id, _, section = text.rpartition("#")
    return PartPlace(mail_id, section.removeprefix(ON_SERVER), not section.startswith(ON_SERVER))
