"""Everything the program writes is its user's alone, whatever umask it was started under."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from csconsole.config.loader import load
from csconsole.paths import DataDir
from tests.cli.program import SCRIPT, eml
from tests.hostile import shop

UMASKS = (0o000, 0o022, 0o277)


def run(umask: int, data: Path, *arguments: str, **env: str) -> None:
    done = subprocess.run(
        [SCRIPT, "--data-dir", data, *arguments],
        umask=umask,
        env=os.environ | env,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in (0, 3), done.stderr


def open_to_others(*roots: Path) -> list[str]:
    """Files and folders that anybody else may touch, and whatever is neither file nor folder."""
    found = []
    for root in roots:
        for path in (root, *root.rglob("*")):
            mode = path.lstat().st_mode
            if mode & 0o077 or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                found.append(f"{stat.filemode(mode)} {path}")
    return found


@pytest.mark.parametrize("umask", UMASKS, ids=oct)
def test_commands(umask: int, tmp_path: Path) -> None:
    """Database, journal, blobs, log, locks, backup, what a restore keeps, and the editor's file."""
    data, others = tmp_path / "data", tmp_path / "others"
    others.mkdir(mode=0o700)
    large = eml(1, "large", "x" * 300_000)
    (tmp_path / "one.eml").write_bytes(large)
    editor = tmp_path / "editor"
    editor.write_text(f'#!/bin/sh\nstat -c "%a %n" "$1" >> "{others}/seen"\necho "# changed" >> "$1"\n')
    editor.chmod(0o755)
    run(umask, data, "demo", "--build-only")
    backup = others / "backup.db"
    run(umask, data, "backup", str(backup))
    run(umask, data, "restore", str(backup))
    run(umask, data, "canned", "add", "probe", "--text", "Hello")
    run(umask, data, "canned", "edit", "probe", EDITOR=str(editor))
    run(umask, data, "sync", "--once")
    mail = tmp_path / "mail"
    shop.place_for(mail)
    run(umask, mail, "import", str(tmp_path / "one.eml"), "--account", "mail")
    assert list((mail / "blobs").iterdir()), "a large mail lies in a file of its own"
    assert {"csconsole.db", "backups", "logs"} <= {path.name for path in data.iterdir()}
    # The editor's own note was made by the editor; only ours counts.
    (others / "seen").chmod(0o600)
    assert not open_to_others(data, mail, others)
    for line in (others / "seen").read_text().splitlines():
        mode, name = line.split(" ", 1)
        assert mode == "600"
        assert Path(name).parent == data
        assert not Path(name).exists()


def test_a_configuration_others_may_write_is_refused(tmp_path: Path) -> None:
    """It names programs that are run."""
    from csconsole.errors import ConfigError

    path = tmp_path / "config.toml"
    path.write_text('[agent]\nname = "nok"\n')
    path.chmod(0o666)
    with pytest.raises(ConfigError, match="somebody else may write"):
        load(path)
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(ConfigError, match="others may write"):
        DataDir(tmp_path / "open").ensure()
