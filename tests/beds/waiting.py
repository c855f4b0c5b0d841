"""Waiting for another process: polls with a growing pause, and says what it waited for when it gives up."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(probe: Callable[[], T], what: str, timeout: float = 20.0) -> T:
    """Returns the first true value of ``probe``.

    Args:
        probe: asked again and again, first at once; OSError counts as "not yet".
        what: completes "gave up waiting for ...".
        timeout: seconds, generous: it is reached only by a failure.

    Raises:
        TimeoutError: ``probe`` gave nothing true in time; the last value and error are in the message.
    """
    deadline = time.monotonic() + timeout
    pause = 0.005
    never = threading.Event()
    while True:
        last: object = None
        try:
            value = probe()
            if value:
                return value
            last = value
        except OSError as error:
            last = error
        if time.monotonic() >= deadline:
            raise TimeoutError(f"gave up waiting for {what} after {timeout:g} s; last: {last!r}")
        never.wait(pause)
        pause = min(pause * 1.5, 0.1)


def free_ports(count: int) -> list[int]:
    """Returns ``count`` different TCP ports of the loopback that nobody listens on now."""
    held = [socket.socket() for _ in range(count)]
    try:
        for sock in held:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in held]
    finally:
        for sock in held:
            sock.close()


def wait_for_greeting(port: int, start: bytes, what: str, timeout: float = 20.0) -> None:
    """Waits until the server on ``port`` greets with a line that begins with ``start``."""

    def greets() -> bool:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
            return sock.recv(512).startswith(start)

    wait_until(greets, what, timeout)
