"""The store as the worker uses it: from one thread, so that the network is never kept waiting by a disk.

Everything the worker does to the store passes through a single thread, in order. The event loop only awaits;
IDLE connections, other accounts and the children go on while a page is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

from csconsole.clock import Clock
from csconsole.store.database import Store, Tx

P = ParamSpec("P")
T = TypeVar("T")


class Access:
    """The worker's way to the store.

    Args:
        store: the data directory's database; stays open when this is closed.
        clock: gives every transaction its instant.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")

    async def call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs something that brings its own transactions, or only reads.

        Once begun it runs to its end, even when the caller is cancelled meanwhile.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *args, **kwargs))

    async def read(self, work: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs ``work(store, ...)``."""
        return await self.call(partial(work, self.store, *args, **kwargs))

    async def write(self, work: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs ``work(tx, ...)`` in a short transaction of its own and returns when it is committed.

        Raises:
            StoreError: nothing was written.
        """

        def transaction() -> T:
            with self.store.transaction(self.clock.now()) as tx:
                return work(tx, *args, **kwargs)

        return await self.call(transaction)

    async def bulk(self, work: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Like :meth:`write`, after letting every waiting person go first; at most 200 rows or 25 ms.

        Raises:
            StoreError: nothing was written.
        """

        def transaction() -> T:
            with self.store.transaction(self.clock.now(), bulk=True) as tx:
                return work(tx, *args, **kwargs)

        return await self.call(transaction)

    def close(self) -> None:
        """Waits for what was begun and ends the thread."""
        self._thread.shutdown(wait=True)
