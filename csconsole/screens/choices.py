"""What pickers offer: rows of words, built from the store and the configuration."""

from __future__ import annotations

from dataclasses import dataclass

from csconsole.clock import HOUR
from csconsole.domain.conversation import Kind, Priority, Status
from csconsole.domain.customer import TagMark
from csconsole.domain.dates import moment_text
from csconsole.domain.when import parse_when
from csconsole.errors import UsageError
from csconsole.i18n import Catalog
from csconsole.services.desk import Desk
from csconsole.store import accounts, tags


@dataclass(frozen=True, slots=True)
class Choice:
    """One row of a picker.

    Attributes:
        key: what is handed back.
        label: what is read.
        right: a short remark at the right end.
        disabled: why it cannot be chosen, "" when it can.
        search: further words it is found by.
        on: state of a row that is switched, None for one that is chosen.
    """

    key: str
    label: str
    right: str = ""
    disabled: str = ""
    search: str = ""
    on: bool | None = None


def statuses(words: Catalog) -> list[Choice]:
    """All statuses."""
    return [Choice(str(s), words.t(f"status.{s}"), search=str(s)) for s in Status]


def priorities(words: Catalog) -> list[Choice]:
    """All priorities, most urgent first."""
    return [Choice(str(p), words.t(f"priority.{p}"), search=str(p)) for p in Priority]


def kinds(words: Catalog) -> list[Choice]:
    """All kinds of contact."""
    return [Choice(str(k), words.t(f"kind.{k}"), search=str(k)) for k in Kind]


def reasons(desk: Desk) -> list[Choice]:
    """The configured contact reasons, by group."""
    return [
        Choice(r, r, right=group) for group, group_reasons in desk.config.contact_reasons.items() for r in group_reasons
    ]


def agents(desk: Desk, words: Catalog) -> list[Choice]:
    """Me, nobody, then everybody by name."""
    others = sorted(accounts.agents(desk.store).values())
    rows = [Choice("me", words.t("assign.me"), right=f"@{desk.actor.name}"), Choice("none", words.t("assign.none"))]
    return rows + [
        Choice(name, display or name, right=f"@{name}", search=name)
        for name, display in others
        if name != desk.actor.name
    ]


_SNOOZES = ("1h", "3h", "tomorrow 9:00", "monday 9:00", "7d")


def snoozes(words: Catalog, now: int, zone: str, language: str, typed: str = "") -> list[Choice]:
    """Times to snooze until, each with the moment it means: the one typed, or without any the usual ones."""
    rows = []
    if typed.strip():
        try:
            due = parse_when(typed, now, zone, language)
        except UsageError:
            return []
        return [Choice(typed, words.t("snooze.typed", when=moment_text(due, now, zone, language)))]
    for text in _SNOOZES:
        try:
            due = parse_when(text, now, zone, "en")
        except UsageError:
            continue
        if due > now + HOUR // 2:
            key = "snooze." + text.split(" ")[0]
            rows.append(Choice(text, words.t(key), right=moment_text(due, now, zone, language)))
    return rows


def case_tags(desk: Desk, marks: tuple[TagMark, ...], on: set[str]) -> list[Choice]:
    """Tags for conversations: those that are on, hot ones with their key, then the most used; who set each."""
    return _tags(desk, tags.CONVERSATION, marks, on, {n: f"t{digit}" for digit, n in desk.config.tags.hot.items()})


def customer_tags(desk: Desk, marks: tuple[TagMark, ...], on: set[str]) -> list[Choice]:
    """Tags for customers."""
    return _tags(desk, tags.CUSTOMER, marks, on, {})


def _tags(desk: Desk, scope: str, marks: tuple[TagMark, ...], on: set[str], hot: dict[str, str]) -> list[Choice]:
    agent = desk.config.agent
    now = desk.clock.now()
    by = {m.name: f"{m.by} {moment_text(m.at, now, agent.timezone, agent.language)}".strip() for m in marks}
    names = _by_digit([*dict.fromkeys([*sorted(on), *tags.all_names(desk.store, scope), *hot])], hot)
    return [Choice(name, name, right=by.get(name) or hot.get(name, ""), on=name in on) for name in names]


def _by_digit(names: list[str], hot: dict[str, str]) -> list[str]:
    """Hot tags in the row of their digit, so that ``t4`` and ``t``, a pause, ``4`` do the same."""
    digits = {int(key[1:]): name for name, key in hot.items() if key[1:] in "123456789"}
    rest = [name for name in names if name not in digits.values()]
    rows: list[str] = []
    for row in range(1, len(names) + 1):
        name = digits.get(row) or (rest.pop(0) if rest else "")
        if name:
            rows.append(name)
    return rows + rest + [name for name in digits.values() if name not in rows]
