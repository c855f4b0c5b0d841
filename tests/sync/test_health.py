from __future__ import annotations

import msgspec
import pytest

from csconsole.clock import MINUTE, SECOND
from csconsole.store.accounts import AccountRow
from csconsole.sync.health import health, worst
from tests.sync.simulator import AT

GOOD = AccountRow(
    id=1,
    name="shop",
    connector="sim",
    channel="sim",
    branch="",
    label="",
    authority="local",
    state="ok",
    cursor="",
    last_pull_at=AT,
    live=False,
    error="",
    next_try_at=None,
    failures=0,
    total=None,
    history_left=0,
    history_total=0,
    pulled=0,
    capabilities={},
)


@pytest.mark.parametrize(
    ("changes", "age", "key", "is_error"),
    [
        ({}, SECOND, "ok", False),
        ({"live": True}, SECOND, "live", False),
        ({}, 4 * MINUTE, "stale", False),
        ({"live": True}, 4 * MINUTE, "live", False),
        ({"live": True}, 16 * MINUTE, "stale", False),
        ({"last_pull_at": None, "state": "new"}, 0, "new", False),
        ({"state": "unreachable"}, SECOND, "offline", True),
        ({"state": "auth"}, SECOND, "auth", True),
        ({"state": "limited"}, SECOND, "limited", True),
        ({"state": "broken"}, SECOND, "broken", True),
    ],
)
def test_keys(changes: dict[str, object], age: int, key: str, is_error: bool) -> None:
    found = health(msgspec.structs.replace(GOOD, **changes), AT + age)
    assert (found.key, found.is_error) == (key, is_error)


def test_ages_and_the_next_try_never_lie_in_the_wrong_direction() -> None:
    late = msgspec.structs.replace(GOOD, state="unreachable", error="no connection", next_try_at=AT + 5 * SECOND)
    found = health(late, AT + 2 * SECOND)
    assert (found.age, found.retry_in, found.detail) == (2 * SECOND, 3 * SECOND, "no connection")
    stepped_back = health(late, AT - MINUTE)
    assert stepped_back.age == 0
    assert health(late, AT + MINUTE).retry_in == 0


def test_the_worst_speaks_for_all() -> None:
    rows = [GOOD, msgspec.structs.replace(GOOD, state="auth"), msgspec.structs.replace(GOOD, live=True)]
    assert worst([health(row, AT) for row in rows]) == "auth"
    assert worst([health(row, AT) for row in rows[::2]]) == "ok"
    assert worst([]) == "ok"


def test_how_much_of_the_old_mail_has_come() -> None:
    reading = msgspec.structs.replace(GOOD, history_left=250, history_total=1_000)
    assert health(reading, AT).history == 75
    assert health(msgspec.structs.replace(reading, history_left=1), AT).history == 99
    assert health(GOOD, AT).history is None
