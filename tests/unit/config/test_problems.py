"""Every mistake is named at once, with its line, and no value is repeated."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from csconsole.config.lines import Lines
from csconsole.config.loader import check, load
from csconsole.domain.settings import Endpoint, Secret
from csconsole.errors import ConfigError


class MailSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a connector declares."""

    imap: Endpoint | None = None
    token: Secret | None = None
    folders: list[str] = []


def settings_type(connector: str) -> type[msgspec.Struct] | None:
    return {"email": MailSettings}.get(connector)


def told(folder: Path, text: str, *, strict: bool = True) -> list[str]:
    """The problems of a file without its path, and proof that ``load`` stops for exactly the fatal ones."""
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    kind = settings_type if strict else None
    found = check(path, kind)
    fatal = [str(problem) for problem in found if problem.fatal]
    if fatal:
        with pytest.raises(ConfigError) as caught:
            load(path, kind)
        assert caught.value.message.split("\n") == fatal
    else:
        load(path, kind)
    return [str(problem).removeprefix(f"{path}:") for problem in found]


def only(folder: Path, text: str) -> str:
    (problem,) = told(folder, text)
    return problem


def test_unknown_keys_with_the_nearest(tmp_path: Path) -> None:
    text = '[agent]\nnmae = "nok"\n\n[uii]\ntheme = "dark"\n[ui]\nzzz = 1\n'
    assert told(tmp_path, text) == [
        '2: agent.nmae: unknown key; nearest key "name"',
        '4: uii: unknown key; nearest key "ui"',
        "7: ui.zzz: unknown key",
    ]


def test_wrong_kinds(tmp_path: Path) -> None:
    text = '[sync]\nopen_days = "x"\ninterval = 30\n[agent]\nteams = "front"\nname = ["a"]\n[ui]\nmouse = true\n'
    assert told(tmp_path, text) == [
        "2: sync.open_days: expected a whole number, found text in quotes",
        '3: sync.interval: not a duration; write it in quotes, such as "10s" or "4d"',
        "5: agent.teams: expected a list [...], found text in quotes",
        "6: agent.name: expected text in quotes, found a list [...]",
        '8: ui.mouse: must be one of "auto", "on", "off"',
    ]


def test_tables_in_the_wrong_shape(tmp_path: Path) -> None:
    assert only(tmp_path, "ui = 3\n").startswith("1: ui: expected a table")
    assert only(tmp_path, "accounts = 3\n").startswith("1: accounts: expected a list")
    assert only(tmp_path, "accounts = [3]\n").startswith("1: accounts[1]: expected a table")
    assert only(tmp_path, '[accounts]\nname = "x"\n').startswith("1: accounts: expected a list")


def test_wrong_choice_names_the_likely_one(tmp_path: Path) -> None:
    problem = only(tmp_path, '[agent]\nlanguage = "thai"\n')
    assert problem == '2: agent.language: must be one of "th", "en"; did you mean "th"?'


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('name = "two words"', "Latin letters"),
        ('timezone = "Asia/Bankok"', "no such time zone"),
        ('timezone = "../../etc/passwd"', "no such time zone"),
        ('timezone = ""', "length"),
    ],
)
def test_bad_values(tmp_path: Path, line: str, words: str) -> None:
    problem = only(tmp_path, f"[agent]\n{line}\n")
    assert problem.startswith("2: agent.")
    assert words in problem


ACCOUNTS = """\
[[accounts]]
name = "mail"
connector = "email"

[[accounts]]
# name = "commented"
note_to_self = "no"
connector = "email"
name = "shop"
reopen_window = "4 days"
imap = { host = "imap.shop.example", port = 993, tls = "ssl", prt = 1 }

[[accounts]]
name = "MAIL"
connector = "email"
folders = [
  "INBOX", # ]
  3,
]
[accounts.imap]
host = "imap.shop.example"
port = 143
tls = "none"
"""


def test_accounts_are_told_apart(tmp_path: Path) -> None:
    problems = told(tmp_path, ACCOUNTS)
    assert [problem.split(": ")[:2] for problem in problems] == [
        ["7", "accounts[2].note_to_self"],
        ["10", "accounts[2].reopen_window"],
        ["11", "accounts[2].imap.prt"],
        ["11", "accounts[2].imap.tls"],
        ["16", "accounts[3].folders[2]"],
        ["20", "accounts[3].imap"],
    ]
    assert 'nearest key "port"' in problems[2]
    assert "only towards localhost" in problems[5]


def test_two_accounts_of_one_name(tmp_path: Path) -> None:
    text = '[[accounts]]\nname = "mail"\nconnector = "email"\n[[accounts]]\nname = "Mail"\nconnector = "email"\n'
    assert only(tmp_path, text).startswith('5: accounts[2].name: a second account called "Mail"')


def test_missing_keys_and_their_misspelling(tmp_path: Path) -> None:
    assert told(tmp_path, '[[accounts]]\nname = "a"\nconnecter = "email"\n') == [
        "1: accounts[1].connector: missing; it must be given",
        '3: accounts[1].connecter: unknown key; nearest key "connector"',
    ]
    assert only(tmp_path, '[[views]]\nname = "a"\n').startswith("1: views[1].query: missing")


def test_a_common_key_misspelt_in_an_account(tmp_path: Path) -> None:
    text = '[[accounts]]\nname = "a"\nconnector = "email"\nbranhc = "siam"\n'
    assert only(tmp_path, text) == '4: accounts[1].branhc: unknown key; nearest key "branch"'


def test_an_unknown_connector(tmp_path: Path) -> None:
    text = '[[accounts]]\nname = "a"\nconnector = "emial"\n'
    assert only(tmp_path, text).startswith("3: accounts[1].connector: no such connector")
    assert told(tmp_path, text, strict=False) == []


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('imap = { host = "h", port = 1, user = "u", password = "hunter2" }', 4),
        ('[accounts.imap]\nhost = "h"\nport = 1\nuser = "u"\npassword = "hunter2"', 8),
        ('token = "hunter2"', 4),
    ],
)
def test_a_password_written_out_is_refused_and_not_repeated(tmp_path: Path, text: str, line: int, strict: bool) -> None:
    head = '[[accounts]]\nname = "a"\nconnector = "email"\n'
    (problem,) = told(tmp_path, head + text + "\n", strict=strict)
    assert problem.startswith(f"{line}: accounts[1].")
    assert "a secret must not stand in this file" in problem
    assert "hunter2" not in problem


def test_a_password_under_a_wrong_key_is_not_repeated(tmp_path: Path) -> None:
    text = '[[accounts]]\nname = "a"\nconnector = "email"\npassword = "hunter2"\n[ui]\ntheme = "hunter2"\n'
    assert "hunter2" not in "".join(told(tmp_path, text))


def test_a_secret_of_two_sources(tmp_path: Path) -> None:
    text = '[[accounts]]\nname = "a"\nconnector = "email"\ntoken = { env = "A", file = "/x" }\n'
    assert "exactly one of env, file, command, keyring (found env, file)" in only(tmp_path, text)


def test_views_on_one_key(tmp_path: Path) -> None:
    view = '[[views]]\nname = "{}"\nquery = ""\nkey = "v"\n'
    problem = only(tmp_path, view.format("A") + view.format("B"))
    assert problem == '8: views[2].key: "v" already opens the view "A"; choose another key'
    assert "a second view called" in only(tmp_path, (view.format("A") + view.format("A").replace('"v"', '""')))


def test_rules_are_told_beside_other_mistakes(tmp_path: Path) -> None:
    view = '[[views]]\nname = "{}"\nquery = ""\nkey = "v"\n'
    problems = told(tmp_path, view.format("A") + view.format("B") + "[ui]\nzzz = 1\n")
    assert [problem.split(":")[0] for problem in problems] == ["8", "10"]


def test_hot_tags(tmp_path: Path) -> None:
    assert told(tmp_path, '[tags.hot]\n1 = "a"\n3 = "b"\n') == []
    assert only(tmp_path, '[tags.hot]\nx = "a"\n') == "2: tags.hot.x: must be a single digit"


def test_a_command_id_without_quotes(tmp_path: Path) -> None:
    problem = only(tmp_path, '[keys]\nreply.send = "ctrl+s"\n')
    assert problem == '2: keys.reply: a name with a dot stands in quotes: "reply.send" = ...'


def test_too_frequent_sync(tmp_path: Path) -> None:
    assert only(tmp_path, '[sync]\ninterval = "1s"\n').startswith("2: sync.interval: too often")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[agent]\nname = nok\n", 2),
        ('[agent]\nname = "a"\nname = "b"\n', 3),
        ("[agent\n", 1),
        ('[agent]\nname = "a', 2),
        ('x = """\n\n', 3),
    ],
)
def test_syntax(tmp_path: Path, text: str, line: int) -> None:
    assert only(tmp_path, text).startswith(f"{line}: not TOML: ")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"[agent]\nname = '\xa1\xa2'\n")
    with pytest.raises(ConfigError, match=r"config\.toml:2: not UTF-8"):
        load(path)


def test_absurd_nesting(tmp_path: Path) -> None:
    assert "nested too deep" in only(tmp_path, "x = " + "[" * 50_000)


def test_lines_of_every_way_to_write_a_key() -> None:
    text = '''\
top = 1
[a]
"b.c" = """
x = 1
[fake]
"""  # [no]
d.e.f = 2
[a.g]
h = [
  { i = 1 },
]
[[list]]
k = 1
[list.sub]
m = '# [no]'
[[list]]
k = 2
[[list.deep]]
n = "\\"[" # "
[[list.deep]]
n = 2
'''
    lines = Lines(text)
    expected = {
        ("top",): 1,
        ("a",): 2,
        ("a", "b.c"): 3,
        ("a", "d", "e", "f"): 7,
        ("a", "g"): 8,
        ("a", "g", "h", 0, "i"): 9,
        ("list", 0, "k"): 13,
        ("list", 0, "sub", "m"): 15,
        ("list", 1): 16,
        ("list", 1, "k"): 17,
        ("list", 1, "deep", 0, "n"): 19,
        ("list", 1, "deep", 1, "n"): 21,
        ("list", 1, "missing"): 16,
        ("nowhere",): 0,
    }
    assert {key: lines.of(key) for key in expected} == expected
