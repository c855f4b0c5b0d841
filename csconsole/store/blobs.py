"""Raw payloads and files: up to 100 kB in the row, larger ones in ``blobs/<sha256>``.

A file is written to a temporary name, synced, renamed and its folder synced *before* the row that names
it: a crash leaves only a file nobody names, never a name without a file.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from csconsole.errors import DiskFullError, StoreError

INLINE = 100_000


def put(root: Path, data: bytes | None) -> tuple[bytes | None, str | None]:
    """Stores bytes; returns ``(inline bytes, sha256 of the file)``, one of them None.

    Raises:
        DiskFullError: nothing was stored.
        StoreError: the folder cannot be written.
    """
    if data is None or len(data) <= INLINE:
        return data, None
    return None, put_file(root, data)


def put_file(root: Path, data: bytes) -> str:
    """Stores bytes as a file and returns their SHA-256 in hex."""
    digest = _sha256(data)
    folder = root / "blobs"
    target = folder / digest
    if target.exists():
        return digest
    temporary = folder / f".{digest}.{os.urandom(4).hex()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(target)
        folder_fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder_fd)
        finally:
            os.close(folder_fd)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFullError(f"The disk is full, nothing new was saved in {folder}; free some space.") from error
        raise StoreError(f"{folder} cannot be written ({error.strerror}); check its owner and mode.") from error
    return digest


def get(root: Path, inline: bytes | None, digest: str | None) -> bytes | None:
    """The bytes of a row's payload, None when it has none.

    Raises:
        StoreError: the file is missing or not what it was.
    """
    if digest is None:
        return inline
    return get_file(root, digest)


def get_file(root: Path, digest: str) -> bytes:
    """The bytes of a blob file, checked against its name.

    Raises:
        StoreError: the file is missing or not what it was.
    """
    try:
        data = (root / "blobs" / digest).read_bytes()
    except OSError as error:
        raise StoreError(f"The stored file {digest[:12]} is missing; restore a backup.") from error
    if _sha256(data) != digest:
        raise StoreError(f"The stored file {digest[:12]} is damaged; restore a backup.")
    return data


def _sha256(data: bytes) -> str:
    import hashlib  # loads OpenSSL, 4 MiB: only who stores or opens a file needs it

    return hashlib.sha256(data).hexdigest()
