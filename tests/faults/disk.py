"""A disk that loses power: what a process wrote is recorded, and any moment of it is played again with the writes
that were not synced yet dropped, torn or reordered.

The model, which is a little worse than a journalling file system is:

- a write is safe once its file was synced after it; before that each 512-byte sector of it may be there or not;
- a truncation is safe the same way;
- making, renaming and removing a name is safe once the folder was synced; before that a beginning of what was done
  to the names of a folder is there, in its order;
- memory-mapped writes are not modelled: only ``-shm`` is written so, and SQLite builds it anew.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

SECTOR = 512
END = -1
TRACED = (
    "openat,write,pwrite64,sendfile,fsync,fdatasync,ftruncate,rename,renameat,renameat2,link,linkat,unlink,unlinkat"
)
STRACE = ("-y", "-xx", "-s", "4000000", "-e", f"trace={TRACED}", "-e", "signal=none")

Kind = Literal["make", "write", "truncate", "sync", "rename", "link", "remove", "told"]


class Op(msgspec.Struct):
    """One thing that was done.

    Attributes:
        kind: what.
        path: to which file; the folder for a sync of one.
        other: the new name of a rename or link.
        at: offset of a write (:data:`END` for one at the end of the file), length of a truncation.
        data: bytes written, or the text acknowledged.
    """

    kind: Kind
    path: str
    other: str = ""
    at: int = 0
    data: bytes = b""


# -- recording ---------------------------------------------------------------------------------------------

_CALL = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+|\?).*$")
_BEGUN = re.compile(r"^(\d+) +(.*) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>(.*)$")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_FD = re.compile(r"(\d+)<((?:\\x[0-9a-f]{2})*)>")


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def recorded(log: Path, root: Path) -> list[Op]:
    """What a log of strace (with the options :data:`STRACE`) says was done to the files of a folder, in order."""
    return list(_recorded(log.read_text("ascii").splitlines(), str(root)))


def _recorded(lines: Iterable[str], root: str) -> Iterator[Op]:
    begun: dict[str, str] = {}
    offsets: dict[tuple[str, str], int] = {}
    for line in lines:
        if (half := _BEGUN.match(line)) is not None:
            begun[half[1]] = half[2]
            continue
        if (rest := _RESUMED.match(line)) is not None:
            line = f"{rest[1]} {begun.pop(rest[1], '')}{rest[2]}"
        call = _CALL.match(line)
        if call is None or call[4] in ("-1", "?"):
            continue
        op = _op(call[2], call[3], int(call[4]), offsets)
        if op is not None and (op.kind == "told" or op.path == root or op.path.startswith(f"{root}/")):
            yield op


def _op(name: str, arguments: str, result: int, offsets: dict[tuple[str, str], int]) -> Op | None:
    """The operation a system call was, None when it does not matter."""
    descriptor = _FD.match(arguments) if name != "openat" else None
    path = _bytes(descriptor[2]).decode() if descriptor else ""
    texts = [_bytes(found) for found in _TEXT.findall(arguments)]
    names = [text.decode() for text in texts] if name not in ("write", "pwrite64") else []
    if name == "openat":
        offsets[str(result), names[0]] = END if "O_APPEND" in arguments else 0
        return Op("make", names[0]) if "O_CREAT" in arguments or "O_TRUNC" in arguments else None
    if name in ("fsync", "fdatasync"):
        return Op("sync", path)
    if name == "ftruncate":
        return Op("truncate", path, at=int(arguments.rpartition(", ")[2]))
    if name.startswith("rename"):
        return Op("rename", names[0], other=names[1])
    if name.startswith("link"):
        return Op("link", names[0], other=names[1])
    if name.startswith("unlink"):
        return Op("remove", names[0])
    if name == "pwrite64":
        return Op("write", path, at=int(arguments.rpartition(", ")[2]), data=texts[0][:result])
    if descriptor is not None and descriptor[1] == "1":
        return Op("told", "", data=texts[0])
    if descriptor is None:
        return None
    at = _moved(offsets, (descriptor[1], path), result)
    if name == "sendfile":
        _, source = _FD.findall(arguments)
        came_from = _moved(offsets, (source[0], _bytes(source[1]).decode()), result)
        texts = [Path(_bytes(source[1]).decode()).read_bytes()[came_from : came_from + result]]
    return Op("write", path, at=at, data=texts[0][:result])


def _moved(offsets: dict[tuple[str, str], int], key: tuple[str, str], count: int) -> int:
    """Where a descriptor stands, and moves it on."""
    at = offsets.get(key, 0)
    if at != END:
        offsets[key] = at + count
    return at


# -- playing -----------------------------------------------------------------------------------------------


class _File:
    """A file: what is safe of it, and what was done to it since."""

    def __init__(self, data: bytes = b"") -> None:
        self.safe = bytearray(data)
        self.pending: list[Op] = []

    def sync(self) -> None:
        for op in self.pending:
            _apply(self.safe, op)
        self.pending.clear()

    def after(self, rng: random.Random | None) -> bytes:
        """Its content when power fails: chosen by ``rng``, or all of it without one."""
        data = bytearray(self.safe)
        for op in _surviving(self.pending, rng):
            _apply(data, op)
        return bytes(data)


def _apply(data: bytearray, op: Op) -> None:
    if op.kind == "truncate":
        if op.at < len(data):
            del data[op.at :]
        else:
            data.extend(bytes(op.at - len(data)))
        return
    if op.at == END:
        data.extend(op.data)
        return
    if len(data) < op.at:
        data.extend(bytes(op.at - len(data)))
    data[op.at : op.at + len(op.data)] = op.data


def _surviving(pending: list[Op], rng: random.Random | None) -> Iterator[Op]:
    """Which of the pending writes reached the disk, whole or in part."""
    if rng is None:
        yield from pending
        return
    way = rng.choice(("none", "beginning", "some", "torn", "torn", "last", "all"))
    if way == "none":
        return
    if way == "beginning":
        yield from pending[: rng.randrange(len(pending) + 1)]
        return
    if way == "last":
        yield from pending[-1:]
        return
    share = rng.random()
    for op in pending:
        if way == "all" or (rng.random() < share and way == "some") or (way == "torn" and op.kind == "truncate"):
            yield op
        elif way == "torn":
            for start in range(0, len(op.data), SECTOR):
                if rng.random() < share:
                    yield Op(
                        "write",
                        op.path,
                        at=END if op.at == END else op.at + start,
                        data=op.data[start : start + SECTOR],
                    )


class Disk:
    """The files of a folder while a recording is played.

    Args:
        files: content of every file at the beginning, by path.
        ignore: endings of names that are not modelled.
    """

    def __init__(self, files: dict[str, bytes], ignore: tuple[str, ...] = ("-shm",)) -> None:
        self.ignore = ignore
        self.names = {path: _File(data) for path, data in files.items() if not path.endswith(ignore)}
        self.safe_names = dict(self.names)
        self.pending: list[Op] = []
        self._files: list[_File] = []

    def play(self, op: Op) -> None:
        """Does what was done."""
        if op.path.endswith(self.ignore) or op.kind == "told":
            return
        if op.kind in ("make", "rename", "link", "remove"):
            self._name(op)
        elif op.kind == "sync":
            self._sync(op.path)
        elif op.path in self.names:
            self.names[op.path].pending.append(op)

    def _name(self, op: Op) -> None:
        if op.kind == "make" and op.path in self.names:
            return
        change = Op(op.kind, op.path, other=op.other, at=len(self._files))
        self._files.append(_File() if op.kind == "make" else self.names.get(op.path, _File()))
        self._rename(self.names, change)
        self.pending.append(change)

    def _rename(self, names: dict[str, _File], op: Op) -> None:
        file = self._files[op.at]
        if op.kind == "make":
            names[op.path] = file
        elif op.kind == "link":
            names[op.other] = file
        else:
            names.pop(op.path, None)
            if op.kind == "rename":
                names[op.other] = file

    def _sync(self, path: str) -> None:
        if path in self.names:
            self.names[path].sync()
            return
        # All folders of the place are synced with any of them, as one journal commits them.
        for op in self.pending:
            self._rename(self.safe_names, op)
        self.pending.clear()

    def after(self, rng: random.Random | None) -> dict[str, bytes]:
        """Every file with its content when power fails at this moment."""
        names = dict(self.safe_names)
        kept = len(self.pending) if rng is None or rng.random() < 0.5 else rng.randrange(len(self.pending) + 1)
        for op in self.pending[:kept]:
            self._rename(names, op)
        contents: dict[int, bytes] = {}
        for file in names.values():
            if id(file) not in contents:
                contents[id(file)] = file.after(rng)
        return {path: contents[id(file)] for path, file in names.items()}


def files_of(root: Path) -> dict[str, bytes]:
    """Every file below a folder with its content."""
    return {str(path): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def lay_out(files: dict[str, bytes], root: Path, target: Path) -> None:
    """Writes the files of ``root`` into another folder."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path, data in files.items():
        place = target / Path(path).relative_to(root)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.write_bytes(data)
        place.chmod(0o600)
