"""The reader thread: every read that is not needed for the very next frame happens there.

One thread, one queue: reads stay in order, the store's connection of that thread is reused, and the event
loop never waits for the disk.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")

Done = Callable[[Any], None]


class Background:
    """Runs reads in a daemon thread and hands results to the event loop.

    Args:
        post: schedules a callable on the event loop (``App.call_from_thread`` without waiting).
        failed: told of an exception of a read, on the event loop.
    """

    def __init__(self, post: Callable[[Callable[[], None]], None], failed: Callable[[Exception], None]) -> None:
        self._post = post
        self._failed = failed
        self._work: deque[tuple[str, Callable[[], Any], Done]] = deque()
        self._ready = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self._thread.start()

    def run(self, name: str, read: Callable[[], T], done: Callable[[T], None]) -> None:
        """Queues a read; one of the same name that has not begun is replaced, since only its newest counts.

        Args:
            name: what is read, such as ``queue``.
            read: runs in the thread.
            done: gets the result on the event loop.
        """
        with self._ready:
            for waiting in list(self._work):
                if waiting[0] == name:
                    self._work.remove(waiting)
            self._work.append((name, read, done))
            self._ready.notify()

    def stop(self) -> None:
        """Ends the thread after the read it is in."""
        with self._ready:
            self._stopped = True
            self._work.clear()
            self._ready.notify()

    def _run(self) -> None:
        while True:
            with self._ready:
                while not self._work and not self._stopped:
                    self._ready.wait()
                if self._stopped:
                    return
                _, read, done = self._work.popleft()
            try:
                result = read()
            except Exception as error:
                self._hand_over(partial(self._failed, error))
                continue
            self._hand_over(partial(done, result))

    def _hand_over(self, action: Callable[[], None]) -> None:
        if not self._stopped:
            self._post(action)
