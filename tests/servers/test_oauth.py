"""Logins by OAuth: an authorization server here, Dovecot's own OAuth support, a submission server that wants tokens."""

from __future__ import annotations

import asyncio
import shutil
import stat
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from csconsole.clock import FixedClock
from csconsole.connectors.base import AccountContext
from csconsole.connectors.email.connector import EmailConnector
from csconsole.connectors.email.login_flow import client_of
from csconsole.connectors.email.oauth_settings import OAuth
from csconsole.connectors.email.settings import Settings
from csconsole.domain.settings import Endpoint
from csconsole.errors import AuthError, UnreachableError, UnsupportedError
from csconsole.paths import DataDir
from tests.beds.certs import make_certificates
from tests.beds.dovecot import Dovecot
from tests.beds.maildir import Maildir
from tests.beds.scripted_smtp import scripted_smtp
from tests.beds.token_server import TokenServer, token_server
from tests.cli.program import Program
from tests.servers.email_account import NOW, Phases, answer, pull_all, raw_mail

USER = "support@shop.test"


@pytest.fixture
def server() -> Iterator[TokenServer]:
    with token_server(USER) as bed:
        yield bed


def context(server: TokenServer, root: Path, *, flow: str = "redirect", **changes: Any) -> AccountContext:
    where = {"authorize_url": server.url("authorize")} if flow == "redirect" else {"device_url": server.url("device")}
    oauth = OAuth(provider="other", client_id="app", token_url=server.url("token"), scope="mail", **where)
    ends: dict[str, Any] = {"host": "127.0.0.1", "port": 1, "tls": "none"}
    settings = Settings(
        address=USER,
        imap=Endpoint(**{**ends, **changes.pop("imap", {})}),
        smtp=Endpoint(**{**ends, **changes.pop("smtp", {})}),
        oauth=oauth,
        **changes,
    )
    return AccountContext(name="mail", connector="email", settings=settings, data_dir=str(root))


class Agent:
    """Reads what the login says, and opens the address or pastes one."""

    def __init__(self, act: Callable[[str], str | None] = lambda _: None) -> None:
        self.lines: list[str] = []
        self._act = act
        self._typed = threading.Event()
        self._text = ""

    def say(self, line: str) -> None:
        self.lines.append(line)
        if line.startswith("http"):
            threading.Thread(target=self._open, args=(line,), daemon=True).start()

    def _open(self, url: str) -> None:
        pasted = self._act(url)
        if pasted is not None:
            self._text = pasted + "\n"
            self._typed.set()

    def ask(self) -> str:
        self._typed.wait(20)
        text, self._text = self._text, ""
        return text


async def logged_in(account: AccountContext, agent: Agent) -> None:
    connector = EmailConnector(account, FixedClock(NOW))
    try:
        await connector.log_in(agent.say, agent.ask)
    finally:
        await connector.close()


async def test_a_browser_on_this_machine_ends_the_login(server: TokenServer, tmp_path: Path) -> None:
    def browser(url: str) -> None:
        with urllib.request.urlopen(server.authorize(url), timeout=10) as page:
            assert page.status == 200 and "Close this page" in page.read().decode()

    await logged_in(context(server, tmp_path), Agent(browser))
    file = tmp_path / "tokens" / "mail.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert server.refresh in file.read_text()
    assert server.asked[0]["grant_type"] == "authorization_code" and "client_secret" not in server.asked[0]


async def test_a_pasted_address_ends_it_too_and_a_foreign_one_does_not(server: TokenServer, tmp_path: Path) -> None:
    account = context(server, tmp_path)
    await logged_in(account, Agent(server.authorize))
    assert client_of(account, FixedClock(NOW)).access_token() in server.access
    with pytest.raises(AuthError, match="not the answer"):
        await logged_in(account, Agent(lambda url: "http://127.0.0.1:1/?code=stolen&state=other"))
    with pytest.raises(AuthError, match="access_denied"):
        await logged_in(account, Agent(lambda url: "http://127.0.0.1:1/?error=access_denied"))


async def test_a_code_typed_elsewhere(server: TokenServer, tmp_path: Path) -> None:
    server.device_answers = ["authorization_pending", "slow_down", "authorization_pending"]
    client = client_of(context(server, tmp_path, flow="device"), FixedClock(NOW))
    waits: list[float] = []
    code = client.device()
    client.poll(code, waits.append)
    assert (code.user_code, waits) == ("ABCD-EFGH", [1.0, 1.0, 6.0, 6.0])
    assert client.access_token() in server.access


@pytest.mark.parametrize("error", ["access_denied", "expired_token"])
async def test_a_code_nobody_wants(server: TokenServer, tmp_path: Path, error: str) -> None:
    server.device_answers = [error]
    client = client_of(context(server, tmp_path, flow="device"), FixedClock(NOW))
    with pytest.raises(AuthError, match=error):
        client.poll(client.device(), lambda _: None)


def test_tokens_are_renewed_before_they_end_and_the_refresh_token_changes(server: TokenServer, tmp_path: Path) -> None:
    clock = FixedClock(NOW)
    client = client_of(context(server, tmp_path, flow="device"), clock)
    client.poll(client.device(), lambda _: None)
    first = client.access_token()
    assert client.access_token() == first
    clock.advance(3_500_000)
    second = client.access_token()
    assert second != first and second in server.access
    third = client.access_token(refused=second)
    assert third not in (first, second)
    assert len({one.get("refresh_token") for one in server.asked if one["grant_type"] == "refresh_token"}) == 2


def test_many_at_once_renew_once(server: TokenServer, tmp_path: Path) -> None:
    clock = FixedClock(NOW)
    account = context(server, tmp_path, flow="device")
    client = client_of(account, clock)
    client.poll(client.device(), lambda _: None)
    clock.advance(7_200_000)
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(client_of(account, clock).access_token())) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6 and len(set(found)) == 1
    assert sum(one["grant_type"] == "refresh_token" for one in server.asked) == 1


def test_a_login_that_ended_says_what_to_run_and_a_fault_is_tried_again(server: TokenServer, tmp_path: Path) -> None:
    clock = FixedClock(NOW)
    client = client_of(context(server, tmp_path, flow="device"), clock)
    with pytest.raises(AuthError, match="csconsole login mail"):
        client.access_token()
    client.poll(client.device(), lambda _: None)
    clock.advance(7_200_000)
    server.broken = 503
    with pytest.raises(UnreachableError, match="tried again"):
        client.access_token()
    server.broken = 0
    server.revoke()
    with pytest.raises(AuthError, match=r"expired or revoked.*csconsole login mail"):
        client.access_token()


def test_a_file_others_may_read_is_not_used(server: TokenServer, tmp_path: Path) -> None:
    client = client_of(context(server, tmp_path, flow="device"), FixedClock(NOW))
    client.poll(client.device(), lambda _: None)
    (tmp_path / "tokens" / "mail.json").chmod(0o644)
    with pytest.raises(AuthError, match="chmod 600"):
        client.access_token()


def test_an_account_with_a_password_needs_no_login(tmp_path: Path) -> None:
    end = Endpoint(host="127.0.0.1", port=1, tls="none")
    account = AccountContext(name="mail", connector="email", settings=Settings(address=USER, imap=end, smtp=end))
    with pytest.raises(UnsupportedError, match="by password"):
        client_of(account, FixedClock(NOW))


@pytest.mark.parametrize("url", ["http://evil.example/token", "ftp://127.0.0.1/token"])
def test_a_token_address_in_the_clear_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        OAuth(provider="other", client_id="a", token_url=url, device_url="https://x.example/d")


def test_the_providers_addresses_are_tls_and_complete() -> None:
    for provider in ("google", "microsoft"):
        known = OAuth(provider=provider, client_id="a", tenant="shop.example").resolved
        assert all(url.startswith("https://") for url in (known.token_url, known.authorize_url or known.device_url))
        assert "{tenant}" not in f"{known}" and known.scope
    assert httpx.URL(OAuth(provider="google", client_id="a").resolved.authorize_url).host == "accounts.google.com"


# -- real servers ----------------------------------------------------------------------------------------


@pytest.fixture
def dovecot(server: TokenServer) -> Iterator[Dovecot]:
    directory = Path(tempfile.mkdtemp(prefix="oauthbed-"))
    directory.chmod(0o755)
    bed = Dovecot(directory, make_certificates(directory / "tls"), introspection_url=server.url("introspect"))
    try:
        bed.start()
        yield bed
    finally:
        bed.stop()
        shutil.rmtree(directory, ignore_errors=True)


async def test_mail_is_read_from_dovecot_and_sent_by_token(
    server: TokenServer, dovecot: Dovecot, tmp_path: Path
) -> None:
    Maildir(dovecot.home / "shop.test/support/Maildir", dovecot.owner).add("INBOX", [raw_mail(1), raw_mail(2)])
    shutil.chown(dovecot.home / "shop.test", *dovecot.owner)
    shutil.chown(dovecot.home / "shop.test/support", *dovecot.owner)
    with scripted_smtp() as smtp:
        smtp.takes = lambda token: token in server.access
        account = context(
            server,
            tmp_path,
            flow="device",
            imap={"port": dovecot.ports.imap},
            smtp={"port": smtp.port},
            sent_copy="none",
        )
        connector = EmailConnector(account, FixedClock(NOW))
        try:
            with pytest.raises(AuthError, match="csconsole login mail"):
                await connector.pull("")
            client = client_of(account, FixedClock(NOW))
            await asyncio.to_thread(client.poll, client.device(), lambda _: None)
            pages, cursor = await pull_all(connector)
            assert sum(len(page.items) for page in pages) == 2
            await connector.send(answer("<csc.oauth@shop.test>", "x@customer.test"), Phases())
            assert len(smtp.ledger) == 1

            server.access.clear()  # the servers forget the token before its time; it is renewed once
            await connector.send(answer("<csc.oauth-2@shop.test>", "x@customer.test"), Phases())
            assert len(smtp.ledger) == 2
            again = EmailConnector(account, FixedClock(NOW))
            server.access.clear()
            assert (await again.pull(cursor)).items == ()
            await again.close()

            server.revoke()
            last = EmailConnector(account, FixedClock(NOW))
            with pytest.raises(AuthError, match="csconsole login"):
                await last.pull(cursor)
            with pytest.raises(AuthError, match="csconsole login"):
                await last.send(answer("<csc.oauth-3@shop.test>", "x@customer.test"), Phases())
            await last.close()
            assert len(smtp.ledger) == 2
        finally:
            await connector.close()


async def test_oauthbearer_is_used_where_there_is_no_xoauth2(
    server: TokenServer, dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import imapclient

    has = imapclient.IMAPClient.has_capability
    monkeypatch.setattr(
        imapclient.IMAPClient, "has_capability", lambda self, name: name != "AUTH=XOAUTH2" and has(self, name)
    )
    account = context(server, tmp_path, flow="device", imap={"port": dovecot.ports.imap})
    client = client_of(account, FixedClock(NOW))
    await asyncio.to_thread(client.poll, client.device(), lambda _: None)
    connector = EmailConnector(account, FixedClock(NOW))
    try:
        assert (await connector.pull("")).items == ()
        server.access.clear()
        server.refresh = ""
        other = EmailConnector(account, FixedClock(NOW))
        with pytest.raises(AuthError):
            await other.pull("")
        await other.close()
    finally:
        await connector.close()


def test_the_command_logs_in_and_tries_the_account(server: TokenServer, dovecot: Dovecot, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    ends = '{{ host = "127.0.0.1", port = {}, tls = "none" }}'
    with scripted_smtp() as smtp:
        smtp.takes = lambda token: token in server.access
        (data / "config.toml").write_text(
            '[[accounts]]\nname = "mail"\nconnector = "email"\n'
            f'address = "{USER}"\nimap = {ends.format(dovecot.ports.imap)}\nsmtp = {ends.format(smtp.port)}\n'
            f'oauth = {{ provider = "other", client_id = "app", token_url = "{server.url("token")}", '
            f'device_url = "{server.url("device")}" }}\n'
        )
        done = Program(data).ok("login", "mail")
    assert "https://login.example/device" in done.err and "ABCD-EFGH" in done.err
    assert "logged in" in done.out and "can be read and sent from" in done.out
    assert server.refresh in (data / "tokens" / "mail.json").read_text()
    assert server.refresh not in (data / "config.toml").read_text() + DataDir(data).log_file.read_text()
    assert Program(data)("login", "post").code == 5
