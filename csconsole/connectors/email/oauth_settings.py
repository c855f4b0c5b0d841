"""The ``oauth`` table of a mail account, and the providers it may name."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from csconsole.domain.secret import Secret
from csconsole.domain.settings import is_loopback


class Provider(NamedTuple):
    """A provider's endpoints and what is asked of it."""

    authorize_url: str = ""
    token_url: str = ""
    device_url: str = ""
    scope: str = ""
    extra: tuple[tuple[str, str], ...] = ()


_MICROSOFT = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0"

PROVIDERS = {
    "google": Provider(
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",
        scope="https://mail.google.com/",
        extra=(("access_type", "offline"), ("prompt", "consent")),
    ),
    "microsoft": Provider(
        token_url=f"{_MICROSOFT}/token",
        device_url=f"{_MICROSOFT}/devicecode",
        scope="https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access",
    ),
    "other": Provider(),
}


class OAuth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A login by OAuth 2.0 in place of a password."""

    provider: Annotated[
        Literal["google", "microsoft", "other"], Meta(description="google | microsoft | other (with its addresses)")
    ]
    client_id: Annotated[str, Meta(min_length=1, description="id of the application registered with the provider")]
    client_secret: Annotated[
        Secret | None, Meta(description="its secret, where it has one: { env | file | command | keyring = ... }")
    ] = None
    tenant: Annotated[str, Meta(description="microsoft: directory id or domain; default: any")] = "common"
    tokens: Annotated[
        Literal["file", "keyring"], Meta(description="where the login is kept: file (in the data directory) | keyring")
    ] = "file"
    authorize_url: Annotated[str, Meta(description="other: where the browser logs in (redirect to this machine)")] = ""
    device_url: Annotated[str, Meta(description="other: where a code to be typed is asked for")] = ""
    token_url: Annotated[str, Meta(description="other: where tokens are given")] = ""
    scope: Annotated[str, Meta(description="other: what is asked for")] = ""

    def __post_init__(self) -> None:
        """Checks the addresses.

        Raises:
            ValueError: one would send the login in the clear, or one is missing.
        """
        for url in (self.authorize_url, self.device_url, self.token_url):
            parts = urlsplit(url)
            if url and parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
                raise ValueError(f'"{url}" must begin with https://')
        if self.provider == "other" and not (self.token_url and (self.authorize_url or self.device_url)):
            raise ValueError('provider = "other" needs token_url, and authorize_url or device_url')

    @property
    def resolved(self) -> Provider:
        """The provider's endpoints; what the account states itself goes before."""
        known = PROVIDERS[self.provider]
        return known._replace(
            authorize_url=self.authorize_url or known.authorize_url,
            device_url=(self.device_url or known.device_url).format(tenant=self.tenant),
            token_url=(self.token_url or known.token_url).format(tenant=self.tenant),
            scope=self.scope or known.scope,
        )

    def secret(self, account: str) -> str:
        """The client's secret, "" for none. Blocks.

        Raises:
            ConfigError: it cannot be had.
        """
        return self.client_secret.reveal(account, "oauth.client_secret") if self.client_secret is not None else ""
