"""Handing a mail to a submission server (RFC 5321, 6409), with every doubt kept apart from every certainty.

Before DATA nothing can have been accepted. An answer to DATA or to the final dot is definite, whatever it says
(RFC 5321 section 4.2.1). Only a connection lost in between leaves the outcome unknown.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence

import aiosmtplib
from aiosmtplib import SMTPAuthenticationError, SMTPException, SMTPResponseException

from csconsole.connectors.email.logins import Login, Tokens
from csconsole.connectors.email.trouble import COMMAND_SECONDS, CONNECT_SECONDS, explain, tls_context
from csconsole.domain.settings import Endpoint
from csconsole.errors import AuthError, ConnectorError, RateLimitedError, RejectedError, UnreachableError
from csconsole.text.sanitize import safe_line

DATA_SECONDS = 300.0
"""How long the server may take to swallow the mail; RFC 5321 section 4.5.3.2.6 allows ten minutes."""

_SLOW_DOWN = re.compile(r"\b4\.(?:7\.\d+|3\.2|2\.1|5\.3)\b")
_SLOW_CODES = (421, 432, 450, 451, 452)


class Submission:
    """One connection to the submission server; a context manager.

    Args:
        endpoint: host, port, TLS and user.
        login: how to log in; without a user only to look what the server offers.
        ca_file: a private certificate authority, "" for the system's.
    """

    def __init__(self, endpoint: Endpoint, login: Login, ca_file: str = "") -> None:
        self._endpoint = endpoint
        self._login_with = login
        self._ca_file = ca_file
        context = tls_context(ca_file) if endpoint.tls != "none" else None
        self._client = aiosmtplib.SMTP(
            hostname=endpoint.host,
            port=endpoint.port,
            use_tls=endpoint.tls == "implicit",
            start_tls=False,
            tls_context=context,
            local_hostname=_own_name(),
            timeout=COMMAND_SECONDS,
        )

    async def __aenter__(self) -> Submission:
        try:
            await self._client.connect(timeout=CONNECT_SECONDS)
            if self._endpoint.tls == "starttls":
                await self._start_tls()
            await self._client.ehlo()
            if self._login_with.user:
                await self._login()
        except BaseException as error:
            self._client.close()
            if isinstance(error, ConnectorError) or not isinstance(error, Exception):
                raise
            raise self._before_data(error) from None
        return self

    async def __aexit__(self, *_details: object) -> None:
        with contextlib.suppress(Exception):
            await self._client.quit(timeout=5)
        self._client.close()

    def supports(self, extension: str) -> bool:
        """Whether the server announced an extension."""
        return self._client.supports_extension(extension)

    @property
    def size_limit(self) -> int:
        """Bytes of the largest mail the server says it takes (RFC 1870), 0 when it states none."""
        stated = self._client.esmtp_extensions.get("size", "").strip()
        return int(stated) if stated.isdigit() and len(stated) < 16 else 0

    async def _start_tls(self) -> None:
        await self._client.ehlo()
        if not self._client.supports_extension("starttls"):
            raise AuthError(
                f"{safe_line(self._endpoint.host)} offers no STARTTLS; "
                'set smtp.tls = "implicit" with port 465, the password is not sent in the clear'
            )
        await self._client.starttls()

    async def _login(self) -> None:
        """Uses the first mechanism both know, once: a second try with the same password may lock the account."""
        if self._login_with.tokens is not None:
            await self._login_by_token(self._login_with.tokens)
            return
        offered = self._client.server_auth_methods
        user, password = self._login_with.user, self._login_with.password
        if "plain" in offered:
            await self._client.auth_plain(user, password)
        elif "login" in offered:
            await self._client.auth_login(user, password)
        elif "cram-md5" in offered:
            await self._client.auth_crammd5(user, password)
        else:
            raise AuthError(
                f"{safe_line(self._endpoint.host)} offers no login with a password here; check smtp.port and smtp.tls"
            )

    async def _login_by_token(self, tokens: Tokens) -> None:
        """By a token; one that is refused is renewed once."""
        from csconsole.connectors.email.oauth import sasl, sasl_end

        endpoint, user = self._endpoint, self._login_with.user
        offered = self._client.server_auth_methods
        mechanism = next((one for one in ("XOAUTH2", "OAUTHBEARER") if one.lower() in offered), "")
        if not mechanism:
            raise AuthError(f"{safe_line(endpoint.host)} takes no login by OAuth here; check smtp.port and smtp.tls")
        refused = ""
        while True:
            token = await asyncio.to_thread(tokens.get, refused=refused)
            words = b64encode(sasl(mechanism, user, token, endpoint.host, endpoint.port))
            answer = await self._client.execute_command(b"AUTH", mechanism.encode(), words)
            if answer.code == 334:  # the error stands in a challenge; an answer ends the exchange
                answer = await self._client.execute_command(b64encode(sasl_end(mechanism)))
            if answer.code == 235:
                return
            if refused or answer.code != 535:
                raise SMTPAuthenticationError(answer.code, answer.message)
            refused = token

    async def send(
        self,
        sender: str,
        recipients: Sequence[str],
        message: bytes,
        envelope_id: str,
        before_data: Callable[[], Awaitable[None]],
    ) -> str:
        """Sends one mail to all recipients or to none.

        Args:
            sender: envelope sender.
            recipients: envelope recipients.
            message: the mail, CRLF line ends.
            envelope_id: our mark, for delivery reports (RFC 3461).
            before_data: awaited just before DATA; from then on a lost connection leaves the outcome unknown.

        Returns:
            The server's words of acceptance.

        Raises:
            RejectedError: refused for good.
            RateLimitedError: refused for now.
            UnreachableError: no connection; ``provably_not_accepted`` tells when it broke.
        """
        try:
            await self._envelope(sender, recipients, len(message), envelope_id)
        except ConnectorError:
            raise
        except Exception as error:
            raise self._before_data(error) from None
        await before_data()
        try:
            answer = await self._client.data(message, timeout=DATA_SECONDS)
        except SMTPResponseException as error:
            if 400 <= error.code < 600:
                raise self._refusal(error.code, error.message, "the mail") from None
            raise explain(error, self._endpoint, "smtp", sent=True) from None
        except (SMTPException, OSError, TimeoutError) as error:
            raise UnreachableError(
                f"the connection to {safe_line(self._endpoint.host)} was lost after the mail was handed over; "
                "whether it went out is looked up"
            ) from error
        return safe_line(f"{answer.code} {answer.message}")

    async def _envelope(self, sender: str, recipients: Sequence[str], size: int, envelope_id: str) -> None:
        client = self._client
        options: list[str] = []
        encoding = "ascii"
        if not all(address.isascii() for address in (sender, *recipients)):
            if not client.supports_extension("smtputf8"):
                raise RejectedError("the mail server cannot send to an address with letters outside ASCII")
            options.append("SMTPUTF8")
            encoding = "utf-8"
        if client.supports_extension("size"):
            if 0 < self.size_limit < size:
                raise RejectedError(
                    f"the mail has {size // 1000} kB, the server takes {self.size_limit // 1000} kB; "
                    "send fewer or smaller files",
                    remote_code="552",
                )
            options.append(f"SIZE={size}")
        notify: list[str] = []
        if client.supports_extension("dsn") and re.fullmatch(r"[\w.-]{1,100}", envelope_id, re.ASCII):
            options += ["RET=HDRS", f"ENVID={envelope_id}"]
            notify = ["NOTIFY=FAILURE,DELAY"]
        await client.mail(sender, options=options, encoding=encoding)
        for recipient in recipients:
            await client.rcpt(recipient, options=notify, encoding=encoding)

    @property
    def _cure(self) -> str:
        by_token = self._login_with.tokens is not None
        return "log in again: csconsole login NAME" if by_token else "check smtp.user and smtp.password"

    def _before_data(self, error: Exception) -> ConnectorError:
        """What a failure before DATA means; nothing was accepted."""
        if isinstance(error, SMTPAuthenticationError):
            if 400 <= error.code < 500:
                return RateLimitedError(
                    f"{safe_line(self._endpoint.host)} takes no login just now ({_words(error)}); it is tried again"
                )
            return AuthError(
                f"{safe_line(self._endpoint.host)} refuses the login of {safe_line(self._login_with.user)} "
                f"({_words(error)}); {self._cure}"
            )
        recipient = getattr(error, "recipient", "") or getattr(error, "sender", "")
        if isinstance(error, SMTPResponseException) and 400 <= error.code < 600:
            return self._refusal(error.code, error.message, recipient or "the connection")
        if isinstance(error, ValueError) and not isinstance(error, OSError):  # a certificate error is both
            return RejectedError(f"an address cannot be sent to ({safe_line(str(error))})")
        return explain(error, self._endpoint, "smtp", ca_file=self._ca_file)

    def _refusal(self, code: int, message: str, what: str) -> ConnectorError:
        words = safe_line(f"{code} {message}")
        host = safe_line(self._endpoint.host)
        if code >= 500:
            return RejectedError(f"{host} refuses {safe_line(what)}: {words}", remote_code=str(code))
        if code in _SLOW_CODES or _SLOW_DOWN.search(message):
            return RateLimitedError(f"{host} does not take {safe_line(what)} now: {words}; it is tried again")
        return UnreachableError(
            f"{host} does not take {safe_line(what)} now: {words}; it is tried again", provably_not_accepted=True
        )


def _words(error: SMTPResponseException) -> str:
    return safe_line(f"{error.code} {error.message}")


def _own_name() -> str:
    """The name for EHLO without asking a name server: what looks like a domain, else an address literal."""
    name = socket.gethostname()
    return name if re.fullmatch(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", name) else "[127.0.0.1]"
