"""The schema of the configuration: one frozen struct per table of ``config.toml``.

The description of each field is its documentation: ``config example`` and the user guide are generated from
it. Names of tables and keys are a public interface and stay.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from csconsole.domain.settings import Duration, decode

T = TypeVar("T")

OnOff = Literal["auto", "on", "off"]
Theme = Literal["dark", "light", "high-contrast", "colour-blind", "mono"]

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"
"""Names that appear in ids, file names and commands: ASCII, no space, no ``#``."""
_VIEW_KEY = r"^[a-z0-9]?$"
_DIGIT = r"^[0-9]$"
_COUNTRY = r"^[A-Z]{2}$"

PATTERNS = {
    NAME: "1 to 40 Latin letters, digits, dots, dashes or underscores, without a space",
    _VIEW_KEY: "one of a to z, 0 to 9",
    _DIGIT: "a single digit",
    _COUNTRY: 'a country code of two capitals, such as "TH"',
}
"""What each pattern of this module asks for, in words."""

Name = Annotated[str, Meta(pattern=NAME)]


class AgentConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who sits at this console."""

    name: Annotated[Name, Meta(description="your short name in notes, assignments and the audit")] = "me"
    display_name: Annotated[str, Meta(description="your name as customers and colleagues read it")] = ""
    display_name_en: Annotated[str, Meta(description="the same for messages in English")] = ""
    language: Annotated[Literal["th", "en"], Meta(description="language of the screen: th | en")] = "th"
    timezone: Annotated[str, Meta(min_length=1, description="time zone of what you see (IANA name)")] = "Asia/Bangkok"
    polite: Annotated[
        Literal["ka", "krub", "none"],
        Meta(description="polite word in canned replies: ka (ค่ะ/คะ) | krub (ครับ) | none"),
    ] = "none"
    pronoun: Annotated[str, Meta(description="what you call yourself in Thai canned replies")] = ""
    role: Annotated[
        Literal["agent", "lead", "admin"],
        Meta(description="agent | lead (sees the team's work) | admin; a hub decides this itself"),
    ] = "agent"
    teams: Annotated[list[Name], Meta(description="teams whose queues are yours")] = []


class AccountConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One mailbox, one LINE official account, one help desk: a place customers write to.

    All keys that are not listed here are the connector's own; they stand in ``settings`` as ``tomllib`` gave
    them and are read with :meth:`read`.
    """

    name: Annotated[Name, Meta(description="unique; shown in the header and in ids (name#number)")]
    connector: Annotated[Name, Meta(description="what the account talks to, such as email, line, demo")]
    enabled: Annotated[bool, Meta(description="false: keep its conversations but do not sync")] = True
    label: Annotated[str, Meta(description="longer name for people; default: the name")] = ""
    branch: Annotated[str, Meta(description="branch of the shop this account belongs to")] = ""
    channel: Annotated[str, Meta(description="channel shown in the queue; default: the connector's")] = ""
    me: Annotated[str, Meta(description="your login there, where the remote side has agents")] = ""
    reopen_window: Annotated[
        Duration,
        Meta(description="a customer's message reopens a resolved conversation this long; then it starts anew"),
    ] = Duration.parse("4d")
    history_days: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(description="days of old messages to fetch at first; leave out for all"),
    ] = None
    settings: Annotated[dict[str, Any], Meta(description="the connector's own keys")] = {}

    def read(self, kind: type[T]) -> T:
        """The connector's own settings as its struct.

        A field of the struct that bears the name of a common key (``history_days``, ``me`` ...) gets that
        key's value when it is given.

        Args:
            kind: the ``Settings`` struct of the connector.

        Raises:
            msgspec.ValidationError: the settings do not fit; never after a load that knew ``kind``.
        """
        fields = getattr(kind, "__struct_fields__", ())
        common = {name: getattr(self, name) for name in fields if name in ACCOUNT_KEYS}
        given = {name: value for name, value in common.items() if value is not None}
        return decode({**self.settings, **given}, kind)


ACCOUNT_KEYS = tuple(name for name in AccountConfig.__struct_fields__ if name != "settings")
"""Keys of an account that every connector shares."""


class ViewConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A saved search that stands in the list of queues."""

    name: Annotated[str, Meta(min_length=1, description="name in the list of views")]
    query: Annotated[str, Meta(description="what it shows, in the search language")]
    name_en: Annotated[str, Meta(description="name when the screen is in English; default: name")] = ""
    key: Annotated[str, Meta(pattern=_VIEW_KEY, description="g then this key opens it: one of a-z, 0-9")] = ""


class TagsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tags."""

    hot: Annotated[
        dict[Annotated[str, Meta(pattern=_DIGIT)], Annotated[str, Meta(min_length=1)]],
        Meta(description="t then the digit sets the tag, in the Thai layout too"),
    ] = {}


class UiConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the screen looks and behaves."""

    theme: Annotated[Theme, Meta(description="dark | light | high-contrast | colour-blind | mono")] = "dark"
    keymap: Annotated[
        Literal["default", "mutt", "gmail"],
        Meta(description="keys to start from: default | mutt | gmail; [keys] changes single ones"),
    ] = "default"
    send_hold: Annotated[Duration, Meta(description="time to take back a mail after sending it; 0s: none")] = (
        Duration.parse("10s")
    )
    chat_hold: Annotated[Duration, Meta(description="the same for chat channels")] = Duration.parse("3s")
    chat_enter_sends: Annotated[
        bool, Meta(description="Enter sends in chats (Ctrl+J starts a new line); false: Enter is a new line")
    ] = False
    density: Annotated[
        Literal["comfortable", "compact"],
        Meta(description="comfortable (two lines a conversation) | compact (one)"),
    ] = "comfortable"
    dates: Annotated[
        Literal["be", "ce"], Meta(description="years of the Buddhist (be) or the common era (ce) on screen")
    ] = "be"
    mouse: Annotated[OnOff, Meta(description="auto (off over SSH) | on | off")] = "auto"
    light: Annotated[OnOff, Meta(description="fewer bytes for slow lines: auto (over SSH) | on | off")] = "auto"
    kitty_keys: Annotated[
        OnOff, Meta(description="extended keyboard protocol: auto | on | off (when keys arrive wrong)")
    ] = "auto"
    editor: Annotated[str, Meta(description="program for long answers; default: $VISUAL, $EDITOR")] = ""


class ShopConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The shop, for canned replies (``shop.name``, ``shop.phone`` ...)."""

    name: Annotated[str, Meta(description="name of the shop")] = ""
    name_en: Annotated[str, Meta(description="name in English")] = ""
    phone: Annotated[str, Meta(description="telephone number for customers")] = ""
    website: Annotated[str, Meta(description="address of the website")] = ""
    country: Annotated[
        str, Meta(pattern=_COUNTRY, description="country for telephone numbers and holidays (ISO 3166)")
    ] = "TH"


class SyncConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How accounts are kept up to date."""

    interval: Annotated[
        Duration, Meta(description="pause between two looks at an account that cannot push; at least 5s")
    ] = Duration.parse("30s")
    open_days: Annotated[
        int,
        Meta(
            ge=0,
            description="imported conversations stay open when the customer wrote last within these days",
        ),
    ] = 14


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole configuration; every table may be left out."""

    agent: AgentConfig = AgentConfig()
    shop: ShopConfig = ShopConfig()
    accounts: list[AccountConfig] = []
    views: list[ViewConfig] = []
    tags: TagsConfig = TagsConfig()
    keys: Annotated[
        dict[str, str],
        Meta(description='command id = keys, several parted by commas; "" takes the key away'),
    ] = {}
    ui: UiConfig = UiConfig()
    sync: SyncConfig = SyncConfig()
    contact_reasons: Annotated[
        dict[str, list[str]],
        Meta(description="why customers write, in two levels; asked for when a conversation is resolved"),
    ] = {}

    def account(self, name: str) -> AccountConfig | None:
        """The account called ``name``, or None."""
        return next((account for account in self.accounts if account.name == name), None)
