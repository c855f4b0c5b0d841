"""The process that reads what strangers wrote: it understands items with limits on time and memory.

Started as ``python -m csconsole.sync.parse_child PARENT``; spawned, never forked, so that it inherits no lock,
no connection and no secret. It dies with its parent. One item may use five seconds of computing; the whole
process 512 MiB. What goes beyond dies here and costs one item, not the worker.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from importlib import import_module
from typing import BinaryIO

import msgspec

from csconsole.connectors.base import AccountContext, Connector, RawItem
from csconsole.domain.settings import decode
from csconsole.errors import PayloadError
from csconsole.sync.wire import HEADER, Answer, Batch, Recipe, frame

MEMORY = 512 * 1024 * 1024
"""Bytes of address space."""
CPU_SECONDS = 5
"""Seconds of computing for one item."""
OUT_OF_MEMORY = 12
"""Exit code of a child whose memory ran out."""

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Serves batches until the parent closes the pipe."""
    _confine(int(sys.argv[1]))
    source, sink = _pipes()
    encoder = msgspec.msgpack.Encoder()
    decoder = msgspec.msgpack.Decoder(Batch)
    known: dict[bytes, tuple[type[Connector], AccountContext]] = {}
    sink.write(frame(encoder.encode(Answer())))
    sink.flush()
    while (body := _read(source)) is not None:
        batch = decoder.decode(body)
        try:
            served = known.get(batch.recipe) or known.setdefault(batch.recipe, _serve(batch.recipe))
        except Exception as error:
            answer = Answer(error=f"{type(error).__name__}: {error}", unusable=True)
            sink.write(frame(encoder.encode(answer)))
            sink.flush()
            continue
        for item in batch.items:
            _allow_cpu()
            sink.write(frame(_answer(encoder, *served, item, batch.locator)))
            sink.flush()


def _answer(
    encoder: msgspec.msgpack.Encoder, connector: type[Connector], account: AccountContext, item: RawItem, locator: str
) -> bytes:
    try:
        if locator:
            return encoder.encode(Answer(content=connector.extract(item, locator)))
        return encoder.encode(Answer(events=list(connector.normalise(item, account))))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except PayloadError as error:
        return encoder.encode(Answer(error=error.message or "It could not be understood."))
    except Exception as error:
        return encoder.encode(Answer(error=f"It could not be understood ({type(error).__name__})."))


def _serve(encoded: bytes) -> tuple[type[Connector], AccountContext]:
    recipe = msgspec.msgpack.decode(encoded, type=Recipe)
    module, _, name = recipe.target.partition(":")
    connector: type[Connector] = getattr(import_module(module), name)
    settings = decode(recipe.settings, connector.Settings) if connector.Settings is not None else None
    account = AccountContext(
        name=recipe.name,
        connector=recipe.connector,
        channel=recipe.channel,
        branch=recipe.branch,
        me=recipe.me,
        agent=recipe.agent,
        settings=settings,
    )
    return connector, account


def _confine(parent: int) -> None:
    """Dies with the parent, ignores the terminal's Ctrl+C, dumps no core, limits memory."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _allow_cpu() -> None:
    """Moves the limit of computing time ahead of what is used: it is counted per process in whole seconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + CPU_SECONDS + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the parent; whatever a library prints goes nowhere instead of between the frames."""
    source = os.fdopen(os.dup(0), "rb", buffering=1 << 16)
    sink = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    return source, sink


def _read(source: BinaryIO) -> bytes | None:
    header = source.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    (length,) = HEADER.unpack(header)
    body = source.read(length)
    return body if len(body) == length else None


if __name__ == "__main__":
    main()
