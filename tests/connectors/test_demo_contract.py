"""The contract, kept by the demo on a channel of each class."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from csconsole.clock import FixedClock
from csconsole.config.model import AccountConfig
from csconsole.connectors.demo.ledger import Ledger
from csconsole.connectors.demo.shop import by_id
from csconsole.connectors.demo.still import STILL_AT
from tests.connectors.contract import FAULTS, ConnectorContract, ContractBed

_FAULTS: dict[str, dict[str, Any]] = {
    "lost": {"lost_answer": [1]},
    "refuse": {"refuse": [1]},
    "limit": {"rate_limit": [1], "retry_after": 20.0},
    "unreachable": {"unreachable": [1]},
    "duplicate": {"duplicate_every": 2},
    "malformed": {"malformed_every": 3},
}


class DemoBed(ContractBed):
    """The simulated shop; its ledger is the judge."""

    faults = frozenset(FAULTS)

    def __init__(self, root: Path, name: str) -> None:
        self.root = root
        self.name = name
        self.clock = FixedClock(STILL_AT)

    def account(self, fault: str = "") -> AccountConfig:
        settings: dict[str, Any] = {"still": True, "page_size": 4}
        if fault:
            settings["faults"] = _FAULTS[fault]
        channel = str(by_id("accounts", "name")[self.name]["channel"])
        return AccountConfig(name=self.name, connector="demo", channel=channel, settings=settings)

    def customers_write(self) -> None:
        """They have: the shop's stories are there from the start."""

    def received(self, text: str, expected: int) -> int:
        return Counter(line.text for line in Ledger(self.root).accepted(self.name))[text]


@pytest.mark.parametrize("bed", ["line-online", "mail-care", "fb-page", "tiktok"], indirect=True)
class TestDemo(ConnectorContract):
    @pytest.fixture
    def bed(self, request: pytest.FixtureRequest, tmp_path: Path) -> DemoBed:
        return DemoBed(tmp_path / "data", request.param)
