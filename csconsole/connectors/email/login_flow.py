"""The login of an agent by browser: a redirect to this machine or a pasted address, or a code typed elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from csconsole.clock import Clock
from csconsole.connectors.base import AccountContext
from csconsole.connectors.email.oauth import OAuthClient
from csconsole.connectors.email.settings import Settings
from csconsole.connectors.email.tokens import TokenStore
from csconsole.errors import AuthError, UnsupportedError

WAIT = 600.0
"""Seconds a login may take."""

_PAGE = (
    "HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nReferrer-Policy: no-referrer\r\n"
    "Cache-Control: no-store\r\n\r\n<!DOCTYPE html><title>csconsole</title><p>Done. Close this page and go back to the "
    "terminal.<p>เรียบร้อย ปิดหน้านี้แล้วกลับไปที่เทอร์มินัลได้เลย"
).encode()


def client_of(context: AccountContext, clock: Clock) -> OAuthClient:
    """The token client of an account.

    Raises:
        UnsupportedError: it logs in by password.
    """
    settings: Settings = context.settings
    oauth = settings.oauth
    if oauth is None:
        raise UnsupportedError(f"{context.name} logs in by password; it has no oauth table")
    store = TokenStore(context.data_dir, context.name, keyring=oauth.tokens == "keyring")
    user = settings.imap.user or settings.address
    return OAuthClient(context.name, oauth, user, store, lambda: clock.now() / 1000)


async def log_in(context: AccountContext, clock: Clock, say: Callable[[str], None], ask: Callable[[], str]) -> None:
    """Logs an agent in and keeps the tokens.

    Args:
        context: the account.
        clock: for the end of tokens.
        say: shows a line.
        ask: reads a line the agent types or pastes; blocks, "" when nobody can type.

    Raises:
        AuthError: it was refused, or took too long.
        UnreachableError: the provider does not answer.
        UnsupportedError: the account logs in by password.
    """
    client = client_of(context, clock)
    if client.provider.device_url:
        await asyncio.to_thread(_by_code, client, say)
    else:
        await asyncio.to_thread(_by_redirect, client, say, ask)


def _by_code(client: OAuthClient, say: Callable[[str], None]) -> None:
    code = client.device()
    say(f"Open {code.verification_uri or code.verification_url} in any browser and type the code {code.user_code}")
    say(f"Waiting until that is done, {code.expires_in / 60:.0f} minutes at most ...")
    client.poll(code)


def _by_redirect(client: OAuthClient, say: Callable[[str], None], ask: Callable[[], str]) -> None:
    answers: queue.Queue[str] = queue.Queue()
    server = _listen(answers)
    try:
        request = client.begin(f"http://127.0.0.1:{server.server_address[1]}/")
        say("Open this address in a browser:")
        say(request.url)
        say(
            "When the browser runs on another machine it ends at an address it cannot open; paste that whole "
            "address (http://127.0.0.1 ...) here and press Enter."
        )
        threading.Thread(target=_read, args=(ask, answers), daemon=True).start()
        while True:
            try:
                answered = answers.get(timeout=WAIT)
            except queue.Empty:
                raise AuthError("nobody logged in in time; run the login again") from None
            client.finish(request, answered)
            return
    finally:
        server.shutdown()
        server.server_close()


def _read(ask: Callable[[], str], answers: queue.Queue[str]) -> None:
    with contextlib.suppress(OSError, ValueError, EOFError):
        while line := ask():
            if line.strip():
                answers.put(line.strip())
                return


def _listen(answers: queue.Queue[str]) -> HTTPServer:
    """A server on a free loopback port (RFC 8252 section 7.3) that takes one answer."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            if "code=" not in self.path and "error=" not in self.path:
                self.send_error(404)
                return
            self.wfile.write(_PAGE)
            answers.put(f"http://127.0.0.1{self.path}")

        def log_message(self, *_details: Any) -> None:
            """Says nothing: the address holds a code."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    return server
