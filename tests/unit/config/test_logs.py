"""The log keeps facts and loses secrets and messages."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from csconsole.domain.secret import Secret
from csconsole.errors import ConfigError
from csconsole.logs import setup
from csconsole.paths import DataDir

SECRET = 'pa"ss\\wörd'


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("csconsole")
    handlers, levels, raising = list(root.handlers), (root.level, ours.level), logging.raiseExceptions
    yield
    for handler in [handler for handler in root.handlers if handler not in handlers]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    logging.raiseExceptions = raising


@pytest.fixture
def lines(tmp_path: Path) -> Callable[[], list[dict[str, Any]]]:
    data = DataDir(tmp_path / "data")
    setup(data, "INFO", lambda: [SECRET, "abc"])

    def read() -> list[dict[str, Any]]:
        return [json.loads(line) for line in data.log_file.read_text(encoding="utf-8").splitlines()]

    return read


def test_a_line_says_when_who_and_what(lines: Callable[[], list[dict[str, Any]]]) -> None:
    logging.getLogger("csconsole.sync").info("pulled %d", 3, extra={"account": "line-สยาม"})
    (line,) = lines()
    assert line["message"] == "pulled 3"
    assert line["account"] == "line-สยาม"
    assert (line["level"], line["logger"]) == ("INFO", "csconsole.sync")
    assert line["at"].endswith("Z")


def test_secrets_are_blotted_out_everywhere(lines: Callable[[], list[dict[str, Any]]], tmp_path: Path) -> None:
    log = logging.getLogger("csconsole.x")
    log.info("login with %s", SECRET, extra={"detail": {"list": [SECRET, 1]}, "cause": ValueError(SECRET)})
    try:
        raise RuntimeError(f"refused: {SECRET}")
    except RuntimeError:
        log.exception("failed")
    text = json.dumps(lines(), ensure_ascii=False)
    assert json.dumps(SECRET, ensure_ascii=False)[1:-1] not in text
    assert text.count("[hidden]") == 4
    assert "RuntimeError" in text


def test_short_secrets_do_not_eat_the_log(lines: Callable[[], list[dict[str, Any]]]) -> None:
    logging.getLogger("csconsole.x").info("abcdef")
    assert lines()[0]["message"] == "abcdef"


def test_bodies_are_only_counted(lines: Callable[[], list[dict[str, Any]]]) -> None:
    logging.getLogger("csconsole.x").info("in", extra={"body": "สวัสดี", "event": {"raw": b"12"}})
    assert lines()[0]["body"] == "(6 characters)"
    assert lines()[0]["event"] == {"raw": "(2 bytes)"}


def test_libraries_speak_only_when_something_is_wrong(lines: Callable[[], list[dict[str, Any]]]) -> None:
    logging.getLogger("httpx").info("GET https://example.invalid/?token=1")
    logging.getLogger("csconsole").debug("detail")
    logging.getLogger("httpx").warning("odd")
    assert [line["message"] for line in lines()] == ["odd"]


def test_revealed_secrets_are_hidden_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "only-for-this-test")
    data = DataDir(tmp_path / "data")
    setup(data)
    Secret(env="SHOP_PASSWORD").reveal()
    logging.getLogger("csconsole").info("x only-for-this-test y")
    assert '"x [hidden] y"' in data.log_file.read_text(encoding="utf-8")


def test_log_files_are_private_also_after_rotation(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "data")
    handler = setup(data)
    handler.maxBytes = 200
    for _ in range(5):
        logging.getLogger("csconsole").info("x" * 100)
    files = list(data.logs.iterdir())
    assert len(files) == 4
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert data.logs.stat().st_mode & 0o777 == 0o700


def test_a_rotation_by_another_process_is_followed(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "data")
    setup(data)
    log = logging.getLogger("csconsole")
    log.info("before")
    data.log_file.rename(data.logs / "csconsole.log.1")
    log.info("after")
    assert "after" in data.log_file.read_text(encoding="utf-8")
    assert "after" not in (data.logs / "csconsole.log.1").read_text(encoding="utf-8")


def test_setting_up_twice_writes_once(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "data")
    setup(data)
    setup(data)
    logging.getLogger("csconsole").info("once")
    assert len(data.log_file.read_text(encoding="utf-8").splitlines()) == 1


def test_what_cannot_be_set_up_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no log level"):
        setup(DataDir(tmp_path), "LOUD")
    (tmp_path / "data").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be written"):
        setup(DataDir(tmp_path / "data"))


def test_a_secret_is_blotted_out_in_every_form_it_takes(lines: Callable[[], list[dict[str, Any]]]) -> None:
    from base64 import b64encode
    from urllib.parse import quote

    encoded = b64encode(SECRET.encode()).decode()
    forms = [repr(SECRET), repr(SECRET.encode()), json.dumps(SECRET), f"https://x/{quote(SECRET)}", f"Basic {encoded}"]
    logging.getLogger("csconsole.x").warning(" ".join(forms), extra={"detail": {SECRET: 1}})
    text = json.dumps(lines()[0], ensure_ascii=False)
    for form in (SECRET, repr(SECRET)[1:-1], quote(SECRET), encoded[:-3]):
        assert form not in text
    assert text.count("[hidden]") == len(forms) + 1


def test_no_line_acts_on_a_terminal_and_none_is_lost(tmp_path: Path) -> None:
    """Logs are read with tail: ESC, C1, bidirectional signs and what is no UTF-8 stand as escapes."""
    attack = "login failed for \x1b[2K\rlogin ok\x9b2J\u202e\x7f\udcff"
    handler = setup(DataDir(tmp_path / "data"))
    # Straight to the handler: what captures logs for pytest cannot carry a surrogate.
    handler.handle(logging.makeLogRecord({"msg": attack, "account": attack, "levelname": "INFO"}))
    raw = (tmp_path / "data" / "logs" / "csconsole.log").read_text("utf-8")
    assert not set(raw.removesuffix("\n")) & {*map(chr, range(0x20)), "\x7f", "\x9b", "\u202e"}
    line = json.loads(raw)
    assert (line["message"], line["account"]) == (attack, attack)
