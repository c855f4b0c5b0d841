"""Mail in files: single mails, directories of them, mbox and Maildir, read one after another in a stable order.

Nothing is held but the mail being read and the names of one directory, however large the mailbox. A file that cannot
be read is told and passed over; a mail too large to be understood is told with its size.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from email.utils import mktime_tz, parsedate_tz
from pathlib import Path
from typing import BinaryIO

import msgspec

from csconsole.clock import SECOND
from csconsole.connectors.base import RawItem
from csconsole.errors import UsageError
from csconsole.text.sanitize import safe_line
from csconsole.text.utf7 import decode_folder

LARGEST = 64 * 1024 * 1024
"""Bytes of a mail that is still read; what is larger stays in its file and is named in quarantine."""

_LATEST = 4_102_444_800_000
"""2100-01-01 in ms UTC: a later date is nonsense, and sorts before everything else for ever."""

_FROM_LINE = re.compile(rb"From .*\b\d{1,2}:\d\d(:\d\d)?\b.*\b\d{4}\b")
_STRICT_FROM_LINE = re.compile(
    rb"From \S+ +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) +[A-Z][a-z]{2} +\d{1,2} +\d\d:\d\d(?::\d\d)?(?: +[A-Z+-]\S*)? +\d{4}\b"
)
"""The form of RFC 4155, believed without an empty line before it too: a mail may end in the middle of a line."""
_QUOTED_FROM = re.compile(rb"(?m)^>(>*From )")
_CONTENT_LENGTH = re.compile(rb"(?im)^content-length:[ \t]*([0-9]{1,12})[ \t]*\r?$")
_SENT = re.compile(
    r"(?:sent(?:[ -]?(?:items|mail|messages))?|gesendet.*|ส่งแล้ว|จดหมายที่ส่ง(?:แล้ว)?|รายการที่(?:ถูก)?ส่ง)", re.IGNORECASE
)
_DRAFTS = re.compile(r"(?:drafts?|ร่างจดหมาย|จดหมายร่าง|ร่าง|แบบร่าง)", re.IGNORECASE)
_MAIL_ENDINGS = (".eml", ".mbox", ".mbx")


class Found(msgspec.Struct, frozen=True):
    """What stands at one place of the files.

    Attributes:
        item: the mail, None where there is none to store.
        consumed: bytes of the files read for it.
        problem: why a file could not be read, with its path; "" for a mail.
        is_draft: never sent: it is no part of any conversation.
    """

    item: RawItem | None
    consumed: int
    problem: str = ""
    is_draft: bool = False


def mails(path: Path) -> Iterator[Found]:
    """The mails below a path.

    Raises:
        UsageError: nothing there is mail.
    """
    if not path.exists():
        raise UsageError(f"{path} does not exist.")
    found = False
    for one in _walk(path):
        found = True
        yield one
    if not found:
        raise UsageError(f"{path} holds no mail: give an .eml file, a directory of them, an mbox or a Maildir.")


def measure(path: Path) -> int:
    """How many bytes :func:`mails` will go through, to show how far it is."""
    return sum(_size(file) for file in _all_files(path))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


# -- where mail lies -------------------------------------------------------------------------------------


def _all_files(path: Path) -> Iterator[Path]:
    for place, is_maildir in _places(path):
        if is_maildir:
            for part in ("cur", "new"):
                yield from _files(place / part)
        else:
            yield place


def _walk(path: Path) -> Iterator[Found]:
    for place, is_maildir in _places(path):
        yield from _maildir(place) if is_maildir else _file(place)


def _places(path: Path) -> Iterator[tuple[Path, bool]]:
    """Files of mail and (True) folders of Maildirs: subdirectories with a dot (Maildir++), or nested by name.

    In directories that are no Maildir a file is mail by the ending of its name, or when it begins like an mbox.
    """
    if path.is_file():
        yield path, False
        return
    is_maildir = (path / "cur").is_dir()
    if is_maildir:
        yield path, True
    else:
        for name in _names(path, directories=False):
            file = path / name
            if file.suffix.lower() in _MAIL_ENDINGS or _is_mbox(file):
                yield file, False
    for name in _names(path, directories=True):
        if not is_maildir or name not in ("cur", "new", "tmp"):
            yield from _places(path / name)


def _names(folder: Path, *, directories: bool) -> list[str]:
    """Names in a directory, in order; none of one that cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            return sorted(one.name for one in entries if (one.is_dir() if directories else one.is_file()))
    except OSError:
        return []


def _files(folder: Path) -> Iterator[Path]:
    for name in _names(folder, directories=False):
        if not name.startswith("."):
            yield folder / name


def _folder_name(folder: Path) -> str:
    """The last part of a folder's name in words: Maildir++ joins the parts with dots and writes modified UTF-7."""
    return decode_folder(folder.name.lstrip(".")).replace("/", ".").rpartition(".")[2].strip()


def _maildir(folder: Path) -> Iterator[Found]:
    name = _folder_name(folder)
    sent, drafts = bool(_SENT.fullmatch(name)), bool(_DRAFTS.fullmatch(name))
    for part in ("cur", "new"):
        for file in _files(folder / part):
            flags = file.name.rpartition(":2,")[2] if ":2," in file.name else ""
            yield _whole(file, folder=name, sent=sent, draft=drafts or "D" in flags)


# -- one file --------------------------------------------------------------------------------------------


def _file(path: Path) -> Iterator[Found]:
    name = path.stem if path.suffix.lower() in _MAIL_ENDINGS[1:] or not path.suffix else path.parent.name
    sent, draft = bool(_SENT.fullmatch(name)), bool(_DRAFTS.fullmatch(name))
    if not _is_mbox(path):
        yield _whole(path, folder=name, sent=sent, draft=draft)
        return
    try:
        with path.open("rb") as stream:
            for raw, start, from_line, size in _mbox(stream):
                yield _found(raw, path, size, folder=name, sent=sent, draft=draft, place=start, from_line=from_line)
    except OSError as error:
        yield _unreadable(path, error)


def _is_mbox(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stat.S_ISREG(os.fstat(stream.fileno()).st_mode) and bool(_FROM_LINE.match(stream.readline(1000)))
    except OSError:
        return False


def _whole(path: Path, *, folder: str, sent: bool, draft: bool) -> Found:
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            raw = stream.read(LARGEST + 1)
    except OSError as error:
        return _unreadable(path, error)
    return _found(raw, path, max(size, len(raw)), folder=folder, sent=sent, draft=draft)


def _unreadable(path: Path, error: OSError) -> Found:
    return Found(None, 0, problem=safe_line(f"{path} cannot be read: {error.strerror or error}"))


def _mbox(stream: BinaryIO) -> Iterator[tuple[bytes, int, bytes, int]]:
    """The mails of an mbox (RFC 4155): ``(mail, offset, From line, bytes in the file)``.

    Bodies end where ``Content-Length`` says, if a mail or the file's end stands there (mboxcl, Dovecot); else at the
    next ``From `` line, and ``>From `` loses its quote (mboxo, mboxrd).
    """
    from_line = stream.readline()
    while from_line:
        start = stream.tell()
        raw, counted = _counted(stream, start)
        if counted:
            size = stream.tell() - start
            following = stream.readline()
            while following in (b"\n", b"\r\n"):
                following = stream.readline()
        else:
            stream.seek(start)
            raw, size, following = _to_next(stream)
        yield raw, start, from_line, size + len(from_line)
        from_line = following


def _counted(stream: BinaryIO, start: int) -> tuple[bytes, bool]:
    """The mail by its ``Content-Length``, after which the stream stands; False when it states none or a wrong one."""
    head: list[bytes] = []
    size = 0
    for line in stream:
        head.append(line)
        size += len(line)
        if line in (b"\n", b"\r\n") or size > 1_000_000:
            break
    stated = _CONTENT_LENGTH.search(b"".join(head))
    if stated is None or int(stated[1]) > LARGEST:
        return b"", False
    body = stream.read(int(stated[1]))
    if len(body) < int(stated[1]):
        return b"", False
    end = stream.tell()
    line = stream.readline()
    while line in (b"\n", b"\r\n"):
        line = stream.readline()
    if line and not _FROM_LINE.match(line):
        return b"", False
    stream.seek(end)
    return b"".join(head) + body, True


def _to_next(stream: BinaryIO) -> tuple[bytes, int, bytes]:
    """The mail up to the next ``From `` line, its bytes in the file, and that line."""
    lines: list[bytes] = []
    size = 0
    blank = False
    following = b""
    for line in stream:
        if (_FROM_LINE if blank else _STRICT_FROM_LINE).match(line):
            following = line
            break
        blank = line in (b"\n", b"\r\n")
        if size <= LARGEST:
            lines.append(line)
        size += len(line)
    if lines and lines[-1] in (b"\n", b"\r\n") and size <= LARGEST:
        lines.pop()
    return _QUOTED_FROM.sub(rb"\1", b"".join(lines)), size, following


# -- one mail --------------------------------------------------------------------------------------------


def _found(
    raw: bytes,
    path: Path,
    size: int,
    *,
    folder: str,
    sent: bool,
    draft: bool,
    place: int = 0,
    from_line: bytes = b"",
) -> Found:
    """A mail as the connector's readers know it; its id is made of its bytes."""
    if draft:
        return Found(None, size, is_draft=True)
    meta: dict[str, object] = {"folder": safe_line(folder)}
    if sent:
        meta["sent"] = True
    identity = hashlib.sha256(raw)
    at = _received_at(raw)
    if len(raw) > LARGEST:
        identity = hashlib.sha256(f"{path}\0{place}\0{size}".encode("utf-8", "surrogateescape"))
        meta["error"] = safe_line(
            f"It has {size // 1_000_000} MB, more than {LARGEST // 1_000_000} MB; it stays in {path}"
        )
        raw = b""
    if not at:
        at = _instant(from_line.decode("latin-1").split(" ", 2)[-1]) or _mtime(path)
    return Found(
        RawItem(
            remote_id=f"import:{identity.hexdigest()[:40]}", kind="rfc822", raw=raw, received_at=at, meta=dict(meta)
        ),
        size,
    )


def _mtime(path: Path) -> int:
    try:
        return int(path.stat().st_mtime) * SECOND
    except OSError:
        return 0


def _received_at(raw: bytes) -> int:
    """When a mail was delivered: its topmost ``Received``, else its ``Date`` (RFC 5322 section 3.6), ms UTC; 0 for
    neither."""
    head = re.split(rb"\r?\n\r?\n", raw[:200_000], maxsplit=1)[0]
    unfolded = re.sub(rb"\r?\n[ \t]+", b" ", head).decode("latin-1")
    fields: dict[str, str] = {}
    for line in unfolded.splitlines():
        field, colon, value = line.partition(":")
        if colon:
            fields.setdefault(field.strip().lower(), value)
    for value in (fields.get("received", "").rpartition(";")[2], fields.get("date", "")):
        at = _instant(value)
        if at:
            return at
    return 0


def _instant(text: str) -> int:
    try:
        parsed = parsedate_tz(text.strip()[:100])
        at = int(mktime_tz(parsed)) * SECOND if parsed is not None else 0
        return at if 0 < at < _LATEST else 0
    except (ValueError, OverflowError, TypeError, IndexError):
        return 0
