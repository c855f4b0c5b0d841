"""The pool of parsing children: items in, events or reasons out, whatever the items do to their reader.

Mail, HTML and webhook bodies are understood in other processes (:mod:`csconsole.sync.parse_child`). Items go
there in batches; each answer comes back by itself, so that after a child's death it is known which item killed
it: that one gets a reason for quarantine, the rest goes to a new child.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Sequence

import msgspec

from csconsole.connectors.base import RawItem
from csconsole.errors import ConnectorError, PayloadError
from csconsole.sync.ingest import Parsed
from csconsole.sync.parse_child import CPU_SECONDS, OUT_OF_MEMORY
from csconsole.sync.wire import HEADER, LONGEST, Answer, Batch, Recipe, frame
from csconsole.text.sanitize import safe_line

BATCH_ITEMS = 50
BATCH_BYTES = 1024 * 1024
"""A batch ends with the item that exceeds one of these."""
WALL_SECONDS = 30.0
"""Seconds a child may be silent over one item; a machine under load computes slowly."""
START_SECONDS = 30.0
_REASON_LENGTH = 300

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Answer)


class _DeadError(Exception):
    """The child ended in the middle of its work; ``certain``: this very item was to blame."""

    def __init__(self, reason: str, *, certain: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.certain = certain


class _Child:
    """One running child."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.answered = 0

    @classmethod
    async def start(cls) -> _Child:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "csconsole.sync.parse_child",
            str(os.getpid()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_environment(),
            limit=1 << 22,
        )
        child = cls(process)
        try:
            await child.receive(START_SECONDS)
        except _DeadError as death:
            child.kill()
            await child.reap()
            raise ConnectorError(
                f"The reader of messages cannot start ({death.reason}); run csconsole doctor."
            ) from None
        except BaseException:
            child.kill()
            raise
        return child

    async def submit(self, recipe: bytes, items: Sequence[RawItem], locator: str = "") -> None:
        writer = self.process.stdin
        assert writer is not None
        try:
            writer.write(frame(_encoder.encode(Batch(recipe, list(items), locator))))
            await writer.drain()
        except ConnectionError:
            return  # its answers will tell why it died

    async def receive(self, seconds: float = WALL_SECONDS) -> Answer:
        reader = self.process.stdout
        assert reader is not None
        try:
            async with asyncio.timeout(seconds):
                (length,) = HEADER.unpack(await reader.readexactly(HEADER.size))
                if length > LONGEST:
                    raise _DeadError("It is too long when understood.", certain=True)
                return _decoder.decode(await reader.readexactly(length))
        except TimeoutError:
            raise _DeadError(f"It took longer than {seconds:.0f} seconds to read.", certain=True) from None
        except msgspec.MsgspecError:
            raise _DeadError("Its reader answered with nonsense.", certain=True) from None
        except asyncio.IncompleteReadError:
            raise await self._death() from None

    async def _death(self) -> _DeadError:
        code = await self.process.wait()
        if code == -signal.SIGXCPU:
            return _DeadError(f"It took more than {CPU_SECONDS} seconds of computing to read.", certain=True)
        if code == OUT_OF_MEMORY:
            return _DeadError("It needs more memory to read than is allowed.", certain=False)
        return _DeadError(f"Its reader died ({-code if code < 0 else code}).", certain=False)

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()

    async def reap(self) -> None:
        """Waits for the end and closes the pipes, whatever is still in them."""
        with contextlib.suppress(ConnectionError):
            await self.process.communicate()


class Parser:
    """Understands items in children; made once per worker.

    Args:
        size: how many children at most; they start when first needed.
    """

    def __init__(self, size: int | None = None) -> None:
        count = size or min(2, os.cpu_count() or 1)
        self._slots: asyncio.Queue[_Child | None] = asyncio.Queue()
        for _ in range(count):
            self._slots.put_nowait(None)
        self._children: set[_Child] = set()
        self._reaping: set[asyncio.Task[None]] = set()

    async def parse(self, recipe: Recipe, items: Sequence[RawItem]) -> list[Parsed]:
        """Understands items, in their order.

        Raises:
            ConnectorError: no child can serve this account; nothing is said about the items.
        """
        encoded = _encoder.encode(recipe)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._guard(encoded, batch)) for batch in batches(items)]
        results = [task.result() for task in tasks]
        for result in results:
            if isinstance(result, ConnectorError):
                raise result
        return [parsed for result in results if not isinstance(result, ConnectorError) for parsed in result]

    async def extract(self, recipe: Recipe, item: RawItem, locator: str) -> bytes | None:
        """The content of an attachment inside an item's bytes, None where they do not hold it.

        Raises:
            PayloadError: it cannot be unpacked within the limits.
            ConnectorError: no child can serve this account.
        """
        child = await self._slots.get()
        try:
            if child is None:
                child = await _Child.start()
                self._children.add(child)
            await child.submit(_encoder.encode(recipe), [item], locator)
            answer = await child.receive()
            child.answered += 1
        except BaseException as error:
            if child is not None:
                self._drop(child)
                child = None
            if isinstance(error, _DeadError):
                raise PayloadError(f"This file cannot be unpacked: {error.reason}") from None
            raise
        finally:
            self._slots.put_nowait(child)
        if answer.unusable:
            raise ConnectorError(f"The reader of messages cannot load the connector ({answer.error}).")
        if answer.error:
            raise PayloadError(safe_line(answer.error, _REASON_LENGTH))
        return answer.content

    async def _guard(self, recipe: bytes, items: Sequence[RawItem]) -> list[Parsed] | ConnectorError:
        """One batch; an expected error as a value, since a group would wrap it."""
        try:
            return await self._batch(recipe, items)
        except ConnectorError as error:
            return error

    async def _batch(self, recipe: bytes, items: Sequence[RawItem]) -> list[Parsed]:
        done: list[Parsed] = []
        child = await self._slots.get()
        try:
            while len(done) < len(items):
                if child is None:
                    child = await _Child.start()
                    self._children.add(child)
                try:
                    await self._exchange(child, recipe, items[len(done) :], done.append)
                except _DeadError as death:
                    fresh = child.answered == 0
                    self._drop(child)
                    child = None
                    if death.certain or fresh:
                        done.append(Parsed(items[len(done)], error=death.reason))
        except BaseException:
            if child is not None:
                self._drop(child)
                child = None
            raise
        finally:
            self._slots.put_nowait(child)
        return done

    @staticmethod
    async def _exchange(
        child: _Child, recipe: bytes, items: Sequence[RawItem], take: Callable[[Parsed], object]
    ) -> None:
        await child.submit(recipe, items)
        for item in items:
            answer = await child.receive()
            if answer.unusable:
                raise ConnectorError(f"The reader of messages cannot load the connector ({answer.error}).")
            child.answered += 1
            if answer.events is None:
                take(Parsed(item, error=safe_line(answer.error, _REASON_LENGTH) or "It could not be understood."))
            else:
                take(Parsed(item, answer.events))

    def _drop(self, child: _Child) -> None:
        child.kill()
        self._children.discard(child)
        task = asyncio.create_task(child.reap())
        self._reaping.add(task)
        task.add_done_callback(self._reaping.discard)

    async def close(self) -> None:
        """Ends every child and waits for their end."""
        for child in list(self._children):
            self._drop(child)
        await asyncio.gather(*self._reaping)


def batches(items: Sequence[RawItem]) -> list[Sequence[RawItem]]:
    """Cuts items into batches of a size worth a round trip."""
    found: list[Sequence[RawItem]] = []
    start, size = 0, 0
    for index, item in enumerate(items):
        size += len(item.raw)
        if index + 1 - start >= BATCH_ITEMS or size >= BATCH_BYTES:
            found.append(items[start : index + 1])
            start, size = index + 1, 0
    if start < len(items):
        found.append(items[start:])
    return found


def _environment() -> dict[str, str]:
    """What a child may know: where the code lies, and no secret of ours."""
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "PATH", "TZ") if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PYTHONUTF8": "1"}
