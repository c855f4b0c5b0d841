"""Generates ``config.example.toml`` and the user guide's page on the configuration out of the structs.

``python -m csconsole.config.example --write`` brings both files up to date, ``--check`` ends with 1 when one
of them is stale. The example loads as it is; commented keys show the defaults.
"""

from __future__ import annotations

import argparse
import sys
import unicodedata
from pathlib import Path
from typing import Any

import msgspec

from csconsole.config import guide
from csconsole.config.describe import Field, fields
from csconsole.config.model import (
    AccountConfig,
    AgentConfig,
    ShopConfig,
    SyncConfig,
    UiConfig,
    ViewConfig,
)
from csconsole.config.render import key, value

EXAMPLE_FILE = "config.example.toml"
GUIDE_FILE = "docs/user/configuration.md"

_COMMENT_COLUMN = 34
_WIDTH = 118

_AGENT = {"name": "nok", "display_name": "นก", "display_name_en": "Nok", "polite": "ka", "pronoun": "นก"}
_SHOP = {"name": "กระจิบโฮม", "name_en": "Krajib Home", "phone": "02 000 0101"}

_MAIL = {
    "name": "mail",
    "connector": "email",
    "label": "อีเมลร้าน",
    "branch": "online",
    "reopen_window": "4d",
    "history_days": 90,
}
_MAIL_OWN = """\
# The rest belongs to the e-mail connector.
address = "support@shop.example"
folders = ["INBOX"]               # in words, Thai too; Sent is read anyway
#quote = "none"                   # none | below: the customer's mail below each answer
#html = false                     # an HTML form beside the plain text
#sent_copy = "auto"               # who keeps the copy in Sent: auto | append | server | none
# For example:
# from_name = "ร้านกระจิบ"          # shown to customers beside the address
# aliases = ["sales@shop.example"] # answers come from the one the customer wrote to
# signatures = { th = "ด้วยความเคารพ\\n{agent}", en = "Kind regards\\n{agent_en}" }
# poll = "2m"                      # how often to look; new mail comes by IDLE meanwhile
# Gmail, Microsoft 365: in place of passwords; see docs/user/mail.md
# oauth = { provider = "google", client_id = "...", client_secret = { env = "GOOGLE_SECRET" } }

[accounts.imap]                   # where mail is read
host = "imap.shop.example"
port = 993
tls = "implicit"                  # implicit | starttls | none (none only towards localhost)
user = "support"
password = { env = "SHOP_MAIL_PASSWORD" }

[accounts.smtp]                   # where answers go out; user and password may be left out
host = "smtp.shop.example"
port = 587
tls = "starttls"
user = "support"
password = { file = "~/.secrets/smtp" }
"""
_DEMO = {"name": "demo", "connector": "demo", "label": "Demo shop"}

_VIEWS: tuple[dict[str, Any], ...] = (
    {"name": "ของฉัน", "name_en": "Mine", "query": "status:open assignee:me", "key": "i"},
    {"name": "ยังไม่มีคนรับ", "name_en": "Unassigned", "query": "status:open assignee:none", "key": "u"},
    {"name": "VIP รอนาน", "name_en": "VIP waiting", "query": "status:open tag:vip waiting>30m", "key": "v"},
)

_LISTS = """\
[tags.hot]                        # t then the digit sets the tag, in the Thai layout too
1 = "refund"
4 = "complaint"
5 = "delivery"
8 = "vip"
9 = "spam"

[keys]                            # command id = keys, several parted by commas; "" takes the key away
"reply.send" = "ctrl+s,alt+enter"

[contact_reasons]                 # asked for when a conversation is resolved; two levels
product = ["product.question", "product.defect", "product.exchange"]
delivery = ["delivery.status", "delivery.late", "delivery.lost"]
refund = ["refund.request", "refund.status"]
other = ["thanks"]
"""


def example() -> str:
    """The text of ``config.example.toml``."""
    parts = [
        "# Configuration of csconsole. Every key and table may be left out; lines that begin with # and\n"
        "# a key show the defaults. Durations: 10s, 30m, 2h, 4d. Check it with: csconsole config check\n",
        "# Who sits here.\n" + _table("[agent]", AgentConfig, _AGENT),
        "# The shop, for canned replies.\n" + _table("[shop]", ShopConfig, _SHOP),
        "# Accounts: one block for each mailbox, LINE official account, help desk ...\n"
        + _table("[[accounts]]", AccountConfig, _MAIL)
        + _MAIL_OWN,
        "# An invented shop to try things on; nothing leaves this machine.\n"
        + _table("[[accounts]]", AccountConfig, _DEMO, brief=True),
        "# Saved searches in the list of queues.\n"
        + "\n".join(_table("[[views]]", ViewConfig, view, brief=bool(index)) for index, view in enumerate(_VIEWS)),
        _LISTS,
        "# The screen.\n" + _table("[ui]", UiConfig, {}),
        "# Keeping accounts up to date.\n" + _table("[sync]", SyncConfig, {}),
    ]
    return "\n".join(parts)


def _table(header: str, kind: type[msgspec.Struct], samples: dict[str, Any], *, brief: bool = False) -> str:
    """One table: sample values live, defaults commented out, each with its description.

    Args:
        header: the line that opens it.
        kind: its struct.
        samples: values to show instead of the defaults.
        brief: show the samples only, without descriptions.
    """
    lines = [header]
    for field in fields(kind):
        if field.name in samples:
            entry = f"{key(field.name)} = {value(samples[field.name])}"
            lines.append(entry if brief else _described(entry, field))
        elif not brief and field.name != "settings":
            lines.append(_described(f"#{key(field.name)} = {_shown_default(field)}", field))
    return "\n".join(lines) + "\n"


def _shown_default(field: Field) -> str:
    return "0" if field.default is None else value(field.default)


def _described(entry: str, field: Field) -> str:
    # Thai vowels and tone marks above and below take no column of their own.
    columns = sum(unicodedata.category(sign) != "Mn" for sign in entry)
    line = f"{entry}{' ' * (_COMMENT_COLUMN - 1 - columns)} # {field.description}"
    return line if len(line) <= _WIDTH else f"# {field.description}\n{entry}"


def _files(root: Path) -> dict[Path, str]:
    return {root / EXAMPLE_FILE: example(), root / GUIDE_FILE: guide.guide()}


def stale(root: Path) -> list[Path]:
    """The generated files below ``root`` that differ from what the structs say now.

    Args:
        root: the repository.
    """
    return [
        path for path, text in _files(root).items() if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]


def main(arguments: list[str] | None = None) -> int:
    """Writes or checks the generated files; see the module's description.

    Args:
        arguments: command line without the program, default ``sys.argv``.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(prog="python -m csconsole.config.example", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true", help="write both files")
    what.add_argument("--check", action="store_true", help="end with 1 when a file is stale")
    parser.add_argument("--root", type=Path, default=Path(), help="the repository (default: here)")
    chosen = parser.parse_args(arguments)
    old = stale(chosen.root)
    for path in old:
        if chosen.write:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_files(chosen.root)[path], encoding="utf-8")
        print(f"{path}: {'written' if chosen.write else 'stale; run with --write'}")
    return 1 if old and chosen.check else 0


if __name__ == "__main__":
    sys.exit(main())
