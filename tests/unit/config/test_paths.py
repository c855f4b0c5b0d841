"""The data directory: where it is, what lies in it, who may look."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from csconsole.errors import ConfigError
from csconsole.paths import DataDir, config_home, data_dir

linux = pytest.mark.skipif(sys.platform != "linux", reason="XDG folders are Linux's")


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_flag_wins_over_the_environment(tmp_path: Path) -> None:
    environ = {"CSCONSOLE_DATA_DIR": str(tmp_path / "env"), "HOME": str(tmp_path)}
    assert data_dir(tmp_path / "flag", environ).root == tmp_path / "flag"
    assert data_dir(None, environ).root == tmp_path / "env"


def test_a_relative_directory_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert data_dir("here", {}).root == tmp_path / "here"


@linux
def test_the_users_folders(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    assert data_dir(None, home).root == tmp_path / ".local/share/csconsole"
    assert config_home(home) == tmp_path / ".config/csconsole"
    own = {**home, "XDG_DATA_HOME": str(tmp_path / "d"), "XDG_CONFIG_HOME": str(tmp_path / "c")}
    assert data_dir(None, own).root == tmp_path / "d/csconsole"
    assert config_home(own) == tmp_path / "c/csconsole"
    assert data_dir(None, {**home, "XDG_DATA_HOME": "relative"}).root == tmp_path / ".local/share/csconsole"


def test_everything_lies_inside(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    inside = [data.database, data.config, data.blobs, data.attachments, data.backups, data.logs, data.log_file]
    inside += [data.demo_ledger, data.lock("sync")]
    assert all(path.is_relative_to(tmp_path) for path in inside)
    assert len(set(inside)) == len(inside)
    assert data.database.name == "csconsole.db"
    assert data.lock("sync").name == "sync.lock"


@pytest.mark.parametrize("name", ["", "../x", "a/b", "Sync", "a.b"])
def test_a_lock_name_cannot_leave_the_directory(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="lock name"):
        DataDir(tmp_path).lock(name)


def test_a_new_directory_is_private_under_any_umask(tmp_path: Path) -> None:
    root = tmp_path / "a" / "data"
    code = (
        "import os, sys; from pathlib import Path; from csconsole.paths import DataDir, set_umask;"
        "os.umask(0); set_umask(); d = DataDir(Path(sys.argv[1])).ensure(); d.database.touch()"
    )
    subprocess.run([sys.executable, "-c", code, str(root)], check=True)
    assert [mode(path) for path in (root.parent, root, root / "blobs", root / "logs")] == [0o700] * 4
    assert mode(root / "csconsole.db") == 0o600


def test_ensuring_twice_changes_nothing(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "data").ensure()
    data.database.write_bytes(b"x")
    assert data.ensure().database.read_bytes() == b"x"


@pytest.mark.parametrize("bits", [0o770, 0o707, 0o777])
def test_a_directory_others_may_write_is_refused(tmp_path: Path, bits: int) -> None:
    root = tmp_path / "data"
    root.mkdir()
    root.chmod(bits)
    with pytest.raises(ConfigError, match="chmod 700"):
        DataDir(root).ensure()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir(0o700)
    os.chown(root, 12345, -1)
    with pytest.raises(ConfigError, match="another user"):
        DataDir(root).ensure()


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="not a directory"):
        DataDir(tmp_path / "data").ensure()
    with pytest.raises(ConfigError, match="cannot be used"):
        DataDir(tmp_path / "data" / "below").ensure()
