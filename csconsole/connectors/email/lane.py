"""One daemon thread for one blocking library object.

``asyncio.to_thread`` shares a pool whose threads the interpreter waits for at its end; a server that answers
nothing would then hold the whole program. A lane's thread is a daemon, works in order and belongs to one session.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


class Lane:
    """Runs blocking calls one after another in a thread of its own.

    Args:
        name: the thread's name, for debuggers.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs ``work`` in the lane and waits for its result.

        Cancelling the waiting task does not stop the call; its result is then dropped.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, name=self._name, daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def job() -> None:
            try:
                result = work(*args, **kwargs)
            except BaseException as error:
                _post(loop, _fail, future, error)
            else:
                _post(loop, _finish, future, result)

        self._jobs.put(job)
        return await future

    def stop(self) -> None:
        """Ends the thread after the call it is in; does not wait."""
        if self._thread is not None:
            self._thread = None
            self._jobs.put(None)

    def _loop(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            del job


def _post(loop: asyncio.AbstractEventLoop, call: Callable[..., None], *args: Any) -> None:
    try:
        loop.call_soon_threadsafe(call, *args)
    except RuntimeError:  # the loop is closed: nobody waits any more
        return


def _finish(future: asyncio.Future[T], result: T) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[T], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
