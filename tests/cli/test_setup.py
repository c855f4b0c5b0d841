"""Setting up: init, config, doctor, demo, keys."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.program import SCRIPT, Program, config_of, run


def levels(found: list[dict[str, str]], area: str) -> set[str]:
    return {one["level"] for one in found if one["area"] == area}


# -- demo ------------------------------------------------------------------------------------------------


def test_building_the_demo_again_adds_nothing(desk: Program) -> None:
    before = desk.json("list", "--limit", "0")
    assert desk.json("demo", "--build-only")["conversations"] == 84
    assert desk.json("list", "--limit", "0") == before
    done = desk("demo", "--build-only", "--conversations", "10")
    assert done.code == 6


def test_two_builds_are_the_same(shop: Program, tmp_path: Path) -> None:
    other = Program(tmp_path / "data")
    other.ok("demo", "--build-only", "--conversations", "60", "--messages", "240")
    assert (other.data / "config.toml").read_text() == (shop.data / "config.toml").read_text()
    mine, theirs = other.json("list", "--limit", "0"), shop.json("list", "--limit", "0")
    keys = ("number", "account", "status", "subject", "preview", "tags", "created_at")
    assert [[row[k] for k in keys] for row in mine] == [[row[k] for k in keys] for row in theirs]


def test_the_demo_has_its_own_directory(tmp_path: Path) -> None:
    done = run("demo", "--build-only", "--language", "en", "--json", env={"XDG_DATA_HOME": str(tmp_path)})
    assert done.code == 0, done.err
    assert done.json["data_dir"] == str(tmp_path / "csconsole-demo")
    assert 'language = "en"' in (tmp_path / "csconsole-demo" / "config.toml").read_text()


def test_the_demo_does_not_mix_with_real_data(mailbox: Program) -> None:
    before = (mailbox.data / "config.toml").read_text()
    assert mailbox("demo", "--build-only").code == 6
    assert (mailbox.data / "config.toml").read_text() == before
    assert not (mailbox.data / "csconsole.db").exists()


# -- config ----------------------------------------------------------------------------------------------


def test_the_example_checks_without_a_complaint(tmp_path: Path) -> None:
    file = tmp_path / "example.toml"
    file.write_text(run("config", "example").out)
    done = run("config", "check", "--config", str(file))
    assert (done.code, done.err) == (0, "")


def test_the_example_names_only_commands_that_exist(tmp_path: Path) -> None:
    file = tmp_path / "example.toml"
    file.write_text(run("config", "example").out)
    assert "no problems" in run("config", "check", "--config", str(file)).out


def test_check_names_everything_by_line(tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text('[agent]\nnam = "x"\n[[accounts]]\nname = "a"\nconnector = "emial"\n')
    done = run("config", "check", "--config", str(file), "--json")
    assert done.code == 2
    assert [(p["line"], p["fatal"]) for p in done.json] == [(2, True), (5, True)]


def test_check_warns_of_views_and_keys_that_cannot_work(tmp_path: Path) -> None:
    file = tmp_path / "odd.toml"
    file.write_text('[[views]]\nname = "odd"\nquery = "colour:red"\n[keys]\n"reply.start" = "e"\n"no.such" = "x"\n')
    done = run("config", "check", "--config", str(file))
    assert done.code == 0
    assert 'view "odd"' in done.out and "no.such" in done.out


def test_config_opens_no_data(tmp_path: Path) -> None:
    for command in ("show", "path", "example"):
        assert run("config", command, "--data-dir", str(tmp_path / "none")).code == 0
    assert not (tmp_path / "none").exists()


def test_show_prints_the_file_in_use(desk: Program) -> None:
    text = (desk.data / "config.toml").read_text()
    assert text in desk.ok("config", "show").out
    assert desk.json("config", "show")["agent"]["name"] == "nok"


# -- doctor ----------------------------------------------------------------------------------------------


def test_a_healthy_directory(desk: Program) -> None:
    found = desk.json("doctor")
    assert {one["level"] for one in found} == {"ok"}, [one for one in found if one["level"] != "ok"]
    assert {"sqlite", "data", "config", "account", "audit", "search", "quarantine"} <= {one["area"] for one in found}
    assert len([one for one in found if one["area"] == "account"]) == 24
    assert all(line.split()[0] == "ok" for line in desk.ok("doctor").out.splitlines())


def test_a_wrong_configuration_ends_with_two_and_the_rest_is_still_looked_at(desk: Program) -> None:
    (desk.data / "config.toml").write_text("[agent]\nnam = 1\n")
    done = desk("doctor", "--json")
    assert done.code == 2
    assert levels(done.json, "config") == {"fail"} and levels(done.json, "audit") == {"ok"}


def test_an_account_that_does_not_answer_ends_with_three(mailbox: Program) -> None:
    done = mailbox("doctor", "--json")
    assert done.code == 3 and levels(done.json, "account") == {"fail"}
    (mailbox.data / "config.toml").write_text(config_of("line-siam:faults = { auth = true }", "web-th"))
    done = mailbox("doctor", "--json")
    assert done.code == 3 and levels(done.json, "account") == {"ok", "fail"}


def test_a_changed_audit_trail_shows(desk: Program) -> None:
    desk.ok("tag", "20410", "+x")
    from csconsole.store import driver

    connection = driver.connect(str(desk.data / "csconsole.db"))
    connection.execute("update audit set actor = 'somebody' where id = (select max(id) from audit)")
    connection.close()
    done = desk("doctor", "--json")
    assert done.code == 3 and levels(done.json, "audit") == {"fail"}


def test_a_directory_others_can_read_is_a_warning(desk: Program) -> None:
    desk.data.chmod(0o755)
    found = desk.json("doctor")
    assert "warn" in levels(found, "data")
    assert any("chmod 700" in (one["cure"] or "") for one in found)


# -- init ------------------------------------------------------------------------------------------------

ANSWERS = ("--name", "nok", "--address", "care@shop.example", "--imap-host", "127.0.0.1", "--smtp-host", "127.0.0.1")


def test_init_writes_a_configuration_that_checks(tmp_path: Path) -> None:
    fresh = Program(tmp_path / "data")
    fresh.ok("init", *ANSWERS, "--user", 'we"ird\\user', "--no-test")
    assert "no problems" in fresh.ok("config", "check").out
    assert (fresh.data / "config.toml").stat().st_mode & 0o077 == 0
    shown = fresh.json("config", "show")
    assert shown["accounts"][0]["settings"]["imap"]["user"] == 'we"ird\\user'
    assert fresh("init", *ANSWERS, "--no-test").code == 6


def test_init_tries_the_mailbox(tmp_path: Path) -> None:
    fresh = Program(tmp_path / "data")
    done = fresh("init", *ANSWERS, env={"CSCONSOLE_MAIL_PASSWORD": "x"})
    assert done.code == 3 and "mail:" in done.out
    assert (fresh.data / "config.toml").exists()


def test_init_asks_nobody_without_a_terminal(tmp_path: Path) -> None:
    done = Program(tmp_path / "data")("init")
    assert done.code == 2 and "--help" in done.err
    assert not (tmp_path / "data" / "config.toml").exists()


# -- keys ------------------------------------------------------------------------------------------------


def test_keys_lists_every_command_and_needs_no_data(tmp_path: Path) -> None:
    done = run("keys", "--json", "--data-dir", str(tmp_path / "none"))
    rows = {row["command"]: row["keys"] for row in done.json}
    assert rows["case.resolve"] == ["e"] and len(rows) > 50
    assert not (tmp_path / "none").exists()
    assert run("keys", "--test").code == 2


def test_own_keys_show(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[keys]\n"case.resolve" = "Q"\n')
    rows = run("keys", "--json", "--config", str(file)).json
    assert next(row["keys"] for row in rows if row["command"] == "case.resolve") == ["Q"]


def test_the_installed_script_is_what_is_tested() -> None:
    assert SCRIPT.exists() and shutil.which(str(SCRIPT))
