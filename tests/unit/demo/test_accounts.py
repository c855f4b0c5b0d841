"""The demo's configuration and team."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

import pytest

from csconsole.config.loader import check, load
from csconsole.connectors.demo.accounts import demo_accounts, demo_config_toml
from csconsole.connectors.demo.settings import Settings
from csconsole.connectors.demo.team import canned_replies, demo_agents, team, team_toml
from csconsole.connectors.registry import settings_type
from csconsole.domain.query import parse


@pytest.mark.parametrize("still", [True, False])
@pytest.mark.parametrize("language", ["th", "en"])
def test_the_written_config_is_one_the_loader_takes(tmp_path: Path, still: bool, language: Literal["th", "en"]) -> None:
    path = tmp_path / "config.toml"
    path.write_text(demo_config_toml(tmp_path, still, language), "utf-8")
    path.chmod(0o600)
    assert check(path, settings_type) == []
    config = load(path, settings_type)
    assert len(config.accounts) == 24 and len({account.name for account in config.accounts}) == 24
    assert {account.read(Settings).still for account in config.accounts} == {still}
    assert all(parse(view.query) for view in config.views)
    assert {view.key for view in config.views} == {"i", "u", "a", "w", "s", "e", "v"}
    assert (config.agent.name, config.agent.polite, config.agent.language) == ("nok", "ka", language)
    assert config.tags.hot["1"] == "refund" and "refund.status" in config.contact_reasons["refund"]
    siam = config.account("line-siam")
    assert siam is not None and (siam.channel, siam.branch, str(siam.reopen_window)) == ("line", "siam", "1d")


@pytest.mark.parametrize("line", ['start = "yesterday"', "sede = 1", "page_size = 0", "faults = { lost_answer = [0] }"])
def test_wrong_settings_are_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[[accounts]]\nname = "a"\nconnector = "demo"\n{line}\n', "utf-8")
    path.chmod(0o600)
    assert [problem.line for problem in check(path, settings_type)] in ([4], [1])


def test_a_seed_reaches_every_account() -> None:
    accounts = tomllib.loads(demo_config_toml(seed=7))["accounts"]
    assert [account["seed"] for account in accounts] == [7] * 24


def test_accounts_are_fresh_tables() -> None:
    demo_accounts()[0]["name"] = "spoiled"
    assert demo_accounts()[0]["name"] == "line-siam"


def test_canned_replies_have_what_seeding_needs() -> None:
    replies = canned_replies()
    assert len(replies) == 32 and len({reply["name"] for reply in replies}) == 32
    for reply in replies:
        assert reply["shortcuts"] and reply["title"]["th"] and any(reply["body"].values())
    assert len(team()["macros"]) == 12 and len(demo_agents()) == 18


def test_the_team_file_is_toml() -> None:
    assert tomllib.loads(team_toml())["sla"][0]["id"] == "safety"
