"""What the bars say: freshness per channel, the outbox, hints for where the focus is."""

from __future__ import annotations

from csconsole.domain.dates import clock_time
from csconsole.i18n import Catalog
from csconsole.screens.naming import Names
from csconsole.services.desk import Desk
from csconsole.store import accounts, outbox
from csconsole.sync.health import health
from csconsole.widgets.bar_lines import Freshness, Health


def freshness(desk: Desk, names: Names) -> list[Freshness]:
    """One entry per channel: the oldest pull of its accounts, and the worst of their states."""
    now, zone = desk.clock.now(), desk.config.agent.timezone
    groups: dict[str, list[tuple[Health, int | None]]] = {}
    history: dict[str, int] = {}
    for account in accounts.all_accounts(desk.store):
        found = health(account, now)
        state = Health.DOWN if found.is_error else Health.STALE if found.key in ("stale", "new") else Health.FRESH
        if found.history is not None:
            history[account.channel] = min(found.history, history.get(account.channel, 100))
        groups.setdefault(account.channel, []).append((state, account.last_pull_at))
    order = [Health.FRESH, Health.STALE, Health.DOWN]
    shown = []
    for channel, states in groups.items():
        pulls = [at for _, at in states if at is not None]
        oldest = min(pulls) if pulls and len(pulls) == len(states) else None
        shown.append(
            Freshness(
                names.channel(channel),
                _when(clock_time(oldest, zone) if oldest is not None else "", history.get(channel)),
                max((state for state, _ in states), key=order.index),
                sum(state is Health.FRESH for state, _ in states),
                len(states),
            )
        )
    return shown


def _when(clock: str, history: int | None) -> str:
    """The time of the last look, and how much of the old mail has come while it still comes."""
    return clock if history is None else f"{clock} {history}%".strip()


def outbox_figures(desk: Desk) -> tuple[int, int, int]:
    """Messages on their way, uncertain, and failed or stopped."""
    rows = outbox.listing(
        desk.store,
        states=("held", "queued", "sending", "settling", "uncertain", "failed", "stopped"),
    )
    uncertain = sum(row.state == "uncertain" for row in rows)
    failed = sum(row.state in ("failed", "stopped") for row in rows)
    return len(rows) - uncertain - failed, uncertain, failed


def trouble(desk: Desk, words: Catalog) -> str:
    """The first account in trouble: when it is tried again, then why; "" when all is well."""
    now, zone = desk.clock.now(), desk.config.agent.timezone
    for account in accounts.all_accounts(desk.store):
        found = health(account, now)
        if found.is_error:
            again = words.t("account.again", time=clock_time(account.next_try_at, zone)) if account.next_try_at else ""
            return f"! {' '.join(part for part in (account.name, again) if part)}: {found.detail}"
    return ""
