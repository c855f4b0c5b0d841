import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from csconsole.errors import RefusedError, UsageError
from csconsole.terminal.editor import edit, editor_command


class Terminal:
    def __init__(self) -> None:
        self.given_away = 0

    @contextmanager
    def suspend(self) -> Iterator[None]:
        self.given_away += 1
        yield


def script(tmp_path: Path, body: str) -> dict[str, str]:
    file = tmp_path / "editor.py"
    file.write_text("import os, pathlib, sys\npath = pathlib.Path(sys.argv[1])\n" + body)
    return {"EDITOR": f"{sys.executable} '{file}'"}


@pytest.fixture
def drafts(tmp_path: Path) -> Path:
    folder = tmp_path / "drafts"
    folder.mkdir()
    return folder


def test_the_text_comes_back_edited_and_no_file_stays(tmp_path: Path, drafts: Path) -> None:
    env = script(tmp_path, "path.write_text(path.read_text() + 'ค่ะ\\n')")
    terminal = Terminal()
    assert edit(terminal, "ได้", drafts, env) == "ได้ค่ะ"
    assert terminal.given_away == 1
    assert list(drafts.iterdir()) == []


def test_only_the_owner_can_read_the_file(tmp_path: Path, drafts: Path) -> None:
    env = script(tmp_path, "path.write_text(oct(os.stat(path).st_mode & 0o777))")
    assert edit(Terminal(), "x", drafts, env) == oct(stat.S_IRUSR | stat.S_IWUSR)


def test_an_editor_that_fails_leaves_text_and_no_file(tmp_path: Path, drafts: Path) -> None:
    with pytest.raises(RefusedError, match="status 3"):
        edit(Terminal(), "x", drafts, script(tmp_path, "sys.exit(3)"))
    assert list(drafts.iterdir()) == []


def test_a_huge_text_is_refused(tmp_path: Path, drafts: Path) -> None:
    with pytest.raises(RefusedError, match="megabyte"):
        edit(Terminal(), "x", drafts, script(tmp_path, "path.write_text('x' * (1 << 21))"))


def test_a_missing_editor_is_named(drafts: Path) -> None:
    with pytest.raises(UsageError, match="no-such-editor"):
        edit(Terminal(), "x", drafts, {"EDITOR": "no-such-editor"})
    assert list(drafts.iterdir()) == []


def test_which_editor() -> None:
    assert editor_command({"VISUAL": "code --wait", "EDITOR": "vi"}) == ["code", "--wait"]
    with pytest.raises(UsageError, match="EDITOR"):
        editor_command({"EDITOR": "vim '"})
    with pytest.raises(UsageError, match="set EDITOR"):
        editor_command({"PATH": ""})
