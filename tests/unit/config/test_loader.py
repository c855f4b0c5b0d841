"""Finding and loading the configuration."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from csconsole.config.loader import check, find, load
from csconsole.config.model import Config
from csconsole.config.render import render
from csconsole.domain.settings import Duration, Endpoint, Secret
from csconsole.errors import ConfigError


class MailSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a connector declares."""

    address: str
    imap: Endpoint
    folders: list[str] = []


def settings_type(connector: str) -> type[msgspec.Struct] | None:
    return {"email": MailSettings}.get(connector)


GOOD = """\
[agent]
name = "nok"
display_name = "นก"
timezone = "Asia/Tokyo"

[[accounts]]
name = "mail"
connector = "email"
address = "support@shop.example"
imap = { host = "imap.shop.example", port = 993, user = "support", password = { env = "P" } }
reopen_window = "24h"

[[views]]
name = "VIP waiting"
query = "status:open tag:vip waiting>30m"
key = "v"

[tags.hot]
1 = "refund"
2 = "late"

[keys]
"reply.send" = "ctrl+s,alt+enter"

[ui]
send_hold = "15s"

[contact_reasons]
"การส่ง" = ["ช้า", "หาย"]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def test_no_file_means_the_defaults() -> None:
    config = load(None)
    assert config == Config()
    assert config.ui.send_hold == timedelta(seconds=10)
    assert config.ui.chat_hold == timedelta(seconds=3)


def test_a_file_is_read(tmp_path: Path) -> None:
    config = load(written(tmp_path, GOOD), settings_type)
    assert config.agent.display_name == "นก"
    assert config.ui.send_hold == timedelta(seconds=15)
    assert config.tags.hot == {"1": "refund", "2": "late"}
    assert config.keys == {"reply.send": "ctrl+s,alt+enter"}
    assert config.contact_reasons == {"การส่ง": ["ช้า", "หาย"]}
    account = config.account("mail")
    assert account is not None
    assert account.reopen_window == timedelta(hours=24)
    assert "name" not in account.settings
    settings = account.read(MailSettings)
    assert settings.imap.password == Secret(env="P")
    assert config.account("other") is None


class Sharing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A connector that needs common keys too."""

    me: str
    history_days: int = 0
    reopen_window: Duration


def test_a_connector_may_declare_common_keys(tmp_path: Path) -> None:
    text = '[[accounts]]\nname = "desk"\nconnector = "desk"\nme = "nok@shop.example"\n'
    assert check(written(tmp_path, text), lambda _: Sharing) == []
    account = load(written(tmp_path, text), lambda _: Sharing).accounts[0]
    assert account.read(Sharing) == Sharing(me="nok@shop.example", reopen_window=Duration(days=4))
    text += "history_days = 30\n"
    account = load(written(tmp_path, text), lambda _: Sharing).accounts[0]
    assert account.read(Sharing).history_days == 30
    (problem,) = check(written(tmp_path, text.replace("30", '"x"')), lambda _: Sharing)
    assert problem.key == "accounts[1].history_days"
    (problem,) = check(written(tmp_path, text.replace("\nme =", "\nmee =")), lambda _: Sharing)
    assert problem.nearest == "me"


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load(path).agent.name == "nok"


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load(tmp_path / "none.toml")


def test_a_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)


def test_a_file_others_may_write_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    path.chmod(0o602)
    with pytest.raises(ConfigError, match="chmod 600"):
        load(path)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    os.chown(path, 12345, -1)
    with pytest.raises(ConfigError, match="somebody else"):
        load(path)


def test_what_is_shown_loads_to_the_same(tmp_path: Path) -> None:
    config = load(written(tmp_path, GOOD), settings_type)
    shown = render(config)
    assert load(written(tmp_path, shown), settings_type) == config
    assert 'password = { env = "P" }' in shown


def test_odd_texts_survive_being_shown(tmp_path: Path) -> None:
    text = '[keys]\n"a.b" = "x\\"y\\\\z\\t\\u007f\\u0001ก"\n[shop]\nname = """two\nlines"""\n'
    config = load(written(tmp_path, text))
    assert load(written(tmp_path, render(config))) == config


def test_a_secret_that_slipped_in_is_not_shown() -> None:
    config = msgspec.convert(
        {"accounts": [{"name": "a", "connector": "b", "settings": {"imap": {"password": "hunter2"}}}]}, Config
    )
    assert "hunter2" not in render(config)


def test_where_the_file_is_looked_for(tmp_path: Path) -> None:
    home, data, named = tmp_path / "home", tmp_path / "data", tmp_path / "named.toml"
    environ = {"HOME": str(home)}
    assert find(None, None, environ) is None
    if sys.platform == "linux":
        (home / ".config/csconsole").mkdir(parents=True)
        user = written(home / ".config/csconsole", "")
        assert find(None, None, environ) == user
    data.mkdir()
    beside = written(data, "")
    assert find(None, data, environ) == beside
    assert find(None, None, {**environ, "CSCONSOLE_DATA_DIR": str(data)}) == beside
    assert find(None, data, {**environ, "CSCONSOLE_CONFIG": str(named)}) == named
    other = tmp_path / "flag.toml"
    assert find(other, data, {**environ, "CSCONSOLE_CONFIG": str(named)}) == other


def test_loading_imports_little(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.replace("Asia/Tokyo", "Asia/Bangkok"))
    code = (
        "import sys; from pathlib import Path; from csconsole.config.loader import load;"
        f"load(Path({str(path)!r}));"
        "print(sorted({'textual', 'typer', 'platformdirs', 'difflib', 'subprocess', 'logging', 'zoneinfo',"
        "'argparse', 'csconsole.config.diagnose', 'csconsole.config.example'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
