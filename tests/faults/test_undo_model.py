"""Random acts of an agent and their undoing, against a model: each undo brings back what was before its act, and
nothing else; what cannot be undone says so and changes nothing."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from csconsole.errors import CsconsoleError, RefusedError
from csconsole.services import acts
from csconsole.services.finding import open_conversation
from tests.faults.lines import Line, chosen, tell
from tests.store.support import Shop, said

pytestmark = pytest.mark.faults

EXAMPLES = chosen(12, 400)
STEPS = 25
CASES = st.lists(st.sampled_from([1, 2, 3]), min_size=1, max_size=3, unique=True)
Fields = tuple[str, int | None, tuple[str, ...], str]


class Undoing(RuleBasedStateMachine):
    """An agent with three conversations."""

    acts = 0

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.shop = Shop(self.root / "data")
        self.shop.apply([said(f"hello {n}", thread=f"t{n}", who=f"c{n}") for n in (1, 2, 3)])
        self.desk = self.shop.desk()
        self.now: dict[int, Fields] = self.stored()
        self.before: list[dict[int, Fields]] = []

    def teardown(self) -> None:
        self.shop.store.close()
        shutil.rmtree(self.root)

    def stored(self) -> dict[int, Fields]:
        found = {}
        for key in (1, 2, 3):
            row = open_conversation(self.desk, key).conversation.row
            priority, assignee = self.shop.store.read(
                "select priority, assignee_id from conversation where id = ?", (key,)
            )[0]
            found[key] = (str(row.status), assignee, tuple(sorted(row.tags)), str(priority))
        return found

    def did(self, changed: int) -> None:
        """Notes an act: what it changed can be brought back."""
        Undoing.acts += 1
        if changed:
            self.before.append(self.now)
        self.now = self.stored()

    @rule(keys=CASES, status=st.sampled_from(["open", "pending", "on_hold", "resolved", "spam"]))
    def set_status(self, keys: list[int], status: str) -> None:
        self.did(acts.set_status(self.desk, keys, status))
        assert all(self.now[key][0] == status for key in keys)

    @rule(keys=CASES, add=st.sampled_from(["vip", "refund", "late"]), remove=st.sampled_from(["", "vip", "refund"]))
    def tag(self, keys: list[int], add: str, remove: str) -> None:
        names = [remove] if remove and remove != add else []
        self.did(acts.change_tags(self.desk, keys, add=[add], remove=names))
        assert all(add in self.now[key][2] and not {*names} & {*self.now[key][2]} for key in keys)

    @rule(keys=CASES, to=st.sampled_from(["me", "none"]))
    def assign(self, keys: list[int], to: str) -> None:
        self.did(acts.assign(self.desk, keys, to))

    @rule(keys=CASES, value=st.sampled_from(["low", "normal", "high", "urgent", "no such"]))
    def prioritise(self, keys: list[int], value: str) -> None:
        try:
            changed = acts.set_field(self.desk, keys, "priority", value)
        except CsconsoleError:
            changed = 0
        self.did(changed)

    @rule(key=st.sampled_from([1, 2, 3]))
    def note(self, key: int) -> None:
        acts.add_note(self.desk, key, "between us")

    @rule()
    def undo(self) -> None:
        Undoing.acts += 1
        if self.before:
            acts.undo_last(self.desk)
            self.now = self.before.pop()
        else:
            with pytest.raises(RefusedError):
                acts.undo_last(self.desk)

    @invariant()
    def nothing_else_changed(self) -> None:
        assert self.stored() == self.now


def test_undo_brings_back_what_was() -> None:
    Undoing.acts = 0
    case = Undoing.TestCase()
    case.settings = settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=True)
    case.runTest()
    tell(Line("state-machine undo", EXAMPLES, 0, facts={"acts": Undoing.acts}))
    assert Undoing.acts > EXAMPLES
