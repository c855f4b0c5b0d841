"""The demo team's canned replies, macros, views, hours and service levels, as they stand in its file."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from csconsole.connectors.demo.shop import shop


def team_toml() -> str:
    """The whole team file as TOML text, for the module that reads team files."""
    return files(__package__).joinpath("team.toml").read_text("utf-8")


@cache
def team() -> dict[str, Any]:
    """The parsed team file: lists ``canned``, ``macros``, ``views``, ``hours`` and ``sla``; not to be changed."""
    return tomllib.loads(team_toml())


def demo_agents() -> list[dict[str, Any]]:
    """The 18 people of the team (one is the bot) as plain tables.

    Each has ``name``, ``display_name`` by language, ``role``, ``teams``, ``branch``, ``state`` and others.
    """
    return [dict(agent) for agent in shop()["agents"]]


def canned_replies() -> list[dict[str, Any]]:
    """The canned replies as plain tables.

    Each has ``name``, ``shortcuts``, ``title`` and ``body`` (by language, Liquid text), and where it applies
    ``ask``, ``needs``, ``promise``, ``channels``, ``expires`` and others.
    """
    return [dict(reply) for reply in team()["canned"]]
