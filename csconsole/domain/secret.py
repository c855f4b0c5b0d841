"""References to secrets: a configuration says where a password lies, never the password itself.

A :class:`Secret` is resolved late, in the process that needs it, by :meth:`Secret.reveal`. Every value that
was revealed is remembered in this process (:func:`revealed`) so that the log can blot it out.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec

from csconsole.errors import ConfigError, hide_with

KEYRING_SERVICE = "csconsole"
COMMAND_SECONDS = 10
MAX_BYTES = 64 * 1024

SHORTEST = 4
"""Shorter secrets are not searched for: they would blot out ordinary words and numbers."""
BLOT = "[hidden]"

_revealed: set[str] = set()


def revealed() -> frozenset[str]:
    """Every secret revealed in this process so far, for the log's redaction filter."""
    return frozenset(_revealed)


def blot(text: str) -> str:
    """A text, such as the words of a server, without any secret revealed in this process."""
    return blot_out(text, hidden_forms(_revealed))


def blot_out(text: str, forms: Iterable[str]) -> str:
    """A text without what :func:`hidden_forms` gave."""
    for form in forms:
        text = text.replace(form, BLOT)
    return text


def hidden_forms(secrets: Iterable[str]) -> list[str]:
    """How secrets may stand in a text: plain, inside a repr or JSON, in a URL, as base64; the longest first."""
    import json
    from base64 import b64encode
    from urllib.parse import quote

    forms: set[str] = set()
    for secret in secrets:
        if len(secret) < SHORTEST:
            continue
        data = secret.encode("utf-8", "surrogateescape")
        encoded = b64encode(data).decode().rstrip("=")
        forms |= {secret, repr(secret)[1:-1], repr(data)[2:-1], quote(data, safe=""), quote(data)}
        forms |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
        if len(encoded) > SHORTEST:
            forms.add(encoded[:-1])  # the last character of base64 depends on what follows
    return sorted(forms, key=len, reverse=True)


class Secret(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a secret lies: exactly one of ``env``, ``file``, ``command`` or ``keyring``."""

    env: Annotated[str, msgspec.Meta(description="name of an environment variable")] = ""
    file: Annotated[
        str,
        msgspec.Meta(description='file that only you can read (chmod 600); absolute or starting with "~/"'),
    ] = ""
    command: Annotated[
        str,
        msgspec.Meta(description="program that prints the secret; run without a shell, 10 s, no terminal"),
    ] = ""
    keyring: Annotated[
        str,
        msgspec.Meta(description='name in the keyring under the service "csconsole" (needs csconsole[keyring])'),
    ] = ""

    def __post_init__(self) -> None:
        """Checks that exactly one source is named.

        Raises:
            ValueError: none or several, or a relative file.
        """
        named = [name for name in self.__struct_fields__ if getattr(self, name).strip()]
        if len(named) != 1:
            raise ValueError(f"name exactly one of env, file, command, keyring (found {', '.join(named) or 'none'})")
        if self.file and not (self.file.startswith("~") or Path(self.file).is_absolute()):
            raise ValueError('the file of a secret is an absolute path or starts with "~/"')

    @property
    def reference(self) -> str:
        """The reference in words that may be shown and logged, such as ``env SHOP_PASSWORD``."""
        kind = next(name for name in self.__struct_fields__ if getattr(self, name))
        return f"{kind} {getattr(self, kind)}"

    def reveal(self, account: str = "", key: str = "") -> str:
        """The secret itself.

        A systemd credential wins over the configured source (systemd.exec(5), LoadCredential=):
        ``$CREDENTIALS_DIRECTORY/<account>.<key>``, then, for ``env`` and ``keyring``,
        ``$CREDENTIALS_DIRECTORY/<name>``. One line break at the end of a file's or a command's answer is
        dropped. Nothing is kept: each call asks anew, so a changed password is found.

        Args:
            account: name of the account it belongs to, for the credential's name and for error messages.
            key: dotted key inside the account, such as ``imap.password``.

        Returns:
            The secret, never empty.

        Raises:
            ConfigError: it is missing, empty, readable by others, or its program failed; names account, key
                and cure, never the value.
        """
        where = f"{f'account {account}: ' if account else ''}{key or 'secret'}"
        try:
            value = self._credential(account, key)
            if value is None:
                value = self._configured()
        except _MissingError as problem:
            raise ConfigError(f"{where} ({self.reference}): {problem}") from None
        _revealed.add(value)
        hide_with(blot)
        return value

    def _credential(self, account: str, key: str) -> str | None:
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        if not folder:
            return None
        names = [f"{account}.{key}"] if account and key else []
        for name in [*names, self.env or self.keyring]:
            path = Path(folder, name)
            if name and "/" not in name and path.is_file():
                try:
                    with path.open("rb") as stream:
                        return _text(_read(stream, path), f"the systemd credential {name}")
                except OSError as error:
                    raise _MissingError(f"the systemd credential {name}: {error.strerror}") from None
        return None

    def _configured(self) -> str:
        if self.env:
            value = os.environ.get(self.env)
            if not value:
                raise _MissingError(f"set the environment variable {self.env} before starting csconsole")
            return value
        if self.file:
            return _from_file(Path(self.file).expanduser())
        return _from_command(self.command) if self.command else _from_keyring(self.keyring)


class _MissingError(Exception):
    """Why a source gave nothing; the caller adds account and key."""


def _text(data: bytes, source: str) -> str:
    try:
        value = data.decode("utf-8")
    except UnicodeDecodeError:
        raise _MissingError(f"{source} is not UTF-8 text") from None
    value = value.removesuffix("\n").removesuffix("\r")
    if not value:
        raise _MissingError(f"{source} is empty; put the secret into it")
    return value


def _read(stream: BinaryIO, path: Path) -> bytes:
    data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise _MissingError(f"{path} is larger than {MAX_BYTES // 1024} kB; that is no secret")
    return data


def _from_file(path: Path) -> str:
    """Reads a secret from a file nobody else can read (security rule: 0600 or stricter, else refused)."""
    try:
        with open(path, "rb", opener=_open_at_once) as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _MissingError(f"{path} is not a regular file")
            if os.name == "posix":
                if status.st_mode & 0o077:
                    raise _MissingError(f"others can read {path}; run: chmod 600 {path}")
                if status.st_uid not in (os.geteuid(), 0):
                    raise _MissingError(f"{path} belongs to somebody else; make it your own (chown)")
            return _text(_read(stream, path), str(path))
    except FileNotFoundError:
        raise _MissingError(f"{path} does not exist; create it with mode 600") from None
    except IsADirectoryError:
        raise _MissingError(f"{path} is not a regular file") from None
    except OSError as error:
        raise _MissingError(f"{path} cannot be read: {error.strerror}") from None


def _open_at_once(path: str, flags: int) -> int:
    """Opens without waiting: a FIFO in the file's place must not hang the program."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _from_command(command: str) -> str:
    """What a program prints. No shell, no terminal: the worker has none, and a prompt would hang it."""
    import shlex
    import subprocess

    try:
        words = shlex.split(command)
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except ValueError:
        raise _MissingError("the command's quotes do not match") from None
    except FileNotFoundError:
        raise _MissingError(f"the program {words[0]} was not found; give its full path") from None
    except OSError as error:
        raise _MissingError(f"the command cannot be run: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise _MissingError(
            f"the command did not end within {COMMAND_SECONDS} s; it must not ask for anything "
            "(unlock the password store before, or use file or keyring)"
        ) from None
    if done.returncode != 0:
        raise _MissingError(f"the command ended with {done.returncode}; run it by hand to see why")
    return _text(done.stdout[:MAX_BYTES], "the command's output")


def _from_keyring(name: str) -> str:
    from importlib import import_module

    try:
        keyring = import_module("keyring")
        failure: type[Exception] = import_module("keyring.errors").KeyringError
    except ImportError:
        raise _MissingError("the keyring is not installed; pip install 'csconsole[keyring]', or use file") from None
    try:
        value = keyring.get_password(KEYRING_SERVICE, name)
    except failure:
        raise _MissingError("no keyring is available or unlocked on this machine; use file or env") from None
    if not value:
        raise _MissingError(f"not in the keyring; run: keyring set {KEYRING_SERVICE} {name}")
    return str(value)
