"""Fixtures every layer may use, and the rules of a run: no test meets the configuration of the machine it runs on."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter
from hypothesis import HealthCheck, settings

from csconsole.domain import secret
from tests.beds.mail import MailBed
from tests.beds.proxy import FaultProxy
from tests.faults import reliability
from tests.faults.lines import PROPERTY
from tests.pty.terminal import Terminal

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keeps tests that share something dear on one worker: the servers of the mail bed, the shop of strangers."""
    for item in items:
        if "hostile_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("hostile"))
        if "mail_bed" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("mail"))
            item.add_marker(pytest.mark.servers)


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Ends a run with the lines of the fault tests; writes their table where ``CSCONSOLE_FAULTS_REPORT`` says."""
    found: dict[str, list[str]] = defaultdict(list)
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        if getattr(report, "when", "") == "call":
            told = [value for name, value in report.user_properties if name == PROPERTY]
            found[report.nodeid.partition("::")[0]] += told
    lines = {name: sorted(told) for name, told in found.items() if told}
    for line in sorted(line for told in lines.values() for line in told):
        terminalreporter.write_line(line)
    target = os.environ.get("CSCONSOLE_FAULTS_REPORT")
    if target and lines:
        count = {outcome: len(terminalreporter.stats.get(outcome, ())) for outcome in ("passed", "failed", "skipped")}
        outcome = f"{count['passed']} tests passed, {count['failed']} failed, {count['skipped']} skipped."
        reliability.write(Path(target), Path(__file__).resolve().parent.parent, lines, outcome)


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Points home and the XDG directories to an empty place and forgets the program's own variables."""
    home = tmp_path_factory.getbasetemp() / "home"
    home.mkdir(exist_ok=True)
    for variable, part in (
        ("HOME", ""),
        ("XDG_CONFIG_HOME", ".config"),
        ("XDG_DATA_HOME", ".local/share"),
        ("XDG_STATE_HOME", ".local/state"),
        ("XDG_CACHE_HOME", ".cache"),
    ):
        monkeypatch.setenv(variable, str(home / part))
    for variable in ("CSCONSOLE_CONFIG", "CSCONSOLE_DATA_DIR", "NO_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    """Gives back the umask: the program narrows its own, and a server started later must not inherit that."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(autouse=True)
def _no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forgets the secrets another test revealed in this process: texts would go without these words."""
    monkeypatch.setattr(secret, "_revealed", set())


@pytest.fixture(scope="session")
def mail_bed() -> Iterator[MailBed]:
    """Dovecot, and Postfix once asked for; one for all tests of a worker, so make accounts of your own."""
    with MailBed() as bed:
        yield bed


@pytest.fixture
def fault_proxy() -> Iterator[FaultProxy]:
    """A proxy that breaks connections on order; ``fault_proxy.forward(port)`` tells it where to."""
    with FaultProxy() as proxy:
        yield proxy


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the project."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    """Starts programs on screens of their own and ends them after the test; arguments as of :class:`Terminal`."""
    with ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(Terminal(*arguments, **options))
