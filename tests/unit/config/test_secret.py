"""Secrets: found where the reference points, refused when unsafe, never shown."""

from __future__ import annotations

import os
import sys
import types
from pathlib import Path

import pytest

from csconsole.domain import secret as module
from csconsole.domain.secret import Secret, revealed
from csconsole.errors import ConfigError

VALUE = "s3cret-หมู"


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


def file_with(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "secret"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def refusal(secret: Secret) -> str:
    with pytest.raises(ConfigError) as caught:
        secret.reveal("mail", "imap.password")
    assert "account mail: imap.password" in caught.value.message
    return caught.value.message


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", VALUE)
    assert Secret(env="SHOP_PASSWORD").reveal() == VALUE
    assert VALUE in revealed()


@pytest.mark.parametrize("content", [None, ""])
def test_missing_environment_names_the_variable(monkeypatch: pytest.MonkeyPatch, content: str | None) -> None:
    monkeypatch.delenv("SHOP_PASSWORD", raising=False)
    if content is not None:
        monkeypatch.setenv("SHOP_PASSWORD", content)
    assert "set the environment variable SHOP_PASSWORD" in refusal(Secret(env="SHOP_PASSWORD"))


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_file(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes((VALUE + ending).encode())
    path.chmod(0o400)
    assert Secret(file=str(path)).reveal() == VALUE


def test_file_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    file_with(tmp_path, VALUE)
    assert Secret(file="~/secret").reveal() == VALUE


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o666])
def test_a_file_open_to_others_is_refused_with_the_cure(tmp_path: Path, mode: int) -> None:
    path = file_with(tmp_path, VALUE, mode)
    message = refusal(Secret(file=str(path)))
    assert f"chmod 600 {path}" in message
    assert VALUE not in message


def test_a_file_open_to_others_is_refused_through_a_link(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file_with(tmp_path, VALUE, 0o644))
    assert "chmod 600" in refusal(Secret(file=str(link)))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = file_with(tmp_path, VALUE)
    os.chown(path, 12345, -1)
    assert "somebody else" in refusal(Secret(file=str(path)))


def test_files_that_are_none(tmp_path: Path) -> None:
    assert "does not exist" in refusal(Secret(file=str(tmp_path / "none")))
    assert "not a regular file" in refusal(Secret(file=str(tmp_path)))
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo, 0o600)
    assert "not a regular file" in refusal(Secret(file=str(fifo)))
    assert "empty" in refusal(Secret(file=str(file_with(tmp_path, "\n"))))
    assert "larger" in refusal(Secret(file=str(file_with(tmp_path, "x" * 70_000))))
    (tmp_path / "secret").write_bytes(b"\xff\xfe")
    assert "UTF-8" in refusal(Secret(file=str(tmp_path / "secret")))


def python(code: str) -> Secret:
    return Secret(command=f"{sys.executable} -c '{code}'")


def test_command() -> None:
    assert python('print("geheim")').reveal() == "geheim"


def test_a_command_sees_no_shell_and_no_input() -> None:
    assert python("import sys; print(sys.argv[1:])").reveal() == "[]"
    shown = Secret(command=f"{sys.executable} -c 'import sys; print(sys.argv[1:])' $HOME ; echo").reveal()
    assert shown == "['$HOME', ';', 'echo']"
    assert python("import sys; print(repr(sys.stdin.read()))").reveal() == "''"


def test_commands_that_fail_say_why_but_not_what_they_printed() -> None:
    message = refusal(python('print("geheim"); raise SystemExit(3)'))
    assert "ended with 3" in message
    assert "not found" in refusal(Secret(command="/nowhere/pass show x"))
    assert "quotes" in refusal(Secret(command="pass 'x"))
    assert "empty" in refusal(python("pass"))


def test_a_command_that_asks_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMAND_SECONDS", 0.2)
    assert "must not ask" in refusal(python("import threading; threading.Event().wait()"))


class FakeKeyring(types.ModuleType):
    """The interface of the keyring package over a dictionary; the real one needs a desktop."""

    def __init__(self, entries: dict[tuple[str, str], str] | None) -> None:
        super().__init__("keyring")
        self.entries = entries

    def get_password(self, service: str, name: str) -> str | None:
        if self.entries is None:
            raise sys.modules["keyring.errors"].KeyringError("no backend")
        return self.entries.get((service, name))


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> FakeKeyring:
    errors = types.ModuleType("keyring.errors")
    errors.KeyringError = type("KeyringError", (Exception,), {})  # type: ignore[attr-defined]
    fake = FakeKeyring({("csconsole", "line-siam"): VALUE})
    monkeypatch.setitem(sys.modules, "keyring", fake)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    return fake


def test_keyring(keyring: FakeKeyring) -> None:
    assert Secret(keyring="line-siam").reveal() == VALUE
    assert "keyring set csconsole other" in refusal(Secret(keyring="other"))
    keyring.entries = None
    assert "no keyring is available" in refusal(Secret(keyring="line-siam"))


def test_a_keyring_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert "csconsole[keyring]" in refusal(Secret(keyring="line-siam"))


def test_a_systemd_credential_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("SHOP_PASSWORD", "from the environment")
    secret = Secret(env="SHOP_PASSWORD")
    assert secret.reveal("mail", "imap.password") == "from the environment"
    (tmp_path / "SHOP_PASSWORD").write_text("by name\n", encoding="utf-8")
    assert secret.reveal("mail", "imap.password") == "by name"
    (tmp_path / "mail.imap.password").write_text("by account\n", encoding="utf-8")
    assert secret.reveal("mail", "imap.password") == "by account"
    assert secret.reveal() == "by name"


def test_a_credential_name_cannot_leave_the_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "outside").write_text("stolen", encoding="utf-8")
    (tmp_path / "credentials").mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    assert "environment variable" in refusal(Secret(env="../outside"))


@pytest.mark.parametrize("fields", [{}, {"env": "A", "file": "/x"}, {"env": " "}, {"file": "relative/path"}])
def test_a_reference_names_exactly_one_source(fields: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"exactly one|absolute"):
        Secret(**fields)


def test_a_secret_does_not_show_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", VALUE)
    secret = Secret(env="SHOP_PASSWORD")
    secret.reveal()
    assert secret.reference == "env SHOP_PASSWORD"
    assert VALUE not in repr(secret)
