"""Logging in without a password: OAuth 2.0 access tokens for IMAP and SMTP (RFC 6749, 7636, 8252, 8628).

The agent logs in once, in a browser: by a redirect to this machine (Google), or with a short code typed on any machine
(Microsoft 365). What is kept is the refresh token, in the keyring or in a file only its owner reads; access tokens are
made from it when needed. Everything here blocks and runs in a lane.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import msgspec

from csconsole.connectors.email.oauth_settings import OAuth, Provider
from csconsole.connectors.email.tokens import Tokens, TokenStore
from csconsole.errors import AuthError, UnreachableError
from csconsole.text.sanitize import safe_line

TIMEOUT = 20.0
EARLY = 120.0
"""Seconds before its end from which an access token is replaced."""
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Answer(msgspec.Struct):
    """A token endpoint's answer (RFC 6749 section 5); fields that are not there are empty."""

    access_token: str = ""
    refresh_token: str = ""
    expires_in: float | str | None = None
    error: str = ""
    error_description: str = ""


class DeviceCode(msgspec.Struct):
    """A device authorization response (RFC 8628 section 3.2)."""

    device_code: str
    user_code: str
    verification_uri: str = ""
    verification_url: str = ""
    expires_in: float = 900
    interval: float = 5


class Request(NamedTuple):
    """An authorization on its way (RFC 7636): the address to open, and what proves that the answer belongs to it."""

    url: str
    state: str
    verifier: str
    redirect: str


class OAuthClient:
    """Gets and renews tokens of one account.

    Args:
        account: its name, for messages and the token store.
        settings: provider and client.
        user: the login the tokens are for.
        store: where tokens lie.
        now: seconds since 1970.
    """

    def __init__(
        self,
        account: str,
        settings: OAuth,
        user: str,
        store: TokenStore,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._account = account
        self._settings = settings
        self._user = user
        self._store = store
        self._now = now

    @property
    def provider(self) -> Provider:
        """The provider's addresses, with the account's own where it has some."""
        return self._settings.resolved

    # -- using tokens ------------------------------------------------------------------------------------

    def access_token(self, *, refused: str = "") -> str:
        """A valid access token; a new one when the old one ends soon or is the one a server ``refused``.

        Raises:
            AuthError: nobody has logged in, or the login was taken back; says how to log in.
            UnreachableError: the provider does not answer.
        """
        with self._store.locked():
            tokens = self._store.load()
            if tokens is None:
                raise AuthError(f"nobody has logged in yet; run: csconsole login {self._account}")
            if tokens.access and tokens.access != refused and tokens.expires_at - EARLY > self._now():
                return tokens.access
            return self._renew(tokens).access

    def _renew(self, tokens: Tokens) -> Tokens:
        answer = self._post(
            self.provider.token_url,
            {"grant_type": "refresh_token", "refresh_token": tokens.refresh, "scope": self.provider.scope},
        )
        if answer.error or not answer.access_token:
            words = _words(answer)
            if answer.error in ("temporarily_unavailable", "server_error"):
                raise UnreachableError(f"the login service has a fault ({words}); it is tried again")
            raise AuthError(f"the login has ended ({words}); log in again: csconsole login {self._account}")
        return self._keep(answer, tokens.refresh)

    def _keep(self, answer: Answer, refresh: str) -> Tokens:
        """Stores new tokens; a provider may replace the refresh token each time (RFC 6749 section 6)."""
        try:
            lifetime = float(answer.expires_in or 3600)
        except ValueError:
            lifetime = 3600.0
        tokens = Tokens(
            access=answer.access_token, refresh=answer.refresh_token or refresh, expires_at=self._now() + lifetime
        )
        self._store.save(tokens)
        return tokens

    # -- logging in by redirect --------------------------------------------------------------------------

    def begin(self, redirect: str) -> Request:
        """An authorization to be opened in a browser; ``redirect`` is where the answer comes to."""
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        state = secrets.token_urlsafe(24)
        query = {
            "client_id": self._settings.client_id,
            "redirect_uri": redirect,
            "response_type": "code",
            "scope": self.provider.scope,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "login_hint": self._user,
            **dict(self.provider.extra),
        }
        return Request(f"{self.provider.authorize_url}?{urlencode(query)}", state, verifier, redirect)

    def finish(self, request: Request, answered: str) -> None:
        """Takes the address the browser was sent to, and keeps the tokens it stands for.

        Raises:
            AuthError: it is no answer to this request, or access was denied.
            UnreachableError: the provider does not answer.
        """
        query = parse_qs(urlsplit(answered.strip()).query)
        if "error" in query:
            raise AuthError(f"the login was refused ({safe_line(query['error'][0])}); try again")
        code, state = query.get("code", [""])[0], query.get("state", [""])[0]
        if not code or not secrets.compare_digest(state, request.state):
            raise AuthError(
                "this is not the answer to this login; paste the whole address that the browser shows at its end"
            )
        answer = self._post(
            self.provider.token_url,
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": request.redirect,
                "code_verifier": request.verifier,
            },
        )
        self._first(answer)

    # -- logging in with a code --------------------------------------------------------------------------

    def device(self) -> DeviceCode:
        """Asks for a code to be typed elsewhere.

        Raises:
            AuthError: the provider refuses the client.
            UnreachableError: the provider does not answer.
        """
        raw = self._request(self.provider.device_url, {"scope": self.provider.scope})
        try:
            return msgspec.json.decode(raw, type=DeviceCode)
        except msgspec.MsgspecError:
            answer = _answer(raw)
            raise AuthError(f"the provider refuses the login ({_words(answer)}); check oauth.client_id") from None

    def poll(self, code: DeviceCode, wait: Callable[[float], None] = time.sleep) -> None:
        """Waits until somebody has typed the code, and keeps the tokens (RFC 8628 section 3.4).

        Raises:
            AuthError: it was denied, or took too long.
            UnreachableError: the provider does not answer.
        """
        ends = self._now() + code.expires_in
        interval = max(code.interval, 1.0)
        while self._now() < ends:
            wait(interval)
            fields = {"grant_type": DEVICE_GRANT, "device_code": code.device_code}
            try:
                answer = self._post(self.provider.token_url, fields)
            except UnreachableError:
                interval = min(interval * 2, 60.0)
                continue
            if answer.error == "slow_down":
                interval += 5.0
            elif answer.error != "authorization_pending":
                self._first(answer)
                return
        raise AuthError("nobody typed the code in time; run the login again")

    def _first(self, answer: Answer) -> None:
        if answer.error or not answer.access_token:
            raise AuthError(f"the login did not work ({_words(answer)}); try again")
        if not answer.refresh_token:
            raise AuthError("the provider gave no lasting login; allow offline access and try again")
        with self._store.locked():
            self._keep(answer, "")

    # -- the wire ----------------------------------------------------------------------------------------

    def _post(self, url: str, fields: dict[str, str]) -> Answer:
        return _answer(self._request(url, fields))

    def _request(self, url: str, fields: dict[str, str]) -> bytes:
        form: dict[str, Any] = {"client_id": self._settings.client_id, **fields}
        secret = self._settings.secret(self._account)
        if secret:
            form["client_secret"] = secret
        try:
            answer = httpx.post(url, data=form, timeout=TIMEOUT, follow_redirects=False)
        except httpx.HTTPError as error:
            raise UnreachableError(
                f"{urlsplit(url).hostname} cannot be reached ({type(error).__name__}); it is tried again",
                provably_not_accepted=True,
            ) from None
        if answer.status_code >= 500 or answer.status_code == 429:
            raise UnreachableError(
                f"{urlsplit(url).hostname} has a fault ({answer.status_code}); it is tried again",
                provably_not_accepted=True,
            )
        return answer.content[:1_000_000]


def sasl(mechanism: str, user: str, token: str, host: str, port: int) -> bytes:
    """The initial response of ``XOAUTH2`` (Google, Microsoft) or ``OAUTHBEARER`` (RFC 7628 section 3.1)."""
    if mechanism == "OAUTHBEARER":
        name = user.replace("=", "=3D").replace(",", "=2C")
        return f"n,a={name},\x01host={host}\x01port={port}\x01auth=Bearer {token}\x01\x01".encode()
    return f"user={user}\x01auth=Bearer {token}\x01\x01".encode()


def sasl_end(mechanism: str) -> bytes:
    """What answers the server's error in a challenge, so that it ends the exchange (RFC 7628 section 3.2.3)."""
    return b"\x01" if mechanism == "OAUTHBEARER" else b""


def _answer(raw: bytes) -> Answer:
    try:
        return msgspec.json.decode(raw, type=Answer)
    except msgspec.MsgspecError:
        return Answer(error="an answer that cannot be understood")


def _words(answer: Answer) -> str:
    first = answer.error_description.splitlines()[0] if answer.error_description else ""
    return safe_line(f"{answer.error}: {first}" if first else answer.error or "no token")[:200]
