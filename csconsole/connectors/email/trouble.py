"""TLS contexts, and failures of sockets and TLS as one sentence that says what to do."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from csconsole.domain.settings import Endpoint
from csconsole.errors import AuthError, ConfigError, ConnectorError, UnreachableError
from csconsole.text.sanitize import safe_line

CONNECT_SECONDS = 15.0
COMMAND_SECONDS = 60.0


def tls_context(ca_file: str) -> ssl.SSLContext:
    """A context that verifies certificate and name, against ``ca_file`` or the system's authorities.

    Raises:
        AuthError: the file cannot be used.
    """
    path = str(Path(ca_file).expanduser()) if ca_file else None
    try:
        return ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        raise AuthError(
            f"ca_file {safe_line(ca_file)} cannot be used ({_reason(error)}); name a readable PEM file"
        ) from None


def reveal(endpoint: Endpoint, account: str, key: str) -> str:
    """The password of an endpoint, "" when it has none. Blocks (a secret may come from a program).

    Raises:
        AuthError: the secret cannot be had.
    """
    if endpoint.password is None:
        return ""
    try:
        return endpoint.password.reveal(account, f"{key}.password")
    except ConfigError as error:
        raise AuthError(error.message) from None


def explain(
    error: BaseException, endpoint: Endpoint, key: str, *, ca_file: str = "", sent: bool = False
) -> ConnectorError:
    """Says what a failed connection means and what to do about it.

    Args:
        error: what was raised by a socket, TLS or a library above them.
        endpoint: the server.
        key: ``imap`` or ``smtp``, the name of its settings.
        ca_file: the certificate authority in use, "" for the system's.
        sent: a request may have been accepted before the failure.
    """
    chain = _chain(error)
    where = f"{safe_line(endpoint.host)}:{endpoint.port}"
    return UnreachableError(_sentence(chain, where, endpoint, key, ca_file), provably_not_accepted=not sent)


def _sentence(chain: list[BaseException], where: str, endpoint: Endpoint, key: str, ca_file: str) -> str:
    for one in chain:
        if isinstance(one, socket.gaierror):
            return f"the host {safe_line(endpoint.host)} is not known; check {key}.host and the network"
        if isinstance(one, ssl.SSLCertVerificationError):
            why = safe_line(one.verify_message or str(one))
            trust = f"ca_file {safe_line(ca_file)}" if ca_file else "the system's authorities"
            return (
                f"the certificate of {where} is not trusted by {trust} ({why}); "
                "name the right ca_file, or check that this is the right server"
            )
        if isinstance(one, ssl.SSLError):
            return f"TLS with {where} failed ({_reason(one)}); check {key}.port and {key}.tls (implicit | starttls)"
        if isinstance(one, ConnectionRefusedError):
            return f"{where} refuses connections; check {key}.host and {key}.port, or wait until the server is back"
    for one in chain:
        if isinstance(one, TimeoutError):
            return f"{where} does not answer in time; check the network and {key}.port, or wait"
    return f"the connection to {where} broke ({_reason(chain[0])}); it is tried again"


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain and len(chain) < 10:
        chain.append(current)
        current = current.__cause__ or current.__context__
    return chain


def _reason(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or getattr(error, "reason", None) or str(error) or type(error).__name__
    return safe_line(str(text))
