"""One blocking IMAP session (RFC 3501, 2177, 4315, 6154) over IMAPClient; used from a single lane.

Folders are only ever opened with EXAMINE and bodies only read with ``BODY.PEEK``: reading leaves no trace on
the server.
"""

from __future__ import annotations

import contextlib
import imaplib
import logging
import socket
import ssl
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

import imapclient
from imapclient.exceptions import IMAPClientError, LoginError
from imapclient.imapclient import SEEN, SENT

from csconsole.connectors.email.fetch import Summary, read_bodies, read_summaries
from csconsole.connectors.email.logins import Login, Tokens
from csconsole.connectors.email.trouble import COMMAND_SECONDS, CONNECT_SECONDS, explain, tls_context
from csconsole.domain.settings import Endpoint
from csconsole.errors import AuthError, ConnectorError, RateLimitedError, UnreachableError
from csconsole.text.sanitize import safe_line

WINDOW = 50_000
"""Messages listed by one SEARCH: its answer is one line, and imaplib takes no line above a million bytes."""

_BUSY = ("[LIMIT]", "[INUSE]", "[UNAVAILABLE]", "TOO MANY", "SIMULTANEOUS", "TRY AGAIN", "TEMPORAR")

# The libraries' own debug logs hold mail and, at their lowest level, credentials.
logging.getLogger("imapclient").setLevel(logging.WARNING)


class Status(NamedTuple):
    """What a server says of a folder it has not opened."""

    uidvalidity: int
    uidnext: int
    messages: int


class ImapSession:
    """A logged-in connection.

    Every method raises a :class:`ConnectorError` and nothing else; after :class:`UnreachableError` the session
    is dead and a new one is needed.

    Args:
        endpoint: host, port and TLS.
        login: how to log in.
        ca_file: a private certificate authority, "" for the system's.
    """

    def __init__(self, endpoint: Endpoint, login: Login, ca_file: str = "") -> None:
        self.endpoint = endpoint
        self.ca_file = ca_file
        self._login_with = login
        self._client: Any = None
        self._socket: socket.socket | None = None
        self.selected = ""

    # Connection

    def open(self) -> None:
        """Connects and logs in.

        Raises:
            AuthError: the credentials are wrong, or the server would take them only in the clear.
            UnreachableError: no connection.
            RateLimitedError: the server has too many connections already.
        """
        context = tls_context(self.ca_file) if self.endpoint.tls != "none" else None
        with self._translated():
            self._client = client = imapclient.IMAPClient(
                self.endpoint.host,
                self.endpoint.port,
                ssl=self.endpoint.tls == "implicit",
                ssl_context=context,
                timeout=imapclient.SocketTimeout(CONNECT_SECONDS, COMMAND_SECONDS),
            )
            # IMAPClient makes imaplib write every answer, bodies and all, into a log nobody reads.
            client._imap.debug = 0
            self._socket = client.socket()
            if self.endpoint.tls == "starttls":
                self._start_tls(context)
            _keep_alive(client.socket())
            self._login()

    def _start_tls(self, context: ssl.SSLContext | None) -> None:
        # imaplib refuses STARTTLS after a PREAUTH greeting and drops what was buffered in the clear.
        if not self._client.has_capability("STARTTLS"):
            raise AuthError(
                f"{safe_line(self.endpoint.host)} offers no STARTTLS; "
                'set imap.tls = "implicit" with port 993, the password is not sent in the clear'
            )
        self._client.starttls(context)
        self._socket = self._client.socket()

    def _login(self) -> None:
        client = self._client
        user, password = self._login_with.user, self._login_with.password
        if not user:
            return
        if self._login_with.tokens is not None:
            self._login_by_token(self._login_with.tokens)
            return
        try:
            if client.has_capability("AUTH=PLAIN"):
                token = f"\0{user}\0{password}".encode()
                client.sasl_login("PLAIN", lambda _challenge: token)
            elif client.has_capability("LOGINDISABLED"):
                raise AuthError(
                    f"{safe_line(self.endpoint.host)} allows no login on this connection; "
                    'set imap.tls to "implicit" or "starttls"'
                )
            elif client.has_capability("AUTH=LOGIN") and not password.isascii():
                words = iter((user.encode(), password.encode()))
                client.sasl_login("LOGIN", lambda _challenge: next(words, b""))
            else:
                client.login(user, password)
        except LoginError as error:
            # IMAPClient calls a connection lost during login a failed login too.
            if isinstance(error.__context__, imaplib.IMAP4.abort):
                raise error.__context__ from None
            raise self._login_error(str(error)) from None

    def _login_by_token(self, tokens: Tokens) -> None:
        """By a token; one that is refused is renewed once."""
        from csconsole.connectors.email.oauth import sasl, sasl_end

        endpoint = self.endpoint
        mechanism = next((one for one in ("XOAUTH2", "OAUTHBEARER") if self._client.has_capability(f"AUTH={one}")), "")
        if not mechanism:
            raise AuthError(f"{safe_line(endpoint.host)} takes no login by OAuth here; check imap.port and imap.tls")
        refused = ""
        while True:
            token = tokens.get(refused=refused)
            first = sasl(mechanism, self._login_with.user, token, endpoint.host, endpoint.port)
            # The server's error comes as a challenge; an answer ends the exchange, silence hangs it.
            replies = iter((first,))
            try:
                self._client.sasl_login(
                    mechanism, lambda _challenge, replies=replies: next(replies, sasl_end(mechanism))
                )
            except LoginError as error:
                if isinstance(error.__context__, imaplib.IMAP4.abort):
                    raise error.__context__ from None
                if refused or isinstance(self._login_error(str(error)), RateLimitedError):
                    raise self._login_error(str(error)) from None
                refused = token
            else:
                return

    def _login_error(self, words: str) -> ConnectorError:
        shown = safe_line(words)
        host = safe_line(self.endpoint.host)
        if any(sign in words.upper() for sign in _BUSY):
            return RateLimitedError(f"{host} takes no login just now ({shown}); it is tried again")
        by_token = self._login_with.tokens is not None
        cure = "log in again: csconsole login NAME" if by_token else "check imap.user and imap.password"
        return AuthError(f"{host} refuses the login of {safe_line(self._login_with.user)} ({shown}); {cure}")

    def abort(self) -> None:
        """Breaks the connection at once; safe from any thread, wakes a call that waits for the server."""
        sock = self._socket
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Says goodbye and closes; never raises."""
        client, self._client, self._socket = self._client, None, None
        if client is None:
            return
        with contextlib.suppress(Exception):
            client.socket().settimeout(2)
            client.logout()
        with contextlib.suppress(Exception):
            client.shutdown()

    def fileno(self) -> int:
        """The socket's number, to wait on."""
        return int(self._client.socket().fileno())

    def has(self, capability: str) -> bool:
        """Whether the server offers ``capability`` after login."""
        with self._translated():
            return bool(self._client.has_capability(capability))

    # Folders

    def folders(self) -> list[str]:
        """Names of all folders that can be opened, in words."""
        with self._translated():
            return [
                str(name)
                for flags, _delimiter, name in self._client.list_folders()
                if b"\\Noselect" not in flags and b"\\NonExistent" not in flags
            ]

    def sent_folder(self) -> str:
        """The Sent folder by SPECIAL-USE (RFC 6154), else by its usual names; "" when there is none."""
        with self._translated():
            return str(self._client.find_special_folder(SENT) or "")

    def status(self, folder: str) -> Status:
        """UIDVALIDITY, UIDNEXT and count, without opening the folder.

        Raises:
            ConnectorError: there is no such folder; names those there are.
        """
        if folder == self.selected:
            self.release()
        with self._translated():
            try:
                answer = self._client.folder_status(folder, ("MESSAGES", "UIDNEXT", "UIDVALIDITY"))
            except IMAPClientError as error:
                if isinstance(error, imaplib.IMAP4.abort):
                    raise
                raise self._missing(folder, str(error)) from None
        status = Status(*(int(answer.get(name) or 0) for name in (b"UIDVALIDITY", b"UIDNEXT", b"MESSAGES")))
        if not status.uidnext:
            # RFC 3501 lets a server keep UIDNEXT to itself; then the last UID tells.
            listed = self.uids(self.examine(folder), None)
            status = status._replace(uidnext=listed[-1] + 1 if listed else 1)
        return status

    def _missing(self, folder: str, words: str) -> ConnectorError:
        names = self.folders()
        if folder in names:
            return ConnectorError(f'the folder "{safe_line(folder)}" cannot be read ({safe_line(words)})')
        listed = ", ".join(safe_line(name) for name in names[:30])
        return ConnectorError(f'there is no folder "{safe_line(folder)}"; mend folders. The mailbox has: {listed}')

    def examine(self, folder: str) -> int:
        """Opens a folder for reading only and returns how many mails it holds."""
        with self._translated():
            answer = self._client.select_folder(folder, readonly=True)
            self.selected = folder
            return int(answer.get(b"EXISTS") or 0)

    def release(self) -> None:
        """Lets the open folder go, so that STATUS is asked of a folder nobody has open (RFC 3501 section 6.3.10).

        CLOSE removes nothing from a folder opened with EXAMINE (section 6.4.2).
        """
        if self.selected:
            self.selected = ""
            with self._translated():
                self._client.close_folder()

    def is_quiet(self) -> bool:
        """Whether no mail came to or went from the open folder since the last command."""
        with self._translated():
            return not any(
                isinstance(one, tuple) and len(one) > 1 and one[1] in (b"EXISTS", b"EXPUNGE")
                for one in self._client.noop()[1]
            )

    def append(self, folder: str, raw: bytes) -> None:
        """Puts a mail into a folder, marked as read."""
        with self._translated():
            self._client.append(folder, raw, flags=(SEEN,))

    # Messages of the open folder

    def uids(self, exists: int, since: date | None) -> list[int]:
        """All UIDs of the open folder in ascending order.

        Listed in windows of sequence numbers from the top down: an EXPUNGE in between moves mails towards the
        windows still to come, so none is missed.

        Args:
            exists: how many mails the folder holds.
            since: only those received on this day or later.
        """
        found: set[int] = set()
        top = exists
        while top > 0:
            bottom = max(1, top - WINDOW + 1)
            criteria: list[Any] = [f"{bottom}:{top}"]
            if since is not None:
                criteria += ["SINCE", since]
            with self._translated():
                found.update(self._client.search(criteria))
            top = bottom - 1
        return sorted(found)

    def uids_after(self, high: int) -> list[int]:
        """UIDs above ``high`` in ascending order. ``n:*`` names the last mail even if its UID is below n
        (RFC 3501 section 9, seq-range), so the answer is filtered."""
        with self._translated():
            return sorted(uid for uid in self._client.search(["UID", f"{high + 1}:*"]) if uid > high)

    def search_header(self, name: str, value: str) -> list[int]:
        """UIDs of mails whose header ``name`` contains ``value``."""
        with self._translated():
            return sorted(self._client.search(["HEADER", name, value]))

    def summaries(self, uids: Sequence[int]) -> list[Summary]:
        """Sizes and receive times, ascending by UID; mails that are gone are left out."""
        found = read_summaries(self._fetch(uids, "RFC822.SIZE INTERNALDATE"))
        return [found[uid] for uid in sorted(set(uids)) if uid in found]

    def bodies(self, uids: Sequence[int]) -> dict[int, bytes]:
        """Whole mails by UID; those that are gone are left out."""
        return read_bodies(self._fetch(uids, "BODY.PEEK[]"), "")

    def _fetch(self, uids: Sequence[int], what: str) -> list[Any]:
        with self._translated():
            # imaplib itself: its records are read by our own patterns, see fetch.py.
            kind, records = self._client._imap.uid("FETCH", _set(uids), f"({what})")
            if kind != "OK":
                raise imaplib.IMAP4.error(str(records[:1]))
            return list(records)

    def section(self, uid: int, section: str, limit: int = 0) -> bytes:
        """One section of one mail, its first ``limit`` bytes when given; b"" when there is none."""
        part = f"BODY.PEEK[{section}]" + (f"<0.{limit}>" if limit else "")
        with self._translated():
            answer = self._client.fetch([uid], [part])
        prefix = f"BODY[{section}]".upper().encode()
        for name, value in answer.get(uid, {}).items():
            if isinstance(name, bytes) and name.startswith(prefix) and isinstance(value, bytes):
                return value
        return b""

    def structure(self, uid: int) -> Any:
        """BODYSTRUCTURE as nested tuples, None when the mail is gone."""
        with self._translated():
            return self._client.fetch([uid], ["BODYSTRUCTURE"]).get(uid, {}).get(b"BODYSTRUCTURE")

    # IDLE

    def start_idle(self) -> None:
        """Asks the server to tell of changes in the open folder (RFC 2177)."""
        with self._translated():
            self._client.idle()

    def renew_idle(self) -> None:
        """Ends IDLE, proving that the connection lives, and starts it again."""
        with self._translated():
            self._client.idle_done()
            self._client.idle()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Turns what the libraries raise into our errors."""
        if self._client is None and self._socket is not None:
            raise UnreachableError("the connection is closed", provably_not_accepted=True)
        try:
            yield
        except ConnectorError:
            raise
        except (imaplib.IMAP4.abort, OSError, EOFError) as error:
            raise explain(error, self.endpoint, "imap", ca_file=self.ca_file) from None
        except imaplib.IMAP4.error as error:
            words = safe_line(str(error))
            if any(sign in words.upper() for sign in _BUSY):
                raise RateLimitedError(f"{safe_line(self.endpoint.host)} asks to wait ({words})") from None
            raise ConnectorError(f"{safe_line(self.endpoint.host)} refused a command ({words})") from None
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError) as error:
            # What a broken server or a connection closed under a running call makes the libraries do.
            raise explain(error, self.endpoint, "imap", ca_file=self.ca_file) from None


def _set(uids: Sequence[int]) -> str:
    """UIDs as a sequence set, runs as ranges (a command line has a length limit)."""
    parts: list[str] = []
    ordered = sorted(set(uids))
    start = last = ordered[0]
    for uid in [*ordered[1:], 0]:
        if uid == last + 1:
            last = uid
            continue
        parts.append(f"{start}:{last}" if last > start else str(start))
        start = last = uid
    return ",".join(parts)


def _keep_alive(sock: socket.socket) -> None:
    """Finds dead peers behind a NAT that forgot us: probes after a minute, four of them."""
    with contextlib.suppress(OSError, AttributeError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4)
