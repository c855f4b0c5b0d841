"""One round of sync as a process of its own, to be killed: ``python -m tests.faults.demo_round DATA CONFIG [BUG]``.

With the name of a bug the round is run with that mistake built in, to prove that the test would notice it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from csconsole.config.loader import load
from csconsole.connectors.registry import settings_type
from csconsole.paths import DataDir
from csconsole.store import accounts, outbox
from csconsole.store.database import Store, Tx
from csconsole.sync import clocks, ingest, settle
from csconsole.sync.worker import once


def _blind_retry() -> None:
    """What was being sent when the worker died is simply sent again."""

    def recover(tx: Tx) -> int:
        rows = outbox.in_state(tx, "sending")
        for row in rows:
            outbox.finish(tx, row.id, "queued", not_before=tx.now)
        return len(rows)

    settle.recover = recover


def _cursor_first() -> None:
    """The cursor is saved before the page, in a transaction of its own."""
    honest = ingest.apply_page

    def apply_page(store: Store, account: Any, page: Any, parsed: Any, clock: Any, **more: Any) -> ingest.Counts:
        with store.transaction(clock.now()) as tx:
            accounts.save_cursor(tx, account.id, page.next, total=page.total, added=0)
        return honest(store, account, page, parsed, clock, **more)

    ingest.apply_page = apply_page


BUGS = {"blind-retry": _blind_retry, "cursor-first": _cursor_first}


if __name__ == "__main__":
    if len(sys.argv) > 3:
        BUGS[sys.argv[3]]()
    data = DataDir(Path(sys.argv[1]))
    config = load(Path(sys.argv[2]), settings_type)
    once(config, data, clock=clocks.clock_for(config, data.root))
