"""Acting on cases: status, assignee, tags, priority. One or a selection; every act can be undone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from csconsole.domain.conversation import Status
from csconsole.domain.dates import moment_text
from csconsole.domain.when import parse_when
from csconsole.screens import choices
from csconsole.screens.handling import HANDLERS, handles
from csconsole.services import acts, finding

if TYPE_CHECKING:
    from csconsole.screens.main import MainScreen


# -- status ----------------------------------------------------------------------------------------------


@handles("case.resolve")
def resolve(screen: MainScreen) -> None:
    """Resolves; where contact reasons are configured and none is set, asks for it first."""
    _resolve(screen, then=screen.after_act)


@handles("case.resolve_next")
def resolve_next(screen: MainScreen) -> None:
    """Resolves and opens the next conversation."""
    _resolve(screen, then=lambda: screen.after_act(open_next=True))


def _resolve(screen: MainScreen, then: Callable[[], None]) -> None:
    ids = screen.target_ids()

    def act() -> None:
        if screen.attempt(
            lambda: acts.set_status(screen.desk, ids, Status.RESOLVED, base_seq=screen.seen_seq(ids)),
            done="done.resolved",
            undo=True,
        ):
            then()

    opened = screen.opened
    if len(ids) == 1 and opened is not None and opened.conversation.row.id == ids[0] and not opened.conversation.reason:
        reasons = choices.reasons(screen.desk)
        if reasons:
            screen.pick(
                title=screen.words.t("pick.reason"),
                items=reasons,
                chosen=lambda keys: _with_reason(screen, ids, keys, act),
            )
            return
    act()


def _with_reason(screen: MainScreen, ids: list[int], keys: list[str], act: Callable[[], None]) -> None:
    if keys and screen.attempt(lambda: acts.set_field(screen.desk, ids, "reason", keys[0])):
        act()


@handles("case.reopen")
def reopen(screen: MainScreen) -> None:
    """Sets open again."""
    _set_status(screen, Status.OPEN, "done.reopened")


@handles("case.spam")
def spam(screen: MainScreen) -> None:
    """Marks as spam; u takes it back."""
    _set_status(screen, Status.SPAM, "done.spam")


def _set_status(screen: MainScreen, status: Status, done: str) -> None:
    ids = screen.target_ids()
    if screen.attempt(lambda: acts.set_status(screen.desk, ids, status), done=done, undo=True):
        screen.after_act()


@handles("case.status")
def status(screen: MainScreen) -> None:
    """Offers the statuses."""

    def chosen(keys: list[str]) -> None:
        if keys[0] == Status.SNOOZED:
            snooze(screen)
        else:
            _set_status(screen, Status(keys[0]), "done.status")

    screen.pick(title=screen.words.t("hint.status"), items=choices.statuses(screen.words), chosen=chosen)


@handles("case.snooze")
def snooze(screen: MainScreen) -> None:
    """Asks until when: a choice, or typed in words of either language."""
    ids = screen.target_ids()
    agent = screen.desk.config.agent

    def until(text: str) -> bool:
        def act() -> None:
            due = parse_when(text, screen.desk.clock.now(), agent.timezone, agent.language)
            acts.set_status(screen.desk, ids, Status.SNOOZED, until=due)

        if not screen.attempt(act):
            return False
        _say_snoozed(screen, ids)
        screen.after_act()
        return True

    screen.pick(
        title=screen.words.t("pick.snooze"),
        items=choices.snoozes(screen.words, screen.desk.clock.now(), agent.timezone, agent.language),
        chosen=lambda keys: until(keys[0]),
        typed=until,
    )


@handles("case.snooze_tomorrow")
def snooze_tomorrow(screen: MainScreen) -> None:
    """Snoozes until tomorrow at nine."""
    ids = screen.target_ids()
    agent = screen.desk.config.agent

    def act() -> None:
        due = parse_when("tomorrow 9:00", screen.desk.clock.now(), agent.timezone, "en")
        acts.set_status(screen.desk, ids, Status.SNOOZED, until=due)

    if screen.attempt(act):
        _say_snoozed(screen, ids)
        screen.after_act()


def _say_snoozed(screen: MainScreen, ids: list[int]) -> None:
    row = screen.row_of(ids[0]) if ids else None
    if row is None or row.snoozed_until is None:
        return
    agent = screen.desk.config.agent
    when = moment_text(row.snoozed_until, screen.desk.clock.now(), agent.timezone, agent.language)
    text = screen.words.t("done.snoozed", when=when)
    screen.say(screen.words.t("undo.offer", what=text))


# -- assignee --------------------------------------------------------------------------------------------


@handles("case.assign")
def assign(screen: MainScreen) -> None:
    """Offers the agents."""
    ids = screen.target_ids()

    def chosen(keys: list[str]) -> None:
        name = screen.words.t(f"assign.{keys[0]}") if keys[0] in ("me", "none") else screen.names.agent(keys[0])
        if screen.attempt(lambda: acts.assign(screen.desk, ids, keys[0]), done="done.assigned", undo=True, agent=name):
            screen.after_act()

    screen.pick(title=screen.words.t("hint.assign"), items=choices.agents(screen.desk, screen.words), chosen=chosen)


@handles("case.take")
def take(screen: MainScreen) -> None:
    """Takes it myself; refused when somebody was first."""
    ids = screen.target_ids()
    if screen.attempt(
        lambda: acts.assign(screen.desk, ids, "me", only_unassigned=len(ids) == 1), done="done.claimed", undo=True
    ):
        screen.after_act(keep=True)


# -- tags ------------------------------------------------------------------------------------------------


@handles("case.tag")
def tag(screen: MainScreen) -> None:
    """Toggles tags of the case or of the selection; a new name makes a new tag."""
    ids = screen.target_ids()

    def toggled(name: str, on: bool) -> None:
        adding, removing = ([name], []) if on else ([], [name])
        if screen.attempt(lambda: acts.change_tags(screen.desk, ids, add=adding, remove=removing)):
            screen.after_act(keep=True)

    screen.toggle(
        title=screen.words.t("pick.tags"),
        items=lambda: choices.case_tags(screen.desk, screen.opened_tags(ids), screen.tags_on(ids)),
        toggled=toggled,
    )


@handles("customer.tag")
def customer_tag(screen: MainScreen) -> None:
    """Toggles tags of the customer; they show on all their cases."""
    row = screen.current_row()
    if row is None:
        return

    def toggled(name: str, on: bool) -> None:
        adding, removing = ([name], []) if on else ([], [name])
        if screen.attempt(lambda: acts.change_customer_tags(screen.desk, row.customer_id, add=adding, remove=removing)):
            screen.after_act(keep=True)

    def items() -> list[choices.Choice]:
        now = screen.row_of(row.id)
        on = set(now.customer_tags) if now is not None else set()
        return choices.customer_tags(screen.desk, screen.opened_customer_tags(), on)

    screen.toggle(title=screen.words.t("pick.customer_tags", customer=row.customer_name), items=items, toggled=toggled)


def _hot(digit: int) -> Callable[[MainScreen], None]:
    def handler(screen: MainScreen) -> None:
        name = screen.desk.config.tags.hot.get(str(digit))
        if name is None:
            screen.say(screen.words.t("tag.no_hot", digit=digit))
            return
        ids = screen.target_ids()
        on = screen.tags_on(ids)
        adding, removing = ([], [name]) if name in on else ([name], [])
        if screen.attempt(
            lambda: acts.change_tags(screen.desk, ids, add=adding, remove=removing),
            done="done.tagged" if adding else "done.untagged",
            undo=True,
            tag=name,
        ):
            screen.after_act(keep=True)

    return handler


for _digit in range(1, 10):
    HANDLERS[f"tag.hot_{_digit}"] = _hot(_digit)


# -- fields ----------------------------------------------------------------------------------------------


@handles("case.priority")
def priority(screen: MainScreen) -> None:
    """Offers the priorities."""
    _field(screen, "priority", screen.words.t("hint.priority"), choices.priorities(screen.words))


def _field(screen: MainScreen, field: str, title: str, items: list[choices.Choice]) -> None:
    ids = screen.target_ids()

    def chosen(keys: list[str]) -> None:
        if screen.attempt(lambda: acts.set_field(screen.desk, ids, field, keys[0]), done="done.status", undo=True):
            screen.after_act(keep=True)

    screen.pick(title=title, items=items, chosen=chosen)


@handles("case.reason")
def reason(screen: MainScreen) -> None:
    """Offers the contact reasons."""
    _field(screen, "reason", screen.words.t("pick.reason"), choices.reasons(screen.desk))


@handles("case.kind")
def kind(screen: MainScreen) -> None:
    """Offers the kinds of contact."""
    _field(screen, "kind", screen.words.t("pick.kind"), choices.kinds(screen.words))


@handles("case.unread")
def unread(screen: MainScreen) -> None:
    """Marks as unread."""
    for conversation_id in screen.target_ids():
        screen.attempt(partial(finding.mark_unread, screen.desk, conversation_id))
    screen.after_act(keep=True)


@handles("action.undo")
def undo(screen: MainScreen) -> None:
    """Takes my last act back."""
    label: list[str] = []
    if screen.attempt(lambda: label.append(acts.undo_last(screen.desk))):
        screen.after_act(keep=True)
        screen.say(screen.words.t("undo.done", what=label[0]))
