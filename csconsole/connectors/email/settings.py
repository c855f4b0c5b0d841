"""The account settings of the e-mail connector."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from csconsole.connectors.email.addresses import is_address
from csconsole.connectors.email.oauth_settings import OAuth
from csconsole.domain.settings import Duration, Endpoint

SentCopy = Literal["auto", "append", "server", "none"]

SAVES_SENT = (".gmail.com", ".googlemail.com", ".office365.com", ".outlook.com")
"""Submission hosts that put what they send into the Sent folder themselves."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One mailbox and the server its answers leave by."""

    address: Annotated[str, Meta(description="the mailbox's own address, sender of every answer")]
    imap: Annotated[Endpoint, Meta(description="server the mail is read from")]
    smtp: Annotated[Endpoint, Meta(description="server the answers are handed to (submission)")]
    oauth: Annotated[
        OAuth | None, Meta(description="log in by OAuth 2.0 in place of passwords; then: csconsole login NAME")
    ] = None
    folders: Annotated[
        tuple[str, ...], Meta(min_length=1, description="folders to read, in words; Sent is read too")
    ] = ("INBOX",)
    from_name: Annotated[str, Meta(description="name shown to customers beside the address")] = ""
    aliases: Annotated[
        tuple[str, ...], Meta(description="further addresses of this mailbox; mail from them is ours")
    ] = ()
    sent_copy: Annotated[
        SentCopy,
        Meta(
            description="who keeps the copy in Sent: auto (Gmail and Microsoft 365 do, elsewhere we append) | "
            "append | server (the server does: a lost answer can then be looked up) | none"
        ),
    ] = "auto"
    sent_folder: Annotated[str, Meta(description="name of the Sent folder; default: found by its mark")] = ""
    echo_to_self: Annotated[bool, Meta(description="blind copy of each answer to ourselves: proof that it left")] = (
        False
    )
    signature: Annotated[
        str, Meta(description="below each answer; {agent} is the agent's name, {agent_en} the one for English")
    ] = ""
    signatures: Annotated[
        dict[Literal["th", "en"], str],
        Meta(description="the same by language: th for answers with Thai letters, en for others"),
    ] = {}
    quote: Annotated[
        Literal["none", "below"], Meta(description="the customer's last mail below each answer: none | below")
    ] = "none"
    html: Annotated[bool, Meta(description="send an HTML form beside the plain text")] = False
    send_limit: Annotated[
        int, Meta(ge=0, description="largest mail to send, in bytes; default: what the server states (SIZE)")
    ] = 0
    poll: Annotated[
        Duration | None,
        Meta(description="how often to look; default: [sync] interval. New mail comes by IDLE meanwhile"),
    ] = None
    history_days: Annotated[int, Meta(ge=0, description="how far back the first reading goes; 0 for everything")] = 0
    max_bytes: Annotated[
        int, Meta(ge=100_000, description="larger mails come without their attachments, fetched on demand")
    ] = 30_000_000
    ca_file: Annotated[str, Meta(description="certificate authority of a private server, for both endpoints (PEM)")] = (
        ""
    )

    def __post_init__(self) -> None:
        """Checks the addresses.

        Raises:
            ValueError: the mailbox's address or an alias is not an address.
        """
        for value in (self.address, *self.aliases):
            if not is_address(value):
                raise ValueError(f'"{value}" is not an e-mail address')

    @property
    def own(self) -> frozenset[str]:
        """Every address of ours, in lower case."""
        return frozenset(value.lower() for value in (self.address, *self.aliases))

    @property
    def domain(self) -> str:
        """The domain of :attr:`address` in its ASCII form (RFC 5890), for Message-IDs."""
        domain = self.address.rpartition("@")[2]
        try:
            return domain.encode("idna").decode("ascii")
        except UnicodeError:
            return "localhost.invalid"

    @property
    def appends_sent(self) -> bool:
        """Whether we put the copy of an answer into the Sent folder."""
        if self.sent_copy == "auto":
            host = "." + self.smtp.host.lower().rstrip(".")
            return not host.endswith(SAVES_SENT)
        return self.sent_copy == "append"

    def ca(self, endpoint: Endpoint) -> str:
        """The certificate authority file for ``endpoint``, "" for the system's."""
        return endpoint.ca_file or self.ca_file
