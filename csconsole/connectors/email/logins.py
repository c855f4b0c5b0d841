"""How an account logs in to its servers: by password, or by a token that is renewed when a server refuses it."""

from __future__ import annotations

from csconsole.clock import Clock
from csconsole.connectors.base import AccountContext
from csconsole.connectors.email.settings import Settings
from csconsole.connectors.email.trouble import reveal
from csconsole.domain.settings import Endpoint


class Tokens:
    """Access tokens of an account; the client behind them is made when the first is asked for.

    Args:
        context: the account.
        clock: for the end of tokens.
    """

    def __init__(self, context: AccountContext, clock: Clock) -> None:
        self._context = context
        self._clock = clock

    def get(self, *, refused: str = "") -> str:
        """A valid token, another than the one ``refused``.

        Raises:
            AuthError: nobody has logged in, or the login has ended.
            UnreachableError: the provider does not answer.
        """
        from csconsole.connectors.email.login_flow import client_of

        return client_of(self._context, self._clock).access_token(refused=refused)


class Login:
    """One way into one server; blocking.

    Args:
        user: login name, "" for a server that asks for none.
        password: the password, "" for none.
        tokens: gives access tokens, None where a password is used.
    """

    def __init__(self, user: str, password: str = "", tokens: Tokens | None = None) -> None:
        self.user = user
        self.password = password
        self.tokens = tokens


class Logins:
    """The logins of one account.

    Args:
        context: the account; tokens lie below its ``data_dir``.
        clock: for the end of tokens.
    """

    def __init__(self, context: AccountContext, clock: Clock) -> None:
        self._name = context.name
        self._settings: Settings = context.settings
        self._tokens = Tokens(context, clock)

    def to(self, endpoint: Endpoint, key: str) -> Login:
        """The login to a server; blocks where a secret comes from a program.

        Args:
            endpoint: the server.
            key: ``imap`` or ``smtp``, the name of its settings.

        Raises:
            AuthError: a secret cannot be had.
        """
        if self._settings.oauth is not None:
            return Login(endpoint.user or self._settings.address, tokens=self._tokens)
        return Login(endpoint.user, reveal(endpoint, self._name, key))
