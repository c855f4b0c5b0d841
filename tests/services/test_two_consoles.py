"""Two consoles on one data directory act at the same moment: each act happens once, and the loser is told.

Each side has its own connection and its own locks, as two processes have, and both are let go at once, many times.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from csconsole.clock import FixedClock
from csconsole.errors import CsconsoleError, RefusedError, StaleError
from csconsole.services import acts, replies
from csconsole.services.desk import Desk, OneUndo
from csconsole.store import accounts, drafts, outbox
from csconsole.store.database import Store
from tests.store.support import NOW, Shop, said

ROUNDS = range(8)
Act = Callable[[Desk], object]


@contextmanager
def two_desks(root: Path, *names: str) -> Iterator[tuple[Shop, Desk, Desk]]:
    """A shop with five conversations, and two consoles of these agents on its directory."""
    shop = Shop(root)
    shop.apply([said(thread=str(i), who=f"U{i}", at=NOW - (10 - i) * 1_000) for i in range(5)])
    first = shop.desk(names[0])
    other = shop.desk(names[1])
    second = Desk(Store(shop.store.root), other.config, FixedClock(NOW), other.actor)
    try:
        yield shop, first, second
    finally:
        second.store.close()
        shop.store.close()


def at_once(first: Desk, second: Desk, act: Act, other: Act | None = None) -> list[CsconsoleError | None]:
    """Both act when the barrier opens; what each was told, None where it was done."""
    barrier = threading.Barrier(2)
    told: list[CsconsoleError | None] = [None, None]
    broken: list[BaseException] = []

    def run(place: int, desk: Desk, what: Act) -> None:
        barrier.wait()
        try:
            what(desk)
        except CsconsoleError as error:
            told[place] = error
        except BaseException as error:
            broken.append(error)

    threads = [
        threading.Thread(target=run, args=(0, first, act)),
        threading.Thread(target=run, args=(1, second, other or act)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []
    return told


def sends(shop: Shop) -> list[str]:
    return [bubble.text for row in outbox.listing(shop.store) for bubble in row.item.bubbles]


def draft(shop: Shop, desk: Desk, conversation_id: int = 1) -> str:
    found = drafts.load(shop.store, desk.actor.id, conversation_id, "reply")
    return found.body if found is not None else ""


@pytest.mark.parametrize("round_", ROUNDS)
def test_of_two_who_take_a_conversation_one_has_it(tmp_path: Path, round_: int) -> None:
    with two_desks(tmp_path / "data", "nok", "oat") as (shop, nok, oat):
        told = at_once(nok, oat, lambda desk: acts.assign(desk, [1], "me", only_unassigned=True))
        (loser,) = [place for place, error in enumerate(told) if error is not None]
        winner = (nok, oat)[1 - loser]
        assert isinstance(told[loser], RefusedError)
        assert winner.actor.display_name in str(told[loser]) or winner.actor.name in str(told[loser])
        assert shop.conversation(1)["assignee_id"] == winner.actor.id
        assert shop.count("event", "kind = 'assignee.changed'") == 1


@pytest.mark.parametrize("round_", ROUNDS)
def test_of_two_agents_answers_one_goes_out_and_the_other_is_kept(tmp_path: Path, round_: int) -> None:
    with two_desks(tmp_path / "data", "nok", "oat") as (shop, nok, oat):
        told = at_once(nok, oat, lambda desk: replies.send_reply(desk, 1, f"from {desk.actor.name}", base_seq=1))
        (loser,) = [place for place, error in enumerate(told) if error is not None]
        assert isinstance(told[loser], StaleError)
        desks = (nok, oat)
        assert sends(shop) == [f"from {desks[1 - loser].actor.name}"]
        assert draft(shop, desks[loser]) == f"from {desks[loser].actor.name}"


@pytest.mark.parametrize("round_", ROUNDS)
def test_one_agent_who_answers_in_two_consoles_sends_each_text_once(tmp_path: Path, round_: int) -> None:
    with two_desks(tmp_path / "data", "nok", "nok") as (shop, here, there):
        told = at_once(
            here,
            there,
            lambda desk: replies.send_reply(desk, 1, "here", base_seq=1),
            lambda desk: replies.send_reply(desk, 1, "there", base_seq=1),
        )
        assert told == [None, None]
        assert sorted(sends(shop)) == ["here", "there"]


@pytest.mark.parametrize("round_", ROUNDS)
def test_pulling_back_here_and_sending_now_there_one_wins(tmp_path: Path, round_: int) -> None:
    with two_desks(tmp_path / "data", "nok", "nok") as (shop, here, there):
        replies.send_reply(here, 1, "text", base_seq=1)
        told = at_once(here, there, lambda desk: replies.pull_back(desk, 1), lambda desk: replies.send_now(desk, 1))
        row = outbox.get(shop.store, 1)
        assert row is not None
        if told[0] is None:
            assert (row.state, draft(shop, here)) == ("cancelled", "text")
        else:
            assert (row.state, draft(shop, here), told[1]) == ("queued", "", None)


@pytest.mark.parametrize("round_", ROUNDS)
def test_tags_of_both_are_set_and_one_tag_set_by_both_is_set_once(tmp_path: Path, round_: int) -> None:
    with two_desks(tmp_path / "data", "nok", "oat") as (shop, nok, oat):
        told = at_once(
            nok,
            oat,
            lambda desk: acts.change_tags(desk, [1, 2], add=["both", "nok"]),
            lambda desk: acts.change_tags(desk, [2, 1], add=["both", "oat"]),
        )
        assert told == [None, None]
        for key in (1, 2):
            assert shop.conversation(key)["tags"] == '["both", "nok", "oat"]'
        acts.undo_last(nok)
        acts.undo_last(oat)
        assert [shop.conversation(key)["tags"] for key in (1, 2)] == ["[]", "[]"]


@pytest.mark.parametrize("round_", ROUNDS)
def test_an_act_undone_in_two_consoles_is_undone_once(tmp_path: Path, round_: int) -> None:
    with two_desks(tmp_path / "data", "nok", "nok") as (shop, here, there):
        together = here.joining(OneUndo())
        for some in ([1, 2], [3, 4]):
            acts.set_status(together, some, "spam")
        told = at_once(here, there, lambda desk: list(acts.undo_parts(desk)), acts.undo_last)
        assert sum(error is None for error in told) >= 1
        assert [shop.conversation(key)["status"] for key in range(1, 6)] == ["open"] * 5
        reverts = shop.store.read("select reverts, count(*) from event where reverts is not null group by reverts")
        assert [count for _, count in reverts] == [1] * 4


@pytest.mark.parametrize("round_", ROUNDS)
def test_undo_leaves_what_the_other_agent_did_in_between(tmp_path: Path, round_: int) -> None:
    with two_desks(tmp_path / "data", "nok", "oat") as (shop, nok, oat):
        acts.set_status(nok, [1], "pending")
        told = at_once(nok, oat, acts.undo_last, lambda desk: acts.set_status(desk, [1], "resolved"))
        assert told[1] is None
        assert shop.conversation(1)["status"] == "resolved"
        assert told[0] is None or "changed again" in str(told[0])


@pytest.mark.parametrize("round_", ROUNDS)
def test_resolving_while_the_other_answers_is_refused_or_comes_first(tmp_path: Path, round_: int) -> None:
    with two_desks(tmp_path / "data", "nok", "oat") as (shop, nok, oat):
        told = at_once(
            nok,
            oat,
            lambda desk: acts.set_status(desk, [1], "resolved", base_seq=1),
            lambda desk: replies.send_reply(desk, 1, "wait", base_seq=1),
        )
        assert told[1] is None
        assert sends(shop) == ["wait"]
        assert told[0] is None or isinstance(told[0], StaleError)
        assert shop.conversation(1)["status"] == ("open" if told[0] is not None else "resolved")


def test_many_acts_of_both_leave_a_whole_audit_and_every_row(tmp_path: Path) -> None:
    from csconsole.store import events

    with two_desks(tmp_path / "data", "nok", "oat") as (shop, nok, oat):

        def work(desk: Desk) -> None:
            for turn in range(12):
                key = turn % 5 + 1
                acts.change_tags(desk, [key], add=[f"{desk.actor.name}{turn}"])
                acts.add_note(desk, key, f"{desk.actor.name} {turn}")
                acts.assign(desk, [key], "me")

        assert at_once(nok, oat, work) == [None, None]
        assert events.broken_link(shop.store) is None
        assert shop.count("message", "visibility = 'internal'") == 24
        assert shop.count("conversation_tag") == 24
        names = {name for name, _ in accounts.agents(shop.store).values()}
        assert names >= {"nok", "oat"}
