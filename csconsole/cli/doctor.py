"""``doctor``: looks at everything the program stands on and says what to do about what is not right."""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from csconsole.cli.plain import style, terminal_width
from csconsole.cli.session import Session, bind
from csconsole.errors import ConfigError, CsconsoleError
from csconsole.services.doctor import Finding

if TYPE_CHECKING:
    from csconsole.config.model import Config

_THAI = "กิ่งไม้ที่นี่น้ำ"
"""Eight cells where a terminal knows Thai marks; more where it gives each its own."""
_PROBE_SECONDS = 0.5


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("doctor")(bind(doctor))


def doctor(session: Session) -> None:
    """Says what is wrong and what to do. Ends with 2 when it is the configuration, with 3 for anything else."""
    from csconsole.services import doctor as service

    place = session.place
    found = [*service.sqlite_findings(), *service.directory_findings(place)]
    config = _configured(session, found)
    if config is not None:
        found += config_findings(config)
    if place.database.exists():
        found += _tried("data", lambda: service.store_findings(session.store(), now=_now(session, config)))
    if config is not None:
        session.log()
        settled = config
        found += _tried("account", lambda: service.account_findings(settled, place.ensure(), session.clock))
    found += _terminal()
    session.answer(
        [{"level": f.level, "area": f.area, "what": f.what, "cure": f.cure or None} for f in found],
        lambda: "".join(_line(f) for f in found),
    )
    failed = {f.area for f in found if f.level == "fail"}
    if failed:
        raise typer.Exit(2 if "config" in failed else 3)


def config_findings(config: Config) -> list[Finding]:
    """What is doubtful in a configuration that loads: the queries of its views, and its keys."""
    from csconsole.cli.keys import keymap_of
    from csconsole.services.doctor import view_findings

    keys = [
        Finding("warn", "config", f"{problem}.")
        for problem in keymap_of(config).problems
        if problem.is_error or problem.command in config.keys
    ]
    return [*view_findings(config), *keys]


def _now(session: Session, config: Config | None) -> int:
    from csconsole.clock import SystemClock

    return (session.clock if config is not None else SystemClock()).now()


def _configured(session: Session, found: list[Finding]) -> Config | None:
    try:
        config = session.full_config
        file = session.config_path
        found.append(Finding("ok", "config", f"{file}" if file else "no file; the defaults apply"))
    except ConfigError as error:
        cure = "See csconsole config example."
        found += [Finding("fail", "config", line, cure) for line in error.message.splitlines()]
        return None
    return config


def _tried(area: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    """The findings of one part; its own failure is a finding too, the others are still looked at."""
    try:
        return look()
    except CsconsoleError as error:
        return [Finding("fail", area, error.message)]


def _line(finding: Finding) -> str:
    from csconsole.text.sanitize import safe_line

    head = style(f"{finding.level:<4}", finding.level)
    line = f"{head}  {finding.area:<10}  {safe_line(finding.what)}"
    return f"{line} {safe_line(finding.cure)}\n" if finding.cure else f"{line}\n"


# -- the terminal ----------------------------------------------------------------------------------------


def _terminal() -> list[Finding]:
    """Locale, size, colours and Thai, as far as they can be told from here."""
    from csconsole.terminal.capabilities import detect

    found = []
    encoding = locale.getpreferredencoding(False)
    utf8 = encoding.lower().replace("-", "") == "utf8"
    found.append(
        Finding("ok", "terminal", f"locale {encoding}")
        if utf8
        else Finding("warn", "terminal", f"the locale is {encoding}, not UTF-8.", "Run: export LANG=C.UTF-8")
    )
    if not (sys.stdout.isatty() and sys.stdin.isatty()):
        return found
    can = detect(os.environ)
    found.append(
        Finding(
            "warn", "terminal", "TERM is dumb or unset: only commands work here.", "Set TERM as your terminal says."
        )
        if can.is_dumb
        else Finding(
            "ok", "terminal", f"TERM {os.environ.get('TERM', '')}, {terminal_width()} columns, {can.colors} colours"
        )
    )
    if not can.is_dumb:
        found.append(_thai())
    return found


def _thai() -> Finding:
    """Prints Thai and asks the terminal how far the cursor went."""
    from csconsole.text.graphemes import width

    wide = _columns_of(_THAI)
    expected = width(_THAI)
    if wide is None:
        return Finding("warn", "terminal", "the terminal does not tell its cursor, so Thai was not tested.")
    if wide == expected:
        return Finding("ok", "terminal", f"Thai takes {wide} cells, as it should")
    cure = "Use a terminal that knows Thai marks, such as kitty, foot, WezTerm or Windows Terminal."
    return Finding(
        "warn", "terminal", f"Thai takes {wide} cells instead of {expected}: columns will not line up.", cure
    )


def _columns_of(text: str) -> int | None:
    """Cells a text takes on this terminal (DSR 6, ECMA-48 8.3.35), None when it does not answer."""
    import re
    import select
    import termios
    import tty

    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)
    try:
        tty.setcbreak(handle)
        sys.stdout.write(f"\r{text}\x1b[6n")
        sys.stdout.flush()
        answer = b""
        while not answer.endswith(b"R"):
            if not select.select([handle], [], [], _PROBE_SECONDS)[0]:
                return None
            answer += os.read(handle, 32)
    except (OSError, termios.error):
        return None
    finally:
        termios.tcsetattr(handle, termios.TCSADRAIN, before)
        sys.stdout.write("\r\x1b[K")
        sys.stdout.flush()
    found = re.search(rb"\x1b\[\d+;(\d+)R", answer)
    return int(found[1]) - 1 if found else None
