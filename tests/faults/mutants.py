"""The worker with a known fault built in, to prove that the tests would see it: ``python -m tests.faults.mutants
NAME DATA_DIR CONFIG [once]``. Nothing of this is in the product."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from csconsole.config.loader import load
from csconsole.connectors.registry import settings_type
from csconsole.paths import DataDir
from csconsole.store import accounts, outbox, refs
from csconsole.store.database import Store
from csconsole.sync import inbound, ingest, outcome, pulling, worker
from csconsole.sync.outcome import Outcome


def blind_retry() -> None:
    """A lost answer is sent again without asking anybody."""

    def again(*_: Any, **__: Any) -> Outcome:
        return Outcome("queued", "It is sent again.")

    outcome.lost = again


def phase_unwritten() -> None:
    """The phase is believed committed, but is not."""

    def forgotten(*_: Any) -> bool:
        return True

    outbox.set_phase = forgotten  # type: ignore[assignment]  # the fault


def cursor_first() -> None:
    """The cursor is committed before its page."""
    apply_page = ingest.apply_page

    def cursor_then_page(store: Store, account: Any, page: Any, parsed: Any, clock: Any, **options: Any) -> Any:
        with store.transaction(clock.now()) as tx:
            accounts.save_cursor(tx, account.id, page.next, total=page.total, added=0)
        return apply_page(store, account, page, parsed, clock, **options)

    ingest.apply_page = cursor_then_page


def gate_open() -> None:
    """Items are stored without asking whether they are known, and the cursor goes back with every start."""

    def unknown(*_: Any, **__: Any) -> dict[str, int]:
        return {}

    def never(*_: Any, **__: Any) -> None:
        return None

    refs.known = unknown
    inbound.refs.find = never  # type: ignore[attr-defined]  # the module's own name
    accounts.save_cursor = never


def stale_soon() -> None:
    """No fault: what was pulled is fresh for a second only, so that a test need not wait for half a minute."""
    pulling.FRESH = 1_000


MUTANTS = {
    "stale-soon": stale_soon,
    "blind-retry": blind_retry,
    "phase-unwritten": phase_unwritten,
    "cursor-first": cursor_first,
    "gate-open": gate_open,
}


def program(name: str) -> tuple[str, ...]:
    """What Python runs for a mutant."""
    assert name in MUTANTS
    return ("-m", "tests.faults.mutants", name)


def main(name: str, data: str, config: str, once: str = "") -> int:
    """Runs the worker, or one round of it when a fourth argument is given."""
    MUTANTS[name]()
    if not once:
        return worker._run([data, config])
    worker.once(load(Path(config), settings_type), DataDir(Path(data)))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
