"""Where a login's tokens lie: the keyring, or a file in the data directory that only its owner reads."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from csconsole.errors import AuthError

SERVICE = "csconsole-oauth"


class Tokens(msgspec.Struct, frozen=True):
    """What a login gave; ``expires_at`` in seconds since 1970."""

    refresh: str
    access: str = ""
    expires_at: float = 0.0


class TokenStore:
    """The tokens of one account.

    Args:
        data_dir: the data directory.
        account: the account's name.
        keyring: keep them in the keyring; else in ``tokens/<account>.json``.
    """

    def __init__(self, data_dir: str, account: str, *, keyring: bool) -> None:
        self._folder = Path(data_dir) / "tokens"
        self._account = account
        self._keyring = keyring

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Held by one process and thread at a time: a refresh token may work only once."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        fd = os.open(self._folder / f"{self._account}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def load(self) -> Tokens | None:
        """The tokens, None when nobody has logged in.

        Raises:
            AuthError: the keyring cannot be opened, or others may read the file.
        """
        text = self._from_keyring() if self._keyring else self._from_file()
        if not text:
            return None
        try:
            return msgspec.json.decode(text, type=Tokens)
        except msgspec.MsgspecError:
            return None

    def save(self, tokens: Tokens) -> None:
        """Keeps tokens; whoever reads meanwhile sees the old ones or the new ones.

        Raises:
            AuthError: they cannot be kept.
        """
        text = msgspec.json.encode(tokens).decode()
        if self._keyring:
            self._to_keyring(text)
            return
        path = self._folder / f"{self._account}.json"
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(fd, "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as error:
            raise AuthError(
                f"the login cannot be kept in {path} ({error.strerror}); mend that and log in again"
            ) from None

    def _from_file(self) -> str:
        path = self._folder / f"{self._account}.json"
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise AuthError(f"{path} cannot be read ({error.strerror})") from None
        with os.fdopen(fd) as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise AuthError(f"others may read {path}; run: chmod 600 {path}")
            return file.read()

    def _from_keyring(self) -> str:
        keyring, failure = _keyring()
        try:
            return str(keyring.get_password(SERVICE, self._account) or "")
        except failure:
            raise AuthError('the keyring is locked or not there; unlock it, or set oauth.tokens = "file"') from None

    def _to_keyring(self, text: str) -> None:
        keyring, failure = _keyring()
        try:
            keyring.set_password(SERVICE, self._account, text)
        except failure:
            raise AuthError('the keyring is locked or not there; unlock it, or set oauth.tokens = "file"') from None


def _keyring() -> tuple[Any, type[Exception]]:
    try:
        return import_module("keyring"), import_module("keyring.errors").KeyringError
    except ModuleNotFoundError:
        raise AuthError(
            "the keyring is not installed; pip install 'csconsole[keyring]', or set oauth.tokens = \"file\""
        ) from None
