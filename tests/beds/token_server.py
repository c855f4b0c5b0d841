"""An authorization server on this machine (RFC 6749, 7636, 8628, 7662), with a ledger of what it gave."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit


@dataclass
class TokenServer:
    """The server.

    Attributes:
        user: whose tokens it gives.
        access: valid access tokens.
        refresh: the valid refresh token; each use replaces it.
        device_answers: errors given to polls before the token is.
        lifetime: ``expires_in`` of tokens.
        asked: every request to the token endpoint.
        broken: answers every request with this status instead.
    """

    user: str
    access: set[str] = field(default_factory=set)
    refresh: str = ""
    device_answers: list[str] = field(default_factory=list)
    lifetime: int = 3600
    asked: list[dict[str, str]] = field(default_factory=list)
    broken: int = 0
    port: int = 0
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def revoke(self) -> None:
        """Ends the login: nothing that was given works any more."""
        self.access.clear()
        self.refresh = ""

    def authorize(self, url: str) -> str:
        """What a browser is redirected to when its user has agreed."""
        query = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
        code = secrets.token_urlsafe(8)
        self._codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.asked.append(form)
        grant = form.get("grant_type", "")
        if grant == "authorization_code":
            begun = self._codes.pop(form.get("code", ""), None)
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if begun is None or begun["code_challenge"] != proof or begun["redirect_uri"] != form.get("redirect_uri"):
                return 400, {"error": "invalid_grant"}
        elif grant == "refresh_token":
            if not self.refresh or form.get("refresh_token") != self.refresh:
                return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        elif grant.endswith("device_code"):
            if self.device_answers:
                return 400, {"error": self.device_answers.pop(0)}
        else:
            return 400, {"error": "unsupported_grant_type"}
        token = secrets.token_urlsafe(12)
        self.access.add(token)
        self.refresh = secrets.token_urlsafe(12)
        return 200, {"access_token": token, "refresh_token": self.refresh, "expires_in": self.lifetime}


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def do_GET(self) -> None:
        bed: TokenServer = self.server.bed
        query = parse_qs(urlsplit(self.path).query)
        token = query.get("token", [""])[0]
        active = token in bed.access
        self._answer(200, {"active": active, **({"username": bed.user} if active else {})})

    def do_POST(self) -> None:
        bed: TokenServer = self.server.bed
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = {key: values[0] for key, values in parse_qs(body).items()}
        if bed.broken:
            self._answer(bed.broken, {})
        elif self.path == "/device":
            self._answer(
                200,
                {
                    "device_code": "d",
                    "user_code": "ABCD-EFGH",
                    "verification_uri": "https://login.example/device",
                    "expires_in": 900,
                    "interval": 1,
                },
            )
        else:
            self._answer(*bed.token(form))

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_details: Any) -> None:
        return


@contextmanager
def token_server(user: str) -> Iterator[TokenServer]:
    """The server, for as long as the context lasts."""
    bed = TokenServer(user)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.bed = bed  # type: ignore[attr-defined]  # read by the handler
    bed.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield bed
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
