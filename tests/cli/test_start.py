"""Starting: the version, the console, usage, errors nobody foresaw, a reader who goes away."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from csconsole import __main__, __version__
from csconsole.errors import StaleError
from tests.cli.program import SCRIPT, Program, run


@pytest.mark.parametrize("arguments", [("--version",), ("--data-dir", "nowhere", "--version")])
def test_the_version(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.code, done.out, done.err) == (0, f"csconsole {__version__}\n", "")


def test_a_bare_start_without_a_terminal_says_so(shop: Program) -> None:
    done = shop()
    assert done.code == 2
    assert done.err.startswith("csconsole: ") and "terminal" in done.err


def test_completion_does_not_start_the_console(shop: Program) -> None:
    done = shop(env={"_CSCONSOLE_COMPLETE": "complete_bash", "COMP_WORDS": "csconsole ou", "COMP_CWORD": "1"})
    assert "outbox" in done.out.split()
    assert "terminal" not in done.err


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("nothing",), "csconsole --help"),
        (("list", "--nothing"), "csconsole list --help"),
        (("show",), "csconsole show --help"),
        (("outbox", "nothing"), "csconsole outbox --help"),
        (("list", "--limit", "many"), "csconsole list --help"),
    ],
)
def test_wrong_usage_is_one_sentence_with_a_hint(shop: Program, arguments: tuple[str, ...], hint: str) -> None:
    done = shop(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert done.err.count("\n") == 1 and done.err.startswith("csconsole: ") and hint in done.err


def test_directory_and_configuration_before_or_after_the_command(shop: Program, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('[[accounts]]\nname = "x1"\nconnector = "demo"\n[[views]]\nname = "one"\nquery = "number:20410"\n')
    data, config = ("--data-dir", str(shop.data)), ("--config", str(other))
    wanted = [20410]
    for arguments in (
        (*data, *config, "list", "--view", "one"),
        ("list", "--view", "one", *data, *config),
        (*config, "list", *data, "--view", "one"),
        ("list", f"--data-dir={shop.data}", f"--config={other}", "--view=one"),
    ):
        assert [row["number"] for row in run(*arguments, "--json").json] == wanted


def test_directory_and_configuration_from_the_environment(shop: Program) -> None:
    done = run("config", "path", "--json", env={"CSCONSOLE_DATA_DIR": str(shop.data)})
    assert done.json == {"config": str(shop.data / "config.toml"), "data_dir": str(shop.data)}


def test_everything_written_is_private(shop: Program) -> None:
    for path in [shop.data, *shop.data.rglob("*")]:
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_help_lists_no_command_that_is_not_there() -> None:
    help_text = run("--help").out
    names = [line.split()[0] for line in help_text.split("Commands:")[1].splitlines() if line.strip()]
    assert {"list", "show", "reply", "sync", "doctor", "demo"} <= set(names)
    assert not {"erase", "export", "hub"} & set(names)


@pytest.mark.parametrize("name", ["list", "reply", "sync", "import", "demo", "keys", "doctor", "init"])
def test_help_opens_no_data(tmp_path: Path, name: str) -> None:
    done = run(name, "--help", "--data-dir", str(tmp_path / "none"))
    assert done.code == 0 and f"csconsole {name}" in done.out
    assert not (tmp_path / "none").exists()


def test_an_unforeseen_error_is_a_sentence_and_a_log_entry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> int:
        raise ZeroDivisionError("hidden words")

    assert __main__._guarded(broken, str(tmp_path)) == 1
    shown = capsys.readouterr().err
    log = tmp_path / "logs" / "csconsole.log"
    assert shown.count("\n") == 1 and str(log) in shown and "hidden words" not in shown and "Traceback" not in shown
    entry = json.loads(log.read_text().splitlines()[-1])
    assert "ZeroDivisionError" in entry["exc_info"]


@pytest.mark.parametrize(("error", "code"), [(StaleError("Too late."), 6), (KeyboardInterrupt(), 130)])
def test_expected_endings_have_their_codes(error: BaseException, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    def ends() -> int:
        raise error

    assert __main__._guarded(ends, None) == code
    assert capsys.readouterr().err == ("csconsole: Too late.\n" if code == 6 else "")


def test_a_reader_who_goes_away_is_no_error(shop: Program) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        done = run("--data-dir", str(shop.data), "list", stdout=gone)
    assert (done.code, done.err) == (0, "")


def test_output_is_utf8_in_any_locale(shop: Program) -> None:
    done = shop(
        "list", "number:20410", env={"LANG": "C", "LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    )
    assert done.code == 0 and "แอน" in done.out


def test_the_module_runs_as_the_script_does() -> None:
    done = subprocess.run(
        [str(SCRIPT.with_name("python")), "-m", "csconsole", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"csconsole {__version__}\n"
