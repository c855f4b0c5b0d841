"""Killed with SIGKILL at every step of sending and reading, on channels of each class: the simulated shop's ledger
says what really went out. Each test is also run with its own mistake built in, and must notice it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.demo_shop import CLASSES, DemoShop
from tests.faults.lines import Line, tell

pytestmark = pytest.mark.faults

UNKNOWABLE = {CLASSES["echo"], CLASSES["none"]}
"""Accounts on which a send that left no trace cannot be told from one whose trace is still to come."""
IN_FLIGHT = 3
"""Answers on their way at a kill: one for each conversation."""
POINTS = ("claimed", "phase-data", "accepted-before-commit")


@pytest.fixture
def shop(tmp_path: Path, repository: Path, request: pytest.FixtureRequest) -> DemoShop:
    return DemoShop(tmp_path / "data", request.param, repository)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("shop", CLASSES.values(), ids=CLASSES.keys(), indirect=True)
def test_killed_while_sending_nothing_is_lost_or_sent_twice(shop: DemoShop, point: str) -> None:
    shop.round()
    shop.answer(4)
    shop.killed_at(f"{point}:2")
    found = shop.until_quiet()
    ledger = shop.ledger()
    uncertain = [text for text, state in found.items() if state == "uncertain"]
    twice = sum(count > 1 for count in ledger.values())
    lost = sum(state != "uncertain" and text not in ledger for text, state in found.items())
    tell(Line(f"kill {shop.account} {point}", 1, 1, lost=lost, twice=twice, uncertain=len(uncertain)))
    assert len(found) == 4
    assert set(found.values()) <= {"sent", "delivered", "read", "uncertain"}
    assert (lost, twice) == (0, 0)
    assert len(uncertain) <= (IN_FLIGHT if shop.account in UNKNOWABLE and point != "claimed" else 0)
    if shop.account == CLASSES["echo"]:
        assert not [text for text in uncertain if text in ledger]
    before = shop.states(), shop.ledger(), shop.stored()
    shop.round()
    assert (shop.states(), shop.ledger(), shop.stored()) == before


@pytest.mark.parametrize("shop", [CLASSES["lookup"], CLASSES["none"]], indirect=True)
def test_a_blind_retry_would_be_noticed(shop: DemoShop) -> None:
    shop.round()
    shop.answer(4)
    shop.killed_at("accepted-before-commit:2")
    shop.round(bug="blind-retry")
    shop.until_quiet()
    assert [text for text, count in shop.ledger().items() if count > 1]


@pytest.mark.parametrize(
    "point", ["mid-page:1", "mid-page:2", "mid-transaction:3", "mid-transaction:7", "page-stored:2"]
)
@pytest.mark.parametrize("shop", [CLASSES["echo"]], indirect=True)
def test_killed_while_reading_nothing_is_lost_or_stored_twice(
    shop: DemoShop, point: str, tmp_path: Path, repository: Path
) -> None:
    calm = DemoShop(tmp_path / "calm", shop.account, repository)
    calm.round()
    shop.killed_at(point)
    shop.round()
    assert shop.stored() == calm.stored()
    assert len(shop.stored()[0]) == len(set(shop.stored()[0])) > 20


@pytest.mark.parametrize("shop", [CLASSES["echo"]], indirect=True)
def test_a_cursor_saved_apart_from_its_page_would_be_noticed(shop: DemoShop, tmp_path: Path, repository: Path) -> None:
    calm = DemoShop(tmp_path / "calm", shop.account, repository)
    calm.round()
    shop.killed_at("mid-transaction:7", bug="cursor-first")
    shop.round()
    assert set(shop.stored()[0]) < set(calm.stored()[0])
