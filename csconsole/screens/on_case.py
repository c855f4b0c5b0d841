"""Acting on cases: status, assignee, tags, priority. One or a selection; every act can be undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from csconsole.domain.conversation import Status
from csconsole.domain.dates import moment_text
from csconsole.domain.when import parse_when
from csconsole.screens import choices, side_rows
from csconsole.screens.handling import HANDLERS, handles
from csconsole.screens.undo_words import act_text
from csconsole.services import acts, finding
from csconsole.services.desk import Desk
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

    def act(reason: str = "") -> None:
        def resolve(desk: Desk, some: Sequence[int]) -> None:
            if reason:
                acts.set_field(desk, some, "reason", reason)
            acts.set_status(desk, some, Status.RESOLVED, base_seq=seen)

        screen.bulk.act(ids, resolve, partial(screen.after_act, ids, open_next=open_next), done="done.resolved")

    reasons = choices.reasons(screen.desk)
    conversation = screen.reader.queue.conversation(ids[0]) if len(ids) == 1 and reasons else None
    if conversation is not None and not conversation.reason:
        screen.picking.pick(
            title=screen.words.t("pick.reason"),
            items=reasons,
            chosen=lambda keys: act(keys[0]),
        )
        return
    act()


@handles("case.reopen")
def reopen(screen: MainScreen) -> None:
    """Sets open again, and stays in it."""
    screen.bulk.act(
        screen.targets.ids(),
        lambda desk, some: acts.set_status(desk, some, Status.OPEN),
        screen.after_act,
        done="done.reopened",
    )


@handles("case.spam")
def spam(screen: MainScreen) -> None:
    """Marks as spam; u takes it back."""
    _set_status(screen, Status.SPAM, "done.spam")


def _set_status(screen: MainScreen, status: Status, done: str) -> None:
    ids = screen.targets.ids()
    screen.bulk.act(
        ids, lambda desk, some: acts.set_status(desk, some, status), partial(screen.after_act, ids), done=done
    )


@handles("case.status")
def status(screen: MainScreen) -> None:
    """Offers the statuses."""

    def chosen(keys: list[str]) -> None:
        if keys[0] == Status.SNOOZED:
            snooze(screen)
        else:
            _set_status(screen, Status(keys[0]), "done.status")

    screen.picking.pick(title=_title(screen, "pick.status"), items=choices.statuses(screen.words), chosen=chosen)


@handles("case.snooze")
def snooze(screen: MainScreen) -> None:
    """Asks until when: a choice, or typed in words of either language."""
    ids = screen.targets.ids()
    agent = screen.desk.config.agent

    def until(text: str) -> None:
        _snooze(screen, ids, parse_when(text, screen.desk.clock.now(), agent.timezone, agent.language))

    screen.picking.pick_time(
        _title(screen, "pick.snooze"),
        lambda text: choices.snoozes(screen.words, screen.desk.clock.now(), agent.timezone, agent.language, text),
        lambda key: screen.attempt(lambda: until(key)),
    )


@handles("case.snooze_tomorrow")
def snooze_tomorrow(screen: MainScreen) -> None:
    """Snoozes until tomorrow at nine."""
    now, zone = screen.desk.clock.now(), screen.desk.config.agent.timezone
    _snooze(screen, screen.targets.ids(), parse_when("tomorrow 9:00", now, zone, "en"))


def _snooze(screen: MainScreen, ids: list[int], due: int) -> None:
    agent = screen.desk.config.agent
    screen.bulk.act(
        ids,
        lambda desk, some: acts.set_status(desk, some, Status.SNOOZED, until=due),
        partial(screen.after_act, ids),
        done="done.snoozed",
        when=moment_text(due, screen.desk.clock.now(), agent.timezone, agent.language),
    )


# -- assignee --------------------------------------------------------------------------------------------


@handles("case.assign")
def assign(screen: MainScreen) -> None:
    """Offers the agents."""
    ids = screen.targets.ids()

    def chosen(keys: list[str]) -> None:
        name = screen.words.t(f"assign.{keys[0]}") if keys[0] in ("me", "none") else screen.names.agent(keys[0])
        screen.bulk.act(
            ids,
            lambda desk, some: acts.assign(desk, some, keys[0]),
            partial(screen.after_act, ids),
            done="done.assigned",
            agent=name,
        )

    screen.picking.pick(
        title=_title(screen, "pick.assign"), items=choices.agents(screen.desk, screen.words), chosen=chosen
    )


@handles("case.take")
def take(screen: MainScreen) -> None:
    """Takes it myself; refused when somebody was first."""
    ids = screen.targets.ids()
    screen.bulk.act(
        ids,
        lambda desk, some: acts.assign(desk, some, "me", only_unassigned=len(ids) == 1),
        screen.after_act,
        done="done.claimed",
    )


# -- tags ------------------------------------------------------------------------------------------------


@handles("case.tag")
def tag(screen: MainScreen) -> None:
    """Toggles tags of the case or of the selection; a new name makes a new tag."""
    ids = screen.targets.ids()
    on = screen.targets.tags_on(ids)

    def toggled(name: str, is_on: bool) -> None:
        if _tag(screen, ids, name, is_on):
            (on.add if is_on else on.discard)(name)

    screen.picking.toggle(
        title=_title(screen, "pick.tags"),
        items=lambda: choices.case_tags(screen.desk, screen.targets.opened_tags(ids), on),
        toggled=toggled,
    )


def _tag(screen: MainScreen, ids: list[int], name: str, is_on: bool, *, done: str = "") -> bool:
    adding, removing = ([name], []) if is_on else ([], [name])
    return screen.bulk.act(
        ids,
        lambda desk, some: acts.change_tags(desk, some, add=adding, remove=removing),
        screen.after_act,
        done=done,
        tag=name,
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


@handles("customer.note")
def customer_note(screen: MainScreen) -> None:
    """Keeps a remark with the customer: it shows beside all their cases."""
    row = screen.targets.current()
    if row is None:
        return

    def noted(text: str) -> bool:
        if not text.strip():
            return True
        if not screen.attempt(lambda: acts.add_customer_note(screen.desk, row.customer_id, text), done="done.note"):
            return False
        screen.case.reread()
        return True

    screen.picking.prompt(screen.words.t("prompt.customer_note", customer=screen.names.customer(row)), noted)


@handles("customer.conversations")
def customer_conversations(screen: MainScreen) -> None:
    """All conversations of the customer, newest first."""
    row = screen.targets.current()
    if row is not None:
        heading = screen.words.t("side.customer", customer=screen.names.customer(row))
        screen.side.show(heading, lambda: side_rows.of_customer(screen, row.customer_id))


def _hot(digit: int) -> Callable[[MainScreen], None]:
    def handler(screen: MainScreen) -> None:
        name = screen.desk.config.tags.hot.get(str(digit))
        if name is None:
            screen.say(screen.words.t("tag.no_hot", digit=digit))
            return
        ids = screen.targets.ids()
        is_on = name not in screen.targets.tags_on(ids)
        _tag(screen, ids, name, is_on, done="done.tagged" if is_on else "done.untagged")

    return handler


for _digit in range(10):
    HANDLERS[f"tag.hot_{_digit}"] = _hot(_digit)


# -- fields ----------------------------------------------------------------------------------------------


@handles("case.priority")
def priority(screen: MainScreen) -> None:
    """Offers the priorities."""
    _field(screen, "priority", "pick.priority", choices.priorities(screen.words))


def _field(screen: MainScreen, field: str, title_key: str, items: list[choices.Choice]) -> None:
    ids = screen.targets.ids()

    def chosen(keys: list[str]) -> None:
        screen.bulk.act(
            ids, lambda desk, some: acts.set_field(desk, some, field, keys[0]), screen.after_act, done="done.status"
        )

    screen.picking.pick(title=_title(screen, title_key), items=items, chosen=chosen)


def _title(screen: MainScreen, key: str) -> str:
    """What a picker is for, and for how many conversations where there are several."""
    title, count = screen.words.t(key), len(screen.targets.ids())
    return title if count < 2 else f"{title} · {screen.words.t('queue.selected', n=count)}"


@handles("case.reason")
def reason(screen: MainScreen) -> None:
    """Offers the contact reasons."""
    _field(screen, "reason", "pick.reason", choices.reasons(screen.desk))


@handles("case.kind")
def kind(screen: MainScreen) -> None:
    """Offers the kinds of contact."""
    _field(screen, "kind", "pick.kind", choices.kinds(screen.words))


@handles("case.unread")
def unread(screen: MainScreen) -> None:
    """Marks as unread."""
    screen.bulk.act(screen.targets.ids(), finding.mark_unread, screen.after_act)


@handles("action.undo")
def undo(screen: MainScreen) -> None:
    """Takes my last act back."""
    screen.bulk.stop()
    parts = undo_store.parts(screen.desk.store, screen.desk.actor.id)
    if not parts:
        screen.say(screen.words.t("undo.nothing"))
        return
    steps = [step for part in parts for step in part.steps]

    def then() -> None:
        screen.after_act()
        if len(steps) == 1 and steps[0]["do"] != "customer_tags":
            screen.queue.move_to_id(steps[0]["id"])
        screen.say(screen.words.t("undo.done", what=act_text(parts[0].label, screen.words, screen.names)))

    screen.bulk.run(len(steps), acts.undo_parts(screen.desk), then)
