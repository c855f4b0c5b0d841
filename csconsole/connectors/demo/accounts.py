"""The demo's configuration: its accounts, and the whole ``config.toml`` of a demo directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from csconsole.connectors.demo.shop import by_id, shop

AGENT = "nok"
"""Who sits at the demo's console."""

_VIEWS = (
    ("ของฉัน", "Mine", "i", "assignee:me status:open"),
    ("ยังไม่มีคนรับ", "Unassigned", "u", "assignee:none status:open"),
    ("เปิดอยู่ทั้งหมด", "All open", "a", "status:open"),
    ("รอลูกค้า", "Pending", "w", "status:pending"),
    ("พักไว้", "Snoozed", "s", "status:snoozed"),
    ("จบแล้ว", "Resolved", "e", "status:resolved"),
    ("VIP", "VIP", "v", "customer.tag:vip status:open,pending"),
)
"""Name, English name, key after g, query."""


def demo_accounts(still: bool = False, language: Literal["th", "en"] = "th", seed: int = 1) -> list[dict[str, Any]]:
    """The 24 accounts as tables of ``config.toml``.

    Args:
        still: the world stands still at the demo's clock.
        language: of the labels.
        seed: another number is another stream of new customers.
    """
    windows = shop()["shop"]["reopen_window"]
    accounts = []
    for given in shop()["accounts"]:
        account: dict[str, Any] = {
            "name": given["name"],
            "connector": "demo",
            "channel": given["channel"],
            "label": given["label"][language],
            "reopen_window": windows.get(given["channel"], windows["default"]),
        }
        account |= {key: given[key] for key in ("branch", "handle", "address", "provider") if key in given}
        if still:
            account["still"] = True
        if seed != 1:
            account["seed"] = seed
        accounts.append(account)
    return accounts


def demo_config_toml(
    data_dir: Path | str = "",
    still: bool = False,
    language: Literal["th", "en"] = "th",
    seed: int = 1,
) -> str:
    """The whole ``config.toml`` of a demo directory.

    Args:
        data_dir: the directory it is written into; only named in the heading, nothing in the file depends on
            where it lies.
        still: the world stands still at the demo's clock.
        language: of the screen and the labels.
        seed: another number is another stream of new customers.
    """
    data, agent = shop(), by_id("agents", "name")[AGENT]
    of_shop = data["shop"]
    where = f" in {Path(data_dir).name}" if data_dir else ""
    blocks = [
        f"# The demo shop{where}: everything in it is made up. Delete the directory and it is gone.",
        _table(
            "[agent]",
            {
                "name": AGENT,
                "display_name": agent["display_name"]["th"],
                "display_name_en": agent["display_name"]["en"],
                "language": language,
                "timezone": of_shop["timezone"],
                "polite": agent["polite"],
                "pronoun": agent["pronoun"],
                "teams": agent["teams"],
            },
        ),
        _table(
            "[shop]",
            {
                "name": of_shop["name"]["th"],
                "name_en": of_shop["name"]["en"],
                "phone": by_id("accounts", "name")["phone"]["handle"],
                "website": f"https://www.{of_shop['domain']}",
                "country": "TH",
            },
        ),
        *(_table("[[accounts]]", account) for account in demo_accounts(still, language, seed)),
        *(
            _table("[[views]]", {"name": name, "name_en": english, "key": key, "query": query})
            for name, english, key, query in _VIEWS
        ),
        _table("[tags.hot]", data["tags"]["hot"]),
        _table("[contact_reasons]", data["contact_reasons"]),
    ]
    return "\n\n".join(blocks) + "\n"


def _table(heading: str, values: dict[str, Any]) -> str:
    """A TOML table of texts, truth values and lists of texts; JSON writes all of them as TOML does."""
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join([heading, *lines])
