"""A TCP proxy that breaks connections on order: cuts, black holes, refusals, at a byte or at a word of the protocol.

It sits between a client under test and a real server, and remembers what passed, so that a test can say not
only that the client recovered but also what the server had really been given when the line broke.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal

Direction = Literal["to_server", "to_client"]
Action = Literal["cut", "stall", "half", "repeat", "replace"]


@dataclass
class Rule:
    """When to break a connection.

    Attributes:
        action: ``cut`` ends the connection, with a reset for the client; ``stall`` keeps them open and lets
        nothing pass any more; ``half`` ends in order what the client is sent, and takes what it still says;
        ``repeat`` lets the match pass twice and ``replace`` lets something else pass, and neither breaks anything.
        direction: which stream is watched.
        after_bytes: break once this many bytes passed in that direction, or None.
        pattern: break where this was seen in that direction, or None.
        swallow: with a pattern: hold back the bytes of the match itself (a lost answer); otherwise they pass.
        connections: for how many connections it holds, None for all.
        instead: what passes in the place of the match.
    """

    action: Action
    direction: Direction
    after_bytes: int | None = None
    pattern: re.Pattern[bytes] | None = None
    swallow: bool = False
    connections: int | None = 1
    instead: bytes = b""

    def altered(self, chunk: bytes) -> bytes:
        """Returns what passes of a chunk that is not broken but changed."""
        if self.pattern is None:
            return chunk
        if self.action == "repeat":
            return self.pattern.sub(lambda match: match[0] * 2, chunk)
        return self.pattern.sub(lambda _: self.instead, chunk)

    def break_at(self, passed: bytes, chunk: bytes) -> int | None:
        """Returns how much of ``chunk`` may still pass before the break, None when there is none yet.

        Args:
            passed: all bytes of this direction so far.
            chunk: the bytes that follow.
        """
        if self.after_bytes is not None and len(passed) + len(chunk) >= self.after_bytes:
            return max(0, self.after_bytes - len(passed))
        if self.pattern is not None:
            match = self.pattern.search(passed + chunk)
            if match is not None:
                return max(0, (match.start() if self.swallow else match.end()) - len(passed))
        return None


@dataclass
class Connection:
    """One connection that came through.

    Attributes:
        to_server: the bytes that reached the server.
        to_client: the bytes that reached the client.
        broken: what broke it, or None.
    """

    to_server: bytearray = field(default_factory=bytearray)
    to_client: bytearray = field(default_factory=bytearray)
    broken: Action | None = None
    rules: list[Rule] = field(default_factory=list)


class FaultProxy:
    """Listens on a free loopback port (:attr:`port`) and forwards to a server; use it as a context manager.

    Rules apply to connections made after they were set, and by default to one connection only, so that a
    retry works.
    """

    def __init__(self) -> None:
        self.connections: list[Connection] = []
        self._upstream: int | None = None
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._listener: socket.socket | None = None
        self._sockets: set[socket.socket] = set()
        self._closed = False
        self.port = 0

    def __enter__(self) -> FaultProxy:
        self.accept()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        self.refuse()
        self.break_now()

    def forward(self, port: int) -> FaultProxy:
        """Sets the server: a port of 127.0.0.1."""
        self._upstream = port
        return self

    # Orders

    def cut(
        self,
        direction: Direction,
        *,
        after: bytes | None = None,
        after_bytes: int | None = None,
        swallow: bool = False,
        connections: int | None = 1,
    ) -> None:
        """Ends the connection at a place in one stream: the client sees a reset, the server a lost client.

        Args:
            direction: the stream to watch.
            after: a regular expression; ``rb"^250 2.0.0 Ok: queued"`` to the client with ``swallow`` loses
                the answer to a message the server took, ``rb"\\r\\nSubject:"`` to the server breaks inside
                DATA.
            after_bytes: a number of bytes instead.
            swallow: do not let the match itself pass.
            connections: for how many coming connections, None for all.
        """
        self._add("cut", direction, after, after_bytes, swallow, connections)

    def stall(
        self,
        direction: Direction,
        *,
        after: bytes | None = None,
        after_bytes: int | None = None,
        swallow: bool = False,
        connections: int | None = 1,
    ) -> None:
        """Makes the line a black hole at a place in one stream: open, but silent both ways. See :meth:`cut`."""
        self._add("stall", direction, after, after_bytes, swallow, connections)

    def half_close(self, after: bytes, *, swallow: bool = False, connections: int | None = 1) -> None:
        """Ends in order what the server says at a place of it, while what the client says still arrives."""
        self._add("half", "to_client", after, None, swallow, connections)

    def repeat(self, after: bytes, *, connections: int | None = 1) -> None:
        """Lets a part of what the server says arrive twice, where it comes in one piece."""
        self._add("repeat", "to_client", after, None, False, connections)

    def replace(self, after: bytes, instead: bytes, *, connections: int | None = 1) -> None:
        """Lets the server say something else, where it comes in one piece: a storm of refusals."""
        self._add("replace", "to_client", after, None, False, connections, instead)

    def _add(
        self,
        action: Action,
        direction: Direction,
        after: bytes | None,
        after_bytes: int | None,
        swallow: bool,
        connections: int | None,
        instead: bytes = b"",
    ) -> None:
        if (after is None) == (after_bytes is None):
            raise ValueError("give either after or after_bytes")
        pattern = None if after is None else re.compile(after, re.MULTILINE)
        with self._lock:
            self._rules.append(Rule(action, direction, after_bytes, pattern, swallow, connections, instead))

    def clear(self) -> None:
        """Forgets the rules for coming connections."""
        with self._lock:
            self._rules.clear()

    def refuse(self) -> None:
        """Refuses new connections; those that stand go on."""
        listener, self._listener = self._listener, None
        if listener is not None:
            # close() alone leaves a thread blocked in accept(), and with it the port open.
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def accept(self) -> None:
        """Takes connections again, on the same port."""
        if self._listener is not None:
            return
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._serve, args=(listener,), daemon=True).start()

    def break_now(self) -> None:
        """Resets every connection that stands."""
        with self._lock:
            sockets, self._sockets = self._sockets, set()
        for sock in sockets:
            _reset(sock)

    def wait_for_break(self, count: int = 1, timeout: float = 20.0) -> list[Connection]:
        """Returns the connections that rules broke, once there are ``count``."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._broken()) >= count, timeout):
                raise TimeoutError(f"{len(self._broken())} of {count} connections broke within {timeout:g} s")
            return self._broken()

    def _broken(self) -> list[Connection]:
        return [connection for connection in self.connections if connection.broken is not None]

    # Traffic

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                if self._upstream is None:
                    raise OSError("no server was set")
                server = socket.create_connection(("127.0.0.1", self._upstream), timeout=10)
                server.settimeout(None)
            except OSError:
                _reset(client)
                continue
            connection = Connection()
            with self._lock:
                for rule in self._rules:
                    if rule.connections is None or rule.connections > 0:
                        connection.rules.append(rule)
                        if rule.connections is not None:
                            rule.connections -= 1
                self.connections.append(connection)
                self._sockets |= {client, server}
            for source, target, direction in ((client, server, "to_server"), (server, client, "to_client")):
                threading.Thread(target=self._pump, args=(connection, source, target, direction), daemon=True).start()

    def _pump(self, connection: Connection, source: socket.socket, target: socket.socket, direction: Direction) -> None:
        passed = connection.to_server if direction == "to_server" else connection.to_client
        while True:
            try:
                chunk = source.recv(65536)
            except OSError:
                chunk = b""
            if not chunk:
                _finish(target)
                return
            with self._changed:
                if connection.broken is not None:
                    continue
                for rule in connection.rules:
                    if rule.action in ("repeat", "replace"):
                        chunk = rule.altered(chunk) if rule.direction == direction else chunk
                        continue
                    length = rule.break_at(bytes(passed), chunk) if rule.direction == direction else None
                    if length is not None:
                        connection.broken = rule.action
                        chunk = chunk[:length]
                        break
            if chunk:
                passed += chunk
                try:
                    target.sendall(chunk)
                except OSError:
                    return
            if connection.broken is not None:
                with self._changed:
                    self._changed.notify_all()
                if connection.broken == "half":
                    _finish(target)
                elif connection.broken == "cut":
                    # The server sees an orderly end, so that what passed before the cut surely reached it.
                    client, server = (source, target) if direction == "to_server" else (target, source)
                    _end(server)
                    _reset(client)
                    return


def _finish(sock: socket.socket) -> None:
    """Passes an orderly end on."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)


def _end(sock: socket.socket) -> None:
    """Closes in order and wakes a thread that reads from it."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()


def _reset(sock: socket.socket) -> None:
    """Closes with RST, as a dead line or a killed peer does, and wakes a thread that reads from it."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.shutdown(socket.SHUT_RD)
    sock.close()
