"""The configuration a new user starts with: one mailbox, the usual views, and where to read on."""

from __future__ import annotations

import json

import msgspec


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said about their mailbox. ``password_env`` names the variable that holds the password."""

    name: str
    address: str
    imap_host: str
    smtp_host: str
    user: str
    password_env: str


def first_config(answers: Answers) -> str:
    """The text of a first ``config.toml``; values are quoted as TOML, so that an answer cannot add keys."""

    def q(value: str) -> str:
        return json.dumps(value, ensure_ascii=False)

    return f"""\
# Configuration of csconsole. All keys with their meaning: csconsole config example
# After a change: csconsole config check, then csconsole doctor

[agent]
name = {q(answers.name)}                 # your short name in notes, assignments and the audit
language = "th"                # language of the screen: th | en
timezone = "Asia/Bangkok"

[[accounts]]
name = "mail"
connector = "email"
address = {q(answers.address)}
folders = ["INBOX"]

# The password comes from the environment; {{ file = "~/..." }}, {{ command = "..." }}, {{ keyring = "..." }} work too.
[accounts.imap]
host = {q(answers.imap_host)}
port = 993
tls = "implicit"
user = {q(answers.user)}
password = {{ env = {q(answers.password_env)} }}

[accounts.smtp]
host = {q(answers.smtp_host)}
port = 587
tls = "starttls"
user = {q(answers.user)}
password = {{ env = {q(answers.password_env)} }}

[[views]]
name = "VIP รอนาน"
name_en = "VIP waiting"
query = "status:open tag:vip waiting>30m"
key = "v"
"""
