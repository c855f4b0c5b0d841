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
from csconsole.screens.undo_words import act_text
from csconsole.services import acts, finding
from csconsole.store import undo as undo_store

if TYPE_CHECKING:
    from csconsole.screens.main import MainScreen


# -- status ----------------------------------------------------------------------------------------------


@handles("case.resolve")
def resolve(screen: MainScreen) -> None:
    """Resolves; where contact reasons are configured and none is set, asks for it first."""
    _resolve(screen)


@handles("case.resolve_next")
def resolve_next(screen: MainScreen) -> None:
    """Resolves and opens the next conversation."""
    _resolve(screen, open_next=True)


def _resolve(screen: MainScreen, *, open_next: bool = False) -> None:
    ids = screen.targets.ids()
    seen = screen.targets.seen_seq(ids)

    def act() -> None:
        resolve = partial(acts.set_status, screen.desk, ids, Status.RESOLVED, base_seq=seen)
        if _done(screen, ids, resolve, "done.resolved"):
            screen.after_act(ids, open_next=open_next)

    reasons = choices.reasons(screen.desk)
    conversation = screen.reader.queue.conversation(ids[0]) if len(ids) == 1 and reasons else None
    if conversation is not None and not conversation.reason:
        screen.picking.pick(
            title=screen.words.t("pick.reason"),
            items=reasons,
            chosen=lambda keys: _with_reason(screen, ids, keys, act),
        )
        return
    act()


def _done(screen: MainScreen, ids: list[int], act: Callable[[], object], done: str, **values: object) -> bool:
    """Does something to conversations and says it, with how many where there are several."""
    if len(ids) > 1:
        return screen.attempt(act, done="done.bulk", undo=True, n=len(ids))
    return screen.attempt(act, done=done, undo=True, **values)


def _with_reason(screen: MainScreen, ids: list[int], keys: list[str], act: Callable[[], None]) -> None:
    if keys and screen.attempt(lambda: acts.set_field(screen.desk, ids, "reason", keys[0])):
        act()


@handles("case.reopen")
def reopen(screen: MainScreen) -> None:
    """Sets open again, and stays in it."""
    ids = screen.targets.ids()
    if _done(screen, ids, partial(acts.set_status, screen.desk, ids, Status.OPEN), "done.reopened"):
        screen.after_act()


@handles("case.spam")
def spam(screen: MainScreen) -> None:
    """Marks as spam; u takes it back."""
    _set_status(screen, Status.SPAM, "done.spam")


def _set_status(screen: MainScreen, status: Status, done: str) -> None:
    ids = screen.targets.ids()
    if _done(screen, ids, partial(acts.set_status, screen.desk, ids, status), done):
        screen.after_act(ids)


@handles("case.status")
def status(screen: MainScreen) -> None:
    """Offers the statuses."""

    def chosen(keys: list[str]) -> None:
        if keys[0] == Status.SNOOZED:
            snooze(screen)
        else:
            _set_status(screen, Status(keys[0]), "done.status")

    screen.picking.pick(title=screen.words.t("hint.status"), items=choices.statuses(screen.words), chosen=chosen)


@handles("case.snooze")
def snooze(screen: MainScreen) -> None:
    """Asks until when: a choice, or typed in words of either language."""
    ids = screen.targets.ids()
    agent = screen.desk.config.agent

    def until(text: str) -> None:
        due = parse_when(text, screen.desk.clock.now(), agent.timezone, agent.language)
        acts.set_status(screen.desk, ids, Status.SNOOZED, until=due)
        _say_snoozed(screen, ids)
        screen.after_act(ids)

    screen.picking.pick_time(
        screen.words.t("pick.snooze"),
        lambda text: choices.snoozes(screen.words, screen.desk.clock.now(), agent.timezone, agent.language, text),
        lambda key: screen.attempt(lambda: until(key)),
    )


@handles("case.snooze_tomorrow")
def snooze_tomorrow(screen: MainScreen) -> None:
    """Snoozes until tomorrow at nine."""
    ids = screen.targets.ids()
    agent = screen.desk.config.agent

    def act() -> None:
        due = parse_when("tomorrow 9:00", screen.desk.clock.now(), agent.timezone, "en")
        acts.set_status(screen.desk, ids, Status.SNOOZED, until=due)

    if screen.attempt(act):
        _say_snoozed(screen, ids)
        screen.after_act(ids)


def _say_snoozed(screen: MainScreen, ids: list[int]) -> None:
    row = screen.targets.row(ids[0]) if ids else None
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
    ids = screen.targets.ids()

    def chosen(keys: list[str]) -> None:
        name = screen.words.t(f"assign.{keys[0]}") if keys[0] in ("me", "none") else screen.names.agent(keys[0])
        if _done(screen, ids, lambda: acts.assign(screen.desk, ids, keys[0]), "done.assigned", agent=name):
            screen.after_act(ids)

    screen.picking.pick(
        title=screen.words.t("hint.assign"), items=choices.agents(screen.desk, screen.words), chosen=chosen
    )


@handles("case.take")
def take(screen: MainScreen) -> None:
    """Takes it myself; refused when somebody was first."""
    ids = screen.targets.ids()
    if _done(screen, ids, lambda: acts.assign(screen.desk, ids, "me", only_unassigned=len(ids) == 1), "done.claimed"):
        screen.after_act()


# -- tags ------------------------------------------------------------------------------------------------


@handles("case.tag")
def tag(screen: MainScreen) -> None:
    """Toggles tags of the case or of the selection; a new name makes a new tag."""
    ids = screen.targets.ids()

    def toggled(name: str, on: bool) -> None:
        adding, removing = ([name], []) if on else ([], [name])
        if screen.attempt(lambda: acts.change_tags(screen.desk, ids, add=adding, remove=removing)):
            screen.after_act()

    screen.picking.toggle(
        title=screen.words.t("pick.tags"),
        items=lambda: choices.case_tags(screen.desk, screen.targets.opened_tags(ids), screen.targets.tags_on(ids)),
        toggled=toggled,
    )


@handles("customer.tag")
def customer_tag(screen: MainScreen) -> None:
    """Toggles tags of the customer; they show on all their cases."""
    row = screen.targets.current()
    if row is None:
        return

    def toggled(name: str, on: bool) -> None:
        adding, removing = ([name], []) if on else ([], [name])
        if screen.attempt(lambda: acts.change_customer_tags(screen.desk, row.customer_id, add=adding, remove=removing)):
            screen.after_act()

    def items() -> list[choices.Choice]:
        now = screen.targets.row(row.id)
        on = set(now.customer_tags) if now is not None else set()
        return choices.customer_tags(screen.desk, screen.targets.opened_customer_tags(), on)

    screen.picking.toggle(
        title=screen.words.t("pick.customer_tags", customer=row.customer_name), items=items, toggled=toggled
    )


def _hot(digit: int) -> Callable[[MainScreen], None]:
    def handler(screen: MainScreen) -> None:
        name = screen.desk.config.tags.hot.get(str(digit))
        if name is None:
            screen.say(screen.words.t("tag.no_hot", digit=digit))
            return
        ids = screen.targets.ids()
        on = screen.targets.tags_on(ids)
        adding, removing = ([], [name]) if name in on else ([name], [])
        change = partial(acts.change_tags, screen.desk, ids, add=adding, remove=removing)
        if _done(screen, ids, change, "done.tagged" if adding else "done.untagged", tag=name):
            screen.after_act()

    return handler


for _digit in range(10):
    HANDLERS[f"tag.hot_{_digit}"] = _hot(_digit)


# -- fields ----------------------------------------------------------------------------------------------


@handles("case.priority")
def priority(screen: MainScreen) -> None:
    """Offers the priorities."""
    _field(screen, "priority", screen.words.t("hint.priority"), choices.priorities(screen.words))


def _field(screen: MainScreen, field: str, title: str, items: list[choices.Choice]) -> None:
    ids = screen.targets.ids()

    def chosen(keys: list[str]) -> None:
        if _done(screen, ids, lambda: acts.set_field(screen.desk, ids, field, keys[0]), "done.status"):
            screen.after_act()

    screen.picking.pick(title=title, items=items, chosen=chosen)


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
    for conversation_id in screen.targets.ids():
        screen.attempt(partial(finding.mark_unread, screen.desk, conversation_id))
    screen.after_act()


@handles("action.undo")
def undo(screen: MainScreen) -> None:
    """Takes my last act back."""
    last = undo_store.last(screen.desk.store, screen.desk.actor.id)
    label: list[str] = []
    if screen.attempt(lambda: label.append(acts.undo_last(screen.desk))):
        screen.after_act()
        if last is not None and len(last.steps) == 1 and last.steps[0]["do"] != "customer_tags":
            screen.queue.move_to_id(last.steps[0]["id"])
        screen.say(screen.words.t("undo.done", what=act_text(label[0], screen.words, screen.names)))
