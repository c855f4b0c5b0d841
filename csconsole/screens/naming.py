"""What things are called on screen: channels, accounts, agents, customers."""

from __future__ import annotations

from csconsole.domain.conversation import QueueRow
from csconsole.i18n import Catalog
from csconsole.services.desk import Desk
from csconsole.store import accounts
from csconsole.store.accounts import AccountRow

_SAID_ELSEWHERE = ("line", "facebook", "messenger", "instagram", "tiktok", "whatsapp", "sms")
_BRANCH_WORDS = ("สาขา", "branch ")


def short_label(account: AccountRow) -> str:
    """The part of an account's label that its channel's sign does not say: ``LINE สาขาสยาม`` is ``สยาม``."""
    label = account.label.strip()
    first, _, rest = label.partition(" ")
    if rest and first.casefold() in _SAID_ELSEWHERE:
        label = rest.strip()
    for word in _BRANCH_WORDS:
        if label.casefold().startswith(word) and len(label) > len(word):
            label = label[len(word) :].strip()
    return label or account.branch or account.name


class Names:
    """Names by key, read when the screen opens and again when an account appears.

    Args:
        desk: whose store.
        words: the interface's words.
    """

    def __init__(self, desk: Desk, words: Catalog) -> None:
        self._desk = desk
        self._words = words
        self.accounts: dict[str, AccountRow] = {}
        self.agents: dict[str, str] = {}
        self._agent_ids: dict[str, int] = {}
        self.read()

    def read(self) -> None:
        """Reads accounts and agents anew."""
        self.accounts = {account.name: account for account in accounts.all_accounts(self._desk.store)}
        found = accounts.agents(self._desk.store)
        self.agents = {name: display or name for name, display in found.values()}
        self._agent_ids = {name: key for key, (name, _) in found.items()}

    def channel(self, channel: str) -> str:
        """A channel as people name it."""
        key = f"channel.{channel}"
        return self._words.t(key) if self._words.has(key) else channel

    def account(self, name: str) -> str:
        """Short name of an account for the queue and the composer's frame: its label without the channel."""
        account = self.accounts.get(name)
        return short_label(account) if account is not None else name

    def where(self, row: QueueRow) -> str:
        """Channel and account for the title: the account's label when it has one."""
        account = self.accounts.get(row.account)
        return account.label if account is not None and account.label else f"{self.channel(row.channel)} {row.account}"

    def customer(self, row: QueueRow) -> str:
        """How the customer is called: คุณ and call name in Thai."""
        name = row.customer_name
        if self._words.language == "th" and name and not name.startswith("คุณ") and " " not in name:
            return f"คุณ{name}"
        return name

    def agent(self, name: str) -> str:
        """Display name of an agent."""
        return self.agents.get(name, name)

    def agent_id(self, name: str) -> int | None:
        """Key of an agent."""
        return self._agent_ids.get(name)

    def account_id(self, name: str) -> int:
        """Key of an account, 0 when it is gone."""
        account = self.accounts.get(name)
        return account.id if account is not None else 0
